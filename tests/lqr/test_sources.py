"""The package's own policies, estimators, batches and steps on linear worlds: the same numbers."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import gymnasium
import numpy as np
import pytest

import pgcompanion as pg
from pgcompanion import estimators, lqr, objectives, steps
from pgcompanion.lqr import LQR

EXACT = 1e-9
Z = 4.5  # standard errors that the worst of a few entries may lie away


@pytest.fixture
def gain(world, rng):
    return rng.normal(size=(world.m, world.n)) / 3


def z_scores(samples, truth):
    return (samples.mean(axis=0) - truth) / (samples.std(axis=0) / np.sqrt(len(samples)))


@pytest.mark.statement("lqr_gradient", "lqr_fisher", "lqr_kl", "lqr_pdl")
@pytest.mark.parametrize("sigma", [0.1, 0.4, 2.0])
def test_the_exact_batch_gives_the_closed_forms(world, gain, rng, sigma, measure):
    """The negative control looks at another gain than the batch does."""
    policy, theta = pg.LinearGaussian(world.n, world.m, sigma), gain.ravel()
    batch = lqr.Exact(world)(policy, theta)
    shape, new = gain.shape, theta + 0.1 * sigma * rng.normal(size=theta.size)
    g = objectives.gradient(policy, theta, batch).reshape(shape)
    truth = lqr.gradient(world, gain, sigma)
    assert measure((g - truth) / np.abs(truth).max(), over=batch.B, of="rows") < EXACT
    F = lqr.fisher(world, gain, sigma)
    np.testing.assert_allclose(objectives.fisher(policy, theta, batch), F, rtol=EXACT, atol=1e-9)
    kl = lqr.trajectory_kl(world, gain, new.reshape(shape), sigma)
    assert objectives.kl(policy, theta, new, batch) == pytest.approx(kl, rel=EXACT)
    L = lqr.surrogate(world, gain, new.reshape(shape), sigma)
    assert objectives.surrogate(policy, new, batch) == pytest.approx(L, rel=1e-6)
    assert batch.w.sum() == pytest.approx(world.H)
    assert pytest.approx(lqr.evaluate(world, gain, sigma).J) == batch.J
    elsewhere = lqr.gradient(world, gain + 0.1, sigma)
    assert np.abs(g - elsewhere).max() > 1e-3 * np.abs(truth).max()


@pytest.mark.statement("lqr_fisher", "lqr_penalty")
def test_the_steps_of_the_package_are_the_closed_forms(world, gain):
    """The natural step, TRPO's and the penalty's. The negative control is a penalty twice as large."""
    sigma, shape = 0.4, gain.shape
    policy, theta = pg.LinearGaussian(world.n, world.m, sigma), gain.ravel()
    batch = lqr.Exact(world, points=20)(policy, theta)
    natural = steps.natural_gradient(policy, theta, batch).reshape(shape)
    np.testing.assert_allclose(natural, lqr.natural_gradient(world, gain, sigma), rtol=1e-7)
    step = steps.natural_step(policy, theta, batch, delta=0.01).reshape(shape)
    assert lqr.trajectory_kl(world, gain, gain + step, sigma) == pytest.approx(0.01, rel=1e-7)
    lam = 60.0
    new = steps.penalty_argmax(policy, theta, batch, lam).reshape(shape)
    np.testing.assert_allclose(new, lqr.penalty_argmax(world, gain, sigma, lam), atol=1e-6)
    doubled = lqr.penalty_argmax(world, gain, sigma, 2 * lam)
    assert np.abs(new - doubled).max() > 1e-3
    new, alpha = steps.trpo_argmax(policy, theta, batch, 0.05)
    closed = lqr.trust_region_argmax(world, gain, sigma, 0.05)
    np.testing.assert_allclose(new.reshape(shape), closed, atol=1e-5)
    assert alpha == pytest.approx(lqr.multiplier(world, gain, sigma, 0.05), rel=1e-3)


@pytest.mark.statement("lqr_noise")
def test_the_exact_batch_has_the_gradient_of_a_learned_noise(world, gain):
    sigma = np.array([0.3, 0.8])
    policy, theta = (
        pg.LinearGaussian(world.n, world.m, None),
        np.concatenate([gain.ravel(), np.log(sigma)]),
    )
    g = objectives.gradient(policy, theta, lqr.Exact(world, points=3)(policy, theta))
    truth = lqr.log_sigma_gradient(world, gain, sigma)
    np.testing.assert_allclose(g[-2:], truth, rtol=EXACT)
    np.testing.assert_allclose(g[:-2].reshape(gain.shape), lqr.gradient(world, gain, sigma))
    assert np.abs(g[-2:] / sigma - truth).max() > 1e-3


@pytest.mark.statement("lqr")
@pytest.mark.parametrize("sigma", [0.1, 0.4, 2.0])
def test_sampled_estimates_agree_within_their_errors(sigma, measure):
    """Return, gradient by three coefficients, and Fisher matrix, with the package's estimators.

    The negative controls: half the gradient, and the Fisher matrix of a step.
    """
    world, rng, gain = (
        LQR.named("double integrator"),
        np.random.default_rng(7),
        np.array([[-0.4, -0.4]]),
    )
    policy, theta = pg.LinearGaussian(world.n, world.m, sigma), gain.ravel()
    tau = lqr.sample(world, policy, theta, 40_000, rng)
    v, g = lqr.evaluate(world, gain, sigma), lqr.gradient(world, gain, sigma).ravel()
    z = [z_scores(tau.r.sum(axis=1), v.J)]
    to_go, V = estimators.reward_to_go(tau.r), lqr.value(world, gain, sigma, tau.s)
    A = lqr.advantage(world, gain, sigma, tau.s, tau.a)
    for psi in (to_go, to_go - V, A):
        each = estimators.per_trajectory_gradients(policy, theta, tau, psi)
        z += list(z_scores(each, g))
    assert np.abs(z_scores(each, g / 2)).max() > Z  # of the advantages, the least noisy
    score = policy.score(theta, tau.s, tau.a)
    each = np.einsum("thi,thj->tij", score, score).reshape(len(score), -1)
    z += list(z_scores(each, lqr.fisher(world, gain, sigma).ravel()))
    assert np.abs(z_scores(each, lqr.fisher(world, gain, sigma).ravel() / world.H)).max() > Z
    assert measure(z, over=tau.N, kind="z-score") < Z


@pytest.mark.statement("lqr")
def test_the_environment_and_the_sampler_have_the_moments_of_the_recursion():
    """Sampled through Gymnasium by the package's `rollout`, too. The negative control has no noise."""
    world, rng = LQR.named("double integrator", H=6), np.random.default_rng(5)
    policy, theta = pg.LinearGaussian(2, 1, 2.0), np.array([-1.0, -1.5])
    envs = gymnasium.vector.SyncVectorEnv([world.env] * 3000)
    through_env = pg.rollout(envs, policy, theta, world.H, rng)
    assert through_env.complete
    assert through_env.terminated.all()
    M = lqr.second_moments(world, theta.reshape(1, 2), 2.0)
    for tau in (through_env, lqr.sample(world, policy, theta, 3000, rng)):
        each = np.einsum("thi,thj->thij", tau.s, tau.s)
        assert np.abs(z_scores(each, M)).max() < Z
        r = -np.einsum("thi,ij,thj->th", tau.s, world.Q, tau.s) - world.R[0, 0] * tau.a[..., 0] ** 2
        np.testing.assert_allclose(tau.r, r, rtol=1e-9)
        silent = lqr.second_moments(world, theta.reshape(1, 2), 0.0)
        assert np.abs(z_scores(each, silent)).max() > Z


