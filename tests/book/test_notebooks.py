"""The notebook beside each chapter is that chapter, cell by cell."""

from __future__ import annotations

from pathlib import Path

import first_cell
import jupytext
import nbformat
import notebooks
import pytest

CHAPTERS = notebooks.chapters()


def differences(chapter: Path, notebook: Path) -> list[str]:
    """Where a chapter and a notebook differ, in words."""
    mine = jupytext.read(chapter, fmt=notebooks.FORMAT).cells
    theirs = nbformat.read(notebook, as_version=4).cells
    if len(mine) != len(theirs):
        return [f"{len(mine)} cells in the chapter, {len(theirs)} in the notebook"]
    keys = ("cell_type", "source", "metadata")
    return [
        f"cell {i}: {key} differs: run `make notebooks`"
        for i, (a, b) in enumerate(zip(mine, theirs, strict=True))
        for key in keys
        if a[key] != b[key]
    ]


def test_the_book_has_chapters_and_no_other_notebooks() -> None:
    assert CHAPTERS
    assert {path.with_suffix(".md") for path in notebooks.BOOK.rglob("*.ipynb")} == set(CHAPTERS)


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_the_pair_agrees(chapter: Path) -> None:
    assert differences(chapter, chapter.with_suffix(".ipynb")) == []


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_the_notebook_is_bare_and_reproducible(chapter: Path) -> None:
    committed = nbformat.read(chapter.with_suffix(".ipynb"), as_version=4)
    assert not any(cell.get("outputs") for cell in committed.cells)
    ids = [cell.id for cell in committed.cells]
    assert len(set(ids)) == len(ids)
    assert ids == [cell.id for cell in notebooks.notebook(chapter).cells]


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_the_first_cell_is_the_one_that_installs(chapter: Path) -> None:
    first, *others = jupytext.read(chapter, fmt=notebooks.FORMAT).cells
    assert first.source + "\n" == first_cell.code(first_cell.present())
    assert first.metadata.tags == ["remove-cell", "install"]
    assert not [cell for cell in others if "install" in cell.metadata.get("tags", [])]


def test_the_first_cell_is_written_once_and_anew() -> None:
    text = CHAPTERS[0].read_text(encoding="utf-8")
    public = first_cell.read("https://github.com/someone/book/tree/v1")
    renewed = first_cell.written(text, public)
    assert "https://github.com/someone/book/archive/v1.zip" in renewed
    assert first_cell.written(renewed, public) == renewed
    assert first_cell.written(renewed, first_cell.present()) == text


EDITS = {
    "a word of prose": lambda cells: cells[0].update(source=cells[0].source + " more"),
    "a line of code": lambda cells: cells[1].update(source="1 + 1"),
    "a lost cell": lambda cells: cells.pop(),
    "a lost tag": lambda cells: cells[1].metadata.clear(),
    "another kind of cell": lambda cells: cells[0].update(cell_type="raw"),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_notebook_is_found(edit: str, tmp_path: Path) -> None:
    chapter = tmp_path / "chapter.md"
    chapter.write_text(
        "---\nkernelspec:\n  display_name: Python 3\n  language: python\n  name: python3\n---\n"
        "# A title\n\n```{code-cell} ipython3\n:tags: [hide-input]\n2 + 2\n```\n\nAn end.\n",
        encoding="utf-8",
    )
    notebook = notebooks.notebook(chapter)
    path = tmp_path / "chapter.ipynb"
    nbformat.write(notebook, path)
    assert differences(chapter, path) == []
    EDITS[edit](notebook.cells)
    path.write_text(nbformat.writes(notebook), encoding="utf-8")
    assert differences(chapter, path)
