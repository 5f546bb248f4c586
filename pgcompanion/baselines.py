r"""Baselines: what to subtract from the reward-to-go, fitted to trajectories or exact.

A fitted baseline keeps the gradient estimate unbiased only where it does not depend on the
trajectories that it is used on: fit it to other ones, or leave each trajectory out of its own.
With ``gamma`` the target is the discounted reward-to-go of `estimators.reward_to_go`.
"""

from __future__ import annotations

import numpy as np

from pgcompanion import checks, exact
from pgcompanion.ascent import Adam
from pgcompanion.estimators import reward_to_go, total_return
from pgcompanion.mdp import MDP
from pgcompanion.policies import Softmax
from pgcompanion.policies.state_function import StateFunction
from pgcompanion.trajectories import Trajectories


def constant(tau: Trajectories, gamma: float = 1.0) -> float:
    r"""The mean return :math:`b=\frac1N\sum_nR(\tau_n)`, one number for every step and state.

    Statement: `pg_baseline`.

    Example:
        >>> tau = Trajectories(np.zeros((2, 2), int), np.zeros((2, 2), int), np.array([[1, 2], [3, 4]]))
        >>> constant(tau)
        5.0
    """
    return float(total_return(tau, gamma)[:, 0].mean())


def mean_reward_to_go(tau: Trajectories, gamma: float = 1.0) -> np.ndarray:
    r"""The mean reward-to-go of each step, :math:`b_h=\frac1N\sum_nR_h(\tau_n)`, shape ``(H,)``.

    Statement: `pg_baseline`. The mean is over the episodes that reach step ``h``; where none does,
    :math:`b_h=0`.

    Example:
        >>> tau = Trajectories(np.zeros((2, 2), int), np.zeros((2, 2), int), np.array([[1, 2], [3, 4]]))
        >>> mean_reward_to_go(tau)
        array([5., 3.])
    """
    return _mean(tau.mask.sum(axis=0), reward_to_go(tau, gamma).sum(axis=0), 0.0)


def tabular(tau: Trajectories, S: int, gamma: float = 1.0) -> np.ndarray:
    r"""The mean reward-to-go from each step and state, an estimate of :math:`V_h(s)`, shape ``(H, S)``.

    Statement: `pg_baseline_algorithm`. Where no trajectory is in state ``s`` at step ``h`` the entry is
    `mean_reward_to_go` of that step.

    Raises:
        ValueError: a state is not in ``0, ..., S - 1``.

    Example:
        >>> s, r = np.array([[0, 1], [0, 0]]), np.array([[1, 2], [3, 4]])
        >>> tabular(Trajectories(s, np.zeros((2, 2), int), r), S=2)
        array([[5., 5.],
               [4., 2.]])
    """
    visits, totals = _by_state(tau, checks.positive_integer("S", S), gamma)
    return _mean(visits, totals, mean_reward_to_go(tau, gamma)[:, None])


def linear(tau: Trajectories, features: np.ndarray, gamma: float = 1.0) -> np.ndarray:
    r"""The least-squares fit :math:`b_h(s)=w_h^\top\psi(s)` of each step, shape ``(H, S)``.

    Statement: `pg_baseline_algorithm`. :math:`w_h` minimises
    :math:`\sum_n\big(R_h(\tau_n)-w_h^\top\psi(s_h^n)\big)^2`; of several minimisers it is the shortest.

    Args:
        features: :math:`\psi(s)` of each state, shape ``(S, m)``.

    Raises:
        ValueError: ``features`` is not a finite matrix, or a state has no row in it.

    Example:
        >>> s, r = np.array([[0, 1], [1, 2]]), np.array([[1.0, 2], [3, 4]])
        >>> linear(Trajectories(s, np.zeros((2, 2), int), r), features=[[1.0], [2.0], [3.0]]).round(4)
        array([[ 3.4   ,  6.8   , 10.2   ],
               [ 1.2308,  2.4615,  3.6923]])
    """
    features = checks.finite("features", features, (None, None))
    visits, totals = _by_state(tau, len(features), gamma)
    # One row a state, weighted by its visits, has the same minimiser as one row a trajectory.
    root = np.sqrt(visits)
    targets = _mean(root, totals, 0.0)
    w = [
        np.linalg.lstsq(root[h, :, None] * features, targets[h], rcond=None)[0]
        for h in range(tau.H)
    ]
    return np.asarray(w @ features.T)


