"""The book on paper: some of its pages, printed as `make pdf` prints all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import notebooks
import pdf
import pytest
from inspection import TYPESET
from playwright.sync_api import Browser, Page
from pypdf import PdfReader

PRINTED = ["index", "importance_sampling", "exercises/importance_sampling", "references"]
HEAD = re.compile(r"\A(?:.*\n)?(\d+)\n")  # the name of the page, if any, and the number
SHEET = {"width": 627, "height": 946}  # what the margins leave of A4, in pixels
WIDER = """() => [...document.querySelectorAll(
    ".bd-article :is(pre, table, img, figure, .katex-display)")]
  .filter((box) => {
    const column = box.closest("p, li, td, th, dd, figcaption, section > div, section");
    const right = column.getBoundingClientRect().right;
    return box.getBoundingClientRect().right > right + 2 || box.scrollWidth > box.clientWidth + 2;
  })
  .map((box) => box.tagName + ": " + box.parentElement.textContent.trim().slice(0, 80))"""


WIDE = "<p><img style='min-width: 900px'></p>"


@pytest.fixture(scope="module")
def book(browser: Browser, site: Path, tmp_path_factory: pytest.TempPathFactory) -> PdfReader:
    target = tmp_path_factory.mktemp("pdf") / "book.pdf"
    pdf.make(browser, site, PRINTED, target)
    assert [file.name for file in target.parent.iterdir()] == ["book.pdf"]
    return PdfReader(target)


@pytest.fixture(scope="module")
def texts(book: PdfReader) -> list[str]:
    return [sheet.extract_text() for sheet in book.pages]


@pytest.fixture(scope="module")
def sheets(texts: list[str]) -> list[str]:
    """What stands below the head of each sheet, without spaces, which a PDF keeps badly."""
    return [bare(HEAD.sub("", text)) for text in texts]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport=SHEET, color_scheme="light", bypass_csp=True)
    yield page
    page.close()


def bare(text: str) -> str:
    """Without spaces; a font draws the apostrophe and the letter of its looks by one glyph, whose name is lost."""
    return re.sub(r"\s", "", text).replace("\N{MODIFIER LETTER APOSTROPHE}", "’")


def flat(outline: list) -> Iterator[tuple[str, object]]:
    for item in outline:
        yield from flat(item) if isinstance(item, list) else [item]


def test_the_outline_has_an_entry_for_every_page(book: PdfReader, site: Path, page: Page) -> None:
    titles = []
    for name in PRINTED:
        page.goto(f"{site.as_uri()}/{name}.html")
        titles.append(page.locator("article h1").inner_text().removesuffix("#"))
    entries = [item.title for item in book.outline if not isinstance(item, list)]
    assert [bare(title) for title in entries] == [bare(title) for title in titles]
    assert len(list(flat(book.outline))) > len(entries)


def misplaced(book: PdfReader, sheets: list[str], shift: int = 0) -> list[str]:
    """The headings that do not stand where the contents say."""
    first = book.get_destination_page_number(book.outline[0])
    contents = "".join(sheets[1:first])
    wrong = []
    for item in flat(book.outline):
        number = book.get_destination_page_number(item) + 1 + shift
        listed = bare(item.title) + str(number - shift) in contents
        if not (listed and bare(item.title) in sheets[number - 1]):
            wrong.append(item.title)
    return wrong


def test_the_contents_name_the_sheet_of_every_heading(book: PdfReader, sheets: list[str]) -> None:
    assert misplaced(book, sheets) == []
    assert misplaced(book, sheets, shift=-1)


def test_every_sheet_but_the_first_has_its_number(texts: list[str]) -> None:
    found = [HEAD.match(text) for text in texts]
    assert [match and int(match[1]) for match in found] == [None, *range(2, len(texts) + 1)]


def test_no_sheet_is_mostly_empty_since_a_picture_did_not_fit(book: PdfReader) -> None:
    assert pdf.mostly_empty(book) == []
    first = book.get_destination_page_number(book.outline[0])
    assert pdf.filled(book.pages[first - 1]) < 1
    last = [pdf.filled(sheet) for sheet in book.pages]
    assert min(last) < 0.4 < max(last), "the title, or the end of a page, is seen to be empty"


LONG = """() => {
  for (const name of ["resize", "beforeprint"]) dispatchEvent(new Event(name));
  return [...document.querySelectorAll(".cell_input.pg-long")].length;
}"""


def test_long_code_may_be_torn_apart_and_short_code_not(site: Path, page: Page) -> None:
    """The page's own script measures what it shows when it is printed, and leaves the code alone."""
    page.add_init_script(path=pdf.TOOLS / "pdf.js")
    page.goto(f"{site.as_uri()}/importance_sampling.html")
    page.evaluate(TYPESET)
    page.evaluate("pgArticle('importance_sampling', location.href, [])")
    wanted = page.evaluate("""() => [...document.querySelectorAll("div.cell_input")]
        .filter((code) => code.textContent.trim().split("\\n").length > 12).length""")
    assert wanted > 5
    assert page.evaluate(LONG) == wanted
    assert page.locator("div.cell_input:not(.pg-long)").count() > 0


