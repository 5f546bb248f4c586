"""The clock on the wall stops what sleeps, and nothing that works."""

from __future__ import annotations

import time

import pytest

from pgcompanion.grading import sandbox

SLEEP = "import time\ntime.sleep(1000)"
WORK = "while True:\n    pass"


def ended(box: sandbox.Sandbox, source: str) -> str:
    """Why a cell with 10 seconds of instructions and 2 on the clock came to its end."""
    box.renew()
    return box.ask("load", [source], [], False, seconds=10).ended


@pytest.fixture
def box(marker, monkeypatch: pytest.MonkeyPatch) -> sandbox.Sandbox:
    monkeypatch.setattr(sandbox, "WALL", 0.1)
    monkeypatch.setattr(sandbox, "PATIENCE", 100)
    return marker._box


@pytest.mark.slow
def test_work_is_counted_in_instructions_and_sleep_on_the_clock(
    box: sandbox.Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = time.monotonic()
    assert ended(box, WORK) == "out of fuel"
    assert time.monotonic() - start > 2  # or the clock would have had no say
    assert ended(box, SLEEP) == "deadline"
    monkeypatch.setattr(sandbox, "ASLEEP", 2)  # as if only two cores were work
    assert ended(box, WORK) == "deadline"
