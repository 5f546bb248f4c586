"""In the sandbox the book's solutions get all points, whatever the course's secret.

`tests/exercises/test_seeds.py` does the same outside of it, with more seeds and with mistakes.
"""

from __future__ import annotations

import os

import pytest

from pgcompanion.exercises.engine import catalogue
from pgcompanion.exercises.engine.judging import judge
from pgcompanion.grading.assignment import Assignment
from pgcompanion.grading.calls import Calls
from pgcompanion.grading.marking import Marker

# Each seed takes a second or two: `make seeds` takes 200 of them, the weekly run, too.
SEEDS = int(os.environ.get("PGCOMPANION_SEEDS", "5"))
LONG = {"reinforce": 2}  # seeds of an exercise that runs for seconds


def failures(marker: Marker, ids: tuple[str, ...], seeds: int) -> list[tuple[str, str, str]]:
    """Where a solution fails: the seed, the exercise, what is said of it."""
    box = marker._box
    box.renew()
    box.ask("load", [catalogue.find(id).source for id in ids], [], False, seconds=10)
    state, found = box.state(), []
    for seed in (f"seed {n}" for n in range(seeds)):
        for exercise in Assignment(ids, seed).exercises():
            feedback = judge(exercise, Calls(box, exercise.id, state))
            found += [(seed, exercise.id, feedback.message)] * (not feedback.passed)
    return found


@pytest.mark.slow
def test_solutions_pass_on_every_seed(marker: Marker) -> None:
    assert failures(marker, tuple(id for id in catalogue.IDS if id not in LONG), SEEDS) == []
    for id, seeds in LONG.items():
        assert failures(marker, (id,), seeds) == []
