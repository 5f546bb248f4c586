r"""Moments of the weights of trajectories, exact, by dynamic programming.

Every recursion has the factor :math:`\pi_h(a\mid s)^2/\pi^{\rm old}_h(a\mid s)`: the chance of an action
times the square of its weight.
"""

from __future__ import annotations

import numpy as np

from pgcompanion import checks, exact
from pgcompanion.mdp import MDP


def trajectory_second_moment(mdp: MDP, pi: np.ndarray, pi_old: np.ndarray) -> np.ndarray:
    r"""Exact second moment of the ratio of the first ``n`` steps, shape ``(H + 1,)``.

    Statement: `trajectory_weights`.
    :math:`\mathbb E_{\rho_{\rm old}}\big[\prod_{h<n}(\pi_h/\pi_h^{\rm old})^2\big]`. The mean of
    the product is 1, so one less than entry ``n`` is the variance of the weights of ``n`` steps;
    it grows exponentially with ``n`` where the policies keep differing. By dynamic programming:
    :math:`u_0=\mu_0`,
    :math:`u_{h+1}(s')=\sum_{s,a}u_h(s)\frac{\pi_h(a\mid s)^2}{\pi^{\rm old}_h(a\mid s)}P(s'\mid s,a)`,
    and entry ``n`` is :math:`\sum_su_n(s)`.

    Raises:
        ValueError: ``pi_old`` is 0 for an action that ``pi`` takes in a state that both reach; a
            table is not a policy of ``mdp``.
        TypeError: ``mdp`` is no MDP.

    Example:
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> pi, uniform = np.array([[0.75, 0.25]]), np.array([[0.5, 0.5]])
        >>> trajectory_second_moment(coin, pi, uniform)
        array([1.      , 1.25    , 1.5625  , 1.953125])
    """
    pi, pi_old = _each_step(mdp, pi, "pi"), _each_step(mdp, pi_old, "pi_old")
    moments, u = np.ones(mdp.H + 1), mdp.mu0
    for h in range(mdp.H):
        pairs = u[:, None] * _squared_ratio(h, u > 0, pi[h], pi_old[h])
        moments[h + 1] = pairs.sum()
        u = pairs.ravel() @ mdp.P.reshape(-1, mdp.S)
    return moments


def per_step_second_moment(mdp: MDP, pi: np.ndarray, pi_old: np.ndarray) -> np.ndarray:
    r"""Exact second moment of the ratio of each step alone, shape ``(H,)``.

    Statement: `trajectory_weights`.
    :math:`\mathbb E_{\rho_{\rm old}}\big[(\pi_h/\pi_h^{\rm old})^2\big]`. Unlike
    `trajectory_second_moment` it does not grow with the horizon; the price is that the states are
    still those of the old policy.

    Raises:
        ValueError: ``pi_old`` is 0 for an action that ``pi`` takes in a state that ``pi_old``
            reaches; a table is not a policy of ``mdp``.
        TypeError: ``mdp`` is no MDP.

    Example:
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> per_step_second_moment(coin, np.array([[0.75, 0.25]]), np.array([[0.5, 0.5]]))
        array([1.25, 1.25, 1.25])
    """
    factors = _factors(mdp, pi, pi_old)
    return np.asarray(np.einsum("hs,hsa->h", exact.evaluate(mdp, pi_old).d, factors))


