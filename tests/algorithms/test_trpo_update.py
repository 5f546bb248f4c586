"""The practical step of TRPO, from trajectories: what its line search promises, and what it is for."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion import exact
from pgcompanion.algorithms import (
    StepProblem,
    sampled_problem,
    trpo_argmax,
    trpo_update,
)
from pgcompanion.algorithms.npg import natural_step
from pgcompanion.estimators import along, reward_to_go
from pgcompanion.policies import LinearGaussian, NeuralSoftmax, TabularSoftmax
from pgcompanion.trajectories import Trajectories, sample

EXACT = 1e-10


@pytest.mark.statement("trpo_implement")
def test_the_objective_is_the_surrogate_plus_what_the_baseline_leaves(small, rng, measure):
    """All trajectories at once: reward-to-go less any baseline in the place of the advantage."""
    policy = TabularSoftmax(small.S, small.A)
    theta_k = rng.normal(size=policy.p)
    pi = policy.table(theta_k)
    tau, v = exact.trajectories(small), exact.evaluate(small, pi)
    rho = np.exp(exact.log_likelihood(small, pi, tau))
    b = rng.normal(size=(small.H, small.S))
    psi = reward_to_go(tau) - along(tau, b)
    offset = (v.d * (v.V[:-1] - b)).sum()
    for theta in rng.normal(size=(5, policy.p)):
        ratio = np.exp(
            policy.log_prob(theta, tau.s, tau.a) - policy.log_prob(theta_k, tau.s, tau.a)
        )
        objective = rho @ (ratio * psi).sum(axis=1)
        error = objective - offset - exact.surrogate(small, policy, theta_k, theta)
        assert measure(error, over=tau.N) < EXACT
    assert abs(offset) > 0.1


def drawn(kind, mdp, rng, N=60):
    """A policy, its parameters, trajectories of it, coefficients that are noise, and a further point."""
    if kind == "gaussian":
        policy = LinearGaussian(features=2, n=1, sigma=None)
        theta = 0.3 * rng.normal(size=policy.p)
        s = rng.normal(size=(N, 4, 2))
        tau = Trajectories(s, policy.sample(theta, s, rng), rng.normal(size=(N, 4)))
    else:
        policy = TabularSoftmax(mdp.S, mdp.A)
        if kind == "network":
            policy = NeuralSoftmax(rng.normal(size=(mdp.S, 2)), mdp.A, hidden=(4,))
        theta = 0.3 * rng.normal(size=policy.p)
        tau = sample(mdp, policy.table(theta), N, rng)
    psi = rng.normal(size=tau.r.shape)
    return policy, theta, tau, psi, theta + 0.3 * rng.normal(size=policy.p)


@pytest.fixture(params=["tabular", "network", "gaussian"])
def sampled(request, small, rng):
    """A sampled problem of each kind, with a further point."""
    return drawn(request.param, small, rng)


@pytest.mark.statement("trpo_implement")
def test_the_sampled_divergence_is_a_mean_over_trajectories_and_never_negative(sampled):
    policy, theta_k, tau, psi, theta = sampled
    kl = sampled_problem(policy, theta_k, tau, psi).kl(theta)
    analytic = policy.kl(theta_k, theta, tau.s).sum() / tau.N
    assert kl == pytest.approx(analytic, abs=EXACT)
    assert kl > 0
    twice = Trajectories(*(np.concatenate([x, x]) for x in (tau.s, tau.a, tau.r)))
    doubled = sampled_problem(policy, theta_k, twice, np.concatenate([psi, psi]))
    assert doubled.kl(theta) == pytest.approx(kl, abs=EXACT)
    sums = [policy.kl(theta_k, theta, t.s).sum() for t in (tau, twice)]
    assert sums[1] > 1.9 * sums[0]


@pytest.mark.statement("trpo_implement")
def test_the_sampled_log_ratio_is_no_substitute_for_the_divergence(small, rng):
    """The negative control: on one trajectory it is below zero about every other time."""
    policy = TabularSoftmax(small.S, small.A)
    theta_k = rng.normal(size=policy.p)
    theta = theta_k + 0.5 * rng.normal(size=policy.p)
    tau = sample(small, policy.table(theta_k), 2000, rng)
    log_ratio = policy.log_prob(theta_k, tau.s, tau.a) - policy.log_prob(theta, tau.s, tau.a)
    assert (log_ratio.sum(axis=1) < 0).mean() > 0.2
    assert (policy.kl(theta_k, theta, tau.s) >= 0).all()


@pytest.mark.statement("trpo_implement")
@pytest.mark.parametrize("delta", [1e-3, 0.3, 3.0])
@pytest.mark.parametrize("damping", [0.0, 0.1])
def test_after_the_line_search_the_divergence_is_bounded_and_the_surrogate_has_grown(
    sampled, delta, damping
):
    problem = sampled_problem(*sampled[:4])
    theta = trpo_update(problem, delta, damping=damping)
    assert 0 < problem.kl(theta) <= delta
    assert problem.surrogate(theta) > 0


@pytest.mark.statement("trpo_implement")
@pytest.mark.parametrize("kind", ["tabular", "network"])
def test_without_the_line_search_the_bound_is_broken(kind, small, rng):
    """The negative control of the line search is the full step, which the quadratic model thinks allowed."""
    delta = 0.3
    problem = sampled_problem(*drawn(kind, small, rng)[:4])
    step = natural_step(problem, delta=delta)
    assert step @ problem.fisher_product(step) / 2 == pytest.approx(delta, rel=1e-6)
    assert problem.kl(problem.theta_k + step) > delta
    short = trpo_update(problem, delta) - problem.theta_k
    assert 0 < problem.kl(problem.theta_k + short) <= delta
    halvings = -np.log2(np.linalg.norm(short) / np.linalg.norm(step))
    assert halvings == pytest.approx(max(round(halvings), 1), abs=1e-9)


@pytest.mark.statement("trpo_implement")
def test_a_full_step_that_keeps_the_bound_and_gains_is_taken_as_it_is(small, rng):
    """For this Gaussian the quadratic model overrates the divergence. A smaller radius would not be the same step."""
    problem = sampled_problem(*drawn("gaussian", small, rng)[:4])
    full = problem.theta_k + natural_step(problem, delta=0.3)
    assert 0 < problem.kl(full) < 0.3
    assert problem.surrogate(full) > 0
    np.testing.assert_array_equal(trpo_update(problem, 0.3), full)
    assert np.abs(trpo_update(problem, 0.1) - full).max() > 1e-3


def within_the_bound(problem, delta):
    """The negative control: a line search that asks for the divergence alone."""
    step = natural_step(problem, delta=delta)
    while problem.kl(problem.theta_k + step) > delta:
        step = step / 2
    return problem.theta_k + step


@pytest.mark.statement("trpo_implement")
def test_a_step_within_the_bound_may_still_lose(small):
    """From 20 trajectories a network's surrogate is far from linear within the radius: both conditions are needed."""
    lost = 0
    for seed in range(20):
        problem = sampled_problem(*drawn("network", small, np.random.default_rng(seed), N=20)[:4])
        theta = trpo_update(problem, 3.0)
        assert 0 < problem.kl(theta) <= 3.0
        assert problem.surrogate(theta) > 0
        lost += problem.surrogate(within_the_bound(problem, 3.0)) <= 0
    assert lost > 0


