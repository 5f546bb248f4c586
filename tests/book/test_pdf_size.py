"""A print that was made smaller says and shows the same."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pdf_size
import pytest
from pikepdf import Array, Dictionary, Name, Object, Pdf
from playwright.sync_api import Browser
from pypdf import PdfReader

LINES = "<p>one <em>two</em> three <a href='https://example.org'>four</a> <code>x</code></p>" * 60
FIGURE = (
    "<svg width='200' height='90'><path d='M 10 10.123456 C 13.77777 77.31415 150 80 190.98765 3'/>"
)
Runs = list[tuple[int, int]]  # sheet and number of each run, as they are read out


@pytest.fixture(scope="module")
def printed(browser: Browser) -> bytes:
    page = browser.new_page()
    page.set_content(f"<html lang='en'><title>t</title><h1>Title</h1>{LINES}{FIGURE}")
    data = page.pdf(tagged=True)
    page.close()
    return data


@pytest.fixture
def book(printed: bytes) -> Iterator[Pdf]:
    with Pdf.open(io.BytesIO(printed)) as book:
        yield book


def saved(book: Pdf) -> bytes:
    target = io.BytesIO()
    book.save(target, **pdf_size.SAVED)
    return target.getvalue()


def texts(data: bytes) -> list[str]:
    return [sheet.extract_text() for sheet in PdfReader(io.BytesIO(data)).pages]


def read_out(book: Pdf) -> Runs:
    """The runs in the order of the structure, which is that of a reader who listens."""
    sheets = {sheet.objgen: i for i, sheet in enumerate(book.pages)}

    def runs(element: Object | int, of: Object | None) -> Iterator[tuple[int, int]]:
        if isinstance(element, int):
            assert of is not None
            yield sheets[of.objgen], element
        elif isinstance(element, Array):
            for part in element:
                yield from runs(part, of)
        elif element.get("/Type") == Name.MCR:
            yield sheets[element.Pg.objgen], element.MCID
        elif "/K" in element:
            yield from runs(element.K, element.get("/Pg", of))

    return list(runs(book.Root.StructTreeRoot.K, None))


def orphans(book: Pdf) -> list[tuple[int, int]]:
    """The runs that the table of parents gives to an element which does not hold them."""
    sheets = {sheet.obj.get("/StructParents"): sheet.objgen for sheet in book.pages}
    numbers = book.Root.StructTreeRoot.ParentTree
    rows = [part.Nums for part in numbers.get("/Kids", [numbers])]
    lost = []
    for row in rows:
        for key, parents in zip(list(row)[::2], list(row)[1::2], strict=True):
            for mcid, parent in enumerate(parents if isinstance(parents, Array) else []):
                if isinstance(parent, Dictionary) and not holds(parent, mcid, sheets[key]):
                    lost.append((key, mcid))
    return lost


def holds(element: Dictionary, mcid: int, sheet: tuple[int, int]) -> bool:
    kids = element.K if isinstance(element.K, Array) else [element.K]
    own = "/Pg" in element and element.Pg.objgen == sheet
    return any(
        (own and kid == mcid)
        if isinstance(kid, int)
        else kid.get("/Type") == Name.MCR and mcid == kid.MCID and kid.Pg.objgen == sheet
        for kid in kids
    )


def test_it_says_the_same_in_the_same_order(book: Pdf, printed: bytes) -> None:
    before = read_out(book)
    assert len({sheet for sheet, _ in before}) > 1, "an element may go on on the next sheet"
    pdf_size.shrink(book)
    assert read_out(book) == before
    assert texts(saved(book)) == texts(printed)


def test_every_run_is_held_by_its_parent(book: Pdf) -> None:
    pdf_size.shrink(book)
    assert orphans(book) == []
    paragraph = next(o for o in book.objects if _is(o, Name.P) and isinstance(o.K, Array))
    del paragraph.K[0]
    assert orphans(book) != []


def test_no_run_is_an_element_of_its_own(book: Pdf) -> None:
    assert sum(map(pdf_size._is_run, book.objects)) > 100
    pdf_size.shrink(book)
    with Pdf.open(io.BytesIO(saved(book))) as small:
        assert not any(map(pdf_size._is_run, small.objects))
        for kind in (Name.P, Name.Em, Name.Link, Name.Code):
            assert sum(_is(o, kind) for o in small.objects) >= 60


def _is(element: Object, kind: Name) -> bool:
    return isinstance(element, Dictionary) and element.get("/S") == kind


def test_places_stay_where_they_are_to_a_fortieth_of_a_point(book: Pdf) -> None:
    real = re.compile(rb"(?<![\w.])-?\d*\.\d+|(?<![\w.])-?\d+(?![\w.])")
    before = [sheet.Contents.read_bytes() for sheet in book.pages]
    pdf_size.shrink(book)
    for old, new in zip(before, (sheet.Contents.read_bytes() for sheet in book.pages), strict=True):
        assert real.sub(b"#", old).split() == real.sub(b"#", new).split()
        pairs = zip(real.findall(old), real.findall(new), strict=True)
        moved = [abs(float(one) - float(other)) for one, other in pairs]
        assert 0 < max(moved) <= 0.05 * (1 + 1e-9)
        assert len(new) < len(old)


def test_the_same_print_gives_the_same_bytes(printed: bytes) -> None:
    made = []
    for _ in range(2):
        with Pdf.open(io.BytesIO(printed)) as book:
            pdf_size.shrink(book)
            made.append(saved(book))
    assert made[0] == made[1]
    assert len(made[0]) < len(printed) / 2
