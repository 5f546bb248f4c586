"""Exercise: the surrogate objective of TRPO from samples."""

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
    standard,
    standardised,
    sum_over_episodes,
)

STATEMENT = r"""
TRPO judges a new policy on $N$ episodes of the old one: the old policy's advantages, each with the
importance weight of its own step, summed over the steps and averaged over the episodes.

Write `trpo_surrogate(logp_new, logp_old, A)`. All three arrays have shape `(N, H)`: the logarithms
of the two likelihoods of the actions that were taken, and the advantages. Return one number.
"""


def trpo_surrogate(logp_new: np.ndarray, logp_old: np.ndarray, A: np.ndarray) -> float:
    """The importance-weighted advantages of N episodes of the old policy.

    logp_new, logp_old, A: (N, H). Returns a number.
    """
    ratio = np.exp(logp_new - logp_old)
    return float((ratio * A).sum(axis=1).mean())


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    yield np.log([[0.5, 0.2]]), np.log([[0.25, 0.4]]), np.array([[1.0, 6.0]])
    for N, H in [(2, 2), (2, 3), (3, 4)]:
        new, old = np.log(rng.integers(1, 10, (2, N, H)) / 10)
        yield new, old, rng.integers(-4, 5, (N, H)).astype(float)


def _mean(values: np.ndarray) -> float:
    return float(values.sum(axis=1).mean())


