"""The alias method: a draw from any finite distribution by one uniform and two look-ups."""

from __future__ import annotations

import numpy as np


class AliasTable:
    r"""One finite distribution a row, drawn from in constant time.

    Statement: `trajectories`. Cut a bar of length 1 into :math:`K` columns of equal width. An outcome
    with :math:`Kp_k<1` does not fill its column; one with :math:`Kp_k>1` overflows. Pour what
    overflows into the gaps, so that each column is full and holds two outcomes at most: its own, up
    to a threshold, and above it an *alias*. A uniform :math:`x\in[0,K)` then picks a column by its
    integer part and an outcome by its fractional part, however many outcomes there are.

    Args:
        p: probabilities, shape ``(rows, K)``; each row is divided by its sum.
        outcomes: what a draw returns, shape ``(rows, K, ...)``: a number, or an array of them.

    Source: Walker, *ACM Trans. Math. Software* 3 (1977) 253; Vose, *IEEE Trans. Software Eng.* 17
    (1991) 972.

    Example:
        >>> coin = AliasTable(np.array([[0.25, 0.75]]), np.array([["heads", "tails"]]))
        >>> rows = np.zeros(4000, dtype=int)
        >>> float((coin.draw(rows, np.random.default_rng(0)) == "heads").mean().round(2))
        0.25
    """

    def __init__(self, p: np.ndarray, outcomes: np.ndarray) -> None:
        rows, self.K = p.shape
        threshold, alias = thresholds_and_aliases(p)
        self._threshold = (np.arange(self.K) + threshold).ravel()
        self._integer = np.int32 if 2 * rows * self.K < 2**31 else np.int64
        # One item each, however many numbers it holds: NumPy then gathers it in one move.
        item = np.dtype((outcomes.dtype, outcomes.shape[2:]))
        pairs = np.empty((rows, self.K, 2), dtype=[("outcome", item)])
        pairs["outcome"][:, :, 0] = outcomes
        pairs["outcome"][:, :, 1] = outcomes[np.arange(rows)[:, None], alias]
        self._outcomes = pairs.ravel()

    def draw(self, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        r"""One outcome from each of ``rows (n,)``, shape ``(n, ...)``.

        One uniform of 53 random bits gives the column and the height in it: every probability is met
        to within :math:`K2^{-52}`, and what has probability 0 is never drawn.
        """
        x = rng.random(len(rows))
        x *= self.K
        column: np.ndarray = x.astype(self._integer)
        column += np.multiply(rows, self.K, dtype=self._integer)
        above = x >= self._threshold.take(column)
        column *= 2
        column += above
        return self._outcomes.take(column)["outcome"]


def thresholds_and_aliases(p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    r"""The height at which each column's alias begins, and the alias: two arrays shaped as ``p``.

    Statement: `trajectories`. Lay the gaps of a row end to end, and beside them the overflows end to
    end: two rulers of equal length. A gap is filled by the overflow that lies beside the gap's
    beginning. Where an overflow ends within a gap, its own column has given the rest of the gap too
    much, and the next overflow tops it up.

    Source: the prefix-sum form of the method, Hübschle-Schneider and Sanders, *ACM Trans. Math.
    Software* 48 (2022) 30.

    Example:
        >>> thresholds_and_aliases(np.array([[0.25, 0.75]]))
        (array([[0.5, 1. ]]), array([[1, 1]]))
    """
    rows, K = p.shape
    height = K * p / p.sum(axis=1, keepdims=True)
    rulers = np.zeros((2, rows, K + 1))
    np.cumsum(np.maximum([1 - height, height - 1], 0), axis=-1, out=rulers[..., 1:])
    gaps, overflows = rulers[..., 1:]
    overflowing = overflows > rulers[1, :, :-1]
    filled_from = np.where(overflowing, overflows, rulers[0, :, :-1])
    # Rounding can leave a sliver of a gap past the last overflow: that one fills it too.
    last = overflows.argmax(axis=1, keepdims=True)
    alias = np.minimum(_count(overflows, filled_from, ties=1), last)
    ends_in = np.minimum(_count(gaps, overflows, ties=0), K - 1)
    excess = np.take_along_axis(gaps, ends_in, axis=1) - overflows
    return np.minimum(np.where(overflowing, 1 - excess, height), 1), alias


def _count(ruler: np.ndarray, marks: np.ndarray, ties: int) -> np.ndarray:
    """How many entries of each row of ``ruler`` lie before each mark; those at it where ``ties``."""
    K = ruler.shape[1]
    parts = [ruler, marks] if ties else [marks, ruler]
    order = np.concatenate(parts, axis=1).argsort(axis=1, kind="stable")
    counts = np.empty_like(order)
    np.put_along_axis(counts, order, ((order < K) == ties).cumsum(axis=1), axis=1)
    return counts[:, K:] if ties else counts[:, :K]
