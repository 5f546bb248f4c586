r"""Points: what samples of one distribution say about another.

``p`` is the target, ``q`` the proposal that the samples come from, and arrays hold the values of
:math:`f`, :math:`p` and :math:`q` at the samples, or at all points of a finite space.
"""

from __future__ import annotations

import numpy as np

from pgcompanion import checks


def importance_weights(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    r"""The likelihood ratios :math:`w_n=p(x_n)/q(x_n)` at samples of ``q``, shape ``(N,)``.

    Statement: `importance_sampling`. Their mean under ``q`` is 1, where ``p`` and ``q`` are
    normalised and ``q`` is positive wherever ``p`` is.

    Raises:
        ValueError: ``p`` and ``q`` are not vectors of one length, ``p`` is negative, or ``q`` is
            not positive.

    Example:
        >>> importance_weights(p=[0.5, 0.5], q=[0.75, 0.25]).round(4)
        array([0.6667, 2.    ])
    """
    p = _values("p", p)
    q = _values("q", q, len(p))
    if (p < 0).any():
        n = int((p < 0).argmax())
        raise ValueError(f"p must not be negative, but p[{n}] is {p[n]:.6g}.")
    if (q <= 0).any():
        n = int((q <= 0).argmax())
        raise ValueError(f"q must be positive at its own samples, but q[{n}] is {q[n]:.6g}.")
    return np.asarray(p / q)


def importance_sampling_mean(f: np.ndarray, p: np.ndarray, q: np.ndarray) -> float:
    r"""Importance sampling: :math:`\frac1N\sum_n\frac{p(x_n)}{q(x_n)}f(x_n)` for :math:`x_n\sim q`.

    Statement: `importance_sampling`. Unbiased for :math:`\mathbb E_{x\sim p}f(x)` where ``q`` is
    positive wherever :math:`p f` is not 0; no sample shows a gap (`variance` looks for one).

    Args:
        f, p, q: values at the samples, shape ``(N,)``; the distributions are normalised.

    Raises:
        ValueError: arrays of different lengths, ``p`` is negative, or ``q`` is not positive.

    Example:
        >>> f, p, q = np.array([[1.0, 4.0], [0.5, 0.5], [0.75, 0.25]])
        >>> x = [0, 0, 0, 1]
        >>> importance_sampling_mean(f[x], p[x], q[x])
        2.5
    """
    w = importance_weights(p, q)
    f = _values("f", f, len(w))
    return float(np.mean(w * f))


def standard_error(f: np.ndarray, p: np.ndarray, q: np.ndarray) -> float:
    r"""The standard error of `importance_sampling_mean`.

    Statement: `importance_sampling`. :math:`\hat\sigma/\sqrt N` of the terms :math:`w_nf(x_n)`. Its
    square is unbiased for the variance of the estimate, which is `variance` divided by ``N``.
    Arguments as in `importance_sampling_mean`.

    Raises:
        ValueError: as in `importance_sampling_mean`, or there is one sample only.

    Example:
        >>> round(standard_error(f=[1.0, 4.0], p=[0.5, 0.5], q=[0.5, 0.5]), 4)
        1.5
    """
    w = importance_weights(p, q)
    f = _values("f", f, len(w))
    if len(w) < 2:
        raise ValueError("f must hold two samples at least, but it holds 1.")
    return float((w * f).std(ddof=1) / np.sqrt(len(w)))


def self_normalised_mean(f: np.ndarray, p: np.ndarray, q: np.ndarray) -> float:
    r"""Self-normalised importance sampling: :math:`\sum_nw_nf(x_n)\big/\sum_nw_n`.

    Statement: `importance_sampling`. :math:`w_n=p(x_n)/q(x_n)`. It asks for ``p`` and ``q`` up to a
    factor only, and has a bias of order :math:`1/N`. Arguments as in `importance_sampling_mean`.

    Raises:
        ValueError: as in `importance_sampling_mean`, or ``p`` is 0 at every sample.

    Example:
        >>> self_normalised_mean(f=[1.0, 1.0, 1.0, 4.0], p=[3, 3, 3, 3], q=[3, 3, 3, 1])
        2.5
    """
    w = _some_weight(importance_weights(p, q))
    f = _values("f", f, len(w))
    return float(w @ f / w.sum())


def self_normalised_error(f: np.ndarray, p: np.ndarray, q: np.ndarray) -> float:
    r"""The standard error of `self_normalised_mean`, of first order.

    Statement: `importance_sampling`. :math:`\sqrt{\sum_nw_n^2(f(x_n)-\hat\mu)^2}\big/\sum_nw_n`
    with the estimate :math:`\hat\mu`. Arguments and errors as in `self_normalised_mean`.

    Example:
        >>> round(self_normalised_error(f=[1.0, 3.0], p=[1, 1], q=[1, 1]), 4)
        0.7071
    """
    w = _some_weight(importance_weights(p, q))
    centred = _values("f", f, len(w)) - self_normalised_mean(f, p, q)
    return float(np.sqrt(((w * centred) ** 2).sum()) / w.sum())


def effective_sample_size(w: np.ndarray) -> float:
    r"""The effective sample size :math:`(\sum_nw_n)^2\big/\sum_nw_n^2`, between 1 and ``N``.

    Statement: `effective_size`. ``N`` equal weights count as ``N``, a single large one as 1; it is 0 where
    every weight is 0. As ``N`` grows it tends to ``N`` divided by the second moment of a weight
    (`divergences.chi_squared`); of few samples it says too much, since a region without a sample has no
    weight.

    Raises:
        ValueError: ``w`` is not a vector, or a weight is negative or not finite.

    Source: Kong 1992.

    Example:
        >>> effective_sample_size([1.0, 1.0, 2.0])
        2.6666666666666665
    """
    w = checks.weights("w", _values("w", w))
    if not w.any():
        return 0.0
    w = w / w.max()  # the scale cancels, and squares stay in range
    return float(w.sum() ** 2 / (w**2).sum())


def variance(f: np.ndarray, p: np.ndarray, q: np.ndarray) -> float:
    r"""Exact variance of one sample's term, on a finite space.

    Statement: `importance_sampling`.
    :math:`\mathbb E_q\big[\big(\tfrac pqf\big)^2\big]-(\mathbb E_pf)^2`. The estimate from ``N``
    samples has this variance divided by ``N``. With :math:`f\equiv1` it is the :math:`\chi^2`
    divergence.

    Args:
        f, p, q: values at all points of the space, shape ``(n,)``.

    Raises:
        ValueError: ``p`` or ``q`` is not a distribution, ``q`` is 0 where :math:`p f` is not, or
            arrays of different lengths.

    Example:
        >>> round(variance(f=[1.0, 4.0], p=[0.5, 0.5], q=[0.75, 0.25]), 4)
        10.0833
        >>> variance(f=[1.0, 4.0], p=[0.5, 0.5], q=optimal_proposal([1.0, 4.0], [0.5, 0.5]))
        0.0
    """
    f = _values("f", f)
    p = checks.distribution("p", _values("p", p, len(f)))
    q = checks.distribution("q", _values("q", q, len(f)))
    lost = (q == 0) & (p * f != 0)
    if lost.any():
        x = int(lost.argmax())
        raise ValueError(
            f"q must be positive wherever p f is not 0, but q[{x}] is 0 and p[{x}] is {p[x]:.6g}."
        )
    used = q > 0
    terms = p[used] * f[used] / q[used]
    return float(q[used] @ (terms - p @ f) ** 2)


def optimal_proposal(f: np.ndarray, p: np.ndarray) -> np.ndarray:
    r"""The proposal of least variance on a finite space, :math:`q(x)\propto p(x)|f(x)|`, ``(n,)``.

    Statement: `optimal_proposal`. Where ``f`` never changes sign the variance is 0, but the
    normaliser is then the very expectation that was asked for.

    Raises:
        ValueError: ``p`` is not a distribution, ``f`` is 0 wherever ``p`` is positive, or arrays of
            different lengths.

    Example:
        >>> optimal_proposal(f=[1.0, 4.0], p=[0.5, 0.5])
        array([0.2, 0.8])
    """
    f = _values("f", f)
    q = checks.distribution("p", _values("p", p, len(f))) * np.abs(f)
    if not q.any():
        raise ValueError("f must differ from 0 at a point where p is positive, but it never does.")
    return np.asarray(q / q.sum())


def defensive_mixture(p: np.ndarray, q: np.ndarray, alpha: float) -> np.ndarray:
    r"""The proposal :math:`\alpha p+(1-\alpha)q`, under which no weight exceeds :math:`1/\alpha`.

    Statement: `defensive_mixture`. Broadcasts: arrays hold values at samples or at all points.

    Raises:
        ValueError: ``p`` or ``q`` is negative or not finite, their shapes differ, or ``alpha`` is not
            between 0 and 1.

    Source: Hesterberg 1995.

    Example:
        >>> defensive_mixture(p=[0.5, 0.5], q=[1.0, 0.0], alpha=0.25)
        array([0.875, 0.125])
    """
    p = checks.weights("p", p)
    q = checks.weights("q", q, p.shape)
    alpha = checks.fraction("alpha", alpha)
    return np.asarray(alpha * p + (1 - alpha) * q)


def _values(name: str, x: np.ndarray, n: int | None = None) -> np.ndarray:
    """One finite number for each sample or point, ``(n,)``."""
    x = checks.finite(name, x, (n,))
    if len(x) == 0:
        raise ValueError(f"{name} must hold one value at least, but it is empty.")
    return x


def _some_weight(w: np.ndarray) -> np.ndarray:
    if not w.any():
        raise ValueError("p must be positive at one sample at least, but it is 0 at all of them.")
    return w
