"""Exercise: the clipped objective of PPO from samples."""

# mypy: disable-error-code="no-any-return"

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake, Stress
from pgcompanion.exercises.engine.slips import mean_over_steps, negated, sum_over_episodes

STATEMENT = r"""
The clipped objective takes away the gain from moving a likelihood ratio further than $\epsilon$.
With $u_h = \pi_\theta(a_h \mid s_h) / \pi^k(a_h \mid s_h)$,

$$\frac1N \sum_{n=0}^{N-1} \sum_{h=0}^{H-1} \min \bigl( u_h^n A_h^n , \;
  \mathrm{clip}(u_h^n, 1 - \epsilon, 1 + \epsilon) \, A_h^n \bigr) .$$

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
    yield np.log([[0.5, 0.5]]), np.log([[0.25, 0.25]]), np.array([[1.0, -1.0]]), 0.25
    yield np.log([[0.1, 0.1]]), np.log([[0.2, 0.2]]), np.array([[1.0, -1.0]]), 0.25
    for N, H, eps in [(2, 2, 0.2), (2, 3, 0.5), (3, 5, 0.1)]:
        new, old = np.log(rng.integers(1, 10, (2, N, H)) / 10)
        yield new, old, rng.integers(-4, 5, (N, H)).astype(float), eps


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
