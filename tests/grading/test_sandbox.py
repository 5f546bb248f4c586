"""Instructions stop what works, a core's time what costs it without them, the clock what sleeps."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from pgcompanion.grading import sandbox
from pgcompanion.grading.marking import Marker

SLEEP = "import time\ntime.sleep(1000)"
WORK = "while True:\n    pass"
WRITE = "import os\nwhile True:\n    os.write(1, b'a line\\n')"


def ended(box: sandbox.Sandbox, source: str, seconds: float) -> str:
    box.renew()
    return box.ask("load", [source], [], False, seconds=seconds).ended


@pytest.mark.slow
def test_what_ends_an_answer(marker: Marker, monkeypatch: pytest.MonkeyPatch) -> None:
    box = marker._box
    monkeypatch.setattr(sandbox, "PATIENCE", 100)
    assert ended(box, WORK, seconds=1) == "out of fuel"
    assert ended(box, SLEEP, seconds=1) == "deadline"
    assert ended(box, WRITE, seconds=1) == "deadline"
    monkeypatch.setattr(sandbox, "ASLEEP", 0)
    monkeypatch.setattr(sandbox, "PATIENCE", 2)  # nobody seems to sleep: the last clock rings
    start = time.monotonic()
    assert ended(box, SLEEP, seconds=1) == "deadline"
    assert time.monotonic() - start > 3.9


def test_waiting_for_a_core_costs_nothing(marker: Marker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with other work, as the watch sees it: a hundred seconds pass while a core gives one."""
    busy = SimpleNamespace(monotonic=lambda: 100 * time.monotonic(), process_time=time.monotonic)
    monkeypatch.setattr(sandbox, "time", busy)
    monkeypatch.setattr(sandbox, "waited", lambda: 99 * time.monotonic())
    monkeypatch.setattr(sandbox, "LIMIT", 5)
    monkeypatch.setattr(sandbox, "ASLEEP", 0.005)
    assert ended(marker._box, WORK, seconds=1) == "out of fuel"
    monkeypatch.setattr(sandbox, "ASLEEP", 0.02)  # as if that were sleep
    assert ended(marker._box, WORK, seconds=10) == "deadline"


def test_patience_is_for_what_does_not_wait_for_a_core(
    marker: Marker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All the time on the clock is over patience: it is forgiven where the threads were in a queue."""
    monkeypatch.setattr(sandbox, "PATIENCE", 0)
    monkeypatch.setattr(sandbox, "waited", lambda: 0.0)
    assert ended(marker._box, WORK, seconds=3) == "deadline"
    monkeypatch.setattr(sandbox, "waited", lambda: 1e3 * time.monotonic())
    assert ended(marker._box, WORK, seconds=3) == "out of fuel"


def test_a_thread_that_waits_for_a_core_is_seen() -> None:
    before = sandbox.waited()
    assert 0 <= before <= sandbox.waited()


def test_patience_ends_within_ten_seconds_where_linux_tells(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sandbox.Path, "exists", lambda path: True)
    assert sandbox.patience(2.0) == 8
    assert 6 < sandbox.patience(6.0) < 10
    monkeypatch.setattr(sandbox.Path, "exists", lambda path: False)
    assert sandbox.patience(6.0) == 24
