r"""Importance sampling of trajectories: one policy's expectation from another policy's trajectories.

Initial state and transitions cancel in :math:`\rho_\pi(\tau)/\rho_{\rm old}(\tau)`, so a database of
trajectories can be reweighted as soon as the policy that made it is known. Policies enter as tables
``(S, A)`` or ``(H, S, A)``.
"""

from __future__ import annotations

import numpy as np

from pgcompanion import checks
from pgcompanion.estimators import policy_gradient, total_return
from pgcompanion.exact import evaluate
from pgcompanion.mdp import MDP, TimedMDP
from pgcompanion.policies import Softmax
from pgcompanion.tables import folded, table
from pgcompanion.trajectories import Trajectories


def per_step_ratios(pi: np.ndarray, pi_old: np.ndarray, tau: Trajectories) -> np.ndarray:
    r"""The ratios :math:`\pi_h(a_h\mid s_h)/\pi^{\rm old}_h(a_h\mid s_h)`, shape ``(N, H)``; 1 where no step was taken.

    Statement: `importance_sampling`. A complex ``pi`` passes, for a derivative by a complex step.

    Raises:
        ValueError: ``pi_old`` is 0 for an action that was taken, or that ``pi`` could take in a
            state that was visited; a table is not a policy over the states of ``tau``.

    Example:
        >>> tau = Trajectories(np.zeros((1, 2), int), np.array([[0, 1]]), np.zeros((1, 2)))
        >>> per_step_ratios(np.array([[0.5, 0.5]]), np.array([[0.25, 0.75]]), tau).round(4)
        array([[2.    , 0.6667]])
    """
    new, old = _rows("pi", pi, tau), _rows("pi_old", pi_old, tau)
    a = checks.indices("tau.a", tau.a, old.shape[-1])[..., None]
    taken = a == np.arange(old.shape[-1])
    lost = (old == 0) & (taken | (new != 0)) & tau.mask[..., None]
    if lost.any():
        n, h, action = (int(i[0]) for i in np.nonzero(lost))
        raise ValueError(
            f"pi_old must be positive wherever pi or tau acts, but it gives 0 to action {action} "
            f"in state {tau.s[n, h]} at step {h}."
        )
    p, q = (np.take_along_axis(x, a, axis=-1)[..., 0] for x in (new, old))
    return np.asarray(np.where(tau.mask, p, 1.0) / np.where(tau.mask, q, 1.0))


def trajectory_ratio(pi: np.ndarray, pi_old: np.ndarray, tau: Trajectories) -> np.ndarray:
    r"""The weights :math:`\frac{\rho_\pi(\tau)}{\rho_{\rm old}(\tau)}=\prod_h\frac{\pi_h(a_h\mid s_h)}{\pi^{\rm old}_h(a_h\mid s_h)}`, shape ``(N,)``.

    Statement: `importance_sampling`.

    Raises:
        ValueError: as in `per_step_ratios`.

    Example:
        >>> tau = Trajectories(np.zeros((1, 2), int), np.array([[0, 1]]), np.zeros((1, 2)))
        >>> trajectory_ratio(np.array([[0.5, 0.5]]), np.array([[0.25, 0.75]]), tau).round(4)
        array([1.3333])
    """
    return np.asarray(per_step_ratios(pi, pi_old, tau).prod(axis=1))


def trajectory_second_moment(mdp: MDP, pi: np.ndarray, pi_old: np.ndarray) -> np.ndarray:
    r"""Exact :math:`\mathbb E_{\rho_{\rm old}}\big[\prod_{h<n}(\pi_h/\pi_h^{\rm old})^2\big]` for :math:`n=0,\dots,H`, shape ``(H + 1,)``.

    Statement: `importance_sampling`. The mean of the product is 1, so entry ``n`` less 1 is the
    variance of the weights of the first ``n`` steps; it grows exponentially with ``n`` where the
    policies keep differing. By dynamic programming: :math:`u_0=\mu_0`,
    :math:`u_{h+1}(s')=\sum_{s,a}u_h(s)\frac{\pi_h(a\mid s)^2}{\pi^{\rm old}_h(a\mid s)}P(s'\mid s,a)`, and
    entry ``n`` is :math:`\sum_su_n(s)`.

    Raises:
        ValueError: ``pi_old`` is 0 for an action that ``pi`` takes in a state that both reach; a table
            is not a policy of ``mdp``.

    Example:
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> pi, uniform = np.array([[0.75, 0.25]]), np.array([[0.5, 0.5]])
        >>> trajectory_second_moment(coin, pi, uniform)
        array([1.      , 1.25    , 1.5625  , 1.953125])
    """
    mdp, pi, pi_old = _common(mdp, pi, pi_old)
    moments, u = np.ones(mdp.H + 1), mdp.mu0
    for h in range(mdp.H):
        pairs = u[:, None] * _squared_ratio(h, u > 0, pi[h], pi_old[h])
        moments[h + 1] = pairs.sum()
        u = pairs.ravel() @ mdp.P.reshape(-1, mdp.S)
    return moments


