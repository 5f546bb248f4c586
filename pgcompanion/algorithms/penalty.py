r"""The inner problem of the KL penalty, :math:`\arg\max_\theta L_k(\theta)-\lambda\,\mathrm{KL}(\rho^k\,\|\,\rho_\theta)`, solved to round-off."""

from __future__ import annotations

import numpy as np

from pgcompanion import exact
from pgcompanion.algorithms import arguments
from pgcompanion.algorithms.local import LocalProblem, TableProblem
from pgcompanion.algorithms.newton import newton_ascent
from pgcompanion.mdp import MDP
from pgcompanion.policies import Softmax, TabularSoftmax
from pgcompanion.tables import of_policy

TINY = 1e-300


def penalty_argmax(
    problem: LocalProblem, lam: float, start: np.ndarray | None = None
) -> np.ndarray:
    r"""The maximiser of :math:`L_k(\theta)-\lambda\,\mathrm{KL}(\rho^k\,\|\,\rho_\theta)`, shape ``(p,)``.

    Statement: `ppo`. A softmax table has a closed form up to one number per state (`tilt`); other
    policies take Newton's method from ``start``, which is :math:`\theta^k` by default, to a local
    maximiser.

    Raises:
        ValueError: ``lam`` is not a positive number.
    """
    arguments.positive("lam", lam)
    if isinstance(problem, TableProblem) and isinstance(problem.policy, TabularSoftmax):
        theta_k = problem.theta_k.reshape(problem.A.shape)
        step = tilt(problem.policy.log_probs(problem.theta_k, problem.states), problem.A, lam)
        return (theta_k + step).ravel()
    return newton_ascent(
        lambda theta: problem.surrogate(theta) - lam * problem.kl(theta),
        lambda theta: problem.surrogate_gradient(theta) - lam * problem.kl_gradient(theta),
        problem.theta_k.copy() if start is None else start,
    )


def tilt(log_pi: np.ndarray, A: np.ndarray, lam: float) -> np.ndarray:
    r"""The change of the logits that maximises :math:`\sum_a\pi(a)A(a)-\lambda\,\mathrm{KL}(\pi^k\,\|\,\pi)` in each state.

    Statement: `ppo`. The maximiser is :math:`\pi(a)=\lambda\pi^k(a)/(\nu-A(a))` with the number
    :math:`\nu>\max_aA(a)` for which it sums to 1. ``log_pi`` and ``A`` have shape ``(S, A)``, and so has
    the result, :math:`-\log(\nu-A(a))` less its mean over the actions.

    For :math:`t=\nu-\max_aA(a)` Newton's method on :math:`1/\sum_a\pi(a)=1`, a concave function of
    :math:`t`, climbs to the root from below.

    >>> d = tilt(np.log([[0.5, 0.5]]), np.array([[-1.0, 1.0]]), lam=1.0)
    >>> pi = np.exp(d) / np.exp(d).sum()
    >>> pi.round(3)
    array([[0.191, 0.809]])
    """
    weight = lam * np.maximum(np.exp(log_pi), TINY)
    gap = A.max(axis=1, keepdims=True) - A
    t = _below_the_root(weight, gap)
    for _ in range(100):
        pi = weight / (t + gap)
        total = pi.sum(axis=1, keepdims=True)
        if (total < 1 + 1e-13).all():
            break
        t = t + total * (total - 1) / (pi / (t + gap)).sum(axis=1, keepdims=True)
    d = -np.log(t + gap)
    return d - d.mean(axis=1, keepdims=True)


def _below_the_root(weight: np.ndarray, gap: np.ndarray) -> np.ndarray:
    """The root if every action that is not best were the worst: a quadratic equation. Shape ``(S, 1)``."""
    best = np.where(gap == 0, weight, 0.0).sum(axis=1, keepdims=True)
    worst = gap.max(axis=1, keepdims=True)
    b = worst - weight.sum(axis=1, keepdims=True)
    root = np.sqrt(b * b + 4 * best * worst)
    return np.where(b > 0, 2 * best * worst / np.maximum(root + b, TINY), (root - b) / 2)


def penalty_constant(mdp: MDP, policy: Softmax, theta_k: np.ndarray) -> float:
    r"""The constant :math:`c=\mathbb E_{\rho^k}\sum_h\log\pi^k(a_h\mid s_h)=-\sum_h\mathbb E_{s_h}\mathcal H(\pi^k(\cdot\mid s_h))`.

    Statement: `ppo_objective`.

    >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
    >>> round(penalty_constant(coin, TabularSoftmax(1, 2), np.zeros(2)), 4)   # -3 log 2
    -2.0794
    """
    n = exact.expected_visits(mdp, policy.table(theta_k))
    return -float(n @ policy.entropy(theta_k, policy.states))


def ppo_objective(
    mdp: MDP, policy: Softmax, theta_k: np.ndarray, theta: np.ndarray, lam: float
) -> float:
    r""":math:`\mathbb E_{\rho^k}\sum_h\Big[\frac{\pi_\theta(a_h\mid s_h)}{\pi^k(a_h\mid s_h)}A_h^{\pi^k}(s_h,a_h)-\lambda\log\frac1{\pi_\theta(a_h\mid s_h)}\Big]`.

    Statement: `ppo_objective`. It is :math:`L_k(\theta)-\lambda\,\mathrm{KL}(\rho^k\,\|\,\rho_\theta)+\lambda c`
    with the `penalty_constant` :math:`c`: the same maximiser, another value. ``theta`` may be complex, so
    that the objective can be differentiated by a complex step.

    Raises:
        ValueError: ``lam`` is not a positive number, ``policy`` is not over the states and actions of
            ``mdp``, or ``theta_k`` or ``theta`` is none of its parameters.

    >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
    >>> theta = np.zeros(2)
    >>> round(ppo_objective(coin, TabularSoftmax(1, 2), theta, theta, lam=1.0), 4)
    -2.0794
    """
    arguments.positive("lam", lam)
    pi_k = of_policy(mdp, policy, theta_k)
    n, W = exact.visits_and_advantages(mdp, pi_k)
    log_pi = policy.log_probs(theta, policy.states)
    return (W * np.exp(log_pi) + lam * n[:, None] * pi_k * log_pi).sum().item()
