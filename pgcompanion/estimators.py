r"""Policy-gradient estimators: what multiplies each score, and the one estimator that it feeds.

Every estimator of the chapter is :math:`\frac1N\sum_n\sum_h\psi_h(\tau_n)\nabla\log\pi_\theta(a_h\mid s_h)`.
They differ in the gradient coefficient :math:`\psi` alone, an array ``(N, H)``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from pgcompanion import exact
from pgcompanion.mdp import MDP
from pgcompanion.policies import Softmax
from pgcompanion.trajectories import Trajectories


class Policy(Protocol):
    """What an estimator asks of a policy."""

    p: int

    def score(self, theta: np.ndarray, s: np.ndarray, a: np.ndarray) -> np.ndarray:
        """The scores, shape ``(..., p)``."""

    def score_sum(
        self, theta: np.ndarray, s: np.ndarray, a: np.ndarray, weights: np.ndarray
    ) -> np.ndarray:
        """The weighted sum of the scores, shape ``(p,)``."""


def total_return(tau: Trajectories, gamma: float = 1.0) -> np.ndarray:
    r""":math:`\psi_h=R(\tau)=\sum_{h'}\gamma^{h'}r_{h'}` at every step, shape ``(N, H)``.

    Statement: `reinforce_pg`. The chapter's case is :math:`\gamma=1`.

    Example:
        >>> tau = Trajectories(np.zeros((1, 3), int), np.zeros((1, 3), int), np.array([[1.0, 2, 4]]))
        >>> total_return(tau)
        array([[7., 7., 7.]])
    """
    returns = discounted_rewards(tau, gamma).sum(axis=1, keepdims=True)
    return np.broadcast_to(returns, tau.r.shape)


def reward_to_go(tau: Trajectories, gamma: float = 1.0) -> np.ndarray:
    r""":math:`\psi_h=R_h(\tau)=\sum_{h'\ge h}\gamma^{h'}r_{h'}`, shape ``(N, H)``.

    Statement: `pg_with_q`. The discount counts from the first step of the episode, not from ``h``:
    that is what makes it an estimator of :math:`\nabla J_\gamma` (statement `pg_discounted`).

    Example:
        >>> tau = Trajectories(np.zeros((1, 3), int), np.zeros((1, 3), int), np.array([[1.0, 2, 4]]))
        >>> reward_to_go(tau)
        array([[7., 6., 4.]])
    """
    psi = np.empty_like(tau.r, dtype=float)
    to_go = np.zeros(tau.N)
    for h in reversed(range(tau.H)):
        to_go += gamma**h * tau.r[:, h] * tau.mask[:, h]
        psi[:, h] = to_go
    return psi


def q_function(tau: Trajectories, Q: np.ndarray, gamma: float = 1.0) -> np.ndarray:
    r""":math:`\psi_h=\gamma^hQ_h(s_h,a_h)` for a table ``Q (H, S, A)``; shape ``(N, H)``.

    Statement: `pg_with_q`.

    Example:
        >>> tau = Trajectories(np.zeros((1, 2), int), np.array([[0, 1]]), np.zeros((1, 2)))
        >>> q_function(tau, np.array([[[1.0, 2]], [[3, 4]]]))
        array([[1., 4.]])
    """
    _expect_table("Q", Q, tau.H, 3)
    steps = np.arange(tau.H)
    return gamma**steps * Q[steps, tau.s, tau.a]


def advantage(tau: Trajectories, A: np.ndarray, gamma: float = 1.0) -> np.ndarray:
    r""":math:`\psi_h=\gamma^hA_h(s_h,a_h)` for a table ``A (H, S, A)``; shape ``(N, H)``.

    Statement: `pg_advantage`.

    Example:
        >>> tau = Trajectories(np.zeros((1, 2), int), np.array([[0, 1]]), np.zeros((1, 2)))
        >>> advantage(tau, np.array([[[-1.0, 1]], [[-2, 2]]]))
        array([[-1.,  2.]])
    """
    _expect_table("A", A, tau.H, 3)
    return q_function(tau, A, gamma)


def along(tau: Trajectories, b: np.ndarray) -> np.ndarray:
    r"""The baseline :math:`b_h(s_h)` met along each trajectory, shape ``(N, H)``.

    Statement: `pg_baseline`. ``b`` is a table ``(H, S)``; with one more row, a value function
    ``V (H+1, S)``, the last is left out.

    Example:
        >>> tau = Trajectories(np.array([[1, 0]]), np.zeros((1, 2), int), np.zeros((1, 2)))
        >>> along(tau, np.array([[1.0, 2], [3, 4]]))
        array([[2., 3.]])
    """
    if np.ndim(b) == 2 and len(b) == tau.H + 1:
        b = b[:-1]
    _expect_table("b", b, tau.H, 2)
    return b[np.arange(tau.H), tau.s]


def minus(psi: np.ndarray, b: np.ndarray) -> np.ndarray:
    r""":math:`\psi_h-b_h`: subtract a baseline per step ``(H,)``, or per trajectory and step ``(N, H)``.

    Statement: `pg_baseline`. For a table :math:`b_h(s)` write ``minus(psi, along(tau, b))``. The
    baseline may depend on the step, the state and the past, never on the action taken there.

    Raises:
        ValueError: ``b`` has another shape.

    Example:
        >>> minus(np.array([[7.0, 6, 4]]), np.array([5.0, 5, 5]))
        array([[ 2.,  1., -1.]])
    """
    b = np.asarray(b)
    if b.ndim and b.shape not in (psi.shape, psi.shape[1:]):
        raise ValueError(
            f"b has shape {b.shape}, but {psi.shape[1:]} or {psi.shape} is expected: "
            f"evaluate a table with along(tau, b) first."
        )
    return psi - b


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
        ValueError: ``lam`` is not in [0, 1], ``V`` has a wrong shape, or an episode was cut off and
            ``tau.last`` or the row ``H`` of ``V`` is missing.

    Source: Schulman et al. 2016.

    Example:
        >>> tau = Trajectories(np.zeros((1, 3), int), np.zeros((1, 3), int), np.array([[1.0, 2, 4]]))
        >>> gae(tau, lambda s: np.full(s.shape, 1.0), lam=0.5)
        array([[2.75, 3.5 , 3.  ]])
    """
    if not 0 <= lam <= 1:
        raise ValueError(f"lam must lie in [0, 1], but it is {lam}.")
    v, v_last = (V(tau.s) if callable(V) else along(tau, V)), _value_of_last(tau, V)
    A = np.zeros((tau.H + 1, tau.N))
    v_next = v_last
    for h in reversed(range(tau.H)):
        surprise = tau.r[:, h] + gamma * v_next - v[:, h]
        A[h] = tau.mask[:, h] * (surprise + gamma * lam * A[h + 1])
        v_next = np.where(tau.mask[:, h], v[:, h], v_last)
    return A[:-1].T


