"""Arrays as text that a reader can check by hand and paste back into a cell."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

INDENT = "    "


def value(something: Any, prefix: str = "") -> str:
    """An array as nested lists with commas; its later lines are set in below `prefix`."""
    if isinstance(something, float | int | np.generic):
        return f"{something:.6g}" if isinstance(something, float) else str(something)
    if isinstance(something, tuple):
        return "(" + ", ".join(value(each, prefix) for each in something) + ")"
    if not isinstance(something, np.ndarray | list):
        return _named(something)
    array = np.asarray(something)
    if array.ndim == 0:
        return value(array.item())
    return np.array2string(
        array,
        precision=6,
        suppress_small=True,
        separator=", ",
        floatmode="maxprec",
        threshold=200,
        max_line_width=84,
        prefix=prefix,
    )


def _named(something: Any) -> str:
    """A function, a generator or an object of the package, in a word or two."""
    if isinstance(something, np.random.Generator):
        return "a random generator"
    if callable(something) and hasattr(something, "__name__"):
        return f"the function `{something.__name__}`"
    text = repr(something)
    return f"{text[:200]} ..." if len(text) > 200 else text


def rows(pairs: Iterable[tuple[str, Any]]) -> str:
    """A block of `name = value` rows, the equal signs below each other."""
    pairs = list(pairs)
    if not pairs:
        return ""
    width = max(len(name) for name, _ in pairs)
    lines = []
    for name, something in pairs:
        start = f"{name:<{width}} = "
        lines.append(start + value(something, start))
    return block("\n".join(lines))


def block(text: str) -> str:
    """Text set in by four spaces: the mark of a block that keeps its lines."""
    return "\n".join(INDENT + line for line in text.splitlines())


def excerpt(text: str, lines: int = 8) -> str:
    """The first lines of a printed text, as a block."""
    kept = text.rstrip().splitlines()
    return block("\n".join(kept[:lines] + ["..."] * (len(kept) > lines)))
