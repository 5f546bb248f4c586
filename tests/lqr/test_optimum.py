"""Policy iteration, Riccati's recursion, and the best of the single gains."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion import lqr
from pgcompanion.lqr import LQR

SIGMA = 0.4


@pytest.mark.statement("lqr_policy_iteration")
def test_greedy_gains_are_the_best_actions_under_the_values(world, Theta, rng):
    """No other action has a larger advantage. The negative control has half the step."""
    s = rng.normal(size=(20, world.H, world.n))
    greedy = lqr.policy_iteration(world, Theta, SIGMA)
    assert greedy.shape == (world.H, world.m, world.n)
    best = np.einsum("hij,thj->thi", greedy, s)

    def A(a):
        return lqr.advantage(world, Theta, SIGMA, s, a)

    for _ in range(20):
        assert (A(best + rng.normal(size=best.shape)) < A(best)).all()
    half = np.einsum("hij,thj->thi", (greedy + Theta) / 2, s)
    assert (A(best) > A(half)).all()


@pytest.mark.statement("lqr_policy_iteration")
def test_an_iteration_does_not_lose_and_as_many_as_steps_reach_the_optimum(world, Theta, measure):
    """The negative control takes one gain for all steps, the mean of the greedy ones, and stops short."""
    best, J = lqr.optimal(world)
    now, mean = Theta, Theta
    for _ in range(world.H):
        new = lqr.policy_iteration(world, now)
        assert lqr.evaluate(world, new, SIGMA).J >= lqr.evaluate(world, now, SIGMA).J - 1e-9
        now = new
        mean = lqr.policy_iteration(world, mean).mean(axis=0)
    assert measure(now - best, over=world.H, of="steps") < 1e-9
    assert pytest.approx(J, rel=1e-12) == lqr.evaluate(world, now, 0.0).J
    assert lqr.evaluate(world, mean, 0.0).J < J - 1e-6


@pytest.mark.statement("lqr_policy_iteration")
def test_nothing_is_left_to_gain_at_the_optimum(world, rng):
    """Its E is 0, and all other gains are worth less. The negative control is the gain one step late."""
    best, J = lqr.optimal(world)
    _, E = lqr.advantage_form(world, best)
    assert np.abs(E).max() < 1e-10
    assert np.abs(lqr.gradient(world, best, SIGMA)).max() < 1e-9
    for size in (1e-3, 1e-1):
        others = best + size * rng.normal(size=(50, *best.shape))
        assert max(lqr.evaluate(world, x, 0.0).J for x in others) < J
    assert np.abs(lqr.advantage_form(world, np.roll(best, 1, axis=0))[1]).max() > 1e-3


@pytest.mark.statement("lqr_policy_iteration")
def test_over_a_long_horizon_the_first_gain_solves_the_algebraic_equation():
    """From scipy, which knows it. The negative control is the last gain."""
    from scipy.linalg import solve_discrete_are

    for name in ("double integrator", "two masses", "pendulum", "unstable"):
        world = LQR.named(name, H=2000)
        A, B = world.A, world.B
        P = solve_discrete_are(A, B, world.Q, world.R)
        gain = -np.linalg.solve(world.R + B.T @ P @ B, B.T @ P @ A)
        best, _ = lqr.optimal(world)
        np.testing.assert_allclose(best[0], gain, rtol=1e-6, atol=1e-8)
        assert np.abs(best[-1] - gain).max() > 1e-3


@pytest.mark.statement("lqr_single_gain")
@pytest.mark.parametrize("name", ["double integrator", "two masses", "pendulum", "unstable"])
@pytest.mark.parametrize("sigma", [0.03, 0.3])
def test_the_best_single_gain_is_a_summit_below_the_optimum(name, sigma, rng):
    """The gradient vanishes, neighbours are worth less, the gains by step more.

    The negative control is the first of the optimal gains, whose gradient does not vanish.
    """
    world = LQR.named(name)
    Theta, J = lqr.best_single_gain(world, sigma)
    best, _ = lqr.optimal(world)
    near = Theta + 1e-2 * np.abs(Theta).max() * rng.normal(size=(100, *Theta.shape))
    assert lqr.landscape(world, near, sigma).max() < J < lqr.evaluate(world, best, sigma).J

    def gain_left(x):
        return lqr.surrogate(world, x, lqr.penalty_argmax(world, x, sigma, 0.0), sigma) / abs(J)

    assert gain_left(Theta) < 1e-10 < gain_left(best[0])


@pytest.mark.statement("lqr_single_gain")
def test_it_starts_where_it_is_told_and_stops_when_told():
    world = LQR.named("double integrator")
    start = np.array([[-0.5, -0.5]])
    np.testing.assert_array_equal(lqr.best_single_gain(world, 0.1, start, K=0)[0], start)
    untold = lqr.best_single_gain(world, 0.1, K=0)[0]
    np.testing.assert_array_equal(untold, lqr.optimal(world)[0][0])
    there, J = lqr.best_single_gain(world, 0.1, start)
    np.testing.assert_allclose(there, lqr.best_single_gain(world, 0.1)[0], rtol=1e-4)
    short = lqr.best_single_gain(world, 0.1, start, K=1)[1]
    assert J - short > 1e-3


@pytest.mark.statement("lqr_single_gain", "lqr_policy_iteration")
@pytest.mark.parametrize("change", [{"W": np.eye(2)}, {"M0": np.diag([0.0, 5.0])}])
def test_what_the_best_gains_depend_on(change):
    """Those of the steps on neither noise nor start, the single one on both and on sigma."""
    world, other = (LQR.named("double integrator", **x) for x in ({}, change))
    np.testing.assert_array_equal(lqr.optimal(world)[0], lqr.optimal(other)[0])
    single = lqr.best_single_gain(world, 0.1)[0]
    assert np.abs(single - lqr.best_single_gain(other, 0.1)[0]).max() > 1e-3
    assert np.abs(single - lqr.best_single_gain(world, 1.0)[0]).max() > 1e-3
