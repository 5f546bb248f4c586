"""The book for e-readers: a small book, made as `make epub` makes the whole one, and opened."""

from __future__ import annotations

import io
import posixpath
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree
from zipfile import ZIP_STORED, ZipFile

import epub
import pytest
from notebooks import ROOT
from PIL import Image
from small_book import GOOD, Book

sys.path.insert(0, str(ROOT / "book" / "_ext"))

import ereader

from pgcompanion import __version__, style

# What only a page of the site can do, and what it draws.
PARTS = r"""
$$
f(\theta) = \sum_{k=1}^{n} \theta_k^2
$$ (squares)

```{code-cell} ipython3
:tags: [hide-input]
:mystnb:
:  code_prompt_show: Show the code
from IPython.display import HTML, display
display(HTML('''<figure class="pg-demo"><div class="pg-demo__picture">
<svg aria-label="A rising line" viewBox="0 0 9 9"><clipPath id="c"><path d="M0 0"/></clipPath>
<path stroke="var(--pg-blue)" d="M0 0L9 9"/></svg></div>
<div class="pg-demo__controls" hidden><input type="range"><button>Play</button></div>
<script type="application/json">{"a": 1}</script><figcaption>It rises.<br>It ends.</figcaption></figure>'''))
```

The source is [here](deep/page.md), another site [there](https://example.org).
"""
DAY = {"SOURCE_DATE_EPOCH": "1788000000"}
SPECIAL = {"cover-image": r"\.png$", "mathml": r"index\.xhtml$", "nav": r"nav\.xhtml$"}
HTML = "{http://www.w3.org/1999/xhtml}"


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    book = Book(tmp_path_factory.mktemp("book"))
    for tool in ("build.py", "epub.py"):
        result = book.build(GOOD + PARTS, tool, **DAY)
        assert result.returncode == 0, result.stdout + result.stderr
    return book


@pytest.fixture(scope="module")
def files(book: Book) -> dict[str, bytes]:
    with ZipFile(book.site / epub.NAME) as packed:
        assert packed.testzip() is None
        return {name: packed.read(name) for name in packed.namelist()}


@pytest.fixture(scope="module")
def page(files: dict[str, bytes]) -> str:
    return files["index.xhtml"].decode()


def test_the_file_begins_with_its_type_as_it_is(book: Book) -> None:
    with ZipFile(book.site / epub.NAME) as packed:
        first = packed.infolist()[0]
    assert (first.filename, first.compress_type, first.extra) == ("mimetype", ZIP_STORED, b"")


def test_what_should_be_xml_is_xml(files: dict[str, bytes]) -> None:
    parsed = [ElementTree.fromstring(files[name]) for name in files if not name.endswith(EXEMPT)]
    assert len(parsed) > 6
    with pytest.raises(ElementTree.ParseError):
        ElementTree.fromstring("<p>a<br>b</p>")


EXEMPT = ("mimetype", ".css", ".png")


def test_the_manifest_names_every_file_and_what_is_special_of_it(files: dict[str, bytes]) -> None:
    items = list(ElementTree.fromstring(files["content.opf"]).iterfind("{*}manifest/{*}item"))
    listed = {item.get("href") for item in items}
    assert listed == files.keys() - {"mimetype", "META-INF/container.xml", "content.opf"}
    special = {item.get("properties"): item.get("href") for item in items}
    del special[None]
    assert special.keys() == SPECIAL.keys()
    for name, pattern in SPECIAL.items():
        assert re.search(pattern, special[name])


def test_the_book_says_what_it_is(files: dict[str, bytes]) -> None:
    opf = ElementTree.fromstring(files["content.opf"])
    (about,) = opf.iterfind("{*}metadata")
    said = {child.tag.partition("}")[2]: child.text for child in about if child.text}
    assert (said["title"], said["language"]) == ("Policy gradients, computed", "en")
    assert said["creator"] == "The pgcompanion authors"
    assert f'version">{__version__}<' in files["content.opf"].decode()
    assert f'name="dtb:uid" content="{said["identifier"]}"' in files["toc.ncx"].decode()
    with Image.open(io.BytesIO(files["_static/cover.png"])) as cover:
        assert cover.size == (1200, 1800)


