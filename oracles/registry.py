"""An oracle: how far this package is from somebody else's answer, and from a planted slip."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class Answer(NamedTuple):
    """``ours`` and ``theirs``, and ``slip``: ours, with a mistake that the tolerance must exclude."""

    ours: Any
    theirs: Any
    slip: Any

    def errors(self) -> tuple[float, float]:
        """The largest difference from theirs, of ours and of the slip."""
        return distance(self.ours, self.theirs), distance(self.slip, self.theirs)


class Oracle(NamedTuple):
    what: str
    against: str
    tolerance: float
    ask: Callable[[np.random.Generator], Answer]


ORACLES: list[Oracle] = []


def oracle(
    what: str, against: str, tolerance: float
) -> Callable[[Callable[[np.random.Generator], Answer]], None]:
    """Enter a function of luck into the table."""
    return lambda ask: ORACLES.append(Oracle(what, against, tolerance, ask))


def distance(x: Any, y: Any) -> float:
    """The largest difference, in units of the largest entry of ``y`` where that exceeds 1."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    if x.shape != y.shape:
        raise ValueError(f"The shapes {x.shape} and {y.shape} differ.")
    return float(np.abs(x - y).max() / max(1.0, np.abs(y).max()))