def policy_gradient(
    policy: Policy,
    theta: np.ndarray,
    tau: Trajectories,
    psi: np.ndarray,
    per_trajectory: bool = False,
) -> np.ndarray:
    r"""The estimate :math:`\frac1N\sum_n\sum_h\psi_h(\tau_n)\nabla\log\pi_\theta(a_h\mid s_h)`, shape ``(p,)``.

    Statement: `reinforce_pg`. The steps are summed, the trajectories averaged. With
    ``per_trajectory`` the terms of the average are returned, shape ``(N, p)``.

    Raises:
        ValueError: ``psi`` does not have the shape ``(N, H)`` of the trajectories.

    Example:
        >>> from pgcompanion.policies import TabularSoftmax
        >>> tau = Trajectories(np.zeros((1, 2), int), np.array([[1, 1]]), np.array([[0.0, 3]]))
        >>> policy_gradient(TabularSoftmax(1, 2), np.zeros(2), tau, reward_to_go(tau))
        array([-3.,  3.])
    """
    psi = np.asarray(psi)
    if psi.shape != tau.r.shape:
        raise ValueError(f"psi has shape {psi.shape}, but (N, H) = {tau.r.shape} is expected.")
    weights = psi if tau.complete else psi * tau.mask
    if not per_trajectory:
        return policy.score_sum(theta, tau.s, tau.a, weights) / tau.N
    terms = np.zeros((tau.N, policy.p))
    for h in range(tau.H):
        terms += weights[:, h, None] * policy.score(theta, tau.s[:, h], tau.a[:, h])
    return terms


def moments(
    mdp: MDP,
    policy: Softmax,
    theta: np.ndarray,
    coefficient: Callable[[Trajectories], np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:
    r"""Exact mean ``(p,)`` and covariance ``(p, p)`` of the one-trajectory estimate, by enumeration.

    Statement: `reinforce_pg`. ``coefficient`` maps trajectories to :math:`\psi`. The estimate from
    ``N`` independent trajectories has the same mean and this covariance divided by ``N``.

    Raises:
        ValueError: ``mdp`` has too many trajectories to enumerate.

    Example:
        >>> from pgcompanion.policies import TabularSoftmax
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=1)
        >>> mean, cov = moments(coin, TabularSoftmax(1, 2), np.zeros(2), total_return)
        >>> mean, cov[1, 1]
        (array([-0.25,  0.25]), np.float64(0.0625))
    """
    tau = exact.trajectories(mdp)
    rho = np.exp(exact.log_likelihood(mdp, policy.table(theta), tau))
    terms = policy_gradient(policy, theta, tau, coefficient(tau), per_trajectory=True)
    mean = rho @ terms
    centred = terms - mean
    return mean, (rho[:, None] * centred).T @ centred


def discounted_rewards(tau: Trajectories, gamma: float) -> np.ndarray:
    r""":math:`\gamma^hr_h` where a step was taken and 0 elsewhere, shape ``(N, H)``.

    Statement: `pg_discounted`.

    Example:
        >>> tau = Trajectories(np.zeros((1, 3), int), np.zeros((1, 3), int), np.ones((1, 3)))
        >>> discounted_rewards(tau, 0.5)
        array([[1.  , 0.5 , 0.25]])
    """
    return tau.r * tau.mask * gamma ** np.arange(tau.H)


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
        v_last = V(tau.last)
    elif len(V) == tau.H + 1:
        v_last = np.asarray(V)[tau.mask.sum(axis=1), tau.last]
    else:
        raise ValueError(
            f"V has shape {np.shape(V)}, but (H + 1, S) with H = {tau.H} is expected: "
            f"an episode was cut off."
        )
    return np.where(tau.terminated, 0.0, v_last)


def _expect_table(name: str, x: np.ndarray, H: int, ndim: int) -> None:
    if np.ndim(x) != ndim or len(x) != H:
        axes = "(H, S, A)" if ndim == 3 else "(H, S)"
        raise ValueError(f"{name} has shape {np.shape(x)}, but {axes} with H = {H} is expected.")
