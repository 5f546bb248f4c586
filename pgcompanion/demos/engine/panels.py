"""The axes of a demo's picture, in one look, and quick enough to be drawn a few hundred times.

Matplotlib's own ticks take most of the time of a small figure. Here ticks are plain text and one set
of lines, since a demo knows its limits beforehand and keeps them while the controls move.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from pgcompanion import checks, style
from pgcompanion.demos.engine.controls import text

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.transforms import Transform

#: Room around the panels, in points. LEFT and BOTTOM hold numbers; BETWEEN and CLOSE stand for them
#: where there are none. ASIDE holds the name of an upright axis, LINE a line of words.
LEFT, RIGHT, TOP, BOTTOM, CLOSE, BETWEEN, ASIDE, LINE = 32, 8, 24, 32, 8, 16, 14, 14
POINTS = 72


@dataclass(frozen=True)
class Panel:
    """One pair of axes: its title, its limits and ticks, and its share of the row's width.

    ``numbers`` names the axes whose ticks carry their numbers; a panel leaves out those that it
    shares with the one on its left ("x") or below ("y"). The first panel of a row may have a
    ``ylabel``. ``lines`` is the room between title and axes, in lines of words, for `marks.key`.
    """

    title: str = ""
    xlabel: str = ""
    xlim: tuple[float, float] = (0.0, 1.0)
    ylim: tuple[float, float] = (0.0, 1.0)
    xticks: tuple[float, ...] = ()
    yticks: tuple[float, ...] = ()
    xscale: str = "linear"
    yscale: str = "linear"
    numbers: str = "xy"
    width: float = 1.0
    ylabel: str = ""
    lines: int = 0

    def __post_init__(self) -> None:
        for name in ("title", "xlabel", "ylabel", "numbers"):
            checks.string(name, getattr(self, name))
        for name in ("xlim", "ylim"):
            checks.finite(name, getattr(self, name), (2,))
        for name in ("xticks", "yticks"):
            checks.finite(name, getattr(self, name), (None,))
        for name in ("xscale", "yscale"):
            checks.choice(name, getattr(self, name), ("linear", "log"))
        checks.positive("width", self.width)
        checks.natural_number("lines", self.lines)


Rows = tuple[tuple[Panel, ...], ...]
Picture = tuple["Figure", list["Axes"]]

#: Pictures that are kept, by their arguments, each with the artists that belong to it.
Shelf = dict[tuple[Rows, float, tuple[float, ...]], tuple[Picture, set["Artist"]]]

_shelf: Shelf | None = None


def panels(rows: Rows, height: float, heights: tuple[float, ...] = ()) -> Picture:
    """A figure of the book's width with rows of panels, and its axes in reading order.

    Args:
        rows: the panels, a tuple for each row.
        height: of the figure, in inches.
        heights: the rows' shares of it; equal where left out.

    Raises:
        TypeError: ``rows`` is not made of tuples of panels.
        ValueError: ``height`` is not positive, or ``heights`` is not a positive number for each row.
    """
    if not isinstance(rows, tuple) or not all(row and isinstance(row, tuple) for row in rows):
        raise TypeError(f"rows must be tuples of panels, but it is {checks.kind(rows)}.")
    checks.positive("height", height)
    if (shares := checks.weights("heights", heights)).size and shares.shape != (len(rows),):
        raise ValueError(f"heights must be one for each of the {len(rows)} rows.")
    key = (rows, height, heights)
    if _shelf is None:
        return _drawn(*key)
    if key not in _shelf:
        picture = _drawn(*key)
        _shelf[key] = picture, set(_artists(picture))
    picture, own = _shelf[key]
    for artist in _artists(picture):
        if artist not in own:
            artist.remove()
    for ax in picture[1]:
        ax.set_prop_cycle(None)
    return picture


@contextmanager
def reuse(shelf: Shelf) -> Iterator[None]:
    """Within it `panels` empties and hands out a figure from the shelf instead of a new one.

    For a caller that is done with a frame before it asks for the next. It takes a tenth of the time.
    """
    global _shelf
    before, _shelf = _shelf, shelf
    try:
        yield
    finally:
        _shelf = before


def _artists(picture: Picture) -> list[Artist]:
    fig, axes = picture
    return [artist for parent in (fig, *axes) for artist in parent.get_children()]


def _drawn(rows: Rows, height: float, heights: tuple[float, ...]) -> Picture:
    from matplotlib.figure import Figure

    with style.within():
        fig = Figure(figsize=(style.WIDTH, height))
        axes = []
        for panel, box in _boxes(rows, height * POINTS, heights or (1.0,) * len(rows)):
            axes.append(ax := fig.add_axes(box))
            _furnish(ax, panel)
    return fig, axes


def moved(ax: Axes, right: float, up: float) -> Transform:
    """A move by some points."""
    from matplotlib.transforms import ScaledTranslation

    return ScaledTranslation(right / POINTS, up / POINTS, ax.figure.dpi_scale_trans)


def _boxes(
    rows: Rows, height: float, heights: tuple[float, ...]
) -> Iterator[tuple[Panel, tuple[float, float, float, float]]]:
    """Each panel with its place (left, bottom, width, height) in fractions of the figure."""
    width = style.WIDTH * POINTS
    below = [BOTTOM if any("x" in panel.numbers for panel in row) else CLOSE for row in rows]
    above = [TOP + LINE * max(panel.lines for panel in row) for row in rows]
    free = height - sum(above) - sum(below)
    first = LEFT + ASIDE * any(row[0].ylabel for row in rows)
    top = height
    for row, share, head, foot in zip(rows, heights, above, below, strict=True):
        tall = free * share / sum(heights)
        bottom = top - head - tall
        before = [first, *(LEFT if p.yticks and "y" in p.numbers else BETWEEN for p in row[1:])]
        room = width - sum(before) - RIGHT
        left = 0.0
        for panel, gap in zip(row, before, strict=True):
            wide = room * panel.width / sum(each.width for each in row)
            yield panel, ((left + gap) / width, bottom / height, wide / width, tall / height)
            left += gap + wide
        top = bottom - foot


def _furnish(ax: Axes, panel: Panel) -> None:
    ax.set(xscale=panel.xscale, yscale=panel.yscale, xlim=panel.xlim, ylim=panel.ylim)
    ax.xaxis.set_visible(False)
    ax.yaxis.set_visible(False)
    ax.spines[:].set_visible(False)
    ax.set_title("", y=1)  # A fixed height: finding one would cost as much as drawing the ticks.
    _rule(ax, panel.xticks, upright=True)
    _rule(ax, panel.yticks, upright=False)
    write = partial(_write, ax, color=style.MUTED, size=style.FONT - 1)
    for x in panel.xticks if "x" in panel.numbers else ():
        write(x, 0, text(x), ax.get_xaxis_transform(), (0, -5), ha="center", va="top")
    for y in panel.yticks if "y" in panel.numbers else ():
        write(0, y, text(y), ax.get_yaxis_transform(), (-5, 0), ha="right", va="center_baseline")
    write(1, 0, panel.xlabel, ax.transAxes, (0, -27), ha="right")
    aside = {"ha": "left", "va": "top", "rotation": 90}
    write(0, 1, panel.ylabel, ax.transAxes, (2 - LEFT - ASIDE, 0), **aside)
    _write(ax, 0, 1, panel.title, ax.transAxes, (0, 7 + LINE * panel.lines), weight="bold")


def _rule(ax: Axes, ticks: tuple[float, ...], upright: bool) -> None:
    """The lines of a grid in one direction, as one line with gaps."""
    from matplotlib.lines import Line2D

    at, across = np.repeat(ticks, 3), np.tile([0, 1, np.nan], len(ticks))
    if upright:
        line = Line2D(at, across, transform=ax.get_xaxis_transform())
    else:
        line = Line2D(across, at, transform=ax.get_yaxis_transform())
    line.set(color=style.GRID, linewidth=0.8, zorder=0.5)
    ax.add_artist(line)


def _write(
    ax: Axes,
    x: float,
    y: float,
    words: str,
    transform: Transform,
    points: tuple[float, float],
    **look: Any,
) -> None:
    """Write at a place of the axes, moved by some points."""
    from pgcompanion.demos.engine.still import Still

    if words:
        place = transform + moved(ax, *points)
        ax.add_artist(Still(x, y, words, transform=place, clip_on=False, **look))
