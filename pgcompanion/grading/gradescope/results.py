"""Mark one submission, and write `results.json` as Gradescope reads it.

The format: https://gradescope-autograders.readthedocs.io/en/latest/specs/
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pgcompanion.exercises.engine.exercise import Exercise
from pgcompanion.grading import cache
from pgcompanion.grading.assignment import Assignment
from pgcompanion.grading.gradescope.archive import read
from pgcompanion.grading.intake import collect, together
from pgcompanion.grading.marking import Row
from pgcompanion.grading.report.counts import passed
from pgcompanion.grading.table import spoken
from pgcompanion.grading.workers import grade


def main(folder: Path) -> None:
    """Mark `folder/submission` by `folder/source`, and write `folder/results/results.json`."""
    assignment = read(folder / "source")
    cache.prepare()
    results = marked(folder / "submission", assignment)
    place = folder / "results"
    place.mkdir(exist_ok=True)
    (place / "results.json").write_text(json.dumps(results, indent=1), encoding="utf-8")


def marked(folder: Path, assignment: Assignment) -> dict[str, Any]:
    """The results of one student: everything in the folder is his or hers."""
    handed_in = together("submission", collect([folder]) if folder.is_dir() else [])
    rows = grade([handed_in], assignment)
    titles = {each.id: each for each in assignment.exercises()}
    return {
        "score": sum(row.score for row in rows),
        "output": " ".join(handed_in.troubles) or "Each exercise has its own message.",
        "output_format": "text",
        "stdout_visibility": "hidden",
        "tests": [_test(row, titles[row.exercise], assignment) for row in rows],
    }


def _test(row: Row, exercise: Exercise, assignment: Assignment) -> dict[str, Any]:
    points = assignment.points_of(row.exercise)
    return {
        "name": f"{exercise.title} ({exercise.id})",
        "score": row.score,
        "max_score": points,
        "status": "passed" if passed(row, points) else "failed",
        "output": spoken(row.message),
        "output_format": "text",
        "visibility": "visible",
        "tags": [row.mistake] if row.mistake else [],
    }
