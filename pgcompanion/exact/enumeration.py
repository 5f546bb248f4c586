"""Brute force: every trajectory of a small MDP, its probability, and sums over all of them."""

from __future__ import annotations

import numpy as np

from pgcompanion import checks
from pgcompanion.mdp import MDP
from pgcompanion.trajectories import Trajectories

LIMIT = 1_000_000


def count_trajectories(mdp: MDP) -> float:
    """Number of trajectories that some policy can produce: actions are free, transitions possible.

    Statement: `trajectories`.

    Example:
        >>> count_trajectories(MDP(np.ones((1, 2, 1)), np.zeros((1, 2)), [1.0], H=10))
        1024.0
    """
    successors = (checks.mdp(mdp).P > 0).sum(axis=1).astype(float)
    counts = np.full(mdp.S, float(mdp.A))
    for _ in range(mdp.H - 1):
        counts = successors @ counts
    return float(counts[mdp.mu0 > 0].sum())


def trajectories(mdp: MDP) -> Trajectories:
    r"""Every trajectory that some policy can produce, each once.

    Statement: `trajectories`. With `log_likelihood` they turn any expectation
    :math:`\mathbb E_{\tau\sim\rho_\pi}f(\tau)` into a finite sum.

    Raises:
        ValueError: there are more than a million of them.

    Example:
        >>> tau = trajectories(MDP(np.ones((1, 2, 1)), [[0.0, 1.0]], [1.0], H=2))
        >>> tau.a.tolist()
        [[0, 0], [0, 1], [1, 0], [1, 1]]
    """
    n = count_trajectories(mdp)
    if n > LIMIT:
        raise ValueError(
            f"mdp has {n:.3g} trajectories, but at most {LIMIT:,} can be enumerated: "
            f"use a smaller H or fewer states."
        )
    s = np.flatnonzero(mdp.mu0 > 0)[:, None]
    a = np.zeros((len(s), 0), dtype=int)
    for h in range(mdp.H):
        s, a = np.repeat(s, mdp.A, axis=0), np.repeat(a, mdp.A, axis=0)
        a = np.column_stack([a, np.resize(np.arange(mdp.A), len(a))])
        if h < mdp.H - 1:
            parent, s_next = np.nonzero(mdp.P[s[:, h], a[:, h]] > 0)
            s, a = np.column_stack([s[parent], s_next]), a[parent]
    return Trajectories(s, a, mdp.r[s, a])
