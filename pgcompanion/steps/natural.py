r"""The natural gradient step: steepest ascent where length is measured by the KL divergence."""

from __future__ import annotations

import numpy as np

from pgcompanion import checks
from pgcompanion._numerics.conjugate_gradient import conjugate_gradient
from pgcompanion._numerics.minimum_norm import minimum_norm_solution
from pgcompanion.batches import Batch
from pgcompanion.objectives import fisher, fisher_product, gradient
from pgcompanion.policies import Policy

DENSE = 1000  # up to so many parameters the Fisher matrix is formed
CG_STEPS = 20  # of a sampled system: noise is not worth solving further


def npg_step(g: np.ndarray, F: np.ndarray, delta: float) -> np.ndarray:
    r"""The step :math:`\sqrt{2\delta/g^\top F^+g}\,F^+g`, shape ``(p,)``.

    Statement: `npg_optimization`. It solves :math:`\max_dg^\top d` subject to
    :math:`\frac12d^\top Fd\le\delta`. :math:`F` is singular for every softmax table, so the inverse is the
    pseudo-inverse: of all the steps that change the policy alike, the shortest (`minimum_norm_solution`).

    Args:
        g: gradient, shape ``(p,)``. A policy gradient lies in the range of ``F``; of any other vector
            only the part in the range counts.
        F: Fisher matrix, symmetric and positive semidefinite, shape ``(p, p)``.
        delta: radius :math:`\delta` in nats, positive.

    Raises:
        ValueError: ``delta`` is not a positive number, ``g`` or ``F`` does not have its shape or is not
            finite, or ``F`` is not symmetric or has a negative eigenvalue.

    Source: Kakade 2002; Schulman et al. 2015, appendix C.

    Example:
        >>> F = np.array([[0.25, -0.25], [-0.25, 0.25]])             # a fair coin
        >>> npg_step(np.array([-1.0, 1.0]), F, delta=0.125)
        array([-0.5,  0.5])
    """
    checks.positive("delta", delta)
    g = checks.finite("g", g, (None,)).astype(float)
    F = checks.semidefinite("F", F, len(g))
    # The step depends on the direction of g alone; the square of its length could overflow.
    g = g / (np.abs(g).max(initial=0.0) or 1.0)
    x = minimum_norm_solution(F, g)
    return step_size(g, x, delta) * x


def step_size(g: np.ndarray, x: np.ndarray, delta: float) -> float:
    r"""The :math:`\eta=\sqrt{2\delta/g^\top x}` for which a step along :math:`x=F^+g` has the radius ``delta``.

    Statement: `npg_optimization`. It is 0 where :math:`g^\top x=0`.

    Raises:
        ValueError: ``delta`` is not a positive number, or ``g`` and ``x`` are not finite and alike in shape.

    Example:
        >>> step_size(np.array([4.0]), np.array([2.0]), delta=1.0)
        0.5
    """
    checks.positive("delta", delta)
    g = checks.finite("g", g, (None,))
    x = checks.finite("x", x, g.shape)
    # Neither the product of two long vectors nor that of two short ones may leave the range of numbers.
    sizes = [np.abs(v).max(initial=0.0) or 1.0 for v in (g, x)]
    squared = float((g / sizes[0]) @ (x / sizes[1]))
    if squared <= 0:
        return 0.0
    return float(np.sqrt(2 * delta) / np.sqrt(squared) / np.sqrt(sizes[0]) / np.sqrt(sizes[1]))


def natural_gradient(
    policy: Policy, theta: np.ndarray, batch: Batch, damping: float = 0.0, cg_steps: int = CG_STEPS
) -> np.ndarray:
    r""":math:`F^+g` of a batch, or :math:`(F+\epsilon I)^{-1}g` with ``damping`` :math:`\epsilon`; ``(p,)``.

    Statement: `npg`. A policy may have a closed form, `Policy.natural`; otherwise the matrix is formed
    for up to 1,000 parameters, and for more `conjugate_gradient` takes ``cg_steps`` steps with
    Fisher-vector products. Damping makes what few samples say about a rare choice be believed less.

    Raises:
        ValueError: ``damping`` is negative, ``cg_steps`` no positive integer, or ``theta`` none of the
            policy's parameters.
        TypeError: ``policy`` is no policy, or ``batch`` no batch.

    Example:
        >>> from pgcompanion.batches import Exact
        >>> from pgcompanion.mdp import MDP
        >>> from pgcompanion.policies import TabularSoftmax
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> policy, theta = TabularSoftmax(1, 2), np.zeros(2)
        >>> natural_gradient(policy, theta, Exact(coin)(policy, theta))
        array([-0.5,  0.5])
    """
    return solution(policy, theta, batch, gradient(policy, theta, batch), damping, cg_steps)


