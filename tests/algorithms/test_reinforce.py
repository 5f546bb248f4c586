"""REINFORCE, and the policy gradient with a learned baseline: disjoint batches are what keeps it unbiased."""

from __future__ import annotations

from itertools import pairwise, product

import gymnasium
import numpy as np
import pytest

from pgcompanion import exact, objectives
from pgcompanion.algorithms import reinforce
from pgcompanion.batches import Episodes, Exact, Sampled, advantage_estimate, sampled
from pgcompanion.estimators import (
    at_states,
    baselines,
    fitted_baseline,
    learned_baselines,
    mean_reward_to_go,
    policy_gradient,
    reward_to_go,
    total_return,
)
from pgcompanion.mdp import MDP
from pgcompanion.policies import NeuralSoftmax, TabularSoftmax
from pgcompanion.steps import Adam, inverse_sqrt
from pgcompanion.trajectories import Trajectories, sample

EXACT = 1e-10


def returns(tau):
    return total_return(tau.r)


@pytest.fixture
def tiny(rng) -> MDP:
    """Two states, two actions, two steps: 32 trajectories, so that pairs of them can be listed."""
    P = rng.dirichlet(np.ones(2), size=(2, 2))
    return MDP(P, rng.normal(size=(2, 2)), rng.dirichlet(np.ones(2)), H=2)


@pytest.fixture
def tabular(tiny, rng):
    policy = TabularSoftmax(tiny.S, tiny.A)
    return policy, rng.normal(size=policy.p)


def rows(tau: Trajectories, n: list[int], pi: np.ndarray) -> Trajectories:
    return Trajectories(tau.s[n], tau.a[n], tau.r[n], pi=pi)


def mean_over_pairs(mdp, policy, theta, estimate):
    """The exact mean of ``estimate(first, second)`` over two independent trajectories."""
    pi, tau = policy.table(theta), exact.trajectories(mdp)
    rho = np.exp(exact.log_likelihood(mdp, pi, tau))
    pairs = product(range(tau.N), repeat=2)
    return sum(rho[i] * rho[j] * estimate(rows(tau, [i], pi), rows(tau, [j], pi)) for i, j in pairs)


def batch_of_two(policy, theta, coefficient):
    def estimate(first, second):
        joined = (
            np.concatenate(x) for x in zip(*((t.s, t.a, t.r) for t in (first, second)), strict=True)
        )
        tau = Trajectories(*joined)
        return policy_gradient(policy, theta, tau, coefficient(tau))

    return estimate


# --- The learned baseline -------------------------------------------------------------------------


@pytest.mark.statement("pg_baseline_algorithm")
def test_a_baseline_from_another_batch_leaves_no_bias(tiny, tabular, monkeypatch, measure):
    """The algorithm itself, fed with every pair of batches: one fits the baseline, the next is the estimate's.

    The negative control fits it to the estimate's own.
    """
    policy, theta = tabular
    rng = np.random.default_rng(0)

    def estimate(first, second):
        monkeypatch.setattr(sampled, "sample", lambda mdp, pi, N, rng: second)
        monkeypatch.setattr(learned_baselines, "sample", lambda mdp, pi, N, rng: first)
        source = Sampled(tiny, N=1, rng=rng, psi=fitted_baseline(tiny, 1, rng))
        it = next(reinforce(source, policy, theta, eta=1.0))
        return objectives.gradient(policy, theta, it.batch)

    g = exact.gradient(tiny, policy, theta)
    error = mean_over_pairs(tiny, policy, theta, estimate) - g
    assert measure(error, over=32**2, of="pairs of trajectories") < EXACT
    own = mean_over_pairs(tiny, policy, theta, lambda first, second: estimate(second, second))
    assert np.abs(own - g).max() > 1e-2


@pytest.mark.statement("pg_baseline_algorithm", "reused_baseline")
def test_a_reused_batch_shrinks_the_gradient_by_exactly_one_part_in_m(tiny, tabular):
    """The negative control: the same two trajectories fit the baseline and are then used on it."""
    policy, theta = tabular

    def own_mean(tau):
        return reward_to_go(tau.r) - mean_reward_to_go(tau)

    g = exact.gradient(tiny, policy, theta)
    mean = mean_over_pairs(tiny, policy, theta, batch_of_two(policy, theta, own_mean))
    np.testing.assert_allclose(mean, (1 - 1 / 2) * g, atol=EXACT)
    assert np.abs(mean - g).max() > 1e-2