def test_theorems_proofs_answers_and_solutions_are_all_there(
    sheets: list[str], site: Path, page: Page
) -> None:
    page.goto(f"{site.as_uri()}/importance_sampling.html")
    wanted = page.evaluate("""() => [
        ".theorem", "details.pg-proof", ".pg-check__why", ".solution", ".pg-demo__caption",
      ].map((kind) => {
        const box = document.querySelector(kind);
        const all = document.createTreeWalker(box, NodeFilter.SHOW_TEXT);
        const found = [];
        while (all.nextNode()) if (!all.currentNode.parentElement.closest(".math"))
          found.push(all.currentNode.textContent);
        return found.sort((a, b) => b.length - a.length)[0];
      })""")
    printed = "".join(sheets)
    assert [text for text in wanted if bare(text) not in printed] == []
    assert "Play" not in printed


def test_mathematics_is_typeset(sheets: list[str]) -> None:
    raw = re.compile(r"\\\(|\\\[|Mathinputerror|Undefinedcontrolsequence")
    assert raw.search("".join(sheets)) is None
    assert raw.search(bare(r"the policy \(\pi\)"))


def test_links_lead_into_the_book_or_into_the_web(book: PdfReader) -> None:
    links = [note.get_object() for sheet in book.pages for note in sheet.get("/Annots", [])]
    outside = [link["/A"]["/URI"] for link in links if "/URI" in link.get("/A", {})]
    assert outside
    assert [url for url in outside if not url.startswith("http")] == []
    inside = [link["/Dest"] for link in links if "/Dest" in link]
    assert {name.removeprefix("/") for name in inside} <= {
        name.removeprefix("/") for name in book.named_destinations
    }
    assert len(inside) > 20


def test_nothing_is_wider_than_the_sheet(site: Path, page: Page) -> None:
    page.emulate_media(media="print")
    for name in notebooks.contents():
        page.goto(f"{site.as_uri()}/{name}.html")
        page.evaluate(TYPESET)
        assert (name, page.evaluate(WIDER)) == (name, [])
    page.locator("article section").first.evaluate("(box, html) => { box.innerHTML = html; }", WIDE)
    assert page.evaluate(WIDER)


def test_one_page_is_printed_open_and_in_light_and_then_as_before(
    browser: Browser, site: Path
) -> None:
    page = browser.new_page(color_scheme="dark", bypass_csp=True)
    page.goto(f"{site.as_uri()}/importance_sampling.html")
    page.evaluate(TYPESET)
    state = """() => [document.documentElement.dataset.theme,
        document.querySelectorAll(".bd-article details:not([open])").length]"""
    page.evaluate(
        """(state) => window.addEventListener(
        "beforeprint", () => { window.onPaper = eval(state)(); })""",
        state,
    )
    before = page.evaluate(state)
    page.pdf()
    assert page.evaluate("onPaper") == ["light", 0]
    assert page.evaluate(state) == before
    assert before[0] == "dark"
    assert before[1] > 0
    page.close()
