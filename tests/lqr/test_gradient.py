"""The gradient, the Fisher matrix and the natural gradient: complex steps and the whole trajectory."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion import lqr
from pgcompanion.derivatives import complex_step

EXACT = 1e-10


def blocks(F):
    """The whole matrix of gains by step from its blocks."""
    H, p, _ = F.shape
    whole = np.zeros((H, p, H, p))
    for h in range(H):
        whole[h, :, h] = F[h]
    return whole.reshape(H * p, H * p)


def whole(F):
    return F if F.ndim == 2 else blocks(F)


@pytest.mark.statement("lqr_gradient")
@pytest.mark.parametrize("sigma", [0.0, 0.1, 0.4, 2.0])
def test_the_gradient_is_the_derivative_of_the_objective(world, Theta, sigma, measure):
    """The negative controls: half of it, P_h in the place of P_{h+1}, and the moments without noise."""
    g = lqr.gradient(world, Theta, sigma)
    truth = complex_step(lambda x: lqr.evaluate(world, x, sigma).J, Theta)
    size = np.abs(truth).max()
    assert g.shape == Theta.shape
    assert measure((g - truth) / size, over=g.size, of="entries") < EXACT
    v = lqr.evaluate(world, Theta, sigma)
    shifted = np.concatenate([v.P[:-1], v.P[-2:-1]])
    late = lqr.lqr_gradient(world.A, world.B, world.R, Theta, shifted, v.M)
    silent = lqr.second_moments(world, Theta, sigma + 1.0)
    wrong_M = lqr.lqr_gradient(world.A, world.B, world.R, Theta, v.P, silent)
    assert min(np.abs(x - truth).max() / size for x in (g / 2, late, wrong_M)) > 1e-3


@pytest.mark.statement("lqr_noise")
@pytest.mark.parametrize("sigma", [0.1, 0.4, 2.0])
def test_the_derivative_in_the_noise(world, Theta, sigma):
    """Noise costs. The negative control is the derivative in sigma, not in its logarithm."""
    each = np.array([sigma, 2 * sigma])
    g = lqr.log_sigma_gradient(world, Theta, each)
    truth = complex_step(lambda x: lqr.evaluate(world, Theta, np.exp(x)).J, np.log(each))
    np.testing.assert_allclose(g, truth, rtol=EXACT)
    common = complex_step(lambda x: lqr.evaluate(world, Theta, np.exp(x)).J, np.array(np.log(2.0)))
    assert lqr.log_sigma_gradient(world, Theta, 2.0).sum() == pytest.approx(common, rel=EXACT)
    assert (g < 0).all()
    assert not np.allclose(g / each, truth, rtol=1e-3)


@pytest.mark.statement("lqr_fisher")
def test_the_fisher_matrix_is_half_the_divergence_of_the_whole_trajectory(
    world, Theta, Theta_new, brute_kl, measure
):
    """The negative controls: an average over the steps, and columns of Theta first."""
    sigma, d = 0.4, (Theta_new - Theta).ravel()
    F, kl = lqr.fisher(world, Theta, sigma), brute_kl(world, Theta, Theta_new, sigma)
    assert F.shape == (*Theta.shape[:-2], world.m * world.n, world.m * world.n)
    assert measure((d @ whole(F) @ d / 2 - kl) / kl, over=1, of="pairs") < 1e-8
    M = lqr.second_moments(world, Theta, sigma)
    columns = whole(np.kron(M if Theta.ndim == 3 else M.sum(axis=0), np.eye(world.m)) / sigma**2)
    for wrong in (whole(F) / world.H, columns):
        assert abs(d @ wrong @ d / 2 - kl) > 1e-2 * kl


@pytest.mark.statement("lqr_fisher")
def test_one_matrix_of_moments_gives_the_fisher_matrix_of_one_gain(world, rng):
    """The negative control is not squared."""
    Theta, M = (
        rng.normal(size=(world.m, world.n)),
        lqr.second_moments(world, np.zeros((world.m, world.n)), 0.4),
    )
    F = lqr.gaussian_fisher(M, 0.4, world.m)
    np.testing.assert_allclose(F, lqr.fisher(world, 0 * Theta, 0.4), rtol=EXACT)
    assert np.abs(F * 0.4 - lqr.fisher(world, 0 * Theta, 0.4)).max() > 1e-2


@pytest.mark.statement("lqr_fisher")
@pytest.mark.parametrize("sigma", [0.1, 0.4, np.array([0.3, 2.0])])
def test_the_natural_gradient_solves_the_system(world, Theta, sigma):
    """The negative control is the gradient by the moments alone, without the variance."""
    F, g = whole(lqr.fisher(world, Theta, sigma)), lqr.gradient(world, Theta, sigma)
    natural = lqr.natural_gradient(world, Theta, sigma)
    truth = np.linalg.solve(F, g.ravel()).reshape(Theta.shape)
    np.testing.assert_allclose(natural, truth, rtol=1e-8, atol=1e-9 * np.abs(truth).max())
    without = natural / (np.zeros(world.m) + sigma)[:, None] ** 2
    assert np.abs(without - truth).max() > 1e-2 * np.abs(truth).max()


@pytest.mark.statement("lqr_fisher")
def test_the_occupancy_cancels_for_gains_by_step(world, rng):
    """And for one gain it does not."""
    Theta = rng.normal(size=(world.H, world.m, world.n)) / 3
    _, E = lqr.advantage_form(world, Theta)
    natural = lqr.natural_gradient(world, Theta, 0.4)
    np.testing.assert_allclose(natural, -2 * 0.4**2 * E, rtol=1e-7, atol=1e-9 * np.abs(E).max())
    _, E = lqr.advantage_form(world, Theta[0])
    assert np.abs(lqr.natural_gradient(world, Theta[0], 0.4) + 2 * 0.16 * E.mean(0)).max() > 1e-2


@pytest.mark.statement("deterministic_gradient")
def test_the_deterministic_gradient_is_the_derivative_without_noise(world, rng):
    """In the mean over trajectories without noise of the actions, by points of their second moments.

    The negative control averages over the steps.
    """
    Theta = rng.normal(size=(world.m, world.n)) / 3
    truth = complex_step(lambda x: lqr.evaluate(world, x, 0.0).J, Theta)
    v, (_, E) = lqr.evaluate(world, Theta, 0.0), lqr.advantage_form(world, Theta)
    s = np.sqrt(world.n) * np.swapaxes(np.linalg.cholesky(v.M), 1, 2).swapaxes(0, 1)
    g = lqr.deterministic_gradient(-2 * np.einsum("hij,thj->thi", E, s), s)
    np.testing.assert_allclose(g, truth, rtol=1e-9)
    assert np.abs(g / world.H - truth).max() > 1e-2


@pytest.mark.statement("deterministic_gradient")
def test_the_gradient_tends_to_the_deterministic_one(world, rng):
    """The difference is a multiple of the square of sigma. The negative control tends elsewhere."""
    Theta = rng.normal(size=(world.m, world.n)) / 3
    limit = complex_step(lambda x: lqr.evaluate(world, x, 0.0).J, Theta)
    near, far = (np.abs(lqr.gradient(world, Theta, x) - limit).max() for x in (1e-2, 1e-1))
    assert far / near == pytest.approx(100, rel=1e-4)
    assert np.abs(lqr.gradient(world, Theta, 1e-3) - limit / 2).max() > 1e-2
