"""Exact quantities of a policy in a finite MDP: by dynamic programming, and by enumeration beside it."""

from pgcompanion.exact.bounds import (
    ConservativeStep,
    conservative_bound,
    conservative_step,
    degradation_bound,
    improvement_price,
    mean_advantages,
    surrogate_bound,
    worst_advantage,
    wrong_table_bound,
)
from pgcompanion.exact.enumeration import count_trajectories, trajectories
from pgcompanion.exact.gradient import (
    fisher,
    gradient,
    infinite_horizon_gradient,
    value_gradients,
)
from pgcompanion.exact.likelihood import log_likelihood, trajectory_log_likelihood
from pgcompanion.exact.performance import (
    expected_advantage,
    penalty_constant,
    penalty_objective,
    performance_difference,
    step_kl,
    surrogate,
    trajectory_kl,
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
    "ConservativeStep",
    "Values",
    "conservative_bound",
    "conservative_step",
    "count_trajectories",
    "degradation_bound",
    "evaluate",
    "expected_advantage",
    "expected_visits",
    "fisher",
    "gradient",
    "improvement_price",
    "infinite_horizon_gradient",
    "log_likelihood",
    "mean_advantages",
    "occupancies",
    "optimal",
    "penalty_constant",
    "penalty_objective",
    "performance_difference",
    "return_variance",
    "state_values",
    "step_kl",
    "surrogate",
    "surrogate_bound",
    "trajectories",
    "trajectory_kl",
    "trajectory_log_likelihood",
    "value_gradients",
    "visits_and_advantages",
    "worst_advantage",
    "wrong_table_bound",
]
