"""The cases of any seed tell every known mistake from the solution and from every other."""

from __future__ import annotations

import copy
import os
from typing import Any

import numpy as np
import pytest

from pgcompanion.exercises.engine import catalogue
from pgcompanion.exercises.engine.answer import PRECISION, agree
from pgcompanion.exercises.engine.cases import measured
from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Function

SEEDS = range(200)
# A loop that samples takes half a minute for all of them: `make seeds` gives it as many as the others.
FEWER = {"reinforce": int(os.environ.get("PGCOMPANION_SEEDS", "2"))}

EXERCISES = [catalogue.find(id) for id in catalogue.IDS]
each = pytest.mark.parametrize("exercise", EXERCISES, ids=catalogue.IDS)


def row(exercise: Exercise, function: Function, drawn: list[Arguments]) -> tuple[Any, np.ndarray]:
    """The shapes and all the numbers that a function gives on these cases."""
    values = []
    with np.errstate(all="ignore"):
        for arguments in drawn:
            returned = function(*copy.deepcopy(arguments))
            if isinstance(returned, tuple):
                values.append(measured(exercise, arguments, tuple(map(np.asarray, returned))))
            else:
                values.append(measured(exercise, arguments, np.asarray(returned, dtype=float)))
    return tuple(x.shape for x in values), np.concatenate([x.ravel() for x in values])


def alike(exercise: Exercise, drawn: list[Arguments]) -> list[tuple[str, str]]:
    """The pairs of known answers that these cases do not tell apart."""
    known = [(m.id, m.function) for m in exercise.mistakes] + [("solution", exercise.solution)]
    groups: dict[Any, list[tuple[str, np.ndarray]]] = {}
    for id, function in known:
        shapes, numbers = row(exercise, function, drawn)
        groups.setdefault(shapes, []).append((id, numbers))
    tolerance, found = max(exercise.tolerance, PRECISION), []
    for group in groups.values():
        table = np.array([numbers for _, numbers in group])
        with np.errstate(all="ignore"):
            gap = np.abs(table[:, None] - table[None, :])
            gap[(table[:, None] == table[None, :]) | np.isnan(gap) & same_nan(table)] = 0.0
            gap[np.isnan(gap)] = np.inf
            scale = np.maximum(1.0, np.abs(np.where(np.isfinite(table), table, 0.0)))
            close = (gap <= 2 * tolerance * scale[None, :]).all(axis=2)
        found += [(group[i][0], group[j][0]) for i, j in np.argwhere(close) if i < j]
    return found


def same_nan(table: np.ndarray) -> np.ndarray:
    """Where both of a pair are `nan`."""
    return np.isnan(table)[:, None] & np.isnan(table)[None, :]


@each
def test_the_cases_of_any_seed_tell_all_mistakes_apart(exercise: Exercise) -> None:
    seeds = list(SEEDS)[: FEWER.get(exercise.id, len(SEEDS))]
    for seed in seeds:
        drawn = [*exercise.cases(np.random.default_rng(seed)), *exercise.edges]
        assert not alike(exercise, drawn), f"seed {seed}"


def others(id: str, function: Function, seeds: range) -> list[int]:
    """The seeds whose cases would not take a function that draws its own numbers for the solution."""
    exercise, found = catalogue.find(id), []
    for seed in seeds:
        drawn = list(exercise.cases(np.random.default_rng(seed)))
        anew = [(*x[:-1], np.random.default_rng([seed, n])) for n, x in enumerate(drawn)]
        expected = [row(exercise, exercise.solution, [x])[1] for x in drawn]
        values = [row(exercise, function, [x])[1] for x in anew]
        pairs = zip(values, expected, strict=True)
        if not all(agree(*pair, tolerance=exercise.tolerance) for pair in pairs):
            found.append(seed)
    return found


def test_a_right_loop_with_other_luck_is_right_on_every_seed() -> None:
    exercise, seeds = catalogue.find("reinforce"), range(FEWER["reinforce"])
    assert others("reinforce", exercise.solution, seeds) == []
    slow = next(m.function for m in exercise.mistakes if m.id == "mean_over_steps")
    assert others("reinforce", slow, seeds) == list(seeds)


def test_a_single_case_would_not_do() -> None:
    exercise = catalogue.find("ppo_clip_objective")
    first = next(iter(exercise.cases(np.random.default_rng(0))))
    assert alike(exercise, [first])
