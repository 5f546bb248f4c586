"""The local problem: exact, enumerated and sampled are three ways to the same functions."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion import exact
from pgcompanion.algorithms import (
    StepProblem,
    TableProblem,
    exact_problem,
    ppo_update,
    sampled_problem,
)
from pgcompanion.algorithms.local.table import DENSE
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


@pytest.mark.statement("npg_optimization", "fisher_matrix")
@pytest.mark.parametrize("p", [DENSE - 1, DENSE + 1])
def test_with_many_parameters_the_natural_gradient_is_the_same(small, rng, p):
    """Beyond `DENSE` parameters no Fisher matrix is formed: on either side of the line, both ways agree.

    The matrix has the rank of the scores, S (A - 1) = 3, so its pseudo-inverse is cheap: F = G G^T with
    the scores, weighted, as the columns of G, and F^+ g = G^+T G^+ g.
    """
    policy = LinearSoftmax(rng.normal(size=(small.S, small.A, p)) / np.sqrt(p))
    theta = rng.normal(size=p)
    problem = exact_problem(small, policy, theta)
    pairs = np.indices((small.S, small.A)).reshape(2, -1)
    weights = problem.n[pairs[0]] * policy.table(theta).ravel()
    G = policy.score(theta, *pairs).T * np.sqrt(weights)
    inverse = np.linalg.pinv(G, rcond=1e-10)
    x = inverse.T @ (inverse @ problem.gradient)
    np.testing.assert_allclose(problem.natural_gradient(), x, atol=1e-9 * np.abs(x).max())
    v = rng.normal(size=p)
    image = problem.fisher_product(v)
    np.testing.assert_allclose(image, G @ (G.T @ v), atol=EXACT)
    assert np.abs(image).max() > 1e-3
    damped = problem.natural_gradient(damping=0.5)
    residual = G @ (G.T @ damped) + 0.5 * damped - problem.gradient
    assert np.abs(residual).max() < 1e-9 * np.abs(problem.gradient).max()
    assert np.abs(damped - x).max() > 1e-3 * np.abs(x).max()


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


@pytest.mark.statement("trpo_implement")
def test_an_index_beyond_the_table_is_refused_and_not_counted_elsewhere(rng):
    """With A = 2, action 2 of state 1 has the place of action 0 of state 2: what the negative control counts."""
    policy, r = TabularSoftmax(3, 2), np.ones((1, 2))
    theta = rng.normal(size=6)

    def problem(s, a):
        return sampled_problem(policy, theta, Trajectories(np.array([s]), np.array([a]), r), r)

    for s, a, message in (
        ([0, 1], [0, 2], r"^tau\.a must lie between 0 and 1, but it contains 2\.$"),
        ([0, 1], [-1, 0], r"^tau\.a must lie between 0 and 1, but it contains -1\.$"),
        ([0, 3], [0, 1], r"^tau\.s must lie between 0 and 2, but it contains 3\.$"),
        ([-1, 1], [0, 1], r"^tau\.s must lie between 0 and 2, but it contains -1\.$"),
    ):
        with pytest.raises(ValueError, match=message):
            problem(s, a)
    pair = 1 * policy.A + 2
    assert np.unravel_index(pair, (3, 2)) == (2, 0)
    with pytest.raises(ValueError, match=r"^tau\.a must hold integers, but its type is float64\.$"):
        problem([0, 1], [0.0, 1.0])


@pytest.mark.statement("trpo_implement")
def test_nothing_is_asked_of_what_stands_where_no_step_was_taken(rng):
    policy, mask = TabularSoftmax(3, 2), np.array([[True, True, False]])
    theta = rng.normal(size=6)
    clean = Trajectories(np.array([[0, 1, 0]]), np.array([[1, 0, 0]]), np.ones((1, 3)), mask)
    filled = Trajectories(np.array([[0, 1, 99]]), np.array([[1, 0, -7]]), np.ones((1, 3)), mask)
    one, other = (
        sampled_problem(policy, theta, tau, np.array([[1.0, -2.0, x]]))
        for tau, x in ((clean, 0.0), (filled, np.nan))
    )
    for f in (lambda p: p.W, lambda p: p.n, lambda p: p.gradient):
        np.testing.assert_array_equal(f(one), f(other))
    unmasked = Trajectories(clean.s, clean.a, clean.r)
    counted = sampled_problem(policy, theta, unmasked, np.ones((1, 3)))
    assert np.abs(counted.n - one.n).max() == 1.0
    with pytest.raises(
        ValueError, match=r"^psi must be finite, but it contains NaN or infinity\.$"
    ):
        sampled_problem(policy, theta, unmasked, np.array([[1.0, -2.0, np.nan]]))


def test_parameters_may_come_as_a_list_of_integers_and_a_policy_of_another_world_may_not(
    small, rng
):
    policy = TabularSoftmax(small.S, small.A)
    theta = [0, 1, 0, 2, 0, 3]
    tau = sample(small, policy.table(np.array(theta)), 20, rng)
    for of_list, of_array in (
        (exact_problem(small, policy, theta), exact_problem(small, policy, np.array(theta, float))),
        (
            sampled_problem(policy, theta, tau, tau.r),
            sampled_problem(policy, np.array(theta, float), tau, tau.r),
        ),
    ):
        moved, expected = (ppo_update(problem, eps=0.2) for problem in (of_list, of_array))
        np.testing.assert_array_equal(moved, expected)
        assert moved.dtype == float
        assert (moved != theta).any()
    with pytest.raises(ValueError, match=r"^policy has S = 2 and A = 2, but S = 3 and A = 2"):
        exact_problem(small, TabularSoftmax(2, 2), np.zeros(4))
    with pytest.raises(ValueError, match=r"^theta has shape \(4,\), but \(6\) is expected\.$"):
        sampled_problem(policy, np.zeros(4), tau, tau.r)
