"""The command `pgcompanion-grade`."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from itertools import groupby
from pathlib import Path

from pgcompanion.grading import cache, exports, gradescope, report, table
from pgcompanion.grading.assignment import Assignment, AssignmentError
from pgcompanion.grading.intake import NothingError, Submission, collect, everybody, together
from pgcompanion.grading.marking import Row
from pgcompanion.grading.points import read_points
from pgcompanion.grading.report.counts import Standing, standings
from pgcompanion.grading.sandbox import UnavailableError, missing
from pgcompanion.grading.workers import grade

DESCRIPTION = (
    "Mark a class's exercises: their code runs in a sandbox, and nothing leaves this machine."
)


def parser() -> argparse.ArgumentParser:
    """What the command understands."""
    made = argparse.ArgumentParser("pgcompanion-grade", description=DESCRIPTION)
    add = made.add_argument
    add("submissions", nargs="*", help="notebooks, .py files, zip files, and folders of them")
    add("--csv", type=Path, default=Path("grades.csv"), help="where the marks go (grades.csv)")
    add("--report", type=Path, help="where the report of the class goes, an HTML page")
    add("--sheets", type=Path, help="a folder for a page of each student")
    add("--ids", default="", help="the exercises, such as reward_to_go,gae (all of the book)")
    add("--seed", default="0", help="a word that draws other cases, the same for everybody")
    add("--points", type=Path, help="a TOML file with lines such as gae = 2 (1 point each)")
    add("--partial", action="store_true", help="half of the points where only edge cases fail")
    add("--pack", type=Path, help="a folder with exercises of your own")
    add("--late", nargs="+", default=[], help="what was handed in later, for a second column")
    add("--student", default="", help="take all of it for the work of one student, with this name")
    add("--jobs", type=_number, default=os.cpu_count() or 1, help="how many at a time (all cores)")
    add("--book", default=os.environ.get("PGCOMPANION_SITE", ""), help="address of your built book")
    add("--nbgrader", type=Path, metavar="DIR", help="write an assignment for nbgrader instead")
    add("--otter", type=Path, metavar="DIR", help="write an assignment for otter-grader instead")
    add("--gradescope", type=Path, metavar="ZIP", help="write an autograder for Gradescope instead")
    add(
        "--prepare", action="store_true", help="only prepare the sandbox, which takes a minute once"
    )
    return made


def _number(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a whole number from 1 on is wanted, and not `{text}`.")
    return int(text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Mark what the command line names; 0 if that could be done."""
    given = parser().parse_args(arguments)
    try:
        return _run(given)
    except (AssignmentError, NothingError, UnavailableError, table.OtherFileError) as sentence:
        print(f"pgcompanion-grade: {sentence}", file=sys.stderr)
        return 2
    except OSError as error:
        trouble = f"`{error.filename}` cannot be used: {error.strerror}."
        print(f"pgcompanion-grade: {trouble}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nInterrupted. The same command goes on from here.", file=sys.stderr)
        return 130


def _run(given: argparse.Namespace) -> int:
    assignment = _assignment(given)
    if _exported(given, assignment):
        return 0
    if reason := missing():
        raise UnavailableError(reason)
    if not given.prepare and not given.submissions:
        raise NothingError("Name the files or folders that were handed in, or say --help.")
    if given.prepare:
        cache.prepare()
        return 0
    submissions, late = _collected(given, given.submissions), _collected(given, given.late)
    if not any(each.files for each in submissions):
        raise NothingError("There is no notebook, `.py` or `.zip` file in what you named.")
    _make_room(given)
    cache.prepare()
    journal = given.csv.with_name(given.csv.name + ".unfinished")
    rows, rows_late = _marked(everybody(submissions, late), late, assignment, given.jobs, journal)
    _written(rows, rows_late, assignment, given)
    journal.unlink(missing_ok=True)
    return 0


def _make_room(given: argparse.Namespace) -> None:
    """Make the folders now: whatever cannot be written is said before the work, and not after it."""
    table.check(given.csv)
    for file in (given.csv, given.report):
        if file:
            file.parent.mkdir(parents=True, exist_ok=True)
    if given.sheets:
        given.sheets.mkdir(parents=True, exist_ok=True)


def _exported(given: argparse.Namespace, assignment: Assignment) -> bool:
    """Whether the assignment was written for another grader."""
    if given.gradescope:
        gradescope.write(given.gradescope, assignment)
        print(f"The autograder for Gradescope is `{given.gradescope}`.")
    for folder, export in ((given.nbgrader, exports.nbgrader), (given.otter, exports.otter)):
        if folder:
            print(f"The assignment is `{export(folder, assignment)}`.\n{exports.WARNING}")
    return bool(given.gradescope or given.nbgrader or given.otter)


def _assignment(given: argparse.Namespace) -> Assignment:
    ids = tuple(dict.fromkeys(id.strip() for id in given.ids.split(",") if id.strip()))
    points = read_points(given.points) if given.points else {}
    made = Assignment(ids, given.seed, points, given.partial, given.pack)
    made.exercises()
    return made


def _collected(given: argparse.Namespace, paths: Sequence[str]) -> list[Submission]:
    found = collect(paths)
    return [together(given.student, found)] if given.student and found else found


def _marked(
    submissions: list[Submission],
    late: list[Submission],
    assignment: Assignment,
    jobs: int,
    journal: Path,
) -> tuple[list[Row], list[Row]]:
    """The rows of both hand-ins. What is done is kept in the journal, in case of an interrupt."""
    bar = _bar(len(submissions) + len(late))
    rows = grade(submissions, assignment, jobs, journal, bar)
    return rows, grade(late, assignment, jobs, journal, bar)


def _bar(total: int) -> Callable[[str], object]:
    tqdm = import_module("tqdm").tqdm
    bar = tqdm(total=total, unit="submission", disable=None, leave=False)
    return lambda student: bar.update()


def _written(
    rows: list[Row], late: list[Row], assignment: Assignment, given: argparse.Namespace
) -> None:
    second = {(row.student, row.exercise): row.score for row in late} if given.late else None
    table.write(given.csv, rows, second)
    print(f"{len(rows)} marks are in `{given.csv}`.")
    if given.report:
        page = report.page(rows, assignment, given.book)
        given.report.write_text(page, encoding="utf-8")
        print(f"The report of the class is `{given.report}`.")
    if given.sheets:
        _sheets(rows, assignment, given)
    for each in standings(rows, assignment.exercises(), assignment.points):
        print(_line(each))


def _sheets(rows: list[Row], assignment: Assignment, given: argparse.Namespace) -> None:
    for n, (student, own) in enumerate(groupby(rows, lambda row: row.student), 1):
        name = re.sub(r"[^\w.() -]", "_", student)[:80].strip(". ") or f"student {n}"
        page = report.sheet(list(own), assignment, given.book)
        (given.sheets / f"{name}.html").write_text(page, encoding="utf-8")
    print(f"A page for each student is in `{given.sheets}`.")


def _line(each: Standing) -> str:
    made = ", ".join(f"{m.students}x {m.id}" for m in each.misconceptions[:2])
    return f"  {each.exercise.id:32} {each.passed:4} of {each.students} passed  {made}".rstrip()
