"""Sampled trajectories as arrays, one row an episode."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Trajectories:
    r""":math:`N` trajectories :math:`\tau=(s_0,a_0,r_0,\dots,s_{H-1},a_{H-1},r_{H-1})`.

    Statement: `trajectories`.

    Args:
        s: states, shape ``(N, H)``, or ``(N, H, ...)`` where a state is a vector.
        a: actions, shape ``(N, H)`` or ``(N, H, n)``.
        r: rewards, shape ``(N, H)``.
        mask: True where a step was taken, shape ``(N, H)``; an episode that ends early is False
            afterwards. By default every episode has ``H`` steps.
        terminated: True where the episode ended in a terminal state, shape ``(N,)``; False where
            it was cut off. ``None`` where the horizon ends every episode.
        last: the observation after the last step, shape ``(N, ...)``; ``None`` where unknown.

    Example:
        >>> tau = Trajectories(s=np.zeros((2, 3), int), a=np.ones((2, 3), int), r=np.ones((2, 3)))
        >>> tau.N, tau.H
        (2, 3)
    """

    s: np.ndarray
    a: np.ndarray
    r: np.ndarray
    mask: np.ndarray = None  # type: ignore[assignment]
    terminated: np.ndarray | None = None
    last: np.ndarray | None = None

    def __post_init__(self) -> None:
        if self.mask is None:
            object.__setattr__(self, "mask", np.broadcast_to(np.True_, self.r.shape))

    @property
    def N(self) -> int:
        """Number of trajectories."""
        return int(self.r.shape[0])

    @property
    def H(self) -> int:
        """Number of steps of the longest trajectory."""
        return int(self.r.shape[1])