def trajectory_variance(mdp: MDP, pi: np.ndarray, pi_old: np.ndarray) -> float:
    r"""Exact variance of :math:`\frac{\rho_\pi(\tau)}{\rho_{\rm old}(\tau)}R(\tau)` of one episode of ``pi_old``.

    Statement: `per_decision`. The estimate from ``N`` episodes has this variance divided by ``N``.
    Backwards for the moments :math:`m^j_h(s)=\mathbb E[w^2R^j\mid s_h=s]` of what is still to come, with
    :math:`m_H=(1,0,0)`:
    :math:`m^2_h(s)=\sum_a\frac{\pi_h(a\mid s)^2}{\pi^{\rm old}_h(a\mid s)}\big(r^2Pm^0_{h+1}+2rPm^1_{h+1}+Pm^2_{h+1}\big)`,
    and likewise :math:`m^0,m^1`.

    Raises:
        ValueError: ``pi_old`` is 0 for an action that ``pi`` takes in a state that ``pi_old`` reaches; a
            table is not a policy of ``mdp``.
        TypeError: ``mdp`` is no MDP.

    Example:
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=1)
        >>> trajectory_variance(coin, np.array([[0.5, 0.5]]), np.array([[0.75, 0.25]]))
        0.75
    """
    factors, r = _factors(mdp, pi, pi_old), mdp.r
    m = np.array([np.ones(mdp.S), np.zeros(mdp.S), np.zeros(mdp.S)])
    for factor in reversed(factors):
        m0, m1, m2 = np.moveaxis(mdp.P @ m.T, -1, 0)
        m = np.array([m0, r * m0 + m1, r**2 * m0 + 2 * r * m1 + m2])
        m = (factor * m).sum(axis=-1)
    return float(mdp.mu0 @ m[2] - exact.evaluate(mdp, pi).J ** 2)


def per_decision_variance(mdp: MDP, pi: np.ndarray, pi_old: np.ndarray) -> float:
    r"""Exact variance of `per_decision_returns`, of one episode of ``pi_old``.

    Statement: `per_decision`. The return is :math:`X_h=u_h(r_h+X_{h+1})` with the ratio :math:`u_h`, and its
    mean from a state on is :math:`V_h^\pi`; so backwards, from :math:`M_H=0`,
    :math:`M_h(s)=\sum_a\frac{\pi_h(a\mid s)^2}{\pi^{\rm old}_h(a\mid s)}\big(r^2+2rPV_{h+1}+PM_{h+1}\big)`.

    Raises:
        ValueError: ``pi_old`` is 0 for an action that ``pi`` takes in a state that ``pi_old`` reaches; a
            table is not a policy of ``mdp``.
        TypeError: ``mdp`` is no MDP.

    Source: Jiang and Li 2016.

    Example:
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=1)
        >>> per_decision_variance(coin, np.array([[0.5, 0.5]]), np.array([[0.75, 0.25]]))
        0.75
    """
    factors, r = _factors(mdp, pi, pi_old), mdp.r
    V, M = exact.evaluate(mdp, pi).V, np.zeros(mdp.S)
    for h in reversed(range(mdp.H)):
        M = (factors[h] * (r**2 + 2 * r * (mdp.P @ V[h + 1]) + mdp.P @ M)).sum(axis=-1)
    return float(mdp.mu0 @ M - V[0] @ mdp.mu0 * (V[0] @ mdp.mu0))


def _factors(mdp: MDP, pi: np.ndarray, pi_old: np.ndarray) -> list[np.ndarray]:
    r""":math:`\pi^2/\pi^{\rm old}` of every step where ``pi_old`` reaches it."""
    pi, pi_old = _each_step(mdp, pi, "pi"), _each_step(mdp, pi_old, "pi_old")
    d = exact.evaluate(mdp, pi_old).d
    return [_squared_ratio(h, d[h] > 0, pi[h], pi_old[h]) for h in range(mdp.H)]


def _each_step(mdp: MDP, pi: np.ndarray, name: str) -> np.ndarray:
    """A table of ``mdp`` as ``(H, S, A)``."""
    mdp = checks.mdp(mdp)
    return np.broadcast_to(checks.table(mdp, pi, name), (mdp.H, mdp.S, mdp.A))


def _squared_ratio(h: int, reached: np.ndarray, pi: np.ndarray, pi_old: np.ndarray) -> np.ndarray:
    r""":math:`\pi^2/\pi^{\rm old}` of one step where it is reached, 0 elsewhere, ``(S, A)``."""
    lost = reached[:, None] & (pi_old == 0) & (pi > 0)
    if lost.any():
        s, a = (int(i[0]) for i in np.nonzero(lost))
        raise ValueError(
            f"pi_old must be positive wherever pi is, but it gives 0 to action {a} in state {s} "
            f"at step {h}."
        )
    used = reached[:, None] & (pi > 0)
    return np.asarray(np.where(used, pi**2 / np.where(used, pi_old, 1.0), 0.0))
