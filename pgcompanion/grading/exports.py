"""An assignment for nbgrader and for otter-grader, which run answers in the grader's own process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pgcompanion.exercises.engine.exercise import Exercise
from pgcompanion.grading.assignment import Assignment

WARNING = (
    "Warning: this grader runs the answers in its own process, where a few lines of a notebook can "
    "make any test pass. Use it for practice; let `pgcompanion-grade` give the marks."
)
INTRODUCTION = "# Exercises\n\nWrite your lines in the place of the `...`."
IMPORTS = "import numpy as np\n\nfrom pgcompanion.exercises import check, hint, solution"

# An assertion and no output: nbgrader takes an output for credit.
NBGRADER_TEST = """\
from pgcompanion.exercises import check

feedback = check("{id}", {id})
assert feedback.passed, feedback.message
"""
OTTER_TEST = """\
OK_FORMAT = True

test = {{
    "name": "{id}",
    "points": {points:g},
    "suites": [
        {{
            "cases": [
                {{
                    "code": ">>> from pgcompanion.exercises import check\\n"
                    ">>> check('{id}', {id}).passed\\nTrue",
                    "hidden": False,
                    "locked": False,
                }}
            ],
            "scored": True,
            "setup": "",
            "teardown": "",
            "type": "doctest",
        }}
    ],
}}
"""


def nbgrader(folder: Path, assignment: Assignment) -> Path:
    """Write `folder/source/exercises/exercises.ipynb`, from which nbgrader makes its release."""
    cells = [_markdown("warning", f"> {WARNING}"), *_start()]
    for each in assignment.exercises():
        points = assignment.points_of(each.id)
        cells += [
            _markdown(f"statement-{each.id}", _statement(each)),
            _code(each.id, _answer(each), _nbgrader(each.id, solution=True)),
            _code(
                f"test-{each.id}",
                NBGRADER_TEST.format(id=each.id),
                _nbgrader(f"test-{each.id}", grade=True, locked=True, points=points),
            ),
        ]
    path = folder / "source" / "exercises" / "exercises.ipynb"
    return _write(path, cells)


def otter(folder: Path, assignment: Assignment) -> Path:
    """Write `folder/exercises.ipynb` and a test for each exercise into `folder/tests`."""
    start = "import otter\n\ngrader = otter.Notebook('exercises.ipynb')"
    cells = [_markdown("warning", f"> {WARNING}"), _code("otter", start), *_start()]
    tests = folder / "tests"
    tests.mkdir(parents=True, exist_ok=True)
    for each in assignment.exercises():
        cells += [
            _markdown(f"statement-{each.id}", _statement(each)),
            _code(each.id, each.starter.removeprefix("import numpy as np\n\n\n")),
            _code(f"check-{each.id}", f"grader.check('{each.id}')"),
        ]
        test = OTTER_TEST.format(id=each.id, points=assignment.points_of(each.id))
        (tests / f"{each.id}.py").write_text(test, encoding="utf-8")
    return _write(folder / "exercises.ipynb", cells)


def _start() -> list[dict[str, Any]]:
    return [_markdown("introduction", INTRODUCTION), _code("imports", IMPORTS)]


def _statement(exercise: Exercise) -> str:
    return f"## {exercise.title}\n\n{exercise.statement}"


def _answer(exercise: Exercise) -> str:
    """The starter, in the marks between which nbgrader puts its own."""
    starter = exercise.starter.removeprefix("import numpy as np\n\n\n").rstrip()
    head = starter.removesuffix("...").rstrip()
    return f"{head}\n    ### BEGIN SOLUTION\n    ...\n    ### END SOLUTION"


def _nbgrader(
    id: str,
    solution: bool = False,
    grade: bool = False,
    locked: bool = False,
    points: float | None = None,
) -> dict[str, Any]:
    told = {"schema_version": 3, "grade_id": id, "solution": solution, "grade": grade}
    told |= {"locked": locked, "task": False}
    return {"nbgrader": told | ({} if points is None else {"points": points})}


def _markdown(id: str, source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": _id(id), "metadata": {}, "source": source}


def _code(id: str, source: str, metadata: dict[str, Any] | None = None) -> dict[str, Any]:
    cell = {"cell_type": "code", "id": _id(id), "metadata": metadata or {}, "source": source}
    return cell | {"execution_count": None, "outputs": []}


def _id(text: str) -> str:
    """A cell's id as the notebook format wants it."""
    return text.replace("_", "-")[:64]


def _write(path: Path, cells: list[dict[str, Any]]) -> Path:
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = {
        "cells": cells,
        "metadata": {"kernelspec": kernel},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook, indent=1) + "\n", encoding="utf-8")
    return path
