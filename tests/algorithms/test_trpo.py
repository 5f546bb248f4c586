"""TRPO: the constrained maximum, its conditions of optimality, and the practical step that keeps its promise."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion import exact
from pgcompanion.algorithms import (
    StepProblem,
    exact_problem,
    npg_step,
    sampled_problem,
    trpo,
    trpo_argmax,
    trpo_update,
)
from pgcompanion.algorithms.npg import natural_step
from pgcompanion.algorithms.trpo import decreasing_root
from pgcompanion.estimators import along, reward_to_go
from pgcompanion.gridworld import GridWorld
from pgcompanion.policies import LinearGaussian, LinearSoftmax, NeuralSoftmax, TabularSoftmax
from pgcompanion.trajectories import Trajectories, sample

EXACT = 1e-10


def residual(problem, theta, alpha, kl_gradient):
    """How far theta is from stationary for the Lagrangian, relative to the gradient."""
    g = problem.surrogate_gradient(theta)
    return np.linalg.norm(g - alpha * kl_gradient) / np.linalg.norm(problem.gradient)


@pytest.mark.statement("trpo")
@pytest.mark.parametrize("delta", [1e-6, 1e-3, 0.1, 1.0])
def test_the_update_meets_the_conditions_of_optimality(problem, delta, measure):
    theta, alpha = trpo_argmax(problem, delta)
    assert alpha > 0
    assert problem.kl(theta) == pytest.approx(delta, rel=1e-6)
    assert (
        measure(residual(problem, theta, alpha, problem.kl_gradient(theta)), over=1, of="updates")
        < 1e-8
    )
    assert problem.surrogate(theta) > 0


@pytest.mark.statement("trpo")
def test_the_other_divergence_and_the_other_states_give_another_point(
    mdp, policy, theta, complex_step
):
    """The negative controls: reversed KL, and advantages averaged over the new policy's states."""
    problem, delta = exact_problem(mdp, policy, theta), 0.1
    new, alpha = trpo_argmax(problem, delta)

    def reverse(t):
        return exact.expected_visits(mdp, policy.table(t)) @ policy.kl(t, theta, policy.states)

    assert residual(problem, new, alpha, complex_step(reverse, new)) > 1e-2
    assert abs(reverse(new) - delta) > 1e-2 * delta
    J_gradient = exact.gradient(mdp, policy, new)
    off = np.linalg.norm(J_gradient - alpha * problem.kl_gradient(new)) / np.linalg.norm(
        problem.gradient
    )
    assert off > 1e-2


@pytest.mark.statement("trpo")
@pytest.mark.parametrize("delta", [0.01, 0.3])
def test_no_other_policy_within_the_radius_has_a_higher_surrogate(problem, theta, rng, delta):
    best = problem.surrogate(trpo_argmax(problem, delta)[0])
    beaten = 0
    for _ in range(300):
        d = rng.normal(size=len(theta))
        d *= np.sqrt(2 * delta / (d @ problem.fisher_product(d)))
        while problem.kl(theta + d) > delta:
            d *= 0.9
        assert problem.surrogate(theta + d) < best
        beaten += problem.surrogate(theta + d) > 0
    assert beaten > 50


@pytest.mark.statement("trpo")
def test_the_step_per_state_agrees_with_newtons_method(mdp, rng):
    """A table as such, and as a linear policy with one feature for each entry: two solvers, one answer."""
    theta = rng.normal(size=mdp.S * mdp.A)
    one_hot = np.eye(mdp.S * mdp.A).reshape(mdp.S, mdp.A, -1)
    answers = [
        trpo_argmax(exact_problem(mdp, policy, theta), 0.2)
        for policy in (TabularSoftmax(mdp.S, mdp.A), LinearSoftmax(one_hot))
    ]
    tables = [TabularSoftmax(mdp.S, mdp.A).table(theta) for theta, _ in answers]
    np.testing.assert_allclose(*tables, atol=1e-9)
    assert answers[0][1] == pytest.approx(answers[1][1], rel=1e-8)


@pytest.mark.statement("trpo")
def test_the_generator_takes_exact_steps_of_the_given_divergence(mdp, policy, theta):
    its = list(trpo(mdp, policy, theta, delta=0.05, K=3))
    np.testing.assert_array_equal(its[1].theta, trpo_argmax(its[0].problem, 0.05)[0])
    np.testing.assert_allclose([it.kl for it in its], [0, 0.05, 0.05, 0.05], rtol=1e-6)
    assert its[3].J > its[0].J


@pytest.mark.statement("trpo")
def test_where_the_gradient_is_zero_it_stays(mdp):
    policy = TabularSoftmax(mdp.S, mdp.A)
    flat = type(mdp)(mdp.P, np.ones((mdp.S, mdp.A)), mdp.mu0, mdp.H)
    problem = exact_problem(flat, policy, np.zeros(policy.p))
    problem.W[:] = 0.0
    theta, alpha = trpo_argmax(problem, 0.1)
    np.testing.assert_array_equal(theta, problem.theta_k)
    assert alpha == 0.0
    np.testing.assert_array_equal(trpo_update(problem, 0.1), problem.theta_k)


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


