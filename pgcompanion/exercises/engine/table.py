"""The reader's progress as a table."""

from __future__ import annotations

import html
from dataclasses import dataclass

from pgcompanion.exercises.engine.catalogue import IDS, PAGES
from pgcompanion.exercises.engine.record import Entry


@dataclass(frozen=True, repr=False)
class Progress:
    """What is done, page by page: rows of (page, exercise, state)."""

    rows: tuple[tuple[str, str, str], ...]
    done: int
    news: str = ""

    @property
    def summary(self) -> str:
        return f"{self.done} of {len(self.rows)} exercises done."

    def __repr__(self) -> str:
        widths = [max(len(row[i]) for row in self.rows) for i in range(2)]
        lines = [
            f"{page:<{widths[0]}}  {id:<{widths[1]}}  {state}" for page, id, state in self.rows
        ]
        return "\n".join(filter(None, [*lines, "", self.summary, self.news]))

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col" {_CELL}>{name}</th>' for name in _COLUMNS)
        body = "".join(
            "<tr>" + "".join(f"<td {_CELL}>{html.escape(text)}</td>" for text in row) + "</tr>"
            for row in self.rows
        )
        news = f"<p>{html.escape(self.news)}</p>" if self.news else ""
        return (
            f"<table><caption {_CELL}>{self.summary}</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{news}"
        )


_COLUMNS = ("Page", "Exercise", "State")
_CELL = 'style="text-align: left; padding: 0.1em 1em 0.1em 0"'


def table(entries: dict[str, Entry], news: str = "") -> Progress:
    """The table of all exercises, given what the record knows."""
    rows = tuple((page, id, _state(entries.get(id))) for page, ids in PAGES.items() for id in ids)
    return Progress(rows, sum("passed" in entries.get(id, {}) for id in IDS), news)


def _state(entry: Entry | None) -> str:
    if entry is None:
        return "not started"
    if "passed" in entry:
        return f"done on {entry['passed']}"
    return f"tried {'once' if entry['tries'] == 1 else str(entry['tries']) + ' times'}"
