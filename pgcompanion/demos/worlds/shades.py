"""What the lightness of a map's cells stands for: a strip of its shades between two numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pgcompanion import style
from pgcompanion.demos.engine.panels import POINTS
from pgcompanion.gridworld import GridWorld, drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage

#: The shades of the strip, and in points: their sides, their height over the map, a letter's width.
SHADES, WIDE, TALL, UP, LETTER = 12, 4, 8, 4, 7

#: The time of the lightest cell, in steps of an episode.
LONGEST = 4


def draw_time(ax: Axes, grid: GridWorld, visits: np.ndarray) -> None:
    """Draw a map and the mean visits of each state, shape ``(S,)``: the lighter, the more.

    Lightness grows with the root, so that rare visits can be told apart.
    """
    drawing.draw_map(ax, grid)
    image = drawing.draw_values(ax, grid, np.sqrt(visits), 0.0, np.sqrt(LONGEST))
    draw_shades(ax, image, "0", f"≥ {LONGEST} visits")


def draw_shades(ax: Axes, image: AxesImage, least: str, most: str) -> None:
    """Draw the shades of a map above it, from dark to light, in a panel of one line of words.

    ``least`` and ``most`` say what the ends stand for.
    """
    from matplotlib.collections import PolyCollection
    from matplotlib.transforms import Affine2D, ScaledTranslation

    corner: Any = ScaledTranslation(0, 1, ax.transAxes)  # type: ignore[arg-type]
    points = Affine2D().scale(1 / POINTS) + ax.figure.dpi_scale_trans + corner
    left = LETTER * len(least) + 4
    square = np.array([(left, UP), (left + WIDE, UP), (left + WIDE, UP + TALL), (left, UP + TALL)])
    squares = square + np.array([[(WIDE * place, 0)] for place in range(SHADES)])
    colours = image.get_cmap()(np.linspace(0, 1, SHADES))
    strip = PolyCollection(squares, fc=colours, ec=colours, lw=0.3, transform=points, clip_on=False)
    ax.add_collection(strip, autolim=False)
    look: dict[str, Any] = {"va": "center_baseline", "size": style.FONT - 1}
    for x, words in ((0, least), (left + WIDE * SHADES + 4, most)):
        ax.text(x, UP + TALL / 2, words, transform=points, **look)
