"""Exercise: the clipped objective of PPO from samples."""

# mypy: disable-error-code="no-any-return"

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake, Stress
from pgcompanion.exercises.engine.slips import (
    centred,
    first_episode_only,
    first_step_only,
    last_step_only,
    mean_over_steps,
    negated,
    new_likelihood_only,
    ratio_of_logarithms,
    standard,
    standardised,
    sum_over_episodes,
    trajectory_ratio,
)

STATEMENT = r"""
The clipped objective takes away the gain from moving a likelihood ratio $u_h$ further than $\epsilon$
from 1. In each step it compares two products, that of the advantage with the ratio and that with the
ratio clipped to $[1 - \epsilon, 1 + \epsilon]$, and counts the smaller one; these are summed over the
steps and averaged over the episodes.

Write `ppo_clip_objective(logp_new, logp_old, A, eps)`. The three arrays have shape `(N, H)`: the
logarithms of the two likelihoods of the actions that were taken, and the advantages. Return one
number. Before you run it: which of the two is the smaller when $A$ is negative?
"""


def ppo_clip_objective(
    logp_new: np.ndarray, logp_old: np.ndarray, A: np.ndarray, eps: float
) -> float:
    """The clipped surrogate of N old episodes.

    logp_new, logp_old, A: (N, H); eps: a number. Returns a number.
    """
    ratio = np.exp(logp_new - logp_old)
    clipped = np.clip(ratio, 1 - eps, 1 + eps)
    return float(np.minimum(ratio * A, clipped * A).sum(axis=1).mean())


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    yield np.log([[0.5, 0.5]]), np.log([[0.25, 0.25]]), np.array([[3.0, -1.0]]), 0.25
    yield np.log([[0.1, 0.1]]), np.log([[0.2, 0.2]]), np.array([[3.0, -1.0]]), 0.25
    for N, H, eps in [(2, 5, 0.2), (5, 2, 0.4), (3, 4, 0.3)]:
        # every kind of ratio (far below, below, near and above 1, far above) with either sign
        kinds = [eps / 2, (1 - eps) * 0.9, 1 - eps / 2, 1 + eps / 2, 1 + 2 * eps]
        ratio, sign = np.repeat(kinds, 2), np.tile([1.0, -1.0], 5)
        order = rng.permutation(N * H).reshape(N, H) % 10
        old = rng.integers(4, 10, (N, H)) / 20
        A = sign[order] * rng.integers(1, 8, (N, H)) / 2
        yield np.log(ratio[order] * old), np.log(old), A, eps


def _mean(values: np.ndarray) -> float:
    return float(values.sum(axis=1).mean())


def _clipped(new: np.ndarray, old: np.ndarray, eps: float) -> np.ndarray:
    return np.clip(np.exp(new - old), 1 - eps, 1 + eps)


def _log_ratio_clipped(new: np.ndarray, old: np.ndarray, A: np.ndarray, eps: float) -> float:
    clipped = np.exp(np.clip(new - old, -eps, eps))
    return _mean(np.minimum(np.exp(new - old) * A, clipped * A))


