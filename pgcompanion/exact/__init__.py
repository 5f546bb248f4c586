"""Exact quantities of a policy in a finite MDP: by dynamic programming, and by enumeration beside it."""

from pgcompanion.exact.dynamic_programming import (
    Values,
    evaluate,
    expected_visits,
    optimal,
    visits_and_advantages,
)
from pgcompanion.exact.enumeration import count_trajectories, log_likelihood, trajectories
from pgcompanion.exact.functionals import (
    discounted_gradient,
    fisher,
    gradient,
    performance_difference,
    surrogate,
    trajectory_kl,
)

__all__ = [
    "Values",
    "count_trajectories",
    "discounted_gradient",
    "evaluate",
    "expected_visits",
    "fisher",
    "gradient",
    "log_likelihood",
    "optimal",
    "performance_difference",
    "surrogate",
    "trajectories",
    "trajectory_kl",
    "visits_and_advantages",
]
