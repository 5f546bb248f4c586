"""How one result may be another in disguise: up to a factor, a shift, a transposition, a function.

Each relation looks at all cases at once and gives a phrase that completes "your result is the right
one, ...", or nothing. It speaks only where the cases leave no doubt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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


def factor(pairs: Pairs) -> str:
    """Up to one number for each case: a constant, a size, an argument."""
    ratios = []
    for pair in pairs:
        if pair.answer.shape != pair.base.shape or not np.isfinite(pair.answer).all():
            return ""
        square = float((pair.base**2).sum())
        telling = square > 1e-18  # the others are 0 up to round-off
        ratio = float((pair.answer * pair.base).sum()) / square if telling else float("nan")
        if not close(pair.answer, pair.base * (ratio if telling else 0.0)):
            return ""
        ratios.append(ratio)
    found = [(r, p) for r, p in zip(ratios, pairs, strict=True) if np.isfinite(r)]
    if (
        len(found) < 3
        or constant(pairs)
        or all(abs(r - 1) < TIGHT for r, _ in found)
        or not any(r for r, _ in found)
    ):
        return ""
    return _told([r for r, _ in found], [p for _, p in found])


def _told(ratios: list[float], pairs: list[Pair]) -> str:
    for sign, ending in ((1.0, ""), (-1.0, ", and negated")):
        for candidates in (_constants(), _powers(pairs), _mixed(pairs)):
            fits = [
                phrase for phrase, values in candidates if _equal(ratios, values, sign, len(pairs))
            ]
            if fits:
                return (" or ".join(fits) + ending).removeprefix("times 1, and ")
    return ""


def _equal(ratios: list[float], values: list[float], sign: float, n: int) -> bool:
    values = values * n if len(values) == 1 else values
    return np.allclose(ratios, sign * np.asarray(values), TIGHT, 0.0)


def _constants() -> Iterator[tuple[str, list[float]]]:
    yield "times 1", [1.0]
    for n in (2, 3, 4, 5, 10, 100):
        yield f"times {n}", [float(n)]
        yield f"divided by {n}", [1.0 / n]
    for name, x in (("the root of 2", 2**0.5), ("pi", np.pi), ("2 pi", 2 * np.pi)):
        yield f"times {name}", [x]
        yield f"divided by {name}", [1 / x]
    for base in (2, 10):
        yield (
            f"divided by the natural logarithm of {base}, as a logarithm to base {base} is",
            [1 / np.log(base)],
        )


Named = list[tuple[str, list[float]]]


def _numbers(pairs: list[Pair]) -> tuple[Named, Named]:
    """The sizes and the numbers that every case has, with their values."""
    sizes = [name for name in pairs[0].sizes if all(name in p.sizes for p in pairs)]
    scalars = [name for name in pairs[0].scalars if all(name in p.scalars for p in pairs)]
    return (
        [(name, [float(p.sizes[name]) for p in pairs]) for name in sizes],
        [(name, [p.scalars[name] for p in pairs]) for name in scalars],
    )


def _powers(pairs: list[Pair]) -> Iterator[tuple[str, list[float]]]:
    sizes, scalars = _numbers(pairs)
    for name, x in sizes + scalars:
        yield f"times {name}", x
        yield f"divided by {name}", [1 / y for y in x]
    for name, x in sizes:
        if max(x) > 1:
            yield f"divided by {name} - 1 instead of {name}", [y / max(y - 1, 1) for y in x]


def _mixed(pairs: list[Pair]) -> Iterator[tuple[str, list[float]]]:
    sizes, scalars = _numbers(pairs)
    for name, x in sizes + scalars:
        yield f"times the square of {name}", [y**2 for y in x]
        yield f"divided by the square of {name}", [y**-2 for y in x]
        yield f"times the root of {name}", [y**0.5 for y in x]
        yield f"divided by the root of {name}", [y**-0.5 for y in x]
        yield f"divided by 2 {name}", [1 / (2 * y) for y in x]
        yield f"times 2 {name}", [2 * y for y in x]
    for name, x in scalars:
        if max(x) < 1:
            yield f"times 1 - {name}", [1 - y for y in x]
            yield f"divided by 1 - {name}", [1 / (1 - y) for y in x]
    for n, (one, x) in enumerate(sizes):
        for other, z in (sizes + scalars)[n + 1 :]:
            yield (
                f"divided by {one} and by {other}",
                [1 / (a * b) for a, b in zip(x, z, strict=True)],
            )
            yield f"times {one} and {other}", [a * b for a, b in zip(x, z, strict=True)]
            yield f"times {one} and divided by {other}", [a / b for a, b in zip(x, z, strict=True)]
            yield f"times {other} and divided by {one}", [b / a for a, b in zip(x, z, strict=True)]


def constant_added(pairs: Pairs) -> str:
    """Off by the same number everywhere."""
    if constant(pairs):
        return ""
    for n in (1.0, -1.0, 2.0, -2.0, 0.5, -0.5):
        if holds(pairs, lambda x, n=n: x + n, 3):  # type: ignore[misc]
            return f"{'plus' if n > 0 else 'minus'} {abs(n):g}"
    return ""


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
