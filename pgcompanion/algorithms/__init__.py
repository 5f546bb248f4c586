"""The algorithms of the chapter: generators of iterates, and the pure updates that they repeat."""

from pgcompanion.algorithms.actor_critic import actor_critic
from pgcompanion.algorithms.conjugate_gradient import conjugate_gradient
from pgcompanion.algorithms.iterate import Iterate
from pgcompanion.algorithms.local import (
    LocalProblem,
    StepProblem,
    TableProblem,
    exact_problem,
    sampled_problem,
)
from pgcompanion.algorithms.npg import compatible_regression, npg, npg_step
from pgcompanion.algorithms.penalty import penalty_argmax, penalty_constant, ppo_objective
from pgcompanion.algorithms.policy_iteration import (
    PolicyIterate,
    degradation_bound,
    greedy,
    policy_iteration,
    worst_advantage,
)
from pgcompanion.algorithms.ppo import adapted, normalised, ppo, ppo_update
from pgcompanion.algorithms.reinforce import policy_gradient_ascent, reinforce
from pgcompanion.algorithms.trpo import trpo, trpo_argmax, trpo_update
from pgcompanion.algorithms.views import advantage_estimate

__all__ = [
    "Iterate",
    "LocalProblem",
    "PolicyIterate",
    "StepProblem",
    "TableProblem",
    "actor_critic",
    "adapted",
    "advantage_estimate",
    "compatible_regression",
    "conjugate_gradient",
    "degradation_bound",
    "exact_problem",
    "greedy",
    "normalised",
    "npg",
    "npg_step",
    "penalty_argmax",
    "penalty_constant",
    "policy_gradient_ascent",
    "policy_iteration",
    "ppo",
    "ppo_objective",
    "ppo_update",
    "reinforce",
    "sampled_problem",
    "trpo",
    "trpo_argmax",
    "trpo_update",
    "worst_advantage",
]
