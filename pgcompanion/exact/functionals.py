"""What the chapter asks of a policy: gradient, Fisher matrix, divergence, surrogate, difference.

A policy object enters with its parameters ``theta (p,)``; a table ``pi`` as in `evaluate`.
"""

from __future__ import annotations

import numpy as np

from pgcompanion import checks
from pgcompanion.exact.dynamic_programming import (
    backward,
    chain,
    evaluate,
    expected_visits,
    forward,
    visits_and_advantages,
)
from pgcompanion.mdp import MDP, TimedMDP
from pgcompanion.policies import Softmax
from pgcompanion.tables import folded, of_policy, table


def gradient(mdp: MDP, policy: Softmax, theta: np.ndarray, gamma: float = 1.0) -> np.ndarray:
    r"""The policy gradient :math:`\nabla J(\theta)`, shape ``(p,)``.

    Statement: `pg_advantage`.
    :math:`\nabla J=\sum_h\gamma^h\sum_sd_h(s)\sum_a\pi_\theta(a\mid s)A_h(s,a)\nabla\log\pi_\theta(a\mid s)`.

    Raises:
        ValueError: ``policy`` is not over the states and actions of ``mdp``, ``theta`` is none of its
            parameters, or ``gamma`` is not in [0, 1].

    Example:
        >>> from pgcompanion.policies import TabularSoftmax
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> gradient(coin, TabularSoftmax(1, 2), np.zeros(2))
        array([-0.75,  0.75])
    """
    pi = of_policy(mdp, policy, theta)
    _, W = visits_and_advantages(mdp, pi, gamma)
    # Advantages have mean 0 under the policy: what centres the score drops out (`drop_centring`).
    return policy.pullback(theta, policy.states, pi * W)


def discounted_gradient(
    mdp: MDP, policy: Softmax, theta: np.ndarray, gamma: float
) -> tuple[float, np.ndarray]:
    r""":math:`J_\gamma` and :math:`\nabla J_\gamma` without a horizon, :math:`J_\gamma=\mathbb E\sum_{h\ge0}\gamma^hr_h`.

    Statement: `pg_discounted`. With :math:`n=\mu_0(I-\gamma P_\pi)^{-1}`, the discounted visits,
    :math:`\nabla J_\gamma=\sum_sn(s)\sum_a\pi_\theta(a\mid s)A(s,a)\nabla\log\pi_\theta(a\mid s)`;
    ``mdp.H`` plays no part.

    Raises:
        ValueError: ``gamma`` is not in [0, 1), ``mdp`` is time-augmented and so cannot go on for ever,
            or ``policy`` is not over its states and actions.

    Example:
        >>> from pgcompanion.policies import TabularSoftmax
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> J, g = discounted_gradient(coin, TabularSoftmax(1, 2), np.zeros(2), gamma=0.5)
        >>> float(J), g
        (1.0, array([-0.5,  0.5]))
    """
    if not 0 <= gamma < 1:
        raise ValueError(f"gamma must lie in [0, 1), but it is {gamma}.")
    if isinstance(mdp, TimedMDP):
        raise ValueError(
            f"mdp must go on for ever, but its states count the steps up to the horizon {mdp.H}."
        )
    pi = of_policy(mdp, policy, theta)
    P_pi, r_pi = chain(mdp, pi, mdp.r)
    resolvent = np.linalg.inv(np.eye(mdp.S) - gamma * P_pi)
    V, n = resolvent @ r_pi, mdp.mu0 @ resolvent
    A = mdp.r + gamma * mdp.P @ V - V[:, None]
    return mdp.mu0 @ V, policy.score_average(theta, policy.states, n[:, None] * A)


def fisher(mdp: MDP, policy: Softmax, theta: np.ndarray) -> np.ndarray:
    r"""The Fisher information matrix of the trajectory distribution, shape ``(p, p)``.

    Statement: `fisher_matrix`, `fisher_trajectory`.
    :math:`F_\theta=\sum_h\mathbb E_{s_h}\mathbb E_{a_h}\nabla\log\pi_\theta(a_h\mid s_h)\nabla\log\pi_\theta(a_h\mid s_h)^\top`,
    a sum over steps, not an average.

    Raises:
        ValueError: ``policy`` is not over the states and actions of ``mdp``, or ``theta`` is none of its
            parameters.

    Example:
        >>> from pgcompanion.policies import TabularSoftmax
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=4)
        >>> fisher(coin, TabularSoftmax(1, 2), np.zeros(2))
        array([[ 1., -1.],
               [-1.,  1.]])
    """
    return policy.fisher(theta, policy.states, expected_visits(mdp, of_policy(mdp, policy, theta)))


