"""Arguments as a slip may have changed them: reversed, exchanged, set to 0, one step short.

An answer that is the solution *of other arguments* says where in the code to look.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from pgcompanion.exercises.engine import dimensions
from pgcompanion.exercises.engine.cases import Case
from pgcompanion.exercises.engine.exercise import Arguments, Exercise
from pgcompanion.exercises.engine.outcome import Array

Change = Callable[[Arguments], Arguments]
Alteration = tuple[str, Change]


def alterations(exercise: Exercise, case: Case) -> Iterator[Alteration]:
    """What may have happened to the arguments, in words that follow "your result is the right one,"."""
    for n, (name, argument) in enumerate(case.rows):
        for words, change in _of_one(name, argument):
            yield words, _at(n, change)
    yield from _of_two(case)
    yield from _exchanged(case)
    yield from _shortened(exercise, case)


def _at(n: int, change: Callable[[Any], Any]) -> Change:
    return lambda arguments: (*arguments[:n], change(arguments[n]), *arguments[n + 1 :])


def _of_one(name: str, argument: object) -> Iterator[tuple[str, Callable[[Any], Any]]]:
    if isinstance(argument, float):
        yield from ((f"with {words.format(name)}", change) for words, change in NUMBERS)
    elif isinstance(argument, np.ndarray) and argument.dtype == bool:
        yield f"with `{name}` inverted", np.logical_not
        yield f"with `{name}` false everywhere", np.zeros_like
        yield f"with `{name}` true everywhere", np.ones_like
    elif isinstance(argument, np.ndarray) and argument.dtype.kind == "f":
        yield from ((f"with {words.format(name)}", change) for words, change in ARRAYS)
        for axis in range(argument.ndim):
            yield from ((f"with {w.format(name, axis)}", _along(c, axis)) for w, c in ALONG)
        for order in itertools.permutations(range(argument.ndim)):
            words = f"with the axes of `{name}` put into the order {order} by `reshape`, which moves none"
            yield words, _cut_anew(order)


def _of_two(case: Case) -> Iterator[Alteration]:
    """The same of two arrays whose sum, difference or ratio is meant."""
    arrays = [
        n for n, x in enumerate(case.arguments) if isinstance(x, np.ndarray) and x.dtype.kind == "f"
    ]
    for i in arrays:
        for j in arrays:
            if i < j and case.arguments[i].shape == case.arguments[j].shape:
                both = f"{case.names[i]}` and `{case.names[j]}"
                for axis in range(case.arguments[i].ndim):
                    for words, change in ALONG:
                        one = _along(change, axis)
                        yield f"with {words.format(both, axis)}", _both(_at(i, one), _at(j, one))


def _both(first: Change, second: Change) -> Change:
    return lambda arguments: second(first(arguments))


def _cut_anew(order: tuple[int, ...]) -> Callable[[Array], Array]:
    """An array whose axes were put in another order by `reshape`, which reads the same row of numbers."""
    return lambda x: x.reshape([x.shape[k] for k in order]).transpose(np.argsort(order))


def _along(change: Callable[[Array, int], Array], axis: int) -> Callable[[Array], Array]:
    return lambda x: change(x, axis)


def _apart(x: Array, axis: int, place: int) -> Array:
    """1 everywhere but at one place along an axis, where it is 0."""
    one = np.ones_like(x)
    np.moveaxis(one, axis, 0)[place] = 0
    return one


NUMBERS: tuple[tuple[str, Callable[..., float]], ...] = (
    ("`{}` = 1", lambda x: 1.0),
    ("`{}` = 0", lambda x: 0.0),
    ("1 - `{0}` for `{0}`", lambda x: 1 - x),
    ("the square of `{}`", lambda x: x**2),
    ("the root of `{}`", lambda x: abs(x) ** 0.5),
    ("1 / `{0}` for `{0}`", lambda x: 1 / x),
    ("twice `{}`", lambda x: 2 * x),
    ("half of `{}`", lambda x: x / 2),
    ("`{}` negated", lambda x: -x),
)
ARRAYS: tuple[tuple[str, Callable[..., Array]], ...] = (
    ("`{}` set to 0", np.zeros_like),
    ("`{}` set to 1", np.ones_like),
    ("`{}` negated", np.negative),
    ("`{}` without its signs", np.abs),
    ("`{}` squared", np.square),
    ("the root of `{}`", lambda x: np.sqrt(np.abs(x))),
    ("the exponential of `{}`", np.exp),
    ("the logarithm of `{}`", np.log),
    ("`{}` cut off below 0", lambda x: np.maximum(x, 0)),
    ("`{}` replaced by its mean", lambda x: np.full_like(x, x.mean())),
    ("`{}` less its mean", lambda x: x - x.mean()),
    ("`{}` standardised", lambda x: (x - x.mean()) / (x.std() + 1e-8)),
    ("`{}` divided by its sum", lambda x: x / x.sum()),
    ("`{}` divided by its largest entry", lambda x: x / x.max()),
)
ALONG: tuple[tuple[str, Callable[..., Array]], ...] = (
    ("`{}` in reverse order along axis {}", np.flip),
    ("`{}` moved one place ahead along axis {}", lambda x, k: np.roll(x, -1, k)),
    ("`{}` moved one place back along axis {}", lambda x, k: np.roll(x, 1, k)),
    ("running sums of `{}` along axis {}", np.cumsum),
    ("sums of `{}` to the end of axis {}", lambda x, k: np.flip(np.cumsum(np.flip(x, k), k), k)),
    ("`{}` averaged over axis {}", lambda x, k: x * 0 + x.mean(k, keepdims=True)),
    ("`{}` summed over axis {}", lambda x, k: x * 0 + x.sum(k, keepdims=True)),
    ("`{}` less its mean over axis {}", lambda x, k: x - x.mean(k, keepdims=True)),
    (
        "`{}` standardised over axis {}",
        lambda x, k: (x - x.mean(k, keepdims=True)) / (x.std(k, keepdims=True) + 1e-8),
    ),
    ("`{}` without its first entry along axis {}", lambda x, k: x * _apart(x, k, 0)),
    ("`{}` without its last entry along axis {}", lambda x, k: x * _apart(x, k, -1)),
    ("the first entry of `{}` along axis {}", lambda x, k: x * 0 + np.take(x, [0], k)),
    ("the last entry of `{}` along axis {}", lambda x, k: x * 0 + np.take(x, [-1], k)),
)


def _exchanged(case: Case) -> Iterator[Alteration]:
    shapes = [np.shape(x) if isinstance(x, np.ndarray | float) else None for x in case.arguments]
    for i, shape in enumerate(shapes):
        for j in range(i):
            if shape is not None and shape == shapes[j]:
                words = f"with `{case.names[j]}` and `{case.names[i]}` exchanged"
                yield words, _exchange(i, j)


def _exchange(i: int, j: int) -> Change:
    def change(arguments: Arguments) -> Arguments:
        changed = list(arguments)
        changed[i], changed[j] = changed[j], changed[i]
        return tuple(changed)

    return change


def _shortened(exercise: Exercise, case: Case) -> Iterator[Alteration]:
    """One place less along an axis that several arguments share, or one place alone."""
    known = dimensions.letters(exercise)
    for letter in {axis for axes in known.values() for axis in axes if axis.isidentifier()}:
        for words, part in PARTS:
            yield (
                f"{words} {letter}",
                _cut([known.get(name, ()) for name in case.names], letter, part),
            )


PARTS = (
    ("without the last place along", slice(None, -1)),
    ("without the first place along", slice(1, None)),
    ("of the first place alone along", slice(0, 1)),
    ("of the last place alone along", slice(-1, None)),
)


def _cut(axes: list[tuple[str, ...]], letter: str, part: slice) -> Change:
    def change(arguments: Arguments) -> Arguments:
        return tuple(
            x[tuple(part if axis == letter else slice(None) for axis in known)] if known else x
            for x, known in zip(arguments, axes, strict=True)
        )

    return change
