r"""Values and occupancies of a policy by dynamic programming.

A policy enters as a table ``pi``: ``(S, A)`` where it is stationary, ``(H, S, A)`` where it depends
on the step. Complex tables pass through, so that any of these functions can be differentiated by a
complex step.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pgcompanion import checks
from pgcompanion._numerics import powers
from pgcompanion.mdp import MDP


class Values(NamedTuple):
    r"""What `evaluate` returns (statement: `values`).

    ``V (H+1, S)``, ``Q (H, S, A)``, ``A (H, S, A)``, the occupancies ``d (H, S)`` and the number ``J``.
    """

    V: np.ndarray
    Q: np.ndarray
    A: np.ndarray
    d: np.ndarray
    J: float

    def __repr__(self) -> str:
        H, S, A = self.Q.shape
        return f"Values(S={S}, A={A}, H={H}, J={self.J:.6g})"


def state_values(mdp: MDP, pi: np.ndarray, gamma: float = 1.0) -> np.ndarray:
    r"""Bellman's recursion: the value of each state at each step, shape ``(H+1, S)``.

    Statement: `values`, `recursions`. Backwards from :math:`V_H=0`:
    :math:`V_h(s)=\sum_a\pi_h(a\mid s)\big(r(s,a)+\gamma\sum_{s'}P(s'\mid s,a)V_{h+1}(s')\big)`.

    Raises:
        ValueError: as `evaluate`.

    Example:
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> state_values(coin, np.array([[0.5, 0.5]])).ravel()
        array([1.5, 1. , 0.5, 0. ])
    """
    pi, gamma = checks.table(checks.mdp(mdp), pi), checks.discount(gamma)
    pi_h = np.broadcast_to(pi, (mdp.H, mdp.S, mdp.A))
    V = np.zeros((mdp.H + 1, mdp.S), pi.dtype)
    for h in reversed(range(mdp.H)):
        Q = mdp.r + gamma * (mdp.P @ V[h + 1])
        V[h] = (pi_h[h] * Q).sum(axis=1)
    return V


def occupancies(mdp: MDP, pi: np.ndarray) -> np.ndarray:
    r"""The probability of each state at each step, shape ``(H, S)``.

    Statement: `occupancy`, `recursions`. Forwards from :math:`d_0=\mu_0`:
    :math:`d_{h+1}(s')=\sum_{s,a}d_h(s)\pi_h(a\mid s)P(s'\mid s,a)`.

    Raises:
        ValueError: ``pi`` is not a table of the MDP's policies.

    Example:
        >>> two = MDP(np.eye(2)[[[1, 0], [1, 0]]], r=np.zeros((2, 2)), mu0=[1.0, 0.0], H=2)
        >>> occupancies(two, np.array([[0.75, 0.25], [0.5, 0.5]]))
        array([[1.  , 0.  ],
               [0.25, 0.75]])
    """
    pi = checks.table(checks.mdp(mdp), pi)
    pi_h = np.broadcast_to(pi, (mdp.H, mdp.S, mdp.A))
    d = np.zeros((mdp.H, mdp.S), pi.dtype)
    d[0] = mdp.mu0
    for h in range(mdp.H - 1):
        d[h + 1] = np.tensordot(d[h, :, None] * pi_h[h], mdp.P, axes=2)
    return d


def evaluate(mdp: MDP, pi: np.ndarray, gamma: float = 1.0) -> Values:
    r"""Values, advantages, occupancies and objective of a policy.

    Statement: `objective_fn`, `values`, `objective_forms`. `state_values` and `occupancies`, with
    :math:`Q_h=r+\gamma PV_{h+1}`, :math:`A_h=Q_h-V_h` and :math:`J=\sum_s\mu_0(s)V_0(s)`. The chapter's
    case is :math:`\gamma=1`. Powers of the transition matrix take the place of the two loops where the
    policy is stationary.

    Raises:
        ValueError: ``pi`` has a wrong shape, is not finite, or a row is not a distribution; or ``gamma``
            is not in [0, 1].
        TypeError: ``mdp`` is no MDP.

    Example:
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> evaluate(coin, np.array([[0.5, 0.5]]))
        Values(S=1, A=2, H=3, J=1.5)
    """
    pi, gamma = checks.table(checks.mdp(mdp), pi), checks.discount(gamma)
    V = powers.backward(mdp, pi, mdp.r, gamma)
    Q = mdp.r + gamma * powers.expected_next(mdp, V[1:])
    return Values(V, Q, Q - V[:-1, :, None], powers.forward(mdp, pi, 1.0), mdp.mu0 @ V[0])


def optimal(mdp: MDP) -> tuple[np.ndarray, Values]:
    r"""A policy that is optimal at every step and state, ``(H, S, A)``, and its values.

    Statement: `pg_advantage`. :math:`Q^\star_h=r+P\max_aQ^\star_{h+1}` and
    :math:`\pi^\star_h(s)\in\arg\max_aQ^\star_h(s,a)`, the first of equals.

    Raises:
        TypeError: ``mdp`` is no MDP.

    Example:
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> float(optimal(coin)[1].J)
        3.0
    """
    pi = np.zeros((checks.mdp(mdp).H, mdp.S, mdp.A))
    V = np.zeros(mdp.S)
    for h in reversed(range(mdp.H)):
        Q = mdp.r + mdp.P @ V
        pi[h, np.arange(mdp.S), Q.argmax(axis=1)] = 1.0
        V = Q.max(axis=1)
    return pi, evaluate(mdp, pi)


def return_variance(mdp: MDP, pi: np.ndarray) -> np.ndarray:
    r"""What is still random once the action is known, :math:`\operatorname{Var}(R_h\mid s_h,a_h)`, ``(H, S, A)``.

    Statement: `baseline_limits`. By the law of total variance, backwards from
    :math:`\operatorname{Var}(R_H)=0`: with :math:`s'\sim P(\cdot\mid s,a)` it is
    :math:`\operatorname{Var}(V_{h+1}(s'))+\mathbb E\operatorname{Var}(R_{h+1}\mid s')`, where
    :math:`\operatorname{Var}(R_h\mid s)=\sum_a\pi_h(a\mid s)\big(\operatorname{Var}(R_h\mid s,a)+A_h(s,a)^2\big)`.

    Raises:
        ValueError: as `evaluate`.

    Example:
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> return_variance(coin, np.array([[0.5, 0.5]]))[:, 0]
        array([[0.5 , 0.5 ],
               [0.25, 0.25],
               [0.  , 0.  ]])
    """
    values = evaluate(mdp, pi)
    pi_h, of_action = np.broadcast_to(pi, values.A.shape), np.zeros(values.A.shape)
    of_state = np.zeros(mdp.S)  # Var(R_h | s_h = s) of the step that follows
    for h in reversed(range(mdp.H)):
        V = values.V[h + 1]
        gap = V - (mdp.P @ V)[..., None]
        of_action[h] = (mdp.P * (gap**2 + of_state)).sum(axis=2)
        of_state = (pi_h[h] * (of_action[h] + values.A[h] ** 2)).sum(axis=1)
    return of_action


def expected_visits(mdp: MDP, pi: np.ndarray) -> np.ndarray:
    r"""Expected number of visits :math:`n(s)=\sum_hd_h(s)` of each state, shape ``(S,)``; they add up to ``H``.

    Statement: `occupancy`.

    Raises:
        ValueError: ``pi`` is not a table of the MDP's policies.

    Example:
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> expected_visits(coin, np.array([[0.5, 0.5]]))
        array([3.])
    """
    return powers.forward(mdp, checks.table(checks.mdp(mdp), pi), 1.0).sum(axis=0)


def visits_and_advantages(
    mdp: MDP, pi: np.ndarray, gamma: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    r"""Expected visits :math:`n(s)=\sum_h\gamma^hd_h(s)` and :math:`W(s,a)=\sum_h\gamma^hd_h(s)A_h(s,a)`.

    Statement: `pg_advantage`, `tabular_gradient`. Every exact gradient, Fisher matrix and surrogate of a stationary policy
    is a function of these two tables, ``(S,)`` and ``(S, A)``. For a time-dependent policy nothing is
    summed: :math:`\gamma^hd_h(s)`, ``(H, S)``, and :math:`\gamma^hd_h(s)A_h(s,a)`, ``(H, S, A)``.

    Raises:
        ValueError: as `evaluate`.

    Example:
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> visits_and_advantages(coin, np.array([[0.5, 0.5]]))
        (array([3.]), array([[-1.5,  1.5]]))
    """
    pi, gamma = checks.table(checks.mdp(mdp), pi), checks.discount(gamma)
    return powers.visits_and_advantages(mdp, pi, gamma)
