"""A bank of answers as students write them: how many mistakes are told, and none told falsely."""

from __future__ import annotations

import importlib
import os
import pkgutil
from collections.abc import Callable
from functools import cache
from typing import Any

import answer_bank
import numpy as np
import pytest

from pgcompanion.exercises import Feedback
from pgcompanion.exercises.engine import cases, catalogue, judging
from pgcompanion.exercises.engine.attempt import attempt
from pgcompanion.exercises.engine.judging import judge

MODULES = [
    importlib.import_module(f"answer_bank.{m.name}")
    for m in pkgutil.iter_modules(answer_bank.__path__)
]
RIGHT: dict[str, list[Callable[..., Any]]] = {}
WRONG: dict[str, dict[str, Callable[..., Any]]] = {}
for module in MODULES:
    for id, functions in module.RIGHT.items():
        RIGHT[id] = RIGHT.get(id, []) + functions
    for id, answers in module.WRONG.items():
        WRONG[id] = WRONG.get(id, {}) | answers

UNSPECIFIC = "The result differs from the expected one.\n"
RANDOM = {"reinforce"}  # its wrong answers end somewhere else with every seed
SEEDS = int(os.environ.get("PGCOMPANION_SEEDS", "2"))  # `make seeds` tries 200
each = pytest.mark.parametrize("id", list(WRONG))


def verdict(id: str, function: Callable[..., Any], seed: int = cases.SEED) -> Feedback:
    """The verdict without threads and time limits, on the cases of a seed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cases, "SEED", seed)
        return judge(catalogue.find(id), lambda case: attempt(function, case.arguments))


judged = cache(verdict)


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
def test_no_seed_refuses_a_right_answer_or_takes_a_wrong_one(
    id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names of mistakes are not looked for, which would take most of the time."""
    for search in ("recognise", "nearest"):
        monkeypatch.setattr(judging, search, lambda *_: None)
    for seed in range(SEEDS):
        refused = [answer for answer in RIGHT[id] if not verdict(id, answer, seed).passed]
        taken = [name for name, answer in WRONG[id].items() if verdict(id, answer, seed).passed]
        assert (seed, refused, taken) == (seed, [], [])


@pytest.mark.parametrize("id", [id for id in WRONG if id not in RANDOM])
@pytest.mark.filterwarnings("ignore")
def test_the_name_of_a_mistake_is_no_accident_of_the_cases(id: str) -> None:
    for name, function in WRONG[id].items():
        first, second = judged(id, function).mistake, judged(id, function, cases.SEED + 1).mistake
        assert second == first or None in (first, second), name


SMOOTH = [id for id in WRONG if catalogue.find(id).measure is None]


@pytest.mark.parametrize("id", SMOOTH)
@pytest.mark.filterwarnings("ignore")
def test_answers_of_their_own_kind_are_not_given_a_name(id: str) -> None:
    solution = catalogue.find(id).solution

    def wobbly(*arguments: Any) -> np.ndarray:
        """The solution, each entry off by another part of itself."""
        x = np.asarray(solution(*arguments), dtype=float)
        return x * (1.2 + 0.3 * np.sin(1.7 * x.sum() + np.arange(x.size).reshape(x.shape) ** 2))

    others = (
        wobbly,
        lambda *arguments: np.asarray(solution(*arguments)) * 1.37,
        lambda *arguments: np.asarray(solution(*arguments)) * 0.37 + 0.11,
        lambda *arguments: np.asarray(solution(*arguments)) ** 3,
    )
    for function in others:
        feedback = judged(id, function)
        assert not feedback.passed
        assert feedback.mistake is None, feedback
