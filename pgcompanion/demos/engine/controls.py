"""The controls of a demo: each a short list of values, of which one is chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from numbers import Real
from typing import TYPE_CHECKING, Protocol

from pgcompanion import checks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Value = float | str


@dataclass(frozen=True)
class Control:
    """One knob: numbers make a slider, words a menu.

    Args:
        label: what the reader sees beside it.
        values: all values that it takes, in order.
        default: the one that it starts with.
        time: whether the values are moments, which a button plays one after the other.
        whole: whether only whole numbers will do; moments are whole.
        log: whether a script's slider moves by factors, not by differences.
        more: whether a page folds it away until a reader asks for more.

    A demo with a script (see `pgcompanion.demos`) takes every number between the first and the last of
    ``values`` on its page; a kernel's slider stops at ``values``.

    Raises:
        ValueError: ``values`` is empty or repeats a value, or ``default`` is not among them.
        TypeError: ``label`` is no string, or ``values`` no sequence.

    >>> eta = Control("step size η", [0.001, 0.01], default=0.01)
    >>> eta.texts, eta.start
    (('0.001', '0.01'), 1)
    """

    label: str
    values: Sequence[Value]
    default: Value
    time: bool = False
    whole: bool = False
    log: bool = False
    more: bool = False

    def __post_init__(self) -> None:
        checks.string("label", self.label)
        for name in ("time", "whole", "log", "more"):
            checks.truth(name, getattr(self, name))
        if not isinstance(self.values, tuple | list | range):
            raise TypeError(
                f"values must be a tuple of numbers or words, but it is {checks.kind(self.values)}."
            )
        if not self.values or len(set(self.values)) < len(self.values):
            raise ValueError(
                f"values must hold at least one value and none twice, but it is {self.values!r}."
            )
        if not isinstance(self.default, str | Real) or self.default not in self.values:
            raise ValueError(
                f"default must be one of the values {self.values!r}, but it is "
                f"{checks.kind(self.default)}."
            )

    @property
    def start(self) -> int:
        """The place of the default among the values."""
        return list(self.values).index(self.default)

    @property
    def is_menu(self) -> bool:
        """Whether the values are words, to be chosen from a menu."""
        return any(isinstance(value, str) for value in self.values)

    @property
    def texts(self) -> tuple[str, ...]:
        """The values as the reader sees them."""
        return tuple(text(value) for value in self.values)


class Demo(Protocol):
    """What every demo's module holds."""

    @property
    def controls(self) -> Mapping[str, Control]: ...
    @property
    def frame(self) -> Callable[..., Figure]: ...
    @property
    def describe(self) -> Callable[..., str]: ...


def text(value: Value, spec: str = "g") -> str:
    """A value as it is printed, with a minus sign that is one.

    >>> text(-0.5), text(-0.5, ".3f"), text("clip")
    ('−0.5', '−0.500', 'clip')
    """
    return value if isinstance(value, str) else f"{value:{spec}}".replace("-", "\N{MINUS SIGN}")


def defaults(demo: Demo) -> dict[str, Value]:
    """The values that the controls start with."""
    return {name: control.default for name, control in demo.controls.items()}


def grid(demo: Demo) -> Iterator[dict[str, Value]]:
    """Every choice of the controls; the last control moves fastest."""
    for values in product(*(control.values for control in demo.controls.values())):
        yield dict(zip(demo.controls, values, strict=True))


def position(demo: Demo) -> int:
    """Where in the `grid` the demo starts."""
    place = 0
    for control in demo.controls.values():
        place = place * len(control.values) + control.start
    return place
