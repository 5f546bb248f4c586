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


def rows(pairs: Iterable[tuple[str, Any]]) -> str:
    """A block of `name = value` rows, the equal signs below each other."""
    pairs = list(pairs)
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
