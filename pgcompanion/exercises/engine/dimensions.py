"""The sizes of a case by their letters, read from the shapes in the solution's docstring."""

from __future__ import annotations

import inspect
import re
from typing import Any

import numpy as np

from pgcompanion.exercises.engine.cases import Case
from pgcompanion.exercises.engine.exercise import Exercise

SHAPE = re.compile(r"\(([A-Za-z][^()]*?),?\)")
NAME = re.compile(r"\b\w+\b")


def letters(exercise: Exercise) -> dict[str, tuple[str, ...]]:
    """The letters of each array argument's shape.

    >>> from pgcompanion.exercises.engine import catalogue
    >>> letters(catalogue.find("gae"))["V"]
    ('N', 'H + 1')
    """
    text = (inspect.getdoc(exercise.solution) or "").partition("\n")[2].partition("Returns")[0]
    found: dict[str, tuple[str, ...]] = {}
    for piece in text.split(";"):
        if shape := SHAPE.search(piece):
            said = set(NAME.findall(piece[: shape.start()]))
            axes = tuple(axis.strip() for axis in shape[1].split(","))
            found |= {name: axes for name in exercise.names if name in said}
    return found


def sizes(exercise: Exercise, case: Case) -> dict[str, int]:
    """The size that each letter stands for in this case."""
    known = letters(exercise)
    found: dict[str, int] = {}
    for name, argument in case.rows:
        if isinstance(argument, np.ndarray) and len(known.get(name, ())) == argument.ndim:
            for axis, size in zip(known[name], argument.shape, strict=True):
                if axis.isidentifier():
                    found[axis] = size
    return found


def distinct(case: Case) -> tuple[int, int]:
    """For an order of cases: how many different sizes it has, the smaller of equals first."""
    shapes = [np.shape(x) for x in case.arguments if isinstance(x, np.ndarray)]
    found = {size for shape in shapes for size in shape if size > 1}
    return len(found), -sum(int(np.prod(shape)) for shape in shapes)


def spelled(shape: tuple[int, ...], sizes: dict[str, int]) -> str:
    """A shape in letters, where each of its sizes is that of one letter alone.

    >>> spelled((3, 2), {"N": 3, "H": 4, "p": 2}), spelled((3,), {"N": 3, "H": 3})
    (' = (N, p)', '')
    """
    by_size: dict[int, list[str]] = {}
    for letter, size in sizes.items():
        by_size.setdefault(size, []).append(letter)
    names = [by_size.get(size, []) for size in shape]
    if not shape or any(len(each) != 1 for each in names):
        return ""
    inner = ", ".join(each[0] for each in names) + ("," if len(shape) == 1 else "")
    return f" = ({inner})"


def scalars(case: Case) -> dict[str, float]:
    """The arguments of a case that are single numbers, whole numbers (which may be indices) apart."""
    return {name: float(x) for name, x in case.rows if _is_number(x)}


def _is_number(something: Any) -> bool:
    return isinstance(something, float) and something > 0
