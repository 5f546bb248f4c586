r"""REINFORCE, and the policy gradient with a learned baseline."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from pgcompanion import baselines
from pgcompanion.algorithms.iterate import (
    Coefficient,
    Exact,
    Iterate,
    Sampled,
    iterate,
    sampler,
    view,
)
from pgcompanion.algorithms.local import LocalProblem
from pgcompanion.ascent import Schedule, constant
from pgcompanion.estimators import along, minus, reward_to_go, total_return
from pgcompanion.mdp import MDP
from pgcompanion.trajectories import Trajectories


def reinforce(
    mdp: MDP,
    policy: Any,
    theta: np.ndarray,
    *,
    eta: float | Schedule,
    K: int | None = None,
    N: int | None = None,
    rng: np.random.Generator | None = None,
    coefficient: Coefficient = total_return,
) -> Iterator[Iterate]:
    r"""Gradient ascent :math:`\theta^{k+1}=\theta^k+\eta_k\nabla J(\theta^k)`, with the score estimate of the gradient.

    Statement: `reinforce_pg`. With ``N`` the gradient is estimated from ``N`` fresh trajectories as
    :math:`\frac1N\sum_n\sum_h\psi_h(\tau_n)\nabla\log\pi_{\theta^k}(a_h\mid s_h)`; by default
    :math:`\psi_h=R(\tau)`, and any ``coefficient`` of `estimators` may replace it. Without ``N`` it is exact.

    Args:
        eta: a step size, or a schedule that maps :math:`k` to :math:`\eta_k`.

    Raises:
        ValueError: ``N`` is given without ``rng``.

    Source: Williams 1992.

    Example:
        >>> from pgcompanion.policies import TabularSoftmax
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> [round(it.J, 3) for it in reinforce(coin, TabularSoftmax(1, 2), np.zeros(2), eta=1.0, K=3)]
        [1.5, 2.453, 2.749, 2.837]
    """
    return iterate(view(mdp, policy, N, rng, coefficient), theta, _ascent(eta), K)


def policy_gradient_ascent(
    mdp: MDP,
    policy: Any,
    theta: np.ndarray,
    *,
    eta: float | Schedule,
    K: int | None = None,
    N: int | None = None,
    M: int | None = None,
    rng: np.random.Generator | None = None,
    fit: Callable[[Trajectories], Any] | None = None,
) -> Iterator[Iterate]:
    r"""The policy gradient with a learned baseline.

    Statement: `pg_baseline_algorithm`. At each :math:`\theta^k` a baseline :math:`\tilde b_h(s)` is fitted
    to ``N`` trajectories and then used on ``M`` fresh ones:

    .. math:: \theta^{k+1}=\theta^k+\eta_k\frac1M\sum_m\sum_h\nabla\log\pi_{\theta^k}(a_h^m\mid s_h^m)\big(R_h(\tau_m)-\tilde b_h(s_h^m)\big).

    The two batches are disjoint, so the estimate is unbiased however bad the fit. Without ``N`` the
    gradient is exact and needs no baseline.

    Args:
        eta: a step size, or a schedule that maps :math:`k` to :math:`\eta_k`.
        M: ``N`` by default.
        fit: maps trajectories to a baseline: a number, one for each step ``(H,)``, or a table
            ``(H, S)``; `baselines.tabular` by default.

    Raises:
        ValueError: ``N`` is given without ``rng``.

    Example:
        >>> from pgcompanion.policies import TabularSoftmax
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> options = {"eta": 1.0, "K": 5, "N": 20, "rng": np.random.default_rng(0)}
        >>> *_, it = policy_gradient_ascent(coin, TabularSoftmax(1, 2), np.zeros(2), **options)
        >>> it.J > 2.5
        True
    """
    if N is None:
        return iterate(Exact(mdp, policy), theta, _ascent(eta), K)
    first_batch, fresh_batch = sampler(mdp, rng, N), sampler(mdp, rng, N if M is None else M)
    fit = fit or (lambda tau: baselines.tabular(tau, mdp.S))

    def draw(pi: np.ndarray) -> tuple[Trajectories, np.ndarray]:
        b = np.asarray(fit(first_batch(pi)))
        tau = fresh_batch(pi)
        return tau, minus(reward_to_go(tau), along(tau, b) if b.ndim == 2 else b)

    return iterate(Sampled(mdp, policy, draw), theta, _ascent(eta), K)


def _ascent(eta: float | Schedule) -> Callable[[LocalProblem, int], np.ndarray]:
    eta_k = eta if callable(eta) else constant(eta)
    return lambda problem, k: problem.theta_k + eta_k(k) * problem.gradient