def per_step_second_moment(mdp: MDP, pi: np.ndarray, pi_old: np.ndarray) -> np.ndarray:
    r"""Exact :math:`\mathbb E_{\rho_{\rm old}}\big[(\pi_h/\pi_h^{\rm old})^2\big]` of each step alone, shape ``(H,)``.

    Statement: `importance_sampling`. Unlike `trajectory_second_moment` it does not grow with the
    horizon; the price is that the states are still those of the old policy.

    Raises:
        ValueError: ``pi_old`` is 0 for an action that ``pi`` takes in a state that ``pi_old`` reaches;
            a table is not a policy of ``mdp``.

    Example:
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> per_step_second_moment(coin, np.array([[0.75, 0.25]]), np.array([[0.5, 0.5]]))
        array([1.25, 1.25, 1.25])
    """
    mdp, pi, pi_old = _common(mdp, pi, pi_old)
    d = evaluate(mdp, pi_old).d
    squared = [_squared_ratio(h, d[h] > 0, pi[h], pi_old[h]) for h in range(mdp.H)]
    return np.asarray(np.einsum("hs,hsa->h", d, squared))


def off_policy_gradient(
    policy: Softmax,
    theta: np.ndarray,
    pi_old: np.ndarray,
    tau: Trajectories,
    per_trajectory: bool = False,
) -> np.ndarray:
    r"""The policy gradient from another policy's trajectories, shape ``(p,)``.

    Statement: `likelihood_ratio`. In :math:`J(\theta)=\mathbb E_{\rho_{\rm old}}\big[\frac{\rho_\theta(\tau)}{\rho_{\rm old}(\tau)}R(\tau)\big]`
    the behaviour :math:`\rho_{\rm old}` is frozen, then the ratio is differentiated:
    :math:`\frac1N\sum_n\frac{\rho_\theta(\tau_n)}{\rho_{\rm old}(\tau_n)}R(\tau_n)\nabla\log\rho_\theta(\tau_n)`.
    With ``per_trajectory`` the terms of the average are returned, shape ``(N, p)``.

    Args:
        pi_old: the table of the policy that made ``tau``.

    Raises:
        ValueError: as in `per_step_ratios`.

    Example:
        >>> from pgcompanion.policies import TabularSoftmax
        >>> tau = Trajectories(np.zeros((1, 1), int), np.array([[1]]), np.array([[3.0]]))
        >>> off_policy_gradient(TabularSoftmax(1, 2), np.zeros(2), np.array([[0.75, 0.25]]), tau)
        array([-3.,  3.])
    """
    ratio = trajectory_ratio(policy.table(theta), pi_old, tau)
    return policy_gradient(policy, theta, tau, ratio[:, None] * total_return(tau), per_trajectory)


def _rows(name: str, pi: np.ndarray, tau: Trajectories) -> np.ndarray:
    """The distributions over actions met along the trajectories, shape ``(N, H, A)``."""
    pi = checks.distribution(name, pi)
    if pi.ndim not in (2, 3) or (pi.ndim == 3 and len(pi) != tau.H):
        raise ValueError(
            f"{name} has shape {pi.shape}, but (S, A) or (H, S, A) with H = {tau.H} is expected."
        )
    s = checks.indices("tau.s", tau.s, pi.shape[-2])
    return np.asarray(pi[s] if pi.ndim == 2 else pi[np.arange(tau.H), s])


def _common(mdp: MDP, pi: np.ndarray, pi_old: np.ndarray) -> tuple[MDP, np.ndarray, np.ndarray]:
    """Both policies as ``(H, S, A)``, over the base of a time-augmented MDP."""
    if isinstance(mdp, TimedMDP):
        return mdp.base, folded(mdp, pi), folded(mdp, pi_old, "pi_old")
    pi, pi_old = table(mdp, pi), table(mdp, pi_old, "pi_old")
    shape = (mdp.H, mdp.S, mdp.A)
    return mdp, np.broadcast_to(pi, shape), np.broadcast_to(pi_old, shape)


def _squared_ratio(h: int, reached: np.ndarray, pi: np.ndarray, pi_old: np.ndarray) -> np.ndarray:
    r""":math:`\pi^2/\pi^{\rm old}` of one step in the states that are reached, 0 elsewhere: ``(S, A)``."""
    lost = reached[:, None] & (pi_old == 0) & (pi > 0)
    if lost.any():
        s, a = (int(i[0]) for i in np.nonzero(lost))
        raise ValueError(
            f"pi_old must be positive wherever pi is, but it gives 0 to action {a} in state {s} "
            f"at step {h}."
        )
    used = reached[:, None] & (pi > 0)
    return np.asarray(np.where(used, pi**2 / np.where(used, pi_old, 1.0), 0.0))
