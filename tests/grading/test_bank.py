"""Answers as students write them get in the sandbox the verdict that they get outside."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from pgcompanion.exercises.engine import catalogue
from pgcompanion.exercises.engine.attempt import attempt
from pgcompanion.exercises.engine.exercise import Exercise, Function
from pgcompanion.exercises.engine.judging import judge
from pgcompanion.grading.calls import Calls
from pgcompanion.grading.marking import Marker

BANK = sorted((Path(__file__).parents[1] / "exercises" / "answer_bank").glob("[!_]*.py"))


def answers_of(module: ModuleType) -> Iterator[tuple[Exercise, bool, str, Function]]:
    """The answers of a bank: the exercise, whether it is right, where it stands, and itself."""
    for table in ("RIGHT", "WRONG"):
        for id, answers in getattr(module, table).items():
            for key in answers if isinstance(answers, dict) else range(len(answers)):
                where = f"{table}[{id!r}][{key!r}]"
                yield catalogue.find(id), table == "RIGHT", where, answers[key]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", BANK, ids=[path.stem for path in BANK])
def test_the_verdict_does_not_depend_on_the_place(marker: Marker, path: Path) -> None:
    spec = importlib.util.spec_from_file_location(f"graded_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    box, answers = marker._box, list(answers_of(module))
    box.renew()
    assert not box.ask("load", [path.read_text("utf-8")], [], False, seconds=10).ended
    cell = "\n".join(f"answer_{n} = {where}" for n, (_, _, where, _) in enumerate(answers))
    assert not box.ask("load", [cell], [], False).ended
    state = box.state()
    for n, (exercise, right, where, answer) in enumerate(answers):
        box.restore(state)
        inside = judge(exercise, Calls(box, f"answer_{n}", state))
        outside = judge(exercise, lambda case, f=answer: attempt(f, case.arguments))
        assert (inside.passed, inside.mistake) == (outside.passed, outside.mistake), where
        assert inside.passed == right, where
    assert len(answers) > 40


def test_the_bank_is_there() -> None:
    assert len(BANK) >= 4
