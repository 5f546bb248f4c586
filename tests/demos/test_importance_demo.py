"""What the demo of importance sampling marks as exact, or as infinite, is so."""

from __future__ import annotations

import numpy as np
import pytest

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
    exact, held, missed = demo.frame(**values).axes[2].lines[-3:]
    assert set(exact.get_ydata()) == {CASES[kind].mean(3.0, 1.5)}
    for dots, hold in ((held, batch.hold), (missed, ~batch.hold)):
        np.testing.assert_allclose(dots.get_data(), [np.flatnonzero(hold), batch.mean[hold]])
    assert 0 < batch.hold.sum() < BATCHES
    assert f"of {BATCHES} such 95% intervals {batch.hold.sum()} hold" in demo.describe(**values)


def test_a_finite_sum_needs_its_samples_too():
    """What the page asks: the variance is finite on nine values, and 3000 samples are too few."""
    assert np.isfinite(CASES["categorical"].variance(3.0, 1.5))
    assert batches("categorical", 3.0, 1.5, 3000).hold.sum() < BATCHES / 2
    assert batches("categorical", 1.0, 1.0, 3000).hold.sum() > 0.8 * BATCHES