MISTAKES = (
    Mistake(
        "clip_without_min",
        lambda new, old, A, eps: _mean(_clipped(new, old, eps) * A),
        "You clipped the ratio and left the minimum out. Then a step that has gone the wrong way "
        "lies on a flat part too, and no gradient brings it back. The minimum keeps the unclipped "
        "term wherever that is the worse of the two.",
        "ppo_clip",
    ),
    Mistake(
        "max_for_min",
        lambda new, old, A, eps: _mean(
            np.maximum(np.exp(new - old) * A, _clipped(new, old, eps) * A)
        ),
        "You took the larger of the two terms. The objective is a cautious one: it believes the "
        "smaller, so that moving too far is never rewarded.",
        "ppo_clip",
    ),
    Mistake(
        "no_clip",
        lambda new, old, A, eps: _mean(np.exp(new - old) * A),
        "Nothing is clipped: this is the plain surrogate, which invites steps of any size.",
        "ppo_clip",
    ),
    Mistake(
        "min_before_the_advantage",
        lambda new, old, A, eps: _mean(np.minimum(np.exp(new - old), _clipped(new, old, eps)) * A),
        "You took the minimum of the two ratios and multiplied by the advantage afterwards, which "
        "amounts to clipping from above only. A negative advantage turns the order round: "
        "multiply both ratios by A first, then take the minimum.",
        "ppo_clip",
    ),
    Mistake(
        "min_after_the_mean",
        lambda new, old, A, eps: min(
            _mean(np.exp(new - old) * A), _mean(_clipped(new, old, eps) * A)
        ),
        "You took the minimum of two finished averages. It is decided for each step of each "
        "episode by itself: use `np.minimum` on the arrays, then average.",
        "ppo_clip",
    ),
    Mistake(
        "centred_at_zero",
        lambda new, old, A, eps: _mean(
            np.minimum(np.exp(new - old) * A, np.clip(np.exp(new - old), -eps, eps) * A)
        ),
        "You clipped the ratio to the interval from -eps to eps. Where nothing has changed the "
        "ratio is 1, so the interval is from 1 - eps to 1 + eps.",
        "ppo_clip",
    ),
    Mistake(
        "log_ratio_clipped",
        _log_ratio_clipped,
        "You clipped the logarithm of the ratio. The bounds 1 - eps and 1 + eps are for the ratio "
        "itself: take the exponential first.",
        "ppo_clip",
    ),
    Mistake(
        "inverted_ratio",
        lambda new, old, A, eps: ppo_clip_objective(old, new, A, eps),
        "Your ratio is upside down. The episodes come from the old policy, so the old likelihood "
        "divides.",
        "importance_sampling",
    ),
    mean_over_steps(ppo_clip_objective, "ppo_clip"),
    sum_over_episodes(ppo_clip_objective, "ppo_clip"),
    negated(ppo_clip_objective, "ppo_clip"),
    Mistake(
        "min_after_the_sum",
        lambda logp_new, logp_old, A, eps: np.minimum(
            (np.exp(logp_new - logp_old) * A).sum(axis=1),
            (_clipped(logp_new, logp_old, eps) * A).sum(axis=1),
        ).mean(),
        "You summed over the steps and then took the smaller sum. The minimum is taken in every single step; only then is it summed.",
        "ppo_clip",
    ),
    Mistake(
        "product_clipped",
        lambda logp_new, logp_old, A, eps: _mean(
            np.minimum(
                np.exp(logp_new - logp_old) * A,
                np.clip(np.exp(logp_new - logp_old) * A, 1 - eps, 1 + eps),
            )
        ),
        "You clipped the product of ratio and advantage. It is the ratio that is kept near 1; the advantage multiplies afterwards.",
        "ppo_clip",
    ),
    Mistake(
        "product_clipped_alone",
        lambda logp_new, logp_old, A, eps: _mean(
            np.clip(np.exp(logp_new - logp_old) * A, 1 - eps, 1 + eps)
        ),
        "You clipped the product of ratio and advantage, and took no minimum. Clip the ratio, multiply by the advantage, and take the smaller of the two products.",
        "ppo_clip",
    ),
    Mistake(
        "no_exponential",
        lambda logp_new, logp_old, A, eps: _mean(
            np.minimum(
                (logp_new - logp_old) * A, np.clip(logp_new - logp_old, 1 - eps, 1 + eps) * A
            )
        ),
        "The exponential is missing: the difference of the logarithms is the logarithm of the ratio.",
        "ppo_clip",
    ),
    Mistake(
        "lower_bound_only",
        lambda logp_new, logp_old, A, eps: _mean(
            np.maximum(np.exp(logp_new - logp_old), 1 - eps) * A
        ),
        "You bounded the ratio from below alone. For positive advantages it is the upper bound that takes the gain away.",
        "ppo_clip",
    ),
    Mistake(
        "upper_bound_only",
        lambda logp_new, logp_old, A, eps: _mean(
            np.minimum(
                np.exp(logp_new - logp_old) * A,
                np.minimum(np.exp(logp_new - logp_old), 1 + eps) * A,
            )
        ),
        "The lower bound 1 - eps is missing. It takes the gain away where the advantage is negative and the ratio has fallen.",
        "ppo_clip",
    ),
    Mistake(
        "lower_bound_is_eps",
        lambda logp_new, logp_old, A, eps: _mean(
            np.minimum(
                np.exp(logp_new - logp_old) * A,
                np.clip(np.exp(logp_new - logp_old), eps, 1 + eps) * A,
            )
        ),
        "The lower bound of your interval is eps. The interval lies around 1: from 1 - eps to 1 + eps.",
        "ppo_clip",
    ),
    Mistake(
        "reciprocal_bound",
        lambda logp_new, logp_old, A, eps: _mean(
            np.minimum(
                np.exp(logp_new - logp_old) * A,
                np.clip(np.exp(logp_new - logp_old), 1 / (1 + eps), 1 + eps) * A,
            )
        ),
        "Your lower bound is 1/(1 + eps). The formula has 1 - eps.",
        "ppo_clip",
    ),
    Mistake(
        "positive_advantages_only",
        lambda logp_new, logp_old, A, eps: _mean(
            np.where(
                A > 0,
                np.minimum(np.exp(logp_new - logp_old) * A, _clipped(logp_new, logp_old, eps) * A),
                0,
            )
        ),
        "You left out the steps with negative advantages. They say what to do less often, and belong in the sum.",
        "ppo_clip",
    ),
    Mistake(
        "dropped_outside",
        lambda logp_new, logp_old, A, eps: _mean(
            np.where(
                np.abs(np.exp(logp_new - logp_old) - 1) <= eps, np.exp(logp_new - logp_old) * A, 0
            )
        ),
        "You set the terms outside the interval to 0. Their gradient is 0 there, on one side; their value is that at the border.",
        "ppo_clip",
    ),
    Mistake(
        "smallest_of_all",
        lambda logp_new, logp_old, A, eps: np.min(
            [np.exp(logp_new - logp_old) * A, _clipped(logp_new, logp_old, eps) * A]
        ),
        "`np.min` gave you the smallest number of both arrays. `np.minimum` compares them entry by entry; then sum over the steps and average over the episodes.",
        "ppo_clip",
    ),
    Mistake(
        "advantage_without_sign",
        lambda logp_new, logp_old, A, eps: _mean(
            np.minimum(
                np.exp(logp_new - logp_old) * np.abs(A),
                _clipped(logp_new, logp_old, eps) * np.abs(A),
            )
        ),
        "You took the absolute value of the advantages. Their sign decides which way the likelihood should move.",
        "ppo_clip",
    ),
    ratio_of_logarithms(
        lambda logp_new, logp_old, A, eps: _mean(
            np.minimum(logp_new / logp_old * A, np.clip(logp_new / logp_old, 1 - eps, 1 + eps) * A)
        ),
        "ppo_clip",
    ),
    new_likelihood_only(
        lambda logp_new, logp_old, A, eps: _mean(
            np.minimum(np.exp(logp_new) * A, np.clip(np.exp(logp_new), 1 - eps, 1 + eps) * A)
        ),
        "ppo_clip",
    ),
    trajectory_ratio(
        lambda logp_new, logp_old, A, eps: ppo_clip_objective(
            (logp_new - logp_old).sum(axis=1, keepdims=True),
            np.zeros((len(A), 1)),
            A.sum(axis=1, keepdims=True),
            eps,
        ),
        "ppo_clip",
    ),
    standardised(
        lambda logp_new, logp_old, A, eps: _mean(
            np.minimum(
                np.exp(logp_new - logp_old) * standard(A),
                _clipped(logp_new, logp_old, eps) * standard(A),
            )
        ),
        "ppo_clip",
    ),
    centred(
        lambda logp_new, logp_old, A, eps: ppo_clip_objective(
            logp_new, logp_old, A - A.mean(), eps
        ),
        "ppo_clip",
    ),
    first_step_only(
        lambda logp_new, logp_old, A, eps: np.minimum(
            np.exp(logp_new - logp_old) * A, _clipped(logp_new, logp_old, eps) * A
        )[:, 0].mean(),
        "ppo_clip",
    ),
    last_step_only(
        lambda logp_new, logp_old, A, eps: np.minimum(
            np.exp(logp_new - logp_old) * A, _clipped(logp_new, logp_old, eps) * A
        )[:, -1].mean(),
        "ppo_clip",
    ),
    first_episode_only(
        lambda logp_new, logp_old, A, eps: ppo_clip_objective(
            logp_new[:1], logp_old[:1], A[:1], eps
        ),
        "ppo_clip",
    ),
    Mistake(
        "mean_of_both",
        lambda logp_new, logp_old, A, eps: _mean(
            (np.exp(logp_new - logp_old) * A + _clipped(logp_new, logp_old, eps) * A) / 2
        ),
        "You averaged the two products. The smaller one counts.",
        "ppo_clip",
    ),
    Mistake(
        "advantage_clipped",
        lambda logp_new, logp_old, A, eps: _mean(
            np.minimum(
                np.exp(logp_new - logp_old) * A,
                np.exp(logp_new - logp_old) * np.clip(A, 1 - eps, 1 + eps),
            )
        ),
        "You clipped the advantage. It is the ratio that is kept near 1.",
        "ppo_clip",
    ),
    Mistake(
        "half_the_range",
        lambda logp_new, logp_old, A, eps: _mean(
            np.minimum(
                np.exp(logp_new - logp_old) * A,
                np.clip(np.exp(logp_new - logp_old), 1 - eps / 2, 1 + eps / 2) * A,
            )
        ),
        "You clipped to half the range. It reaches eps to either side of 1.",
        "ppo_clip",
    ),
    Mistake(
        "gain_clipped",
        lambda logp_new, logp_old, A, eps: _mean(
            np.minimum(
                (np.exp(logp_new - logp_old) - 1) * A,
                np.clip(np.exp(logp_new - logp_old) - 1, -eps, eps) * A,
            )
        ),
        "You took 1 away from the ratio on both sides. That changes the objective by the mean advantage; the formula keeps the 1.",
        "ppo_clip",
    ),
    Mistake(
        "numerator_clipped",
        lambda logp_new, logp_old, A, eps: _mean(
            np.minimum(
                np.exp(logp_new - logp_old) * A,
                np.clip(np.exp(logp_new), 1 - eps, 1 + eps) / np.exp(logp_old) * A,
            )
        ),
        "You clipped the new likelihood. It is the ratio that is clipped.",
        "ppo_clip",
    ),
    Mistake(
        "bounds_exchanged",
        lambda logp_new, logp_old, A, eps: _mean(
            np.minimum(
                np.exp(logp_new - logp_old) * A,
                np.minimum(np.maximum(np.exp(logp_new - logp_old), 1 + eps), 1 - eps) * A,
            )
        ),
        "You exchanged the bounds: first the lower one with `maximum`, then the upper one with `minimum`.",
        "ppo_clip",
    ),
    Mistake(
        "clip_and_inverted",
        lambda logp_new, logp_old, A, eps: _mean(
            np.clip(np.exp(logp_old - logp_new), 1 - eps, 1 + eps) * A
        ),
        "Two things: the ratio is upside down, and the minimum with the unclipped product is missing.",
        "ppo_clip",
    ),
    Mistake(
        "max_and_inverted",
        lambda logp_new, logp_old, A, eps: _mean(
            np.maximum(
                np.exp(logp_old - logp_new) * A,
                np.clip(np.exp(logp_old - logp_new), 1 - eps, 1 + eps) * A,
            )
        ),
        "Two things: the ratio is upside down, and the larger product is kept where the smaller one counts.",
        "ppo_clip",
    ),
    Mistake(
        "only_the_clipped_steps",
        lambda logp_new, logp_old, A, eps: _mean(
            np.where(
                np.abs(np.exp(logp_new - logp_old) - 1) > eps,
                _clipped(logp_new, logp_old, eps) * A,
                0,
            )
        ),
        "You kept the clipped steps alone. Those within the range count with their ratio.",
        "ppo_clip",
    ),
    Mistake(
        "clip_of_the_logarithm_alone",
        lambda logp_new, logp_old, A, eps: _mean(
            np.exp(np.clip(logp_new - logp_old, -eps, eps)) * A
        ),
        "Two things: you clipped the log-ratio, and took no minimum. The ratio is clipped to [1 - eps, 1 + eps], and the smaller product counts.",
        "ppo_clip",
    ),
    Mistake(
        "advantage_in_one_term",
        lambda logp_new, logp_old, A, eps: _mean(
            np.minimum(np.exp(logp_new - logp_old) * A, _clipped(logp_new, logp_old, eps))
        ),
        "You multiplied one of the two terms by the advantage and not the other. Both have it: the ratio times A, and the clipped ratio times A.",
        "ppo_clip",
    ),
    Mistake(
        "advantage_for_its_sign_only",
        lambda logp_new, logp_old, A, eps: _mean(
            np.where(
                A > 0,
                np.minimum(np.exp(logp_new - logp_old), 1 + eps),
                np.maximum(np.exp(logp_new - logp_old), 1 - eps),
            )
        ),
        "You used the advantage to choose the bound, and did not multiply by it. The bounded ratio is its weight: multiply, then sum.",
        "ppo_clip",
    ),
)

exercise = Exercise(
    title="PPO with clipping",
    label="ppo_clip",
    statement=STATEMENT.strip(),
    solution=ppo_clip_objective,
    hints=(
        "Draw the term of one step against the ratio, once for A = 1 and once for A = -1. Where "
        "should it stop rewarding you for moving on?",
        "Compute the two arrays ratio * A and clipped ratio * A. The smaller of the two, entry by "
        "entry, is what counts.",
        "`np.clip(ratio, 1 - eps, 1 + eps)` clips, and `np.minimum(x, y)` compares entry by entry; "
        "`np.min` would not.",
    ),
    cases=cases,
    mistakes=MISTAKES,
    stress=(
        Stress(
            (np.array([[-800.0]]), np.array([[-801.0]]), np.array([[-1.0]]), 0.2),
            "with log-likelihoods near -800, as joint densities in many dimensions have, your "
            "likelihoods underflow and 0/0 is `nan`. Subtract the logarithms before the "
            "exponential.",
        ),
    ),
)
