"""The book's configuration, on a small book: what it builds and what it refuses."""

from __future__ import annotations

import errno
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import build
import environment
import first_cell
import nbformat
import pytest
from small_book import GOOD, Book, preview

# A fault in a page, and a word of the message that must name it.
REFUSED = {
    "{prf:ref}`three`": "three",
    "{cite:p}`nobody1900`": "nobody1900",
    "[a page](nowhere.md)": "nowhere.md",
    '```{code-cell} ipython3\nimport sys\nprint("oh", file=sys.stderr)\n```': "stderr",
}


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    book = Book(tmp_path_factory.mktemp("Büch er"))
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


def test_without_an_address_nothing_needs_one(book: Book) -> None:
    assert not (book.site / "sitemap.xml").exists()
    assert "<base " not in (book.site / "404.html").read_text(encoding="utf-8")
    for page in ("deep/page", "index"):
        shown = preview(book.site, page)
        assert shown.keys() == {"og:type", "og:site_name", "og:title", "og:description"}


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
    before = book.html
    assert drawn(before) == {}
    notebook = book.root / "book" / "index.ipynb"
    cell = nbformat.v4.new_code_cell(first_cell.code(first_cell.read(PUBLIC)))
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), notebook)
    assert book.build(GOOD, PGCOMPANION_REPOSITORY=PUBLIC).returncode == 0
    assert drawn(book.html) == LINKS
    notebook.write_text("{}")
    assert book.build(GOOD, PGCOMPANION_REPOSITORY="https://example.org/a/b").returncode == 0
    assert drawn(book.html).keys() == {"repository", "source", "edit"}
    assert book.build(GOOD).returncode == 0
    assert drawn(book.html) == {}
    assert book.html == before  # of the first build


def test_pages_are_executed_afresh_when_the_package_changes(book: Book) -> None:
    assert "Executing notebook" not in book.build(GOOD + "\nMore prose.").stdout
    book.module.write_text("x = 1\n")
    assert "Executing notebook" in book.build(GOOD).stdout


def test_pages_are_written_and_not_executed_afresh_when_the_style_changes(book: Book) -> None:
    style = book.root / "book" / "site" / "site.css"
    style.write_text(style.read_text() + "\n.new {}\n")
    result = book.build(GOOD)
    assert result.returncode == 0
    assert "Executing notebook" not in result.stdout
    assert ".new {}" in (book.site / "_static" / "site.css").read_text()


@pytest.fixture(scope="module")
def refused(book: Book) -> subprocess.CompletedProcess[str]:
    """The build of a page with all the faults: it names each of them."""
    return book.build("\n\n".join([GOOD, *REFUSED]))


@pytest.mark.parametrize("fault", REFUSED, ids=REFUSED.values())
def test_the_build_refuses(
    fault: str, refused: subprocess.CompletedProcess[str], book: Book
) -> None:
    assert refused.returncode != 0
    said = [line for line in refused.stderr.splitlines() if re.search("WARNING|ERROR", line)]
    assert [line for line in said if REFUSED[fault] in line]
    assert not book.site.exists()


def test_the_build_refuses_a_page_without_its_notebook(book: Book) -> None:
    notebook = book.root / "book" / "index.ipynb"
    notebook.unlink()
    result = book.build(GOOD)
    notebook.write_text("{}")
    assert result.returncode != 0
    assert "run `make notebooks`" in result.stderr


RAISES = """
```{code-cell} ipython3
:tags: [hide-input]
def inverse(x):
    return 1 / x


inverse(0)
```
"""


def test_a_page_that_raises_ends_the_build_with_page_cell_and_error(book: Book) -> None:
    result = book.build(GOOD + RAISES)
    assert result.returncode != 0
    page, cell, error = result.stderr.splitlines()[-3:]
    assert page == "page   book/index.md"
    text = (book.root / "book" / "index.md").read_text(encoding="utf-8").splitlines()
    line = text.index(":tags: [hide-input]")
    assert cell == f"cell   2 of 2, at line {line}: def inverse(x):"
    assert error == "error  ZeroDivisionError: division by zero"
    assert not book.site.exists()
    assert book.build(GOOD).returncode == 0
    assert book.site.exists()


WAITS = """
```{code-cell} ipython3
import pathlib, time
pathlib.Path("started").touch()
time.sleep(600)
```
"""


def test_an_interrupted_build_leaves_no_site_and_keeps_a_second_one_out(book: Book) -> None:
    started = book.root / "book" / "started"
    first = book.start(GOOD + WAITS)
    while not started.exists() and first.poll() is None:
        time.sleep(0.1)
    second = book.start(GOOD + WAITS)
    _, said = second.communicate()
    assert second.returncode != 0
    assert said.startswith("Another build is at work in ")
    assert said.count("\n") == 1
    first.send_signal(signal.SIGINT)
    _, said = first.communicate()
    assert first.returncode != 0
    assert build.INTERRUPTED in said.splitlines()
    assert "Traceback (most recent call last)" not in said.partition(build.INTERRUPTED)[0]
    assert not book.site.exists()


def test_a_page_meets_nothing_that_another_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bundles of the other are gone. The control is the same page again, which is kept."""
    met = []

    def built(root: Path, toc: Path, site: Path, strict: bool) -> int:
        met.append(sorted(path.name for path in site.glob("*.html")))
        site.mkdir(parents=True, exist_ok=True)
        (site / f"{name}.html").touch()
        return 0

    monkeypatch.setattr(build, "sphinx", built)
    for name in ("one", "one", "other"):
        build.page(tmp_path, name)
    assert met == [[], ["one.html"], []]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "The disk is full: "),
        (errno.EROFS, "/book/page cannot be written: "),
        (errno.EACCES, "/book/page cannot be written: "),
    ],
)
def test_what_the_machine_refuses_is_said_in_a_sentence(
    number: int, words: str, tmp_path: Path
) -> None:
    try:
        try:
            raise OSError(number, os.strerror(number), "/book/page")
        except OSError as refused:
            raise RuntimeError("Handler for event 'build-finished' threw an exception") from refused
    except RuntimeError as error:
        said = build.explained(error, tmp_path)
    assert said.startswith(words)
    assert "\n" not in said
    assert words not in build.explained(RuntimeError("something else"), tmp_path)


def test_the_environment_names_a_missing_network() -> None:
    retry = "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError'\n"
    lost = "ERROR: Could not find a version that satisfies the requirement alabaster==0.7.16\n"
    none = "ERROR: No matching distribution found for alabaster==0.7.16\n"
    assert environment.explained(retry + lost + none) == environment.NO_NETWORK
    assert environment.explained(lost + none).endswith(none.strip())


def test_the_first_package_of_the_environment_is_the_one_of_the_lock() -> None:
    lock = "a==1 \\\n    --hash=sha256:0\nuv==2 \\\n    --hash=sha256:1 \\\n    --hash=sha256:2\nz==3\n"
    assert environment.pinned("uv", lock) == "uv==2 \\\n    --hash=sha256:1 \\\n    --hash=sha256:2"
    assert environment.pinned("z", lock) == "z==3"


def test_what_one_program_cannot_fetch_the_next_one_does() -> None:
    fails, works = ([sys.executable, "-c", f"exit({code!r})"] for code in ("ERROR: gone", 0))
    environment.fetched(fails, works)
    with pytest.raises(SystemExit, match="ERROR: gone"):
        environment.fetched(fails, fails)
