"""The marks as a table: one row for each student and exercise."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

from pgcompanion.exercises.engine.feedback import LINK
from pgcompanion.grading.marking import Row

COLUMNS = ("student", "exercise", "score", "mistake", "message", "seconds", "same_as_book")


class OtherFileError(ValueError):
    """The table would take the place of another file. The text says so in a sentence."""


def check(path: Path) -> None:
    """Say now, and not after an hour's work, that the table cannot be written there."""
    if path.is_dir():
        raise OtherFileError(f"`{path}` is a folder: name a file for the table with --csv.")
    if path.exists() and not path.read_bytes().startswith(b",".join(map(str.encode, COLUMNS[:3]))):
        raise OtherFileError(
            f"`{path}` is there already and is no table of this command: name another with --csv."
        )


def write(path: Path, rows: Iterable[Row], late: Mapping[tuple[str, str], float] | None) -> None:
    """Write the rows as CSV, with the scores of a second hand-in in a column `late_score`."""
    columns = list(COLUMNS)
    if late is not None:
        columns.insert(columns.index("score") + 1, "late_score")
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(columns)
        for row in rows:
            cells = [harmless(row.student), row.exercise, number(row.score)]
            if late is not None:
                score = late.get((row.student, row.exercise))
                cells.append("" if score is None else number(score))
            cells += [row.mistake, spoken(row.message), f"{row.seconds:.1f}"]
            table.writerow([*cells, "yes" if row.same_as_book else ""])


def spoken(message: str) -> str:
    """A message whose links are their words alone.

    >>> spoken("See [the theorem](../reinforce.ipynb#pg_with_q).")
    'See the theorem.'
    """
    return LINK.sub(r"\1", message)


def number(score: float) -> str:
    """A score without a needless point.

    >>> number(1.0), number(0.5)
    ('1', '0.5')
    """
    return f"{score:g}"


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula.

    >>> harmless("=1+1"), harmless("Ada")
    ("'=1+1", 'Ada')
    """
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
