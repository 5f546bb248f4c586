"""Iterative LQR: Riccati's optimum where the model is linear, and a pendulum that is Gymnasium's."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import gymnasium
import numpy as np
import pytest

from pgcompanion import lqr
from pgcompanion.derivatives import complex_step
from pgcompanion.lqr import LQR, iterative


def linear(world):
    def reward(s, a):
        states = np.einsum("...i,ij,...j->...", s, world.Q, s)
        return -states - np.einsum("...i,ij,...j->...", a, world.R, a)

    return lqr.Model(lambda s, a: s @ world.A.T + a @ world.B.T, reward)


@pytest.mark.statement("ilqr")
def test_of_a_linear_model_the_plan_is_riccatis(world, rng, measure):
    """Returns and gains. The negative control is the plan of the world after one iteration only."""
    s0 = rng.normal(size=(4, world.n))
    plans = list(lqr.ilqr(linear(world), s0, np.zeros((4, world.H, world.m)), K=40))
    best, _ = lqr.optimal(world)
    truth = []
    for s in s0:
        silent = LQR(world.A, world.B, world.Q, world.R, 0 * world.W, np.outer(s, s), world.H)
        truth.append(lqr.evaluate(silent, best, 0.0).J)
    assert measure(plans[-1].J / truth - 1, over=4, of="plans") < 1e-9
    around = iterative.expand(linear(world), plans[-1].s[:, :-1], plans[-1].a)
    _, gains = iterative.improve(*around, damping=np.zeros(4))
    np.testing.assert_allclose(gains, np.broadcast_to(best, gains.shape), atol=1e-8)
    damped = iterative.improve(*around, damping=np.ones(4))[1]
    assert np.abs(damped - best).max() > 1e-2
    assert np.abs(plans[1].J / truth - 1).max() > 1e-6


@pytest.mark.statement("ilqr")
def test_returns_never_fall_and_the_last_plan_is_stationary(rng):
    """By complex step of the return in the actions. The negative control is the first plan."""
    model, s0 = lqr.pendulum(), np.array([[0.3, 0.0], [-2.0, 0.5]])
    plans = list(lqr.ilqr(model, s0, 0.1 * rng.normal(size=(2, 20, 1)), K=60))
    J = np.array([plan.J for plan in plans])
    assert (np.diff(J, axis=0) >= 0).all()

    def slope(a):
        return complex_step(lambda x: iterative.play(model, s0, x)[2].sum(), a)

    assert np.abs(slope(plans[-1].a)).max() < 1e-4 < 1e-2 < np.abs(slope(plans[0].a)).max()
    assert plans[-1].steps == 20 + 60 * 20 * (len(iterative.SHORTENED) + 3)


@pytest.mark.statement("ilqr")
def test_a_change_that_goes_too_far_is_shortened():
    """By hand: a step from 0 to 22.8, where the best action is 3. The control is that step, which loses."""

    def reward(s, a):
        return -100 * np.sqrt(1 + (a[..., 0] - 3) ** 2)

    slope, curvature = 300 / np.sqrt(10), 100 / 10**1.5
    full = slope / (curvature + 1)  # the first plan is damped by 1
    model = lqr.Model(lambda s, a: s, reward)
    first, second = lqr.ilqr(model, np.zeros((1, 1)), np.zeros((1, 1, 1)), K=1)
    assert second.a.item() == pytest.approx(
        full / 8
    )  # nearer to 3 than a half, a quarter or a sixteenth
    assert second.J > first.J > reward(None, np.array([full]))


@pytest.mark.statement("ilqr")
def test_a_plan_is_played_as_it_says(rng):
    """Its gains hold it against a push. The negative control lets the actions run as they are."""
    model, s0 = lqr.pendulum(), np.array([[0.2, 0.0]])
    *_, plan = lqr.ilqr(model, s0, np.zeros((1, 30, 1)), K=30)
    np.testing.assert_allclose(iterative.play(model, s0, plan.a)[2], plan.J)
    pushed = s0 + 0.02
    held = iterative.play(model, pushed, plan.a, plan.Theta, plan.s)[2]
    assert held > iterative.play(model, pushed, plan.a)[2]


@pytest.mark.statement("ilqr")
def test_the_pendulum_is_gymnasiums_with_the_torque_squashed(rng):
    """Also where the angle is far from upright and the speed at its limit.

    The negative control moves the angle by the old speed.
    """
    model, env = lqr.pendulum(), gymnasium.make("Pendulum-v1").unwrapped
    env.reset(seed=0)
    for _ in range(50):
        s, u = rng.uniform([-9, -8], [9, 8]), rng.normal(size=1)
        env.state = s.copy()
        _, r, *_ = env.step(2 * np.tanh(u))
        np.testing.assert_allclose(model.step(s, u), env.state, atol=1e-6)
        assert model.reward(s, u) == pytest.approx(float(r), abs=1e-6)
        if abs(env.state[1] - s[1]) > 0.01:
            assert abs(s[0] + 0.05 * s[1] - env.state[0]) > 1e-4


def test_a_model_stays_as_it_was_checked():
    with pytest.raises(FrozenInstanceError):
        lqr.pendulum().step = None


def test_two_words_for_what_is_no_model():
    with pytest.raises(TypeError, match="model must be a Model"):
        lqr.ilqr("a model", np.zeros((1, 2)), np.zeros((1, 3, 1)))
    with pytest.raises(TypeError, match="reward must be a function"):
        lqr.Model(step=lambda s, a: s, reward=None)


@pytest.mark.statement("lqr")
def test_near_its_top_the_pendulum_earns_what_the_linear_world_says():
    """Driven by the optimal gains. Farther down, the negative control, it does not."""
    env = gymnasium.make("Pendulum-v1").unwrapped
    env.reset(seed=0)
    gains, _ = lqr.optimal(LQR.named("pendulum"))

    def off(angle):
        system = LQR.named("pendulum", M0=np.diag([angle**2, 0.0]))
        env.state, total = np.array([angle, 0.0]), 0.0
        for gain in gains:
            total += float(env.step(gain @ env.state)[1])
        return abs(total / lqr.evaluate(system, gains, 0.0).J - 1)

    assert off(0.01) < 1e-4
    assert off(0.1) < 1e-2 < 0.1 < off(0.3)
    assert off(0.5) > 100
