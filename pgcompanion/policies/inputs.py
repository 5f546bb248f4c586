"""What a state is: a vector of numbers, or the index of a row of features.

Either kind turns states of any batch shape into rows ``x (B, d)`` for a function, and the function's
values back into that batch shape (`spread`); `collect` is the transpose of `spread`.
"""

from __future__ import annotations

import numpy as np

from pgcompanion import checks
from pgcompanion.policies.counts import sum_by_state


class Observations:
    """States that are vectors ``(..., d)``."""

    def __init__(self, d: object) -> None:
        self.d = checks.positive_integer("inputs", d)

    @property
    def states(self) -> np.ndarray:
        raise ValueError(
            f"inputs must be an array (S, d) of features for a policy over finitely many states, "
            f"but it is the number {self.d}."
        )

    def check(self, s: np.ndarray) -> np.ndarray:
        s = checks.finite("s", s)
        if s.ndim == 0 or s.shape[-1] != self.d:
            raise ValueError(f"s has shape {s.shape}, but (..., {self.d}) is expected.")
        return s

    def batch(self, s: np.ndarray) -> tuple[int, ...]:
        return s.shape[:-1]

    def rows(self, s: np.ndarray) -> np.ndarray:
        return s.reshape(-1, self.d)

    def spread(self, s: np.ndarray, y: np.ndarray) -> np.ndarray:
        return y.reshape(*self.batch(s), y.shape[-1])

    def each(self, s: np.ndarray, batch: tuple[int, ...]) -> np.ndarray:
        return np.broadcast_to(s, (*batch, self.d)).reshape(-1, self.d)

    def collect(self, s: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self.each(s, w.shape[:-1]), w.reshape(-1, w.shape[-1])


class FiniteStates:
    """States that are indices into a table of features ``(S, d)``.

    The function is evaluated once a state, however many times the state occurs.
    """

    def __init__(self, features: np.ndarray) -> None:
        self.features = checks.finite("inputs", features, (None, None)).astype(float)
        self.S, self.d = self.features.shape

    @property
    def states(self) -> np.ndarray:
        return np.arange(self.S)

    def check(self, s: np.ndarray) -> np.ndarray:
        return checks.indices("s", s, self.S)

    def batch(self, s: np.ndarray) -> tuple[int, ...]:
        return s.shape

    def rows(self, s: np.ndarray) -> np.ndarray:
        return self.features

    def spread(self, s: np.ndarray, y: np.ndarray) -> np.ndarray:
        return y[s]

    def each(self, s: np.ndarray, batch: tuple[int, ...]) -> np.ndarray:
        return self.features[np.broadcast_to(s, batch).ravel()]

    def collect(self, s: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self.features, sum_by_state(s, w, self.S)


def inputs_of(inputs: int | np.ndarray) -> Observations | FiniteStates:
    """A number ``d`` stands for observations ``(..., d)``, an array ``(S, d)`` for finitely many states."""
    if isinstance(inputs, (int, np.integer)):
        return Observations(inputs)
    return FiniteStates(inputs)