@pytest.fixture(params=["tabular", "network", "gaussian"])
def sampled(request, small, rng):
    """A sampled problem of each kind, with a further point."""
    if request.param == "gaussian":
        policy = LinearGaussian(features=2, n=1, sigma=None)
        theta = 0.3 * rng.normal(size=policy.p)
        s = rng.normal(size=(60, 4, 2))
        tau = Trajectories(s, policy.sample(theta, s, rng), rng.normal(size=(60, 4)))
    else:
        policy = TabularSoftmax(small.S, small.A)
        if request.param == "network":
            policy = NeuralSoftmax(rng.normal(size=(small.S, 2)), small.A, hidden=(4,))
        theta = 0.3 * rng.normal(size=policy.p)
        tau = sample(small, policy.table(theta), 60, rng)
    psi = rng.normal(size=tau.r.shape)
    return policy, theta, tau, psi, theta + 0.3 * rng.normal(size=policy.p)


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
def test_without_the_line_search_the_bound_is_broken(sampled):
    problem = sampled_problem(*sampled[:4])
    full = problem.theta_k + natural_step(problem, delta=3.0)
    short = trpo_update(problem, 3.0)
    if problem.kl(full) <= 3.0:
        np.testing.assert_array_equal(short, full)
    else:
        assert problem.kl(short) < problem.kl(full)


@pytest.mark.statement("trpo_implement")
def test_the_practical_step_on_exact_quantities_approaches_the_exact_one(problem):
    """With all the distribution for a sample, the line search leaves little on the table as delta shrinks."""
    gains = []
    for delta in (1e-2, 1e-6):
        best = problem.surrogate(trpo_argmax(problem, delta)[0])
        gains.append(problem.surrogate(trpo_update(problem, delta, backtrack=0.99)) / best)
    assert max(gains) <= 1 + 1e-9
    assert gains[1] > 0.985


@pytest.mark.statement("trpo_implement")
def test_the_sampled_update_is_the_same_line_by_line_for_counts_and_for_steps(small, rng):
    policy = TabularSoftmax(small.S, small.A)
    theta = rng.normal(size=policy.p)
    tau = sample(small, policy.table(theta), 300, rng)
    psi = reward_to_go(tau)
    counted = sampled_problem(policy, theta, tau, psi)
    steps = StepProblem(policy, theta, tau.s.ravel(), tau.a.ravel(), psi.ravel(), tau.N)
    np.testing.assert_allclose(trpo_update(counted, 0.1), trpo_update(steps, 0.1), atol=1e-8)


@pytest.mark.statement("trpo")
@pytest.mark.parametrize("guess", [-4.0, 0.0, 1.0, 9.0])
def test_a_root_is_found_from_either_side_and_visited_last(guess):
    seen = []

    def f(x):
        seen.append(x)
        return 1.0 - np.expm1(x)

    x = decreasing_root(f, guess)
    assert x == pytest.approx(np.log(2.0), abs=1e-11)
    assert seen[-1] == x
    assert len(seen) < 25


def test_it_goes_on_in_silence_where_nothing_is_left_to_gain():
    """Round-off can then make a divergence of 0 negative, and its logarithm a warning."""
    world = GridWorld.named("corridor").mdp(H=50)
    policy = TabularSoftmax(world.S, world.A)
    *_, last = trpo(world, policy, np.zeros(policy.p), delta=1.0, K=20)
    assert abs(last.J - 1.0) < 1e-12


def test_a_radius_must_be_positive(problem, mdp, policy, theta):
    for call in (trpo_update, trpo_argmax, lambda _, delta: trpo(mdp, policy, theta, delta=delta)):
        with pytest.raises(ValueError, match=r"^delta must be positive, but it is 0\.0\.$"):
            call(problem, 0.0)


@pytest.mark.statement("trpo", "npg")
def test_the_direction_becomes_the_natural_gradient(mdp, policy, theta):
    problem = exact_problem(mdp, policy, theta)
    g, F = problem.gradient, exact.fisher(mdp, policy, theta)
    cosines = []
    for delta in (1e-2, 1e-4, 1e-6):
        d, natural = trpo_argmax(problem, delta)[0] - theta, npg_step(g, F, delta=delta)
        cosines.append(d @ natural / np.linalg.norm(d) / np.linalg.norm(natural))
        kl = exact.trajectory_kl(mdp, policy.table(theta), policy.table(theta + natural))
    assert np.all(np.diff(cosines) > 0)
    assert cosines[-1] > 1 - 1e-5
    assert kl / 1e-6 == pytest.approx(1.0, abs=0.01)
    assert np.linalg.norm(d) == pytest.approx(np.linalg.norm(natural), rel=1e-2)
    assert d @ g / np.linalg.norm(d) / np.linalg.norm(g) < 1 - 1e-3
