r"""Derivatives by steps: complex steps to round-off, and central differences to check them by.

For a function that computes with complex numbers as with real ones,
:math:`f(x+ihv)=f(x)+ih\,\partial_vf(x)+O(h^2)`: the imaginary part is the derivative, no difference
is taken, and so :math:`h` may be as small as one likes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from pgcompanion import checks

Function = Callable[[np.ndarray], np.ndarray]

COMPLEX_STEP = 1e-30
FOURTH_ORDER_STEP = 1e-3  # the error is its fourth power over 30, and round-off over it
CENTRAL_STEP = 3e-6


def jvp(f: Function, x: np.ndarray, v: np.ndarray) -> np.ndarray:
    r"""The derivative of ``f`` at ``x`` along ``v`` (Jacobian-vector product), shape of ``f(x)``.

    Statement: `parameterizations`. :math:`\mathrm{Im}\,f(x+ihv)/h` with :math:`h=10^{-30}`, right
    to round-off. Where ``x`` is complex already, as when a derivative is itself differentiated, it
    is a difference of fourth order, :math:`\big(8(f_1-f_{-1})-(f_2-f_{-2})\big)/12r` with
    :math:`f_k=f(x+krv)`, right to about :math:`10^{-12}`; an imaginary part of :math:`10^{-30}`
    keeps its digits.

    Args:
        f: computes with complex numbers; no ``abs``, no ``real``, no comparison of imaginary parts.
        x, v: arrays of one shape.

    Raises:
        ValueError: ``x`` or ``v`` is not finite, their shapes differ, or ``f`` returns real numbers
            for complex ones, so that its derivative would come out as 0.

    Source: Squire and Trapp (1998).

    Example:
        >>> float(jvp(lambda x: (x**3).sum(), np.array([1.0, 2.0]), np.array([0.0, 1.0])))
        12.0
    """
    checks.function("f", f)
    x = checks.finite("x", x)
    if np.shape(v) != x.shape:
        raise ValueError(f"v and x must have one shape, but found {np.shape(v)} and {x.shape}.")
    v = checks.finite("v", v)
    if np.iscomplexobj(x):
        r = FOURTH_ORDER_STEP / (np.abs(v).max(initial=0.0) or 1.0)
        near, far = (np.asarray(f(x + k * r * v)) - np.asarray(f(x - k * r * v)) for k in (1, 2))
        return (8 * near - far) / (12 * r)
    y = np.asarray(f(x + 1j * COMPLEX_STEP * v))
    if not np.iscomplexobj(y):
        raise ValueError("f must return complex numbers for a complex x, but it returns real ones.")
    return y.imag / COMPLEX_STEP


def vjp(f: Function, x: np.ndarray, w: np.ndarray) -> np.ndarray:
    r"""The gradient of :math:`\langle w,f(x)\rangle` (vector-Jacobian product), shape of ``x``.

    Statement: `parameterizations`. One `jvp` for each entry of ``x``, and no Jacobian is kept.
    ``w`` has the shape of ``f(x)``.

    Raises:
        ValueError: as `jvp`; or ``w`` is not of the shape of ``f(x)``.

    Example:
        >>> vjp(lambda x: x**2, np.array([1.0, 2.0]), np.array([1.0, 10.0]))
        array([ 2., 40.])
    """
    checks.function("f", f)
    x, w = checks.finite("x", x), checks.finite("w", w)
    along = []
    for d in _partials(f, x):
        if d.shape != w.shape:
            raise ValueError(f"w has shape {w.shape}, but {d.shape}, that of f(x), is expected.")
        along.append((w * d).sum())
    return np.reshape(along, x.shape)


def complex_step(f: Function, x: np.ndarray) -> np.ndarray:
    r"""The derivative of ``f`` along every entry of ``x``, shape ``(*f(x).shape, *x.shape)``.

    Statement: `parameterizations`. One `jvp` for each entry.

    Raises:
        ValueError: as `jvp`.

    Example:
        >>> complex_step(lambda x: np.exp(x[0]) * x, np.array([0.0, 1.0]))
        array([[1., 0.],
               [1., 1.]])
    """
    checks.function("f", f)
    x = checks.finite("x", x)
    return _stacked(_partials(f, x), x.shape)


def central_difference(f: Function, x: np.ndarray) -> np.ndarray:
    r"""The derivative of ``f`` along every entry of ``x`` by :math:`(f(x+he_j)-f(x-he_j))/2h`.

    Statement: `parameterizations`. Right to about :math:`10^{-10}`, round-off to the power of
    two thirds; for functions that real numbers alone can enter. Shape as `complex_step`.

    Raises:
        ValueError: ``x`` is not finite.

    Example:
        >>> central_difference(lambda x: abs(x) ** 3, np.array([1.0])).round(8)
        array([[3.]])
    """
    checks.function("f", f)
    x = checks.finite("x", x)
    h = CENTRAL_STEP
    differences = [np.asarray(f(x + h * e)) - np.asarray(f(x - h * e)) for e in _axes(x)]
    return _stacked(differences, x.shape) / (2 * h)


def _axes(x: np.ndarray) -> Iterator[np.ndarray]:
    """The unit vectors of the entries of ``x``, one at a time: together they would be a matrix."""
    for i in range(x.size):
        e = np.zeros(x.shape, x.real.dtype)
        e.flat[i] = 1
        yield e


def _partials(f: Function, x: np.ndarray) -> Iterator[np.ndarray]:
    return (jvp(f, x, e) for e in _axes(x))


def _stacked(partials: Iterable[np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
    stacked = np.stack(list(partials), axis=-1)
    return np.reshape(stacked, (*stacked.shape[:-1], *shape))
