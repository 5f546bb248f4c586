"""The reader's progress as a table."""

from __future__ import annotations

import html
import itertools
from collections.abc import Iterator
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
        width = max(len(id) for _, id, _ in self.rows)
        lines = []
        for page, exercises in self._pages():
            lines += [page, *(f"    {id:<{width}}  {state}" for id, state in exercises)]
        return "\n".join([*lines, "", self.summary, *filter(None, [self.news])])

    def _repr_html_(self) -> str:
        body = "".join(
            f'<tr><th scope="rowgroup" colspan="2" {_CELL}>{html.escape(page)}</th></tr>'
            + "".join(
                f"<tr><td {_CELL}>{html.escape(id)}</td><td {_STATE}>{html.escape(state)}</td></tr>"
                for id, state in exercises
            )
            for page, exercises in self._pages()
        )
        news = f"<p>{html.escape(self.news)}</p>" if self.news else ""
        return f"<table><caption {_CELL}>{self.summary}</caption>{body}</table>{news}"

    def _pages(self) -> Iterator[tuple[str, list[tuple[str, str]]]]:
        """Each page with its exercises and their states."""
        for page, rows in itertools.groupby(self.rows, key=lambda row: row[0]):
            yield page, [(id, state) for _, id, state in rows]


_CELL = 'style="text-align: left; padding: 0.1em 1em 0.1em 0"'
_STATE = _CELL[:-1] + '; white-space: nowrap"'


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
