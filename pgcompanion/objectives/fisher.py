"""The Fisher matrix of a batch, and its products with vectors; analytic in each state."""

from __future__ import annotations

import numpy as np

from pgcompanion import checks
from pgcompanion.batches import Batch
from pgcompanion.batches.batch import checked
from pgcompanion.policies import Policy


def fisher(policy: Policy, theta: np.ndarray, batch: Batch) -> np.ndarray:
    r""":math:`F=\sum_iw_iF_{s_i}`, shape ``(p, p)``, with the Fisher matrix :math:`F_s` of one state.

    Statement: `fisher_matrix`, `fisher_trajectory`.

    Raises:
        ValueError: ``theta`` is none of the policy's parameters.
        TypeError: ``policy`` is no policy with a Fisher matrix, or ``batch`` no batch.

    Example:
        >>> from pgcompanion.policies import TabularSoftmax
        >>> batch = Batch(np.array([0]), np.array([1]), np.ones(1), np.full(1, 2.0), np.log([0.5]))
        >>> fisher(TabularSoftmax(1, 2), np.zeros(2), batch)
        array([[ 0.25, -0.25],
               [-0.25,  0.25]])
    """
    checks.policy(policy, "fisher")
    return policy.fisher(theta, checked(batch).s, batch.w)


def fisher_product(policy: Policy, theta: np.ndarray, batch: Batch, v: np.ndarray) -> np.ndarray:
    r"""The Fisher-vector product :math:`Fv=\sum_iw_iF_{s_i}v`, shape ``(p,)``, without a matrix.

    Statement: `fisher_matrix`.

    Raises:
        ValueError: ``theta`` or ``v`` is not ``p`` finite numbers.
        TypeError: ``policy`` is no policy with a Fisher matrix, or ``batch`` no batch.

    Example:
        >>> from pgcompanion.policies import TabularSoftmax
        >>> batch = Batch(np.array([0]), np.array([1]), np.ones(1), np.full(1, 2.0), np.log([0.5]))
        >>> fisher_product(TabularSoftmax(1, 2), np.zeros(2), batch, np.array([1.0, 0.0]))
        array([ 0.25, -0.25])
    """
    checks.policy(policy, "fisher_product")
    return policy.fisher_product(theta, checked(batch).s, batch.w, v)
