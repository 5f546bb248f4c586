"""One call of the reader's function on one case, and all that can be odd about it."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgcompanion.exercises.engine import explain, show
from pgcompanion.exercises.engine.answer import Answer, UnreadableError, agree, read, wanted
from pgcompanion.exercises.engine.capture import Router
from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Function
from pgcompanion.exercises.engine.feedback import paragraphs
from pgcompanion.exercises.engine.runner import Stopped


@dataclass(frozen=True)
class Case:
    """Arguments, and what the solution returns for them."""

    names: tuple[str, ...]
    arguments: Arguments
    expected: NDArray[np.float64]

    @property
    def rows(self) -> list[tuple[str, Any]]:
        return list(zip(self.names, self.arguments, strict=True))


@dataclass(frozen=True)
class Attempt:
    """What came of a call: an answer, or a problem told in sentences."""

    case: Case
    answer: Answer | None = None
    problem: str = ""
    unwritten: bool = False
    printed: str = ""

    @property
    def right(self) -> bool:
        return self.answer is not None and agree(self.answer, self.case.expected)


def outcome(function: Function, arguments: Arguments) -> NDArray[np.float64]:
    """What one of our own functions returns, on a copy of the arguments, warnings off."""
    with np.errstate(all="ignore"):
        return np.asarray(function(*copy.deepcopy(arguments)), dtype=np.float64)


def case(exercise: Exercise, arguments: Arguments) -> Case:
    return Case(exercise.names, arguments, outcome(exercise.solution, arguments))


def attempts(function: Function, cases: Iterable[Case], router: Router) -> Iterator[Attempt]:
    """Call the reader's function on each case, as far as the first problem."""
    for each in cases:
        result = _attempt(function, each, router)
        yield result
        if result.problem:
            return


def _attempt(function: Function, case: Case, router: Router) -> Attempt:
    given = copy.deepcopy(case.arguments)
    with router.recording() as tape, np.errstate(all="ignore"):
        try:
            returned = function(*given)
        except Stopped:
            raise
        except BaseException as error:
            unwritten = isinstance(error, NotImplementedError)
            return Attempt(case, None, _error(error, function, case), unwritten, tape.text)
        if changed := _changed(case, given):
            return Attempt(case, None, changed, False, tape.text)
        if returned is None and tape.text:
            return Attempt(case, None, _printed(tape.text, case))
        try:
            return Attempt(case, read(returned, case.expected.shape), "", False, tape.text)
        except UnreadableError as sentence:
            return Attempt(case, None, str(sentence), False, tape.text)


def _error(error: BaseException, function: Function, case: Case) -> str:
    return paragraphs(
        explain.stop(error, function),
        show.rows(case.rows),
        f"Above is the input that it was working on. {explain.meaning(error)}",
    )


def _changed(case: Case, given: Arguments) -> str:
    names = [
        f"`{name}`"
        for (name, before), after in zip(case.rows, given, strict=True)
        if isinstance(before, np.ndarray) and not _same(before, after)
    ]
    if not names:
        return ""
    return (
        f"Your function changed its argument {' and '.join(names)}. Whoever calls it still needs "
        "the old values: work on a copy, such as `x = x.copy()`, or write `x = x + y` where "
        "`x += y` changes an array in place."
    )


def _same(before: NDArray[Any], after: NDArray[Any]) -> bool:
    return before.shape == after.shape and np.array_equal(before, after)


def _printed(text: str, case: Case) -> str:
    return paragraphs(
        "Your function printed its result and returned `None`. What is printed is for the eyes "
        "only, and the rest of a program cannot use it. This is what came out:",
        show.excerpt(text),
        f"Put `return` where `print` stands, so that it gives back {wanted(case.expected.shape)}.",
    )
