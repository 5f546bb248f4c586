"""What there is to say about a wrong answer where it has no name: its numbers, its shape, its kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pgcompanion.exercises.engine import dimensions, show
from pgcompanion.exercises.engine.answer import agree, count, wanted
from pgcompanion.exercises.engine.cases import Case
from pgcompanion.exercises.engine.exercise import Exercise
from pgcompanion.exercises.engine.outcome import Array, Outcome, Value

BY_HAND = (
    "This is the smallest case that differs: work it out by hand, then follow your code line by line "
    "with the same numbers."
)


@dataclass(frozen=True)
class Attempt:
    """A case, what came of it, and the numbers that are judged (none if there was a problem)."""

    case: Case
    outcome: Outcome
    value: Value | None = None
    problem: str = ""

    def agrees_with(self, expected: Array, tolerance: float) -> bool:
        assert self.value is not None
        return agree(self.value, expected, self.dtype, tolerance)

    @property
    def dtype(self) -> str:
        assert self.outcome.answer is not None
        return self.outcome.answer.dtype

    @property
    def array(self) -> Array:
        assert isinstance(self.value, np.ndarray)
        return self.value


def numbers(exercise: Exercise, attempt: Attempt) -> str:
    """The arguments, what was returned and what was expected, as a block."""
    answer = attempt.outcome.answer
    assert answer is not None
    if exercise.exhibit is not None:
        return show.rows(exercise.exhibit(answer.value, *attempt.case.arguments))
    if exercise.measure is None:
        results: list[tuple[str, Any]] = [("returned", answer.value)]
        results.append(("expected", attempt.case.expected))
    else:
        results = [(exercise.measured, attempt.value), ("expected", attempt.case.expected)]
    return show.rows([*attempt.case.rows, *results])


def difference(exercise: Exercise, wrong: list[Attempt]) -> list[str]:
    """The smallest case that differs; for a shape, a case whose dimensions all differ."""
    misshapen = [each for each in wrong if not _has_shape(each)]
    shown = max(misshapen, key=lambda x: dimensions.distinct(x.case)) if misshapen else wrong[0]
    ending = "" if misshapen else BY_HAND
    return [_headline(exercise, shown), numbers(exercise, shown), ending]


def _has_shape(attempt: Attempt) -> bool:
    return (
        isinstance(attempt.value, np.ndarray) and attempt.value.shape == attempt.case.expected.shape
    )


def is_tuple(attempt: Attempt) -> bool:
    """Whether the answer is a tuple where an array is asked for."""
    answer = attempt.outcome.answer
    assert answer is not None
    return isinstance(attempt.value, tuple) or bool(answer.things and not _has_shape(attempt))


def _headline(exercise: Exercise, attempt: Attempt) -> str:
    if not _has_shape(attempt):
        return _misshapen(exercise, attempt)
    value, finite = attempt.array, bool(np.isfinite(attempt.case.expected).all())
    if finite and np.isnan(value).any():
        return (
            "The result contains `nan`, which stands for 0/0, inf - inf or the logarithm of a "
            "negative number."
        )
    if finite and np.isinf(value).any():
        return "The result contains `inf`, which stands for a division by 0 or an overflow."
    if not finite and np.isfinite(value).all():
        return (
            "The right answer is infinite here, and yours is finite. A small number that is added "
            "to avoid a division by 0 or the logarithm of 0 has this effect."
        )
    if attempt.dtype.startswith(("int", "uint")):
        return (
            "The result differs from the expected one. It consists of whole numbers: an array "
            "made with `dtype=int` cuts off what comes after the point."
        )
    return "The result differs from the expected one."


def _misshapen(exercise: Exercise, attempt: Attempt) -> str:
    expected, answer = attempt.case.expected.shape, attempt.outcome.answer
    assert answer is not None
    if is_tuple(attempt):
        return (
            f"Your function returned a tuple of {count(answer.things, 'thing')}, where "
            f"{wanted(expected)} is asked for. Return that alone. A comma at the end of the "
            "`return` line makes a tuple too."
        )
    shape = attempt.array.shape
    sizes = dimensions.sizes(exercise, attempt.case)
    found = f"has shape {shape}{dimensions.spelled(shape, sizes)}" if shape else "is one number"
    asked = wanted(expected) + dimensions.spelled(expected, sizes)
    return f"The result {found}, where {asked} is asked for."
