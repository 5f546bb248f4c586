"""Divergence, surrogate, performance difference, penalty and trust region, in closed form and by force."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion import lqr
from pgcompanion.derivatives import complex_step
from pgcompanion.lqr import LQR
from pgcompanion.lqr.local import inverse_root

EXACT, SIGMA = 1e-9, 0.4


@pytest.mark.statement("lqr_kl")
@pytest.mark.parametrize("size", [1e-3, 1.0, 3.0])
def test_the_divergence_is_that_of_the_whole_trajectory(
    world, Theta, Theta_new, brute_kl, measure, size
):
    """Quadratic at any length. The negative control takes the states of the new policy."""
    new = Theta + size * (Theta_new - Theta)
    kl = lqr.trajectory_kl(world, Theta, new, SIGMA)
    if size >= 1:  # below, the brute force is a difference of two large numbers
        truth = brute_kl(world, Theta, new, SIGMA)
        assert measure((kl - truth) / truth, over=1, of="pairs") < 1e-7
        assert abs(lqr.trajectory_kl(world, new, Theta, SIGMA) / truth - 1) > 1e-2
    unit = lqr.trajectory_kl(world, Theta, Theta_new, SIGMA)
    assert kl == pytest.approx(size**2 * unit, rel=1e-8)
    assert lqr.trajectory_kl(world, Theta, Theta_new, 2 * SIGMA) != pytest.approx(unit, rel=0.1)


@pytest.mark.statement("lqr_pdl")
def test_the_performance_difference_is_the_difference(world, Theta, Theta_new, measure):
    """The negative control is the surrogate: the same with the old moments."""
    difference = lqr.performance_difference(world, Theta, Theta_new, SIGMA)
    truth = lqr.evaluate(world, Theta_new, SIGMA).J - lqr.evaluate(world, Theta, SIGMA).J
    assert measure((difference - truth) / truth, over=1, of="pairs") < EXACT
    assert abs(lqr.surrogate(world, Theta, Theta_new, SIGMA) / truth - 1) > 1e-2


@pytest.mark.statement("lqr_pdl")
def test_the_surrogate_is_the_mean_of_the_old_advantages(world, Theta, Theta_new, rng):
    """By points with the old moments and a quadrature over the new actions.

    The negative control has no cross term.
    """
    n, m, H = world.n, world.m, world.H
    M = lqr.second_moments(world, Theta, SIGMA)
    s = np.sqrt(n) * np.swapaxes(np.linalg.cholesky(M), 1, 2).swapaxes(0, 1)
    s = np.repeat(s, 2 * m, axis=0)
    e = SIGMA * np.sqrt(m) * np.concatenate([np.eye(m), -np.eye(m)])
    mean = np.einsum("hij,thj->thi", np.broadcast_to(Theta_new, (H, m, n)), s)
    A = lqr.advantage(world, Theta, SIGMA, s, mean + np.tile(e, (n, 1))[:, None])
    L = lqr.surrogate(world, Theta, Theta_new, SIGMA)
    assert A.mean(axis=0).sum() == pytest.approx(L, rel=1e-9)
    G, _ = lqr.advantage_form(world, Theta)
    D = np.broadcast_to(Theta_new - Theta, (H, m, n))
    assert abs(-np.sum(D * (G @ D @ M)) - L) > 1e-2


@pytest.mark.statement("lqr_pdl")
def test_the_surrogate_has_the_value_and_the_gradient_of_the_objective_at_home(world, Theta):
    g = complex_step(lambda x: lqr.surrogate(world, Theta, x, SIGMA), Theta)
    assert lqr.surrogate(world, Theta, Theta, SIGMA) == 0
    np.testing.assert_allclose(g, lqr.gradient(world, Theta, SIGMA), rtol=1e-9, atol=1e-9)
    away = complex_step(lambda x: lqr.surrogate(world, Theta, x, SIGMA), Theta + 0.1)
    assert np.abs(away - lqr.gradient(world, Theta + 0.1, SIGMA)).max() > 1e-2


def penalised(world, Theta, lam, sigma=SIGMA):
    return lambda x: (
        lqr.surrogate(world, Theta, x, sigma) - lam * lqr.trajectory_kl(world, Theta, x, sigma)
    )


@pytest.mark.statement("lqr_penalty")
@pytest.mark.parametrize("sigma", [SIGMA, np.array([0.2, 1.0])])
@pytest.mark.parametrize("lam", [0.0, 0.1, 5.0])
def test_the_penalty_step_is_stationary_and_the_highest(world, Theta, rng, lam, sigma):
    """The negative control has lambda where lambda / 2 belongs."""
    f, new = penalised(world, Theta, lam, sigma), lqr.penalty_argmax(world, Theta, sigma, lam)
    assert new.shape == Theta.shape
    scale = np.abs(lqr.gradient(world, Theta, sigma)).max()
    assert np.abs(complex_step(f, new)).max() < 1e-9 * scale
    others = new + rng.normal(size=(200, *Theta.shape)) * 0.1
    assert max(f(x) for x in others) < f(new)
    if lam:
        doubled = lqr.penalty_argmax(world, Theta, sigma, 2 * lam)
        assert np.abs(complex_step(f, doubled)).max() > 1e-3 * scale


@pytest.mark.statement("lqr_penalty")
def test_the_step_solves_the_system_of_the_statement(world, rng):
    """Formed as one matrix of Kronecker products. The negative control forgets the moments."""
    Theta, lam = rng.normal(size=(world.m, world.n)) / 3, 3.0
    (G, E), M = lqr.advantage_form(world, Theta), lqr.second_moments(world, Theta, SIGMA)
    price = lam / (2 * SIGMA**2)
    system = sum(np.kron(G[h] + price * np.eye(world.m), M[h]) for h in range(world.H))
    D = np.linalg.solve(system, -(E @ M).sum(axis=0).ravel()).reshape(Theta.shape)
    new = lqr.penalty_argmax(world, Theta, SIGMA, lam)
    np.testing.assert_allclose(new - Theta, D, rtol=1e-8)
    without = np.linalg.solve((G + price * np.eye(world.m)).sum(axis=0), -E.sum(axis=0))
    assert np.abs(new - Theta - without).max() > 1e-3


@pytest.mark.statement("lqr_penalty")
def test_a_large_penalty_gives_the_natural_step(world, Theta):
    """Lambda times the step tends to the natural gradient, with an error like 1 / lambda."""
    natural = lqr.natural_gradient(world, Theta, SIGMA)

    def off(lam):
        step = lam * (lqr.penalty_argmax(world, Theta, SIGMA, lam) - Theta)
        return np.abs(step - natural).max() / np.abs(natural).max()

    assert off(1e6) / off(1e5) == pytest.approx(0.1, rel=1e-2)
    assert off(1e6) < 1e-3 < 1e-2 < off(1.0)


@pytest.mark.statement("lqr_penalty")
@pytest.mark.parametrize("delta", [1e-6, 0.01, 1.0])
def test_the_trust_region_step_is_the_best_on_its_boundary(world, Theta, rng, delta):
    """The negative controls: the natural step of the same radius, and other points of the boundary."""
    new = lqr.trust_region_argmax(world, Theta, SIGMA, delta)
    assert lqr.trajectory_kl(world, Theta, new, SIGMA) == pytest.approx(delta, rel=1e-9)
    lam = lqr.multiplier(world, Theta, SIGMA, delta)
    np.testing.assert_allclose(new, lqr.penalty_argmax(world, Theta, SIGMA, lam), rtol=1e-9)
    L = lqr.surrogate(world, Theta, new, SIGMA)
    directions = [lqr.natural_gradient(world, Theta, SIGMA), *rng.normal(size=(200, *Theta.shape))]
    for d in directions:
        t = np.sqrt(delta / lqr.trajectory_kl(world, Theta, Theta + d, SIGMA))
        assert lqr.surrogate(world, Theta, Theta + t * d, SIGMA) < L * (1 + 1e-9)
    if delta == 1.0:
        t = np.sqrt(delta / lqr.trajectory_kl(world, Theta, Theta + directions[0], SIGMA))
        along = lqr.surrogate(world, Theta, Theta + t * directions[0], SIGMA)
        assert (L - along) / L > 1e-3


@pytest.mark.statement("lqr_penalty")
def test_a_region_that_holds_the_summit_has_no_multiplier(world, Theta):
    summit = lqr.penalty_argmax(world, Theta, SIGMA, 0.0)
    reach = lqr.trajectory_kl(world, Theta, summit, SIGMA)
    np.testing.assert_allclose(lqr.trust_region_argmax(world, Theta, SIGMA, 2 * reach), summit)
    assert lqr.multiplier(world, Theta, SIGMA, 2 * reach) == 0
    assert lqr.multiplier(world, Theta, SIGMA, reach / 2) > 0


@pytest.mark.statement("lqr_penalty")
def test_directions_that_no_state_has_are_left_alone(world, rng):
    """States in a plane. The step of the other functions agrees with the minimum-norm solution.

    The negative control is a solution that is not the shortest.
    """
    plane = np.diag([1.0, 1.0, 0.0])
    flat = LQR(
        plane @ world.A @ plane, plane @ world.B, world.Q, world.R, plane @ world.W @ plane,
        plane @ world.M0 @ plane, world.H,
    )  # fmt: skip
    Theta = rng.normal(size=(world.m, world.n)) / 3
    F, g = lqr.fisher(flat, Theta, SIGMA), lqr.gradient(flat, Theta, SIGMA)
    natural = lqr.natural_gradient(flat, Theta, SIGMA)
    shortest = (np.linalg.pinv(F, hermitian=True) @ g.ravel()).reshape(Theta.shape)
    np.testing.assert_allclose(natural, shortest, rtol=1e-8, atol=1e-12)
    new = lqr.trust_region_argmax(flat, Theta, SIGMA, 0.1)
    np.testing.assert_array_equal(new[:, 2], Theta[:, 2])
    longer = shortest + np.array([0.0, 0.0, 1.0])
    np.testing.assert_allclose(F @ longer.ravel(), g.ravel(), atol=1e-9)
    assert np.abs(natural - longer).max() > 0.5


@pytest.mark.parametrize("unit", [1.0, 1e-6, 1e6, 1e-12])
def test_the_unit_of_a_state_makes_no_moment_singular(unit, rng):
    """And what is singular stays so. Judged without the scale, the control, the small state would be lost."""
    X = rng.normal(size=(3, 3))
    units = np.array([1.0, unit, 1.0])
    M = X @ X.T * units * units[:, None]
    T = inverse_root(M)
    assert T.shape == (3, 3)
    np.testing.assert_allclose(T.T @ M @ T, np.eye(3), atol=1e-6)
    if unit != 1.0 and unit**2 < 1e-20:
        assert np.linalg.matrix_rank(M, hermitian=True) == 2
    X[2] = X[0] + X[1]
    assert inverse_root(X @ X.T * units * units[:, None]).shape == (3, 2)
