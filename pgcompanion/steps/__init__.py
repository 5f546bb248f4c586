"""From a batch to the next parameters: gradient and Adam, natural, trust region, proximal, greedy."""

from pgcompanion._numerics.adam import Adam
from pgcompanion._numerics.conjugate_gradient import conjugate_gradient
from pgcompanion._numerics.minimum_norm import minimum_norm_solution
from pgcompanion.steps.gradient_ascent import (
    Schedule,
    ascent,
    constant,
    gradient_step,
    inverse_sqrt,
    minibatch_gradient,
    sgd,
)
from pgcompanion.steps.gradient_ascent_bound import (
    constant_step,
    plateau_steps,
    sgd_bound,
    softmax_smoothness,
)
from pgcompanion.steps.natural import (
    compatible_regression,
    natural_gradient,
    natural_step,
    npg_step,
    step_size,
    tabular_npg_update,
)
from pgcompanion.steps.natural_bound import npg_bound
from pgcompanion.steps.penalty import adapted, penalty_argmax
from pgcompanion.steps.policy_iteration import greedy
from pgcompanion.steps.proximal import ppo_step
from pgcompanion.steps.trust_region import trpo_argmax, trpo_step

__all__ = [
    "Adam",
    "Schedule",
    "adapted",
    "ascent",
    "compatible_regression",
    "conjugate_gradient",
    "constant",
    "constant_step",
    "gradient_step",
    "greedy",
    "inverse_sqrt",
    "minibatch_gradient",
    "minimum_norm_solution",
    "natural_gradient",
    "natural_step",
    "npg_bound",
    "npg_step",
    "penalty_argmax",
    "plateau_steps",
    "ppo_step",
    "sgd",
    "sgd_bound",
    "softmax_smoothness",
    "step_size",
    "tabular_npg_update",
    "trpo_argmax",
    "trpo_step",
]
