r"""Estimate :math:`\mathbb E_{x\sim p}f(x)` from samples of a proposal :math:`q`.

``p`` is the target, ``q`` the proposal that the samples come from. A function of the points ``f``,
``p`` or ``q`` enters in either of two ways:

- a callable that takes the samples ``x`` and returns a number for each;
- an array of its values on the finite space :math:`\{0,\dots,n-1\}`, of which ``x`` are indices.

One array is enough to make the space finite: all arrays then have its length, and what is callable is
asked for its values at :math:`0,\dots,n-1` too, since a gap of ``q`` shows in no sample.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from pgcompanion import checks

Function = Callable[[np.ndarray], np.ndarray] | np.ndarray


class Estimate(NamedTuple):
    """What `estimate` and `self_normalised` return (statement: `importance_sampling`).

    The estimated ``mean``, its standard error ``stderr`` (NaN for one sample), the effective sample
    size ``ess``, and the ``weights (N,)``.
    """

    mean: float
    stderr: float
    ess: float
    weights: np.ndarray


def estimate(f: Function, p: Function, q: Function, x: np.ndarray) -> Estimate:
    r"""Importance sampling: :math:`\frac1N\sum_n\frac{p(x_n)}{q(x_n)}f(x_n)` for :math:`x_n\sim q`.

    Statement: `importance_sampling`. Unbiased for :math:`\mathbb E_{x\sim p}f(x)` where ``q`` is
    positive wherever :math:`p f` is not 0. The distributions are normalised.

    Args:
        f, p, q: callables or arrays over a finite space, see the head of this module.
        x: samples of ``q``, shape ``(N, ...)``.

    Raises:
        ValueError: ``q`` is 0 where :math:`p f` is not (on a finite space), or at a sample; an array
            ``p`` or ``q`` is not a distribution; arrays of different lengths; ``x`` holds no such index.

    Example:
        >>> estimate(f=[1.0, 4.0], p=[0.5, 0.5], q=[0.75, 0.25], x=[0, 0, 0, 1]).mean
        2.5
    """
    for name, g in (("p", p), ("q", q)):
        if not callable(g):
            checks.distribution(name, g, (None,))
    space = _finite_space(f=f, p=p, q=q)
    f_x = _at("f", f, x)
    w = weights(p, q, x)
    _expect_support(space, f, p, q)
    terms = w * f_x
    stderr = terms.std(ddof=1) / np.sqrt(len(w)) if len(w) > 1 else np.nan
    return Estimate(float(terms.mean()), float(stderr), effective_sample_size(w), w)


def self_normalised(f: Function, p: Function, q: Function, x: np.ndarray) -> Estimate:
    r"""Self-normalised importance sampling: :math:`\sum_nw_nf(x_n)\big/\sum_nw_n` with :math:`w_n=p(x_n)/q(x_n)`.

    Statement: `importance_sampling`. It asks for ``p`` and ``q`` up to a factor only, and has a bias
    of order :math:`1/N`. The standard error is the first-order one,
    :math:`\sqrt{\sum_nw_n^2(f(x_n)-\hat\mu)^2}\big/\sum_nw_n`. Arguments as in `estimate`.

    Raises:
        ValueError: ``q`` is 0 where ``p`` is not (on a finite space), or at a sample; ``p`` is 0 at
            every sample; arrays of different lengths.

    Example:
        >>> self_normalised(f=[1.0, 4.0], p=[3, 3], q=[3, 1], x=[0, 0, 0, 1]).mean
        2.5
    """
    space = _finite_space(f=f, p=p, q=q)
    f_x = _at("f", f, x)
    w = weights(p, q, x)
    _expect_support(space, np.ones_like, p, q)
    if not w.any():
        raise ValueError("p must be positive at one sample at least, but it is 0 at all of them.")
    mean = (w @ f_x) / w.sum()
    stderr = np.sqrt(((w * (f_x - mean)) ** 2).sum()) / w.sum()
    return Estimate(float(mean), float(stderr), effective_sample_size(w), w)


def weights(p: Function, q: Function, x: np.ndarray) -> np.ndarray:
    r"""The likelihood ratios :math:`w_n=p(x_n)/q(x_n)`, shape ``(N,)``; their mean under ``q`` is 1.

    Statement: `importance_sampling`. Arguments as in `estimate`.

    Raises:
        ValueError: ``p`` is negative or ``q`` is not positive at a sample; arrays of different lengths.

    Example:
        >>> weights(p=[0.5, 0.5], q=[0.75, 0.25], x=[0, 1]).round(4)
        array([0.6667, 2.    ])
    """
    _finite_space(p=p, q=q)
    p_x, q_x = _at("p", p, x), _at("q", q, x)
    if (p_x < 0).any():
        n = (p_x < 0).argmax()
        raise ValueError(f"p must not be negative, but it is {p_x[n]:.6g} at x[{n}].")
    if (q_x <= 0).any():
        n = (q_x <= 0).argmax()
        raise ValueError(
            f"q must be positive at its own samples, but it is {q_x[n]:.6g} at x[{n}]."
        )
    return np.asarray(p_x / q_x)


def effective_sample_size(w: np.ndarray) -> float:
    r"""The effective sample size :math:`(\sum_nw_n)^2\big/\sum_nw_n^2`, between 1 and ``N``.

    Statement: `importance_sampling`. ``N`` equal weights count as ``N``, a single large one as 1; it
    is 0 where every weight is 0.

    Raises:
        ValueError: a weight is negative or not finite.

    Source: Kong 1992.

    Example:
        >>> effective_sample_size([1.0, 1.0, 2.0])
        2.6666666666666665
    """
    w = checks.finite("w", w, (None,))
    if not w.any():
        return 0.0
    if w.min() < 0:
        raise ValueError(f"w must not be negative, but it contains {w.min():.6g}.")
    w = w / w.max()
    return float(w.sum() ** 2 / (w**2).sum())


def variance(f: Function, p: Function, q: Function) -> float:
    r"""Exact variance of one sample's term, :math:`\mathbb E_q\big[\big(\tfrac pqf\big)^2\big]-(\mathbb E_pf)^2`, on a finite space.

    Statement: `importance_sampling`. The estimate from ``N`` samples has this variance divided by
    ``N``. ``q`` is an array ``(n,)``, ``f`` and ``p`` as in `estimate`. With :math:`f\equiv1` it is
    the :math:`\chi^2` divergence.

    Raises:
        ValueError: ``p`` or ``q`` is not a distribution, ``q`` is 0 where :math:`p f` is not, or arrays
            of different lengths.

    Example:
        >>> round(variance(f=[1.0, 4.0], p=[0.5, 0.5], q=[0.75, 0.25]), 4)
        10.0833
        >>> variance(f=[1.0, 4.0], p=[0.5, 0.5], q=optimal_proposal([1.0, 4.0], [0.5, 0.5]))
        0.0
    """
    q = checks.distribution("q", q, (None,))
    points = _finite_space(f=f, p=p, q=q)
    p_x = checks.distribution("p", _at("p", p, points))
    _expect_support(points, f, p, q)
    pf = p_x * _at("f", f, points)
    used = q > 0
    terms = pf[used] / q[used]
    return float(q[used] @ (terms - pf.sum()) ** 2)


def optimal_proposal(f: Function, p: np.ndarray) -> np.ndarray:
    r"""The proposal of least variance, :math:`q(x)\propto p(x)|f(x)|`, on a finite space, shape ``(n,)``.

    Statement: `importance_sampling`. Where ``f`` never changes sign the variance is 0, but the
    normaliser is then the very expectation that was asked for.

    Raises:
        ValueError: ``p`` is not a distribution, ``f`` is 0 wherever ``p`` is positive, or arrays of
            different lengths.

    Example:
        >>> optimal_proposal(f=[1.0, 4.0], p=[0.5, 0.5])
        array([0.2, 0.8])
    """
    p = checks.distribution("p", p, (None,))
    q = p * np.abs(_at("f", f, _finite_space(f=f, p=p)))
    if not q.any():
        raise ValueError("f must differ from 0 at a point where p is positive, but it never does.")
    return np.asarray(q / q.sum())


def _at(name: str, g: Function, x: np.ndarray) -> np.ndarray:
    """The values of ``g`` at the samples."""
    if len(x) == 0:
        raise ValueError("x must hold one sample at least, but it is empty.")
    if callable(g):
        return checks.finite(f"{name}(x)", g(np.asarray(x)), (len(x),))
    g = checks.finite(name, g, (None,))
    return np.asarray(g[checks.indices("x", x, len(g))])


def _finite_space(**functions: Function) -> np.ndarray:
    """The points ``0, …, n-1`` on which the arrays among the functions are given; none without an array."""
    arrays = {name: g for name, g in functions.items() if not callable(g)}
    sizes = {name: len(checks.finite(name, g, (None,))) for name, g in arrays.items()}
    first, n = next(iter(sizes.items()), ("", 0))
    for name, m in sizes.items():
        if m != n:
            raise ValueError(
                f"{name} has {m} values, but {n} are expected, as many as {first} has."
            )
    return np.arange(n)


def _expect_support(points: np.ndarray, f: Function, p: Function, q: Function) -> None:
    """``q`` must be positive wherever ``p f`` is not 0, at all points and not at the samples alone."""
    if len(points) == 0:
        return
    f_x, p_x, q_x = _at("f", f, points), _at("p", p, points), _at("q", q, points)
    lost = (q_x == 0) & (p_x * f_x != 0)
    if lost.any():
        x = lost.argmax()
        raise ValueError(
            f"q must be positive wherever p f is not 0, but q[{x}] is 0 and p[{x}] is {p_x[x]:.6g}."
        )