def dead(files: dict[str, bytes]) -> Iterator[str]:
    """The links and pictures of the pages and the contents that lead to nothing in the book."""
    for name in (name for name in files if name.endswith(".xhtml")):
        for element in ElementTree.fromstring(files[name]).iter():
            link = element.get("href") or element.get("src") or "#"
            path = posixpath.normpath(
                posixpath.join(posixpath.dirname(name), urlsplit(link).path or name)
            )
            if not urlsplit(link).scheme and not link.startswith("#") and path not in files:
                yield link


def test_no_link_is_dead_and_no_picture_is_elsewhere(files: dict[str, bytes]) -> None:
    assert list(dead(files)) == []
    assert list(dead({name: files[name] for name in files if "deep" not in name}))
    pictures = re.findall(r'src="([^"]*)"', files["index.xhtml"].decode())
    assert pictures
    assert not [url for url in pictures if urlsplit(url).scheme]


def test_the_contents_name_every_page_in_order(files: dict[str, bytes]) -> None:
    nav = ElementTree.fromstring(files["nav.xhtml"])
    pages = [link.get("href") for link in nav.iter(f"{HTML}a") if "#" not in link.get("href", "")]
    assert pages == ["index.xhtml", "deep/page.xhtml"]


def test_formulas_are_mathml_with_their_source(page: str) -> None:
    assert page.count("<math ") == 2
    assert re.search(r"<annotation[^>]*>[^<]*\\sum_\{k=1\}\^\{n\} \\theta_k\^2", page)
    assert "katex-html" not in page


def test_a_page_is_as_on_paper(page: str) -> None:
    elements = list(ElementTree.fromstring(page).iter())
    tags = {element.tag.removeprefix(HTML) for element in elements}
    assert {"figure", "details"} <= tags
    assert not tags & {"script", "button", "input", "form"}
    kinds = {name for element in elements for name in (element.get("class") or "").split()}
    assert "pg-demo__picture" in kinds
    assert not kinds & {"pg-demo__controls", "headerlink"}
    assert not any(element.get("hidden") is not None for element in elements)
    assert page.count("<details") == page.count('open="open"') == 2
    assert "It rises.<br/>It ends." in page
    assert ">The code</summary>" in page
    assert "2 + 2" in page


def test_a_picture_drawn_in_the_page_is_a_file_with_its_words_and_colours(
    page: str, files: dict[str, bytes]
) -> None:
    (name,) = re.findall(r'<img alt="A rising line" src="([^"]*)"', page)
    svg = files[name].decode()
    assert f'stroke="{style.BLUE}"' in svg
    assert "var(" not in svg
    assert "<clipPath" in svg


def test_what_a_page_of_the_site_holds_alone_would_be_no_xml() -> None:
    page = "<div><input disabled><p>a<br>b</p></div>"
    with pytest.raises(ElementTree.ParseError):
        ElementTree.fromstring(page)
    made = ereader.readable(page, Path(), "", lambda link: True)
    assert made == "<div><p>a<br/>b</p></div>"


def test_an_image_that_is_shown_twice_has_no_identifier(tmp_path: Path) -> None:
    one = '<image href="data:," id="image1"/>'
    ereader.readable(f"<svg {one}{one}</svg>", tmp_path, "", lambda link: True)
    (picture,) = tmp_path.iterdir()
    assert one.count("id=") == 1
    assert picture.read_text(encoding="utf-8").count('<image href="data:,"/>') == 2


def test_a_link_to_what_the_book_does_not_hold_is_text() -> None:
    made = ereader.readable('<a href="source/x.html">x</a>', Path(), "", lambda link: False)
    assert made == "<a>x</a>"


def test_two_builds_are_the_same_file_and_the_site_links_to_it(book: Book) -> None:
    first = (book.site / epub.NAME).read_bytes()
    assert book.build(GOOD + PARTS, "epub.py", TZ="Pacific/Kiritimati", **DAY).returncode == 0
    assert (book.site / epub.NAME).read_bytes() == first
    assert "btn-download-book-epub" not in book.html
    assert book.build(GOOD + PARTS).returncode == 0
    assert "btn-download-book-epub" in book.html
