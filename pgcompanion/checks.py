"""The border: every public function checks its arguments once, here, and the mathematics behind it does not."""

from __future__ import annotations

from numbers import Real
from types import EllipsisType

import numpy as np

ROW_SUM_TOLERANCE = 1e-8


def shaped(name: str, x: object, shape: tuple[int | EllipsisType, ...]) -> np.ndarray:
    """Return ``x`` as an array of this shape; a last ``...`` stands for any further axes.

    It looks at no entry, so that it costs the same for any number of them.
    """
    x = np.asarray(x)
    sizes = tuple(n for n in shape if n is not ...)
    if x.shape[: len(sizes)] != sizes or (x.ndim > len(sizes) and ... not in shape):
        expected = ", ".join("..." if n is ... else str(n) for n in shape)
        raise ValueError(f"{name} has shape {x.shape}, but ({expected}) is expected.")
    return x


def finite(name: str, x: object, shape: tuple[int | None, ...] | None = None) -> np.ndarray:
    """Return ``x`` as an array of finite numbers; ``None`` in ``shape`` stands for any size."""
    x = np.asarray(x)
    if x.dtype.kind not in "biufc":
        raise ValueError(f"{name} must be an array of numbers, but its type is {x.dtype}.")
    if shape is not None and not _fits(x.shape, shape):
        expected = ", ".join("any" if n is None else str(n) for n in shape)
        raise ValueError(f"{name} has shape {x.shape}, but ({expected}) is expected.")
    if not np.isfinite(x).all():
        raise ValueError(f"{name} must be finite, but it contains NaN or infinity.")
    return x


def _fits(shape: tuple[int, ...], expected: tuple[int | None, ...]) -> bool:
    return len(shape) == len(expected) and all(
        m is None or n == m for n, m in zip(shape, expected, strict=True)
    )


def distribution(name: str, p: object, shape: tuple[int | None, ...] | None = None) -> np.ndarray:
    """Return ``p`` after checking that its last axis holds probability distributions.

    Complex numbers pass, so that a derivative can be taken by a complex step; then the real
    parts must be the distribution.
    """
    p = finite(name, p, shape)
    if (p.real < 0).any():
        worst = p.real.min()
        raise ValueError(f"{name} must not be negative, but it contains {worst:.6g}.")
    sums = p.real.sum(axis=-1)
    errors = np.abs(sums - 1.0)
    if (errors > _row_sum_tolerance(p)).any():
        row = np.unravel_index(errors.argmax(), sums.shape)
        where = f"[{', '.join(str(int(i)) for i in row)}]" if row else ""
        raise ValueError(f"{name}{where} must sum to 1, but it sums to {sums[row]:.10g}.")
    return p


def _row_sum_tolerance(p: np.ndarray) -> float:
    """How far from 1 the sum of a row may lie.

    With unit round-off u = eps / 2, dividing K numbers by their sum leaves a row that sums to 1 within
    K u to first order: K - 1 additions and a division. The K - 1 additions of this check put in as
    much again: K eps together, which in single precision is more than what is allowed to a row that
    was typed by hand.
    """
    eps = float(np.finfo(p.dtype).eps) if p.dtype.kind in "fc" else 0.0
    return max(ROW_SUM_TOLERANCE, p.shape[-1] * eps)


def indices(name: str, x: object, size: int) -> np.ndarray:
    """Return ``x`` as an array of integers between 0 and ``size - 1``."""
    x = np.asarray(x)
    if x.dtype.kind not in "iu":
        raise ValueError(f"{name} must hold integers, but its type is {x.dtype}.")
    if x.size and (x.min() < 0 or x.max() >= size):
        bad = x.min() if x.min() < 0 else x.max()
        raise ValueError(f"{name} must lie between 0 and {size - 1}, but it contains {bad}.")
    return x


def positive_integer(name: str, n: object) -> int:
    """Return ``n`` as an int that is at least 1."""
    return _integer(name, n, 1, "a positive integer")


def natural_number(name: str, n: object) -> int:
    """Return ``n`` as an int that is at least 0."""
    return _integer(name, n, 0, "an integer that is not negative")


def _integer(name: str, n: object, least: int, what: str) -> int:
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < least:
        raise ValueError(f"{name} must be {what}, but it is {n!r}.")
    return int(n)


def discount(gamma: object) -> float:
    """Return ``gamma`` as a float in [0, 1]."""
    if not (isinstance(gamma, Real) and 0 <= float(gamma) <= 1):
        raise ValueError(f"gamma must be a number in [0, 1], but it is {gamma!r}.")
    return float(gamma)


def theta(x: object, p: int, name: str = "theta") -> np.ndarray:
    """Return the parameters ``x`` as an array of ``p`` finite numbers."""
    return finite(name, x, (p,))
