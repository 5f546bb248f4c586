"""Read what a function returned as an array of numbers, and compare it with what is expected."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

HALF_PRECISION = 1e-2
PRECISION = 1e-5  # single precision, with some room for the rounding of a sum


class UnreadableError(Exception):
    """What was returned is not an array of numbers. The text says so in a sentence."""


@dataclass(frozen=True)
class Answer:
    """A returned value in double precision, and the type it came in."""

    value: NDArray[np.float64]
    dtype: np.dtype[Any]


def agree(answer: Answer, expected: NDArray[np.float64]) -> bool:
    """Same shape, and same numbers up to the precision of the answer's type."""
    if answer.value.shape != expected.shape:
        return False
    half = answer.dtype.itemsize <= 2 and answer.dtype.kind not in "biu"
    tolerance = HALF_PRECISION if half else PRECISION
    scale = max(1.0, np.abs(expected[np.isfinite(expected)]).max(initial=0.0))
    return np.allclose(answer.value, expected, tolerance, tolerance * scale, equal_nan=True)


def read(returned: Any, shape: tuple[int, ...]) -> Answer:
    """Convert lists, tuples and the arrays of other libraries; `shape` is the expected shape."""
    try:
        answer = _convert(returned)
    except UnreadableError:
        raise
    except Exception:
        answer = None
    if isinstance(returned, tuple) and (answer is None or answer.value.shape != shape):
        raise UnreadableError(
            f"Your function returned a tuple of {_count(len(returned), 'thing')}, where "
            f"{wanted(shape)} is asked for. Return that alone. A comma at the end of the "
            "`return` line makes a tuple too."
        )
    if answer is None:
        raise UnreadableError(
            f"Your function returned an object of type `{type(returned).__name__}`, which cannot "
            f"be read as numbers. Return {wanted(shape)}."
        )
    return answer


def _convert(returned: Any) -> Answer:
    if returned is None:
        raise UnreadableError(
            "Your function returned `None`, which is what Python returns when a function ends "
            "without a `return`. End it with `return` and the value."
        )
    if inspect.isgenerator(returned) or inspect.iscoroutine(returned):
        returned.close()
        raise UnreadableError(
            "Your function returned no value, only a promise of one: it is written with `yield` "
            "or `async`. Write `def` and `return`."
        )
    array = np.asarray(returned)
    if array.dtype.kind in "USmM":
        raise UnreadableError(f"Your function returned {_KINDS[array.dtype.kind]}, not numbers.")
    if array.dtype.kind == "c":
        if np.any(array.imag != 0):
            raise UnreadableError(
                "Your function returned complex numbers. The answer is real: look for the root "
                "or the logarithm of a negative number, or for a complex step left in."
            )
        array = array.real
    return Answer(np.array(array, dtype=np.float64), array.dtype)


_KINDS = {"U": "text", "S": "bytes", "m": "time differences", "M": "dates"}


def wanted(shape: tuple[int, ...]) -> str:
    """The expected value, in words."""
    return f"one array of shape {shape}" if shape else "one number"


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
