"""Answers as students write them get in the sandbox the verdict that they get outside."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from pgcompanion.exercises.engine import catalogue
from pgcompanion.exercises.engine.attempt import attempt
from pgcompanion.exercises.engine.judging import judge
from pgcompanion.grading.calls import Calls
from pgcompanion.grading.marking import Marker

BANK = sorted((Path(__file__).parents[1] / "exercises" / "answer_bank").glob("[!_]*.py"))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", BANK, ids=[path.stem for path in BANK])
def test_the_verdict_does_not_depend_on_the_place(marker: Marker, path: Path) -> None:
    spec = importlib.util.spec_from_file_location(f"graded_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    box = marker._box
    box.renew()
    assert not box.ask("load", [path.read_text("utf-8")], [], False, seconds=10).ended
    state, tried = box.state(), 0
    for table in ("RIGHT", "WRONG"):
        for id, answers in getattr(module, table).items():
            exercise = catalogue.find(id)
            keys = answers if isinstance(answers, dict) else range(len(answers))
            for key in keys:
                box.restore(state)
                box.ask("load", [f"{id} = {table}[{id!r}][{key!r}]"], [], False)
                inside = judge(exercise, Calls(box, id, box.state()))
                outside = judge(exercise, lambda case, f=answers[key]: attempt(f, case.arguments))
                assert (inside.passed, inside.mistake) == (outside.passed, outside.mistake), key
                assert inside.passed == (table == "RIGHT"), key
                tried += 1
    assert tried > 40


def test_the_bank_is_there() -> None:
    assert len(BANK) >= 4
