"""Exact quantities of a policy in a finite MDP: by dynamic programming, and by enumeration beside it."""

from pgcompanion.exact.enumeration import count_trajectories, trajectories
from pgcompanion.exact.gradient import (
    fisher,
    gradient,
    infinite_horizon_gradient,
    value_gradients,
)
from pgcompanion.exact.likelihood import log_likelihood, trajectory_log_likelihood
from pgcompanion.exact.performance import (
    degradation_bound,
    expected_advantage,
    penalty_constant,
    penalty_objective,
    performance_difference,
    surrogate,
    trajectory_kl,
    worst_advantage,
)
from pgcompanion.exact.values import (
    Values,
    evaluate,
    expected_visits,
    occupancies,
    optimal,
    return_variance,
    state_values,
    visits_and_advantages,
)

__all__ = [
    "Values",
    "count_trajectories",
    "degradation_bound",
    "evaluate",
    "expected_advantage",
    "expected_visits",
    "fisher",
    "gradient",
    "infinite_horizon_gradient",
    "log_likelihood",
    "occupancies",
    "optimal",
    "penalty_constant",
    "penalty_objective",
    "performance_difference",
    "return_variance",
    "state_values",
    "surrogate",
    "trajectories",
    "trajectory_kl",
    "trajectory_log_likelihood",
    "value_gradients",
    "visits_and_advantages",
    "worst_advantage",
]
