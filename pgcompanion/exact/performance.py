"""How two policies compare: divergence, surrogate, difference, exact. What bounds them is in `bounds`.

A policy object enters with its parameters ``theta (p,)``; a table ``pi`` as in `evaluate`.
"""

from __future__ import annotations

import numpy as np

from pgcompanion import checks
from pgcompanion._numerics import powers
from pgcompanion.exact.values import evaluate
from pgcompanion.mdp import MDP
from pgcompanion.policies import Softmax


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
    return float(step_kl(mdp, pi, pi_new).sum())


def step_kl(mdp: MDP, pi: np.ndarray, pi_new: np.ndarray) -> np.ndarray:
    r"""What each step adds to `trajectory_kl`: :math:`\mathbb E_{s_h\sim\rho_\pi}\mathrm{KL}(\pi_h(\cdot\mid s_h)\,\|\,\pi'_h(\cdot\mid s_h))`, shape ``(H,)``.

    Statement: `trajectory_kl`. The sum of the first ``h`` entries is the divergence of the first ``h``
    steps, and so bounds how far the states of step ``h`` have moved.

    Raises:
        ValueError: ``pi`` or ``pi_new`` is not a table of the MDP's policies.

    Example:
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> step_kl(coin, np.array([[1.0, 0.0]]), np.array([[0.5, 0.5]])).round(4)
        array([0.6931, 0.6931, 0.6931])
    """
    pi, pi_new = checks.table(checks.mdp(mdp), pi), checks.table(mdp, pi_new, "pi_new")
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(pi == 0, 0.0, pi * (np.log(pi) - np.log(pi_new)))
    d = powers.forward(mdp, pi, 1.0)
    per_state = np.broadcast_to(terms.sum(axis=-1), d.shape)
    return np.where(d > 0, d * np.where(d > 0, per_state, 0.0), 0.0).sum(axis=1)


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
    pi_k = checks.table_of(mdp, policy, theta_k, "theta_k")
    _, W = powers.visits_and_advantages(mdp, pi_k, 1.0)
    return (W * checks.table_of(mdp, policy, theta)).sum()


def performance_difference(mdp: MDP, pi_new: np.ndarray, pi_old: np.ndarray) -> np.ndarray:
    r""":math:`\mathbb E_{\tau\sim\rho_{\pi',s}}\sum_hA_h^{\pi}(s_h,a_h)` for each first state ``s``, shape ``(S,)``.

    Statement: `pdl`. The advantages are the old policy's, the trajectories the new one's; the result
    is :math:`V_0^{\pi'}(s)-V_0^{\pi}(s)`. `expected_advantage` is the same from the first state's
    distribution.

    Raises:
        ValueError: ``pi_new`` or ``pi_old`` is not a table of the MDP's policies.

    Example:
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> performance_difference(coin, np.array([[0.0, 1.0]]), np.array([[0.5, 0.5]]))
        array([1.5])
    """
    pi_new = checks.table(checks.mdp(mdp), pi_new, "pi_new")
    A = evaluate(mdp, checks.table(mdp, pi_old, "pi_old")).A
    return powers.backward(mdp, pi_new, A, 1.0)[0]


def expected_advantage(d_new: np.ndarray, pi_new: np.ndarray, A_old: np.ndarray) -> float:
    r""":math:`\sum_h\sum_sd'_h(s)\sum_a\pi'_h(a\mid s)A_h(s,a)`: the old advantages along the new trajectories.

    Statement: `pdl`. It is :math:`J(\pi')-J(\pi)`, from arrays alone.

    Args:
        d_new: occupancies of the new policy, shape ``(H, S)``.
        pi_new: the new policy, shape ``(H, S, A)``.
        A_old: advantages of the old policy, shape ``(H, S, A)``.

    Raises:
        ValueError: an array does not have its shape, or is not finite.

    Example:
        >>> expected_advantage(np.ones((1, 1)), np.array([[[0.0, 1.0]]]), np.array([[[-0.5, 0.5]]]))
        0.5
    """
    A_old = checks.finite("A_old", A_old, (None, None, None))
    d_new = checks.finite("d_new", d_new, A_old.shape[:2])
    pi_new = checks.finite("pi_new", pi_new, A_old.shape)
    return (d_new[:, :, None] * pi_new * A_old).sum().item()


def penalty_constant(mdp: MDP, policy: Softmax, theta_k: np.ndarray) -> float:
    r"""The constant :math:`c=\mathbb E_{\rho^k}\sum_h\log\pi^k(a_h\mid s_h)=-\sum_h\mathbb E_{s_h}\mathcal H(\pi^k(\cdot\mid s_h))`.

    Statement: `ppo_objective`.

    Raises:
        ValueError: ``policy`` is not over the states and actions of ``mdp``, or ``theta_k`` is none of
            its parameters.

    Example:
        >>> from pgcompanion.policies import TabularSoftmax
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> round(penalty_constant(coin, TabularSoftmax(1, 2), np.zeros(2)), 4)   # -3 log 2
        -2.0794
    """
    n, _ = powers.visits_and_advantages(mdp, checks.table_of(mdp, policy, theta_k, "theta_k"), 1.0)
    return -float(n.ravel() @ policy.entropy(theta_k, policy.states))


def penalty_objective(
    mdp: MDP, policy: Softmax, theta_k: np.ndarray, theta: np.ndarray, lam: float
) -> float:
    r""":math:`\mathbb E_{\rho^k}\sum_h\Big[\frac{\pi_\theta(a_h\mid s_h)}{\pi^k(a_h\mid s_h)}A_h^{\pi^k}(s_h,a_h)-\lambda\log\frac1{\pi_\theta(a_h\mid s_h)}\Big]`.

    Statement: `ppo_objective`. It is :math:`L_k(\theta)-\lambda\,\mathrm{KL}(\rho^k\,\|\,\rho_\theta)+\lambda c`
    with the `penalty_constant` :math:`c`: the same maximiser, another value. ``theta`` may be complex, so
    that the objective can be differentiated by a complex step.

    Raises:
        ValueError: ``lam`` is not a positive number, ``policy`` is not over the states and actions of
            ``mdp``, or ``theta_k`` or ``theta`` is none of its parameters.

    Example:
        >>> from pgcompanion.policies import TabularSoftmax
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> theta = np.zeros(2)
        >>> round(penalty_objective(coin, TabularSoftmax(1, 2), theta, theta, lam=1.0), 4)
        -2.0794
    """
    checks.positive("lam", lam)
    pi_k = checks.table_of(mdp, policy, theta_k, "theta_k")
    n, W = powers.visits_and_advantages(mdp, pi_k, 1.0)
    log_pi = policy.log_probs(theta, policy.states).reshape(pi_k.shape)
    return (W * np.exp(log_pi) + lam * n[..., None] * pi_k * log_pi).sum().item()
