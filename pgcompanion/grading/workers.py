"""Many submissions, on several cores, and on again after an interrupt."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, astuple
from pathlib import Path

import pgcompanion
from pgcompanion import checks
from pgcompanion.grading.assignment import Assignment
from pgcompanion.grading.intake import Submission
from pgcompanion.grading.marking import Marker, Row, unmarked

CRASHED = "The grader broke down on this submission, with {error}. Look at it by hand."
Tick = Callable[[str], object]


def grade(
    submissions: Sequence[Submission],
    assignment: Assignment,
    jobs: int = 1,
    journal: Path | None = None,
    tick: Tick = lambda student: None,
) -> list[Row]:
    """The rows of all submissions, in the order of the students.

    Args:
        submissions: what `collect` found.
        assignment: the exercises, the seed and the points.
        jobs: how many processes work at a time. The rows do not depend on it.
        journal: a file to which finished rows go at once; a second call does not do them again.
        tick: called with each student whose rows are there.

    Raises:
        ValueError: an assignment that cannot be marked, or ``jobs`` that is not a positive integer.
        TypeError: an argument of another kind.
        RuntimeError: there is no sandbox on this machine.

    Example:
        >>> from pgcompanion.grading import Assignment, collect, grade
        >>> nobody = collect([])
        >>> grade(nobody, Assignment(("reward_to_go",), seed="maple"), jobs=2)
        []
    """
    if not isinstance(assignment, Assignment):
        raise TypeError(f"assignment must be an Assignment, but it is {checks.kind(assignment)}.")
    submissions = _submissions(submissions)
    jobs, tick = checks.positive_integer("jobs", jobs), checks.function("tick", tick)
    journal = None if journal is None else checks.path(journal, "journal")
    ids = [each.id for each in assignment.exercises()]  # says now what is wrong with it
    rows = _Journal(journal, assignment)
    left = [each for each in submissions if each not in rows]
    for each in submissions:
        if each in rows:
            tick(each.student)
    for each, marked in _marked(left, assignment, jobs):
        if isinstance(marked, str):
            exercises = assignment.exercises()
            marked = unmarked(each.student, exercises, CRASHED.format(error=marked))
        rows.add(each, marked)
        tick(each.student)
    place = {id: n for n, id in enumerate(ids)}
    return [
        row
        for each in submissions
        for row in sorted(rows.of(each), key=lambda row: place[row.exercise])
    ]


def _submissions(x: Sequence[Submission]) -> list[Submission]:
    if not isinstance(x, Sequence) or not all(isinstance(each, Submission) for each in x):
        raise TypeError(f"submissions must be what collect found, but it is {checks.kind(x)}.")
    return list(x)


def _marked(
    submissions: Sequence[Submission], assignment: Assignment, jobs: int
) -> Iterator[tuple[Submission, list[Row] | str]]:
    """Each submission with its rows, or with the error that ended the grader's own process."""
    if not submissions:
        return
    if jobs <= 1 or len(submissions) <= 1:
        marker = Marker(assignment)
        for each in submissions:
            yield each, _safely(marker, each)
        marker.close()
        return
    left = list(submissions)
    while left:
        try:
            for each, marked in _pooled(left, assignment, jobs):
                left.remove(each)
                yield each, marked
        except BrokenProcessPool:  # one of those that were being marked: find it, one by one
            suspects, left = left[: 2 * jobs], left[2 * jobs :]
            yield from _one_by_one(suspects, assignment)


def _pooled(
    submissions: Sequence[Submission], assignment: Assignment, jobs: int
) -> Iterator[tuple[Submission, list[Row] | str]]:
    spawn = multiprocessing.get_context("spawn")  # a sandbox does not survive a fork
    jobs = min(jobs, len(submissions))
    with ProcessPoolExecutor(jobs, spawn, _start, (assignment,)) as pool:
        futures = {pool.submit(_work, each): each for each in submissions}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _one_by_one(
    submissions: Sequence[Submission], assignment: Assignment
) -> Iterator[tuple[Submission, list[Row] | str]]:
    for each in submissions:
        try:
            yield from _pooled([each], assignment, 1)
        except BrokenProcessPool as error:
            yield each, type(error).__name__


_marker: list[Marker] = []  # of a worker's process


def _start(assignment: Assignment) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is for the parent to handle
    _marker.append(Marker(assignment))


def _work(submission: Submission) -> list[Row] | str:
    return _safely(_marker[0], submission)


def _safely(marker: Marker, submission: Submission) -> list[Row] | str:
    try:
        return marker.mark(submission)
    except Exception as error:
        return type(error).__name__


class _Journal:
    """The rows so far, by what was handed in and how it is marked."""

    def __init__(self, path: Path | None, assignment: Assignment) -> None:
        self._path = path
        self._rule = repr((assignment, pgcompanion.__version__))
        if assignment.pack is not None:
            packed = sorted(assignment.pack.glob("*.py"))
            self._rule += repr([file.read_bytes() for file in packed])
        self._rows: dict[str, list[Row]] = {}
        for line in self._lines():
            key, rows = json.loads(line)
            self._rows[key] = [Row(*row) for row in rows]

    def _lines(self) -> list[str]:
        """The whole lines of the journal: the last one may have been cut off."""
        if self._path is None or not self._path.exists():
            return []
        text = self._path.read_text(encoding="utf-8")
        return text[: text.rfind("\n") + 1].splitlines()

    def _key(self, submission: Submission) -> str:
        told = json.dumps([self._rule, asdict(submission)])
        return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()

    def __contains__(self, submission: Submission) -> bool:
        return self._key(submission) in self._rows

    def of(self, submission: Submission) -> list[Row]:
        return self._rows[self._key(submission)]

    def add(self, submission: Submission, rows: list[Row]) -> None:
        key = self._key(submission)
        self._rows[key] = rows
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps([key, [astuple(row) for row in rows]]) + "\n")