@pytest.mark.statement("pg_baseline_algorithm", "reused_baseline")
def test_leaving_one_out_leaves_no_bias(tiny, tabular):
    """The mean of the others. The mean of all, the negative control, leaves one."""
    policy, theta = tabular

    def error(psi):
        mean = mean_over_pairs(tiny, policy, theta, batch_of_two(policy, theta, psi))
        return np.abs(mean - exact.gradient(tiny, policy, theta)).max()

    mean_of_all = error(lambda tau: reward_to_go(tau.r) - mean_reward_to_go(tau))
    assert error(advantage_estimate) < EXACT < 1e-2 < mean_of_all


@pytest.mark.statement("pg_baseline_algorithm")
def test_the_baseline_and_the_estimate_come_from_different_draws(small, monkeypatch):
    """Alternately, and of the same policy; no draw is used twice."""
    drawn, fitted = [], []

    def recording(mdp, pi, N, rng):
        drawn.append(sample(mdp, pi, N, rng))
        return drawn[-1]

    def fit(tau, S):
        fitted.append(tau)
        return baselines.tabular(tau, S)

    for room in (sampled, learned_baselines):
        monkeypatch.setattr(room, "sample", recording)
    policy, rng = TabularSoftmax(small.S, small.A), np.random.default_rng(1)
    source = Sampled(small, N=30, rng=rng, psi=fitted_baseline(small, 40, rng, fit))
    list(reinforce(source, policy, np.zeros(policy.p), eta=0.5, K=2))
    assert [tau.N for tau in drawn] == [30, 40] * 3
    assert [any(tau is f for f in fitted) for tau in drawn] == [False, True] * 3
    actions = [tau.a[:30].tobytes() for tau in drawn]
    assert len(set(actions)) == len(actions)
    for used, fresh in zip(drawn[::2], drawn[1::2], strict=True):
        np.testing.assert_array_equal(used.pi, fresh.pi)
    assert np.abs(drawn[0].pi - drawn[2].pi).max() > 1e-3


@pytest.mark.statement("pg_baseline_algorithm")
def test_the_baseline_that_is_used_is_the_one_that_was_fitted(small, rng):
    """State by state and step by step. Another table, the control, gives another gradient."""
    table = rng.normal(size=(small.H, small.S))
    policy, seen = TabularSoftmax(small.S, small.A), []

    def gradient(table):
        rng6 = np.random.default_rng(6)
        fitted = fitted_baseline(small, 5, np.random.default_rng(7), lambda tau, S: table)

        def psi(tau):
            seen.append(tau)
            return fitted(tau)

        it = next(reinforce(Sampled(small, 9, rng6, psi), policy, np.zeros(6), eta=1.0))
        return objectives.gradient(policy, it.theta, it.batch)

    g = gradient(table)
    (tau,) = seen
    expected = policy_gradient(
        policy, np.zeros(6), tau, reward_to_go(tau.r) - at_states(table, tau)
    )
    np.testing.assert_allclose(g, expected, atol=EXACT)
    assert np.abs(gradient(table[::-1]) - g).max() > 1e-3


@pytest.mark.statement("pg_baseline_algorithm")
def test_a_learned_baseline_learns(small):
    """Against the reward, the negative control, it gets worse."""
    policy = TabularSoftmax(small.S, small.A)
    best = exact.optimal(small)[1].J
    start = exact.evaluate(small, policy.table(np.zeros(policy.p))).J

    def learned(mdp, fit):
        rng = np.random.default_rng(5)
        source = Sampled(mdp, N=100, rng=rng, psi=fitted_baseline(mdp, 100, rng, fit))
        *_, last = reinforce(source, policy, np.zeros(policy.p), eta=0.5, K=60)
        return exact.evaluate(small, policy.table(last.theta)).J

    def constant(tau, S):
        return np.full((tau.H, S), baselines.constant(tau.r))

    for fit in (baselines.tabular, constant):
        assert start + 0.7 * (best - start) < learned(small, fit)
    costly = MDP(small.P, -small.r, small.mu0, small.H)
    assert start > learned(costly, baselines.tabular) + 0.3 * (best - start)


