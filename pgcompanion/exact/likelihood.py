"""The probability of a trajectory under a policy."""

from __future__ import annotations

import numpy as np

from pgcompanion import checks
from pgcompanion.mdp import MDP
from pgcompanion.trajectories import Trajectories


def trajectory_log_likelihood(
    mu0: np.ndarray, P: np.ndarray, pi: np.ndarray, s: np.ndarray, a: np.ndarray
) -> np.ndarray:
    r""":math:`\log\rho_\pi(\tau)` of one trajectory or of many; minus infinity for what cannot happen.

    Statement: `autoregressive_trajectories`. One initial factor, :math:`H` policy factors and
    :math:`H-1` transition factors: a trajectory ends with its last action and reward.
    :math:`\rho_\pi(\tau)=\mu_0(s_0)\prod_{h<H}\pi_h(a_h\mid s_h)\prod_{h<H-1}P(s_{h+1}\mid s_h,a_h)`.

    Args:
        mu0, P: of the MDP, shapes ``(S,)`` and ``(S, A, S)``.
        pi: the policy, ``(S, A)`` or ``(H, S, A)``.
        s, a: states and actions, shape ``(..., H)``; the result has the shape ``(...)``.

    Raises:
        ValueError: a distribution that is none, or a state or an action out of range.

    Example:
        >>> P, pi = np.ones((1, 2, 1)), np.array([[0.25, 0.75]])
        >>> float(np.exp(trajectory_log_likelihood(np.ones(1), P, pi, s=[0, 0], a=[0, 1])))
        0.1875
    """
    mu0, P, pi, s, a = checks.episodes(mu0, P, pi, s, a)
    h = np.arange(s.shape[-1])
    with np.errstate(divide="ignore"):
        first = np.log(mu0[s[..., 0]])
        choices = np.log(pi[h, s, a]).sum(axis=-1)
        moves = np.log(P[s[..., :-1], a[..., :-1], s[..., 1:]]).sum(axis=-1)
    return first + choices + moves


def log_likelihood(mdp: MDP, pi: np.ndarray, tau: Trajectories) -> np.ndarray:
    r"""`trajectory_log_likelihood` of trajectories of an MDP, shape ``(N,)``.

    Statement: `autoregressive_trajectories`. Where an episode ended early (``tau.mask``), its last
    action is the last that was taken.

    Raises:
        ValueError: ``pi`` is not a table of the MDP's policies, ``tau`` has another number of steps, or
            a state or an action is out of range.

    Example:
        >>> mdp = MDP(np.ones((1, 2, 1)), [[0.0, 1.0]], [1.0], H=2)
        >>> zeros = np.zeros((4, 2), int)
        >>> a = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
        >>> tau = Trajectories(zeros, a, np.zeros((4, 2)))
        >>> np.exp(log_likelihood(mdp, np.array([[0.25, 0.75]]), tau)).tolist()
        [0.0625, 0.1875, 0.1875, 0.5625]
    """
    pi, H = checks.table(checks.mdp(mdp), pi), mdp.H
    if checks.trajectories(tau).H != H:
        raise ValueError(f"tau must have H = {H} steps, as mdp has, but it has {tau.H}.")
    if tau.complete:
        return trajectory_log_likelihood(mdp.mu0, mdp.P, pi, tau.s, tau.a)
    result, steps = np.empty(tau.N), tau.mask.sum(axis=1)
    for n in np.unique(steps):
        ended = steps == n
        own = pi if pi.ndim == 2 else pi[:n]
        s, a = tau.s[ended, :n], tau.a[ended, :n]
        result[ended] = trajectory_log_likelihood(mdp.mu0, mdp.P, own, s, a)
    return result
