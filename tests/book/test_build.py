"""The book's configuration, on a small book: what it builds and what it refuses."""

from __future__ import annotations

import re
import shutil

import pytest
from small_book import GOOD, Book

# A fault in a page, and a word of the message that must name it.
REFUSED = {
    "{prf:ref}`three`": "three",
    "{cite:p}`nobody1900`": "nobody1900",
    "[a page](nowhere.md)": "nowhere.md",
    "```{code-cell} ipython3\n1 / 0\n```": "ZeroDivisionError",
    '```{code-cell} ipython3\nimport sys\nprint("oh", file=sys.stderr)\n```': "stderr",
}


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    book = Book(tmp_path_factory.mktemp("book"))
    result = book.build(GOOD)
    assert result.returncode == 0, result.stdout + result.stderr
    return book


def test_the_page_has_its_parts(book: Book) -> None:
    assert "Theorem 1" in book.html
    assert '<details class="pg-proof"><summary>Proof</summary>' in book.html
    assert 'class="btn btn-sm btn-download-notebook' in book.html
    assert (book.site / "notebooks" / "index.ipynb").exists()


def test_the_page_asks_no_other_host(book: Book) -> None:
    asks = re.compile(r"""<(?:script|link|img|iframe)[^>]*(?:src|href)=["'](?:https?:)?//""")
    assert asks.findall(book.html) == []
    assert asks.findall('<script src="https://example.org/x.js">')


def test_no_identifier_is_given_twice(book: Book) -> None:
    identifiers = re.findall(r'\sid="([^"]+)"', book.html)
    assert len(identifiers) == len(set(identifiers)) > 0


PUBLIC = "https://github.com/someone/book/tree/v1"
LINKS = {
    "launch-colab": "https://colab.research.google.com/github/someone/book/blob/v1/book/index.ipynb",
    "launch-binder": "https://mybinder.org/v2/gh/someone/book/v1?urlpath=lab/tree/book/index.ipynb",
    "repository": "https://github.com/someone/book",
    "source": "https://github.com/someone/book/blob/v1/book/index.md",
    "edit": "https://github.com/someone/book/edit/v1/book/index.md",
}


def drawn(html: str) -> dict[str, str]:
    """The links above a page that leave it, by label."""
    found = re.findall(r'<a href="([^"]+)"[^>]*?class="btn btn-sm btn-([\w-]+)', html)
    return {label: url for url, label in found if label != "download-notebook"}


def test_only_the_one_setting_draws_links_to_the_repository(book: Book) -> None:
    assert drawn(book.html) == {}
    assert book.build(GOOD, PGCOMPANION_REPOSITORY=PUBLIC).returncode == 0
    assert drawn(book.html) == LINKS
    assert book.build(GOOD, PGCOMPANION_REPOSITORY="https://example.org/a/b").returncode == 0
    assert drawn(book.html).keys() == {"repository", "source", "edit"}
    assert book.build(GOOD).returncode == 0
    assert drawn(book.html) == {}


def test_jupyterlite_is_offered_where_the_site_contains_it(book: Book) -> None:
    lite = book.site / "lite" / "notebooks" / "index.html"
    lite.parent.mkdir(parents=True)
    lite.write_text("")
    assert book.build(GOOD).returncode == 0
    assert drawn(book.html) == {"launch-lite": "lite/notebooks/index.html?path=index.ipynb"}
    shutil.rmtree(lite.parents[1])


def test_pages_are_executed_afresh_when_the_package_changes(book: Book) -> None:
    assert "Executing notebook" not in book.build(GOOD + "\nMore prose.").stdout
    book.module.write_text("x = 1\n")
    assert "Executing notebook" in book.build(GOOD).stdout
    assert "Executing notebook" not in book.build(GOOD).stdout


def test_pages_are_written_afresh_when_the_style_changes(book: Book) -> None:
    style = book.root / "book" / "site" / "site.css"
    style.write_text(style.read_text() + "\n.new {}\n")
    assert book.build(GOOD).returncode == 0
    assert ".new {}" in (book.site / "_static" / "site.css").read_text()


@pytest.mark.parametrize("fault", REFUSED, ids=REFUSED.values())
def test_the_build_refuses(fault: str, book: Book) -> None:
    result = book.build(GOOD + "\n" + fault)
    assert result.returncode != 0
    assert REFUSED[fault] in result.stderr


def test_the_build_refuses_a_page_without_its_notebook(book: Book) -> None:
    notebook = book.root / "book" / "index.ipynb"
    notebook.unlink()
    result = book.build(GOOD)
    notebook.write_text("{}")
    assert result.returncode != 0
    assert "run `make notebooks`" in result.stderr
