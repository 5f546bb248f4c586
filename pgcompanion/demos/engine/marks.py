"""What is written and marked in a panel: notes, a key above it, and dots that do not get lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pgcompanion import style
from pgcompanion.demos.engine.panels import LINE, Panel, moved

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

#: The least size of a triangle, in points: a smaller one looks like a dot.
TRIANGLE = 7


def say(
    ax: Axes,
    x: float,
    y: float,
    words: str,
    colour: str = style.INK,
    ha: str = "left",
    **look: Any,
) -> None:
    """A note in a panel, in the colour of what it speaks of; ``x`` and ``y`` are parts of its sides."""
    look |= {"color": style.words(colour), "size": style.FONT - 1, "transform": ax.transAxes}
    ax.text(x, y, words, ha=ha, **look)


def key(
    ax: Axes, x: float, words: str, colour: str = style.INK, line: int = 0, **look: Any
) -> None:
    """A mark and what it stands for, above a panel that has `Panel.lines`.

    ``x`` is a part of the panel's width, ``line`` counts upwards, and ``look`` is that of the mark.
    """
    up = ax.transAxes + moved(ax, 0, 8 + LINE * line)
    ax.plot([x], [1], transform=up, clip_on=False, color=colour, **look)
    beside = up + moved(ax, 9, 0)
    ax.text(x, 1, words, size=style.FONT - 1, va="center_baseline", transform=beside)


def dots(ax: Axes, x: ArrayLike, y: ArrayLike, colour: str, ms: float, **look: Any) -> None:
    """Dots; in the place of one that lies above or below the panel, a triangle at the edge."""
    x, y = np.atleast_1d(x), np.atleast_1d(y)
    low, high = ax.get_ylim()
    if (inside := (low <= y) & (y <= high)).any():
        ax.plot(x[inside], y[inside], "o", color=colour, ms=ms, **look)
    ms = max(ms, TRIANGLE)
    for out, edge, mark, inwards in ((y > high, high, "^", -0.6), (y < low, low, "v", 0.6)):
        if out.any():
            at, within = np.full(out.sum(), edge), ax.transData + moved(ax, 0, inwards * ms)
            ax.plot(x[out], at, mark, color=colour, ms=ms, transform=within, **look)


def outside(panel: Panel, y: np.ndarray) -> int:
    """How many of the ``y`` a panel does not hold, so that `dots` draws triangles."""
    low, high = panel.ylim
    return int(((y < low) | (y > high)).sum())
