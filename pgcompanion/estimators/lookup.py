"""What has an entry for each step of trajectories: a coefficient, or a table as they meet it."""

from __future__ import annotations

import numpy as np

from pgcompanion import checks
from pgcompanion.trajectories import Trajectories


def of_steps(psi: np.ndarray, tau: Trajectories) -> np.ndarray:
    """Coefficients as an array, after checking that each step has one, ``(N, H)``."""
    psi = np.asarray(psi)
    if psi.shape != tau.r.shape:
        raise ValueError(f"psi has shape {psi.shape}, but (N, H) = {tau.r.shape} is expected.")
    return psi


def at_pairs(name: str, Q: np.ndarray, tau: Trajectories) -> np.ndarray:
    """A table ``(H, S, A)`` at the steps, states and actions of the trajectories, ``(N, H)``."""
    Q = np.asarray(Q)
    _expect_table(name, Q, tau.H, 3)
    s, a = checks.indices("tau.s", tau.s, Q.shape[1]), checks.indices("tau.a", tau.a, Q.shape[2])
    return np.asarray(Q[np.arange(tau.H), s, a])


def at_states(name: str, b: np.ndarray, tau: Trajectories) -> np.ndarray:
    """A table ``(H, S)`` or ``(H+1, S)`` at the steps and states of the trajectories, ``(N, H)``."""
    b = np.asarray(b)
    if b.ndim == 2 and len(b) == tau.H + 1:
        b = b[:-1]
    _expect_table(name, b, tau.H, 2)
    return np.asarray(b[np.arange(tau.H), checks.indices("tau.s", tau.s, b.shape[1])])


def _expect_table(name: str, x: np.ndarray, H: int, ndim: int) -> None:
    if np.ndim(x) != ndim or len(x) != H:
        axes = "(H, S, A)" if ndim == 3 else "(H, S)"
        raise ValueError(f"{name} has shape {np.shape(x)}, but {axes} with H = {H} is expected.")
