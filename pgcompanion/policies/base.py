"""What the policies of this room share: a base, room for passes, precision."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pgcompanion import checks

Pull = Callable[[np.ndarray], np.ndarray]
"""The transpose of a derivative: from weights of the outputs to a gradient, shape ``(p,)``."""


class Room:
    """Arrays in single precision that the passes of a network write to, one pass after the other.

    Made by ``policy.room(n)`` for up to ``n`` states. A loop has two sizes of pass or so, the last
    minibatch being smaller; each has arrays of its own, made at its first pass.
    """

    def __init__(self, heights: list[int], n: int, dtype: np.dtype | type = np.float32) -> None:
        self.heights, self.n = heights, checks.positive_integer("n", n)
        self.dtype = checks.precision("dtype", dtype)
        self._passes: dict[int, list[np.ndarray]] = {}

    def arrays(self, B: int) -> list[np.ndarray]:
        """Arrays ``(height, B)`` of ones for a pass of ``B`` states."""
        if B not in self._passes:
            if self.n < B:
                raise ValueError(f"room has space for {self.n} states, but s holds {B}.")
            self._passes[B] = [np.ones((height, B), self.dtype) for height in self.heights]
        return self._passes[B]

    def __repr__(self) -> str:
        return f"Room(n={self.n}, dtype={self.dtype})"


class BasePolicy:
    """What the policies of this room share: a start at 0, no room, states that are indices or not.

    Statement: `parameterizations`. ``S`` is the number of states, or None where states are vectors.
    """

    p: int
    S: int | None = None
    H: int | None = None

    def init(self, rng: np.random.Generator) -> np.ndarray:
        """A starting point ``theta``, shape ``(p,)``: here 0."""
        checks.generator(rng)
        return np.zeros(self.p)

    def room(self, n: int) -> Room | None:
        """Arrays for passes of up to ``n`` states; None: there is nothing to reuse."""
        checks.positive_integer("n", n)
        return None

    @property
    def states(self) -> np.ndarray:
        """The states of a finite MDP in their order, as the policy takes them."""
        if self.S is None:
            raise TypeError(
                f"policy must be over the states of a finite MDP, but {self!r} takes vectors: "
                f"give it an array (S, d) of features."
            )
        return np.arange(self.S)

    def row(self, h: int | np.ndarray, s: np.ndarray) -> np.ndarray:
        """The rows of the states ``s`` at the steps ``h``: the same at every step."""
        checks.indices("h", h)
        return checks.array("s", s)


def precision(theta: np.ndarray, *others: np.ndarray) -> np.dtype:
    """The type to compute in: that of ``theta``, made complex where one of ``others`` is.

    Single precision stays single, and a complex step goes through.
    """
    is_complex = any(np.iscomplexobj(x) for x in others)
    return np.result_type(np.asarray(theta), np.complex64 if is_complex else np.float32)


def cast(theta: np.ndarray, x: np.ndarray) -> np.ndarray:
    """``x`` in the precision of ``theta``, without a copy where it is already."""
    return np.asarray(x).astype(precision(theta, x), copy=False)


def root_weights(weights: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Square roots of weights, with which a Fisher matrix is a product of a matrix with itself."""
    return np.sqrt(checks.weights("weights", weights, checks.one_axis("s", shape)))


def sum_by_state(s: np.ndarray, w: np.ndarray, S: int) -> np.ndarray:
    """Add up the rows ``w (..., A)`` of each state: shape ``(S, A)``."""
    A = w.shape[-1]
    pair = np.asarray(s, dtype=np.intp)[..., None] * A + np.arange(A)
    total = np.zeros(S * A, dtype=w.dtype)
    np.add.at(total, np.broadcast_to(pair, w.shape).ravel(), w.ravel())
    return total.reshape(S, A)
