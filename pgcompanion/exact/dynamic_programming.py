r"""Values and occupancies of a policy by dynamic programming.

A policy enters as a table ``pi``: ``(S, A)`` where it is stationary, ``(H, S, A)`` where it depends
on the step. Complex tables pass through, so that any of these functions can be differentiated by a
complex step.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from pgcompanion import checks
from pgcompanion.mdp import MDP, TimedMDP
from pgcompanion.tables import folded, table

BLOCK = 4


class Values(NamedTuple):
    r"""What `evaluate` returns (statement: `values`).

    ``V (H+1, S)``, ``Q (H, S, A)``, ``A (H, S, A)``, the occupancies ``d (H, S)`` and the number ``J``.
    """

    V: np.ndarray
    Q: np.ndarray
    A: np.ndarray
    d: np.ndarray
    J: float


def evaluate(mdp: MDP, pi: np.ndarray, gamma: float = 1.0) -> Values:
    r"""Values, advantages, occupancies and objective of a policy.

    Statement: `objective_fn`, `values`, `objective_forms`. Backwards :math:`V_H=0`, :math:`Q_h=r+\gamma PV_{h+1}`,
    :math:`V_h(s)=\sum_a\pi_h(a\mid s)Q_h(s,a)`, :math:`A_h=Q_h-V_h`; forwards :math:`d_0=\mu_0`,
    :math:`d_{h+1}(s')=\sum_{s,a}d_h(s)\pi_h(a\mid s)P(s'\mid s,a)`; and
    :math:`J=\sum_s\mu_0(s)V_0(s)`. The chapter's case is :math:`\gamma=1`.

    In a time-augmented MDP the state :math:`(h,s)` occurs at step :math:`h` alone; its entries at
    every other step are 0.

    Raises:
        ValueError: ``pi`` has a wrong shape, is not finite, or a row is not a distribution; or ``gamma``
            is not in [0, 1].

    Example:
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> float(evaluate(coin, np.array([[0.5, 0.5]])).J)
        1.5
    """
    if isinstance(mdp, TimedMDP):
        return _embed(mdp, evaluate(mdp.base, folded(mdp, pi), gamma))
    pi, gamma = table(mdp, pi), checks.discount(gamma)
    V = backward(mdp, pi, mdp.r, gamma)
    Q = mdp.r + gamma * _expected_next(mdp, V[1:])
    return Values(V, Q, Q - V[:-1, :, None], forward(mdp, pi, 1.0), mdp.mu0 @ V[0])


def optimal(mdp: MDP) -> tuple[np.ndarray, Values]:
    r"""A policy that is optimal at every step and state, and its values.

    Statement: `pg_advantage`. :math:`Q^\star_h=r+P\max_aQ^\star_{h+1}` and
    :math:`\pi^\star_h(s)\in\arg\max_aQ^\star_h(s,a)`, the first of equals: shape ``(H, S, A)``. For a
    time-augmented MDP the table is over its states, ``(H S, A)``.

    Example:
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> float(optimal(coin)[1].J)
        3.0
    """
    if isinstance(mdp, TimedMDP):
        pi = optimal(mdp.base)[0].reshape(mdp.S, mdp.A)
        return pi, evaluate(mdp, pi)
    pi = np.zeros((mdp.H, mdp.S, mdp.A))
    V = np.zeros(mdp.S)
    for h in reversed(range(mdp.H)):
        Q = mdp.r + mdp.P @ V
        pi[h, np.arange(mdp.S), Q.argmax(axis=1)] = 1.0
        V = Q.max(axis=1)
    return pi, evaluate(mdp, pi)


def expected_visits(mdp: MDP, pi: np.ndarray) -> np.ndarray:
    r"""Expected number of visits :math:`n(s)=\sum_hd_h(s)` of each state, shape ``(S,)``; they add up to ``H``.

    Statement: `occupancy`.

    Example:
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> expected_visits(coin, np.array([[0.5, 0.5]]))
        array([3.])
    """
    if isinstance(mdp, TimedMDP):
        return forward(mdp.base, folded(mdp, pi), 1.0).ravel()
    return forward(mdp, table(mdp, pi), 1.0).sum(axis=0)


def visits_and_advantages(
    mdp: MDP, pi: np.ndarray, gamma: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    r"""Expected visits :math:`n(s)=\sum_h\gamma^hd_h(s)` and :math:`W(s,a)=\sum_h\gamma^hd_h(s)A_h(s,a)`.

    Statement: `pg_advantage`. Every exact gradient, Fisher matrix and surrogate of a policy over the
    states of ``mdp`` is a function of these two tables, ``(S,)`` and ``(S, A)``.

    Raises:
        ValueError: as `evaluate`.

    Example:
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> visits_and_advantages(coin, np.array([[0.5, 0.5]]))
        (array([3.]), array([[-1.5,  1.5]]))
    """
    if isinstance(mdp, TimedMDP):
        v = evaluate(mdp.base, folded(mdp, pi), gamma)
        n = (v.d.T * gamma ** np.arange(mdp.H)).T
        return n.ravel(), (n[..., None] * v.A).reshape(mdp.S, mdp.A)
    pi, gamma = table(mdp, pi), checks.discount(gamma)
    V, d = both_ways(mdp, pi, gamma)
    n, pairs = d.sum(axis=0), gamma * (d.T @ V[1:])
    W = n[:, None] * mdp.r + (mdp.P @ pairs[:, :, None])[..., 0]
    return n, W - np.einsum("hs,hs->s", d, V[:-1])[:, None]


def _embed(mdp: TimedMDP, base: Values) -> Values:
    """Put the value of step h and base state s where (h, s) stands among the augmented states."""
    steps = np.arange(mdp.H)

    def spread(x: np.ndarray, layers: int) -> np.ndarray:
        full = np.zeros((layers, mdp.H, *x.shape[1:]), dtype=x.dtype)
        full[steps, steps] = x[: mdp.H]
        return full.reshape(layers, mdp.S, *x.shape[2:])

    return Values(
        spread(base.V, mdp.H + 1),
        spread(base.Q, mdp.H),
        spread(base.A, mdp.H),
        spread(base.d, mdp.H),
        base.J,
    )


def _expected_next(mdp: MDP, V: np.ndarray) -> np.ndarray:
    """``P V`` for a stack of value functions: from ``(n, S)`` to ``(n, S, A)`` in one matrix product."""
    return (V @ mdp.P.reshape(-1, mdp.S).T).reshape(len(V), mdp.S, mdp.A)


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
