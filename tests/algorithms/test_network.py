"""The local problem of a network is the plain one, faster; and its sampler draws from the policy."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from pgcompanion.algorithms import StepProblem
from pgcompanion.algorithms.network import NetworkProblem, RaceSampler, log_prob_pullback
from pgcompanion.policies import NeuralGaussian, NeuralSoftmax

EXACT = 1e-10
EPS = 0.2
POLICIES = {
    "softmax": lambda: NeuralSoftmax(inputs=3, A=4, hidden=(6, 5)),
    "fixed-sigma": lambda: NeuralGaussian(inputs=3, n=2, hidden=(6, 5), sigma=0.5),
    "learned-sigma": lambda: NeuralGaussian(inputs=3, n=2, hidden=(6, 5), sigma=None),
}


@pytest.fixture(params=POLICIES)
def case(request, rng):
    """42 steps, four to a trajectory or so, as both kinds of problem, in double precision."""
    policy = POLICIES[request.param]()
    theta_k = 0.5 * rng.normal(size=policy.p)
    s = rng.normal(size=(42, 3))
    a, psi = policy.sample(theta_k, s, rng), rng.normal(size=42)
    return SimpleNamespace(
        policy=policy,
        theta=theta_k + 0.15 * rng.normal(size=policy.p),
        plain=StepProblem(policy, theta_k, s, a, psi, N=10),
        fast=NetworkProblem(policy, theta_k, s, a, psi, N=10, dtype=np.float64),
    )


# --- The problem ----------------------------------------------------------------------------------


@pytest.mark.statement("trpo_implement", "ppo_clip")
def test_it_is_the_plain_problem(case, rng):
    v = rng.normal(size=case.policy.p)
    for f in (
        lambda p: p.surrogate(case.theta),
        lambda p: p.surrogate_gradient(case.theta),
        lambda p: p.clipped(case.theta, EPS),
        lambda p: p.clipped_gradient(case.theta, EPS),
        lambda p: p.gradient,
        lambda p: p.kl(case.theta),
        lambda p: p.kl_gradient(case.theta),
        lambda p: p.fisher_product(v),
    ):
        np.testing.assert_allclose(f(case.fast), f(case.plain), atol=EXACT)


@pytest.mark.statement("trpo_implement", "ppo_clip")
def test_the_gradients_are_derivatives(case, complex_step):
    """Of the plain problem's values, by a complex step: both the formula and the shared pass are checked."""
    plain, fast, theta = case.plain, case.fast, case.theta
    for value, gradient in (
        (plain.surrogate, fast.surrogate_gradient(theta)),
        (lambda t: plain.clipped(t, EPS), fast.clipped_gradient(theta, EPS)),
        (plain.kl, fast.kl_gradient(theta)),
    ):
        np.testing.assert_allclose(gradient, complex_step(value, theta), atol=EXACT)
        assert np.linalg.norm(gradient) > 1e-2


@pytest.mark.statement("gaussian_policy")
def test_in_the_logarithm_of_sigma_the_score_is_centred(rng, complex_step):
    """The negative control leaves out the 1 of z^2 - 1: every weight is then counted once more."""
    policy = POLICIES["learned-sigma"]()
    theta = 0.5 * rng.normal(size=policy.p)
    x, w = rng.normal(size=(20, 3)), rng.normal(size=20)
    a = policy.sample(theta, x, rng)
    derivative = complex_step(lambda t: w @ policy.log_prob(t, x, a), theta)
    _, pull = log_prob_pullback(policy, theta, x, a)
    np.testing.assert_allclose(pull(w), derivative, atol=EXACT)
    not_centred = pull(w)
    not_centred[-policy.n :] += w.sum()
    assert np.abs(not_centred - derivative).max() > 1e-2


@pytest.mark.statement("ppo_clip")
def test_the_side_that_is_clipped_depends_on_the_sign(case):
    """Steps of every kind occur; the negative control clips both sides of every step."""
    u, psi = case.plain.ratio(case.theta), case.plain.psi
    for sign in (psi > 0, psi < 0):
        assert (sign & (u < 1 - EPS)).any()
        assert (sign & (u > 1 + EPS)).any()
    plain, theta = case.plain, case.theta
    inside = np.abs(u - 1) < EPS
    both_sides = case.policy.score_sum(theta, plain.states, plain.a, psi * u * inside) / plain.N
    assert np.abs(both_sides - case.fast.clipped_gradient(theta, EPS)).max() > 1e-2


