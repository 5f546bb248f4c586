"""What a published site has besides its pages: a sitemap, previews of links, an icon."""

from __future__ import annotations

import html
import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from docutils import nodes
from docutils.utils import new_document
from notebooks import ROOT, contents
from PIL import Image
from small_book import GOOD, Book, preview

sys.path.insert(0, str(ROOT / "book" / "_ext"))

import published as published_extension

ADDRESS = "https://example.org/b"
PAGES = ["deep/page", "index"]
ICON = re.compile(r'<link rel="icon" href="([^"]+)"')


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    return Book(tmp_path_factory.mktemp("book"))


@pytest.fixture(scope="module")
def published(book: Book) -> Path:
    """The site with an address."""
    result = book.build(GOOD, PGCOMPANION_SITE=ADDRESS)
    assert result.returncode == 0, result.stderr
    return book.site


def test_every_page_is_in_the_sitemap(published: Path) -> None:
    sitemap = ElementTree.parse(published / "sitemap.xml").getroot()
    listed = [place.text for place in sitemap.iterfind("{*}url/{*}loc")]
    assert listed == [f"{ADDRESS}/{page}.html" for page in PAGES]


@pytest.mark.parametrize("page", PAGES)
def test_a_link_to_a_page_has_a_preview(page: str, published: Path) -> None:
    shown = preview(published, page)
    assert shown["og:url"] == f"{ADDRESS}/{page}.html"
    picture = published / shown["og:image"].removeprefix(f"{ADDRESS}/")
    with Image.open(picture) as image:
        assert image.width >= 1200
        assert image.width / image.height == pytest.approx(1.91, abs=0.03)


def test_the_pages_are_listed_for_language_models(published: Path) -> None:
    lines = (published / "llms.txt").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "# Policy gradients, computed"
    assert [line for line in lines if line.startswith("- ")] == [
        f"- [A page]({ADDRESS}/index.html): {said(published, 'index')}",
        f"- [A page in a folder]({ADDRESS}/deep/page.html): It stands below the others.",
    ]


def said(site: Path, page: str) -> str:
    return html.unescape(preview(site, page)["og:description"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A policy earns a return.", "A policy earns a return."),
        ("It has {} parameters. It earns more.", "It earns more."),
        ("{}", ""),
        ("Word " * 100 + "ends.", ("Word " * 40).strip() + " ..."),
    ],
)
def test_a_preview_has_no_mathematics(text: str, expected: str) -> None:
    before, formula, after = text.partition("{}")
    paragraph = nodes.paragraph("", "", nodes.Text(before))
    if formula:
        paragraph += nodes.math("", r"\theta_k^2")
        paragraph += nodes.Text(after)
    document = new_document("page")
    document += paragraph
    assert published_extension.description(document) == expected


def test_every_page_of_the_book_has_its_own_preview_and_the_icon(site: Path) -> None:
    titles = set()
    for page in contents():
        shown = preview(site, page)
        titles.add(shown["og:title"])
        assert len(shown["og:description"]) > 20
        assert not re.search(r"[\\$^{}]", shown["og:description"])
        (icon,) = ICON.findall((site / f"{page}.html").read_text(encoding="utf-8"))
        assert (site / page).parent.joinpath(icon).resolve() == site / "_static" / "favicon.svg"
    assert (site / "_static" / "favicon.svg").exists()
    assert len(titles) == len(contents())
