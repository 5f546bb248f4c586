"""What is written and marked in a panel can be read, and nothing gets lost at its edge."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from pgcompanion import style
from pgcompanion.demos import Panel, panels, sgd, trust_region
from pgcompanion.demos import baselines as cloud
from pgcompanion.demos.engine import panels as engine
from pgcompanion.demos.engine.controls import defaults, grid
from pgcompanion.demos.engine.marks import dots, key, outside, say
from pgcompanion.demos.worlds import shades
from pgcompanion.gridworld import GridWorld

WIDE = Panel("Title", "x", ylim=(0.0, 2.0), yticks=(0.0, 1.0), lines=2)
RETURN = {"world": "usual", "psi": "return", "b": 1.0, "N": 5, "M": 25}


def panel(panel: Panel) -> Axes:
    with style.within():
        return panels(((panel,),), height=3.0)[1][0]


def boxes(ax: Axes) -> dict[str, Bbox]:
    """Where each text of a panel stands, in pixels."""
    renderer = FigureCanvasAgg(ax.figure).get_renderer()
    texts = [each for each in ax.get_children() if isinstance(each, Text) and each.get_text()]
    return {each.get_text(): each.get_window_extent(renderer) for each in texts}


def crossing(ax: Axes, words: str) -> list[str]:
    """The colours of the lines that run through some words."""
    box, fine = boxes(ax)[words], np.linspace(0, 1, 50)[:, None]
    found = []
    for line in ax.lines:
        points = line.get_transform().transform(line.get_xydata())
        ways = [a + fine * (b - a) for a, b in pairwise(points)]
        drawn = line.get_color() != style.GRID and line.get_linestyle() != "None"
        if drawn and any(box.contains(x, y) for way in ways for x, y in way):
            found.append(line.get_color())
    return found


def test_a_dot_beyond_the_panel_is_a_triangle_that_stands_at_the_edge():
    ax = panel(WIDE)
    dots(ax, [0.1, 0.2, 0.3, 0.4], [1.0, 2.5, -1.0, np.inf], style.BLUE, 4)
    found = {line.get_marker(): line.get_xydata().tolist() for line in ax.lines[-3:]}
    assert found == {"o": [[0.1, 1.0]], "^": [[0.2, 2.0], [0.4, 2.0]], "v": [[0.3, 0.0]]}
    frame = ax.get_window_extent()
    for line in ax.lines[-2:]:
        half = line.get_markersize() / 2 * ax.figure.dpi / 72
        heights = line.get_transform().transform(line.get_xydata())[:, 1]
        assert (np.abs(heights - (frame.y0 + frame.y1) / 2) <= frame.height / 2 - half).all()
    plain = ax.plot([0.2], [2.5], "o")[0]
    assert not frame.contains(*plain.get_transform().transform((0.2, 2.5)))
    assert outside(WIDE, np.array([1.0, 2.5, -1.0, np.inf])) == 3


def test_a_dot_within_the_panel_leaves_no_triangle():
    ax = panel(WIDE)
    dots(ax, [0.1, 0.2], [0.0, 2.0], style.BLUE, 4)
    assert [line.get_marker() for line in ax.lines[2:]] == ["o"]


@pytest.mark.parametrize("lines", [0, 2])
def test_a_key_has_its_lines_between_the_title_and_the_panel(lines: int):
    ax = panel(Panel("Title", lines=lines))
    for line in range(2):
        key(ax, 0.02, f"line {line}", style.BLUE, line, marker="o")
    found, top = boxes(ax), ax.get_window_extent().y1
    assert top < found["line 0"].y0 < found["line 0"].y1 < found["line 1"].y1
    assert (found["line 1"].y1 <= found["Title"].y0 + 2) == (lines == 2)
    assert found["Title"].y1 <= ax.figure.bbox.height


def test_the_name_of_an_upright_axis_has_a_place_of_its_own():
    numbers = (-0.4, -0.2)
    ax = panel(Panel(ylim=(-0.5, 0.0), yticks=numbers, ylabel="upright"))
    found = boxes(ax)
    assert found["upright"].height > found["upright"].width
    assert found["upright"].x0 >= 0
    assert all(found["upright"].x1 < found[f"\N{MINUS SIGN}{-y}"].x0 for y in numbers)
    bare = panel(Panel(ylim=(-0.5, 0.0), yticks=numbers))
    room = ax.get_window_extent().x0 - bare.get_window_extent().x0
    assert room == pytest.approx(engine.ASIDE * ax.figure.dpi / engine.POINTS)
    assert boxes(bare)["\N{MINUS SIGN}0.4"].x0 < found["upright"].width, "without it, no place"


@pytest.mark.parametrize(
    ("demo", "right", "upright"),
    [
        (sgd, "θ₁, logit of going right", "θ₂, logit of going down"),
        (trust_region, "change of θ₁, logit of going right", "change of θ₂, logit of going down"),
        (cloud, "∂J / ∂θ₁", "∂J / ∂θ₂"),
    ],
)
def test_both_axes_of_a_plane_are_named_and_an_action_is_no_direction(demo, right, upright):
    ax = demo.frame(**defaults(demo)).axes[0]
    found, frame = boxes(ax), ax.get_window_extent()
    assert found[right].y1 < frame.y0
    assert found[upright].x1 < frame.x0
    assert frame.y0 - 2 <= found[upright].y0 <= found[upright].y1 <= frame.y1 + 2
    assert not [words for words in found if "(right)" in words or "(down)" in words]


@pytest.mark.statement("pg_baseline")
def test_no_ellipse_runs_through_the_key_of_the_cloud():
    for values in grid(cloud):
        if values["M"] == 25:
            ax = cloud.frame(**values).axes[0]
            assert all(
                boxes(ax)[words].y0 >= ax.get_window_extent().y1
                for words in ("exact gradient", "mean ± 2 standard errors")
            )
    ax = cloud.frame(**RETURN).axes[0]
    say(ax, 0.02, 0.75, "a note of this kind")
    assert crossing(ax, "a note of this kind") == [style.BLUE]


def test_the_key_of_the_cloud_shows_the_marks_that_the_cloud_has():
    ax = cloud.frame(**RETURN).axes[0]
    shapes = {(line.get_marker(), line.get_color()) for line in ax.lines if not line.get_clip_on()}
    assert {("D", style.INK), ("+", style.VERMILLION), ("o", style.BLUE)} == shapes
    assert ("D", style.INK) in {
        (line.get_marker(), line.get_color()) for line in ax.lines if line.get_clip_on()
    }


@pytest.mark.statement("pg_baseline")
def test_the_cloud_says_how_many_estimates_lie_outside():
    counts = set()
    for values in grid(cloud):
        world, psi, b, N, M = values.values()
        x, y = cloud.numbers(world, psi, b, N, M)["points"].T
        (left, right), (low, high) = cloud.CLOUDS[world].xlim, cloud.CLOUDS[world].ylim
        out = int(((x < left) | (x > right) | (y < low) | (y > high)).sum())
        assert (f"({out} outside the panel)" in cloud.describe(**values)) == (out > 0)
        if values["N"] == 5:
            said = [words for words in boxes(cloud.frame(**values).axes[0]) if "estimates" in words]
            assert said[0] == (f"estimates, {out} outside" if out else "estimates")
        counts.add(out)
    assert 0 in counts
    assert max(counts) > 0


@pytest.mark.statement("sgd_rate")
def test_no_limit_of_the_bound_runs_through_the_notes():
    note = "its limit βησ²/N"
    for eta in (0.1, 0.3):
        ax = sgd.frame(eta, 64, 0).axes[1]
        assert crossing(ax, note) == []
        ax.set_ylim(8e-5, 6)
        assert (crossing(ax, note) != []) == (eta == 0.1)


def test_the_strip_above_a_map_has_the_shades_of_its_cells():
    with style.within():
        ax = panel(Panel("Visits", numbers="", lines=1))
        world = GridWorld("S.#\n..G")
        shades.draw_time(ax, world, np.array([0.0, 1.0, 2.0, 9.0, 0.0]))
    strip, image = ax.collections[-1], ax.images[0]
    ends = image.get_cmap()([0.0, 1.0])
    np.testing.assert_allclose(strip.get_facecolor()[[0, -1]], ends)
    assert image.get_clim() == (0, np.sqrt(shades.LONGEST))
    light = strip.get_facecolor()[:, :3] @ (0.21, 0.72, 0.07)
    assert (np.diff(light) > 0).all()
    found, top = boxes(ax), ax.get_window_extent().y1
    for words in ("0", "≥ 4 visits"):
        assert top < found[words].y0 < found[words].y1 < found["Visits"].y0 + 2
    hatched = [patch for patch in ax.patches if patch.get_hatch()]
    assert [patch.get_xy() for patch in hatched] == [(1.5, -0.5)]
