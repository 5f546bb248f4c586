"""The local problem: exact, enumerated and sampled are three ways to the same functions."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion import exact
from pgcompanion.algorithms import StepProblem, TableProblem, exact_problem, sampled_problem
from pgcompanion.estimators import advantage, policy_gradient, reward_to_go
from pgcompanion.policies import LinearGaussian, LinearSoftmax, NeuralGaussian, TabularSoftmax
from pgcompanion.trajectories import Trajectories, sample

EXACT = 1e-10


def enumerated(mdp, policy, theta) -> StepProblem:
    """The sample that has every trajectory in it, weighted by its probability, with exact advantages."""
    pi = policy.table(theta)
    tau = exact.trajectories(mdp)
    rho = np.exp(exact.log_likelihood(mdp, pi, tau))
    psi = rho[:, None] * advantage(tau, exact.evaluate(mdp, pi).A)
    problem = StepProblem(policy, theta, tau.s.ravel(), tau.a.ravel(), psi.ravel(), N=1.0)
    problem.n = np.repeat(rho, mdp.H)
    return problem


@pytest.fixture(params=["tabular", "linear"])
def case(request, small, rng):
    policy = TabularSoftmax(small.S, small.A)
    if request.param == "linear":
        policy = LinearSoftmax(rng.normal(size=(small.S, small.A, 4)))
    theta = rng.normal(size=policy.p)
    return small, policy, theta, theta + 0.4 * rng.normal(size=policy.p)


@pytest.mark.statement("trpo", "trpo_implement")
def test_the_sample_of_all_trajectories_is_the_exact_problem(case, measure):
    mdp, policy, theta_k, theta = case
    sampled, known = enumerated(mdp, policy, theta_k), exact_problem(mdp, policy, theta_k)
    v = np.linspace(-1, 1, policy.p)
    for f in (
        lambda p: p.surrogate(theta),
        lambda p: p.surrogate_gradient(theta),
        lambda p: p.clipped(theta, 0.1),
        lambda p: p.clipped_gradient(theta, 0.1),
        lambda p: p.kl(theta),
        lambda p: p.kl_gradient(theta),
        lambda p: p.fisher_product(v),
    ):
        assert measure(f(sampled) - f(known), over=exact.trajectories(mdp).N) < EXACT


@pytest.mark.statement("trpo")
def test_the_exact_problem_is_made_of_the_exact_functions(problem, mdp, policy, theta, rng):
    new = theta + rng.normal(size=policy.p)
    surrogate = exact.surrogate(mdp, policy, theta, new)
    assert problem.surrogate(new) == pytest.approx(surrogate, abs=EXACT)
    kl = exact.trajectory_kl(mdp, policy.table(theta), policy.table(new))
    assert problem.kl(new) == pytest.approx(kl, abs=EXACT)
    np.testing.assert_allclose(problem.gradient, exact.gradient(mdp, policy, theta), atol=EXACT)
    F = exact.fisher(mdp, policy, theta)
    v = rng.normal(size=policy.p)
    np.testing.assert_allclose(problem.fisher_product(v), F @ v, atol=EXACT)
    product = policy.fisher_product(theta, policy.states, problem.n, v)
    np.testing.assert_allclose(product, F @ v, atol=EXACT)


@pytest.mark.statement("trpo", "kld")
def test_gradients_are_derivatives(problem, theta, policy, rng, complex_step):
    new = theta + 0.5 * rng.normal(size=policy.p)
    g = complex_step(problem.surrogate, new)
    np.testing.assert_allclose(problem.surrogate_gradient(new), g, atol=EXACT)
    g = complex_step(problem.kl, new)
    np.testing.assert_allclose(problem.kl_gradient(new), g, atol=EXACT)
    np.testing.assert_allclose(problem.kl_gradient(theta), 0.0, atol=EXACT)


@pytest.mark.statement("kld")
@pytest.mark.parametrize("sigma", [0.7, None])
def test_the_gradient_of_the_gaussian_divergence(rng, sigma, complex_step):
    policy = NeuralGaussian(inputs=3, n=2, hidden=(5,), sigma=sigma)
    old, new = rng.normal(size=(2, policy.p))
    s, weights = rng.normal(size=(6, 3)), rng.random(6)
    derivative = complex_step(lambda t: (weights * policy.kl(old, t, s)).sum(), new)
    np.testing.assert_allclose(policy.kl_gradient(old, new, s, weights), derivative, atol=1e-8)


@pytest.mark.statement("trpo_implement")
def test_counts_say_all_that_the_steps_of_a_finite_world_do(case, rng):
    """Sums by state, action and sign of the advantage, against the same steps one by one."""
    mdp, policy, theta_k, theta = case
    full = sample(mdp, policy.table(theta_k), 200, rng)
    mask = np.arange(mdp.H) < rng.integers(1, mdp.H + 1, size=(200, 1))
    tau = Trajectories(full.s, full.a, full.r, mask)
    psi = rng.normal(size=tau.r.shape)
    counted = sampled_problem(policy, theta_k, tau, psi)
    one_by_one = StepProblem(policy, theta_k, tau.s[mask], tau.a[mask], psi[mask], tau.N)
    assert isinstance(counted, TableProblem)
    for f in (
        lambda p: p.surrogate(theta),
        lambda p: p.surrogate_gradient(theta),
        lambda p: p.clipped(theta, 0.1),
        lambda p: p.clipped_gradient(theta, 0.1),
        lambda p: p.kl(theta),
        lambda p: p.fisher_product(theta),
    ):
        np.testing.assert_allclose(f(counted), f(one_by_one), atol=EXACT)
    net = sampled_problem(policy, theta_k, tau, psi - psi.mean())
    assert abs(net.clipped(theta, 0.1) - counted.clipped(theta, 0.1)) > 1e-6


@pytest.mark.statement("reinforce_pg", "trpo_implement")
@pytest.mark.parametrize("kind", ["tabular", "gaussian"])
def test_the_gradient_of_the_sampled_problem_is_the_estimate(small, rng, kind):
    if kind == "tabular":
        policy = TabularSoftmax(small.S, small.A)
        theta = rng.normal(size=policy.p)
        tau = sample(small, policy.table(theta), 50, rng)
    else:
        policy = LinearGaussian(features=2, n=1, sigma=None)
        theta = rng.normal(size=policy.p)
        s = rng.normal(size=(50, 3, 2))
        tau = Trajectories(s, policy.sample(theta, s, rng), rng.normal(size=(50, 3)))
    psi = reward_to_go(tau)
    problem = sampled_problem(policy, theta, tau, psi)
    estimate = policy_gradient(policy, theta, tau, psi)
    np.testing.assert_allclose(problem.gradient, estimate, atol=EXACT)


@pytest.mark.statement("trpo_implement")
def test_an_epoch_of_minibatches_sees_every_step_once(rng):
    policy = LinearGaussian(features=2, n=1, sigma=0.5)
    theta = rng.normal(size=policy.p)
    s = rng.normal(size=(10, 5, 2))
    tau = Trajectories(s, policy.sample(theta, s, rng), rng.normal(size=(10, 5)))
    problem = sampled_problem(policy, theta, tau, tau.r)
    parts = list(problem.minibatches(16, rng))
    assert [len(part.psi) for part in parts] == [16, 16, 16, 2]
    sizes = np.array([len(part.psi) for part in parts]) / len(problem.psi)
    whole = sum(w * part.gradient for w, part in zip(sizes, parts, strict=True))
    np.testing.assert_allclose(whole, problem.gradient, atol=EXACT)
    assert not np.array_equal(parts[0].psi, problem.psi[:16])


def test_a_coefficient_of_the_wrong_shape_is_refused(small, rng):
    policy = TabularSoftmax(small.S, small.A)
    tau = sample(small, policy.table(np.zeros(policy.p)), 5, rng)
    with pytest.raises(
        ValueError, match=r"^psi has shape \(5,\), but \(N, H\) = \(5, 3\) is expected\.$"
    ):
        sampled_problem(policy, np.zeros(policy.p), tau, np.zeros(5))
