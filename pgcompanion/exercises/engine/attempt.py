"""One call of the reader's function, and all that can be odd about it."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgcompanion.exercises.engine import explain, show
from pgcompanion.exercises.engine.answer import UnreadableError, read
from pgcompanion.exercises.engine.exercise import Arguments, Function
from pgcompanion.exercises.engine.feedback import paragraphs
from pgcompanion.exercises.engine.outcome import Outcome
from pgcompanion.exercises.engine.runner import Stopped


def attempt(function: Function, arguments: Arguments) -> Outcome:
    """Call the function on a copy of the arguments. Nothing that it raises gets out."""
    given = copy.deepcopy(arguments)
    try:
        with np.errstate(all="ignore"):
            returned = function(*given)
    except Stopped:
        raise
    except BaseException as error:
        kind = "unwritten" if isinstance(error, NotImplementedError) else "error"
        return Outcome(kind, text=explain.stop(error, function), meaning=explain.meaning(error))
    if changed := [n for n in range(len(given)) if _differs(arguments[n], given[n])]:
        return Outcome("changed", text=_changed(function, changed))
    return _read(returned)


def _read(returned: Any) -> Outcome:
    """What was returned is somebody else's object: reading it may do anything."""
    try:
        return Outcome("answer", read(returned))
    except Stopped:
        raise
    except UnreadableError as sentence:
        return Outcome("unreadable", text=str(sentence))
    except BaseException as error:
        kind = type(returned).__name__
        return Outcome(
            "unreadable",
            text=f"Your function returned an object of type `{kind}`, which cannot be read as "
            f"numbers: NumPy was stopped by `{type(error).__name__}`.",
        )


def _differs(before: Any, after: Any) -> bool:
    return isinstance(before, np.ndarray) and not _same(before, after)


def _same(before: NDArray[Any], after: NDArray[Any]) -> bool:
    return before.shape == after.shape and np.array_equal(before, after)


def _changed(function: Function, positions: list[int]) -> str:
    names = explain.argument_names(function)
    said = " and ".join(f"`{names[n]}`" if n < len(names) else f"number {n + 1}" for n in positions)
    return (
        f"Your function changed its argument {said}. Whoever calls it still needs "
        "the old values: work on a copy, such as `x = x.copy()`, or write `x = x + y` where "
        "`x += y` changes an array in place."
    )


def printed(text: str) -> Outcome:
    """The outcome of a function that printed its result and returned nothing."""
    return Outcome(
        "printed",
        text=paragraphs(
            "Your function printed its result and returned `None`. What is printed is for the "
            "eyes only, and the rest of a program cannot use it. This is what came out:",
            show.excerpt(text),
            "Put `return` where `print` stands.",
        ),
    )
