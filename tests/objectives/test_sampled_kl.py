"""The gradient of a sampled divergence: noise with the Fisher matrix as its covariance, where the analytic one has none."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion import complex_step, exact, objectives
from pgcompanion.batches import trajectory_batch
from pgcompanion.policies import TabularSoftmax
from pgcompanion.trajectories import sample

EXACT = 1e-10


@pytest.mark.statement("sampled_kl")
def test_at_the_old_policy_the_sampled_penalty_has_noise_of_covariance_lambda_squared_f(
    small, rng, measure
):
    """Over all trajectories. The negative control is the Fisher matrix of a step in place of a trajectory's."""
    policy, lam = TabularSoftmax(small.S, small.A), 0.5
    theta = rng.normal(size=policy.p)
    tau = exact.trajectories(small)
    rho = np.exp(exact.log_likelihood(small, policy.table(theta), tau))
    logp = policy.log_prob(theta, tau.s, tau.a)

    def gradient_of_one(n: int) -> np.ndarray:
        """Of the program's objective with advantages 0, for one episode."""

        def objective(t):
            new = policy.log_prob(t, tau.s[n : n + 1], tau.a[n : n + 1])
            return (0.0 * np.exp(new - logp[n : n + 1]) + lam * new).sum()

        return complex_step(objective, theta)

    g = lam * policy.score(theta, tau.s, tau.a).sum(axis=1)
    for n in (0, 17, 100):
        np.testing.assert_allclose(g[n], gradient_of_one(n), atol=EXACT)
    covariance = (rho[:, None] * g).T @ g
    F = exact.fisher(small, policy, theta)
    assert np.abs(rho @ g).max() < EXACT
    assert measure(covariance - lam**2 * F, over=tau.N) < EXACT
    assert np.abs(covariance - lam**2 * F / small.H).max() > 1e-3


@pytest.mark.statement("sampled_kl")
def test_the_analytic_divergence_of_any_batch_has_no_gradient_there(small, rng):
    """Nor has the sampled mean of u - 1 - log u, whose mean is the divergence. The mean of log 1/u, the control, has."""
    policy = TabularSoftmax(small.S, small.A)
    theta = rng.normal(size=policy.p)
    tau = sample(small, policy.table(theta), 12, rng)
    batch = trajectory_batch(policy, theta, tau, tau.r)
    assert np.abs(objectives.kl_gradient(policy, theta, theta, batch)).max() < EXACT
    old = policy.log_prob(theta, tau.s, tau.a)

    def log_u(t):
        return policy.log_prob(t, tau.s, tau.a) - old

    low = complex_step(lambda t: (np.exp(log_u(t)) - 1 - log_u(t)).sum(axis=1).mean(), theta)
    plain = complex_step(lambda t: -log_u(t).sum(axis=1).mean(), theta)
    assert np.abs(low).max() < EXACT
    assert np.abs(plain).max() > 1e-2


@pytest.mark.statement("sampled_kl")
def test_the_three_estimates_have_the_same_mean_away_from_the_old_policy(small, rng, measure):
    """Of the divergence and of its gradient. The negative control squares the logarithm."""
    policy = TabularSoftmax(small.S, small.A)
    theta = rng.normal(size=policy.p)
    new = theta + 0.3 * rng.normal(size=policy.p)
    tau = exact.trajectories(small)
    rho = np.exp(exact.log_likelihood(small, policy.table(theta), tau))
    log_u = np.log(policy.table(new) / policy.table(theta))[tau.s, tau.a]
    kl = exact.trajectory_kl(small, policy.table(theta), policy.table(new))
    for terms in (-log_u, np.expm1(log_u) - log_u):
        assert measure(rho @ terms.sum(axis=1) - kl, over=tau.N) < EXACT
    assert abs(rho @ (log_u**2).sum(axis=1) / 2 - kl) > 1e-4
    score = policy.score(new, tau.s, tau.a)
    gradients = [
        np.einsum("n,nh,nhp->p", rho, c, score) for c in (-np.ones(log_u.shape), np.expm1(log_u))
    ]
    np.testing.assert_allclose(gradients[0], gradients[1], atol=EXACT)
    assert np.abs(gradients[0]).max() > 1e-3
