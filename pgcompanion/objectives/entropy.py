"""The entropy of a policy over the states of a batch, analytic in each state."""

from __future__ import annotations

import numpy as np

from pgcompanion import checks
from pgcompanion.batches import Batch
from pgcompanion.batches.batch import checked
from pgcompanion.policies import Policy


def entropy(policy: Policy, theta: np.ndarray, batch: Batch) -> float:
    r""":math:`\sum_iw_i\mathcal H(\pi_\theta(\cdot\mid s_i))`, in nats.

    Statement: `ppo_objective`.

    Raises:
        ValueError: ``theta`` is none of the policy's parameters.
        TypeError: ``policy`` is no policy with an entropy, or ``batch`` no batch.

    Example:
        >>> from pgcompanion.policies import TabularSoftmax
        >>> batch = Batch(np.array([0]), np.array([1]), np.ones(1), np.full(1, 2.0), np.log([0.5]))
        >>> round(entropy(TabularSoftmax(1, 2), np.zeros(2), batch), 4)
        0.6931
    """
    checks.policy(policy, "entropy")
    return (checked(batch).w * policy.entropy(theta, batch.s)).sum().item()


def entropy_gradient(policy: Policy, theta: np.ndarray, batch: Batch) -> np.ndarray:
    r"""The gradient of `entropy`, shape ``(p,)``: what an entropy bonus adds to a step.

    Statement: `ppo_objective`. Raises as `entropy`.
    """
    checks.policy(policy, "entropy_gradient")
    return policy.entropy_gradient(theta, checked(batch).s, batch.w)
