"""The gridworld demo in a kernel: a map to edit, a knob without steps, and exact training behind it."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10

from ipywidgets import (  # type: ignore[import-untyped]
    Button,
    Dropdown,
    FloatLogSlider,
    Label,
    VBox,
)

from pgcompanion.demos.engine.live import chooser, follow, look, paper, row
from pgcompanion.demos.training.board import Board
from pgcompanion.demos.training.course import (
    ALGORITHM,
    ALGORITHMS,
    ITERATION,
    Algorithm,
    train,
    world,
)
from pgcompanion.demos.training.picture import draw, sentence
from pgcompanion.gridworld import MAPS

NOTCHES = 48
INDENTED = {"layout": {"margin": "0 0 0 9em"}}


def view(map: str, algorithm: str, x: float, k: int) -> str:
    """The picture of a course and its sentence, or the sentence that says what the map lacks.

    >>> view("S..", "NPG", 4.0, k=1)
    '<p>This map cannot be learned yet: map must have a goal or a pit, but it has neither.</p>'
    """
    try:
        world(map)
    except ValueError as error:
        return f"<p>This map cannot be learned yet: {error}</p>"
    name = next((name for name, text in MAPS.items() if text == map), "")
    course = train(map, algorithm, x)
    words = sentence(course, f"the map {name}" if name else "your map", k)
    return paper(draw(course, name or "your map", k), words)


class Workbench:
    """Everything that the reader can move, above one picture; ``names`` are maps to start from."""

    def __init__(self, names: Sequence[str]) -> None:
        self.board = Board(MAPS[names[0]])
        self.menu = Dropdown(options=names, **look("map"))
        self.restore = Button(description="Restore the map")
        self.algorithm, self.k = chooser(ALGORITHM), chooser(ITERATION)
        self.knobs = {name: _knob(each) for name, each in ALGORITHMS.items()}
        self.slot = VBox()
        self.menu.observe(self._restore, names="value")
        self.restore.on_click(self._restore)
        self.algorithm.observe(self._exchange, names="value")
        self._exchange()
        self.page = follow(
            {"map": self.board, "algorithm": self.algorithm, "k": self.k, **self.knobs},
            lambda map, algorithm, k, **knobs: view(map, algorithm, knobs[algorithm], k),
        )
        hint = Label("Choose what to paint, then click on cells:")
        cells = VBox([hint, self.board.brush, self.board.rows, self.restore], **INDENTED)
        knob = [self.algorithm, self.slot, row(ITERATION, self.k)]
        self.box = VBox([self.menu, cells, *knob, self.page])

    def _restore(self, _: object) -> None:
        self.board.value = MAPS[self.menu.value]

    def _exchange(self, _: object = None) -> None:
        self.slot.children = [self.knobs[self.algorithm.value]]


def _knob(algorithm: Algorithm) -> FloatLogSlider:
    """From the least to the greatest of the three values in the static page, in even factors."""
    low, middle, high = sorted(algorithm.values)
    span = {"min": log10(low), "max": log10(high), "step": log10(high / low) / NOTCHES}
    return FloatLogSlider(middle, **span, **look(algorithm.symbol))
