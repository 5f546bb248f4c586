"""One submission becomes one row for each exercise: what was defined, run in the sandbox, judged here.

The cases, the seed and the expected values stay on this side. The sandbox receives arguments and
gives back values, and whatever its code does, it can do no more than that.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pgcompanion.exercises.engine import screen
from pgcompanion.exercises.engine.exercise import Exercise
from pgcompanion.exercises.engine.feedback import Feedback
from pgcompanion.exercises.engine.judging import judge
from pgcompanion.grading.assignment import Assignment
from pgcompanion.grading.calls import Calls, Twin
from pgcompanion.grading.cells import Code
from pgcompanion.grading.intake import Submission
from pgcompanion.grading.sandbox import LIBRARIES, Sandbox, State

LOADING = 3.0  # seconds for all cells of a file
DEFINITIONS = 1.0  # seconds for its imports and definitions alone
CULPRITS = 2  # statements that never end are left out, one by one, up to so many
LIBRARY = re.compile(r"\b(?:" + "|".join({name.split(".")[0] for name in LIBRARIES}) + r")\b")


@dataclass(frozen=True)
class Row:
    """A mark, and what there is to say about it."""

    student: str
    exercise: str
    score: float
    mistake: str
    message: str
    seconds: float
    same_as_book: bool


#: A cell that is no Python, or a statement that stopped: the cell, the line, why, what it defines.
Broken = tuple[int, int, str, frozenset[str]]


@dataclass(frozen=True)
class _Loaded:
    """A file whose cells have run: the state after them, what they defined, what was no Python."""

    state: State
    names: frozenset[str]
    broken: tuple[Broken, ...]


class Marker:
    """Marks submissions, one after the other, in a sandbox of its own."""

    def __init__(self, assignment: Assignment) -> None:
        self._box = Sandbox()
        self.assign(assignment)

    def assign(self, assignment: Assignment) -> None:
        """Mark by this assignment from now on."""
        self.assignment = assignment
        self.exercises: list[Exercise] = assignment.exercises()
        self._forms = self._forms_of_solutions()

    def mark(self, submission: Submission) -> list[Row]:
        """A row for each exercise of the assignment."""
        self._box.renew()
        best: dict[str, Row] = {}
        broken: dict[str, str] = {}
        for code in submission.files:
            loaded = self._load(code, submission)
            for exercise in self.exercises:
                if exercise.id not in loaded.names:
                    broken |= _explained(exercise, code, loaded)
                    continue
                row = self._mark(submission.student, exercise, loaded)
                before = best.get(exercise.id)
                if before is None or _rank(row) >= _rank(before):
                    best[exercise.id] = row
        return [
            best.get(each.id) or _missing(submission, each, broken.get(each.id, ""))
            for each in self.exercises
        ]

    def close(self) -> None:
        self._box.close()

    def _load(self, code: Code, submission: Submission) -> _Loaded:
        """Run the cells of a file, without the statements that do not end."""
        neighbours = [each.module for each in submission.files if each.module and each is not code]
        libraries = any(LIBRARY.search(cell) for cell in code.cells)
        skipped: list[int] = []
        while len(skipped) <= CULPRITS:
            careful = len(skipped) == CULPRITS
            told = list(code.cells), skipped, careful, neighbours
            self._box.reset(libraries)
            reply = self._box.ask("load", *told, seconds=DEFINITIONS if careful else LOADING)
            if not reply.ended:
                return _Loaded(self._box.state(), *_said(code, reply.value))
            skipped.append(reply.at)
        self._box.reset()
        return _Loaded(self._box.state(), frozenset(), ())

    def _mark(self, student: str, exercise: Exercise, loaded: _Loaded) -> Row:
        self._box.restore(loaded.state)
        calls = Calls(self._box, exercise.id, loaded.state)
        feedback, form = self._seen(exercise, calls)
        if feedback is None:
            feedback = judge(exercise, calls)
        mark = 1.0 if feedback.passed else 0.0
        if self.assignment.partial and not feedback.passed and calls.groups == {"regular", "edges"}:
            mark = 0.5
        return Row(
            student,
            exercise.id,
            mark * self.assignment.points_of(exercise.id),
            feedback.mistake or "",
            feedback.message,
            round(calls.seconds, 1),
            bool(form) and form == self._forms[exercise.id],
        )

    def _seen(self, exercise: Exercise, calls: Calls) -> tuple[Feedback | None, str]:
        """What can be said of a function without calling it, and its form."""
        reply = self._box.ask("look", exercise.id, exercise.names)
        if reply.ended:
            return None, ""
        stub, parameters, fits, form = reply.value
        if stub:
            return screen.unwritten(exercise), form
        names = tuple(name for name in parameters or () if str(name).isidentifier())
        return None if fits else screen.not_a_try(exercise, Twin(names, calls)), form

    def _forms_of_solutions(self) -> dict[str, str]:
        """The forms of the book's solutions, seen in a sandbox that no submission enters after it."""
        self._box.renew()
        sources = [each.source for each in self.exercises]
        self._box.ask("load", sources, seconds=LOADING)
        calls = Calls(self._box, "", self._box.state())
        return {each.id: self._seen(each, calls)[1] for each in self.exercises}


def _said(code: Code, value: Any) -> tuple[frozenset[str], tuple[Broken, ...]]:
    """What the sandbox says that a file defines, and what of it is broken: whatever it says."""
    try:
        names, broken = value
        cells = range(1, len(code.cells) + 1)
        told = [
            (int(cell), int(line), str(what)[:200], frozenset(map(str, defined)))
            for cell, line, what, defined in broken
        ]
        return frozenset(map(str, names)), tuple(each for each in told if each[0] in cells)
    except (TypeError, ValueError):
        return frozenset(), ()


def _rank(row: Row) -> tuple[float, bool]:
    """Where several files define a function, the best of them counts, and a started one of them."""
    return row.score, "not started" not in row.message


def _explained(exercise: Exercise, code: Code, loaded: _Loaded) -> dict[str, str]:
    """Why a function that is in the text of a file was not defined."""
    id = exercise.id
    begins = re.compile(rf"\bdef {id}\s*\(")
    where = f"The cell of `{code.name}` that defines `{id}`"
    for cell, line, what, defined in loaded.broken:
        if id in defined:
            return {
                id: f"{where} stopped before it was defined, with `{what}`, in its line {line}."
            }
        if not defined and begins.search(code.cells[cell - 1]):
            return {id: f"{where} is not valid Python: {what}, in its line {line}."}
    if any(begins.search(cell) for cell in code.cells):
        return {id: f"{where} did not run to its end."}
    return {}


def _missing(submission: Submission, exercise: Exercise, explained: str) -> Row:
    sentence = explained or f"There is no function `{exercise.id}` in what was handed in."
    message = " ".join([sentence, *submission.troubles])
    return Row(submission.student, exercise.id, 0.0, "", message, 0.0, False)


def unmarked(student: str, exercises: Sequence[Exercise], message: str) -> list[Row]:
    """Rows that say why there is no mark."""
    return [_missing(Submission(student), each, message) for each in exercises]
