r"""Policy-gradient estimators: what multiplies each score, and the one estimate that it feeds.

Arrays in, arrays out. First come the coefficients :math:`\psi`, ``(N, H)``, from `total_return` to `gae`;
`baselines` are subtracted from them, and some are fitted while an algorithm runs. `policy_gradient` and
its like put them before the scores. `importance` weighs samples of another policy, and `fit_value`
fits a network to values.
"""

from pgcompanion.estimators import baselines, importance
from pgcompanion.estimators.baselines import leave_one_out, mean_reward_to_go
from pgcompanion.estimators.gae import gae, gae_of, gae_steps, normalised
from pgcompanion.estimators.learned_baselines import fitted_baseline, previous_baseline
from pgcompanion.estimators.returns import (
    at_pairs,
    at_states,
    discounted,
    reward_to_go,
    total_return,
)
from pgcompanion.estimators.score_gradient import (
    baseline_gradient,
    discounted_gradient,
    fisher_matrix,
    moments,
    per_trajectory_gradients,
    policy_gradient,
    reinforce_gradient,
)
from pgcompanion.estimators.value_function import Critic, fit_value

__all__ = [
    "Critic",
    "at_pairs",
    "at_states",
    "baseline_gradient",
    "baselines",
    "discounted",
    "discounted_gradient",
    "fisher_matrix",
    "fit_value",
    "fitted_baseline",
    "gae",
    "gae_of",
    "gae_steps",
    "importance",
    "leave_one_out",
    "mean_reward_to_go",
    "moments",
    "normalised",
    "per_trajectory_gradients",
    "policy_gradient",
    "previous_baseline",
    "reinforce_gradient",
    "reward_to_go",
    "total_return",
]
