"""The controls of a demo and the grid that they span."""

from __future__ import annotations

import pytest

from pgcompanion.demos import Control
from pgcompanion.demos.engine.controls import defaults, grid, position


def test_the_grid_holds_every_choice_once_and_the_start_at_its_position(toy):
    choices = list(grid(toy))
    assert len(choices) == 2 * 4 * 3
    assert len({tuple(choice.values()) for choice in choices}) == len(choices)
    assert choices[1] == {"kind": "solid", "slope": -0.5, "k": 1}
    assert choices[position(toy)] == defaults(toy) == {"kind": "dashed", "slope": 0.25, "k": 0}


def test_words_make_a_menu_and_numbers_a_slider(toy):
    assert [control.is_menu for control in toy.controls.values()] == [True, False, False]
    assert toy.controls["slope"].texts == ("−0.5", "0", "0.25", "1")


@pytest.mark.parametrize(
    ("values", "default", "message"),
    [
        ((), 0, r"values must hold at least one value and none twice, but it is \(\)\."),
        ((1, 2, 1), 1, r"values must hold .* but it is \(1, 2, 1\)\."),
        ((1, 2), 3, r"default must be one of the values \(1, 2\), but it is 3\."),
    ],
)
def test_a_control_that_cannot_start_is_refused(values, default, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        Control("x", values, default)
