"""In the sandbox, on 200 seeds: the book's solutions get all points, and known mistakes none."""

from __future__ import annotations

import pytest

from pgcompanion.exercises.engine import catalogue
from pgcompanion.exercises.engine.attempt import attempt
from pgcompanion.exercises.engine.judging import judge
from pgcompanion.grading.assignment import Assignment
from pgcompanion.grading.calls import Calls
from pgcompanion.grading.marking import Marker

SEEDS = [f"seed {n}" for n in range(200)]


@pytest.mark.slow
def test_solutions_pass_on_every_seed(marker: Marker) -> None:
    box = marker._box
    box.renew()
    box.ask("load", [catalogue.find(id).source for id in catalogue.IDS], [], False, seconds=10)
    state = box.state()
    failed = []
    for seed in SEEDS:
        for exercise in Assignment(seed=seed).exercises():
            feedback = judge(exercise, Calls(box, exercise.id, state))
            failed += [(seed, exercise.id)] * (not feedback.passed)
    assert failed == []


@pytest.mark.slow
def test_the_known_mistakes_fail_on_every_seed() -> None:
    """The answers of the mistakes are those that the sandbox would hand over."""
    passed = []
    for seed in SEEDS:
        for exercise in Assignment(seed=seed).exercises():
            for known in exercise.mistakes:
                told = judge(exercise, lambda case, f=known.function: attempt(f, case.arguments))
                passed += [(seed, exercise.id, known.id)] * told.passed
    assert passed == []
