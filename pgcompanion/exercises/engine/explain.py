"""An error in the reader's own code, in plain words: where it stopped, and what that means."""

from __future__ import annotations

import inspect
import linecache
import traceback
from types import CodeType
from typing import Any

import numpy as np

from pgcompanion.exercises.engine.runner import Steps

# (type, words in its message, meaning): the first row that fits is used.
MEANINGS: tuple[tuple[type[BaseException], str, str], ...] = (
    (NameError, "'np'", "NumPy has no name yet: run `import numpy as np` first."),
    (UnboundLocalError, "", "A variable is read before your function has given it a value."),
    (
        NameError,
        "",
        "Nothing has that name: look for a typing slip, or for a variable that is defined "
        "elsewhere.",
    ),
    (RecursionError, "", "Your function calls itself without end."),
    (
        np.exceptions.AxisError,
        "",
        "The array has no such axis: axes are counted from 0, so two axes are 0 and 1.",
    ),
    (
        IndexError,
        "",
        "An index points outside the array: along an axis of length n the last index is n - 1.",
    ),
    (KeyError, "", "A dictionary was asked for a key that it does not have."),
    (
        ValueError,
        "broadcast",
        "Two arrays meet whose shapes do not fit: print both shapes just before this line.",
    ),
    (
        ValueError,
        "mismatch",
        "A product of two arrays needs the inner lengths to be equal: print both shapes just "
        "before this line.",
    ),
    (
        ValueError,
        "not aligned",
        "A product of two arrays needs the inner lengths to be equal: print both shapes just "
        "before this line.",
    ),
    (
        ValueError,
        "ambiguous",
        "An array stands where one yes or no is needed: `if` and `and` cannot decide for all its "
        "entries at once; `np.where` can.",
    ),
    (
        ValueError,
        "inhomogeneous",
        "The rows of a list have different lengths, so they form no array.",
    ),
    (
        ValueError,
        "math domain error",
        "A function of `math` was given a number outside its domain, such as the logarithm of 0.",
    ),
    (
        TypeError,
        "be converted to",
        "An array stands where one number is needed: functions of `math` take single numbers, "
        "those of `np` take arrays.",
    ),
    (
        TypeError,
        "not callable",
        "Round brackets stand after something that is not a function: indices take square ones.",
    ),
    (
        TypeError,
        "not subscriptable",
        "Square brackets stand after something that has no entries.",
    ),
    (TypeError, "positional argument", "A function was called with too many or too few arguments."),
    (TypeError, "", "An operation met a value of a type that it cannot work with."),
    (AttributeError, "", "That object has no attribute of this name: look for a typing slip."),
    (ZeroDivisionError, "", "Something was divided by zero."),
    (
        OverflowError,
        "",
        "A number grew past what a float can hold: an exponential of a large number does that.",
    ),
    (
        np.linalg.LinAlgError,
        "",
        "The linear system has no unique solution: is this the matrix that you meant?",
    ),
    (ImportError, "", "A module that your function imports is not installed."),
    (MemoryError, "", "The computer has no room for an array of that size: check its shape."),
    (AssertionError, "", "An `assert` of your own did not hold."),
    (SystemExit, "", "Your function asked Python to end: leave `exit` and `quit` out."),
)


def meaning(error: BaseException) -> str:
    """What an exception of this kind says about the code, in a sentence."""
    text = _text(error)
    return next(
        (words for kind, part, words in MEANINGS if isinstance(error, kind) and part in text),
        "The first sentence above says what Python objected to.",
    )


def stop(error: BaseException, function: Any) -> str:
    """Where an exception stopped the reader's function, in a sentence."""
    steps = [(frame.f_code, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    where = place(steps[::-1], function)
    what = f"`{type(error).__name__}`" + (f": {text}" if (text := _text(error)) else "")
    return f"Your function stopped{where and ' at ' + where} with {what.rstrip('.')}."


def place(steps: Steps, function: Any) -> str:
    """The innermost of the steps that lies in the reader's own code, or an empty text."""
    code = code_of(function)
    if code is None:
        return ""
    for step, line in steps:
        if step.co_filename == code.co_filename:
            source = linecache.getline(step.co_filename, line).strip()
            own = f"line {line - step.co_firstlineno + 1} of `{step.co_name}`"
            return own + (f", `{source}`," if source else "")
    return ""


def argument_names(function: Any) -> tuple[str, ...]:
    """The names of the arguments, where Python tells them."""
    try:
        return tuple(inspect.signature(function).parameters)
    except Exception:
        return ()


def code_of(function: Any) -> CodeType | None:
    """The code object of a function, below its decorators, if it is written in Python."""
    try:
        code = getattr(inspect.unwrap(function), "__code__", None)
    except Exception:
        return None
    return code if isinstance(code, CodeType) else None


def _text(error: BaseException) -> str:
    try:
        return " ".join(str(error).split())[:200]
    except Exception:
        return ""
