"""Exercise: off-policy evaluation with one weight for each decision."""

# mypy: disable-error-code="no-any-return"

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake
from pgcompanion.exercises.engine.slips import (
    mean_over_steps,
    negated,
    new_likelihood_only,
    ratio_of_logarithms,
    sum_over_episodes,
)

STATEMENT = r"""
The expected return of a new policy is wanted, and the $N$ episodes come from an old one. A reward at
step $h$ depends on the actions up to step $h$ and on no later ones. So its weight needs the likelihood
ratios of those actions alone, which keeps the mean and lowers the variance. This is **per-decision
importance sampling**.

Write `per_decision_is(logp_new, logp_old, r)`. The arrays of shape `(N, H)` hold the logarithms of the
two likelihoods of the actions that were taken, and the rewards. Return the estimate, one number.
"""


def per_decision_is(logp_new: np.ndarray, logp_old: np.ndarray, r: np.ndarray) -> float:
    """The return of the new policy, estimated decision by decision.

    logp_new, logp_old, r: (N, H). Returns a number.
    """
    weights = np.exp(np.cumsum(logp_new - logp_old, axis=1))
    return float((weights * r).sum(axis=1).mean())


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    yield np.log([[0.5, 0.2]]), np.log([[0.25, 0.4]]), np.array([[1.0, 6.0]])
    for N, H in [(2, 3), (3, 2), (3, 4), (4, 3)]:
        new, old = np.log(rng.choice([1, 2, 3, 5, 7, 9], (2, N, H)) / 10)
        new[:, 0] += 0.2
        yield new, old, rng.permutation(2 * N * H)[: N * H].reshape(N, H) / 2 - N


def _mean(values: np.ndarray) -> float:
    return float(values.sum(axis=1).mean())


def _ratio(new: np.ndarray, old: np.ndarray) -> np.ndarray:
    return np.exp(new - old)


def _to_go(x: np.ndarray) -> np.ndarray:
    return np.cumsum(x[:, ::-1], axis=1)[:, ::-1]


def _shifted(x: np.ndarray) -> np.ndarray:
    """The sums over the steps before each."""
    return np.cumsum(x, axis=1) - x


