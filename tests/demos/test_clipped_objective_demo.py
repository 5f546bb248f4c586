"""What the bars of the demo of the clipped objective say about a batch is so, tall ones included."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.axes import Axes

from pgcompanion.demos import clipped_objective as demo
from pgcompanion.demos.engine.controls import grid

pytestmark = pytest.mark.statement("ppo_clip")


def shares(ratio: np.ndarray) -> np.ndarray:
    return np.histogram(ratio.clip(max=demo.END - 1e-9), demo.BINS)[0] / len(ratio)


def ratios(eps: float, e: int) -> list[np.ndarray]:
    """The ratio of every single step with an advantage above, and below, 0."""
    case, trained = demo.case(), demo.trained(eps, e)
    return [np.repeat(trained.ratio[case.side(A)], case.steps[case.side(A)]) for A in demo.SIGNS]


def heights(ax: Axes) -> np.ndarray:
    return np.sum([each.get_data().values for each in ax.patches if hasattr(each, "get_data")], 0)


def test_a_bar_that_is_cut_carries_a_triangle_and_its_share():
    cut = 0
    for values in grid(demo):
        if values["u"] != 1.0:
            continue
        pair = ratios(values["eps"], values["e"])
        for ax, ratio in zip(demo.frame(**values).axes[2:], pair, strict=True):
            tall = shares(ratio).max() > demo.TALLEST
            marked = [line for line in ax.lines if line.get_marker() == "^"]
            assert len(marked) == tall
            said = [words.get_text() for words in ax.texts]
            assert (f"{shares(ratio).max():.0%}" in said) == tall
            cut += tall
            np.testing.assert_allclose(
                heights(ax).max(), min(shares(ratio).max(), demo.TALLEST), atol=1e-10
            )
    assert cut >= 2 * len(demo.controls["eps"].values), "without epochs all ratios are 1"


def test_no_bar_reaches_the_note_above_it():
    ax = demo.frame(eps=0.2, u=1.0, e=0).axes[2]
    note = next(words for words in ax.texts if "gradient" in words.get_text())
    foot = note.get_position()[1] * ax.get_ylim()[1]
    assert 0.9 * foot > demo.TALLEST
    assert note.get_position()[1] * demo.TALLEST < heights(ax).max(), "in a lower panel it would"
