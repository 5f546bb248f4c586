"""The policy gradient and the Fisher matrix of a policy with parameters ``theta (p,)``, exact."""

from __future__ import annotations

import numpy as np

from pgcompanion import checks
from pgcompanion._numerics import powers
from pgcompanion.exact.values import evaluate
from pgcompanion.mdp import MDP
from pgcompanion.policies import Softmax


def gradient(mdp: MDP, policy: Softmax, theta: np.ndarray, gamma: float = 1.0) -> np.ndarray:
    r"""The policy gradient :math:`\nabla J(\theta)`, shape ``(p,)``.

    Statement: `pg_advantage`, `drop_centring`.
    :math:`\nabla J=\sum_h\gamma^h\sum_sd_h(s)\sum_a\pi_\theta(a\mid s)A_h(s,a)\nabla\log\pi_\theta(a\mid s)`.

    Raises:
        ValueError: ``policy`` is not over the states and actions of ``mdp``, ``theta`` is none of its
            parameters, or ``gamma`` is not in [0, 1].
        TypeError: ``mdp`` is no MDP, or ``policy`` no policy over finitely many states.

    Example:
        >>> from pgcompanion.policies import TabularSoftmax
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> gradient(coin, TabularSoftmax(1, 2), np.zeros(2))
        array([-0.75,  0.75])
    """
    pi, gamma = checks.table_of(mdp, policy, theta), checks.discount(gamma)
    _, W = powers.visits_and_advantages(mdp, pi, gamma)
    # Advantages have mean 0 under the policy: what centres the score drops out (`drop_centring`).
    _, pull = policy.logits_vjp(theta, policy.states)
    return pull((pi * W).reshape(-1, mdp.A))


def value_gradients(mdp: MDP, policy: Softmax, theta: np.ndarray) -> np.ndarray:
    r"""The gradient of every value, :math:`\nabla V_h(s)`, by unrolling, shape ``(H+1, S, p)``.

    Statement: `pg_unrolled`. Backwards from :math:`\nabla V_H=0`:
    :math:`\nabla V_h(s)=\sum_a\nabla\pi_\theta(a\mid s)Q_h(s,a)+\sum_a\pi_\theta(a\mid s)\sum_{s'}P(s'\mid s,a)\nabla V_{h+1}(s')`.
    With :math:`\mu_0`, step 0 gives :math:`\nabla J`.

    Raises:
        ValueError: ``policy`` is not over the states and actions of ``mdp``, or ``theta`` is none of its
            parameters.
        TypeError: ``mdp`` is no MDP, or ``policy`` no policy over finitely many states.

    Example:
        >>> from pgcompanion.policies import TabularSoftmax
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=2)
        >>> value_gradients(coin, TabularSoftmax(1, 2), np.zeros(2))[:, 0]
        array([[-0.5 ,  0.5 ],
               [-0.25,  0.25],
               [ 0.  ,  0.  ]])
    """
    pi = checks.table_of(mdp, policy, theta)
    Q, pi_h = evaluate(mdp, pi).Q, np.broadcast_to(pi, (mdp.H, mdp.S, mdp.A))
    s, a = np.indices((mdp.S, mdp.A))
    G = np.zeros((mdp.H + 1, mdp.S, policy.p))
    for h in reversed(range(mdp.H)):
        score = policy.score(theta, policy.row(h, s), a)
        inner = Q[h, :, :, None] * score + mdp.P @ G[h + 1]
        G[h] = (pi_h[h, :, :, None] * inner).sum(axis=1)
    return G


def infinite_horizon_gradient(
    mdp: MDP, policy: Softmax, theta: np.ndarray, gamma: float
) -> tuple[float, np.ndarray]:
    r""":math:`J_\gamma` and :math:`\nabla J_\gamma` without a horizon, :math:`J_\gamma=\mathbb E\sum_{h\ge0}\gamma^hr_h`.

    Statement: `pg_discounted`. With :math:`n=\mu_0(I-\gamma P_\pi)^{-1}`, the discounted visits,
    :math:`\nabla J_\gamma=\sum_sn(s)\sum_a\pi_\theta(a\mid s)A(s,a)\nabla\log\pi_\theta(a\mid s)`;
    ``mdp.H`` plays no part.

    Raises:
        ValueError: ``gamma`` is not in [0, 1), or ``policy`` is not over the states and actions of
            ``mdp`` or depends on the step.

    Example:
        >>> from pgcompanion.policies import TabularSoftmax
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> J, g = infinite_horizon_gradient(coin, TabularSoftmax(1, 2), np.zeros(2), gamma=0.5)
        >>> float(J), g
        (1.0, array([-0.5,  0.5]))
    """
    pi = checks.table_of(mdp, policy, theta)
    if not checks.discount(gamma) < 1:
        raise ValueError(f"gamma must lie in [0, 1), but it is {gamma}.")
    if policy.H is not None:
        raise ValueError(
            f"policy must not depend on the step, but it does, up to the horizon H = {policy.H}."
        )
    P_pi, r_pi = powers.chain(mdp, pi, mdp.r)
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
    d = powers.forward(mdp, checks.table_of(mdp, policy, theta), 1.0)
    visits = d.sum(axis=0) if policy.H is None else d.ravel()
    return policy.fisher(theta, policy.states, visits)
