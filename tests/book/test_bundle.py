"""What a page asks for: one style sheet, one script that it waits for, and one that it does not."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from notebooks import ROOT

sys.path.append(str(ROOT / "book" / "_ext"))

import bundle

ASKED = re.compile(r'<(?:link rel="stylesheet"|script)[^>]* (?:href|src)="([^"]+)"')
PAGE = """<head>
<script src="../_static/theme.js"></script>
<noscript>
  <link rel="stylesheet" href="../_static/bare.css">
</noscript>
<link href="../_static/styles/a.css?digest=1" rel="stylesheet" />
<link rel="preload" as="script" href="../_static/late.js?digest=1" />
<script src="../_static/fonts.js"></script>
<script defer="defer" src="../_static/first.js"></script>
<script src="../_static/inline/of_first.js"></script>
</head><body>
<script defer src="../_static/late.js?digest=1"></script></body>"""
FILES = {
    "styles/a.css": '@charset "UTF-8";@import "../b.css";.kept{src:url("../c/d.woff2"),url(data:x)}.absent{}',
    "b.css": ".kept{color:red}",
    "bare.css": "",
    "theme.js": "theme()",
    "fonts.js": "fonts()",
    "first.js": '"use strict"; first()',
    "late.js": "late(this)",
    "inline/of_first.js": "var told = 1",
}


@pytest.fixture
def page(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / "_static" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    page = tmp_path / "exercises" / "page.html"
    page.parent.mkdir()
    page.write_text(PAGE.replace("<body>", '<body class="kept">'))
    bundle.bundle(tmp_path, [page])
    return page


def files(page: Path) -> list[str]:
    text = re.sub(r"<noscript>.*?</noscript>", "", page.read_text(), flags=re.DOTALL)
    assert "preload" not in text
    return [(page.parent / name).read_text() for name in ASKED.findall(text)]


def test_a_page_asks_for_three_files_in_their_order(page: Path) -> None:
    style, early, late = files(page)
    assert early == ";theme()\n;fonts()"
    assert late == ';var told = 1\n;"use strict"; first()\n;late(this)'
    assert style.index("color:red") < style.index("src:")


def test_addresses_and_imports_of_a_sheet_are_found_from_its_new_place(page: Path) -> None:
    style = files(page)[0]
    assert 'url("c/d.woff2")' in style
    assert "url(data:x)" in style
    assert "@" not in style
    assert "absent" not in style


def test_without_scripts_a_page_keeps_its_own_sheet(page: Path) -> None:
    assert '<link rel="stylesheet" href="../_static/bare.css">\n</noscript>' in page.read_text()


def test_a_page_that_leads_to_another_at_once_stays_as_it_is(page: Path) -> None:
    """The first page of `make page` is one."""
    away = page.parent / "index.html"
    away.write_text('<meta http-equiv="refresh" content="0; url=page.html">')
    before = away.read_text()
    page.write_text(PAGE)
    bundle.bundle(page.parents[1], [away, page])
    assert away.read_text() == before
    assert page.read_text() != PAGE


def test_the_pages_of_the_book_ask_for_little(site: Path) -> None:
    for page in [*site.glob("*.html"), *site.glob("exercises/*.html")]:
        text = re.sub(r"<noscript>.*?</noscript>", "", page.read_text("utf-8"), flags=re.DOTALL)
        assert len(ASKED.findall(text)) == 3, page.name


def test_the_theme_measures_no_boxes(site: Path) -> None:
    """It would lay out every section of a page, and again whenever a demo moves."""
    measures = ".nboutput > .output_area"
    assert measures in (site / "_static/scripts/pydata-sphinx-theme.js").read_text("utf-8")
    scripts = site.glob("_static/" + "[0-9a-f]" * 8 + ".js")
    assert [path.name for path in scripts if measures in path.read_text("utf-8")] == []


MARGINS = ["marginnote", "sidenote", "margin", "margin-caption", "full-width", "sidebar", "popout"]


def test_the_theme_looks_for_no_notes_in_a_margin_and_there_are_none(site: Path) -> None:
    looks = "t.observe(e)"
    assert looks in (site / "_static/scripts/sphinx-book-theme.js").read_text("utf-8")
    scripts = site.glob("_static/" + "[0-9a-f]" * 8 + ".js")
    assert [path.name for path in scripts if looks in path.read_text("utf-8")] == []
    names = {f"{tag}{name}" for name in MARGINS for tag in ("", "tag_")}
    names |= {name.replace("-", "_") for name in names}
    for page in site.rglob("*.html"):
        classes = re.findall(r' class="([^"]*)"', page.read_text("utf-8"))
        assert names.isdisjoint(" ".join(classes).split()), page.name


def test_the_sheets_of_the_book_are_whole(site: Path) -> None:
    """A script puts names of classes together, so no rule of theirs may go; the theme's do, the control."""
    page = (site / "index.html").read_text(encoding="utf-8")
    *_, name = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page)
    built = (site / name).read_text(encoding="utf-8")
    for own in ["site.css", "demo.css"]:
        assert bundle.sheet(site, f"_static/{own}") in built
    assert bundle.sheet(site, "_static/styles/pydata-sphinx-theme.css") not in built
