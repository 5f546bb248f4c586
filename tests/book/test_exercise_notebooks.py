"""The starter notebooks of the exercises: written from the catalogue, and they run as they are."""

from __future__ import annotations

import re

import exercise_notebooks
import jupytext
import notebooks
import pytest
import yaml

from pgcompanion.exercises import Feedback
from pgcompanion.exercises.engine import catalogue
from pgcompanion.exercises.engine.exercise import Exercise
from pgcompanion.exercises.engine.table import Progress

CHAPTERS = exercise_notebooks.chapters()
EXERCISES = [catalogue.find(id) for id in catalogue.IDS]
each_chapter = pytest.mark.parametrize(("title", "chapter"), CHAPTERS.items())
each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=catalogue.IDS)


@pytest.fixture(autouse=True)
def progress_of_nobody(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGCOMPANION_PROGRESS", str(tmp_path / "progress.json"))


@each_chapter
def test_the_notebook_is_up_to_date(title: str, chapter: str) -> None:
    committed = (exercise_notebooks.FOLDER / f"{chapter}.md").read_text(encoding="utf-8")
    assert committed == exercise_notebooks.page(title, chapter), "run `make notebooks`"


def test_the_table_of_statements_is_up_to_date() -> None:
    committed = exercise_notebooks.STATEMENTS.read_text(encoding="utf-8")
    assert committed == exercise_notebooks.statements(), "run `make notebooks`"


def test_there_is_one_for_each_page_with_exercises_and_it_is_in_the_contents() -> None:
    assert {path.stem for path in exercise_notebooks.FOLDER.glob("*.md")} == set(CHAPTERS.values())
    toc = yaml.safe_load((notebooks.ROOT / "_toc.yml").read_text(encoding="utf-8"))
    parts = {part["caption"]: part["chapters"] for part in toc["parts"]}
    number = {entry["file"]: n for n, entry in enumerate(parts["Chapters"], 1)}
    assert [(entry["title"], entry["file"]) for entry in parts["Exercises"]] == [
        (f"Exercises {number[chapter]}: {title}", f"exercises/{chapter}")
        for title, chapter in CHAPTERS.items()
    ]


@each_chapter
def test_the_title_of_the_page_is_that_of_the_sidebar(title: str, chapter: str) -> None:
    heading = exercise_notebooks.heading(exercise_notebooks.FOLDER / f"{chapter}.md")
    assert heading == exercise_notebooks.headings()[chapter]
    assert heading.endswith(f": {title}")


@each_chapter
def test_the_page_links_to_its_notebook_and_names_the_functions(title: str, chapter: str) -> None:
    text = (notebooks.BOOK / f"{chapter}.md").read_text(encoding="utf-8")
    (box,) = re.findall(r"^:::\{admonition\} In code\n.*?^:::$", text, re.M | re.S)
    assert f"](exercises/{chapter}.md)" in box
    assert set(re.findall(r"`(\w+)`", box)) == set(catalogue.PAGES[title])


def run(chapter: str, given: dict[str, str] | None = None) -> dict[str, object]:
    """What the last line of each code cell gives; `given` replaces stubs."""
    cells = jupytext.read(exercise_notebooks.FOLDER / f"{chapter}.md", fmt=notebooks.FORMAT).cells
    names: dict[str, object] = {}
    shown = {}
    for cell in cells:
        if cell.cell_type == "code":
            stub = re.match(r"def (\w+)\(", cell.source)
            source = (given or {}).get(stub[1], cell.source) if stub else cell.source
            if source.startswith(("check(", "progress(")):
                shown[source] = eval(source, names)
            else:
                exec(compile(source, "<cell>", "exec", dont_inherit=True), names)
    return shown


@each_chapter
def test_it_runs_from_top_to_bottom_as_it_is(title: str, chapter: str) -> None:
    *checks, progress = run(chapter).values()
    assert len(checks) == len(catalogue.PAGES[title])
    for feedback in checks:
        assert isinstance(feedback, Feedback)
        assert not feedback.passed
        assert "not started yet" in feedback.message
    assert isinstance(progress, Progress)


@each_chapter
def test_the_solutions_pass_in_their_cells(title: str, chapter: str) -> None:
    sources = {id: catalogue.find(id).source for id in catalogue.PAGES[title]}
    *checks, _ = run(chapter, sources).values()
    assert all(feedback.passed for feedback in checks)


@each_exercise
def test_an_editor_shows_the_whole_lines_of_a_starter(exercise: Exercise) -> None:
    assert max(map(len, exercise_notebooks.stub(exercise).splitlines())) <= exercise_notebooks.WIDTH


@each_exercise
def test_the_statement_reads_the_same_without_the_macros_of_the_book(exercise: Exercise) -> None:
    assert not re.search(r"\\(E|hi|hor|kl|Var|Cov|R)\b", exercise.statement)
