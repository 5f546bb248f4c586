r"""The score-function estimate of the policy gradient, and its exact mean and covariance.

`policy_gradient` never forms the scores. The forms from `reinforce_gradient` on take them as an
array ``(N, H, p)`` and say the same in the letters of the page.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pgcompanion import checks, exact
from pgcompanion.estimators.returns import discounted, reward_to_go
from pgcompanion.mdp import MDP
from pgcompanion.policies import Policy, Softmax
from pgcompanion.trajectories import Trajectories


def policy_gradient(
    policy: Policy, theta: np.ndarray, tau: Trajectories, psi: np.ndarray
) -> np.ndarray:
    r"""The score-function estimate of the policy gradient, shape ``(p,)``.

    Statement: `reinforce_pg`.
    :math:`\frac1N\sum_n\sum_h\psi_h(\tau_n)\nabla\log\pi_\theta(a_h\mid s_h)`. The steps are
    summed, the trajectories averaged; steps that were not taken do not count.

    Raises:
        ValueError: ``psi`` does not have the shape ``(N, H)`` of the trajectories, or is not
            finite.
        TypeError: ``policy`` is no policy, or ``tau`` no trajectories.

    Example:
        >>> from pgcompanion.estimators import reward_to_go
        >>> from pgcompanion.policies import TabularSoftmax
        >>> tau = Trajectories(np.zeros((1, 2), int), np.array([[1, 1]]), np.array([[0.0, 3]]))
        >>> policy_gradient(TabularSoftmax(1, 2), np.zeros(2), tau, reward_to_go(tau.r))
        array([-3.,  3.])
    """
    checks.policy(policy, "row", "score_sum")
    psi, h, s, a = _coefficients(psi, tau), np.arange(tau.H), tau.s, tau.a
    if not tau.complete:
        psi, h, s, a = psi[tau.mask], tau.mask.nonzero()[1], s[tau.mask], a[tau.mask]
    return policy.score_sum(theta, policy.row(h, s), a, psi) / tau.N


def per_trajectory_gradients(
    policy: Policy, theta: np.ndarray, tau: Trajectories, psi: np.ndarray
) -> np.ndarray:
    r"""The terms of `policy_gradient`, one for each trajectory, shape ``(N, p)``.

    Statement: `reinforce_pg`. :math:`\sum_h\psi_h(\tau_n)\nabla\log\pi_\theta(a_h\mid s_h)`. Their
    average is `policy_gradient`, their covariance divided by ``N`` that of the average.

    Raises:
        ValueError: as in `policy_gradient`.
        TypeError: ``policy`` is no policy, or ``tau`` no trajectories.

    Example:
        >>> from pgcompanion.policies import TabularSoftmax
        >>> a, r = np.array([[0], [1]]), np.array([[1.0], [3.0]])
        >>> tau = Trajectories(np.zeros((2, 1), int), a, r)
        >>> per_trajectory_gradients(TabularSoftmax(1, 2), np.zeros(2), tau, tau.r)
        array([[ 0.5, -0.5],
               [-1.5,  1.5]])
    """
    checks.policy(policy, "row", "score")
    psi, terms = _coefficients(psi, tau), np.zeros((tau.N, policy.p))
    for h in range(tau.H):
        n = slice(None) if tau.complete else tau.mask[:, h]
        scores = policy.score(theta, policy.row(h, tau.s[n, h]), tau.a[n, h])
        terms[n] += psi[n, h, None] * scores
    return terms


def moments(
    mdp: MDP,
    policy: Softmax,
    theta: np.ndarray,
    psi: Callable[[Trajectories], np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:
    r"""Exact mean ``(p,)`` and covariance ``(p, p)`` of one trajectory's term, by enumeration.

    Statement: `reinforce_pg`. ``psi`` maps trajectories to coefficients ``(N, H)``. The estimate
    from ``N`` independent trajectories has the same mean and this covariance divided by ``N``.

    Raises:
        ValueError: ``mdp`` has too many trajectories to enumerate, or ``policy`` has other states
            or actions.
        TypeError: ``mdp`` is no MDP, ``policy`` no policy, or ``psi`` no function.

    Example:
        >>> from pgcompanion.policies import TabularSoftmax
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=1)
        >>> mean, cov = moments(coin, TabularSoftmax(1, 2), np.zeros(2), lambda tau: tau.r)
        >>> mean, cov[1, 1]
        (array([-0.25,  0.25]), np.float64(0.0625))
    """
    pi, psi = checks.table_of(mdp, policy, theta), checks.function("psi", psi)
    tau = exact.trajectories(mdp)
    rho = np.exp(exact.log_likelihood(mdp, pi, tau))
    terms = per_trajectory_gradients(policy, theta, tau, psi(tau))
    mean = rho @ terms
    centred = terms - mean
    return mean, (rho[:, None] * centred).T @ centred


def reinforce_gradient(scores: np.ndarray, r: np.ndarray) -> np.ndarray:
    r"""REINFORCE: the mean over episodes of score times return, shape ``(p,)``.

    Statement: `reinforce_pg`.
    :math:`\frac1N\sum_n\big(\sum_h\nabla\log\pi_\theta(a_h\mid s_h)\big)\big(\sum_hr_h\big)`.

    Args:
        scores: the score of each action, shape ``(N, H, p)``.
        r: the rewards, shape ``(N, H)``.

    Raises:
        ValueError: an array of another shape or not finite.

    Example:
        >>> reinforce_gradient(np.array([[[1.0], [-2.0]]]), np.array([[3.0, 1.0]]))
        array([-4.])
    """
    scores, r = _scores(scores), _per_step("r", r, scores)
    trajectory_scores = scores.sum(axis=1)
    returns = r.sum(axis=1)
    return (trajectory_scores * returns[:, None]).mean(axis=0)


def baseline_gradient(scores: np.ndarray, r: np.ndarray, b: np.ndarray) -> np.ndarray:
    r"""The policy gradient estimated with rewards-to-go and a baseline, shape ``(p,)``.

    Statement: `pg_baseline`.
    :math:`\frac1N\sum_n\sum_h\nabla\log\pi_\theta(a_h\mid s_h)\big(\sum_{h'\ge h}r_{h'}-b_h(s_h)\big)`.

    Args:
        scores: the score of each action, shape ``(N, H, p)``.
        r: the rewards, shape ``(N, H)``.
        b: the baseline at the states that were visited, shape ``(N, H)``.

    Raises:
        ValueError: an array of another shape or not finite.

    Example:
        >>> scores = np.array([[[1.0], [2.0]]])
        >>> baseline_gradient(scores, np.array([[3.0, 1.0]]), np.array([[2.0, 0.5]]))
        array([3.])
    """
    scores, r, b = _scores(scores), _per_step("r", r, scores), _per_step("b", b, scores)
    psi = reward_to_go(r) - b
    return (psi[:, :, None] * scores).sum(axis=1).mean(axis=0)


def discounted_gradient(scores: np.ndarray, Q: np.ndarray, gamma: float) -> np.ndarray:
    r"""Gradient of the discounted objective, from :math:`Q` at the visited pairs, ``(p,)``.

    Statement: `pg_discounted`.
    :math:`\frac1N\sum_n\sum_h\gamma^h\nabla\log\pi_\theta(a_h\mid s_h)\,Q_h(s_h,a_h)`.

    Args:
        scores: the score of each action, shape ``(N, H, p)``.
        Q: :math:`Q_h(s_h,a_h)`, whose rewards count from step ``h``, shape ``(N, H)``.
        gamma: the discount, in [0, 1].

    Raises:
        ValueError: an array of another shape or not finite, or ``gamma`` is not in [0, 1].

    Example:
        >>> discounted_gradient(np.array([[[1.0], [2.0]]]), np.array([[3.0, 1.0]]), gamma=0.5)
        array([4.])
    """
    scores, Q = _scores(scores), _per_step("Q", Q, scores)
    psi = discounted(Q, gamma)
    return (psi[:, :, None] * scores).sum(axis=1).mean(axis=0)


def fisher_matrix(scores: np.ndarray) -> np.ndarray:
    r"""The Fisher matrix of the trajectory distribution, estimated step by step, shape ``(p, p)``.

    Statement: `fisher_matrix`.
    :math:`\frac1N\sum_n\sum_h\nabla\log\pi_\theta(a_h\mid s_h)\,\nabla\log\pi_\theta(a_h\mid s_h)^\top`.

    Args:
        scores: the score of each action, shape ``(N, H, p)``.

    Raises:
        ValueError: ``scores`` has another shape or is not finite.

    Example:
        >>> fisher_matrix(np.array([[[1.0, 2.0], [0.0, -1.0]]]))
        array([[1., 2.],
               [2., 5.]])
    """
    scores = _scores(scores)
    outer_products = scores[..., :, None] * scores[..., None, :]
    return outer_products.sum(axis=1).mean(axis=0)


def _coefficients(psi: np.ndarray, tau: Trajectories) -> np.ndarray:
    tau, psi = checks.trajectories(tau), checks.array("psi", psi)
    if psi.shape != tau.r.shape or psi.dtype.kind not in "biufc":
        raise ValueError(
            f"psi must be an array (N, H) = {tau.r.shape} of numbers, but its shape is {psi.shape} "
            f"and its type {psi.dtype}."
        )
    # One NaN reaches the sum, which is had in a third of the time that a look at each entry takes.
    if not np.isfinite(psi.sum()):
        checks.finite("psi", psi)
    return psi


def _scores(scores: np.ndarray) -> np.ndarray:
    scores = checks.finite("scores", scores, (None, None, None))
    if 0 in scores.shape[:2]:
        raise ValueError(f"scores has shape {scores.shape}, but one step at least is expected.")
    return scores


def _per_step(name: str, x: np.ndarray, scores: np.ndarray) -> np.ndarray:
    return checks.finite(name, x, scores.shape[:2])
