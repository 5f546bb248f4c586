"""The alias method: a draw from any finite distribution by one random number and two look-ups."""

from __future__ import annotations

import numpy as np

ROW = 32
"""A draw takes its row above 32 random bits: row ``i`` as the number ``i << ROW``."""


class AliasTable:
    r"""One finite distribution a row, drawn from in constant time.

    Statement: `trajectories`. Cut a bar of length 1 into :math:`K` columns of equal width. An outcome
    with :math:`Kp_k<1` does not fill its column; one with :math:`Kp_k>1` overflows. Pour what
    overflows into the gaps, so that each column is full and holds two outcomes at most: its own, up
    to a threshold, and above it an *alias*. A uniform :math:`x\in[0,K)` then picks a column by its
    integer part and an outcome by its fractional part, however many outcomes there are.

    Args:
        p: probabilities, shape ``(rows, K)``; each row is divided by its sum.
        outcomes: what a draw returns, integers of shape ``(rows, K)``.

    Source: Walker, *ACM Trans. Math. Software* 3 (1977) 253; Vose, *IEEE Trans. Software Eng.* 17
    (1991) 972.

    Example:
        >>> coin = AliasTable(np.array([[0.25, 0.75]]), np.array([[-1, 1]]))
        >>> rows = np.zeros(4000, dtype=int)
        >>> float((coin.draw(rows, np.random.default_rng(0)) == -1).mean().round(2))
        0.25
    """

    def __init__(self, p: np.ndarray, outcomes: np.ndarray) -> None:
        K = p.shape[1]
        bits = (K - 1).bit_length()
        empty = [(0, 0), (0, 2**bits - K)]
        outcomes = np.pad(outcomes.astype(np.int64), empty)
        threshold, alias = thresholds_and_aliases(np.pad(p, empty))
        # A word is, from the top, a row, a column, a zero, a height; the last three take 32 bits.
        self._height, self._column = ROW - 1 - bits, ROW - bits
        self._random = np.uint32(2**ROW - 1 - 2**self._height)
        self._gap = np.rint((1 - threshold) * 2**self._height).astype(np.int64).ravel()
        aliases = np.take_along_axis(outcomes, alias, axis=1)
        self._outcomes = np.stack([outcomes, aliases], axis=-1).ravel()

    @staticmethod
    def room(n: int) -> np.ndarray:
        """Room for ``n`` draws, shape ``(3, n)``."""
        return np.empty((3, n), dtype=np.int64)

    def draw(
        self, rows: np.ndarray, rng: np.random.Generator, room: np.ndarray | None = None
    ) -> np.ndarray:
        r"""One outcome from each of the ``n`` rows, shape ``(n,)``; ``rows (n,)`` holds ``i << ROW``.

        Who draws often gives the same `room` each time, and gets its first row back: new arrays of
        this size cost as much as the draw.

        A random number of 31 bits gives the column and the height in it. What has probability 0 is
        never drawn, and the distribution is met to within :math:`K2^{-31}` in total variation: it
        would take some :math:`2^{62}/K` draws to notice.
        """
        n = len(rows)
        place, word, gap = self.room(n) if room is None else room
        # Half of a generator's 64 bits serve for each draw: making them takes a tenth of the time.
        bits = rng.bit_generator.random_raw((n + 1) // 2).view(np.uint32)[:n]
        bits &= self._random
        word[:] = bits
        word |= rows
        np.right_shift(word, self._column, out=place)
        # A height above the threshold carries into the zero, which so tells a column's two outcomes.
        word += self._gap.take(place, out=gap, mode="clip")
        word >>= self._height
        return self._outcomes.take(word, out=place, mode="clip")


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
