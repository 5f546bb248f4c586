"""Importance sampling: expectations under one distribution from samples of another, of points and of trajectories."""

from pgcompanion.estimators.importance.gaussians import (
    gaussian_mean_moment,
    gaussian_weight_moment,
)
from pgcompanion.estimators.importance.moments import (
    per_decision_variance,
    per_step_second_moment,
    trajectory_second_moment,
    trajectory_variance,
)
from pgcompanion.estimators.importance.points import (
    defensive_mixture,
    effective_sample_size,
    importance_sampling_mean,
    importance_weights,
    optimal_proposal,
    self_normalised_error,
    self_normalised_mean,
    standard_error,
    variance,
)
from pgcompanion.estimators.importance.ratios import (
    off_policy_gradient,
    per_decision_returns,
    per_step_ratios,
    trajectory_ratio,
)

__all__ = [
    "defensive_mixture",
    "effective_sample_size",
    "gaussian_mean_moment",
    "gaussian_weight_moment",
    "importance_sampling_mean",
    "importance_weights",
    "off_policy_gradient",
    "optimal_proposal",
    "per_decision_returns",
    "per_decision_variance",
    "per_step_ratios",
    "per_step_second_moment",
    "self_normalised_error",
    "self_normalised_mean",
    "standard_error",
    "trajectory_ratio",
    "trajectory_second_moment",
    "trajectory_variance",
    "variance",
]
