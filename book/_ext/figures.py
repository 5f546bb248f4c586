"""Figures stand in the page as SVG, in its colours: sharp, light or dark, and their text is text.

A figure that has other colours than those of `pgcompanion.style` stays an image of its own, which
the style sheet turns over in the dark.
"""

from __future__ import annotations

import html
import re
from pathlib import Path

from sphinx.application import Sphinx

from pgcompanion import style
from pgcompanion.demos.engine.svg import embedded, named

IMAGE = re.compile(r'<img ([^>]*)src="([^"]*_images/[^"]*\.svg)"([^>]*)/?>')
VIEW = re.compile(r'viewBox="0 0 ([\d.]+) [\d.]+"')
COLOUR = re.compile(r"(?<=[: \"])#[0-9a-f]{6}\b|<image ")
GREY = re.compile(r"(?<=[: \"])#([0-9a-f]{2})\1\1\b")


def grey(match: re.Match[str]) -> str:
    """The grey of the page that is nearest in use: of text, of what is beside it, of a grid, of paper."""
    level = int(match[1], 16)
    places = [(64, style.INK), (160, style.MUTED), (240, style.GRID), (256, style.PAPER)]
    return next(colour for below, colour in places if level < below)


def drawing(path: Path, alt: str) -> str | None:
    """The figure as an element of the page, if the page has all of its colours."""
    text = GREY.sub(grey, path.read_text(encoding="utf-8"))
    if set(COLOUR.findall(text)) - set(style.COLOURS.values()):
        return None
    svg = named(embedded(text), alt)
    view = VIEW.search(svg)
    assert view is not None
    width = f"width:{float(view[1]) * 4 / 3:.0f}px"  # a point is 4/3 of a pixel
    return svg.replace("<svg ", f'<svg class="pg-figure" style="{width}" ', 1)


def inline(page: Path) -> None:
    def replaced(match: re.Match[str]) -> str:
        alt = re.search(r'alt="([^"]*)"', match[0])
        path = page.parent / match[2]
        words = html.unescape(alt[1]) if alt else ""
        return (path.exists() and drawing(path, words)) or match[0]

    text = page.read_text(encoding="utf-8")
    if IMAGE.search(text):
        page.write_text(IMAGE.sub(replaced, text), encoding="utf-8")


def put_in_place(app: Sphinx, error: Exception | None) -> None:
    if not error and app.builder.format == "html":
        for docname in app.env.found_docs:
            inline(Path(app.outdir) / f"{docname}.html")


def setup(app: Sphinx) -> None:
    app.connect("build-finished", put_in_place, priority=800)
