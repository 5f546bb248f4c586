"""Importance sampling: expectations under one distribution from samples of another.

`points` treats samples of any kind, `paths` trajectories; `gaussian` holds exact moments.
"""

from pgcompanion.importance.gaussian import gaussian_mean_moment, gaussian_weight_moment
from pgcompanion.importance.paths import (
    off_policy_gradient,
    per_step_ratios,
    per_step_second_moment,
    trajectory_ratio,
    trajectory_second_moment,
)
from pgcompanion.importance.points import (
    Estimate,
    effective_sample_size,
    estimate,
    optimal_proposal,
    self_normalised,
    variance,
    weights,
)

__all__ = [
    "Estimate",
    "effective_sample_size",
    "estimate",
    "gaussian_mean_moment",
    "gaussian_weight_moment",
    "off_policy_gradient",
    "optimal_proposal",
    "per_step_ratios",
    "per_step_second_moment",
    "self_normalised",
    "trajectory_ratio",
    "trajectory_second_moment",
    "variance",
    "weights",
]
