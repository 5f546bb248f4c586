"""Many submissions: the same rows on any number of cores, and on again after an interrupt."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from handed_in import IMPORT, RIGHT, WRONG

from pgcompanion.grading import workers
from pgcompanion.grading.assignment import Assignment
from pgcompanion.grading.cells import Code
from pgcompanion.grading.intake import Submission
from pgcompanion.grading.marking import Marker, Row
from pgcompanion.grading.workers import grade

IDS = ("reward_to_go", "gae")
ASSIGNMENT = Assignment(IDS, seed="maple")


def submissions(n: int = 4) -> list[Submission]:
    answers = [RIGHT, WRONG, "import os; os._exit(1)", "def reward_to_go(r): return r[0]"]
    return [
        Submission(f"student {k}", [Code("a.py", (IMPORT, answers[k % len(answers)]))])
        for k in range(n)
    ]


def test_two_processes_give_the_rows_of_one_and_so_does_a_second_time(sandboxed: None) -> None:
    one = grade(submissions(), ASSIGNMENT, jobs=1)
    assert [row.score for row in one[::2]] == [1, 0, 0, 0]
    assert [row.exercise for row in one[:2]] == list(IDS)
    assert grade(submissions(), ASSIGNMENT, jobs=2) == one
    assert grade(submissions(), ASSIGNMENT, jobs=1) == one


class Counting:
    """Stands for a marker: counts, and breaks down where it is told to."""

    marked: list[str]

    def __init__(self, assignment: Assignment) -> None: ...

    def mark(self, submission: Submission) -> list[Row]:
        if submission.student in self.breaks:
            raise self.breaks[submission.student]
        self.marked.append(submission.student)
        return [Row(submission.student, id, 1.0, "", "", 0.0, False) for id in IDS]

    def close(self) -> None: ...

    breaks: dict[str, BaseException]


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> type[Counting]:
    Counting.marked, Counting.breaks = [], {}
    monkeypatch.setattr(workers, "Marker", Counting)
    return Counting


def test_an_interrupt_loses_nothing_that_was_done(counting, tmp_path: Path) -> None:
    journal, ticks = tmp_path / "journal", list[str]()
    counting.breaks = {"student 2": KeyboardInterrupt()}
    with pytest.raises(KeyboardInterrupt):
        grade(submissions(), ASSIGNMENT, 1, journal, ticks.append)
    with journal.open("a") as file:
        file.write('["cut off in the mid')
    counting.breaks = {}
    rows = grade(submissions(), ASSIGNMENT, 1, journal, ticks.append)
    assert counting.marked == [f"student {k}" for k in range(4)]
    assert [row.student for row in rows[::2]] == counting.marked
    assert len(ticks) == 6  # two in the first run, and all four in the second


def test_what_was_done_is_done_again_where_anything_changed(counting, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    grade(submissions(2), ASSIGNMENT, 1, journal)
    grade(submissions(2), replace(ASSIGNMENT, seed="oak"), 1, journal)
    changed = [replace(each, files=[Code("a.py", ("x = 1",))]) for each in submissions(2)]
    grade(changed, ASSIGNMENT, 1, journal)
    assert len(counting.marked) == 6
    grade(submissions(2), ASSIGNMENT, 1, journal)
    assert len(counting.marked) == 6
    assert all(json.loads(line) for line in journal.read_text().splitlines())


def test_a_breakdown_of_the_grader_spoils_one_students_rows(counting) -> None:
    counting.breaks = {"student 1": RuntimeError("lost")}
    rows = grade(submissions(3), ASSIGNMENT)
    assert [row.score for row in rows[::2]] == [1, 0, 1]
    assert "by hand" in rows[2].message


def test_a_process_that_dies_spoils_one_students_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What no exception tells: the operating system ended a worker."""
    alive = workers._pooled

    def dying(left, assignment, jobs):
        if any(each.student == "student 1" for each in left):
            raise workers.BrokenProcessPool
        yield from (
            (each, [Row(each.student, id, 1.0, "", "", 0.0, False) for id in IDS]) for each in left
        )

    monkeypatch.setattr(workers, "_pooled", dying)
    rows = grade(submissions(4), ASSIGNMENT, jobs=2)
    assert [row.score for row in rows[::2]] == [1, 0, 1, 1]
    assert alive is not dying


def test_the_marker_of_the_workers_is_the_real_one() -> None:
    assert workers.Marker is Marker