# --- The step -------------------------------------------------------------------------------------


@pytest.mark.statement("reinforce_algorithm", "reinforce_pg")
@pytest.mark.parametrize("N", [None, 50])
def test_reinforce_takes_the_gradient_or_its_estimate(small, N, rng):
    """Each score is weighed by the whole return. By the reward-to-go, the control, it is another step."""
    policy = TabularSoftmax(small.S, small.A)
    theta = rng.normal(size=policy.p)
    source = Exact(small) if N is None else Sampled(small, N, np.random.default_rng(3), returns)
    start, after = reinforce(source, policy, theta, eta=0.3, K=1)
    if N is None:
        g = exact.gradient(small, policy, theta)
    else:
        tau = sample(small, policy.table(theta), N, np.random.default_rng(3))
        g = policy_gradient(
            policy, theta, tau, np.repeat(tau.r.sum(axis=1, keepdims=True), small.H, 1)
        )
        other = policy_gradient(policy, theta, tau, reward_to_go(tau.r))
        assert np.abs(other - g).max() > 1e-3
    np.testing.assert_allclose(after.theta, theta + 0.3 * g, atol=EXACT)
    assert start.grad_norm == pytest.approx(np.linalg.norm(g), abs=EXACT)


@pytest.mark.statement("reinforce_algorithm", "sgd")
def test_every_update_has_its_own_step_size(small):
    """A schedule is asked with the iteration. A constant step, the control, is another."""
    policy = TabularSoftmax(small.S, small.A)
    source = Sampled(small, N=20, rng=np.random.default_rng(2))
    its = list(reinforce(source, policy, np.zeros(policy.p), eta=inverse_sqrt(0.7), K=4))
    for before, after in pairwise(its):
        step = after.theta - before.theta
        g = objectives.gradient(policy, before.theta, before.batch)
        np.testing.assert_allclose(step, 0.7 / np.sqrt(before.k + 1) * g, atol=EXACT)
    assert np.abs(step - 0.7 * g).max() > 1e-3


@pytest.mark.statement("adam")
def test_adam_takes_the_place_of_the_step_size(small):
    """Each iterate is the last one and Adam's step for its exact gradient; the bare gradient leads elsewhere."""
    policy = TabularSoftmax(small.S, small.A)
    by_hand = Adam(policy.p, eta=0.1)
    its = reinforce(Exact(small), policy, np.zeros(policy.p), eta=Adam(policy.p, eta=0.1), K=5)
    for before, after in pairwise(its):
        g = exact.gradient(small, policy, before.theta)
        np.testing.assert_allclose(after.theta, before.theta + by_hand.step(g), atol=EXACT)
        assert np.abs(after.theta - before.theta - 0.1 * g).max() > 1e-3


@pytest.mark.statement("reinforce_algorithm")
def test_it_learns_on_an_environment():
    """To balance for longer, by more than five standard errors; against the reward, the control, it does not."""

    def lengths(sign):
        rng, policy = np.random.default_rng(0), NeuralSoftmax(4, 2, hidden=(8,))
        envs = gymnasium.make_vec("CartPole-v1", num_envs=32)
        source = Episodes(envs, steps=200, rng=rng, psi=lambda tau: sign * advantage_estimate(tau))
        its = reinforce(source, policy, policy.init(rng), eta=Adam(policy.p, 0.02), K=25)
        J = [it.J for it in its]
        return J[0], np.mean(J[-3:])

    before, after = lengths(+1)
    assert after > before + 20
    before, after = lengths(-1)
    assert after < before + 5


def test_a_step_size_must_be_positive(small):
    policy = TabularSoftmax(small.S, small.A)
    for eta, message in (
        (-1, "positive"),
        (0.0, "positive"),
        (np.nan, "finite"),
        ("a", "a number"),
        (None, "a number"),
    ):
        with pytest.raises(ValueError, match=rf"^eta must be {message}, but it is"):
            reinforce(Exact(small), policy, np.zeros(policy.p), eta=eta)
    message = r"^eta must be Adam for p = 6 parameters, but it is for 5\.$"
    with pytest.raises(ValueError, match=message):
        reinforce(Exact(small), policy, np.zeros(policy.p), eta=Adam(p=5))
