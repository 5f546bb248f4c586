"""Figures stand in the page as SVG, in its colours: sharp, light or dark.

A heat map keeps its colours, on the ground of the page. A figure that has other colours than those of
`pgcompanion.style` stays an image of its own, which the style sheet turns over in the dark.
"""

from __future__ import annotations

import html
import re
from pathlib import Path

from pgcompanion.demos.engine.svg import foreign, in_page

IMAGE = re.compile(r'<img ([^>]*)src="([^"]*_images/[^"]*\.svg)"([^>]*)/?>')


def drawing(path: Path, alt: str) -> str | None:
    """The figure as an element of the page, if the page has all of its colours."""
    text = path.read_text(encoding="utf-8")
    return None if foreign(text) else in_page(text, alt)


def inline(text: str, folder: Path) -> str:
    """The text of a page in this folder, with its figures in their places."""

    def replaced(match: re.Match[str]) -> str:
        alt = re.search(r'alt="([^"]*)"', match[0])
        path = folder / match[2]
        words = html.unescape(alt[1]) if alt else ""
        return (path.exists() and drawing(path, words)) or match[0]

    return IMAGE.sub(replaced, text)
