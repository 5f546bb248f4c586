"""Newton's method for an inner maximisation: where it arrives, how fast, and that it only climbs."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion._numerics import newton
from pgcompanion._numerics.newton import newton_ascent


def hill(x):
    """A concave function of two variables that depend on each other; its maximum is at (1, -2)."""
    y = x - np.array([1.0, -2.0])
    return -np.cosh(y).sum() - (y[0] + y[1]) ** 2


def hill_gradient(x):
    y = x - np.array([1.0, -2.0])
    return -np.sinh(y) - 2 * (y[0] + y[1])


@pytest.mark.statement("ppo")
@pytest.mark.parametrize("start", [[0.0, 0.0], [9.0, 9.0], [1.0, -2.0], [-4.0, 3.0]])
def test_it_finds_the_maximum_from_near_and_far(start):
    """A slip of a tenth in one entry of the gradient, the negative control, and it is elsewhere."""
    start, slip = np.array(start), np.array([0.1, 0.0])
    top = newton_ascent(hill, hill_gradient, start)
    np.testing.assert_allclose(top, [1.0, -2.0], atol=1e-10)
    tilted = newton_ascent(lambda x: hill(x) + slip @ x, lambda x: hill_gradient(x) + slip, start)
    assert np.abs(tilted - top).max() > 1e-2


@pytest.mark.statement("ppo")
def test_it_never_goes_down(rng):
    """A step that overshoots is halved: full steps, the negative control, lead away from the maximum."""

    def f(x):
        return -np.log(np.cosh(x)).sum()

    def gradient(x):
        return -np.tanh(x)

    values = []

    def watched(x):
        values.append(f(x))
        return gradient(x)

    start = np.array([3.0])
    top = newton_ascent(f, watched, start)
    assert abs(top[0]) < 1e-8
    reached = [v for v in values if np.isrealobj(v)]
    assert (np.diff(reached) >= -1e-12).all()
    full = start - np.tanh(start) * np.cosh(start) ** 2
    assert f(full) < f(start)


@pytest.mark.statement("ppo")
def test_where_the_curvature_has_the_wrong_sign_it_goes_along_the_gradient():
    """From beside the minimum of a double hill; a plain Newton step, the negative control, goes to the minimum."""

    def f(x):
        return (x**2 / 2 - x**4 / 4).sum()

    def gradient(x):
        return x - x**3

    start = np.array([0.1])
    assert newton_ascent(f, gradient, start) == pytest.approx(1.0, abs=1e-9)
    plain = start - gradient(start) / (1 - 3 * start**2)
    assert abs(plain[0] - 1.0) > 0.9


@pytest.mark.statement("ppo")
def test_it_converges_quadratically(monkeypatch):
    """Each iteration squares the error, up to the forcing term of its linear system: after six it is round-off.

    The negative control are two iterations.
    """
    errors = {}
    for n in (2, 6):
        monkeypatch.setattr(newton, "ITERATIONS", n)
        found = newton_ascent(hill, hill_gradient, np.array([0.5, -1.0]))
        errors[n] = np.abs(found - [1.0, -2.0]).max()
    assert errors[6] < 1e-12 < 1e-9 < errors[2]


def test_at_a_maximum_it_stays():
    start = np.array([1.0, -2.0])
    np.testing.assert_array_equal(newton_ascent(hill, hill_gradient, start), start)
