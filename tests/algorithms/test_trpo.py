"""TRPO: the constrained maximum, its conditions of optimality, and where it goes as the radius shrinks."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion import exact
from pgcompanion.algorithms import (
    exact_problem,
    npg_step,
    trpo,
    trpo_argmax,
    trpo_update,
)
from pgcompanion.algorithms.trpo import decreasing_root
from pgcompanion.gridworld import GridWorld
from pgcompanion.policies import LinearSoftmax, TabularSoftmax

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
        with pytest.raises(ValueError, match=r"^delta must be finite, but it is inf\.$"):
            call(problem, np.inf)
        with pytest.raises(ValueError, match=r"^delta must be a number, but it is 'a'\.$"):
            call(problem, "a")
    for call in (trpo_update, lambda _, delta, **kw: trpo(mdp, policy, theta, delta=delta, **kw)):
        with pytest.raises(ValueError, match=r"^damping must not be negative, but it is -1\.$"):
            call(problem, 0.1, damping=-1)


@pytest.mark.statement("trpo", "npg")
def test_the_direction_becomes_the_natural_gradient(mdp, policy, theta, slope):
    """The directions differ by an angle of order sqrt(delta), and 1 - cos is half its square: of order delta.

    From the plain gradient, the negative control, the angle does not vanish.
    """
    problem = exact_problem(mdp, policy, theta)
    g, F = problem.gradient, exact.fisher(mdp, policy, theta)

    def lag(direction):
        def of(delta):
            d, other = trpo_argmax(problem, delta)[0] - theta, direction(delta)
            apart = d / np.linalg.norm(d) - other / np.linalg.norm(other)
            return apart @ apart / 2  # 1 - cos, without cancellation

        return of

    natural, plain = lag(lambda delta: npg_step(g, F, delta=delta)), lag(lambda delta: g)
    assert slope(natural, 1e-5, 1e-3) == pytest.approx(1.0, abs=0.05)
    assert slope(plain, 1e-5, 1e-3) == pytest.approx(0.0, abs=0.05)

    def longer(delta):
        d = trpo_argmax(problem, delta)[0] - theta
        return abs(np.linalg.norm(d) / np.linalg.norm(npg_step(g, F, delta=delta)) - 1)

    assert slope(longer, 1e-5, 1e-3) == pytest.approx(0.5, abs=0.05)