L = "importance_sampling"
MISTAKES = (
    Mistake(
        "whole_trajectory",
        lambda logp_new, logp_old, r: (
            np.exp((logp_new - logp_old).sum(axis=1)) * r.sum(axis=1)
        ).mean(),
        "You gave every reward the weight of the whole trajectory. That has the right mean as well, and "
        "more variance: the actions after step h cannot have changed its reward.",
        L,
    ),
    Mistake(
        "own_step_only",
        lambda logp_new, logp_old, r: _mean(_ratio(logp_new, logp_old) * r),
        "You gave each reward the ratio of its own step alone. The state in which it was earned was "
        "reached by the earlier actions, and their ratios belong in the weight too.",
        L,
    ),
    Mistake(
        "ratios_from_the_step_on",
        lambda logp_new, logp_old, r: _mean(np.exp(_to_go(logp_new - logp_old)) * r),
        "You multiplied the ratios from step h on. A reward depends on the actions that came before it: "
        "multiply those up to step h.",
        L,
    ),
    Mistake(
        "ratios_before_the_step",
        lambda logp_new, logp_old, r: _mean(np.exp(_shifted(logp_new - logp_old)) * r),
        "Your weights end one step early. The reward at step h is paid for the action at step h as well: "
        "its ratio belongs in the weight.",
        L,
    ),
    Mistake(
        "ratios_added",
        lambda logp_new, logp_old, r: _mean(np.cumsum(_ratio(logp_new, logp_old), axis=1) * r),
        "You added the ratios. Probabilities of successive actions multiply: it is their logarithms that "
        "are added, before the exponential.",
        L,
    ),
    Mistake(
        "no_exponential",
        lambda logp_new, logp_old, r: _mean(np.cumsum(logp_new - logp_old, axis=1) * r),
        "The exponential is missing: summed differences of logarithms are the logarithms of the weights.",
        L,
    ),
    Mistake(
        "inverted_ratio",
        lambda logp_new, logp_old, r: per_decision_is(logp_old, logp_new, r),
        "Your ratios are upside down. The samples come from the old policy: new over old.",
        L,
    ),
    Mistake(
        "no_weights",
        lambda logp_new, logp_old, r: _mean(r),
        "You averaged the returns as they came. That estimates the old policy's return.",
        L,
    ),
    Mistake(
        "self_normalised",
        lambda logp_new, logp_old, r: _normalised(logp_new, logp_old, r),
        "You divided by the sum of the weights. That is the weighted estimate, which is biased; here the "
        "plain one is asked for.",
        L,
    ),
    Mistake(
        "reward_to_go_weighed",
        lambda logp_new, logp_old, r: _mean(
            np.exp(np.cumsum(logp_new - logp_old, axis=1)) * _to_go(r)
        ),
        "You weighed rewards-to-go. Summed over the steps they count a late reward many times: the return "
        "has each reward once.",
        L,
    ),
    Mistake(
        "across_the_episodes",
        lambda logp_new, logp_old, r: _mean(np.exp(np.cumsum(logp_new - logp_old, axis=0)) * r),
        "Your running product goes over the episodes. It is the steps of one episode that are multiplied, "
        "along axis 1.",
        L,
    ),
    Mistake(
        "flattened",
        lambda logp_new, logp_old, r: _mean(
            np.exp(np.cumsum(logp_new - logp_old).reshape(r.shape)) * r
        ),
        "`np.cumsum` without an axis runs from one episode into the next. Say `axis=1`.",
        L,
    ),
    new_likelihood_only(
        lambda logp_new, logp_old, r: _mean(np.exp(np.cumsum(logp_new, axis=1)) * r), L
    ),
    ratio_of_logarithms(
        lambda logp_new, logp_old, r: _mean(np.cumprod(logp_new / logp_old, axis=1) * r), L
    ),
    mean_over_steps(per_decision_is, L),
    sum_over_episodes(per_decision_is, L),
    negated(per_decision_is, L),
    Mistake(
        "logarithms_multiplied",
        lambda logp_new, logp_old, r: _mean(np.cumprod(logp_new - logp_old, axis=1) * r),
        "You multiplied the logarithms of the ratios. Either multiply the ratios, `np.cumprod(np.exp(...))`, or add the logarithms and take the exponential.",
        "importance_sampling",
    ),
    Mistake(
        "rewards_so_far_weighed",
        lambda logp_new, logp_old, r: _mean(
            np.exp(np.cumsum(logp_new - logp_old, axis=1)) * np.cumsum(r, axis=1)
        ),
        "You weighed the rewards so far at every step, so that early ones count many times. The return has each reward once.",
        "importance_sampling",
    ),
    Mistake(
        "geometric_mean",
        lambda logp_new, logp_old, r: _mean(
            np.exp(np.cumsum(logp_new - logp_old, axis=1) / np.arange(1, r.shape[1] + 1)) * r
        ),
        "You averaged the logarithms of the ratios. Their sum is the logarithm of the weight: probabilities of successive actions multiply.",
        "importance_sampling",
    ),
    Mistake(
        "weights_and_returns_averaged_apart",
        lambda logp_new, logp_old, r: np.exp((logp_new - logp_old).sum(axis=1)).mean() * _mean(r),
        "You averaged the weights and the returns separately. Each weight belongs to its own reward: multiply first.",
        "importance_sampling",
    ),
    Mistake(
        "last_weight_for_all",
        lambda logp_new, logp_old, r: (
            (np.exp((logp_new - logp_old)[:, -1:]) * r).sum(axis=1).mean()
        ),
        "You used the ratio of the last step for all rewards. The reward at step h has the product of the ratios of the steps 0 to h.",
        "importance_sampling",
    ),
)


def _normalised(logp_new: np.ndarray, logp_old: np.ndarray, r: np.ndarray) -> float:
    weights = np.exp(np.cumsum(logp_new - logp_old, axis=1))
    return float(((weights * r).sum(axis=0) / weights.sum(axis=0)).sum())


exercise = Exercise(
    title="Importance sampling per decision",
    label=L,
    statement=STATEMENT.strip(),
    solution=per_decision_is,
    hints=(
        "Take the reward of step 0. Whose likelihood under the two policies does it depend on? And the "
        "reward of step 1?",
        "The weight of the reward at step h is the product of the ratios at the steps 0 to h. A product "
        "of ratios is the exponential of a running sum.",
        "`np.exp(np.cumsum(logp_new - logp_old, axis=1))` holds all the weights, of shape (N, H).",
    ),
    cases=cases,
    mistakes=MISTAKES,
)
