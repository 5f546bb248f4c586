"""Every test has a progress file of its own, and no hint has been given yet."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import pgcompanion.exercises
from pgcompanion.exercises.engine.record import Record

sys.path.append(str(Path(__file__).parent))


@pytest.fixture
def progress_file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "progress.json"


@pytest.fixture(autouse=True)
def record(progress_file: Path, monkeypatch: pytest.MonkeyPatch) -> Record:
    fresh = Record(lambda: progress_file)
    monkeypatch.setattr(pgcompanion.exercises, "RECORD", fresh)
    monkeypatch.setattr(pgcompanion.exercises, "_hints_given", {})
    return fresh
