"""A bank of answers as students write them: how many mistakes are told, and none told falsely."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

import answer_bank
import numpy as np
import pytest

from pgcompanion.exercises import Feedback
from pgcompanion.exercises.engine import cases, catalogue
from pgcompanion.exercises.engine.attempt import attempt
from pgcompanion.exercises.engine.judging import judge

MODULES = [
    importlib.import_module(f"answer_bank.{m.name}")
    for m in pkgutil.iter_modules(answer_bank.__path__)
]
RIGHT: dict[str, list[Callable[..., Any]]] = {}
WRONG: dict[str, dict[str, Callable[..., Any]]] = {}
for module in MODULES:
    RIGHT |= module.RIGHT
    for id, answers in module.WRONG.items():
        WRONG[id] = WRONG.get(id, {}) | answers

UNSPECIFIC = "The result differs from the expected one.\n"
RANDOM = {"reinforce"}  # its wrong answers end somewhere else with every seed
each = pytest.mark.parametrize("id", list(WRONG))


def judged(id: str, function: Callable[..., Any]) -> Feedback:
    """The verdict without threads and time limits."""
    return judge(catalogue.find(id), lambda case: attempt(function, case.arguments))


def specific(feedback: Feedback) -> bool:
    """Whether the feedback says more than that the result differs."""
    return feedback.mistake is not None or not feedback.message.startswith(UNSPECIFIC)


@each
def test_every_exercise_has_its_answers(id: str) -> None:
    assert len(RIGHT[id]) >= 4
    assert len(WRONG[id]) >= 15


@each
@pytest.mark.filterwarnings("ignore")
def test_right_answers_pass_in_every_style(id: str) -> None:
    for function in RIGHT[id]:
        feedback = judged(id, function)
        assert feedback.passed, feedback


@each
@pytest.mark.filterwarnings("ignore")
def test_no_wrong_answer_passes_and_most_are_told(id: str) -> None:
    told = 0
    for name, function in WRONG[id].items():
        feedback = judged(id, function)
        assert not feedback.passed, name
        told += specific(feedback)
    assert told >= (0.75 if id in RANDOM else 0.85) * len(WRONG[id])


@pytest.mark.parametrize("id", [id for id in WRONG if id not in RANDOM])
@pytest.mark.filterwarnings("ignore")
def test_the_name_of_a_mistake_is_no_accident_of_the_cases(
    id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, function in WRONG[id].items():
        monkeypatch.setattr(cases, "SEED", 0)
        first = judged(id, function).mistake
        monkeypatch.setattr(cases, "SEED", 1)
        assert judged(id, function).mistake == first, name


def test_an_answer_of_its_own_kind_is_not_given_a_name() -> None:
    feedback = judged("reward_to_go", lambda r: np.sort(r, axis=1) ** 3)
    assert feedback.mistake is None
    assert not specific(feedback)
