r"""Groups of responses to one prompt: what each is worth beside the others, and what that climbs.

The rewards of a group are the last axis, ``(..., G)``. `mean_coefficients` gives the exact mean of any
such estimate; `group_weight` and `pass_at_k_weight` say in one number for each success rate what
dividing by a standard deviation, or trying ``k`` times, does to a verifiable reward.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from math import lgamma

import numpy as np

from pgcompanion import checks

#: From the rewards of groups, ``(..., G)``, to the coefficients of their scores, of the same shape.
GroupAdvantage = Callable[[np.ndarray], np.ndarray]

LIMIT = 2_000_000  # groups to be listed


def leave_one_out(r: np.ndarray) -> np.ndarray:
    r""":math:`A_i=r_i-\frac1{G-1}\sum_{j\ne i}r_j`: each reward less the mean of the others, ``(..., G)``.

    Statement: `group_baselines`. The baseline of a response does not depend on it, so the estimate
    :math:`\frac1G\sum_iA_i\nabla\log\pi_\theta(y_i\mid x)` has the mean :math:`\nabla J`.

    Raises:
        ValueError: ``r`` is not finite, or a group has one response only.

    Source: Kool et al. 2019; Ahmadian et al. 2024.

    Example:
        >>> leave_one_out([1.0, 0.0, 0.0])
        array([ 1. , -0.5, -0.5])
    """
    r = _groups(r)
    G = r.shape[-1]
    return G / (G - 1) * _centred(r)


def group_advantage(
    r: np.ndarray,
    std: bool = False,
    ddof: int = 0,
) -> np.ndarray:
    r""":math:`A_i=r_i-\bar r`, with ``std`` divided by the group's standard deviation, ``(..., G)``.

    Statement: `group_baselines`, `group_std`. The plain one has the mean
    :math:`(1-\frac1G)\nabla J`. Where all rewards of a group are equal every advantage is 0.

    Args:
        r: rewards, the last axis a group, shape ``(..., G)``.
        std: whether to divide by :math:`\hat\sigma`.
        ddof: :math:`\hat\sigma^2` is the sum of squares over ``G - ddof``: 0 or 1.

    Raises:
        ValueError: ``r`` is not finite, a group has one response only, ``std`` is no truth value,
            or ``ddof`` is neither 0 nor 1.

    Source: Shao et al. 2024.

    Example:
        >>> group_advantage([1.0, 0.0, 0.0, 0.0], std=True).round(3)
        array([ 1.732, -0.577, -0.577, -0.577])
        >>> group_advantage([0.1, 0.1, 0.1], std=True)
        array([0., 0., 0.])
    """
    r, ddof = _groups(r), _ddof(ddof)
    A = _centred(r)
    if not checks.truth("std", std):
        return A
    sigma = np.sqrt((A * A).sum(axis=-1, keepdims=True) / (r.shape[-1] - ddof))
    return np.divide(A, sigma, out=np.zeros_like(A), where=sigma > 0)


def group_weight(p: np.ndarray, G: int, ddof: int = 0) -> np.ndarray:
    r"""The :math:`c_G(p)` for which dividing by the group's deviation has the mean :math:`c_G(p)\nabla p`.

    Statement: `group_std`. For rewards 0 or 1 with the success probability ``p``,
    :math:`c_G(p)=\frac1G\sum_{k=1}^{G-1}\binom Gkp^{k-1}(1-p)^{G-k-1}\sqrt{k(G-k)}`: a polynomial,
    with the value :math:`\sqrt{G-1}` at 0 and at 1.

    Args:
        p: success probabilities, any shape.
        G: responses of a group, at least 2.
        ddof: as in `group_advantage`; 1 multiplies by :math:`\sqrt{(G-1)/G}`.

    Raises:
        ValueError: ``p`` is not in [0, 1], ``G`` is no integer of at least 2, or ``ddof`` is neither 0
            nor 1.

    Example:
        >>> group_weight([0.0, 0.5, 1.0], G=2), group_weight([0.0, 0.5], G=4).round(3)
        (array([1., 1., 1.]), array([1.732, 1.616]))
    """
    p, G, ddof = _success(p)[..., None], _group_size(G), _ddof(ddof)
    k = np.arange(1, G)
    # In logarithms, since a binomial coefficient overflows at G = 1030.
    log_factorial = np.array([lgamma(i + 1) for i in range(G + 1)])
    log_terms = log_factorial[G] - log_factorial[k] - log_factorial[G - k]
    with np.errstate(divide="ignore"):
        log_terms = log_terms + _times(k - 1, np.log(p))
        log_terms = log_terms + _times(G - k - 1, np.log1p(-p))
    c = (np.exp(log_terms) * np.sqrt(k * (G - k))).sum(axis=-1) / G
    return np.asarray(np.sqrt((G - ddof) / G) * c)[()]


def pass_at_k_weight(p: np.ndarray, k: int) -> np.ndarray:
    r""":math:`k(1-p)^{k-1}`, the derivative of pass@k, :math:`1-(1-p)^k`.

    Statement: `success_transforms`. ``p`` has any shape.

    Raises:
        ValueError: ``p`` is not in [0, 1], or ``k`` is no positive integer.

    Example:
        >>> pass_at_k_weight([0.0, 0.5, 1.0], k=2)
        array([2., 1., 0.])
    """
    p, k = _success(p), checks.positive_integer("k", k)
    return np.asarray(k * (1 - p) ** (k - 1))[()]


def mean_coefficients(
    p: np.ndarray, r: np.ndarray, G: int, advantage: GroupAdvantage
) -> np.ndarray:
    r"""The :math:`c(y)` with :math:`\mathbb E\frac1G\sum_iA_i\nabla\log\pi(y_i)=\sum_yc(y)\nabla\log\pi(y)`, ``(R,)``.

    Statement: `group_baselines`, `group_std`. :math:`c(y)=\pi(y)\,\mathbb E[A_1\mid y_1=y]`, by
    listing every group of ``G`` independent responses.

    Args:
        p: probabilities of the responses to one prompt, shape ``(R,)``.
        r: their rewards, shape ``(R,)``.
        G: responses of a group, at least 2.
        advantage: maps rewards ``(..., G)`` to coefficients of the same shape.

    Raises:
        ValueError: ``p`` is no distribution, ``r`` has another shape, or there are too many groups.
        TypeError: ``advantage`` is no function.

    Example:
        >>> mean_coefficients([0.5, 0.5], [0.0, 1.0], G=2, advantage=leave_one_out)
        array([-0.25,  0.25])
    """
    p = checks.distribution("p", p, (None,))
    r, G = checks.finite("r", r, p.shape), _group_size(G)
    advantage = checks.function("advantage", advantage)
    # Advantages ask for the rewards alone: responses of equal reward are listed as one.
    levels, level = np.unique(r, return_inverse=True)
    if len(levels) ** G > LIMIT:
        raise ValueError(
            f"G = {G} with {len(levels)} different rewards makes {len(levels) ** G:.3g} groups, but "
            f"at most {LIMIT:,} can be listed."
        )
    groups = np.array(list(product(range(len(levels)), repeat=G)))
    chance = np.bincount(level, p)[groups[:, 1:]].prod(axis=1)
    first = np.asarray(advantage(levels[groups]))[:, 0]
    return p * np.bincount(groups[:, 0], chance * first)[level]


def _centred(r: np.ndarray) -> np.ndarray:
    """Rewards less their mean; exactly 0 where all are equal, which rounding would not give."""
    above = r - r[..., :1]
    return above - above.mean(axis=-1, keepdims=True)


def _times(n: np.ndarray, log: np.ndarray) -> np.ndarray:
    """``n * log``, and 0 where ``n`` is 0: 0 to the power of 0 is 1."""
    return np.where(n == 0, 0.0, np.maximum(n, 1) * log)


def _groups(r: np.ndarray) -> np.ndarray:
    r = checks.finite("r", r)
    if r.ndim == 0 or r.shape[-1] < 2:
        raise ValueError(
            f"r has shape {r.shape}, but (..., G) with at least 2 responses of a group is expected."
        )
    return r.astype(np.result_type(r, np.float32), copy=False)


def _success(p: np.ndarray) -> np.ndarray:
    p = checks.finite("p", p)
    if np.iscomplexobj(p) or (p < 0).any() or (p > 1).any():
        raise ValueError(f"p must hold probabilities, but it lies between {p.min()} and {p.max()}.")
    return p.astype(float)


def _group_size(G: int) -> int:
    if checks.positive_integer("G", G) < 2:
        raise ValueError(f"G must be at least 2, since one response says nothing, but it is {G}.")
    return int(G)


def _ddof(ddof: int) -> int:
    if checks.natural_number("ddof", ddof) > 1:
        raise ValueError(f"ddof must be 0 or 1, but it is {ddof}.")
    return int(ddof)
