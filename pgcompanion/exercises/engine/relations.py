"""How one result may be another in disguise: a shift, a transposition, a function.

Each relation looks at all cases at once and gives a phrase that completes "your result is the right
one, ...", or nothing. It speaks only where the cases leave no doubt.
"""

from __future__ import annotations

import numpy as np

from pgcompanion.exercises.engine.outcome import Array
from pgcompanion.exercises.engine.pairs import Pair, Pairs, Transform, close, constant, holds


def constant_added(pairs: Pairs) -> str:
    """Off by the same number everywhere."""
    if constant(pairs):
        return ""
    for n in (1.0, -1.0, 2.0, -2.0, 0.5, -0.5):
        if holds(pairs, lambda x, n=n: x + n, 3):  # type: ignore[misc]
            return f"{'plus' if n > 0 else 'minus'} {abs(n):g}"
    return ""


def diagonal_added(pairs: Pairs) -> str:
    """Off by the same multiple of the identity everywhere, as damping is."""
    if any(pair.base.ndim != 2 or pair.base.shape != pair.answer.shape for pair in pairs):
        return ""
    n = float((pairs[0].answer - pairs[0].base)[0, 0]) if pairs[0].base.size else 0.0
    damped = bool(n) and holds(pairs, lambda x: x + n * np.eye(*x.shape), 3)
    return f"{'plus' if n > 0 else 'minus'} {abs(n):.3g} on the diagonal" if damped else ""


FUNCTIONS: tuple[tuple[str, Transform], ...] = (
    ("exponentiated", np.exp),
    ("after a logarithm", np.log),
    ("squared", np.square),
    ("after a square root", np.sqrt),
    ("turned upside down: 1 divided by it", lambda x: 1 / x),
    ("without its sign", np.abs),
    ("taken from 1", lambda x: 1 - x),
    ("cut off after the point", np.trunc),
    ("rounded to whole numbers", np.round),
    ("cut off below 0", lambda x: np.maximum(x, 0)),
)


def function(pairs: Pairs) -> str:
    """Entry by entry a function of the other."""
    if constant(pairs):
        return ""
    return next((phrase for phrase, f in FUNCTIONS if holds(pairs, f)), "")


def transposed(pairs: Pairs) -> str:
    """Rows for columns."""
    return "transposed" if holds(pairs, _swap) else ""


def _swap(x: Array) -> Array:
    return np.swapaxes(x, -1, -2)


def reversed_axis(pairs: Pairs) -> str:
    """One axis from its end to its beginning."""
    for axis in range(pairs[0].base.ndim):
        if holds(pairs, lambda x, axis=axis: np.flip(x, axis)):  # type: ignore[misc]
            return f"with axis {axis} in reverse order"
    if pairs[0].base.ndim > 1 and holds(pairs, np.flip):
        return "with every axis in reverse order"
    return ""


def shifted(pairs: Pairs) -> str:
    """Moved by one place along an axis, whatever fills the gap."""
    for axis in range(pairs[0].base.ndim):
        for phrase, ours, theirs in (("late", 1, 0), ("early", 0, 1)):
            if _moved(pairs, axis, ours, theirs):
                return f"one place too {phrase} along axis {axis}"
    return ""


def _moved(pairs: Pairs, axis: int, ours: int, theirs: int) -> bool:
    telling = 0
    for pair in pairs:
        if pair.answer.shape != pair.base.shape:
            return False
        n = pair.base.shape[axis]
        left = np.take(pair.answer, range(ours, n - theirs), axis)
        right = np.take(pair.base, range(theirs, n - ours), axis)
        if not close(left, right):
            return False
        telling += left.size > 1 and len(np.unique(right)) > 1 and not close(pair.answer, pair.base)
    return telling >= 2


def shape(pairs: Pairs) -> str:
    """The right numbers in another shape."""
    for pair in pairs:
        if pair.answer.size != pair.base.size or pair.answer.shape == pair.base.shape:
            return ""
        if not close(pair.answer.reshape(pair.base.shape), pair.base):
            return ""
    return "in another shape: `reshape`, or an index, gives it the right one" if pairs else ""


def reduced(pairs: Pairs) -> str:
    """A sum or mean too many, or one too few."""
    for name, reduce in (("summed", np.sum), ("averaged", np.mean)):
        for axis in range(pairs[0].base.ndim):
            if holds(pairs, lambda x, axis=axis, f=reduce: f(x, axis)):  # type: ignore[misc]
                return f"{name} over axis {axis}, which belongs in the result"
        if pairs[0].base.ndim and holds(pairs, reduce):
            return f"{name} over all its entries, which belong in the result"
        back = [Pair(pair.base, pair.answer) for pair in pairs]
        for axis in range(pairs[0].answer.ndim):
            if holds(back, lambda x, axis=axis, f=reduce: f(x, axis)):  # type: ignore[misc]
                return f"not yet {name} over axis {axis}"
        if pairs[0].answer.ndim > 1 and holds(back, reduce):
            return f"not yet {name} over its axes"
    return ""


def accumulated(pairs: Pairs) -> str:
    """Running sums or differences of the right entries."""
    for axis in range(pairs[0].base.ndim):
        if holds(pairs, lambda x, axis=axis: np.cumsum(x, axis)):  # type: ignore[misc]
            return f"with running sums taken along axis {axis}"
        if holds(pairs, lambda x, axis=axis: np.flip(np.cumsum(np.flip(x, axis), axis), axis)):  # type: ignore[misc]
            return f"summed from each entry to the end of axis {axis}"
    return ""


def _per(axis: int | None) -> tuple[tuple[str, Transform], ...]:
    k = {"axis": axis, "keepdims": True}
    return (
        ("divided by its sum", lambda x: x / x.sum(**k)),
        ("divided by its length", lambda x: x / np.sqrt((x**2).sum(**k))),
        ("divided by its largest entry", lambda x: x / x.max(**k)),
        ("less its mean", lambda x: x - x.mean(**k)),
        ("standardised: less its mean, by its deviation", lambda x: (x - x.mean(**k)) / x.std(**k)),
        ("less its largest entry", lambda x: x - x.max(**k)),
    )


def normalised(pairs: Pairs) -> str:
    """Scaled or centred by its own entries."""
    ndim = pairs[0].base.ndim
    for axis in (None, *range(ndim)) if ndim > 1 else (None,) * min(ndim, 1):
        where = "" if axis is None else f", along axis {axis}"
        for phrase, f in _per(axis):
            if holds(pairs, f, 3):
                return phrase + where
    return ""


def one_part(pairs: Pairs) -> str:
    """Everything agrees but one place along an axis: its first or its last."""
    for axis in range(pairs[0].base.ndim):
        for index, name in ((-1, "last"), (0, "first")):
            if _all_but(pairs, axis, index):
                return f"but for the {name} entries along axis {axis}"
    return ""


def _all_but(pairs: Pairs, axis: int, index: int) -> bool:
    telling = 0
    for pair in pairs:
        if pair.answer.shape != pair.base.shape:
            return False
        rest, right = np.delete(pair.answer, index, axis), np.delete(pair.base, index, axis)
        if not close(rest, right):
            return False
        telling += right.size > 1 and bool(np.any(right != 0)) and not close(pair.answer, pair.base)
    return telling >= 2