def solution(
    policy: Policy, theta: np.ndarray, batch: Batch, g: np.ndarray, damping: float, cg_steps: int
) -> np.ndarray:
    r"""`natural_gradient` with another vector ``g`` in the range of :math:`F` in place of the gradient."""
    checks.not_negative("damping", damping)
    checks.positive_integer("cg_steps", cg_steps)
    closed_form = getattr(policy, "natural", None)
    if closed_form is not None:
        return np.asarray(closed_form(theta, batch, g, damping))
    if policy.p <= DENSE:
        F = fisher(policy, theta, batch) + damping * np.eye(policy.p)
        return minimum_norm_solution(F, g)
    return conjugate_gradient(
        lambda v: fisher_product(policy, theta, batch, v) + damping * v, g, steps=cg_steps
    )


def natural_step(
    policy: Policy,
    theta: np.ndarray,
    batch: Batch,
    *,
    eta: float | None = None,
    delta: float | None = None,
    damping: float = 0.0,
    cg_steps: int = CG_STEPS,
) -> np.ndarray:
    r"""The step of `natural_gradient` with size ``eta``, or with the radius ``delta``; shape ``(p,)``.

    Statement: `npg`. With ``delta`` it is the damped length that is fixed,
    :math:`\frac12d^\top(F+\epsilon I)d=\delta`; :math:`\frac12d^\top Fd`, which the divergence resembles,
    is shorter then.

    Raises:
        ValueError: neither or both of ``eta`` and ``delta`` are given, or the one is not a positive
            number; otherwise as `natural_gradient`.
        TypeError: as `natural_gradient`.
    """
    name, size = checks.one_of(eta=eta, delta=delta)
    g = gradient(policy, theta, batch)
    x = solution(policy, theta, batch, g, damping, cg_steps)
    return (size if name == "eta" else step_size(g, x, size)) * x


def tabular_npg_update(pi: np.ndarray, A_bar: np.ndarray, eta: float) -> np.ndarray:
    r"""The policy after one natural step of a softmax table: :math:`\pi e^{\eta\bar A}/Z`, shape ``(S, A)``.

    Statement: `natural_table`, `three_tilts`. :math:`F^+\nabla J` is :math:`\bar A` up to a constant in each
    state that is visited, the advantage averaged over the visits. With :math:`\eta=1/\lambda` it is also the
    maximiser of :math:`\sum_a\pi'(a)\bar A(a)-\lambda\,\mathrm{KL}(\pi'\,\|\,\pi)`: mirror descent, or
    multiplicative weights.

    Args:
        pi: the policy, shape ``(S, A)``.
        A_bar: advantages, shape ``(S, A)``.
        eta: step size.

    Raises:
        ValueError: ``pi`` is not a table of distributions, ``A_bar`` is not finite or has another shape,
            or ``eta`` is not a positive number.

    Example:
        >>> tabular_npg_update(np.array([[0.5, 0.5]]), np.array([[0.0, 1.0]]), eta=np.log(3.0)).round(2)
        array([[0.25, 0.75]])
    """
    pi = checks.distribution("pi", pi, (None, None))
    A_bar = checks.finite("A_bar", A_bar, pi.shape)
    z = np.where(pi > 0, checks.positive("eta", eta) * A_bar, -np.inf)
    tilted = pi * np.exp(z - z.max(axis=1, keepdims=True))
    return tilted / tilted.sum(axis=1, keepdims=True)


def compatible_regression(score: np.ndarray, psi: np.ndarray, weights: np.ndarray) -> np.ndarray:
    r"""The natural gradient as a regression of advantages on scores, shape ``(p,)``.

    Statement: `compatible_regression`. :math:`\arg\min_w\sum_iw_i\big(\psi_i-w^\top\nabla\log\pi_\theta(a_i\mid s_i)\big)^2`,
    the minimum-norm solution: compatible function approximation. With the exact advantages and the
    weights :math:`d_h(s)\pi_\theta(a\mid s)` it is :math:`F^+\nabla J`.

    Args:
        score: scores, shape ``(n, p)``.
        psi: advantages, shape ``(n,)``.
        weights: shape ``(n,)``, not negative.

    Raises:
        ValueError: an array does not have its shape or is not finite, or a weight is negative.

    Source: Kakade 2002, theorem 1; Sutton et al. 2000.

    Example:
        >>> score = np.array([[-0.5, 0.5], [0.5, -0.5]])
        >>> compatible_regression(score, np.array([1.0, -1.0]), np.ones(2)).round(6)
        array([-1.,  1.])
    """
    score = checks.finite("score", score, (None, None))
    psi = checks.finite("psi", psi, (len(score),))
    weights = checks.weights("weights", weights, (len(score),))
    root = np.sqrt(weights)
    return np.linalg.lstsq(root[:, None] * score, root * psi, rcond=None)[0]
