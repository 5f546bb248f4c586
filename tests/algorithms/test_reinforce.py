"""REINFORCE, and the policy gradient with a learned baseline: disjoint batches are what keeps it unbiased."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest

from pgcompanion import baselines, exact
from pgcompanion.algorithms import (
    advantage_estimate,
    policy_gradient_ascent,
    reinforce,
    views,
)
from pgcompanion.ascent import Adam, inverse_sqrt
from pgcompanion.estimators import (
    along,
    minus,
    moments,
    policy_gradient,
    reward_to_go,
    total_return,
)
from pgcompanion.mdp import MDP
from pgcompanion.policies import TabularSoftmax
from pgcompanion.trajectories import Trajectories, sample

EXACT = 1e-10


@pytest.fixture
def tiny(rng) -> MDP:
    """Two states, two actions, two steps: 32 trajectories, so that pairs of them can be listed."""
    P = rng.dirichlet(np.ones(2), size=(2, 2))
    return MDP(P, rng.normal(size=(2, 2)), rng.dirichlet(np.ones(2)), H=2)


@pytest.fixture
def tabular(tiny, rng):
    policy = TabularSoftmax(tiny.S, tiny.A)
    return policy, rng.normal(size=policy.p)


def rows(tau: Trajectories, n: list[int]) -> Trajectories:
    return Trajectories(tau.s[n], tau.a[n], tau.r[n])


def mean_over_pairs(mdp, policy, theta, estimate):
    """The exact mean of ``estimate(first, second)`` over two independent trajectories."""
    tau = exact.trajectories(mdp)
    rho = np.exp(exact.log_likelihood(mdp, policy.table(theta), tau))
    pairs = product(range(tau.N), repeat=2)
    return sum(rho[i] * rho[j] * estimate(rows(tau, [i]), rows(tau, [j])) for i, j in pairs)


def batch_of_two(policy, theta, coefficient):
    def estimate(first, second):
        joined = (
            np.concatenate(x) for x in zip(*((t.s, t.a, t.r) for t in (first, second)), strict=True)
        )
        tau = Trajectories(*joined)
        return policy_gradient(policy, theta, tau, coefficient(tau))

    return estimate


@pytest.mark.statement("pg_baseline_algorithm")
def test_a_baseline_from_another_batch_leaves_no_bias(tiny, tabular, monkeypatch, measure):
    """The algorithm itself, fed with every pair of batches: one fits the baseline, the next is the estimate's."""
    policy, theta = tabular

    def estimate(first, second):
        batches = iter([first, second])
        monkeypatch.setattr(views, "sample", lambda mdp, pi, N, rng: next(batches))
        options = {"eta": 1.0, "N": 1, "rng": np.random.default_rng(0)}
        return next(policy_gradient_ascent(tiny, policy, theta, **options)).problem.gradient

    error = mean_over_pairs(tiny, policy, theta, estimate) - exact.gradient(tiny, policy, theta)
    assert measure(error, over=32**2, of="pairs of trajectories") < EXACT


@pytest.mark.statement("pg_baseline_algorithm")
def test_a_reused_batch_shrinks_the_gradient_by_exactly_one_part_in_m(tiny, tabular):
    """The negative control: the same two trajectories fit the baseline and are then used on it."""
    policy, theta = tabular

    def own_mean(tau):
        return minus(reward_to_go(tau), baselines.mean_reward_to_go(tau))

    g = exact.gradient(tiny, policy, theta)
    mean = mean_over_pairs(tiny, policy, theta, batch_of_two(policy, theta, own_mean))
    np.testing.assert_allclose(mean, (1 - 1 / 2) * g, atol=EXACT)
    assert np.abs(mean - g).max() > 1e-2


@pytest.mark.statement("pg_baseline_algorithm")
def test_leaving_one_out_leaves_no_bias(tiny, tabular):
    policy, theta = tabular
    mean = mean_over_pairs(tiny, policy, theta, batch_of_two(policy, theta, advantage_estimate))
    np.testing.assert_allclose(mean, exact.gradient(tiny, policy, theta), atol=EXACT)


@pytest.mark.statement("pg_baseline_algorithm")
def test_the_baseline_and_the_estimate_come_from_different_draws(small, monkeypatch):
    drawn = []

    def recording(mdp, pi, N, rng):
        drawn.append(sample(mdp, pi, N, rng))
        return drawn[-1]

    fitted = []

    def fit(tau):
        fitted.append(tau)
        return baselines.tabular(tau, small.S)

    monkeypatch.setattr(views, "sample", recording)
    policy = TabularSoftmax(small.S, small.A)
    options = {"eta": 0.5, "N": 40, "M": 30, "K": 3, "rng": np.random.default_rng(1), "fit": fit}
    list(policy_gradient_ascent(small, policy, np.zeros(policy.p), **options))
    assert [tau.N for tau in drawn] == [40, 30] * 3
    assert [any(tau is f for f in fitted) for tau in drawn] == [True, False] * 3
    actions = [tau.a[:30].tobytes() for tau in drawn]
    assert len(set(actions)) == len(actions)


