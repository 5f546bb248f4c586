"""The axes of a demo: fresh for a caller, used again by the two lives."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.figure import Figure

from pgcompanion import style
from pgcompanion.demos import Panel, panels
from pgcompanion.demos.engine.controls import grid
from pgcompanion.demos.engine.panels import reuse
from pgcompanion.demos.engine.svg import encode

ROWS = ((Panel("a", yticks=(0.0, 1.0)), Panel(width=2.0)), (Panel(xticks=(0.5,)),))


def in_disorder(toy, frame, rng) -> list[tuple[str, str]]:
    """Each frame drawn afresh and drawn over the others, in an order without order."""
    choices = [dict(choice) for choice in rng.permutation(list(grid(toy)))]
    fresh = [encode(frame(**choice)) for choice in choices]
    with reuse({}):
        again = [encode(frame(**choice)) for choice in choices]
    return list(zip(fresh, again, strict=True))


def test_a_figure_used_again_shows_the_same_as_a_fresh_one(toy, rng):
    assert all(fresh == again for fresh, again in in_disorder(toy, toy.frame, rng))


def test_what_a_frame_leaves_behind_would_be_seen(toy, rng):
    def staining(kind: str, slope: float, k: int) -> Figure:
        fig = toy.frame(kind, slope, k)
        if k == 2:
            fig.axes[0].set_title("stain")
        return fig

    assert not all(fresh == again for fresh, again in in_disorder(toy, staining, rng))


def test_every_call_has_a_figure_of_its_own_outside_of_reuse():
    (first, _), (second, _) = panels(ROWS, height=3.0), panels(ROWS, height=3.0)
    assert first is not second
    with reuse({}):
        kept = [panels(ROWS, height=3.0)[0] for _ in range(2)]
        assert kept[0] is kept[1]
        assert panels(ROWS, height=3.5)[0] is not kept[0]
    assert panels(ROWS, height=3.0)[0] is not kept[0]


def test_every_frame_starts_with_the_first_colour():
    with style.within(), reuse({}):
        for _ in range(2):
            _, axes = panels(ROWS, height=3.0)
            assert axes[0].plot([0, 1])[0].get_color() == style.BLUE


def test_the_panels_lie_side_by_side_within_the_figure():
    fig, axes = panels(ROWS, height=3.0, heights=(2.0, 1.0))
    left, right, below = (ax.get_position() for ax in axes)
    assert left.x1 < right.x0
    assert right.x1 == pytest.approx(below.x1)
    assert below.x1 < 1
    assert 0 < below.y0 < below.y1 < left.y0 < left.y1 < 1
    np.testing.assert_allclose([right.width, left.height], [2 * left.width, 2 * below.height])
    assert fig.get_figwidth() == style.WIDTH


def test_a_scale_can_be_logarithmic():
    _, (ax,) = panels(((Panel(ylim=(1e-3, 1e3), yticks=(1.0,), yscale="log"),),), height=2.0)
    assert ax.transAxes.inverted().transform(ax.transData.transform((0.5, 1.0)))[1] == (
        pytest.approx(0.5)
    )


def pixels(fig: Figure, dpi: int) -> bytes:
    page = BytesIO()
    fig.savefig(page, format="rgba", dpi=dpi)
    return page.getvalue()


@pytest.mark.parametrize("forgetful", [False, True])
def test_text_is_laid_out_anew_for_another_resolution(forgetful: bool, monkeypatch):
    if forgetful:
        monkeypatch.setattr(RendererAgg, "points_to_pixels", lambda self, points: points)
    rows = ((Panel("Title", "x", xticks=(0.0, 1.0), yticks=(0.0, 1.0)),),)
    again, fresh = (panels(rows, height=2.0)[0] for _ in range(2))
    pixels(again, 60)
    assert (pixels(again, 180) == pixels(fresh, 180)) != forgetful
