"""Read what a function returned as numbers, and compare numbers."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from pgcompanion.exercises.engine.outcome import Answer, Array, Value

HALF_PRECISION = 1e-2
PRECISION = 1e-5  # single precision, with some room for the rounding of a sum


class UnreadableError(Exception):
    """What was returned is no array of numbers. The text says so in a sentence."""


def agree(value: Value, expected: Array, dtype: str = "float64", tolerance: float = 0.0) -> bool:
    """Same shape, and same numbers up to the precision of the type the value came in."""
    if isinstance(value, tuple) or value.shape != expected.shape:
        return False
    tolerance = max(tolerance, HALF_PRECISION if dtype == "float16" else PRECISION)
    scale = max(1.0, np.abs(expected[np.isfinite(expected)]).max(initial=0.0))
    return np.allclose(value, expected, tolerance, tolerance * scale, equal_nan=True)


def read(returned: Any) -> Answer:
    """Convert numbers, lists, tuples and the arrays of other libraries, or `UnreadableError`."""
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
    things = len(returned) if isinstance(returned, tuple) else 0
    try:
        value, dtype = _array(returned)
        return Answer(value, dtype, things)
    except UnreadableError:
        raise
    except Exception as error:
        if things:
            return _parts(returned)
        raise UnreadableError(
            f"Your function returned an object of type `{type(returned).__name__}`, which cannot "
            "be read as numbers."
        ) from error


def _parts(returned: tuple[Any, ...]) -> Answer:
    """A tuple of arrays that do not form one array."""
    parts = [read(part) for part in returned]
    values = tuple(part.value for part in parts if not isinstance(part.value, tuple))
    if len(values) < len(parts):
        raise UnreadableError("Your function returned a tuple of tuples of arrays.")
    return Answer(values, parts[0].dtype, len(returned))


def _array(returned: Any) -> tuple[Array, str]:
    array = np.asarray(returned)
    if array.dtype.kind in "USmM":
        raise UnreadableError(f"Your function returned {_KINDS[array.dtype.kind]}, not numbers.")
    if array.dtype.kind == "O" and any(entry is None for entry in array.ravel()):
        raise UnreadableError(
            "Your function returned an array with entries `None`. They come from a function that "
            "ends without a `return`: look at the helpers that fill the array."
        )
    if array.dtype.kind == "c":
        if np.any(array.imag != 0):
            raise UnreadableError(
                "Your function returned complex numbers. The answer is real: look for the root "
                "or the logarithm of a negative number, or for a complex step left in."
            )
        array = array.real
    return np.array(array, dtype=np.float64), array.dtype.name


_KINDS = {"U": "text", "S": "bytes", "m": "time differences", "M": "dates"}


def wanted(shape: tuple[int, ...]) -> str:
    """The expected value, in words."""
    return f"one array of shape {shape}" if shape else "one number"


def count(n: int, noun: str) -> str:
    """A number of things.

    >>> count(1, "thing"), count(2, "thing")
    ('1 thing', '2 things')
    """
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
