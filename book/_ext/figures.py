"""Figures stand in the page as SVG, in its colours: sharp, light or dark, and their text is text.

A figure that has other colours than those of `pgcompanion.style` stays an image of its own, which
the style sheet turns over in the dark.
"""

from __future__ import annotations

import html
import re
from pathlib import Path

from sphinx.application import Sphinx

from pgcompanion.demos.engine.svg import foreign, in_page

IMAGE = re.compile(r'<img ([^>]*)src="([^"]*_images/[^"]*\.svg)"([^>]*)/?>')


def drawing(path: Path, alt: str) -> str | None:
    """The figure as an element of the page, if the page has all of its colours."""
    text = path.read_text(encoding="utf-8")
    return None if foreign(text) else in_page(text, alt)


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
