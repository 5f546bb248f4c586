"""Values and occupancies of stationary policies by powers of the transition matrix.

The plain forms are the two loops of `exact.state_values` and `exact.occupancies`.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from pgcompanion.mdp import MDP

BLOCK = 4
CACHED = 2**14  # advantages that are formed at a time


def expected_next(mdp: MDP, V: np.ndarray) -> np.ndarray:
    """``P V`` for a stack of value functions: from ``(n, S)`` to ``(n, S, A)`` in one matrix product."""
    return (V @ mdp.P.reshape(-1, mdp.S).T).reshape(len(V), mdp.S, mdp.A)


def visits_and_advantages(mdp: MDP, pi: np.ndarray, gamma: float) -> tuple[np.ndarray, np.ndarray]:
    r"""Visits and weighted advantages as `exact.visits_and_advantages` has them.

    Statement: `pg_advantage`. Of a stationary policy neither Q nor A is formed: the sum over the steps
    is one product, :math:`\sum_hd_h(s)V_{h+1}(s')`.
    """
    V, d = both_ways(mdp, pi, gamma)
    if pi.ndim == 3:
        A = mdp.r + gamma * expected_next(mdp, V[1:]) - V[:-1, :, None]
        return d, d[..., None] * A
    n, pairs = d.sum(axis=0), gamma * (d.T @ V[1:])
    W = n[:, None] * mdp.r + (mdp.P @ pairs[:, :, None])[..., 0]
    return n, W - np.einsum("hs,hs->s", d, V[:-1])[:, None]


def visits_by_sign(mdp: MDP, pi: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    r"""Visits and weighted advantages, apart for positive and other advantages, and the objective.

    Statement: `ppo_clip`. Two arrays ``(2, S, A)`` for a stationary policy, ``(2, H, S, A)`` for another:
    :math:`\sum_hd_h(s)\mathbf 1[A_h(s,a)>0]`, :math:`\sum_hd_h(s)\max\{A_h(s,a),0\}`, and the same for
    the rest. Clipping treats the signs apart, so a sum over the steps must not mix them.
    """
    V, d = both_ways(mdp, pi, 1.0)
    shape = (2, mdp.S, mdp.A) if pi.ndim == 2 else (2, mdp.H, mdp.S, mdp.A)
    n, W = np.zeros(shape), np.zeros(shape)
    block = max(1, CACHED // (mdp.S * mdp.A))
    for h in range(0, mdp.H, block):
        steps = slice(h, h + block)
        A = mdp.r + expected_next(mdp, V[1:][steps]) - V[:-1][steps, :, None]
        for sign, mine in enumerate((A > 0, A <= 0)):
            visits = d[steps, :, None] * mine
            if pi.ndim == 2:
                n[sign] += visits.sum(axis=0)
                W[sign] += np.einsum("hsa,hsa->sa", visits, A)
            else:
                n[sign, steps], W[sign, steps] = visits, visits * A
    return n, W, float(mdp.mu0 @ V[0])


def chain(mdp: MDP, pi: np.ndarray, r: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The Markov chain of a stationary policy: ``P_pi (S, S)`` and ``r_pi (S,)``."""
    return (pi[:, None, :] @ mdp.P)[:, 0], (pi * r).sum(axis=-1)


def backward(mdp: MDP, pi: np.ndarray, r: np.ndarray, gamma: float) -> np.ndarray:
    r"""Expected sums of ``r`` from each step on, shape ``(H+1, S)``; ``r`` is ``(S, A)`` or ``(H, S, A)``."""
    if pi.ndim == r.ndim == 2:
        P_pi, r_pi = chain(mdp, pi, r)
        return _reward_sums(_squares(gamma * P_pi), r_pi, mdp.H)
    V = np.zeros((mdp.H + 1, mdp.S), dtype=np.result_type(pi, r))
    pi, r = (np.broadcast_to(x, (mdp.H, mdp.S, mdp.A)) for x in (pi, r))
    for h in reversed(range(mdp.H)):
        V[h] = (pi[h] * (r[h] + gamma * (mdp.P @ V[h + 1]))).sum(axis=1)
    return V


def forward(mdp: MDP, pi: np.ndarray, gamma: float) -> np.ndarray:
    r"""Occupancies :math:`\gamma^hd_h(s)`, shape ``(H, S)``."""
    if pi.ndim == 2:
        return _rows(_squares(gamma * chain(mdp, pi, mdp.r)[0]), mdp.mu0, mdp.H)
    d = np.zeros((mdp.H, mdp.S), dtype=pi.dtype)
    d[0] = mdp.mu0
    P = mdp.P.reshape(-1, mdp.S)
    for h in range(mdp.H - 1):
        d[h + 1] = gamma * (d[h, :, None] * pi[h]).ravel() @ P
    return d


def both_ways(mdp: MDP, pi: np.ndarray, gamma: float) -> tuple[np.ndarray, np.ndarray]:
    r"""`backward` with the MDP's rewards and `forward`; a stationary policy's chain is formed once."""
    if pi.ndim == 3:
        return backward(mdp, pi, mdp.r, gamma), forward(mdp, pi, gamma)
    P_pi, r_pi = chain(mdp, pi, mdp.r)
    squares = _squares(gamma * P_pi)
    return _reward_sums(squares, r_pi, mdp.H), _rows(squares, mdp.mu0, mdp.H)


def _squares(M: np.ndarray) -> list[np.ndarray]:
    """``M, M², M⁴, …`` up to the power ``BLOCK``."""
    squares = [M]
    while 2 ** len(squares) <= BLOCK:
        squares.append(squares[-1] @ squares[-1])
    return squares


def _reward_sums(squares: list[np.ndarray], r: np.ndarray, H: int) -> np.ndarray:
    """``r + Mr + … + Mᴴ⁻¹r`` down to ``r`` and 0: expected sums of ``r`` from each step on."""
    V = np.zeros((H + 1, len(r)), dtype=np.result_type(squares[0], r))
    V[:-1] = _rows([M.T for M in squares], r, H).cumsum(axis=0)[::-1]
    return V


def _rows(squares: list[np.ndarray], x: np.ndarray, n: int) -> np.ndarray:
    """The rows ``x, xM, xM², …``, ``n`` of them, in blocks: few matrix products in place of many."""
    blocks = np.empty((-(-n // BLOCK), BLOCK, len(x)), dtype=np.result_type(squares[0], x))
    rows = blocks.reshape(-1, len(x))
    rows[0] = x
    *powers, M = squares
    for k, power in enumerate(powers):
        np.dot(rows[: 2**k], power, out=rows[2**k : 2 ** (k + 1)])
    for old, new in pairwise(blocks):
        np.dot(old, M, out=new)
    return rows[:n]
