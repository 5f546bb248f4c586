"""The step of policy iteration: greedy at every step and state."""

from __future__ import annotations

import numpy as np

from pgcompanion import checks


def greedy(Q: np.ndarray) -> np.ndarray:
    r"""The policy that takes the best action at every step and state, shape ``(H, S, A)``.

    Statement: `policy_iteration`. :math:`\tilde\pi_h(s)\in\arg\max_aQ_h(s,a)`, the first of equals. Values
    of different steps are never compared.

    Raises:
        ValueError: ``Q`` does not have three axes ``(H, S, A)`` or is not finite.

    Example:
        >>> greedy(np.array([[[1.0, 2.0], [3.0, 3.0]]])).tolist()
        [[[0.0, 1.0], [1.0, 0.0]]]
    """
    Q = checks.finite("Q", Q, (None, None, None))
    return np.eye(Q.shape[-1])[Q.argmax(axis=-1)]