def trajectory_kl(mdp: MDP, pi: np.ndarray, pi_new: np.ndarray) -> float:
    r""":math:`\mathrm{KL}(\rho_\pi\,\|\,\rho_{\pi'})` between trajectory distributions, in nats.

    Statement: `kld`, `trajectory_kl`. By the chain rule the transitions cancel:
    :math:`\sum_h\mathbb E_{s_h\sim\rho_\pi}\mathrm{KL}(\pi_h(\cdot\mid s_h)\,\|\,\pi'_h(\cdot\mid s_h))`.
    It is infinite where ``pi_new`` forbids what ``pi`` does.

    Raises:
        ValueError: ``pi`` or ``pi_new`` is not a table of the MDP's policies.

    Example:
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> round(trajectory_kl(coin, np.array([[1.0, 0.0]]), np.array([[0.5, 0.5]])), 4)
        2.0794
    """
    if isinstance(mdp, TimedMDP):
        return trajectory_kl(mdp.base, folded(mdp, pi), folded(mdp, pi_new, "pi_new"))
    pi, pi_new = table(mdp, pi), table(mdp, pi_new, "pi_new")
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(pi == 0, 0.0, pi * np.log(pi / pi_new))
    d = forward(mdp, pi, 1.0)
    per_step = np.broadcast_to(terms.sum(axis=-1), d.shape)
    return float((d[d > 0] * per_step[d > 0]).sum())


def surrogate(mdp: MDP, policy: Softmax, theta_k: np.ndarray, theta: np.ndarray) -> float:
    r"""The local objective :math:`L_k(\theta)=\mathbb E_{s_0,\dots,s_{H-1}\sim\rho^k}\sum_h\mathbb E_{a\sim\pi_\theta(\cdot\mid s_h)}A_h^{\pi^k}(s_h,a)`.

    Statement: `surrogate`, `trpo`. States come from the old policy, actions from the new one, so
    :math:`L_k(\theta^k)=0` and :math:`\nabla L_k(\theta^k)=\nabla J(\theta^k)`.

    Raises:
        ValueError: ``policy`` is not over the states and actions of ``mdp``, or ``theta_k`` or ``theta``
            is none of its parameters.

    Example:
        >>> from pgcompanion.policies import TabularSoftmax
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> float(surrogate(coin, TabularSoftmax(1, 2), np.zeros(2), np.array([0.0, 100.0])).round(4))
        1.5
    """
    theta_k = checks.theta(theta_k, policy.p, "theta_k")
    _, W = visits_and_advantages(mdp, of_policy(mdp, policy, theta_k))
    return (W * policy.table(theta)).sum()


def performance_difference(mdp: MDP, pi_new: np.ndarray, pi_old: np.ndarray) -> np.ndarray:
    r""":math:`\mathbb E_{\tau\sim\rho_{\pi',s}}\sum_hA_h^{\pi}(s_h,a_h)` for each first state ``s``, shape ``(S,)``.

    Statement: `pdl`. The advantages are the old policy's, the trajectories the new one's; the result
    is :math:`V_0^{\pi'}(s)-V_0^{\pi}(s)`.

    Raises:
        ValueError: ``pi_new`` or ``pi_old`` is not a table of the MDP's policies.

    Example:
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> performance_difference(coin, np.array([[0.0, 1.0]]), np.array([[0.5, 0.5]]))
        array([1.5])
    """
    if isinstance(mdp, TimedMDP):
        new, old = folded(mdp, pi_new, "pi_new"), folded(mdp, pi_old, "pi_old")
        first = performance_difference(mdp.base, new, old)
        return np.concatenate([first, np.zeros(mdp.S - mdp.base.S)])
    pi_new, pi_old = table(mdp, pi_new, "pi_new"), table(mdp, pi_old, "pi_old")
    A = evaluate(mdp, pi_old).A
    return backward(mdp, pi_new, A, 1.0)[0]
