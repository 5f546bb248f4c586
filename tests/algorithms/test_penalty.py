"""The penalty of PPO: the maximum, its constant, and the rule that adapts it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from pgcompanion import exact
from pgcompanion.algorithms import (
    adapted,
    exact_problem,
    npg_step,
    penalty_argmax,
    penalty_constant,
    ppo,
    ppo_objective,
    trpo_argmax,
)
from pgcompanion.algorithms.penalty import tilt
from pgcompanion.policies import TabularSoftmax

EXACT = 1e-10


def penalised_gradient(problem, theta, lam):
    return problem.surrogate_gradient(theta) - lam * problem.kl_gradient(theta)


@pytest.mark.statement("ppo")
@pytest.mark.parametrize("lam", [0.1, 1.0, 100.0])
def test_the_gradient_is_zero_at_the_maximum(problem, theta, lam, rng, complex_step, measure):
    new = penalty_argmax(problem, lam)
    scale = np.linalg.norm(problem.gradient)
    gradient = penalised_gradient(problem, new, lam) / scale
    assert measure(gradient, over=1, of="updates") < 1e-9
    derivative = complex_step(lambda t: problem.surrogate(t) - lam * problem.kl(t), new)
    np.testing.assert_allclose(derivative / scale, 0.0, atol=1e-9)
    value = problem.surrogate(new) - lam * problem.kl(new)
    for _ in range(200):
        other = new + 0.3 * rng.normal(size=len(theta))
        assert problem.surrogate(other) - lam * problem.kl(other) < value
    rewarded = problem.surrogate_gradient(new) + lam * problem.kl_gradient(new)
    assert np.linalg.norm(rewarded) > 0.1 * scale


@pytest.mark.statement("ppo")
def test_the_reversed_divergence_has_another_maximum(mdp, policy, theta, complex_step):
    problem, lam = exact_problem(mdp, policy, theta), 0.5
    new = penalty_argmax(problem, lam)

    def reversed_objective(t):
        d = exact.expected_visits(mdp, policy.table(theta))
        return problem.surrogate(t) - lam * (d @ policy.kl(t, theta, policy.states))

    assert np.abs(complex_step(reversed_objective, new)).max() > 1e-2


@pytest.mark.statement("ppo")
@pytest.mark.parametrize("lam", [1e-6, 1e-2, 1.0, 1e6])
def test_the_step_per_state_sums_to_one_however_unequal_the_probabilities(rng, lam):
    """Weights from 1 to 1e-200, advantages of either sign: pi (nu - A) = lam pi_k in every state."""
    log_pi = np.log(rng.dirichlet(np.ones(4), size=50)) * rng.choice(
        [1.0, 10.0, 100.0], size=(50, 1)
    )
    log_pi -= np.log(np.exp(log_pi).sum(axis=1, keepdims=True))
    A = rng.normal(size=(50, 4))
    d = tilt(log_pi, A, lam)
    log_new = log_pi + d - np.log(np.exp(log_pi + d).sum(axis=1, keepdims=True))
    nu = A + lam * np.exp(log_pi - log_new)
    np.testing.assert_allclose(nu, np.broadcast_to(nu[:, :1], nu.shape), rtol=1e-8)
    assert (nu[:, 0] >= A.max(axis=1) - 1e-12).all()


@pytest.mark.statement("ppo", "npg")
def test_a_strong_penalty_gives_the_natural_step_with_an_error_of_second_order(
    mdp, policy, theta, slope
):
    problem = exact_problem(mdp, policy, theta)
    g, F = problem.gradient, exact.fisher(mdp, policy, theta)

    def error(eta):
        return np.linalg.norm(penalty_argmax(problem, 1 / eta) - theta - npg_step(g, F, eta=eta))

    assert slope(error, 1e-3, 1e-2) == pytest.approx(2.0, abs=0.1)

    def vanilla_error(eta):
        return np.linalg.norm(penalty_argmax(problem, 1 / eta) - theta - eta * g)

    assert slope(vanilla_error, 1e-3, 1e-2) == pytest.approx(1.0, abs=0.1)


@pytest.mark.statement("ppo", "trpo")
@pytest.mark.parametrize("delta", [1e-3, 0.1])
def test_with_the_multiplier_of_trpo_for_a_penalty_the_step_is_trpos(problem, theta, delta):
    constrained, alpha = trpo_argmax(problem, delta)
    penalised = penalty_argmax(problem, alpha)
    np.testing.assert_allclose(penalised, constrained, atol=1e-7)
    np.testing.assert_allclose(penalised_gradient(problem, constrained, alpha), 0.0, atol=1e-9)
    assert np.abs(penalty_argmax(problem, 2 * alpha) - constrained).max() > 1e-3


@pytest.mark.statement("ppo_objective")
def test_the_two_objectives_differ_by_the_constant_alone(mdp, policy, theta, rng, measure):
    problem, lam = exact_problem(mdp, policy, theta), 0.4
    c = penalty_constant(mdp, policy, theta)
    pi = policy.table(theta)
    entropy = -(pi * np.log(pi)).sum(axis=1)
    assert c == pytest.approx(-exact.expected_visits(mdp, pi) @ entropy, abs=EXACT)
    assert abs(lam * c) > 0.1
    flipped = []
    for new in theta + rng.normal(size=(20, policy.p)):
        penalised = exact.surrogate(mdp, policy, theta, new) - lam * problem.kl(new)
        value = ppo_objective(mdp, policy, theta, new, lam)
        assert measure(value - penalised - lam * c, over=20, of="policies") < EXACT
        flipped.append(2 * problem.surrogate(new) - value - penalised)  # lam with the other sign
    assert np.ptp(flipped) > 0.1


@pytest.mark.statement("ppo_objective")
def test_the_gradient_of_the_objective_at_the_start_is_that_of_j(
    mdp, policy, theta, rng, complex_step
):
    """At the start the penalty has no gradient, whatever its sign; elsewhere it has, and the sign counts.

    The negative controls: visits averaged over the steps, and the other sign of the penalty.
    """
    problem, lam = exact_problem(mdp, policy, theta), 0.4

    def gradient(at):
        return complex_step(lambda t: ppo_objective(mdp, policy, theta, t, lam), at)

    g = exact.gradient(mdp, policy, theta)
    np.testing.assert_allclose(gradient(theta), g, atol=EXACT)
    assert np.abs(gradient(theta) - g / mdp.H).max() > 1e-2
    new = theta + 0.5 * rng.normal(size=policy.p)
    np.testing.assert_allclose(gradient(new), penalised_gradient(problem, new, lam), atol=EXACT)
    assert np.abs(gradient(new) - penalised_gradient(problem, new, -lam)).max() > 1e-2
    assert isinstance(ppo_objective(mdp, policy, theta, new, lam), float)


def next_to_the_target(its, target):
    """Whether each penalty is within a factor 2 of one whose step needs no change of it."""
    for it in its:
        halved, doubled = (
            it.problem.kl(penalty_argmax(it.problem, factor * it.lam)) for factor in (0.5, 2.0)
        )
        if not (halved >= target / 1.5 and doubled <= 1.5 * target):
            return False
    return True


@pytest.mark.statement("ppo")
def test_the_penalty_follows_the_divergence(mdp, policy, theta):
    """The divergence falls with the penalty, which moves by factors of 2: it ends within one of the target.

    The negative controls are the same run before the penalty has arrived, and a run that keeps its penalty.
    """
    target = 0.05
    its = list(ppo(mdp, policy, theta, lam=1000.0, target=target, K=25))
    assert its[0].lam == 1000.0
    for before, after in pairwise(its):
        assert after.lam == adapted(before.lam, after.kl, target)
    assert next_to_the_target(its[-8:], target)
    assert not next_to_the_target(its[:1], target)
    fixed = list(ppo(mdp, policy, theta, lam=1000.0, K=8))
    assert [it.lam for it in fixed] == [1000.0] * 9
    assert not next_to_the_target(fixed, target)


@pytest.mark.statement("ppo")
def test_sampled_the_penalty_follows_the_divergence_of_the_sample(small):
    """Exactly by `adapted`, from the problem that the step itself saw. The control keeps its penalty."""
    policy, target = TabularSoftmax(small.S, small.A), 0.01

    def run(**options):
        rng = np.random.default_rng(0)
        return list(ppo(small, policy, np.zeros(policy.p), N=200, rng=rng, K=15, **options))

    def follows(its):
        return all(
            after.lam == adapted(before.lam, before.problem.kl(after.theta), target)
            for before, after in pairwise(its)
        )

    strong, weak = run(lam=100.0, target=target), run(lam=1e-3, target=target, eta=0.5)
    assert follows(strong)
    assert follows(weak)
    assert min(it.lam for it in strong) < 100.0
    assert max(it.lam for it in weak) > 1e-3
    assert not follows(run(lam=100.0))
    # The record looks behind the sample, the rule cannot.
    assert strong[-1].kl != strong[-2].problem.kl(strong[-1].theta)
