"""Linear systems with a matrix that is known only by its products with vectors."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pgcompanion import checks

Product = Callable[[np.ndarray], np.ndarray]


def conjugate_gradient(
    product: Product, b: np.ndarray, tolerance: float = 1e-12, steps: int | None = None
) -> np.ndarray:
    r"""The solution of :math:`Fx=b` of least norm, shape ``(p,)``, from products :math:`v\mapsto Fv` alone.

    Statement: `npg_optimization`. ``F`` is symmetric and positive semidefinite, and ``b`` lies in its
    range, as a policy gradient does in the range of the Fisher matrix; then the iterates, which start
    at 0, never leave that range and the result is :math:`F^+b`. It stops when the residual has fallen
    to ``tolerance`` times :math:`\|b\|`, after ``steps`` products (``10 p`` by default), or at a
    direction whose curvature is not positive, or no more than round-off beside the largest met.

    Raises:
        ValueError: ``b`` is not one axis of finite numbers, ``tolerance`` is negative, or ``steps`` is not
            a positive integer.
        TypeError: ``product`` is no function.

    Source: Hestenes and Stiefel 1952.

    Example:
        >>> F = np.array([[2.0, -2.0], [-2.0, 2.0]])                 # singular
        >>> conjugate_gradient(lambda v: F @ v, np.array([1.0, -1.0]))
        array([ 0.25, -0.25])
    """
    checks.function("product", product)
    b = checks.finite("b", b, (None,))
    checks.not_negative("tolerance", tolerance)
    steps = 10 * len(b) if steps is None else checks.positive_integer("steps", steps)
    x, residual, direction = np.zeros_like(b), b, b
    norm2 = residual @ residual
    goal, largest = tolerance**2 * norm2, 0.0
    for _ in range(steps):
        if norm2 <= goal:
            break
        image = product(direction)
        curvature, length2 = direction @ image, direction @ direction
        largest = max(largest, curvature / length2)
        if curvature <= len(b) * np.finfo(float).eps * largest * length2:
            break
        x = x + norm2 / curvature * direction
        residual = residual - norm2 / curvature * image
        norm2, previous = residual @ residual, norm2
        direction = residual + norm2 / previous * direction
    return x
