"""The cases of an exercise: arguments, and what the solution makes of them."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Function
from pgcompanion.exercises.engine.outcome import Array, Value

SEED = 0


@dataclass(frozen=True)
class Case:
    """Arguments, and the numbers that the solution's answer is judged by.

    `group` and `number` say where it stands, for a process that draws it again (see `find`).
    """

    group: str
    number: int
    names: tuple[str, ...]
    arguments: Arguments
    expected: Array

    @property
    def rows(self) -> list[tuple[str, Any]]:
        return list(zip(self.names, self.arguments, strict=True))


def regular(exercise: Exercise) -> list[Case]:
    """The cases that every answer meets, the same at every call."""
    return _listed(exercise, "regular", exercise.cases(np.random.default_rng(SEED)))


def edges(exercise: Exercise) -> list[Case]:
    """Corner cases, for answers that are right on all regular ones."""
    return _listed(exercise, "edges", exercise.edges)


def stress(exercise: Exercise) -> list[Case]:
    """Extreme cases: who fails there still passes, with a remark."""
    return _listed(exercise, "stress", [each.arguments for each in exercise.stress])


def find(exercise: Exercise, group: str, number: int) -> Case:
    """The case with this place.

    >>> from pgcompanion.exercises.engine import catalogue
    >>> find(catalogue.find("reward_to_go"), "regular", 0).arguments
    (array([[1., 2., 4.]]),)
    """
    return {"regular": regular, "edges": edges, "stress": stress}[group](exercise)[number]


def value(exercise: Exercise, function: Function, arguments: Arguments) -> Array:
    """What one of our own functions returns, in the numbers that are judged; warnings off."""
    with np.errstate(all="ignore"):
        returned = function(*copy.deepcopy(arguments))
        if isinstance(returned, tuple):
            return measured(exercise, arguments, tuple(map(np.asarray, returned)))
        return measured(exercise, arguments, np.asarray(returned, dtype=np.float64))


def measured(exercise: Exercise, arguments: Arguments, returned: Value) -> Array:
    """The numbers that are judged: what was returned, or what the exercise measures of it."""
    if exercise.measure is None:
        assert not isinstance(returned, tuple)
        return returned
    return np.asarray(exercise.measure(returned, *copy.deepcopy(arguments)), dtype=np.float64)


def _listed(exercise: Exercise, group: str, drawn: Iterable[Arguments]) -> list[Case]:
    return [
        Case(group, n, exercise.names, each, value(exercise, exercise.solution, each))
        for n, each in enumerate(drawn)
    ]