@pytest.mark.statement("trpo_implement")
def test_an_epoch_of_minibatches_adds_up_to_the_whole(case, rng):
    """Each part stands for its share of the trajectories; of 42 steps the last part has 10."""
    whole, theta = case.fast, case.theta
    for f in (
        lambda p: p.surrogate_gradient(theta),
        lambda p: p.clipped_gradient(theta, EPS),
        lambda p: p.kl_gradient(theta),
        lambda p: p.surrogate(theta),
    ):
        parts = [(p.N, len(p.psi), f(p)) for p in whole.minibatches(16, rng)]
        assert [size for _, size, _ in parts] == [16, 16, 10]
        assert sum(N for N, _, _ in parts) == pytest.approx(whole.N)
        total = sum(N * x for N, _, x in parts) / whole.N
        np.testing.assert_allclose(total, f(whole), atol=EXACT)
        unweighted = np.mean([x for *_, x in parts], axis=0)
        assert np.abs(unweighted - f(whole)).max() > 1e-4
    rows = [row for part in whole.minibatches(16, rng) for row in part.psi]
    assert sorted(rows) == sorted(whole.psi)
    assert rows != list(whole.psi)
    assert len(list(whole.minibatches(1000, rng))) == 1


@pytest.mark.statement("trpo_implement")
def test_single_precision_costs_single_precision(case):
    """A sum of B terms in float32, each from a few hundred operations, is right to B unit round-offs of the largest."""
    args = (case.policy, case.plain.theta_k, case.plain.states, case.plain.a, case.plain.psi)
    single = NetworkProblem(*args, N=10)
    g, exact_g = single.surrogate_gradient(case.theta), case.fast.surrogate_gradient(case.theta)
    error = np.abs(g - exact_g).max() / np.abs(exact_g).max()
    assert np.finfo(np.float64).eps < error < len(single.psi) * np.finfo(np.float32).eps
    with_kl = single.kl(case.theta)
    assert with_kl == pytest.approx(case.fast.kl(case.theta), rel=1e-6)


# --- The sampler ----------------------------------------------------------------------------------


def z_scores(policy: NeuralSoftmax, theta: np.ndarray, states: np.ndarray, a: np.ndarray):
    """How far the frequencies of the actions are from their probabilities, in standard errors."""
    pi, n = policy.probs(theta, states), a.shape[1]
    frequency = (a[..., None] == np.arange(policy.A)).mean(axis=1)
    return (frequency - pi) / np.sqrt(pi * (1 - pi) / n)


@pytest.mark.statement("neural_softmax")
def test_the_race_is_won_with_the_probabilities_of_the_policy(rng, measure):
    policy, n = NeuralSoftmax(inputs=2, A=3, hidden=(8,)), 30_000
    theta = rng.normal(size=policy.p)
    states = rng.normal(size=(3, 2))
    race = RaceSampler(policy, 3 * n)
    a = race.sample(theta, np.repeat(states, n, axis=0), rng).reshape(3, n)
    assert measure(z_scores(policy, theta, states, a), over=n, kind="z-score", of="actions") < 5
    flatter = theta.copy()
    policy.network.layers(flatter)[-1][:] *= 0.7
    b = race.sample(flatter, np.repeat(states, n, axis=0), rng).reshape(3, n)
    assert np.abs(z_scores(policy, theta, states, b)).max() > 5


@pytest.mark.statement("neural_softmax")
def test_a_race_leaves_nothing_to_the_next(rng):
    """The sampler reuses its room; what it draws for other states must not depend on the states before."""
    policy = NeuralSoftmax(inputs=2, A=3, hidden=(8,))
    theta = rng.normal(size=policy.p)
    first, then = rng.normal(size=(2, 50, 2))
    used, fresh = RaceSampler(policy, 50), RaceSampler(policy, 50)
    used.sample(theta, first, rng)
    draws = [r.sample(theta, then, np.random.default_rng(0)) for r in (used, fresh)]
    np.testing.assert_array_equal(*draws)
    other = fresh.sample(theta, first, np.random.default_rng(0))
    assert (other != draws[0]).any()
