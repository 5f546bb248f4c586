"""Every launch link of the book names a committed file that is a valid notebook."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import first_cell
import nbformat
import notebooks
import pytest
from notebooks import ROOT

sys.path.insert(0, str(ROOT / "book" / "_ext"))

import epub
import launch
import pdf
import repository

PAGES = [chapter.relative_to(notebooks.BOOK).with_suffix("") for chapter in notebooks.chapters()]
NAMED = re.compile(r"(?:/blob/v1/|urlpath=lab/tree/)(.*)$")


CONTEXT = {"pathto": lambda path, _: path}


def site_with(
    pagename: str, setting: str, whole: Sequence[str] = (), book: Path = notebooks.BOOK
) -> SimpleNamespace:
    """What the buttons ask of Sphinx."""
    return SimpleNamespace(
        env=SimpleNamespace(metadata={pagename: {"kernelspec": {}}}),
        srcdir=book,
        config=SimpleNamespace(pgbook_repository=setting, pgbook_whole=whole),
    )


def links(pagename: str, setting: str, book: Path = notebooks.BOOK) -> dict[str, str]:
    """The launch links of a page, by label."""
    found = launch.launches(site_with(pagename, setting, book=book), pagename)
    return {str(b["label"]): str(b["url"]) for b in found}


PUBLIC = "https://github.com/someone/book/tree/v1"


def written_for(setting: str, page: Path, book: Path) -> Path:
    """A folder with the notebook of a page as `make notebooks` writes it for a repository."""
    path = book / page.with_suffix(".md")
    path.parent.mkdir(parents=True, exist_ok=True)
    text = (notebooks.BOOK / page.with_suffix(".md")).read_text(encoding="utf-8")
    path.write_text(first_cell.written(text, repository.read(setting)), encoding="utf-8")
    nbformat.write(notebooks.notebook(path), path.with_suffix(".ipynb"))
    return book


def committed(path: str) -> bool:
    """Whether git keeps a file, or would when all is committed that is not ignored."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", path]
    return bool(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout)


def fault(url: str) -> str | None:
    path = NAMED.search(url).group(1)
    if not committed(path):
        return f"{path} is not in the repository"
    try:
        nbformat.validate(nbformat.read(ROOT / path, as_version=4))
    except (nbformat.ValidationError, nbformat.reader.NotJSONError):
        return f"{path} is not a notebook"
    return None


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_each_link_names_a_committed_notebook(page: Path, tmp_path: Path) -> None:
    found = links(page.as_posix(), PUBLIC, book=written_for(PUBLIC, page, tmp_path))
    assert found.keys() == {"launch-colab", "launch-binder"}
    assert [fault(url) for url in found.values()] == [None, None]


@pytest.mark.parametrize("setting", ["", PUBLIC.replace("v1", "v2"), PUBLIC.replace("book", "x")])
def test_colab_is_offered_only_where_the_notebook_installs_this_version(
    setting: str, tmp_path: Path
) -> None:
    book = written_for(setting, Path("index"), tmp_path)
    assert links("index", PUBLIC, book=book).keys() == {"launch-binder"}


def test_a_link_to_the_text_or_to_nothing_is_found() -> None:
    (url, *_) = links("index", PUBLIC).values()
    assert "not a notebook" in str(fault(url.replace(".ipynb", ".md")))
    assert "not in the repository" in str(fault(url.replace("index", "nowhere")))
    assert "not in the repository" in str(fault(url.replace("book/index", ".venv/pyvenv.cfg#")))


def test_without_a_repository_no_other_place_is_offered() -> None:
    assert links("index", "") == {}


def test_the_whole_book_is_offered_in_the_forms_that_the_site_holds() -> None:
    def offered(*whole: str) -> dict[object, object]:
        found = launch.files(site_with("index", "", whole), "index", CONTEXT)
        return {b["label"]: b.get("url") for b in found}

    everything = offered("pdf", "epub")
    assert everything.pop("download-book-epub") == epub.NAME
    assert everything == offered("pdf")
    assert everything.pop("download-book-pdf") == pdf.TARGET.relative_to(pdf.SITE).as_posix()
    assert everything == offered()


@pytest.mark.parametrize(
    ("setting", "address", "ref"),
    [
        ("https://github.com/a/b", "https://github.com/a/b", "main"),
        ("https://github.com/a/b.git/", "https://github.com/a/b", "main"),
        ("https://github.com/a/b/tree/feature/x", "https://github.com/a/b", "feature/x"),
    ],
)
def test_the_setting_is_an_address_and_perhaps_a_branch(
    setting: str, address: str, ref: str
) -> None:
    read = repository.read(setting)
    assert (read.address, read.ref) == (address, ref)
    assert repository.read(" ") is None


def test_a_branch_with_a_slash_is_quoted_where_binder_needs_it() -> None:
    public = repository.read("https://github.com/a/b/tree/feature/x")
    assert "/a/b/feature%2Fx?" in public.binder("n.ipynb")
