"""Progress is kept in one file, which is never lost silently; hints come one at a time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pgcompanion.exercises
from pgcompanion.exercises import check, hint, progress, solution
from pgcompanion.exercises.engine import record as record_module
from pgcompanion.exercises.engine.catalogue import IDS, PAGES
from pgcompanion.exercises.engine.record import Record
from pgcompanion.exercises.reward_to_go import reward_to_go


def wrong(r: np.ndarray) -> np.ndarray:
    return 2 * r


def state(id: str) -> str:
    (found,) = [text for _, each, text in progress().rows if each == id]
    return found


def test_progress_goes_from_not_started_over_tried_to_done(progress_file: Path) -> None:
    assert state("reward_to_go") == "not started"
    check("reward_to_go", wrong)
    assert state("reward_to_go") == "tried once"
    check("reward_to_go", wrong)
    assert state("reward_to_go") == "tried 2 times"
    check("reward_to_go", reward_to_go)
    assert state("reward_to_go").startswith("done on ")
    check("reward_to_go", wrong)
    assert state("reward_to_go").startswith("done on ")
    assert json.loads(progress_file.read_text())["reward_to_go"]["tries"] == 4
    assert progress().summary == f"1 of {len(IDS)} exercises done."


def test_a_stub_and_an_unknown_exercise_are_no_tries(progress_file: Path) -> None:
    def stub(r: np.ndarray) -> None: ...

    check("reward_to_go", stub)
    check("reward_to_come", wrong)
    check("reward_to_go", 3)
    assert not progress_file.exists()


def test_another_session_finds_the_progress(
    progress_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check("reward_to_go", reward_to_go)
    monkeypatch.setattr(pgcompanion.exercises, "RECORD", Record(lambda: progress_file))
    assert state("reward_to_go").startswith("done")


def test_the_table_shows_all_exercises_in_a_notebook_and_in_a_terminal() -> None:
    table = progress()
    assert [id for _, id, _ in table.rows] == list(IDS)
    for text in [*IDS, *PAGES]:
        assert text in repr(table)
        assert f">{text}<" in table._repr_html_()
    assert table._repr_html_().count("<tr>") == len(IDS) + len(PAGES)


DAMAGED = [
    b"",
    b"{",
    b"\xff\xfe\x00",
    b"[]",
    b'{"reward_to_go": 3}',
    b'{"reward_to_go": {"tries": "many"}}',
    b'{"reward_to_go": {"tries": 1, "passed": true}}',
    b"[" * 100_000,
]


@pytest.mark.parametrize("content", DAMAGED, ids=range(len(DAMAGED)))
def test_a_damaged_file_is_kept_aside_and_told_once(content: bytes, progress_file: Path) -> None:
    progress_file.parent.mkdir()
    progress_file.write_bytes(content)
    first = check("reward_to_go", reward_to_go)
    assert first.passed
    aside = progress_file.with_name("progress.damaged-1.json")
    assert str(aside) in first.message
    assert first.message.endswith(".")
    assert aside.read_bytes() == content
    assert "damaged" not in check("reward_to_go", reward_to_go).message
    assert progress().news == ""
    assert state("reward_to_go").startswith("done")


def test_a_second_damaged_file_does_not_replace_the_first(progress_file: Path) -> None:
    progress_file.parent.mkdir()
    for number in (1, 2):
        progress_file.write_text(f"damage {number}")
        assert f"progress.damaged-{number}.json" in progress().news
    for number in (1, 2):
        kept = progress_file.with_name(f"progress.damaged-{number}.json")
        assert kept.read_text() == f"damage {number}"


def unusable(*_: Any, **__: Any) -> Any:
    raise PermissionError("read-only file system")


@pytest.mark.parametrize("broken", ["mkdir", "mkstemp", "replace", "locate", "home"])
def test_without_a_usable_folder_progress_is_kept_in_memory_and_told_once(
    broken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    locate = {"locate": unusable, "home": homeless}.get(broken, lambda: tmp_path / "a" / "b.json")
    monkeypatch.setattr(pgcompanion.exercises, "RECORD", Record(locate))
    if broken == "mkdir":
        monkeypatch.setattr(Path, "mkdir", unusable)
    elif broken == "mkstemp":
        monkeypatch.setattr(record_module.tempfile, "mkstemp", unusable)
    elif broken == "replace":
        monkeypatch.setattr(record_module.os, "replace", unusable)
    first, second = (check("reward_to_go", reward_to_go).message for _ in range(2))
    assert "cannot be kept in a file here" in first
    assert "cannot be kept" not in second
    assert state("reward_to_go").startswith("done")
    assert not list(tmp_path.rglob("*.tmp"))


def test_a_file_that_cannot_be_read_is_never_overwritten(
    progress_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check("reward_to_go", reward_to_go)
    before = progress_file.read_bytes()
    monkeypatch.setattr(pgcompanion.exercises, "RECORD", Record(lambda: progress_file))
    with monkeypatch.context() as broken:
        broken.setattr(Path, "read_text", unusable)
        assert "cannot be kept in a file" in progress().news
    check("softmax_policy", wrong)
    assert progress_file.read_bytes() == before
    assert state("softmax_policy") == "tried once"


def test_a_crash_while_writing_leaves_the_old_file(
    progress_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check("reward_to_go", reward_to_go)
    before = progress_file.read_bytes()

    def crash(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(record_module.os, "replace", crash)
    with pytest.raises(KeyboardInterrupt):
        check("softmax_policy", wrong)
    assert progress_file.read_bytes() == before
    assert os.listdir(progress_file.parent) == ["progress.json"]


def test_the_file_is_in_the_data_folder_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    import platformdirs

    monkeypatch.delenv("PGCOMPANION_PROGRESS", raising=False)
    path = record_module.default_path()
    assert path.name == "progress.json"
    assert path.parent == Path(platformdirs.user_data_dir("pgcompanion", appauthor=False))


def test_the_environment_can_name_another_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGCOMPANION_PROGRESS", str(tmp_path / "mine.json"))
    monkeypatch.setattr(pgcompanion.exercises, "RECORD", Record())
    check("reward_to_go", wrong)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.json"]
    assert state("reward_to_go") == "tried once"


def test_three_hints_come_in_turn_and_then_all_of_them() -> None:
    given = [hint("npg_step") for _ in range(4)]
    assert [note.heading for note in given] == [
        "Hint 1 of 3",
        "Hint 2 of 3",
        "Hint 3 of 3",
        "All hints",
    ]
    assert len({note.message for note in given}) == 4
    for note in given[:3]:
        assert note.message in given[3].message
        assert note.heading in repr(note)
        assert note.heading in note._repr_html_()
    assert hint("gae").heading == "Hint 1 of 3"


def test_a_hint_or_a_solution_for_an_unknown_exercise_says_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert "The nearest is `npg_step`." in hint("npg-step").message
    solution("npg-step")
    assert "The nearest is `npg_step`." in capsys.readouterr().out


def test_the_exercises_import_without_pictures_controls_or_the_data_folder() -> None:
    program = (
        "import sys, pgcompanion.exercises as e; e.progress; "
        "print(sorted({'matplotlib', 'ipywidgets', 'gymnasium', 'scipy', 'platformdirs'} "
        "& set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert result.stdout == "[]\n"
