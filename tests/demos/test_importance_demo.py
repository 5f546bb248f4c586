"""What the demo of importance sampling marks as exact, or as infinite, is so."""

from __future__ import annotations

import re

import numpy as np
import pytest
from matplotlib.axes import Axes

from pgcompanion import style
from pgcompanion.demos import importance_sampling as demo
from pgcompanion.demos.engine.controls import defaults
from pgcompanion.demos.weighing.cases import BATCHES, CASES, VALUES, batches, density, probabilities

pytestmark = pytest.mark.statement("importance_sampling")

FINITE = [(m, s) for m in (0.0, 1.0, 3.0) for s in (0.5, 1.0, 1.3)]
LINE = np.linspace(-60, 60, 240_001)


def integrals(kind: str, m: float, s: float) -> tuple[float, float]:
    """Mean and variance of a term under the proposal, summed or integrated as they are defined."""
    if kind == "categorical":
        x, q, p, width = VALUES, probabilities(), probabilities(m, s), 1.0
    else:
        x, q, p = LINE, density(LINE), density(LINE, m, s)
        x, q, p, width = x[q > 1e-300], q[q > 1e-300], p[q > 1e-300], LINE[1] - LINE[0]
    term = p / q * x
    mean = (q * term).sum() * width
    return mean, (q * (term - mean) ** 2).sum() * width


@pytest.mark.parametrize("kind", CASES)
@pytest.mark.parametrize(("m", "s"), FINITE)
def test_mean_and_variance_of_a_term_are_exact(kind: str, m: float, s: float):
    mean, variance = integrals(kind, m, s)
    assert CASES[kind].mean(m, s) == pytest.approx(mean, abs=1e-6)
    assert CASES[kind].variance(m, s) == pytest.approx(variance, rel=1e-6)
    if (m, s) != (0.0, 1.0):
        assert CASES[kind].variance(m, s) != pytest.approx(s**2, rel=1e-2)  # the target's own


@pytest.mark.parametrize("kind", CASES)
def test_only_two_bells_can_have_an_infinite_variance_and_it_is_marked(kind: str):
    for s in demo.controls["s"].values:
        infinite = kind == "Gaussian" and s**2 >= 2
        assert np.isinf(CASES[kind].variance(1.0, s)) == infinite
        values = defaults(demo) | {"kind": kind, "s": s}
        assert ("infinite" in demo.describe(**values)) == infinite
        variances = demo.frame(**values).axes[3]
        marked = [text.get_text() for text in variances.texts if text.get_text() == "infinite"]
        assert len(marked) == (kind == "Gaussian")
        assert (variances.lines[-1].get_marker() == "^") == infinite


@pytest.mark.parametrize("kind", CASES)
def test_the_intervals_stand_where_the_estimates_say_and_misses_stand_out(kind: str):
    values = defaults(demo) | {"kind": kind, "m": 3.0, "s": 1.5, "N": 3000}
    batch = batches(kind, 3.0, 1.5, 3000)
    exact, *marks = demo.frame(**values).axes[2].lines[2:]
    assert set(exact.get_ydata()) == {CASES[kind].mean(3.0, 1.5)}
    shown = batch.mean < demo.INTERVALS.ylim[1]
    for colour, hold in ((style.BLUE, batch.hold), (style.VERMILLION, ~batch.hold)):
        dots = next(mark for mark in marks if mark.get_color() == colour)
        at = np.flatnonzero(hold & shown)
        np.testing.assert_allclose(dots.get_data(), [at, batch.mean[at]])
    assert 0 < batch.hold.sum() < BATCHES
    assert f"of {BATCHES} such 95% intervals {batch.hold.sum()} hold" in demo.describe(**values)


@pytest.mark.parametrize("N", demo.controls["N"].values)
@pytest.mark.parametrize("kind", CASES)
def test_no_estimate_gets_lost_beyond_the_panel(kind: str, N: int):
    places = [(m, s) for m in (1.0, 2.0, 3.0) for s in demo.controls["s"].values]
    beyond = {place: triangles(kind, *place, N) for place in places}
    assert beyond[1.0, 1.0] <= (N == 30)
    assert (max(beyond.values()) > 0) == ((kind, N) != ("Gaussian", 3000))


def triangles(kind: str, m: float, s: float, N: int) -> int:
    """The number of triangles at the edge, which the sentence must state."""
    values = defaults(demo) | {"kind": kind, "m": m, "s": s, "N": N}
    low, high = demo.INTERVALS.ylim
    mean, ax = batches(kind, m, s, N).mean, demo.frame(**values).axes[2]
    above, below = ({tuple(xy) for xy in marked(ax, shape)} for shape in "^v")
    assert above == {(x, high) for x in np.flatnonzero(mean > high)}
    assert below == {(x, low) for x in np.flatnonzero(mean < low)}
    seen = {int(x) for x, _ in marked(ax, "o")}
    assert len(seen) + len(above) + len(below) == BATCHES
    words = re.search(r"triangles? stands? for (an|\d+) estimates? beyond", demo.describe(**values))
    count = len(above) + len(below)
    assert (words[1] if words else "0") == {1: "an"}.get(count, str(count))
    return count


def marked(ax: Axes, shape: str) -> np.ndarray:
    found = [line.get_xydata() for line in ax.lines if line.get_marker() == shape]
    return np.concatenate([np.empty((0, 2)), *found])


def test_a_finite_variance_above_the_panel_is_a_triangle_and_a_number_in_words():
    values = defaults(demo) | {"m": 2.0, "s": 1.3}
    assert demo.frame(**values).axes[3].lines[-1].get_marker() == "^"
    assert "variance of a term is 9.54·10⁷" in demo.describe(**values)
    assert demo.frame(**(values | {"m": 1.0})).axes[3].lines[-1].get_marker() == "o"


def test_small_shares_and_a_mean_of_zero_are_written_as_they_are():
    even = defaults(demo) | {"m": 0.0, "s": 1.0, "N": 3000}
    assert "the largest weight is 0.033% of all" in demo.describe(**even)
    assert "estimate of the mean 0 is" in demo.describe(**(even | {"kind": "categorical"}))
    for s in demo.controls["s"].values:
        assert "mean \N{MINUS SIGN}0 " not in demo.describe(
            **(even | {"kind": "categorical", "s": s})
        )


def test_the_notes_stand_above_the_tallest_bar():
    ax = demo.frame(**(defaults(demo) | {"m": 0.0, "N": 3000})).axes[1]
    lowest = next(each.get_position()[1] for each in ax.texts if "worth" in each.get_text())
    tallest = max(step.get_data().values.max() for step in ax.patches)
    assert tallest == pytest.approx(1)
    assert tallest < lowest * demo.SHARES.ylim[1]
    assert tallest > lowest * 1.05, "in a panel that ends at the bar they would lie on it"


def test_a_finite_sum_needs_its_samples_too():
    """What the page asks: the variance is finite on nine values, and 3000 samples are too few."""
    assert np.isfinite(CASES["categorical"].variance(3.0, 1.5))
    assert batches("categorical", 3.0, 1.5, 3000).hold.sum() < BATCHES / 2
    assert batches("categorical", 1.0, 1.0, 3000).hold.sum() > 0.8 * BATCHES
