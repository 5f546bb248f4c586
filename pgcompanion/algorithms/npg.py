r"""The natural policy gradient: steepest ascent where length is measured by the KL divergence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from pgcompanion import checks
from pgcompanion.algorithms.arguments import not_negative, one_of
from pgcompanion.algorithms.conjugate_gradient import Product, conjugate_gradient
from pgcompanion.algorithms.iterate import Iterate, iterate
from pgcompanion.algorithms.local import LocalProblem
from pgcompanion.algorithms.pseudo_inverse import least_solution
from pgcompanion.algorithms.views import Coefficient, view
from pgcompanion.mdp import MDP


def npg_step(
    g: np.ndarray, F: np.ndarray | Product, *, eta: float | None = None, delta: float | None = None
) -> np.ndarray:
    r"""The step :math:`\eta F^+g`, shape ``(p,)``, for a step size ``eta`` or a radius ``delta``.

    Statement: `npg_optimization`. With ``delta`` it solves :math:`\max_dg^\top d` subject to
    :math:`\frac12d^\top Fd\le\delta`, which gives :math:`\eta=\sqrt{2\delta/g^\top F^+g}`.

    :math:`F` is singular for every softmax table, so the inverse is the pseudo-inverse: of all the
    steps that change the policy alike, the shortest, with nothing in the null space of :math:`F`.
    `least_solution` finds it from the matrix, `conjugate_gradient` from products alone.

    Args:
        g: gradient, shape ``(p,)``. A policy gradient lies in the range of ``F``; of any other vector
            only the part in the range counts, and a product ``F`` cannot tell it.
        F: Fisher matrix ``(p, p)``, or a function :math:`v\mapsto Fv` where ``p`` is large.
        eta: step size :math:`\eta`, positive.
        delta: radius :math:`\delta` in nats, positive.

    Raises:
        ValueError: neither or both of ``eta`` and ``delta`` are given, or the one is not a positive
            number; or ``g`` or ``F`` does not have its shape or is not finite.

    Source: Kakade 2002; Schulman et al. 2015, appendix C.

    Example:
        >>> F = np.array([[0.25, -0.25], [-0.25, 0.25]])             # a fair coin
        >>> npg_step(np.array([-1.0, 1.0]), F, eta=0.5)
        array([-1.,  1.])
    """
    g = checks.finite("g", g, (None,)).astype(float)
    if callable(F):
        x = conjugate_gradient(F, g)
    else:
        x = least_solution(checks.finite("F", F, (len(g), len(g))), g)
    return step_size(g, x, eta=eta, delta=delta) * x


def step_size(
    g: np.ndarray, x: np.ndarray, *, eta: float | None = None, delta: float | None = None
) -> float:
    r"""The step size: ``eta`` itself, or :math:`\sqrt{2\delta/g^\top x}` for the natural gradient :math:`x=F^+g`.

    Statement: `npg_optimization`. It is 0 where :math:`g=0`.

    >>> step_size(np.array([4.0]), np.array([2.0]), delta=1.0)
    0.5
    """
    name, x_given = one_of(eta=eta, delta=delta)
    squared = float(g @ x)
    if name == "eta":
        return x_given
    # Two roots, since the quotient of a subnormal number would be infinite.
    return float(np.sqrt(2 * x_given) / np.sqrt(squared)) if squared > 0 else 0.0


def compatible_regression(score: np.ndarray, psi: np.ndarray, weights: np.ndarray) -> np.ndarray:
    r"""The natural gradient as a regression of advantages on scores, shape ``(p,)``.

    Statement: `npg`. :math:`\arg\min_w\sum_iw_i\big(\psi_i-w^\top\nabla\log\pi_\theta(a_i\mid s_i)\big)^2`,
    the solution of least norm. With the exact advantages and the weights
    :math:`d_h(s)\pi_\theta(a\mid s)` it is :math:`F^+\nabla J`.

    Args:
        score: scores, shape ``(n, p)``.
        psi: advantages, shape ``(n,)``.
        weights: shape ``(n,)``, not negative.

    Source: Kakade 2002, theorem 1.

    >>> score = np.array([[-0.5, 0.5], [0.5, -0.5]])
    >>> compatible_regression(score, np.array([1.0, -1.0]), np.ones(2)).round(6)
    array([-1.,  1.])
    """
    root = np.sqrt(weights)
    return np.linalg.lstsq(root[:, None] * score, root * psi, rcond=None)[0]


def natural_step(
    problem: LocalProblem,
    *,
    eta: float | None = None,
    delta: float | None = None,
    damping: float = 0.0,
) -> np.ndarray:
    r"""`npg_step` for a local problem, exact or sampled; shape ``(p,)``.

    Statement: `npg`. Tabular softmax has a closed form; otherwise it is `least_solution` where the
    Fisher matrix of finitely many states is small, and `conjugate_gradient` elsewhere. ``damping`` puts
    :math:`F+\epsilon I` in the place of :math:`F`: what few samples say about a rare choice is then
    believed less.

    With ``delta`` it is the damped length that is fixed, :math:`\frac12d^\top(F+\epsilon I)d=\delta`;
    :math:`\frac12d^\top Fd`, which the divergence resembles, is shorter then.

    Raises:
        ValueError: as `npg_step`; or ``damping`` is negative.
    """
    not_negative("damping", damping)
    x = problem.natural_gradient(damping)
    return step_size(problem.gradient, x, eta=eta, delta=delta) * x


def npg(
    mdp: MDP | Any,
    policy: Any,
    theta: np.ndarray,
    *,
    eta: float | None = None,
    delta: float | None = None,
    damping: float = 0.0,
    K: int | None = None,
    N: int | None = None,
    H: int | None = None,
    rng: np.random.Generator | None = None,
    coefficient: Coefficient | None = None,
) -> Iterator[Iterate]:
    r"""The natural policy gradient :math:`\theta^{k+1}=\theta^k+\eta F_{\theta^k}^+\nabla J(\theta^k)`.

    Statement: `npg`. With ``eta`` every step has that size; with ``delta`` every step has the length
    :math:`\frac12d^\top(F+\epsilon I)d=\delta` with the ``damping`` :math:`\epsilon`, which is 0 by
    default (see `natural_step`).

    On a finite MDP the gradient and the Fisher matrix are exact without ``N``, and with it they are
    estimated from ``N`` fresh trajectories each time. On a vector environment they are estimated from
    its next steps, and the record has other meanings (see `Iterate`).

    For a time-dependent table (`MDP.with_time`) the exact step is :math:`\pi_h\propto\pi_h\,e^{\eta A_h}`
    and :math:`J` never decreases, whatever ``eta``. For a stationary one it can.

    Args:
        mdp: a finite MDP, or a vector environment as `gymnasium.make_vec` gives it.
        N: trajectories of an MDP between two updates.
        H: steps of each environment between two updates, 64 by default; an MDP has its own horizon.
        rng: draws what is sampled.
        coefficient: maps trajectories to their advantages. By default `advantage_estimate` on an MDP,
            and a new `Critic` on environments.

    Raises:
        ValueError: as `natural_step` and `iterate`; ``mdp`` is neither of the two; ``N`` or a vector
            environment comes without ``rng``, ``N`` with a vector environment, or ``H`` with an MDP.

    Example:
        >>> from pgcompanion.policies import TabularSoftmax
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> [round(it.J, 3) for it in npg(coin, TabularSoftmax(1, 2), np.zeros(2), eta=2.0, K=3)]
        [1.5, 2.642, 2.946, 2.993]
    """
    one_of(eta=eta, delta=delta)
    not_negative("damping", damping)

    def update(problem: LocalProblem, k: int) -> np.ndarray:
        return problem.theta_k + natural_step(problem, eta=eta, delta=delta, damping=damping)

    return iterate(view(mdp, policy, N, rng, coefficient, H), theta, update, K)
