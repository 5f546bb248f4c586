"""Sums over steps, sorted by the state in which they were taken, and by the action."""

from __future__ import annotations

import numpy as np

from pgcompanion import checks


def sum_by_state(s: np.ndarray, w: np.ndarray, S: int) -> np.ndarray:
    """Add up the rows ``w (..., A)`` of each state: shape ``(S, A)``."""
    A = w.shape[-1]
    pair = np.asarray(s, dtype=np.intp)[..., None] * A + np.arange(A)
    total = np.zeros(S * A, dtype=w.dtype)
    np.add.at(total, np.broadcast_to(pair, w.shape).ravel(), w.ravel())
    return total.reshape(S, A)


def weighted_counts(
    s: np.ndarray, a: np.ndarray, weights: np.ndarray, S: int, A: int
) -> np.ndarray:
    """Add up the weights of each pair (s, a): shape ``(S, A)``.

    The arrays are met in pieces that stay in the cache, in the order in which memory holds them.
    """
    total = np.zeros(S * A)
    pieces = np.nditer(
        [s, a, weights], ["external_loop", "buffered", "zerosize_ok"], buffersize=2**16
    )
    for s_piece, a_piece, piece in pieces:
        pair = checks.indices("s", s_piece, S).astype(np.intp) * A
        pair += checks.indices("a", a_piece, A)
        total += np.bincount(pair, piece, S * A)
    return total.reshape(S, A)
