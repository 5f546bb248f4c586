"""Three mistakes that fit every estimator of the book, made from the solution itself.

Each takes a solution whose first argument has shape `(N, H, ...)`.
"""

from __future__ import annotations

from typing import Any

from pgcompanion.exercises.engine.exercise import Function, Mistake


def mean_over_steps(solution: Function, label: str) -> Mistake:
    """The steps of an episode averaged instead of summed."""

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
    """The episodes summed instead of averaged."""

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
