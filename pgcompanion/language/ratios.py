r"""Responses of an old policy: ratios of tokens and of whole responses, and what a length divides.

Arrays of tokens have the shape ``(N, T)``; ``mask`` is True up to the end of each response, the end
token included.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pgcompanion import checks

#: From the mask of tokens ``(N, T)`` to the weight of each response, ``(N,)``.
ResponseWeight = Callable[[np.ndarray], np.ndarray]


def whole(mask: np.ndarray) -> np.ndarray:
    r"""The weight 1 of every response, ``(N,)``: log-likelihoods are sums over tokens.

    Statement: `length_weights`. ``mask`` is ``(N, T)``, as in all functions on this page.

    Raises:
        ValueError: ``mask`` is not two-dimensional, or a response has no token.

    Example:
        >>> whole([[True, True], [True, False]])
        array([1., 1.])
    """
    return np.ones(len(_lengths(mask)))


def per_response(mask: np.ndarray) -> np.ndarray:
    r"""The weight :math:`1/|y_i|` of each response: a mean over its own tokens, ``(N,)``.

    Statement: `length_weights`. Raises as `whole`.

    Source: Shao et al. 2024; Liu et al. 2025.

    Example:
        >>> per_response([[True, True], [True, False]])
        array([0.5, 1. ])
    """
    return 1 / _lengths(mask)


def per_token(mask: np.ndarray) -> np.ndarray:
    r"""The weight :math:`N/\sum_j|y_j|` of every response: a mean over all tokens of a batch, ``(N,)``.

    Statement: `length_weights`. Raises as `whole`.

    Source: Yu et al. 2025.

    Example:
        >>> per_token([[True, True], [True, False]]).round(4)
        array([0.6667, 0.6667])
    """
    lengths = _lengths(mask)
    return np.full(len(lengths), 1 / lengths.mean())


def token_ratio_surrogate(
    logp_new: np.ndarray, logp_old: np.ndarray, A: np.ndarray, mask: np.ndarray
) -> float:
    r""":math:`\frac1N\sum_iA_i\sum_{t\le|y_i|}u_{it}` with :math:`u_{it}=\pi_\theta(y_{it}\mid\cdot)/\pi^k(y_{it}\mid\cdot)`.

    Statement: `ratio_surrogates`. The surrogate of trust regions, whose prefixes are the old policy's.
    Complex numbers pass.

    Args:
        logp_new, logp_old: log-probabilities of the tokens, new and old, shape ``(N, T)``.
        A: advantages of the responses, shape ``(N,)``.
        mask: True up to the end of each response, shape ``(N, T)``. What stands behind does not count.

    Raises:
        ValueError: an array of another shape, or not finite where it counts.

    Example:
        >>> mask = np.array([[True, True], [True, False]])
        >>> token_ratio_surrogate(np.log([[0.5, 0.5]] * 2), np.log([[0.25, 0.5]] * 2), [1.0, -1.0], mask)
        0.5
    """
    log_u, A, _ = _responses(logp_new, logp_old, A, mask)
    return (A * np.where(mask, np.exp(log_u), 0.0).sum(axis=1)).mean().item()


def sequence_ratio_surrogate(
    logp_new: np.ndarray,
    logp_old: np.ndarray,
    A: np.ndarray,
    mask: np.ndarray,
    per_length: bool = False,
) -> float:
    r""":math:`\frac1N\sum_iA_i\,\pi_\theta(y_i\mid x_i)/\pi^k(y_i\mid x_i)`: unbiased for what it estimates, everywhere.

    Statement: `ratio_surrogates`. With ``per_length`` the ratio is its :math:`|y_i|`-th root, the
    geometric mean of the ratios of the tokens. Other arguments and errors as in
    `token_ratio_surrogate`.

    Source: Zheng et al. 2025 for the root.

    Example:
        >>> mask = np.array([[True, True]])
        >>> old, new = np.log([[0.25, 0.25]]), np.log([[0.5, 0.5]])
        >>> [sequence_ratio_surrogate(new, old, [1.0], mask, root) for root in (False, True)]
        [4.0, 2.0]
    """
    log_u, A, lengths = _responses(logp_new, logp_old, A, mask)
    root = lengths if checks.truth("per_length", per_length) else 1
    return (A * np.exp(log_u.sum(axis=1) / root)).mean().item()


def _responses(
    logp_new: np.ndarray, logp_old: np.ndarray, A: np.ndarray, mask: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The logarithm of the ratio of each token, 0 behind the end; advantages; lengths."""
    lengths = _lengths(mask)
    mask = np.asarray(mask, dtype=bool)
    kept = [
        checks.finite(
            name, np.where(mask, checks.shaped(name, checks.numbers(name, x), mask.shape), 0)
        )
        for name, x in (("logp_new", logp_new), ("logp_old", logp_old))
    ]
    return kept[0] - kept[1], checks.finite("A", A, lengths.shape), lengths


def _lengths(mask: np.ndarray) -> np.ndarray:
    mask = checks.array("mask", mask)
    if mask.dtype.kind not in "bi" or mask.ndim != 2 or not mask.size or not mask.any(axis=1).all():
        raise ValueError(
            f"mask must be an array (N, T) of truth values with a token in each row, but its shape is "
            f"{mask.shape} and its type {mask.dtype}."
        )
    return np.asarray(mask.astype(bool).sum(axis=1).astype(float))
