r"""Trajectories: the ratios of two policies, and what episodes of one say about the other.

Initial state and transitions cancel in :math:`\rho_\pi(\tau)/\rho_{\rm old}(\tau)`, so episodes can be
reweighted as soon as the policy that made them is known. Policies enter as tables ``(S, A)`` or
``(H, S, A)``.
"""

from __future__ import annotations

import numpy as np

from pgcompanion import checks
from pgcompanion.estimators.returns import total_return
from pgcompanion.estimators.score_gradient import policy_gradient
from pgcompanion.policies import Softmax
from pgcompanion.trajectories import Trajectories


def per_step_ratios(pi: np.ndarray, pi_old: np.ndarray, tau: Trajectories) -> np.ndarray:
    r"""The ratios :math:`\pi_h(a_h\mid s_h)/\pi^{\rm old}_h(a_h\mid s_h)`, shape ``(N, H)``.

    Statement: `trajectory_weights`. They are 1 where no step was taken. A complex ``pi`` passes,
    for a derivative by a complex step.

    Raises:
        ValueError: ``pi_old`` is 0 for an action that was taken, or that ``pi`` could take in a
            state that was visited; a table is not a policy over the states of ``tau``.

    Example:
        >>> tau = Trajectories(np.zeros((1, 2), int), np.array([[0, 1]]), np.zeros((1, 2)))
        >>> per_step_ratios(np.array([[0.5, 0.5]]), np.array([[0.25, 0.75]]), tau).round(4)
        array([[2.    , 0.6667]])
    """
    tau = checks.trajectories(tau)
    pi, pi_old = _table("pi", pi, tau), _table("pi_old", pi_old, tau)
    if pi.shape[-2:] != pi_old.shape[-2:]:
        raise ValueError(
            f"pi_old has shape {pi_old.shape}, but S and A of pi, {pi.shape[-2:]}, are expected."
        )
    new, old = _met(pi, tau), _met(pi_old, tau)
    a = checks.indices("tau.a", np.where(tau.mask, tau.a, 0), old.shape[-1])[..., None]
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
    r"""The weights :math:`\rho_\pi(\tau)/\rho_{\rm old}(\tau)`, from `per_step_ratios`, ``(N,)``.

    Statement: `trajectory_weights`.
    :math:`\prod_h\frac{\pi_h(a_h\mid s_h)}{\pi^{\rm old}_h(a_h\mid s_h)}`.

    Raises:
        ValueError: as in `per_step_ratios`.

    Example:
        >>> tau = Trajectories(np.zeros((1, 2), int), np.array([[0, 1]]), np.zeros((1, 2)))
        >>> trajectory_ratio(np.array([[0.5, 0.5]]), np.array([[0.25, 0.75]]), tau).round(4)
        array([1.3333])
    """
    return np.asarray(per_step_ratios(pi, pi_old, tau).prod(axis=1))


def off_policy_gradient(
    policy: Softmax, theta: np.ndarray, pi_old: np.ndarray, tau: Trajectories
) -> np.ndarray:
    r"""The policy gradient from another policy's trajectories, shape ``(p,)``.

    Statement: `likelihood_ratio`. In
    :math:`J(\theta)=\mathbb E_{\rho_{\rm old}}\big[\frac{\rho_\theta(\tau)}{\rho_{\rm old}(\tau)}R(\tau)\big]`
    the behaviour :math:`\rho_{\rm old}` is frozen, then the ratio is differentiated:
    :math:`\frac1N\sum_n\frac{\rho_\theta(\tau_n)}{\rho_{\rm old}(\tau_n)}R(\tau_n)\nabla\log\rho_\theta(\tau_n)`.

    Args:
        policy, theta: the policy whose gradient is asked for.
        pi_old: the table of the policy that made ``tau``.
        tau: trajectories.

    Raises:
        ValueError: as in `per_step_ratios`.
        TypeError: ``policy`` is no policy.

    Example:
        >>> from pgcompanion.policies import TabularSoftmax
        >>> tau = Trajectories(np.zeros((1, 1), int), np.array([[1]]), np.array([[3.0]]))
        >>> off_policy_gradient(TabularSoftmax(1, 2), np.zeros(2), np.array([[0.75, 0.25]]), tau)
        array([-3.,  3.])
    """
    pi = checks.policy(policy, "table", "score_sum").table(theta)
    ratio = trajectory_ratio(pi, pi_old, tau)
    return policy_gradient(policy, theta, tau, ratio[:, None] * total_return(tau.r))


def per_decision_returns(pi: np.ndarray, pi_old: np.ndarray, tau: Trajectories) -> np.ndarray:
    r"""The weighted returns :math:`\sum_h\Big(\prod_{h'\le h}\frac{\pi_{h'}(a_{h'}\mid s_{h'})}{\pi^{\rm old}_{h'}(a_{h'}\mid s_{h'})}\Big)r_h`, shape ``(N,)``.

    Statement: `per_decision`. Their mean is unbiased for :math:`J(\pi)`. A reward needs only the ratios of
    the steps up to it, since nothing that is done later can change it. `per_decision_variance` is
    their exact variance.

    Raises:
        ValueError: as in `per_step_ratios`.

    Source: Precup, Sutton and Singh 2000.

    Example:
        >>> tau = Trajectories(np.zeros((1, 2), int), np.array([[0, 1]]), np.array([[1.0, 3.0]]))
        >>> per_decision_returns(np.array([[0.5, 0.5]]), np.array([[0.25, 0.75]]), tau)
        array([6.])
    """
    weights = np.cumprod(per_step_ratios(pi, pi_old, tau), axis=1)
    return np.asarray((weights * tau.r).sum(axis=1))


def _table(name: str, pi: np.ndarray, tau: Trajectories) -> np.ndarray:
    """``pi`` as a policy table for the steps of ``tau``."""
    pi = checks.array(name, pi)
    if pi.ndim not in (2, 3) or (pi.ndim == 3 and len(pi) != tau.H):
        raise ValueError(
            f"{name} has shape {pi.shape}, but (S, A) or (H, S, A) with H = {tau.H} is expected."
        )
    return checks.distribution(name, pi)


def _met(pi: np.ndarray, tau: Trajectories) -> np.ndarray:
    """The distributions over actions met along the trajectories, shape ``(N, H, A)``."""
    s = checks.indices("tau.s", np.where(tau.mask, tau.s, 0), pi.shape[-2])
    return np.asarray(pi[s] if pi.ndim == 2 else pi[np.arange(tau.H), s])
