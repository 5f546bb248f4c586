r"""What a baseline does to the noise of the estimate, and to its mean where it is reused: exactly."""

from __future__ import annotations

import numpy as np

from pgcompanion import checks, exact
from pgcompanion.mdp import MDP
from pgcompanion.policies import Softmax


def optimal(mdp: MDP, policy: Softmax, theta: np.ndarray) -> np.ndarray:
    r"""The baseline of least second moment at each step, exact, shape ``(H, S)``.

    Statement: `optimal_baseline`.
    :math:`b_h^\star(s)=\dfrac{\mathbb E_{a\sim\pi_\theta}\big[\|\nabla\log\pi_\theta(a\mid s)\|^2Q_h(s,a)\big]}{\mathbb E_{a\sim\pi_\theta}\|\nabla\log\pi_\theta(a\mid s)\|^2}`
    minimises :math:`\mathbb E\big[\|\nabla\log\pi_\theta(a_h\mid s_h)\|^2(R_h-b_h(s_h))^2\big]`: a
    mean of :math:`Q_h` in which an action counts by the size of its score, while :math:`V_h` counts
    it by its probability alone. Where every score is 0 any baseline is optimal, and :math:`V_h` is
    returned.

    Raises:
        ValueError: ``policy`` has other states or actions than ``mdp``, or ``theta`` is not its
            parameters.
        TypeError: ``mdp`` is no MDP, or ``policy`` no policy.

    Source: Greensmith, Bartlett and Baxter 2004; Peters and Schaal 2008.

    Example:
        >>> from pgcompanion.policies import TabularSoftmax
        >>> bandit = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=1)
        >>> optimal(bandit, TabularSoftmax(1, 2), np.array([np.log(9.0), 0.0])).round(4)
        array([[0.9]])
    """
    pi = checks.table_of(mdp, policy, theta)
    values = exact.evaluate(mdp, pi)
    weights = np.broadcast_to(pi * _squared_scores(policy, theta, pi), values.Q.shape)
    total, Q_sum = weights.sum(axis=-1), (weights * values.Q).sum(axis=-1)
    return np.divide(Q_sum, total, out=values.V[:-1].copy(), where=total > 0)


def second_moment_parts(
    mdp: MDP, policy: Softmax, theta: np.ndarray, b: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    r"""The second moment of each step's term, as the part of its action and that of the future, ``(H,)`` each.

    Statement: `baseline_limits`. :math:`\mathbb E\big[\|\nabla\log\pi_h\|^2(Q_h-b_h)^2\big]`, on
    which the baseline ``b (H, S)`` acts, and
    :math:`\mathbb E\big[\|\nabla\log\pi_h\|^2\operatorname{Var}(R_h\mid s_h,a_h)\big]`, which no function
    of the state can touch. Their sum is
    :math:`\mathbb E\|\nabla\log\pi_h\,(R_h-b_h(s_h))\|^2`.

    Raises:
        ValueError: ``policy`` has other states or actions than ``mdp``, ``theta`` is not its
            parameters, or ``b`` is not ``(H, S)`` finite numbers.
        TypeError: ``mdp`` is no MDP, or ``policy`` no policy.

    Example:
        >>> from pgcompanion.policies import TabularSoftmax
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=2)
        >>> V = np.array([[1.0], [0.5]])
        >>> second_moment_parts(coin, TabularSoftmax(1, 2), np.zeros(2), V)
        (array([0.125, 0.125]), array([0.125, 0.   ]))
    """
    pi = checks.table_of(mdp, policy, theta)
    b = checks.finite("b", b, (mdp.H, mdp.S))
    values = exact.evaluate(mdp, pi)
    weights = values.d[:, :, None] * pi * _squared_scores(policy, theta, pi)
    of_action = weights * (values.Q - b[..., None]) ** 2
    of_future = weights * exact.return_variance(mdp, pi)
    return of_action.sum(axis=(1, 2)), of_future.sum(axis=(1, 2))


def same_batch_factor(d: np.ndarray, M: int) -> np.ndarray:
    r"""What is left of a state's share of the gradient: :math:`\kappa_M(d)=1-\dfrac{1-(1-d)^M}{Md}`, elementwise.

    Statement: `state_baseline_reused`. The baseline is the mean reward-to-go of each step and state over
    the ``M`` trajectories of the estimate itself, and ``d`` the probability of being there. The factor is
    :math:`1-1/M` where ``d`` is 1, and 0 where it is 0.

    Raises:
        ValueError: an entry of ``d`` is not in [0, 1], or ``M`` is not a positive integer.

    Example:
        >>> same_batch_factor(np.array([0.0, 0.5, 1.0]), M=2)
        array([0.  , 0.25, 0.5 ])
    """
    d, M = checks.finite("d", d), checks.positive_integer("M", M)
    if (d < 0).any() or (d > 1).any():
        raise ValueError(f"d must lie in [0, 1], but it lies in [{d.min():g}, {d.max():g}].")
    lost = np.divide(1 - (1 - d) ** M, M * d, out=np.ones(d.shape), where=d > 0)
    return np.asarray(1 - lost)


def _squared_scores(policy: Softmax, theta: np.ndarray, pi: np.ndarray) -> np.ndarray:
    r""":math:`\|\nabla\log\pi_\theta(a\mid s)\|^2`, in the shape of the table ``pi``."""
    actions = np.arange(policy.A)
    scores = (policy.score(theta, np.full(policy.A, s), actions) for s in policy.states)
    return np.reshape([(g**2).sum(axis=1) for g in scores], pi.shape)
