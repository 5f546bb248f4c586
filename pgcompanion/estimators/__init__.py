r"""Policy-gradient estimators: what multiplies each score, and the one estimator that it feeds.

Every estimator of the chapter is :math:`\frac1N\sum_n\sum_h\psi_h(\tau_n)\nabla\log\pi_\theta(a_h\mid s_h)`.
They differ in the gradient coefficient :math:`\psi` alone, an array ``(N, H)``: `coefficients` and
`generalized` make it, `gradient` takes it.
"""

from pgcompanion.estimators.coefficients import (
    advantage,
    along,
    discounted_rewards,
    minus,
    q_function,
    reward_to_go,
    total_return,
)
from pgcompanion.estimators.generalized import gae
from pgcompanion.estimators.gradient import moments, policy_gradient

__all__ = [
    "advantage",
    "along",
    "discounted_rewards",
    "gae",
    "minus",
    "moments",
    "policy_gradient",
    "q_function",
    "reward_to_go",
    "total_return",
]
