"""Mistakes that several exercises know, each with the words in which all of them tell it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pgcompanion.exercises.engine.exercise import Function, Mistake


def _told(id: str, message: str) -> Callable[[Function, str], Mistake]:
    """From the wrong function of an exercise, and the label that treats it, to the mistake."""
    return lambda wrong, label: Mistake(id, wrong, message, label)


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


# Advantages or returns with mean 0 and deviation 1.
standardised = _told(
    "standardised",
    "You standardised the weights: less their mean, divided by their deviation. "
    "Implementations do that to tame the step size, and it is a choice of theirs. Here it "
    "changes the scale, and a mean taken from the same samples biases the estimate.",
)


# Advantages less their mean over the batch.
centred = _told(
    "batch_mean_subtracted",
    "You took the mean over the batch away from the weights. That is a baseline of your own, "
    "made from the same samples; the formula asks for the weights as they are.",
)


# log p / log q for p / q.
ratio_of_logarithms = _told(
    "ratio_of_logarithms",
    "You divided two logarithms. A ratio of probabilities is the exponential of the difference "
    "of their logarithms: `np.exp(log_p - log_q)`.",
)


# The weight without its denominator.
new_likelihood_only = _told(
    "new_likelihood_only",
    "Your weight is the new likelihood alone. The old policy drew the actions, so likely ones "
    "already come often: divide by the old likelihood.",
)


# One weight for a whole episode.
trajectory_ratio = _told(
    "trajectory_ratio",
    "You multiplied the ratios into one weight for all of them. The formula has a ratio of its "
    "own in every term; the product of many is the weight of a whole trajectory, and its "
    "variance grows exponentially with the number of factors.",
)


# The ratio left out.
no_weights = _told(
    "no_weights",
    "The likelihood ratio is missing. Without it the new policy does not enter at all: this is "
    "what the old one achieved.",
)


# One step for all of them.
first_step_only = _told(
    "first_step_only",
    "You kept the first step alone. The sum runs over all steps of the episode: look at the "
    "index 0, and at a `return` that may stand inside the loop.",
)


# What is left in the variables after a loop.
last_step_only = _told(
    "last_step_only",
    "Only the last step is left in your result. Add up over the steps: an assignment inside a "
    "loop keeps what came last, and `+=` keeps them all.",
)


# One sample for all of them.
first_episode_only = _told(
    "first_episode_only",
    "You used the first episode alone. All N of them are samples of the same expectation: "
    "average over them.",
)


# Rewards-to-go left in reversed order.
not_flipped_back = _told(
    "not_flipped_back",
    "Your running sum goes backwards, as it should, but its result is left in reversed order. "
    "Flip the steps once more before you use it.",
)


# A factor 0.99 from habit.
discounted = _told(
    "discounted",
    "You discounted with 0.99. The objective of this exercise is undiscounted: every reward of "
    "the episode counts in full.",
)
