r"""What multiplies a score: returns, rewards-to-go, and tables read along trajectories, ``(N, H)``.

Every estimator of the chapter is
:math:`\frac1N\sum_n\sum_h\psi_h(\tau_n)\nabla\log\pi_\theta(a_h\mid s_h)`; they differ in the
coefficient :math:`\psi` alone. A baseline is subtracted as it is written: ``psi - b``.
"""

from __future__ import annotations

import numpy as np

from pgcompanion import checks
from pgcompanion.trajectories import Trajectories


def total_return(r: np.ndarray, gamma: float = 1.0) -> np.ndarray:
    r""":math:`\psi_h=R(\tau)=\sum_{h'}\gamma^{h'}r_{h'}` at every step, from ``r`` to ``(N, H)``.

    Statement: `reinforce_pg`. The chapter's case is :math:`\gamma=1`.

    Raises:
        ValueError: ``r`` is not a matrix of finite numbers, or ``gamma`` is not in [0, 1].

    Example:
        >>> total_return(np.array([[1.0, 2, 4]]))
        array([[7., 7., 7.]])
    """
    r, gamma = _rewards(r), checks.discount(gamma)
    returns = _finite_sums(r @ gamma ** np.arange(r.shape[1]), r)
    return np.broadcast_to(returns[:, None], r.shape)


def reward_to_go(r: np.ndarray, gamma: float = 1.0) -> np.ndarray:
    r""":math:`\psi_h=R_h(\tau)=\sum_{h'\ge h}\gamma^{h'}r_{h'}`, from ``r (N, H)`` to ``(N, H)``.

    Statement: `pg_with_q`. The discount counts from the first step of the episode, not from ``h``:
    that is what makes it an estimator of :math:`\nabla J_\gamma`.

    Raises:
        ValueError: ``r`` is not a matrix of finite numbers, or ``gamma`` is not in [0, 1].

    Example:
        >>> reward_to_go(np.array([[1.0, 2, 4]]))
        array([[7., 6., 4.]])
    """
    r, gamma = _rewards(r), checks.discount(gamma)
    H = r.shape[1]
    R = np.empty_like(r, dtype=float)  # in the memory order of r
    R[:, H - 1] = gamma ** (H - 1) * r[:, H - 1]
    for h in reversed(range(H - 1)):
        R[:, h] = gamma**h * r[:, h] + R[:, h + 1]
    _finite_sums(R[:, 0], r)
    return R


def discounted(psi: np.ndarray, gamma: float) -> np.ndarray:
    r""":math:`\gamma^h\psi_h`, for coefficients whose rewards count from step ``h``, ``(N, H)``.

    Statement: `pg_discounted`. With :math:`\psi_h=Q_h(s_h,a_h)`, :math:`A_h(s_h,a_h)` or a
    generalized advantage estimate it gives the coefficient of :math:`\nabla J_\gamma`.

    Raises:
        ValueError: ``psi`` is not a matrix of numbers, or ``gamma`` is not in [0, 1].

    Example:
        >>> discounted(np.ones((1, 3)), 0.5)
        array([[1.  , 0.5 , 0.25]])
    """
    psi = checks.finite("psi", psi, (None, None))
    return np.asarray(checks.discount(gamma) ** np.arange(psi.shape[1]) * psi)


def at_states(b: np.ndarray, tau: Trajectories) -> np.ndarray:
    r"""The baseline :math:`b_h(s_h)` met along each trajectory, shape ``(N, H)``.

    Statement: `pg_baseline`. ``b`` is a table ``(H, S)``; with one more row, a value function
    ``V (H+1, S)``, the last is left out. Where no step was taken it is 0.

    Raises:
        ValueError: ``b`` has another shape or is not finite, or ``tau`` meets a state that it does
            not have.

    Example:
        >>> tau = Trajectories(np.array([[1, 0]]), np.zeros((1, 2), int), np.zeros((1, 2)))
        >>> at_states(np.array([[1.0, 2], [3, 4]]), tau)
        array([[2., 3.]])
    """
    tau, b = checks.trajectories(tau), checks.finite("b", b)
    if b.ndim != 2 or len(b) not in (tau.H, tau.H + 1):
        raise ValueError(f"b has shape {b.shape}, but (H, S) with H = {tau.H} is expected.")
    s = _indices("tau.s", tau.s, b.shape[1], tau)
    return _taken(b[np.arange(tau.H), s], tau)


def at_pairs(Q: np.ndarray, tau: Trajectories) -> np.ndarray:
    r""":math:`Q_h(s_h,a_h)` met along each trajectory, for a table ``Q (H, S, A)``.

    Statement: `pg_with_q`, `pg_advantage`. The shape is ``(N, H)``; where no step was taken it is
    0.

    Raises:
        ValueError: ``Q`` has another shape or is not finite, or ``tau`` meets a state or an action
            that it does not have.

    Example:
        >>> tau = Trajectories(np.zeros((1, 2), int), np.array([[0, 1]]), np.zeros((1, 2)))
        >>> at_pairs(np.array([[[1.0, 2]], [[3, 4]]]), tau)
        array([[1., 4.]])
    """
    tau, Q = checks.trajectories(tau), checks.finite("Q", Q)
    if Q.ndim != 3 or len(Q) != tau.H:
        raise ValueError(f"Q has shape {Q.shape}, but (H, S, A) with H = {tau.H} is expected.")
    s = _indices("tau.s", tau.s, Q.shape[1], tau)
    a = _indices("tau.a", tau.a, Q.shape[2], tau)
    return _taken(Q[np.arange(tau.H), s, a], tau)


def _rewards(r: np.ndarray) -> np.ndarray:
    """``r`` as a matrix of numbers; whether they are finite is read off the sums."""
    r = checks.array("r", r)
    if r.ndim != 2 or r.size == 0 or r.dtype.kind not in "biuf":
        raise ValueError(
            f"r must be an array (N, H) of numbers, but its shape is {r.shape} "
            f"and its type {r.dtype}."
        )
    return r


def _finite_sums(returns: np.ndarray, r: np.ndarray) -> np.ndarray:
    if not np.isfinite(returns).all():
        checks.finite("r", r)
    return returns


def _indices(name: str, x: np.ndarray, size: int, tau: Trajectories) -> np.ndarray:
    """States or actions as indices; what stands where no step was taken says nothing."""
    return checks.indices(name, x if tau.complete else np.where(tau.mask, x, 0), size)


def _taken(psi: np.ndarray, tau: Trajectories) -> np.ndarray:
    return np.asarray(psi if tau.complete else np.where(tau.mask, psi, 0.0))
