"""One sandbox for all tests: it is compiled once on a machine, which takes a minute or two."""

from __future__ import annotations

import fcntl
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(folder) for folder in (HERE, HERE.parent / "environments")]

from handed_in import Mark  # noqa: E402

from pgcompanion.grading import cache  # noqa: E402
from pgcompanion.grading.assignment import Assignment  # noqa: E402
from pgcompanion.grading.cells import Code  # noqa: E402
from pgcompanion.grading.intake import Submission  # noqa: E402
from pgcompanion.grading.marking import Marker, Row  # noqa: E402


@pytest.fixture(scope="session")
def sandboxed(tmp_path_factory: pytest.TempPathFactory) -> None:
    """For a test that starts the sandbox itself. Of several processes one compiles, and the others wait."""
    folder = tmp_path_factory.getbasetemp().parent  # of all the processes of this run
    with (folder / "sandbox.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        cache.prepare()


@pytest.fixture(scope="session")
def marker(sandboxed: None) -> Iterator[Marker]:
    made = Marker(Assignment())
    yield made
    made.close()


@pytest.fixture
def mark(marker: Marker) -> Mark:
    """The rows of a submission with these cells, by exercise."""

    def marked(*cells: str, ids: tuple[str, ...] = (), **settings: object) -> dict[str, Row]:
        marker.assign(Assignment(ids, **settings))  # type: ignore[arg-type]
        rows = marker.mark(Submission("ada", [Code("a.ipynb", cells)]))
        return {row.exercise: row for row in rows}

    return marked
