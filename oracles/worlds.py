"""Random problems that every oracle can be asked about."""

from __future__ import annotations

import numpy as np

from pgcompanion.lqr import LQR
from pgcompanion.mdp import MDP


def mdp(S: int = 6, A: int = 3, H: int = 7, seed: int = 0) -> MDP:
    rng = np.random.default_rng(seed)
    P = rng.dirichlet(np.ones(S), size=(S, A))
    return MDP(P, rng.normal(size=(S, A)), rng.dirichlet(np.ones(S)), H)


def lqr(seed: int = 0) -> LQR:
    rng = np.random.default_rng(seed)
    n, m = 3, 2

    def square(size: int) -> np.ndarray:
        X = rng.normal(size=(size, size))
        return X @ X.T / size + 0.1 * np.eye(size)

    A, B = 0.5 * rng.normal(size=(n, n)), rng.normal(size=(n, m))
    return LQR(A, B, square(n), square(m), 0.1 * square(n), square(n), H=8)
