"""The root of a decreasing function, which the multiplier of a trust region is."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion._numerics.root import FARTHEST, decreasing_root


@pytest.mark.statement("trpo")
@pytest.mark.parametrize("guess", [-4.0, 0.0, 1.0, 9.0])
def test_a_root_is_found_from_either_side_and_visited_last(guess):
    """Of the function with the other sign, the negative control, the search goes the wrong way."""
    seen = []

    def f(x):
        seen.append(x)
        return 1.0 - np.expm1(x)

    x = decreasing_root(f, guess)
    assert x == pytest.approx(np.log(2.0), abs=1e-11)
    assert seen[-1] == x
    assert len(seen) < 25
    with np.errstate(over="ignore"):
        assert abs(decreasing_root(lambda x: -f(x), guess) - np.log(2.0)) > 100


@pytest.mark.statement("trpo")
@pytest.mark.parametrize("root", [-700.0, -35.0, 35.0, 700.0])
def test_a_root_far_away_is_bracketed_in_steps_that_double(root):
    """No step of a fixed reach would come there: the negative control stops 30 from the guess."""
    seen = []

    def f(x):
        seen.append(x)
        return root - x

    assert decreasing_root(f, 0.0) == pytest.approx(root, abs=1e-9)
    assert len(seen) < 20
    assert abs(f(np.sign(root) * 30)) > 1


@pytest.mark.statement("trpo")
def test_where_there_is_no_root_the_search_ends_where_numbers_do():
    for sign in (1.0, -1.0):
        seen = []

        def f(x, sign=sign, seen=seen):
            seen.append(x)
            return sign

        x = decreasing_root(f, 0.0)
        assert seen[-1] == x
        assert FARTHEST / 3 < sign * x <= FARTHEST
        assert len(seen) < 12


@pytest.mark.statement("trpo")
def test_an_end_that_stays_does_not_hold_the_search_up():
    """Of a convex function plain secants (regula falsi, the negative control) creep in from one side."""

    def f(x):
        return np.exp(-5 * x) - 0.5

    seen = []

    def counted(x):
        seen.append(x)
        return f(x)

    root = np.log(2) / 5
    assert decreasing_root(counted, 4.0) == pytest.approx(root, abs=1e-10)
    assert len(seen) < 60
    a, b = -3.0, 4.0
    for _ in range(60):
        c = a - f(a) * (b - a) / (f(b) - f(a))
        a, b = (c, b) if f(c) > 0 else (a, c)
    assert abs(c - root) > 1e-3


def test_a_jump_over_the_root_ends_too():
    """Nothing is 0 at a jump: the search closes in on it and gives up."""
    assert decreasing_root(lambda x: 1.0 if x < 0.3 else -1.0, 0.0) == pytest.approx(0.3, abs=1.0)
