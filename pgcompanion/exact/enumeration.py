"""Brute force: every trajectory of a small MDP, its probability, and sums over all of them."""

from __future__ import annotations

import numpy as np

from pgcompanion import checks
from pgcompanion.mdp import MDP
from pgcompanion.tables import table
from pgcompanion.trajectories import Trajectories

LIMIT = 1_000_000


def count_trajectories(mdp: MDP) -> float:
    """Number of trajectories that some policy can produce: actions are free, transitions possible.

    Statement: `trajectories`.

    Example:
        >>> count_trajectories(MDP(np.ones((1, 2, 1)), np.zeros((1, 2)), [1.0], H=10))
        1024.0
    """
    successors = (mdp.P > 0).sum(axis=1).astype(float)
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


def log_likelihood(mdp: MDP, pi: np.ndarray, tau: Trajectories) -> np.ndarray:
    r""":math:`\log\rho_\pi(\tau)`, shape ``(N,)``; minus infinity for what cannot happen.

    Statement: `autoregressive_trajectories`. One initial factor, :math:`H` policy factors and
    :math:`H-1` transition factors: a trajectory ends with its last action and reward.
    :math:`\rho_\pi(\tau)=\mu_0(s_0)\prod_{h<H}\pi_h(a_h\mid s_h)\prod_{h<H-1}P(s_{h+1}\mid s_h,a_h)`.

    Raises:
        ValueError: a state or an action of ``tau`` is out of range.

    Example:
        >>> mdp = MDP(np.ones((1, 2, 1)), [[0.0, 1.0]], [1.0], H=2)
        >>> tau = trajectories(mdp)
        >>> np.exp(log_likelihood(mdp, np.array([[0.25, 0.75]]), tau)).tolist()
        [0.0625, 0.1875, 0.1875, 0.5625]
    """
    s, a = checks.indices("tau.s", tau.s, mdp.S), checks.indices("tau.a", tau.a, mdp.A)
    pi = np.broadcast_to(table(mdp, pi), (mdp.H, mdp.S, mdp.A))
    with np.errstate(divide="ignore"):
        log_mu0, log_pi, log_P = np.log(mdp.mu0), np.log(pi), np.log(mdp.P)
    choices = log_pi[np.arange(mdp.H), s, a].sum(axis=1)
    moves = log_P[s[:, :-1], a[:, :-1], s[:, 1:]].sum(axis=1)
    return log_mu0[s[:, 0]] + choices + moves
