"""Mistakes that several exercises know, each with the words in which all of them tell it."""

from __future__ import annotations

from typing import Any

import numpy as np

from pgcompanion.exercises.engine.exercise import Function, Mistake


def mean_over_steps(solution: Function, label: str) -> Mistake:
    """The steps of an episode averaged instead of summed; the first argument is `(N, H, ...)`."""

    def wrong(*arguments: Any) -> Any:
        return solution(*arguments) / arguments[0].shape[1]

    return Mistake(
        "mean_over_steps",
        wrong,
        "You averaged over the steps of an episode. The return is a sum over the steps, and so is "
        "everything that is built on it: only the N episodes are averaged. Your result is H times "
        "too small, so the same step size would mean something else for every horizon. "
        "A bare `mean()` over an array of shape (N, H) divides by both.",
        label,
    )


def sum_over_episodes(solution: Function, label: str) -> Mistake:
    """The episodes summed instead of averaged; the first argument is `(N, H, ...)`."""

    def wrong(*arguments: Any) -> Any:
        return solution(*arguments) * arguments[0].shape[0]

    return Mistake(
        "sum_over_episodes",
        wrong,
        "You summed over the episodes. An expectation over trajectories is estimated by the mean "
        "of the sampled ones: divide by N. Otherwise twice the data would mean twice the step.",
        label,
    )


def negated(solution: Function, label: str) -> Mistake:
    """The sign of a loss."""

    def wrong(*arguments: Any) -> Any:
        return -solution(*arguments)

    return Mistake(
        "negated",
        wrong,
        "Your result is right but for its sign. Optimisers that minimise a loss need the minus; "
        "this book climbs, and asks for the quantity itself.",
        label,
    )


def standard(x: np.ndarray) -> np.ndarray:
    """Less its mean, divided by its standard deviation: what implementations do to advantages."""
    return np.asarray((x - x.mean()) / (x.std() + 1e-8))


def standardised(wrong: Function, label: str) -> Mistake:
    """Advantages or returns with mean 0 and deviation 1."""
    return Mistake(
        "standardised",
        wrong,
        "You standardised the weights: less their mean, divided by their deviation. "
        "Implementations do that to tame the step size, and it is a choice of theirs. Here it "
        "changes the scale, and a mean taken from the same samples biases the estimate.",
        label,
    )


def centred(wrong: Function, label: str) -> Mistake:
    """Advantages less their mean over the batch."""
    return Mistake(
        "batch_mean_subtracted",
        wrong,
        "You took the mean over the batch away from the weights. That is a baseline of your own, "
        "made from the same samples; the formula asks for the weights as they are.",
        label,
    )


def ratio_of_logarithms(wrong: Function, label: str) -> Mistake:
    """log p / log q for p / q."""
    return Mistake(
        "ratio_of_logarithms",
        wrong,
        "You divided two logarithms. A ratio of probabilities is the exponential of the difference "
        "of their logarithms: `np.exp(log_p - log_q)`.",
        label,
    )


def new_likelihood_only(wrong: Function, label: str) -> Mistake:
    """The weight without its denominator."""
    return Mistake(
        "new_likelihood_only",
        wrong,
        "Your weight is the new likelihood alone. The old policy drew the actions, so likely ones "
        "already come often: divide by the old likelihood.",
        label,
    )


def trajectory_ratio(wrong: Function, label: str) -> Mistake:
    """One weight for a whole episode."""
    return Mistake(
        "trajectory_ratio",
        wrong,
        "You multiplied the ratios into one weight for all of them. The formula has a ratio of its "
        "own in every term; the product of many is the weight of a whole trajectory, and its "
        "variance grows exponentially with the number of factors.",
        label,
    )


def no_weights(wrong: Function, label: str) -> Mistake:
    """The ratio left out."""
    return Mistake(
        "no_weights",
        wrong,
        "The likelihood ratio is missing. Without it the new policy does not enter at all: this is "
        "what the old one achieved.",
        label,
    )


def first_step_only(wrong: Function, label: str) -> Mistake:
    """One step for all of them."""
    return Mistake(
        "first_step_only",
        wrong,
        "You kept the first step alone. The sum runs over all steps of the episode: look at the "
        "index 0, and at a `return` that may stand inside the loop.",
        label,
    )


def last_step_only(wrong: Function, label: str) -> Mistake:
    """What is left in the variables after a loop."""
    return Mistake(
        "last_step_only",
        wrong,
        "Only the last step is left in your result. Add up over the steps: an assignment inside a "
        "loop keeps what came last, and `+=` keeps them all.",
        label,
    )


def first_episode_only(wrong: Function, label: str) -> Mistake:
    """One sample for all of them."""
    return Mistake(
        "first_episode_only",
        wrong,
        "You used the first episode alone. All N of them are samples of the same expectation: "
        "average over them.",
        label,
    )


def not_flipped_back(wrong: Function, label: str) -> Mistake:
    """Rewards-to-go left in reversed order."""
    return Mistake(
        "not_flipped_back",
        wrong,
        "Your running sum goes backwards, as it should, but its result is left in reversed order. "
        "Flip the steps once more before you use it.",
        label,
    )


def discounted(wrong: Function, label: str) -> Mistake:
    """A factor 0.99 from habit."""
    return Mistake(
        "discounted",
        wrong,
        "You discounted with 0.99. The objective of this exercise is undiscounted: every reward of "
        "the episode counts in full.",
        label,
    )
