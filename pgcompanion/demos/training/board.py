"""A map to click on: each cell a button, and a click paints it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from itertools import groupby
from operator import itemgetter

from ipywidgets import Button, HBox, ToggleButtons, VBox  # type: ignore[import-untyped]
from traitlets import Bunch, HasTraits, Unicode

from pgcompanion.gridworld.maps import FLOOR, START, WALL

#: What can be painted, and its letter on a map.
BRUSHES = {"wall": WALL, "floor": FLOOR, "goal": "G", "pit": "P", "start": START}

#: What a cell's button says, and its colour.
LOOKS = {
    WALL: ("▨", "#8a919a"),
    FLOOR: ("", "#eef0f2"),
    "G": ("+1", "#8fd6c0"),
    "P": ("−1", "#f2b28a"),
    START: ("S", "#a9cdea"),
}
SIZE = {"width": "2.2em", "height": "2.2em", "padding": "0", "margin": "1px"}


def painted(map: str, row: int, column: int, letter: str) -> str:
    r"""The map with one cell changed.

    >>> painted("S..\n..G", 1, 0, "#")
    'S..\n#.G'
    """
    rows = map.split("\n")
    rows[row] = rows[row][:column] + letter + rows[row][column + 1 :]
    return "\n".join(rows)


def letters(map: str) -> dict[tuple[int, int], str]:
    r"""The letter of each row and column.

    >>> letters("S.\n#G")
    {(0, 0): 'S', (0, 1): '.', (1, 0): '#', (1, 1): 'G'}
    """
    lines = enumerate(map.split("\n"))
    return {(row, column): letter for row, line in lines for column, letter in enumerate(line)}


class Board(HasTraits):
    """The buttons of a map and its brushes; ``value`` is the map, and may be set."""

    value = Unicode()

    def __init__(self, map: str) -> None:
        super().__init__()
        look = {"style": {"button_width": "auto"}, "layout": {"width": "max-content"}}
        self.brush = ToggleButtons(options=BRUSHES, **look)
        self.rows = VBox()
        self.buttons: dict[tuple[int, int], Button] = {}
        self.observe(self._show, names="value")
        self.value = map

    def paint(self, cell: tuple[int, int], button: object = None) -> None:
        """Give a cell, by row and column, what the brush holds."""
        self.value = painted(self.value, *cell, self.brush.value)

    def _show(self, change: Bunch) -> None:
        """Dress the cells that changed; of a map of another shape, make the buttons first."""
        old, new = letters(change.old), letters(change.new)
        if old.keys() != new.keys():
            old = {}
            self._lay(new)
        for cell, letter in new.items():
            if old.get(cell) != letter:
                _dress(self.buttons[cell], cell, letter)

    def _lay(self, cells: Iterable[tuple[int, int]]) -> None:
        self.buttons = {cell: Button(layout=SIZE) for cell in cells}
        for cell, button in self.buttons.items():
            button.on_click(partial(self.paint, cell))
        rows = groupby(self.buttons, key=itemgetter(0))
        self.rows.children = [HBox([self.buttons[cell] for cell in row]) for _, row in rows]


def _dress(button: Button, cell: tuple[int, int], letter: str) -> None:
    """The look of a cell, and its words for those who do not see it."""
    words = {letter: word for word, letter in BRUSHES.items()}
    button.description, button.style.button_color = LOOKS[letter]
    button.tooltip = f"row {cell[0] + 1}, column {cell[1] + 1}: {words[letter]}"