@pytest.mark.statement("pg_baseline_algorithm")
def test_every_update_has_its_own_step_size(small):
    policy = TabularSoftmax(small.S, small.A)
    options = {"eta": inverse_sqrt(0.7), "N": 20, "K": 4, "rng": np.random.default_rng(2)}
    its = list(policy_gradient_ascent(small, policy, np.zeros(policy.p), **options))
    for before, after in pairwise(its):
        step = after.theta - before.theta
        g = before.problem.gradient
        np.testing.assert_allclose(step, 0.7 / np.sqrt(before.k + 1) * g, atol=EXACT)
    assert np.abs(step - 0.7 * g).max() > 1e-3


@pytest.mark.statement("reinforce_pg")
@pytest.mark.parametrize("N", [None, 50])
def test_reinforce_takes_the_gradient_or_its_estimate(small, N, rng):
    policy = TabularSoftmax(small.S, small.A)
    theta = rng.normal(size=policy.p)
    its = reinforce(small, policy, theta, eta=0.3, N=N, rng=np.random.default_rng(3), K=1)
    start, after = its
    if N is None:
        g = exact.gradient(small, policy, theta)
    else:
        tau = sample(small, policy.table(theta), N, np.random.default_rng(3))
        returns = np.repeat(tau.r.sum(axis=1, keepdims=True), small.H, axis=1)
        g = policy_gradient(policy, theta, tau, returns)
    np.testing.assert_allclose(after.theta, theta + 0.3 * g, atol=EXACT)
    assert start.grad_norm == pytest.approx(np.linalg.norm(g), abs=EXACT)


@pytest.mark.statement("reinforce_pg")
def test_the_estimate_of_an_iterate_is_centred_on_the_gradient(small, measure):
    """z-scores of the mean of 20,000 trajectories, with the exact covariance."""
    policy, N = TabularSoftmax(small.S, small.A), 20_000
    theta = np.linspace(-1.0, 1.0, policy.p)
    it = next(reinforce(small, policy, theta, eta=1.0, N=N, rng=np.random.default_rng(4)))
    mean, cov = moments(small, policy, theta, total_return)
    z = (it.problem.gradient - mean) / np.sqrt(np.diag(cov) / N)
    assert measure(z, over=N, kind="z-score") < 5


@pytest.mark.statement("pg_baseline_algorithm")
def test_a_learned_baseline_learns(small):
    policy = TabularSoftmax(small.S, small.A)
    best = exact.optimal(small)[1].J
    for fit in (baselines.mean_reward_to_go, baselines.constant, None):
        options = {"eta": 0.5, "N": 100, "K": 60, "rng": np.random.default_rng(5), "fit": fit}
        *_, last = policy_gradient_ascent(small, policy, np.zeros(policy.p), **options)
        start = exact.evaluate(small, policy.table(np.zeros(policy.p))).J
        assert start + 0.7 * (best - start) < last.J


def test_sampling_needs_a_generator(small):
    policy = TabularSoftmax(small.S, small.A)
    for algorithm in (reinforce, policy_gradient_ascent):
        with pytest.raises(
            ValueError, match=r"^rng must be given together with N, but it is None\.$"
        ):
            algorithm(small, policy, np.zeros(policy.p), eta=1.0, N=5)


def test_a_table_is_looked_up_along_the_trajectories(small, rng):
    """The baseline that is used is the one that was fitted, state by state."""
    table = rng.normal(size=(small.H, small.S))
    policy = TabularSoftmax(small.S, small.A)
    options = {
        "eta": 1.0,
        "N": 5,
        "M": 9,
        "rng": np.random.default_rng(6),
        "fit": lambda tau: table,
    }
    it = next(policy_gradient_ascent(small, policy, np.zeros(policy.p), **options))
    rng6 = np.random.default_rng(6)
    sample(small, policy.table(np.zeros(policy.p)), 5, rng6)
    tau = sample(small, policy.table(np.zeros(policy.p)), 9, rng6)
    g = policy_gradient(policy, it.theta, tau, reward_to_go(tau) - along(tau, table))
    np.testing.assert_allclose(it.problem.gradient, g, atol=EXACT)


def test_a_step_size_must_be_positive(small):
    policy = TabularSoftmax(small.S, small.A)
    for algorithm in (reinforce, policy_gradient_ascent):
        for eta, message in (
            (-1, "positive"),
            (0.0, "positive"),
            (np.nan, "finite"),
            ("a", "a number"),
        ):
            with pytest.raises(ValueError, match=rf"^eta must be {message}, but it is"):
                algorithm(small, policy, np.zeros(policy.p), eta=eta)
        with pytest.raises(
            ValueError, match=r"^eta must be Adam for p = 6 parameters, but it is for 5\.$"
        ):
            algorithm(small, policy, np.zeros(policy.p), eta=Adam(p=5))


@pytest.mark.statement("adam")
def test_adam_takes_the_place_of_the_step_size(small):
    """Each iterate is the last one and Adam's step for its exact gradient; the bare gradient would lead elsewhere."""
    policy = TabularSoftmax(small.S, small.A)
    for algorithm in (reinforce, policy_gradient_ascent):
        by_hand = Adam(policy.p, eta=0.1)
        its = algorithm(small, policy, np.zeros(policy.p), eta=Adam(policy.p, eta=0.1), K=5)
        for before, after in pairwise(its):
            g = exact.gradient(small, policy, before.theta)
            np.testing.assert_allclose(after.theta, before.theta + by_hand.step(g), atol=EXACT)
            assert np.abs(after.theta - before.theta - 0.1 * g).max() > 1e-3
