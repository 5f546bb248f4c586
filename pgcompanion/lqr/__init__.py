"""Linear dynamics, quadratic rewards, Gaussian policies: continuous actions with exact answers."""

from pgcompanion.lqr.gradient import (
    deterministic_gradient,
    fisher,
    gaussian_fisher,
    gradient,
    log_sigma_gradient,
    lqr_gradient,
    natural_gradient,
)
from pgcompanion.lqr.iterative import Model, Plan, ilqr, pendulum
from pgcompanion.lqr.local import (
    multiplier,
    penalty_argmax,
    performance_difference,
    surrogate,
    trajectory_kl,
    trust_region_argmax,
)
from pgcompanion.lqr.optimum import best_single_gain, optimal, policy_iteration
from pgcompanion.lqr.sources import Exact, Sampled, sample
from pgcompanion.lqr.systems import SYSTEMS
from pgcompanion.lqr.values import (
    Values,
    advantage,
    advantage_form,
    evaluate,
    landscape,
    lqr_values,
    second_moments,
    value,
)
from pgcompanion.lqr.world import LQR

__all__ = [
    "LQR",
    "SYSTEMS",
    "Exact",
    "Model",
    "Plan",
    "Sampled",
    "Values",
    "advantage",
    "advantage_form",
    "best_single_gain",
    "deterministic_gradient",
    "evaluate",
    "fisher",
    "gaussian_fisher",
    "gradient",
    "ilqr",
    "landscape",
    "log_sigma_gradient",
    "lqr_gradient",
    "lqr_values",
    "multiplier",
    "natural_gradient",
    "optimal",
    "penalty_argmax",
    "pendulum",
    "performance_difference",
    "policy_iteration",
    "sample",
    "second_moments",
    "surrogate",
    "trajectory_kl",
    "trust_region_argmax",
    "value",
]
