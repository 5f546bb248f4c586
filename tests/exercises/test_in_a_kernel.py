"""A notebook with an endless loop goes on after five seconds, and shows the feedback."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

CELLS = [
    "from pgcompanion.exercises import check\ndef reward_to_go(r):\n    ...",
    "check('reward_to_go', reward_to_go)",
    "def reward_to_go(r):\n    while True:\n        print('again')",
    "check('reward_to_go', reward_to_go)",
    "print('the next cell')",
]


@pytest.mark.filterwarnings("default")
def test_check_in_a_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    progress = tmp_path / "progress.json"
    monkeypatch.setenv("PGCOMPANION_PROGRESS", str(progress))
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in CELLS])
    # A cell that went on would never end; a slow machine has time to start a kernel.
    NotebookClient(book, timeout=300, startup_timeout=300, kernel_name="python3").execute()
    (stub,), (late,), (after,) = (book.cells[i].outputs for i in (1, 3, 4))
    assert "not started yet" in stub["data"]["text/html"]
    assert "line 3 of <code" in late["data"]["text/html"]
    assert "print('again')" in late["data"]["text/plain"]
    assert after["text"] == "the next cell\n"
    assert json.loads(progress.read_text(encoding="utf-8")).keys() == {"reward_to_go"}