def neural(
    tau: Trajectories,
    target: np.ndarray,
    net: StateFunction,
    w: np.ndarray,
    rng: np.random.Generator,
    K: int = 500,
    B: int = 64,
    eta: float = 3e-3,
) -> np.ndarray:
    r"""Fit a network :math:`b_w(s)` to targets by least squares; returns ``w (p,)``.

    Statement: `pg_baseline_algorithm`. ``K`` steps of `Adam` lower :math:`\frac12\big(b_w(s_h)-y_h\big)^2`
    on minibatches of ``B`` steps. The fitted baseline along trajectories is
    ``net.value(w, tau.s)[..., 0]``, shape ``(N, H)``; an earlier fit is a good starting point ``w``.

    Args:
        target: the targets :math:`y_h`, shape ``(N, H)``, such as ``reward_to_go(tau)``.
        net: a function of the state with one output, such as ``MLP(inputs, m=1)``.

    Raises:
        ValueError: ``target`` or ``w`` has a wrong shape or is not finite.

    Example:
        >>> from pgcompanion.policies import MLP
        >>> rng, net = np.random.default_rng(0), MLP(inputs=np.array([[0.0], [1.0]]), m=1, hidden=(8,))
        >>> tau = Trajectories(np.array([[0, 1]]), np.zeros((1, 2), int), np.array([[1.0, 2.0]]))
        >>> net.value(neural(tau, reward_to_go(tau), net, net.init(rng), rng), tau.s)[..., 0].round(1)
        array([[3., 2.]])
    """
    taken = tau.mask
    s, y = tau.s[taken], checks.finite("target", target, tau.r.shape)[taken]
    w = np.array(checks.finite("w", w, (net.p,)))
    adam = Adam(net.p, eta)
    for _ in range(K):
        i = rng.integers(len(y), size=B)
        error = y[i] - net.value(w, s[i])[:, 0]
        w += adam.step(net.pullback(w, s[i], error[:, None] / B))
    return w


def optimal(mdp: MDP, policy: Softmax, theta: np.ndarray) -> np.ndarray:
    r"""The baseline of least second moment at each step, exact, shape ``(H, S)``.

    Statement: `optimal_baseline`.
    :math:`b_h^\star(s)=\dfrac{\mathbb E_{a\sim\pi_\theta}\big[\|\nabla\log\pi_\theta(a\mid s)\|^2Q_h(s,a)\big]}{\mathbb E_{a\sim\pi_\theta}\|\nabla\log\pi_\theta(a\mid s)\|^2}`
    minimises :math:`\mathbb E\big[\|\nabla\log\pi_\theta(a_h\mid s_h)\|^2(R_h-b_h(s_h))^2\big]`: a mean of
    :math:`Q_h` in which an action counts by the size of its score, while :math:`V_h` counts it by its
    probability alone. Where every score is 0 any baseline is optimal, and :math:`V_h` is returned.

    Source: Greensmith, Bartlett and Baxter 2004; Peters and Schaal 2008.

    Example:
        >>> from pgcompanion.policies import TabularSoftmax
        >>> bandit = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=1)
        >>> optimal(bandit, TabularSoftmax(1, 2), np.array([np.log(9.0), 0.0])).round(4)
        array([[0.9]])
    """
    pi = policy.table(theta)
    values = exact.evaluate(mdp, pi)
    actions = np.arange(mdp.A)
    norms = [(policy.score(theta, s, actions) ** 2).sum(axis=1) for s in policy.states]
    weights = pi * norms
    return _mean(weights.sum(axis=1), (weights * values.Q).sum(axis=-1), values.V[:-1])


def leave_one_out(tau: Trajectories, gamma: float = 1.0) -> np.ndarray:
    r"""For each trajectory the mean reward-to-go of the others, :math:`b_h^n=\frac1{N-1}\sum_{m\ne n}R_h(\tau_m)`, shape ``(N, H)``.

    Statement: `reused_baseline`. It reuses the batch without bias, since :math:`b^n` does not
    depend on :math:`\tau_n`. The mean is over the others that reach step ``h``; where none does, it is 0.

    Raises:
        ValueError: there is one trajectory only.

    Example:
        >>> tau = Trajectories(np.zeros((3, 1), int), np.zeros((3, 1), int), np.array([[1.0], [2], [6]]))
        >>> leave_one_out(tau).ravel()
        array([4. , 3.5, 1.5])
    """
    if tau.N < 2:
        raise ValueError(f"tau must hold two trajectories at least, but it holds {tau.N}.")
    own = reward_to_go(tau, gamma)
    others = np.subtract(tau.mask.sum(axis=0), tau.mask, out=np.empty_like(own))
    b = np.subtract(own.sum(axis=0), own, out=own)
    b /= np.maximum(others, 1, out=others)  # without others the sum is 0 too
    return b


def _by_state(tau: Trajectories, S: int, gamma: float) -> tuple[np.ndarray, np.ndarray]:
    """Number of visits to each step and state, and the sum of the rewards-to-go from there: ``(H, S)``."""
    s = checks.indices("tau.s", np.where(tau.mask, tau.s, 0), S)
    pair = (np.arange(tau.H) * S + s).ravel()
    visits, totals = (
        np.bincount(pair, x.ravel(), tau.H * S).reshape(tau.H, S)
        for x in (tau.mask, reward_to_go(tau, gamma))
    )
    return visits, totals


def _mean(weight: np.ndarray, total: np.ndarray, fallback: np.ndarray | float) -> np.ndarray:
    """``total / weight``, and ``fallback`` where there is no weight."""
    return np.asarray(np.where(weight > 0, total / np.where(weight > 0, weight, 1), fallback))
