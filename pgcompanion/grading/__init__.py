"""Mark a class: its code in a sandbox, its mistakes by name. Needs the extra `[grading]`.

`pgcompanion-grade FOLDER` is the command, and the page *Teaching with this book* tells how to use it.
From Python, `collect` reads what was handed in, an `Assignment` says what is marked and how, and
`grade` gives a `Row` for each student and exercise.
"""

from __future__ import annotations

from pgcompanion.grading.assignment import Assignment
from pgcompanion.grading.intake import Submission, collect
from pgcompanion.grading.marking import Row
from pgcompanion.grading.workers import grade

__all__ = ["Assignment", "Row", "Submission", "collect", "grade"]
