r"""Gradient coefficients :math:`\psi_h(\tau)`: what multiplies each score, an array ``(N, H)``."""

from __future__ import annotations

import numpy as np

from pgcompanion import checks
from pgcompanion.estimators.lookup import at_pairs, at_states
from pgcompanion.trajectories import Trajectories


def total_return(tau: Trajectories, gamma: float = 1.0) -> np.ndarray:
    r""":math:`\psi_h=R(\tau)=\sum_{h'}\gamma^{h'}r_{h'}` at every step, shape ``(N, H)``.

    Statement: `reinforce_pg`. The chapter's case is :math:`\gamma=1`.

    Raises:
        ValueError: ``gamma`` is not in [0, 1].

    Example:
        >>> tau = Trajectories(np.zeros((1, 3), int), np.zeros((1, 3), int), np.array([[1.0, 2, 4]]))
        >>> total_return(tau)
        array([[7., 7., 7.]])
    """
    returns = discounted_rewards(tau, checks.discount(gamma)).sum(axis=1, keepdims=True)
    return np.broadcast_to(returns, tau.r.shape)


def reward_to_go(tau: Trajectories, gamma: float = 1.0) -> np.ndarray:
    r""":math:`\psi_h=R_h(\tau)=\sum_{h'\ge h}\gamma^{h'}r_{h'}`, shape ``(N, H)``.

    Statement: `pg_with_q`. The discount counts from the first step of the episode, not from ``h``:
    that is what makes it an estimator of :math:`\nabla J_\gamma` (statement `pg_discounted`).

    Raises:
        ValueError: ``gamma`` is not in [0, 1].

    Example:
        >>> tau = Trajectories(np.zeros((1, 3), int), np.zeros((1, 3), int), np.array([[1.0, 2, 4]]))
        >>> reward_to_go(tau)
        array([[7., 6., 4.]])
    """
    gamma = checks.discount(gamma)
    psi = np.empty_like(tau.r, dtype=float)
    to_go = np.zeros(tau.N)
    for h in reversed(range(tau.H)):
        to_go += gamma**h * tau.r[:, h] * tau.mask[:, h]
        psi[:, h] = to_go
    return psi


def q_function(tau: Trajectories, Q: np.ndarray, gamma: float = 1.0) -> np.ndarray:
    r""":math:`\psi_h=\gamma^hQ_h(s_h,a_h)` for a table ``Q (H, S, A)``; shape ``(N, H)``.

    Statement: `pg_with_q`.

    Raises:
        ValueError: ``Q`` has another shape, ``tau`` meets a state or an action that it does not have, or
            ``gamma`` is not in [0, 1].

    Example:
        >>> tau = Trajectories(np.zeros((1, 2), int), np.array([[0, 1]]), np.zeros((1, 2)))
        >>> q_function(tau, np.array([[[1.0, 2]], [[3, 4]]]))
        array([[1., 4.]])
    """
    return _discounts(tau, gamma) * at_pairs("Q", Q, tau)


def advantage(tau: Trajectories, A: np.ndarray, gamma: float = 1.0) -> np.ndarray:
    r""":math:`\psi_h=\gamma^hA_h(s_h,a_h)` for a table ``A (H, S, A)``; shape ``(N, H)``.

    Statement: `pg_advantage`.

    Raises:
        ValueError: as in `q_function`.

    Example:
        >>> tau = Trajectories(np.zeros((1, 2), int), np.array([[0, 1]]), np.zeros((1, 2)))
        >>> advantage(tau, np.array([[[-1.0, 1]], [[-2, 2]]]))
        array([[-1.,  2.]])
    """
    return _discounts(tau, gamma) * at_pairs("A", A, tau)


def along(tau: Trajectories, b: np.ndarray) -> np.ndarray:
    r"""The baseline :math:`b_h(s_h)` met along each trajectory, shape ``(N, H)``.

    Statement: `pg_baseline`. ``b`` is a table ``(H, S)``; with one more row, a value function
    ``V (H+1, S)``, the last is left out.

    Raises:
        ValueError: ``b`` has another shape, or ``tau`` meets a state that it does not have.

    Example:
        >>> tau = Trajectories(np.array([[1, 0]]), np.zeros((1, 2), int), np.zeros((1, 2)))
        >>> along(tau, np.array([[1.0, 2], [3, 4]]))
        array([[2., 3.]])
    """
    return at_states("b", b, tau)


def minus(psi: np.ndarray, b: np.ndarray, tau: Trajectories | None = None) -> np.ndarray:
    r""":math:`\psi_h-b_h`: subtract a baseline, shape ``(N, H)``.

    Statement: `pg_baseline`. The baseline may depend on the step, the state and the past, never on the
    action taken there.

    Args:
        psi: the coefficients, shape ``(N, H)``.
        b: a number for each step ``(H,)``, or for each step of each trajectory ``(N, H)``. With ``tau``
            also a table :math:`b_h(s)`, ``(H, S)`` or ``(H+1, S)``, as `along` takes it.
        tau: the trajectories, for a table. Where :math:`N=H=S` no shape tells a table from what `along`
            makes of it: two axes are step and state with ``tau``, trajectory and step without.

    Raises:
        ValueError: ``b`` has another shape, or ``tau`` meets a state that it does not have.

    Example:
        >>> tau = Trajectories(np.array([[1, 0]]), np.zeros((1, 2), int), np.array([[3.0, 4.0]]))
        >>> minus(reward_to_go(tau), np.array([5.0, 1.0]))
        array([[2., 3.]])
        >>> minus(reward_to_go(tau), np.array([[1.0, 2], [3, 4]]), tau)
        array([[5., 1.]])
    """
    psi, b = np.asarray(psi), np.asarray(b)
    if tau is not None and b.ndim > 1:
        b = at_states("b", b, tau)
    if b.ndim and b.shape not in (psi.shape, psi.shape[1:]):
        raise ValueError(
            f"b has shape {b.shape}, but {psi.shape[1:]} or {psi.shape} is expected, "
            f"or a table (H, S) and tau after it."
        )
    return psi - b


def discounted_rewards(tau: Trajectories, gamma: float) -> np.ndarray:
    r""":math:`\gamma^hr_h` where a step was taken and 0 elsewhere, shape ``(N, H)``.

    Statement: `pg_discounted`.

    Example:
        >>> tau = Trajectories(np.zeros((1, 3), int), np.zeros((1, 3), int), np.ones((1, 3)))
        >>> discounted_rewards(tau, 0.5)
        array([[1.  , 0.5 , 0.25]])
    """
    return tau.r * tau.mask * gamma ** np.arange(tau.H)


def _discounts(tau: Trajectories, gamma: float) -> np.ndarray:
    r""":math:`\gamma^h`, shape ``(H,)``."""
    return np.asarray(checks.discount(gamma) ** np.arange(tau.H))
