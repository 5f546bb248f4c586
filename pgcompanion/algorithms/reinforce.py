r"""REINFORCE, and the policy gradient with a learned baseline."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from pgcompanion import baselines
from pgcompanion.algorithms.arguments import positive
from pgcompanion.algorithms.critic import number_of_states
from pgcompanion.algorithms.iterate import Iterate, iterate
from pgcompanion.algorithms.local import LocalProblem
from pgcompanion.algorithms.views import (
    Coefficient,
    Exact,
    episodic,
    estimated,
    exactly,
    sampler,
)
from pgcompanion.ascent import Adam, Schedule, constant
from pgcompanion.estimators import along, minus, reward_to_go, total_return
from pgcompanion.mdp import MDP
from pgcompanion.trajectories import Trajectories


def reinforce(
    mdp: MDP | Any,
    policy: Any,
    theta: np.ndarray,
    *,
    eta: float | Schedule | Adam,
    K: int | None = None,
    N: int | None = None,
    H: int | None = None,
    rng: np.random.Generator | None = None,
    coefficient: Coefficient = total_return,
) -> Iterator[Iterate]:
    r"""Gradient ascent :math:`\theta^{k+1}=\theta^k+\eta_k\nabla J(\theta^k)`, with the score estimate of the gradient.

    Statement: `reinforce_pg`. With ``N`` the gradient is estimated from ``N`` fresh trajectories as
    :math:`\frac1N\sum_n\sum_h\psi_h(\tau_n)\nabla\log\pi_{\theta^k}(a_h\mid s_h)`; by default
    :math:`\psi_h=R(\tau)`, and any ``coefficient`` of `estimators` may replace it. Without ``N`` it is exact.

    On a vector environment the trajectories are whole episodes, one from each environment, begun afresh
    each time and followed to their end or to step ``H``. ``it.J`` is their mean return, ``it.kl`` the
    divergence in the visited states, summed along an episode and averaged over the episodes.

    Args:
        mdp: a finite MDP, or a vector environment as `gymnasium.make_vec` gives it.
        eta: a step size, a schedule that maps :math:`k` to :math:`\eta_k`, or `Adam`, whose steps then take
            the place of :math:`\eta_k` times the gradient. It remembers: every run needs its own.
        H: the longest episode of a vector environment; an MDP has its own horizon.

    Raises:
        ValueError: ``eta`` is not positive, or is for another number of parameters; ``mdp`` is neither of
            the two; ``N`` or a vector environment comes without ``rng``, ``N`` with a vector environment,
            or ``H`` with an MDP.

    Source: Williams 1992.

    Example:
        >>> from pgcompanion.policies import TabularSoftmax
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> [round(it.J, 3) for it in reinforce(coin, TabularSoftmax(1, 2), np.zeros(2), eta=1.0, K=3)]
        [1.5, 2.453, 2.749, 2.837]
    """
    return iterate(episodic(mdp, policy, N, rng, coefficient, H), theta, _ascent(eta, policy.p), K)


def policy_gradient_ascent(
    mdp: MDP | Any,
    policy: Any,
    theta: np.ndarray,
    *,
    eta: float | Schedule | Adam,
    K: int | None = None,
    N: int | None = None,
    M: int | None = None,
    H: int | None = None,
    rng: np.random.Generator | None = None,
    fit: Callable[[Trajectories], Any] | None = None,
) -> Iterator[Iterate]:
    r"""The policy gradient with a learned baseline.

    Statement: `pg_baseline_algorithm`. At each :math:`\theta^k` a baseline :math:`\tilde b_h(s)` is fitted
    to ``N`` trajectories and then used on ``M`` fresh ones:

    .. math:: \theta^{k+1}=\theta^k+\eta_k\frac1M\sum_m\sum_h\nabla\log\pi_{\theta^k}(a_h^m\mid s_h^m)\big(R_h(\tau_m)-\tilde b_h(s_h^m)\big).

    The two batches are disjoint, so the estimate is unbiased however bad the fit. Without ``N`` the
    gradient is exact and needs no baseline. On a vector environment both batches are whole episodes, one
    from each environment, and the record is as that of `reinforce`.

    Args:
        mdp, eta, H: as in `reinforce`.
        M: ``N`` by default.
        fit: maps trajectories to a baseline: a number, one for each step ``(H,)``, or a table
            ``(H, S)``. By default `baselines.tabular`, or `baselines.mean_reward_to_go` where an
            environment has no finite number of states.

    Raises:
        ValueError: as `reinforce`; or ``M`` is given with a vector environment.

    Example:
        >>> from pgcompanion.policies import TabularSoftmax
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> options = {"eta": 1.0, "K": 5, "N": 20, "rng": np.random.default_rng(0)}
        >>> *_, it = policy_gradient_ascent(coin, TabularSoftmax(1, 2), np.zeros(2), **options)
        >>> it.J > 2.5
        True
    """
    if exactly(mdp, N, H):
        return iterate(Exact(mdp, policy), theta, _ascent(eta, policy.p), K)
    first_batch = sampler(mdp, policy, N, rng, H)
    fresh_batch = first_batch if M is None else sampler(mdp, policy, M, rng, H, name="M")
    fit = fit or _default_fit(mdp)

    def draw(theta: np.ndarray) -> tuple[Trajectories, np.ndarray]:
        b = np.asarray(fit(first_batch(theta)))
        tau = fresh_batch(theta)
        return tau, minus(reward_to_go(tau), along(tau, b) if b.ndim == 2 else b)

    return iterate(estimated(mdp, policy, draw), theta, _ascent(eta, policy.p), K)


def _default_fit(mdp: MDP | Any) -> Callable[[Trajectories], Any]:
    if isinstance(mdp, MDP):
        return lambda tau: baselines.tabular(tau, mdp.S)
    S = number_of_states(mdp.single_observation_space)
    if S is None:
        return baselines.mean_reward_to_go
    return lambda tau: baselines.tabular(tau, S)


def _ascent(eta: float | Schedule | Adam, p: int) -> Callable[[LocalProblem, int], np.ndarray]:
    if isinstance(eta, Adam):
        if eta.p != p:
            raise ValueError(f"eta must be Adam for p = {p} parameters, but it is for {eta.p}.")
        return lambda problem, k: problem.theta_k + eta.step(problem.gradient)
    eta_k = eta if callable(eta) else constant(positive("eta", eta))
    return lambda problem, k: problem.theta_k + eta_k(k) * problem.gradient
