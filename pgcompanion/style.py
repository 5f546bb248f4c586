"""The look of every picture of the book.

Six colours that all kinds of colour vision tell apart, and four greys. They are those of Okabe and
Ito (2008) but for the pale ones: on white, orange and sky are darkened until a mark has the contrast
of 3 that WCAG 2 asks for (orange further, until it keeps clear of vermillion), and yellow is left
out. A demo's picture follows the page into dark mode: each colour named here has a CSS variable of
the same name in the book's style sheet.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pgcompanion import checks

#: The marks, in the order in which they are used.
PALETTE = {
    "blue": "#0072b2",
    "vermillion": "#d55e00",
    "green": "#009e73",
    "purple": "#cc79a7",
    "orange": "#7a4b00",
    "sky": "#3b9ad9",
}

#: Text and lines, secondary text, the lines of a grid, and the ground (the rim of a mark).
GREYS = {"ink": "#22272e", "muted": "#626b76", "grid": "#d9dee4", "paper": "#fdfdfd"}

#: Darker twins for words in the colour of what they speak of: text needs more contrast than a mark.
WORDS = {"vermillion": "#aa4b00", "green": "#007e5c", "purple": "#995a7d"}

COLOURS = PALETTE | GREYS | {f"{name}-words": colour for name, colour in WORDS.items()}

BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY = PALETTE.values()
INK, MUTED, GRID, PAPER = GREYS.values()


def words(colour: str) -> str:
    """The colour for words about a mark of this colour: its darker twin, or itself where that is dark enough.

    >>> words(GREEN), words(INK) == INK
    ('#007e5c', True)
    """
    checks.string("colour", colour)
    return {PALETTE[name]: darker for name, darker in WORDS.items()}.get(colour, colour)


#: A width in inches and a size in points that go together: on a telephone, where a picture of 360
#: points is shrunk to some 330 pixels, text a point smaller than FONT is still 9 pixels high.
WIDTH, FONT = 5.0, 11

SETTINGS: dict[str, Any] = {
    "figure.figsize": (WIDTH, 3.2),
    "figure.dpi": 120,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "font.size": FONT,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.facecolor": "none",
    "axes.titlesize": FONT,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "svg.hashsalt": "pgcompanion",
    "lines.linewidth": 2.0,
    "lines.markersize": 6.0,
    "lines.solid_capstyle": "round",
    "legend.frameon": False,
    "image.cmap": "viridis",
    "image.interpolation": "none",
}


def use() -> None:
    """Set matplotlib's defaults to the book's, for good: what a page does once, at its top.

    >>> import matplotlib
    >>> with within():
    ...     use()
    ...     matplotlib.rcParams["font.size"]
    11.0
    """
    import matplotlib
    from cycler import cycler

    current: dict[str, Any] = matplotlib.rcParams  # type: ignore[assignment]
    current.update(SETTINGS | {"axes.prop_cycle": cycler(color=list(PALETTE.values()))})
    if os.environ.get("PGCOMPANION_STATIC"):  # a page is being built: its figures are sharp
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        set_matplotlib_formats("svg", metadata={"Date": None})  # type: ignore[no-untyped-call]


@contextmanager
def within() -> Iterator[None]:
    """The book's defaults for the length of a ``with``: what a picture of the package does.

    >>> import matplotlib
    >>> before = matplotlib.rcParams["font.size"]
    >>> with within():
    ...     matplotlib.rcParams["font.size"]
    11.0
    >>> bool(matplotlib.rcParams["font.size"] == before)
    True
    """
    import matplotlib

    with matplotlib.rc_context():
        use()
        yield
