"""Newton's method for the inner maximisation of an exact update."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pgcompanion._numerics.conjugate_gradient import conjugate_gradient
from pgcompanion.derivatives import jvp

ITERATIONS = 100
FORCING = 1e-4  # how far each linear system is solved: further only adds round-off


def newton_ascent(
    f: Callable[[np.ndarray], float],
    gradient: Callable[[np.ndarray], np.ndarray],
    theta: np.ndarray,
    tolerance: float = 1e-12,
) -> np.ndarray:
    r"""A local maximiser of ``f`` near ``theta``, shape ``(p,)``, found uphill from there.

    Statement: `ppo`. Each step solves :math:`-\nabla^2f\,x=\nabla f` by conjugate gradient, cut short
    where the curvature has the wrong sign, and is halved until ``f`` increases. The products with the
    Hessian are complex steps of ``gradient``, which must take complex parameters. It stops when the
    gradient has fallen to ``tolerance`` times its first norm, or when round-off ends the progress.

    Source: Nocedal and Wright 2006, algorithm 7.1.

    Example:
        >>> hill = lambda x: -np.cosh(x - 1).sum()
        >>> newton_ascent(hill, lambda x: -np.sinh(x - 1), np.zeros(2))
        array([1., 1.])
    """
    g = gradient(theta)
    goal = tolerance * np.linalg.norm(g)
    for _ in range(ITERATIONS):
        if np.linalg.norm(g) <= goal:
            break
        step = _newton_step(gradient, theta, g)
        moved = _uphill(f, gradient, theta, step, g)
        if moved is None:
            break
        theta, g = moved
    return theta


def _newton_step(
    gradient: Callable[[np.ndarray], np.ndarray], theta: np.ndarray, g: np.ndarray
) -> np.ndarray:
    def curvature(v: np.ndarray) -> np.ndarray:
        return -jvp(gradient, theta, v)

    step = conjugate_gradient(curvature, g, FORCING)
    return step if step.any() else g


def _uphill(
    f: Callable[[np.ndarray], float],
    gradient: Callable[[np.ndarray], np.ndarray],
    theta: np.ndarray,
    step: np.ndarray,
    g: np.ndarray,
) -> tuple[np.ndarray, np.ndarray] | None:
    """Halve ``step`` until ``f`` increases; at round-off the gradient tells whether it helped."""
    value, new = f(theta), theta + step
    if abs(f(new) - value) <= 1e-10 * (1 + abs(value)):
        g_new = gradient(new)
        return (new, g_new) if np.linalg.norm(g_new) < 0.5 * np.linalg.norm(g) else None
    for _ in range(40):
        if f(new) > value + 1e-4 * (g @ (new - theta)):
            return new, gradient(new)
        new = (theta + new) / 2
    return None
