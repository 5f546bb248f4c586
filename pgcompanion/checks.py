"""The border: every public function checks its arguments once, here, and the mathematics behind it does not."""

from __future__ import annotations

import numpy as np

ROW_SUM_TOLERANCE = 1e-8


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
    if (errors > ROW_SUM_TOLERANCE).any():
        row = np.unravel_index(errors.argmax(), sums.shape)
        where = f"[{', '.join(str(int(i)) for i in row)}]" if row else ""
        raise ValueError(f"{name}{where} must sum to 1, but it sums to {sums[row]:.10g}.")
    return p


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


def theta(x: object, p: int) -> np.ndarray:
    """Return the parameters ``x`` as an array of ``p`` finite numbers."""
    return finite("theta", x, (p,))
