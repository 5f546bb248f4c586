"""Slides of the chapters, and a sheet of two pages with their formulas, from the built book.

    .venv/bin/python tools/handouts.py

The slides hold the numbered statements and the figures, one each; the sheet holds the formulas of the
definitions and theorems. Both are made of the pages as they are built, by a headless Chromium.
"""

from __future__ import annotations

import io
from bisect import bisect_left
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import chromium
import notebooks
import yaml
from playwright.sync_api import Browser, Page, sync_playwright
from pypdf import PdfReader, PdfWriter

SITE = notebooks.ROOT / "_build" / "html"
TOOLS = Path(__file__).parent
SLIDES, SHEET = "slides.pdf", "formula_sheet.pdf"
LONGEST = 2  # pages of the sheet
SIZES = [size / 100 for size in range(120, 30, -5)]
WIDTH = 1062  # pixels of an A4 page's length, without its margins
LANDSCAPE = {"landscape": True, "format": "A4", "print_background": True}


def chapters() -> list[str]:
    """The pages of the first part of the book."""
    toc = yaml.safe_load((notebooks.ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return [*notebooks.toc_files(toc["parts"][0])]


def opened(browser: Browser, site: Path, name: str) -> Page:
    """A page of the site with our script and style, which its policy would refuse."""
    page = browser.new_page(
        color_scheme="light", bypass_csp=True, viewport={"width": 1280, "height": 720}
    )
    page.goto(f"{site.as_uri()}/{name}.html")
    page.evaluate(chromium.TYPESET)
    page.add_script_tag(path=TOOLS / "handouts.js")
    page.add_style_tag(path=TOOLS / "handouts.css")
    return page


def slides(browser: Browser, site: Path, names: Iterable[str], target: Path) -> int:
    """Write the slides of these pages, with an outline; how many they are."""
    writer = PdfWriter()
    for name in names:
        page = opened(browser, site, name)
        title = page.locator("article.bd-article h1").first.inner_text().strip(" #\n")
        page.evaluate("() => pgSlides()")
        page.emulate_media(media="screen")
        printed = page.pdf(width="1280px", height="720px", print_background=True)
        writer.append(io.BytesIO(printed), outline_item=title)
        page.close()
    writer.write(target)
    return len(writer.pages)


def sheet(browser: Browser, site: Path, names: Iterable[str], target: Path) -> int:
    """Write the formulas of these pages as large as two pages hold them; how many pages they are."""
    parts = []
    for name in names:
        page = opened(browser, site, name)
        parts.append(page.evaluate("() => pgFormulas()"))
        page.close()
    page = opened(browser, site, next(iter(names)))
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": WIDTH, "height": 720})
    margin = dict.fromkeys(("top", "right", "bottom", "left"), "8mm")

    @cache
    def printed(size: float) -> bytes:
        page.evaluate("([parts, size]) => pgSheet(parts, size)", [parts, size])
        return page.pdf(**LANDSCAPE, margin=margin)

    def length(size: float) -> int:
        return len(PdfReader(io.BytesIO(printed(size))).pages)

    fits = bisect_left(SIZES, True, key=lambda size: length(size) <= LONGEST)
    size = SIZES[min(fits, len(SIZES) - 1)]
    target.write_bytes(printed(size))
    n = length(size)
    page.close()
    return n


def main() -> None:
    path = chromium.needed()
    names = chapters()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=chromium.FLAGS)
        n = slides(browser, SITE, names, SITE / SLIDES)
        print(f"{n} slides: file://{SITE / SLIDES}")
        n = sheet(browser, SITE, names, SITE / SHEET)
        print(f"The sheet of formulas, {n} pages: file://{SITE / SHEET}")
        browser.close()


if __name__ == "__main__":
    main()
