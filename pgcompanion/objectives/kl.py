r"""How far a policy has moved, of a batch: the KL divergence, analytic in each state.

The divergences of distributions, as arrays, are in `divergences`.
"""

from __future__ import annotations

import numpy as np

from pgcompanion import checks
from pgcompanion.batches import Batch
from pgcompanion.batches.batch import checked
from pgcompanion.policies import Policy


def kl(policy: Policy, theta_k: np.ndarray, theta: np.ndarray, batch: Batch) -> float:
    r""":math:`\sum_iw_i\mathrm{KL}(\pi^k(\cdot\mid s_i)\,\|\,\pi_\theta(\cdot\mid s_i))`, in nats.

    Statement: `kld`, `trajectory_kl`. Of an exact batch it is the divergence of the trajectories; of a
    sampled one its estimate; of `Rollouts` the mean over the visited states.

    Raises:
        ValueError: ``theta_k`` or ``theta`` is none of the policy's parameters.
        TypeError: ``policy`` is no policy with a divergence, or ``batch`` no batch.

    Example:
        >>> from pgcompanion.policies import TabularSoftmax
        >>> batch = Batch(np.array([0]), np.array([1]), np.ones(1), np.full(1, 2.0), np.log([0.5]))
        >>> round(kl(TabularSoftmax(1, 2), np.zeros(2), np.array([0.0, np.log(3)]), batch), 4)
        0.1438
    """
    _two(policy, theta_k, theta, "kl")
    return (checked(batch).w * policy.kl(theta_k, theta, batch.s)).sum().item()


def kl_gradient(policy: Policy, theta_k: np.ndarray, theta: np.ndarray, batch: Batch) -> np.ndarray:
    r"""The gradient of `kl` in ``theta``, shape ``(p,)``; 0 at :math:`\theta^k`.

    Statement: `kld`, `sampled_kl`. Raises as `kl`.
    """
    _two(policy, theta_k, theta, "kl_gradient")
    return policy.kl_gradient(theta_k, theta, checked(batch).s, batch.w)


def _two(policy: Policy, theta_k: np.ndarray, theta: np.ndarray, method: str) -> None:
    """Check the parameters of an old and a new policy, each by the name that it has here."""
    checks.theta(theta_k, checks.policy(policy, method).p, "theta_k")
    checks.theta(theta, policy.p)
