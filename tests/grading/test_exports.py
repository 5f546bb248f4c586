"""nbgrader and otter-grader give no point for a wrong or a blank answer of the exported assignments.

Both are installed from the index as they are that day, and run for minutes: `make weekly`.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import nbformat
import pytest
from elsewhere import Environment, pythons
from handed_in import RIGHT, WRONG

from pgcompanion.exercises.engine import catalogue
from pgcompanion.grading import exports, wheel
from pgcompanion.grading.assignment import Assignment

IDS = ("reward_to_go", "gae")
ASSIGNMENT = Assignment(IDS, points={"gae": 2.0})


def cells(path: Path) -> list[nbformat.NotebookNode]:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook.cells


def test_the_notebooks_are_valid_and_warn(tmp_path: Path) -> None:
    for export in (exports.nbgrader, exports.otter):
        found = cells(export(tmp_path / export.__name__, Assignment()))
        assert exports.WARNING in found[0].source
        text = "\n".join(cell.source for cell in found)
        assert all(f"def {id}(" in text for id in catalogue.IDS)


def test_a_test_of_nbgrader_prints_nothing_that_would_count(tmp_path: Path) -> None:
    """nbgrader takes what a cell puts out for credit: its last line must be no expression."""
    found = cells(exports.nbgrader(tmp_path, ASSIGNMENT))
    tests = [cell for cell in found if cell.metadata.get("nbgrader", {}).get("grade")]
    assert [cell.metadata.nbgrader.points for cell in tests] == [1, 2]
    assert all(cell.source.strip().splitlines()[-1].startswith("assert ") for cell in tests)
    assert all(cell.metadata.nbgrader.locked for cell in tests)


ANSWERS = {"right": RIGHT, "wrong": WRONG, "blank": None}


def answered(source: Path, target: Path, answer: str | None) -> None:
    """Hand in a copy of a notebook with this answer to the first exercise."""
    notebook = nbformat.read(source, as_version=4)
    for cell in notebook.cells:
        if answer and cell.source.startswith("def reward_to_go"):
            cell.source = answer
    target.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, target)


@pytest.fixture(scope="module")
def graders(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    folder = tmp_path_factory.mktemp("graders")
    made = Environment(folder, list(pythons().values())[-1])
    packed = folder / wheel.name()
    packed.write_bytes(wheel.build())
    made.install(packed, "nbgrader", "otter-grader", "ipykernel")
    return made


@pytest.fixture(autouse=True)
def programs(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """nbgrader calls programs of its environment by their names."""
    if "graders" in request.fixturenames:
        folder = Path(request.getfixturevalue("graders").python).parent
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.weekly
def test_nbgrader_gives_points_for_the_right_answer_alone(
    graders: Environment, tmp_path: Path
) -> None:
    exports.nbgrader(tmp_path, ASSIGNMENT)
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()\n")
    graders.run("-m", "nbgrader", "generate_assignment", "exercises", cwd=tmp_path)
    released = tmp_path / "release" / "exercises" / "exercises.ipynb"
    for name, answer in ANSWERS.items():
        answered(released, tmp_path / "submitted" / name / "exercises" / "exercises.ipynb", answer)
    graders.run("-m", "nbgrader", "autograde", "exercises", cwd=tmp_path)
    graders.run("-m", "nbgrader", "export", "--to", "grades.csv", cwd=tmp_path)
    lines = [line.split(",") for line in (tmp_path / "grades.csv").read_text().splitlines()]
    student, score = lines[0].index("student_id"), lines[0].index("score")
    assert {line[student]: float(line[score]) for line in lines[1:]} == {
        "right": 1, "wrong": 0, "blank": 0,
    }  # fmt: skip


@pytest.mark.weekly
def test_otter_gives_points_for_the_right_answer_alone(
    graders: Environment, tmp_path: Path
) -> None:
    notebook = exports.otter(tmp_path, ASSIGNMENT)
    graders.run("-m", "otter", "generate", "-t", "tests", "-o", "autograder.zip", "--no-environment",
                "--no-requirements", cwd=tmp_path)  # fmt: skip
    for name, answer in ANSWERS.items():
        (tmp_path / name).mkdir()
        answered(notebook, tmp_path / f"{name}.ipynb", answer)
        graders.run("-m", "otter", "run", "-a", "autograder.zip", "-o", name, f"{name}.ipynb",
                    cwd=tmp_path)  # fmt: skip
        results = json.loads((tmp_path / name / "results.json").read_text(encoding="utf-8"))
        total = sum(test.get("score", 0) for test in results["tests"])
        assert total == (1 if name == "right" else 0), re.sub(r"\s+", " ", str(results))