@pytest.mark.statement("lqr")
def test_the_sampled_source_serves_the_algorithms():
    """REINFORCE and NPG climb from sampled batches, TRPO from exact ones; the wrong way is down."""
    world, start, rng = (
        LQR.named("double integrator"),
        np.array([-0.5, -0.5]),
        np.random.default_rng(0),
    )
    policy = pg.LinearGaussian(2, 1, 0.3)

    def J(theta):
        return lqr.evaluate(world, theta.reshape(1, 2), 0.3).J

    sampled = lqr.Sampled(world, N=500, rng=rng)
    *_, last = pg.npg(sampled, policy, start, delta=0.3, K=5)
    assert J(last.theta) > J(start) + 1
    *_, last = pg.reinforce(sampled, policy, start, eta=0.005, K=5)
    assert J(last.theta) > J(start) + 0.5
    *_, last = pg.trpo(lqr.Exact(world), policy, start, delta=0.3, K=5)
    assert J(last.theta) > J(start) + 1
    away = start - (last.theta - start) / 4
    assert not J(away) > J(start)


@pytest.mark.statement("lqr_variance")
def test_reward_to_go_is_as_noisy_as_the_noise_is_small_and_advantages_are_not(measure):
    """Var times sigma² tends to m Σ E |s|² R² for the reward-to-go, and Var to a limit for advantages.

    Each limit is sampled by itself at sigma = 0. The negative control gives each the other's power.
    """
    world, gain, N = LQR.named("double integrator", H=8), np.array([[-1.0, -1.5]]), 100_000
    policy_0, theta, rng = pg.LinearGaussian(2, 1, 1e-9), gain.ravel(), np.random.default_rng(3)
    quiet = lqr.sample(world, policy_0, theta, N, rng)
    R2 = (quiet.s**2).sum(axis=-1) * estimators.reward_to_go(quiet.r) ** 2
    _, E = lqr.advantage_form(world, gain)
    xi = rng.standard_normal(quiet.a.shape)
    slope = -2 * xi * np.einsum("hij,thj->thi", E, quiet.s)
    limit = ((slope * xi) * quiet.s).sum(axis=1)
    limits = R2.sum(axis=1).mean(), limit.var(axis=0).sum()
    for sigma in (0.03, 0.003):
        policy = pg.LinearGaussian(2, 1, sigma)
        tau = lqr.sample(world, policy, theta, N, rng)
        A = lqr.advantage(world, gain, sigma, tau.s, tau.a)
        noisy, calm = (
            estimators.per_trajectory_gradients(policy, theta, tau, psi).var(axis=0).sum()
            for psi in (estimators.reward_to_go(tau.r), A)
        )
        assert measure(noisy * sigma**2 / limits[0] - 1, over=N) < 0.1
        assert abs(calm / limits[1] - 1) < 0.1
        assert abs(calm * sigma**2 / limits[1] - 1) > 0.9
        assert abs(noisy / limits[0] - 1) > 0.9


def test_a_source_stays_as_it_was_checked():
    source = lqr.Exact(LQR.named("double integrator"))
    with pytest.raises(FrozenInstanceError):
        source.points = 1
