"""Local problems from the world: by dynamic programming, or from trajectories."""

from __future__ import annotations

from typing import Any

import numpy as np

from pgcompanion import checks, exact
from pgcompanion.algorithms import arguments
from pgcompanion.algorithms.local.problem import LocalProblem
from pgcompanion.algorithms.local.steps import StepProblem
from pgcompanion.algorithms.local.table import TableProblem
from pgcompanion.estimators.lookup import of_steps
from pgcompanion.mdp import MDP, TimedMDP
from pgcompanion.policies import Softmax
from pgcompanion.tables import of_policy
from pgcompanion.trajectories import Trajectories


def exact_problem(mdp: MDP, policy: Softmax, theta: np.ndarray) -> TableProblem:
    r"""The local problem with visits and advantages by dynamic programming.

    Statement: `trpo`. Its surrogate is `exact.surrogate`, its gradient at :math:`\theta^k`
    `exact.gradient`, its divergence `exact.trajectory_kl`.

    Raises:
        ValueError: ``theta`` is not ``p`` finite numbers, or ``policy`` is not over the states and actions
            of ``mdp``.

    Example:
        >>> from pgcompanion.policies import TabularSoftmax
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> exact_problem(coin, TabularSoftmax(1, 2), np.zeros(2)).gradient
        array([-0.75,  0.75])
    """
    theta = arguments.parameters(theta, policy.p)
    pi = of_policy(mdp, policy, theta)
    n, W = exact.visits_and_advantages(mdp, pi)

    def W_plus() -> np.ndarray:
        if isinstance(mdp, TimedMDP):
            return np.maximum(W, 0.0)
        v = exact.evaluate(mdp, pi)
        return np.einsum("hs,hsa->sa", v.d, np.maximum(v.A, 0.0))

    return TableProblem(policy, theta, n, W, W_plus, pi)


def sampled_problem(
    policy: Any, theta: np.ndarray, tau: Trajectories, psi: np.ndarray
) -> LocalProblem:
    r"""The local problem estimated from trajectories of :math:`\pi_\theta` and their advantages ``psi (N, H)``.

    Statement: `trpo_implement`. Where the states are indices, sums by state and action say all that the
    steps do, so the result is a `TableProblem`, however many the trajectories; otherwise it is a
    `StepProblem`. Its gradient at ``theta`` is `estimators.policy_gradient`.

    Raises:
        ValueError: ``psi`` is not ``(N, H)`` numbers that are finite at every step taken, ``theta`` is not
            ``p`` finite numbers, or a state or an action is not one of the policy's.

    Example:
        >>> from pgcompanion.policies import TabularSoftmax
        >>> tau = Trajectories(np.zeros((1, 2), int), np.array([[1, 1]]), np.array([[0.0, 3]]))
        >>> sampled_problem(TabularSoftmax(1, 2), np.zeros(2), tau, np.array([[3.0, 3]])).gradient
        array([-3.,  3.])
    """
    theta, psi = arguments.parameters(theta, policy.p), coefficients(tau, psi)
    if isinstance(policy, Softmax) and tau.s.ndim == 2 and tau.s.dtype.kind in "iu":
        return _counted(policy, theta, tau, psi)
    steps = tau.mask
    return StepProblem(policy, theta, tau.s[steps], tau.a[steps], psi[steps], tau.N)


def coefficients(tau: Trajectories, psi: np.ndarray) -> np.ndarray:
    """``psi (N, H)`` after checking it, and 0 where no step was taken."""
    return checks.finite("psi", _where_taken(tau, of_steps(psi, tau)))


def _where_taken(tau: Trajectories, x: np.ndarray) -> np.ndarray:
    """``x (N, H)``, and 0 where no step was taken: nothing is promised of what stands there."""
    return x if tau.complete else np.where(tau.mask, x, x.dtype.type(0))


def _counted(
    policy: Softmax, theta: np.ndarray, tau: Trajectories, psi: np.ndarray
) -> TableProblem:
    pi = policy.table(theta)
    S, A = pi.shape
    # An index beyond the table would be counted in the next row of it.
    s = checks.indices("tau.s", _where_taken(tau, tau.s), S).T.astype(np.intp)
    a = checks.indices("tau.a", _where_taken(tau, tau.a), A).T
    psi = psi.T
    by_sign = np.bincount((2 * (s * A + a) + (psi > 0)).ravel(), psi.ravel(), 2 * S * A)
    drawn = tau.N * np.where(pi > 0, pi, 1.0)
    down, up = by_sign.reshape(S, A, 2).transpose(2, 0, 1) / drawn
    n = np.bincount(s.ravel(), tau.mask.T.ravel(), S) / tau.N
    return TableProblem(policy, theta, n, up + down, lambda: up, pi)
