"""One number for each case by which an answer may be off: a constant, a size, an argument."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pgcompanion.exercises.engine.pairs import TIGHT, Pair, Pairs, close, constant


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
    for n, (one, x) in enumerate(sizes + scalars):
        for other, z in (sizes + scalars)[n + 1 :]:
            yield (
                f"divided by {one} and by {other}",
                [1 / (a * b) for a, b in zip(x, z, strict=True)],
            )
            yield f"times {one} and {other}", [a * b for a, b in zip(x, z, strict=True)]
            yield f"times {one} and divided by {other}", [a / b for a, b in zip(x, z, strict=True)]
            yield f"times {other} and divided by {one}", [b / a for a, b in zip(x, z, strict=True)]
