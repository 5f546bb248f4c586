"""The cases of an exercise: arguments, and what the solution makes of them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Function, Mistake
from pgcompanion.exercises.engine.outcome import Array, Value

SEED = 0

T = TypeVar("T")
_known: WeakKeyDictionary[Exercise, dict[Any, Any]] = WeakKeyDictionary()


def _once(exercise: Exercise, key: Any, compute: Callable[[], T]) -> T:
    """What `compute` gives, computed once for each exercise, seed and key."""
    known = _known.setdefault(exercise, {})
    if (SEED, key) not in known:
        known[SEED, key] = compute()
    found: T = known[SEED, key]
    return found


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
    return _drawn(exercise, "regular", lambda: exercise.cases(np.random.default_rng(SEED)))


def edges(exercise: Exercise) -> list[Case]:
    """Corner cases, for answers that are right on all regular ones."""
    return _drawn(exercise, "edges", lambda: exercise.edges)


def stress(exercise: Exercise) -> list[Case]:
    """Extreme cases: who fails there still passes, with a remark."""
    return _drawn(exercise, "stress", lambda: [each.arguments for each in exercise.stress])


def find(exercise: Exercise, group: str, number: int) -> Case:
    """The case with this place.

    >>> from pgcompanion.exercises.engine import catalogue
    >>> find(catalogue.find("reward_to_go"), "regular", 0).arguments
    (array([[1., 2., 4.]]),)
    """
    return {"regular": regular, "edges": edges, "stress": stress}[group](exercise)[number]


def of_mistake(exercise: Exercise, mistake: Mistake, case: Case) -> Array:
    """What a known mistake makes of a case, in the numbers that are judged."""
    key = (mistake.id, case.group, case.number)
    return _once(exercise, key, lambda: value(exercise, mistake.function, case.arguments))


def value(exercise: Exercise, function: Function, arguments: Arguments) -> Array:
    """What one of our own functions returns, in the numbers that are judged; warnings off."""
    with np.errstate(all="ignore"):
        returned = function(*copy.deepcopy(arguments))
        if isinstance(returned, tuple) and exercise.measure is not None:
            return measured(exercise, arguments, tuple(map(np.asarray, returned)))
        return measured(exercise, arguments, np.asarray(returned, dtype=np.float64))


def measured(exercise: Exercise, arguments: Arguments, returned: Value) -> Array:
    """The numbers that are judged: what was returned, or what the exercise measures of it."""
    if exercise.measure is None:
        assert not isinstance(returned, tuple)
        return returned
    return np.asarray(exercise.measure(returned, *copy.deepcopy(arguments)), dtype=np.float64)


def _drawn(exercise: Exercise, group: str, draw: Callable[[], Iterable[Arguments]]) -> list[Case]:
    return _once(
        exercise,
        group,
        lambda: [
            Case(group, n, exercise.names, each, value(exercise, exercise.solution, each))
            for n, each in enumerate(draw())
        ],
    )
