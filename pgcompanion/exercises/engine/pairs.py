"""An answer beside a result it is compared with, over all cases at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from pgcompanion.exercises.engine.outcome import Array

TIGHT = 3e-5


@dataclass(frozen=True)
class Pair:
    """An answer beside a result it is compared with, and the sizes and numbers of its case."""

    answer: Array
    base: Array
    sizes: dict[str, int] = field(default_factory=dict)
    scalars: dict[str, float] = field(default_factory=dict)


Pairs = Sequence[Pair]
Transform = Callable[[Array], Array]


def close(x: Array, y: Array) -> bool:
    """Same shape, and same numbers up to round-off of single precision."""
    if x.shape != y.shape or not (np.isfinite(x).all() and np.isfinite(y).all()):
        return False
    return np.allclose(x, y, TIGHT, TIGHT * np.abs(y).max(initial=0.0) + 1e-12)


def holds(pairs: Pairs, transform: Transform, least: int = 2) -> bool:
    """Whether the answers are the transformed results, in `least` cases that tell the two apart."""
    telling = 0
    for pair in pairs:
        with np.errstate(all="ignore"):
            try:
                image = np.asarray(transform(pair.base), dtype=np.float64)
            except (ValueError, IndexError):  # too few axes
                return False
        if not close(pair.answer, image):
            return False
        telling += not close(image, pair.base) and bool(np.any(image != 0))
    return telling >= least


def constant(pairs: Pairs) -> bool:
    """Whether the results are one and the same number in all cases: then anything is a factor."""
    return (
        all(pair.base.size == 1 for pair in pairs)
        and len({float(p.base.item()) for p in pairs}) < 2
    )
