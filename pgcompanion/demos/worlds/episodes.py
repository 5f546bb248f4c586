"""Episodes from the random numbers of `pgcompanion.demos.engine.draws`, which a script draws as well."""

from __future__ import annotations

import numpy as np

from pgcompanion.demos.engine import draws
from pgcompanion.mdp import MDP
from pgcompanion.trajectories import Trajectories


def drawn(mdp: MDP, pi: np.ndarray, n: int, stream: int) -> Trajectories:
    """``n`` episodes of a stationary policy ``pi (S, A)``. Statement: `trajectories`.

    Episode i takes the numbers from (2 H) i on, by turns for a state and for an action: more episodes
    only add to them.

    >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
    >>> drawn(coin, np.array([[0.5, 0.5]]), 1000, stream=0).a.mean().round(1)
    np.float64(0.5)
    """
    u = draws.uniform(2 * mdp.H * n, stream).reshape(n, 2 * mdp.H)
    s, a = np.zeros((n, mdp.H), int), np.zeros((n, mdp.H), int)
    for h in range(mdp.H):
        chances = mdp.P[s[:, h - 1], a[:, h - 1]] if h else np.broadcast_to(mdp.mu0, (n, mdp.S))
        s[:, h] = _chosen(chances, u[:, 2 * h])
        a[:, h] = _chosen(pi[s[:, h]], u[:, 2 * h + 1])
    return Trajectories(s, a, mdp.r[s, a])


def _chosen(chances: np.ndarray, u: np.ndarray) -> np.ndarray:
    """The outcome in whose part of (0, 1) each number lies."""
    below = (chances.cumsum(axis=1)[:, :-1] < u[:, None]).sum(axis=1)
    return np.asarray(below)