@pytest.mark.statement("trpo_implement")
def test_where_no_step_will_do_a_copy_of_the_old_parameters_is_returned(small, rng):
    """A surrogate that never grows; and what is returned may be written to."""
    problem = sampled_problem(*drawn("tabular", small, rng)[:4])
    assert not np.array_equal(trpo_update(problem, 0.1), problem.theta_k)
    problem.surrogate = lambda theta: -1.0
    kept, before = trpo_update(problem, 0.1), problem.theta_k.copy()
    np.testing.assert_array_equal(kept, before)
    kept += 1.0
    np.testing.assert_array_equal(problem.theta_k, before)


@pytest.mark.statement("trpo_implement")
@pytest.mark.parametrize("delta", [1e-4, 1e-6])
def test_the_practical_step_on_exact_quantities_approaches_the_exact_one(problem, delta):
    """With all the distribution for a sample it misses no more of the gain than the line search takes.

    The length of the step is at least ``backtrack`` times what the bound allows, so it misses a share of
    1 - backtrack at most, and what the quadratic model misses: one order more of the step, sqrt(delta).
    The negative control goes as far along the plain gradient.
    """
    backtrack = 0.99

    def missed(step):
        best = problem.surrogate(trpo_argmax(problem, delta)[0])
        return 1 - problem.surrogate(problem.theta_k + step) / best

    step = trpo_update(problem, delta, backtrack=backtrack) - problem.theta_k
    allowed = 1 - backtrack + np.sqrt(delta)
    assert 0 <= missed(step) <= allowed
    g = problem.gradient
    length = np.sqrt(step @ problem.fisher_product(step) / (g @ problem.fisher_product(g)))
    assert missed(length * g) > allowed


@pytest.mark.statement("trpo_implement")
def test_the_sampled_update_is_the_same_line_by_line_for_counts_and_for_steps(small, rng):
    policy = TabularSoftmax(small.S, small.A)
    theta = rng.normal(size=policy.p)
    tau = sample(small, policy.table(theta), 300, rng)
    psi = reward_to_go(tau)
    counted = sampled_problem(policy, theta, tau, psi)
    steps = StepProblem(policy, theta, tau.s.ravel(), tau.a.ravel(), psi.ravel(), tau.N)
    np.testing.assert_allclose(trpo_update(counted, 0.1), trpo_update(steps, 0.1), atol=1e-8)


@pytest.mark.parametrize("backtrack", [1.5, 1.0, 0.0, -0.5])
def test_backtracking_must_shorten(problem, backtrack):
    with pytest.raises(ValueError, match=r"^backtrack must lie between 0 and 1, but it is"):
        trpo_update(problem, 0.1, backtrack=backtrack)
