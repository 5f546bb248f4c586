"""Generalized advantage estimates: between one step's surprise and the whole reward-to-go."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pgcompanion import checks
from pgcompanion.estimators.lookup import at_states
from pgcompanion.trajectories import Trajectories


def gae(
    tau: Trajectories,
    V: np.ndarray | Callable[[np.ndarray], np.ndarray],
    lam: float,
    gamma: float = 1.0,
) -> np.ndarray:
    r"""Generalized advantage estimates :math:`\hat A_h=\sum_{l\ge0}(\gamma\lambda)^l\delta_{h+l}`, shape ``(N, H)``.

    Statement: `gae`. :math:`\delta_h=r_h+\gamma V(s_{h+1})-V(s_h)` is the surprise of one step. At
    :math:`\lambda=1` the sum is the reward-to-go less the value, at :math:`\lambda=0` one step's
    surprise: less variance, more bias where ``V`` is not the value function.

    What follows the last step of an episode is worth 0 where it ended (``tau.terminated``, or the
    horizon) and :math:`V` of ``tau.last`` where it was only cut off.

    The discount counts from step ``h``, as is usual for this estimate; :math:`\gamma^h\hat A_h`
    estimates the coefficient of :math:`\nabla J_\gamma` (statement `pg_discounted`).

    Args:
        tau: trajectories.
        V: values, as a table ``(H, S)`` or ``(H+1, S)``, or as a function of the states: it is given
            ``tau.s (N, H, ...)`` and ``tau.last (N, ...)`` and returns ``(N, H)`` and ``(N,)``.
        lam: :math:`\lambda` in [0, 1].
        gamma: the discount.

    Raises:
        ValueError: ``lam`` or ``gamma`` is not in [0, 1], ``V`` has a wrong shape or lacks a state that
            ``tau`` meets, or an episode was cut off and ``tau.last`` or the row ``H`` of ``V`` is missing.

    Source: Schulman et al. 2016.

    Example:
        >>> tau = Trajectories(np.zeros((1, 3), int), np.zeros((1, 3), int), np.array([[1.0, 2, 4]]))
        >>> gae(tau, lambda s: np.full(s.shape, 1.0), lam=0.5)
        array([[2.75, 3.5 , 3.  ]])
    """
    if not 0 <= lam <= 1:
        raise ValueError(f"lam must lie in [0, 1], but it is {lam}.")
    gamma = checks.discount(gamma)
    v, v_last = _values(tau, V), _value_of_last(tau, V)[:, None]
    v_next = np.hstack([np.where(tau.mask[:, 1:], v[:, 1:], v_last), v_last])
    surprise = (tau.mask * (tau.r + gamma * v_next - v)).T
    A = np.zeros((tau.H + 1, tau.N))
    for h in reversed(range(tau.H)):
        A[h] = surprise[h] + gamma * lam * A[h + 1]
    return A[:-1].T


def _values(tau: Trajectories, V: np.ndarray | Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """The value of each state that the trajectories meet, shape ``(N, H)``."""
    if callable(V):
        return checks.shaped("V(tau.s)", V(tau.s), tau.r.shape)
    return at_states("V", V, tau)


def _value_of_last(
    tau: Trajectories, V: np.ndarray | Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """What follows each trajectory is worth, shape ``(N,)``: 0 unless it was cut off."""
    if tau.terminated is None or tau.terminated.all():
        return np.zeros(tau.N)
    if tau.last is None:
        raise ValueError(
            "tau.last must hold the observation after a cut-off episode, but it is None."
        )
    if callable(V):
        v_last = checks.shaped("V(tau.last)", V(tau.last), (tau.N,))
    elif len(V) == tau.H + 1:
        last = checks.indices("tau.last", tau.last, np.shape(V)[1])
        v_last = np.asarray(V)[tau.mask.sum(axis=1), last]
    else:
        raise ValueError(
            f"V has shape {np.shape(V)}, but (H + 1, S) with H = {tau.H} is expected: "
            f"an episode was cut off."
        )
    return np.where(tau.terminated, 0.0, v_last)
