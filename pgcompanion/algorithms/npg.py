r"""The natural policy gradient: steepest ascent where length is measured by the KL divergence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from pgcompanion.algorithms.conjugate_gradient import Product, conjugate_gradient
from pgcompanion.algorithms.iterate import (
    Coefficient,
    Iterate,
    advantage_estimate,
    iterate,
    one_of,
    view,
)
from pgcompanion.algorithms.local import LocalProblem
from pgcompanion.mdp import MDP


def npg_step(
    g: np.ndarray, F: np.ndarray | Product, *, eta: float | None = None, delta: float | None = None
) -> np.ndarray:
    r"""The step :math:`\eta F^+g`, shape ``(p,)``, for a step size ``eta`` or a radius ``delta``.

    Statement: `npg_optimization`. With ``delta`` it solves :math:`\max_dg^\top d` subject to
    :math:`\frac12d^\top Fd\le\delta`, which gives :math:`\eta=\sqrt{2\delta/g^\top F^+g}`.

    :math:`F` is singular for every softmax table, so the inverse is the pseudo-inverse: of all the
    steps that change the policy alike, the shortest, with nothing in the null space of :math:`F`.
    `conjugate_gradient` finds it from products alone.

    Args:
        g: gradient, shape ``(p,)``, in the range of ``F``.
        F: Fisher matrix ``(p, p)``, or a function :math:`v\mapsto Fv` where ``p`` is large.
        eta: step size :math:`\eta`, positive.
        delta: radius :math:`\delta` in nats, positive.

    Raises:
        ValueError: neither or both of ``eta`` and ``delta`` are given, or the one is not positive.

    Source: Kakade 2002; Schulman et al. 2015, appendix C.

    Example:
        >>> F = np.array([[0.25, -0.25], [-0.25, 0.25]])             # a fair coin
        >>> npg_step(np.array([-1.0, 1.0]), F, eta=0.5)
        array([-1.,  1.])
    """
    x = conjugate_gradient(F if callable(F) else F.__matmul__, g)
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
    r"""`npg_step` for a local problem, exact or sampled, without its Fisher matrix; shape ``(p,)``.

    Statement: `npg`. Tabular softmax has a closed form; any other policy is left to the conjugate
    gradient method. ``damping`` puts :math:`F+\epsilon I` in the place of :math:`F`: what few samples
    say about a rare choice is then believed less.

    Raises:
        ValueError: as `npg_step`.
    """
    x = problem.natural_gradient(damping)
    return step_size(problem.gradient, x, eta=eta, delta=delta) * x


def npg(
    mdp: MDP,
    policy: Any,
    theta: np.ndarray,
    *,
    eta: float | None = None,
    delta: float | None = None,
    damping: float = 0.0,
    K: int | None = None,
    N: int | None = None,
    rng: np.random.Generator | None = None,
    coefficient: Coefficient = advantage_estimate,
) -> Iterator[Iterate]:
    r"""The natural policy gradient :math:`\theta^{k+1}=\theta^k+\eta F_{\theta^k}^+\nabla J(\theta^k)`.

    Statement: `npg`. With ``eta`` every step has that size; with ``delta`` every step has the length
    :math:`\frac12d^\top Fd=\delta`. Without ``N`` the gradient and the Fisher matrix are exact, with it
    they are estimated from ``N`` fresh trajectories each time (see `iterate`).

    For a time-dependent table (`MDP.with_time`) the step is :math:`\pi_h\propto\pi_h\,e^{\eta A_h}` and
    :math:`J` never decreases, whatever ``eta``. For a stationary one it can.

    Raises:
        ValueError: as `npg_step`; or ``N`` is given without ``rng``.

    Example:
        >>> from pgcompanion.policies import TabularSoftmax
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> [round(it.J, 3) for it in npg(coin, TabularSoftmax(1, 2), np.zeros(2), eta=2.0, K=3)]
        [1.5, 2.642, 2.946, 2.993]
    """

    one_of(eta=eta, delta=delta)

    def update(problem: LocalProblem, k: int) -> np.ndarray:
        return problem.theta_k + natural_step(problem, eta=eta, delta=delta, damping=damping)

    return iterate(view(mdp, policy, N, rng, coefficient), theta, update, K)
