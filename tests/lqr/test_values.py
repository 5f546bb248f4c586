"""Values, occupancies and advantages against one Gaussian vector, Bellman's equation and complex steps."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion import lqr
from pgcompanion.derivatives import complex_step
from pgcompanion.lqr import LQR

EXACT, SIGMA = 1e-10, 0.4


@pytest.mark.statement("lqr_values")
@pytest.mark.parametrize("sigma", [0.0, 0.1, 0.4, 2.0])
def test_the_objective_is_that_of_the_whole_trajectory(world, Theta, sigma, brute_J, measure):
    """The negative controls forget the noise of the actions, and let it pass without its consequences."""
    v, J = lqr.evaluate(world, Theta, sigma), brute_J(world, Theta, sigma)
    assert measure((v.J - J) / J, over=1, of="worlds") < EXACT
    assert v.P.shape == (world.H + 1, world.n, world.n)
    assert np.abs(v.P[-1]).max() == v.c[-1] == 0
    if sigma:
        silent = lqr.evaluate(world, Theta, 0.0).J
        only_paid = silent - world.H * sigma**2 * np.trace(world.R)
        assert min(abs(silent - J), abs(only_paid - J)) > 1e-3


@pytest.mark.statement("lqr_values")
def test_the_value_of_a_step_is_the_objective_of_what_is_left(world, Theta, rng):
    """The negative control takes the P and c of the step before."""
    s, v = rng.normal(size=(1, world.H, world.n)), lqr.evaluate(world, Theta, SIGMA)
    V = lqr.value(world, Theta, SIGMA, s)[0]
    for h in range(world.H):
        left = LQR(
            world.A, world.B, world.Q, world.R, world.W, np.outer(s[0, h], s[0, h]), world.H - h
        )
        J = lqr.evaluate(left, Theta if Theta.ndim == 2 else Theta[h:], SIGMA).J
        assert V[h] == pytest.approx(J, rel=EXACT)
        late = -s[0, h] @ v.P[h + 1] @ s[0, h] - v.c[h + 1]
        assert abs(late - J) > 1e-3


@pytest.mark.statement("lqr_values")
def test_the_first_weight_of_the_values_is_the_derivative_of_the_objective(world, Theta):
    """J is linear in M0 and in W. The negative control pays for the noise with P_h, not P_{h+1}."""
    v, J = lqr.evaluate(world, Theta, SIGMA), lqr.evaluate(world, Theta, SIGMA).J

    def changed(**change):
        matrices = {x: getattr(world, x) for x in ("A", "B", "Q", "R", "W", "M0")}
        return lqr.evaluate(LQR(**matrices | change, H=world.H), Theta, SIGMA).J - J

    assert changed(M0=2 * world.M0) == pytest.approx(-np.sum(v.P[0] * world.M0), rel=1e-9)
    assert changed(W=2 * world.W) == pytest.approx(-np.sum(v.P[1:] * world.W), rel=1e-9)
    assert abs(changed(W=2 * world.W) + np.sum(v.P[:-1] * world.W)) > 1e-3


@pytest.mark.statement("lqr_values")
def test_the_landscape_is_the_objective_of_each_gain(world, rng):
    Theta = rng.normal(size=(4, 5, world.m, world.n)) / 3
    J = lqr.landscape(world, Theta, SIGMA)
    one_by_one = [[lqr.evaluate(world, x, SIGMA).J for x in row] for row in Theta]
    np.testing.assert_allclose(J, one_by_one, rtol=EXACT)
    assert np.abs(lqr.landscape(world, Theta, 2 * SIGMA) - J).max() > 1e-3
    assert lqr.landscape(world, 1e200 * np.ones((1, world.m, world.n)), SIGMA)[0] == -np.inf


@pytest.mark.statement("lqr_occupancy")
def test_the_moments_are_those_of_the_whole_trajectory(world, Theta, brute, measure):
    """The negative control leaves the noise of the actions out."""
    M, n, size = lqr.second_moments(world, Theta, SIGMA), world.n, world.n + world.m
    whole = brute(world, Theta, SIGMA)
    expected = [whole[i : i + n, i : i + n] for i in range(0, world.H * size, size)]
    assert measure(M - expected, over=world.H, of="steps") < EXACT
    silent = lqr.second_moments(world, Theta, 0.0)
    assert np.abs(silent - expected).max() > 1e-2


@pytest.mark.statement("lqr_occupancy")
def test_the_objective_is_the_mean_reward_of_the_states(world, Theta):
    """The negative control forgets what the noise of the actions costs by itself."""
    v = lqr.evaluate(world, Theta, SIGMA)
    cost = np.broadcast_to(world.Q + np.swapaxes(Theta, -1, -2) @ world.R @ Theta, v.M.shape)
    of_states, noise = np.sum(cost * v.M), world.H * SIGMA**2 * np.trace(world.R)
    assert -(of_states + noise) == pytest.approx(v.J, rel=EXACT)
    assert abs(-of_states - v.J) > 1e-2


@pytest.mark.statement("lqr_advantage")
def test_the_advantage_is_the_action_value_less_the_value(world, Theta, rng, measure):
    """Q comes from the reward and the values of the next step. The negative control has no factor 2."""
    N, (n, m, H) = 50, (world.n, world.m, world.H)
    s, a = rng.normal(size=(N, H, n)), rng.normal(size=(N, H, m))
    v = lqr.evaluate(world, Theta, SIGMA)
    mean = s @ world.A.T + a @ world.B.T
    r = -(np.einsum("thi,ij,thj->th", s, world.Q, s) + np.einsum("thi,ij,thj->th", a, world.R, a))
    after = np.einsum("thi,hij,thj->th", mean, v.P[1:], mean)
    Q = r - after - np.einsum("hij,ij->h", v.P[1:], world.W) - v.c[1:]
    A = lqr.advantage(world, Theta, SIGMA, s, a)
    assert measure(A - (Q - lqr.value(world, Theta, SIGMA, s)), over=N * H, of="pairs") < 1e-9
    _, E = lqr.advantage_form(world, Theta)
    e = a - np.einsum("hij,thj->thi", np.broadcast_to(Theta, (H, m, n)), s)
    halved = A + np.einsum("thi,hij,thj->th", e, E, s)
    assert np.abs(halved - (Q - lqr.value(world, Theta, SIGMA, s))).max() > 1e-2


@pytest.mark.statement("lqr_advantage")
def test_advantages_have_mean_zero_and_the_slope_of_q(world, Theta, rng):
    """By quadrature over the actions, and by complex step at the mean action.

    The negative control takes P_h in the place of P_{h+1}.
    """
    s = np.repeat(rng.normal(size=(1, world.H, world.n)), 9, axis=0)
    x, w = np.polynomial.hermite_e.hermegauss(3)
    e = np.stack(np.meshgrid(x, x), axis=-1).reshape(9, 1, world.m)
    mean = np.einsum("hij,thj->thi", np.broadcast_to(Theta, (world.H, world.m, world.n)), s)
    A = lqr.advantage(world, Theta, SIGMA, s, mean + SIGMA * e)
    assert np.abs(np.outer(w, w).ravel() @ A).max() < 1e-9
    slope = complex_step(lambda a: lqr.advantage(world, Theta, SIGMA, s[:1], a).sum(), mean[:1])[0]
    _, E = lqr.advantage_form(world, Theta)
    np.testing.assert_allclose(slope, -2 * np.einsum("hij,hj->hi", E, s[0]), atol=1e-9)
    v = lqr.evaluate(world, Theta, SIGMA)
    G = world.R + world.B.T @ v.P[:-1] @ world.B
    wrong = G @ Theta + world.B.T @ v.P[:-1] @ world.A
    assert np.abs(slope + 2 * np.einsum("hij,hj->hi", wrong, s[0])).max() > 1e-2
