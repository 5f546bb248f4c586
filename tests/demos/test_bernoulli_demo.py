"""What the picture and the sentence of the Bernoulli demo claim is so."""

from __future__ import annotations

import re

import numpy as np
import pytest

from pgcompanion import bernoulli as problem
from pgcompanion import style
from pgcompanion.demos import bernoulli as demo
from pgcompanion.demos.engine.controls import grid

pytestmark = pytest.mark.statement("natural_simple")

CORNERS = [
    {"theta0": theta0, "eta": eta, "k": k}
    for theta0 in (-4.0, 0.0, 4.0)
    for eta in (0.001, 0.008)
    for k in (0, 1, demo.K)
]


@pytest.mark.parametrize("values", CORNERS)
def test_the_dots_are_the_iterates_and_the_bands_the_closed_forms(values):
    theta0, eta, k = values.values()
    axes = demo.frame(**values).axes
    for method, colour in enumerate((style.BLUE, style.VERMILLION)):
        theta = problem.path(theta0, eta, demo.K, natural=bool(method))[: k + 1]
        for ax, x, y, band in zip(
            axes[method::2],
            (theta, range(k + 1), range(k + 1)),
            (problem.J(theta), theta, problem.probability(theta)),
            (
                problem.J,
                lambda x, method=method: problem.flow(theta0, eta * x, natural=bool(method)),
                lambda x, method=method: problem.probability(
                    problem.flow(theta0, eta * x, natural=bool(method))
                ),
            ),
            strict=True,
        ):
            curve, past, now = [line for line in ax.lines if line.get_color() == colour]
            dots = np.hstack([past.get_data(), now.get_data()])
            np.testing.assert_allclose(dots, [x, y], atol=1e-10)
            np.testing.assert_allclose(curve.get_ydata(), band(curve.get_xdata()), atol=1e-10)
            low, high = ax.get_xlim()
            assert low < dots[0].min() <= dots[0].max() < high
            low, high = ax.get_ylim()
            assert low < dots[1].min() <= dots[1].max() < high


def test_the_sentence_states_where_both_methods_are():
    words = demo.describe(theta0=-2.0, eta=0.004, k=15)
    numbers = re.findall(r"θ = (\S+), π\(1\) = (\S+), J = (\S+), (\S+) below the best", words)
    for natural, stated in zip((False, True), numbers, strict=True):
        theta = problem.path(-2.0, 0.004, 15, natural=natural)[-1]
        J = problem.J(theta)
        expected = [theta, problem.probability(theta), J, 100 - J]
        stated = [float(x.replace("\N{MINUS SIGN}", "-")) for x in stated]
        np.testing.assert_allclose(stated, expected, rtol=0.05, atol=0.005)


def test_at_every_setting_the_natural_gradient_is_ahead_and_vanilla_slows_down_past_zero():
    for values in grid(demo):
        theta0, eta, k = values.values()
        vanilla, natural = (problem.path(theta0, eta, demo.K, natural=n) for n in (False, True))
        if k:
            assert natural[k] > vanilla[k]
        if theta0 >= 0:
            assert (np.diff(vanilla, 2) < 0).all()


def test_the_sentence_tells_the_first_step_from_the_last() -> None:
    first = 0.008 * (100 - 1) * 0.5 * 0.5  # eta times the slope of J at theta = 0
    said = demo.describe(theta0=0.0, eta=0.008, k=5)
    assert f"its first step was {first:.4f}, its last " in said
    assert f"its last {first:.4f}" not in said
