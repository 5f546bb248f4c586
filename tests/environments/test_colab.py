"""Every notebook runs with Colab's own versions, where its first cell installs the package."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import first_cell
import launch
import nbformat
import notebooks
import pytest
from elsewhere import Environment, archive, noise, pythons
from kernel_life import NAMES, Notebook, faults, notebook
from repository import Repository

COLAB = Path(__file__).with_name("colab.txt")
CHAPTERS = notebooks.chapters()
# One of each kind: pictures, a world of the reader's own, samples, exercises. `make weekly` runs the others.
# What they call of the package, the tests meet with older versions than Colab's and with newer ones: see
# test_pythons.
HERE = {"objective", "on_your_own_problem", "importance_sampling", "exercises/reinforce"}
MOVED = {
    "gridworlds",
    "importance_sampling",
}  # the one with controls of its own, and one of the others
NAMED = {path.relative_to(notebooks.BOOK).with_suffix("").as_posix(): path for path in CHAPTERS}
PAGES = [
    pytest.param(path, id=name, marks=[] if name in HERE else [pytest.mark.weekly])
    for name, path in NAMED.items()
]


def test_what_the_gate_runs_is_there() -> None:
    assert NAMED.keys() > HERE
    assert set(NAMES) > MOVED


def listed() -> dict[str, str]:
    lines = COLAB.read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if not line.startswith("#"))


@pytest.fixture(scope="module")
def colab(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with Colab's versions, without the package."""
    found = {v: path for v, path in pythons().items() if v in ("3.11", "3.12", "3.13")}
    environment = Environment(tmp_path_factory.mktemp("colab"), list(found.values())[-1])
    environment.install("--requirements", COLAB)
    return environment


def run_first_cell(environment: Environment, repository: Repository | None) -> str:
    """What the first cell says, and what follows says after it."""
    code = nbformat.v4.new_code_cell(first_cell.code(repository))
    after = nbformat.v4.new_code_cell(
        "import importlib.util\nprint(importlib.util.find_spec('pgcompanion') is not None)"
    )
    outputs = environment.execute(nbformat.v4.new_notebook(cells=[code, after]))
    return "".join(output.text for output in outputs)


def test_without_a_repository_one_sentence_says_how_to_install(colab: Environment) -> None:
    said = run_first_cell(colab, None)
    assert "pip install ." in said
    assert said.count("\n") == 2
    assert said.endswith("False\n")


def test_where_the_repository_is_not_reached_one_sentence_says_so(
    colab: Environment, tmp_path: Path
) -> None:
    said = run_first_cell(colab, Repository(tmp_path.as_uri()))
    assert "could not be installed" in said
    assert said.count("\n") == 2
    assert said.endswith("False\n")


def opened(chapter: Path, public: Repository, folder: Path) -> nbformat.NotebookNode:
    """The notebook that Colab fetches from a repository: as `make notebooks` writes it for that one."""
    text = folder / chapter.name
    written = first_cell.written(chapter.read_text(encoding="utf-8"), public)
    text.write_text(written, encoding="utf-8")
    nbformat.write(notebooks.notebook(text), text.with_suffix(".ipynb"))
    assert launch.installs(text.with_suffix(".ipynb"), public)  # or there would be no button
    return nbformat.read(text.with_suffix(".ipynb"), as_version=4)


@pytest.fixture(scope="module")
def installed(colab: Environment, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The same environment after the path of a reader: the first page opened on Colab, and run whole."""
    before = colab.versions()
    assert "pgcompanion" not in before
    folder = tmp_path_factory.mktemp("repository")
    outputs = colab.execute(opened(CHAPTERS[0], Repository(archive(folder)), folder))
    assert noise(outputs) == []
    assert "exact gradient, length" in "".join(output.get("text", "") for output in outputs)
    after = colab.versions()
    assert before.items() <= after.items()
    assert {"pgcompanion"} <= after.keys() - before.keys() <= {"pgcompanion", "tqdm"}
    return colab


def test_what_the_notebooks_meet_is_what_colab_has(installed: Environment) -> None:
    assert listed().items() <= installed.versions().items()


@pytest.mark.parametrize("chapter", PAGES)
def test_the_notebook_runs_on_colab(chapter: Path, installed: Environment) -> None:
    notebook = nbformat.read(chapter.with_suffix(".ipynb"), as_version=4)
    assert noise(installed.execute(notebook)) == []


@pytest.fixture(scope="module")
def book(installed: Environment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    with notebook(installed.python, tmp_path_factory.mktemp("kernel")) as opened:
        yield opened


DEMOS = [pytest.param(name, marks=[] if name in MOVED else [pytest.mark.weekly]) for name in NAMES]


@pytest.mark.parametrize("name", DEMOS)
def test_every_move_of_a_demo_leaves_its_one_picture(name: str, book: Notebook) -> None:
    assert faults(book, importlib.import_module(f"pgcompanion.demos.{name}")) == []
