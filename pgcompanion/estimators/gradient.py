r"""The one estimator :math:`\frac1N\sum_n\sum_h\psi_h(\tau_n)\nabla\log\pi_\theta(a_h\mid s_h)`, and its exact law."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from pgcompanion import checks, exact
from pgcompanion.estimators.lookup import of_steps
from pgcompanion.mdp import MDP
from pgcompanion.policies import Softmax
from pgcompanion.tables import of_policy
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
        ValueError: ``psi`` does not have the shape ``(N, H)`` of the trajectories, or is not finite.

    Example:
        >>> from pgcompanion.estimators import reward_to_go
        >>> from pgcompanion.policies import TabularSoftmax
        >>> tau = Trajectories(np.zeros((1, 2), int), np.array([[1, 1]]), np.array([[0.0, 3]]))
        >>> policy_gradient(TabularSoftmax(1, 2), np.zeros(2), tau, reward_to_go(tau))
        array([-3.,  3.])
    """
    psi = of_steps(psi, tau)
    weights = psi if tau.complete else psi * tau.mask
    if per_trajectory:
        g = _scores_of_each(policy, theta, tau, weights)
    else:
        g = policy.score_sum(theta, tau.s, tau.a, weights) / tau.N
    # One NaN in psi reaches the sum, which is short to look through.
    if not np.isfinite(g).all():
        checks.finite("psi", psi)
    return g


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
        >>> from pgcompanion.estimators import total_return
        >>> from pgcompanion.policies import TabularSoftmax
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=1)
        >>> mean, cov = moments(coin, TabularSoftmax(1, 2), np.zeros(2), total_return)
        >>> mean, cov[1, 1]
        (array([-0.25,  0.25]), np.float64(0.0625))
    """
    tau = exact.trajectories(mdp)
    rho = np.exp(exact.log_likelihood(mdp, of_policy(mdp, policy, theta), tau))
    terms = policy_gradient(policy, theta, tau, coefficient(tau), per_trajectory=True)
    mean = rho @ terms
    centred = terms - mean
    return mean, (rho[:, None] * centred).T @ centred


def _scores_of_each(
    policy: Policy, theta: np.ndarray, tau: Trajectories, weights: np.ndarray
) -> np.ndarray:
    """The weighted sum of each trajectory's scores, shape ``(N, p)``."""
    terms = np.zeros((tau.N, policy.p))
    for h in range(tau.H):
        terms += weights[:, h, None] * policy.score(theta, tau.s[:, h], tau.a[:, h])
    return terms