MISTAKES = (
    Mistake(
        "no_exponential",
        lambda new, old, A: _mean((new - old) * A),
        "You weighed the advantages by the difference of the logarithms, which is the logarithm "
        "of the ratio. The weight is the ratio itself: take the exponential.",
        "trpo_implement",
    ),
    Mistake(
        "inverted_ratio",
        lambda new, old, A: _mean(np.exp(old - new) * A),
        "Your ratio is upside down. The episodes come from the old policy, so the old likelihood "
        "divides: an action that the new policy takes more often counts for more.",
        "importance_sampling",
    ),
    Mistake(
        "ratio_of_logarithms",
        lambda new, old, A: _mean(new / old * A),
        "You divided the logarithms by each other. The ratio of two likelihoods is the "
        "exponential of the difference of their logarithms.",
        "trpo_implement",
    ),
    Mistake(
        "no_weights",
        lambda new, old, A: _mean(A),
        "You summed the advantages without weights. The result does not depend on the new policy "
        "at all, so there is nothing to climb.",
        "trpo_implement",
    ),
    Mistake(
        "new_likelihood_only",
        lambda new, old, A: _mean(np.exp(new) * A),
        "You weighed by the new likelihood alone. The old policy's episodes already show each "
        "action as often as the old policy takes it: divide by the old likelihood.",
        "importance_sampling",
    ),
    Mistake(
        "log_likelihood",
        lambda new, old, A: _mean(new * A),
        "You multiplied the advantages by the new log-likelihood. At the old parameters that has "
        "the same gradient, and it is how the policy gradient is often coded; away from them it "
        "is another function. The surrogate uses the ratio.",
        "trpo_implement",
    ),
    Mistake(
        "trajectory_ratio",
        lambda new, old, A: float((np.exp((new - old).sum(axis=1)) * A.sum(axis=1)).mean()),
        "You multiplied the ratios of all the steps of an episode. That product is right for "
        "whole trajectories, and its variance can explode with H. The surrogate keeps the states "
        "of the old policy and reweighs only the action at each step.",
        "trpo_implement",
    ),
    Mistake(
        "ratio_up_to_h",
        lambda new, old, A: _mean(np.exp(np.cumsum(new - old, axis=1)) * A),
        "You multiplied the ratios from the start up to step h. That corrects the states too, at "
        "the price of a variance that grows with h; the surrogate leaves the states as they are "
        "and uses the ratio of step h alone.",
        "trpo_implement",
    ),
    mean_over_steps(trpo_surrogate, "trpo_implement"),
    sum_over_episodes(trpo_surrogate, "trpo_implement"),
    negated(trpo_surrogate, "trpo_implement"),
    Mistake(
        "exponential_of_a_quotient",
        lambda logp_new, logp_old, A: _mean(np.exp(logp_new / logp_old) * A),
        "You divided the logarithms and took the exponential of the quotient. A ratio of probabilities is the exponential of the difference of their logarithms.",
        "trpo_implement",
    ),
    Mistake(
        "old_log_not_exponentiated",
        lambda logp_new, logp_old, A: _mean(np.exp(logp_new) / logp_old * A),
        "You divided by the logarithm of the old likelihood. Both come as logarithms: `np.exp(logp_new - logp_old)`.",
        "trpo_implement",
    ),
    Mistake(
        "logarithms_added",
        lambda logp_new, logp_old, A: _mean(np.exp(logp_new + logp_old) * A),
        "You added the logarithms, which multiplies the likelihoods. A ratio is the exponential of their difference.",
        "trpo_implement",
    ),
    Mistake(
        "difference_of_likelihoods",
        lambda logp_new, logp_old, A: _mean((np.exp(logp_new) - np.exp(logp_old)) * A),
        "You took the difference of the likelihoods. A sample of the old policy is reweighed by the ratio.",
        "trpo_implement",
    ),
    Mistake(
        "gain_only",
        lambda logp_new, logp_old, A: _mean((np.exp(logp_new - logp_old) - 1) * A),
        "You took 1 away from the ratios. That is the gain over the old policy's own value; the surrogate that is asked for keeps it.",
        "trpo_implement",
    ),
    Mistake(
        "clipped",
        lambda logp_new, logp_old, A: _mean(
            np.minimum(
                np.exp(logp_new - logp_old) * A, np.clip(np.exp(logp_new - logp_old), 0.8, 1.2) * A
            )
        ),
        "You clipped the ratios. PPO does; the surrogate of TRPO has none, since its step is bounded by a constraint.",
        "trpo_implement",
    ),
    Mistake(
        "self_normalised",
        lambda logp_new, logp_old, A: (
            (np.exp(logp_new - logp_old) * A).sum() / np.exp(logp_new - logp_old).sum()
        ),
        "You divided by the sum of the ratios. That is the weighted estimate, which is biased; the formula divides by N alone.",
        "trpo_implement",
    ),
    Mistake(
        "product_of_means",
        lambda logp_new, logp_old, A: A.shape[1] * np.exp(logp_new - logp_old).mean() * A.mean(),
        "You averaged the ratios and the advantages separately. Each advantage has a ratio of its own: multiply first, then sum and average.",
        "trpo_implement",
    ),
    centred(
        lambda logp_new, logp_old, A: _mean(np.exp(logp_new - logp_old) * (A - A.mean())),
        "trpo_implement",
    ),
    standardised(
        lambda logp_new, logp_old, A: _mean(np.exp(logp_new - logp_old) * standard(A)),
        "trpo_implement",
    ),
    first_step_only(
        lambda logp_new, logp_old, A: (np.exp(logp_new - logp_old) * A)[:, 0].mean(),
        "trpo_implement",
    ),
    last_step_only(
        lambda logp_new, logp_old, A: (np.exp(logp_new - logp_old) * A)[:, -1].mean(),
        "trpo_implement",
    ),
    first_episode_only(
        lambda logp_new, logp_old, A: (np.exp(logp_new - logp_old) * A)[0].sum(), "trpo_implement"
    ),
    Mistake(
        "old_likelihood_only",
        lambda logp_new, logp_old, A: _mean(np.exp(logp_old) * A),
        "You weighed by the old likelihood. The old policy drew the actions, so it already counts: the weight is new over old.",
        "trpo_implement",
    ),
    Mistake(
        "ratio_squared",
        lambda logp_new, logp_old, A: _mean(np.exp(logp_new - logp_old) ** 2 * A),
        "You squared the ratio. The weight is the ratio itself.",
        "trpo_implement",
    ),
    Mistake(
        "ratio_added",
        lambda logp_new, logp_old, A: _mean(np.exp(logp_new - logp_old) + A),
        "You added ratio and advantage. The ratio is a weight: it multiplies.",
        "trpo_implement",
    ),
    Mistake(
        "capped_at_one",
        lambda logp_new, logp_old, A: _mean(np.minimum(np.exp(logp_new - logp_old), 1) * A),
        "You capped the ratio at 1. The surrogate of TRPO has no clip.",
        "trpo_implement",
    ),
    Mistake(
        "one_ratio_for_an_episode",
        lambda logp_new, logp_old, A: _mean(
            np.exp(logp_new - logp_old).mean(axis=1, keepdims=True) * A
        ),
        "You averaged the ratios of an episode. Each step has its own.",
        "trpo_implement",
    ),
    Mistake(
        "first_order",
        lambda logp_new, logp_old, A: _mean((1 + logp_new - logp_old) * A),
        "You replaced the ratio by 1 plus its logarithm. That is its first order; the ratio is the exponential.",
        "trpo_implement",
    ),
    Mistake(
        "score_like",
        lambda logp_new, logp_old, A: _mean(np.exp(logp_old) * logp_new * A),
        "You weighed the new log-likelihood by the old likelihood. The weight is the ratio of the two likelihoods.",
        "trpo_implement",
    ),
    Mistake(
        "clipped_without_minimum",
        lambda logp_new, logp_old, A: _mean(np.clip(np.exp(logp_new - logp_old), 0.8, 1.2) * A),
        "You clipped the ratio. That is PPO; the surrogate of TRPO takes it as it is and has a constraint beside it.",
        "trpo_implement",
    ),
    Mistake(
        "advantage_in_the_exponent",
        lambda logp_new, logp_old, A: _mean(np.exp((logp_new - logp_old) * A)),
        "The advantage stands in the exponent. It multiplies the ratio: first the exponential, then times A.",
        "trpo_implement",
    ),
)

exercise = Exercise(
    title="The surrogate of TRPO",
    label="trpo_implement",
    statement=STATEMENT.strip(),
    solution=trpo_surrogate,
    hints=(
        "The actions were drawn from the old policy. How much should an advantage count if the "
        "new policy takes that action twice as often?",
        "The ratio of two likelihoods is the exponential of the difference of their logarithms. "
        "Weigh, sum over the steps, average over the episodes.",
        "`np.exp(logp_new - logp_old)` is the array of ratios, of shape (N, H).",
    ),
    cases=cases,
    mistakes=MISTAKES,
    stress=(
        Stress(
            (np.array([[-800.0]]), np.array([[-801.0]]), np.array([[1.0]])),
            "with log-likelihoods near -800, as joint densities in many dimensions have, your "
            "likelihoods underflow and 0/0 is `nan`. Subtract the logarithms before the "
            "exponential.",
        ),
    ),
)
