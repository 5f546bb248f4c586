"""Baselines: what they are, that they leave the mean alone, and what they do to the variance."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from pgcompanion import exact
from pgcompanion.estimators import (
    at_pairs,
    at_states,
    baselines,
    fit_value,
    fitted_baseline,
    moments,
    policy_gradient,
    previous_baseline,
    reward_to_go,
    total_return,
)
from pgcompanion.mdp import MDP
from pgcompanion.policies import MLP, LinearSoftmax, TabularSoftmax
from pgcompanion.trajectories import Trajectories, sample

EXACT = 1e-10


def take(tau: Trajectories, n: tuple[int, ...]) -> Trajectories:
    n = list(n)
    return Trajectories(tau.s[n], tau.a[n], tau.r[n], tau.mask[n])


# Fitted to every trajectory of a world in which all are equally likely, a fit is an expectation


@pytest.fixture
def even(rng):
    """Three states, two equally likely successors of each action; the policy is uniform."""
    S, A, H = 3, 2, 4
    P = np.zeros((S, A, S))
    for s, a in product(range(S), range(A)):
        P[s, a, rng.choice(S, size=2, replace=False)] = 0.5
    mdp = MDP(P, 1 + rng.normal(size=(S, A)), mu0=[0.5, 0.5, 0.0], H=H)
    return mdp, exact.trajectories(mdp), exact.evaluate(mdp, np.full((S, A), 0.5))


@pytest.mark.statement("pg_baseline")
def test_the_rewards_to_go_less_their_mean_have_mean_zero(even):
    _, tau, values = even
    b = baselines.mean_reward_to_go(tau)
    np.testing.assert_allclose((reward_to_go(tau.r) - b).mean(axis=0), 0, atol=EXACT)
    np.testing.assert_allclose(b, (values.d * values.V[:-1]).sum(axis=1), atol=EXACT)
    assert baselines.constant(tau.r) == pytest.approx(values.J, abs=EXACT)
    assert np.abs((reward_to_go(tau.r) - baselines.constant(tau.r)).mean(axis=0)).max() > 0.1


@pytest.mark.statement("pg_baseline_algorithm")
def test_the_tabular_fit_is_the_value_function_where_a_state_can_be_visited(even):
    mdp, tau, values = even
    b = baselines.tabular(tau, mdp.S)
    visited = values.d > 0
    np.testing.assert_allclose(b[visited], values.V[:-1][visited], atol=EXACT)
    assert (~visited).any()
    fallback = np.broadcast_to(baselines.mean_reward_to_go(tau)[:, None], b.shape)
    np.testing.assert_array_equal(b[~visited], fallback[~visited])
    assert np.abs((b - values.V[0])[visited]).max() > 0.1


@pytest.mark.statement("pg_baseline_algorithm")
def test_the_linear_fit_minimises_the_squared_error_over_the_trajectories(even, rng):
    mdp, tau, _ = even
    features = rng.normal(size=(mdp.S, 2))
    b = baselines.linear(tau, features)
    R = reward_to_go(tau.r)
    for h in range(mdp.H):
        w = np.linalg.lstsq(features[tau.s[:, h]], R[:, h], rcond=None)[0]
        np.testing.assert_allclose(b[h], features @ w, atol=EXACT)

    def error(b):
        return ((R - at_states(b, tau)) ** 2).mean()

    nudged = [b + 0.01 * (features @ w) for w in rng.normal(size=(20, 2))]
    assert min(map(error, nudged)) > error(b) > error(baselines.tabular(tau, mdp.S))
    one_fit_for_all_steps = np.tile(b[:1], (mdp.H, 1))
    assert error(one_fit_for_all_steps) > error(b) + 0.1


@pytest.mark.statement("pg_baseline_algorithm")
def test_the_linear_fit_with_one_feature_for_each_state_is_the_tabular_fit(even):
    mdp, tau, values = even
    visited = values.d > 0
    b = baselines.linear(tau, np.eye(mdp.S))
    np.testing.assert_allclose(b[visited], baselines.tabular(tau, mdp.S)[visited], atol=EXACT)
    np.testing.assert_allclose(b[~visited], 0, atol=EXACT)
    one_feature_for_all = baselines.linear(tau, np.ones((mdp.S, 1)))
    assert np.abs(one_feature_for_all - b)[visited].max() > 0.1


@pytest.mark.statement("pg_baseline_algorithm")
def test_the_neural_fit_approaches_the_best_function_of_the_state(even, rng):
    """It sees no step, so the best it can do is the mean over all visits to a state."""
    mdp, tau, _ = even
    net = MLP(inputs=np.eye(mdp.S), m=1, hidden=(16,))
    start = net.init(rng)
    R = 5 + reward_to_go(tau.r)
    best = np.bincount(tau.s.ravel(), R.ravel()) / np.bincount(tau.s.ravel())
    steps_of_adam, minibatch = 2_000, 256
    epochs = steps_of_adam * minibatch // R.size
    w = fit_value(
        net, start, tau.s.ravel(), R.ravel(), eta=1e-2, epochs=epochs, minibatch=minibatch, rng=rng
    )
    # Adam near the minimum wanders about one step size times the noise of a minibatch.
    noise = (R - best[tau.s]).std() / np.sqrt(minibatch)
    fitted = net.value(w, np.arange(mdp.S))[:, 0]
    assert np.abs(fitted - best).max() < 5 * noise
    assert np.abs(net.value(start, np.arange(mdp.S))[:, 0] - best).max() > 10 * noise


@pytest.mark.statement("pg_baseline_algorithm")
def test_every_fit_counts_only_the_steps_that_were_taken(even, rng):
    """Two short episodes and one long one, by hand; what stands behind the mask is nonsense."""
    mask = np.array([[1, 1, 1], [1, 0, 0], [1, 1, 0]], bool)
    r = np.where(mask, [[1.0, 2, 4], [8, 0, 0], [3, 5, 0]], 1e6)
    s = np.where(mask, [[0, 1, 1], [0, 0, 0], [1, 0, 0]], 99)
    tau = Trajectories(s, np.zeros((3, 3), int), r, mask)
    assert baselines.constant(tau.r) == pytest.approx((7 + 8 + 8) / 3, abs=EXACT)
    np.testing.assert_allclose(baselines.mean_reward_to_go(tau), [23 / 3, 11 / 2, 4], atol=EXACT)
    by_hand = [[15 / 2, 8], [5, 6], [4, 4]]
    np.testing.assert_allclose(baselines.tabular(tau, S=2), by_hand, atol=EXACT)
    by_hand[2][0] = 0
    np.testing.assert_allclose(baselines.linear(tau, np.eye(2)), by_hand, atol=EXACT)
    loo = baselines.leave_one_out(tau)
    np.testing.assert_allclose(
        np.where(mask, loo, 0.0), [[8, 5, 0], [7.5, 0, 0], [7.5, 6, 0]], atol=EXACT
    )
    assert loo[0, 2] == 0  # nobody else gets there
    unmasked = Trajectories(np.where(mask, s, 0), tau.a, r)
    assert abs(baselines.mean_reward_to_go(unmasked)[1] - 11 / 2) > 1e3


@pytest.mark.statement("pg_baseline")
def test_a_step_that_no_episode_reaches_has_baseline_zero():
    """And what stands behind the end of an episode may be no state at all: here S = 1."""
    mask = np.array([[True, True, False], [True, False, False]])
    tau = Trajectories(np.where(mask, 0, 7), np.zeros((2, 3), int), np.ones((2, 3)), mask)
    np.testing.assert_array_equal(baselines.mean_reward_to_go(tau), [1.5, 1.0, 0.0])
    np.testing.assert_array_equal(baselines.tabular(tau, 1), [[1.5], [1.0], [0.0]])
    np.testing.assert_allclose(baselines.linear(tau, [[2.0]]), [[1.5], [1.0], [0.0]], atol=EXACT)
    by_all_episodes = reward_to_go(tau.r).mean(axis=0)
    assert np.abs(by_all_episodes - [1.5, 1.0, 0.0]).max() > 0.1


@pytest.mark.statement("pg_discounted")
def test_discounted_baselines_fit_the_discounted_reward_to_go(even):
    mdp, tau, _ = even
    gamma = 0.7
    values = exact.evaluate(mdp, np.full((mdp.S, mdp.A), 0.5), gamma)
    assert baselines.constant(tau.r, gamma) == pytest.approx(values.J, abs=EXACT)
    visited = values.d > 0
    discounted_V = gamma ** np.arange(mdp.H)[:, None] * values.V[:-1]
    for b in (baselines.tabular(tau, mdp.S, gamma), baselines.linear(tau, np.eye(3), gamma)):
        np.testing.assert_allclose(b[visited], discounted_V[visited], atol=EXACT)
        assert np.abs((b - values.V[:-1])[visited]).max() > 0.01
    fallback = baselines.mean_reward_to_go(tau, gamma)[:, None]
    unvisited = np.where(visited, 0.0, baselines.tabular(tau, mdp.S, gamma) - fallback)
    np.testing.assert_array_equal(unvisited, 0.0)
    R = reward_to_go(tau.r, gamma)
    by_step = baselines.mean_reward_to_go(tau, gamma)
    np.testing.assert_allclose(by_step, R.mean(axis=0), atol=EXACT)
    assert np.abs(by_step - baselines.mean_reward_to_go(tau)).max() > 0.01
    others = (R.sum(axis=0) - R) / (tau.N - 1)
    np.testing.assert_allclose(baselines.leave_one_out(tau, gamma), others, atol=EXACT)


# The mean: independent, reused and left-out batches, exactly, over all pairs of trajectories


@pytest.fixture
def tiny(rng):
    """Two states, two actions, two steps: 16 trajectories, 256 pairs."""
    mdp = MDP(rng.dirichlet(np.ones(2), size=(2, 2)), rng.normal(size=(2, 2)), [0.4, 0.6], H=2)
    policy = TabularSoftmax(2, 2)
    theta = rng.normal(size=policy.p)
    tau = exact.trajectories(mdp)
    rho = np.exp(exact.log_likelihood(mdp, policy.table(theta), tau))
    return mdp, policy, theta, tau, rho, exact.gradient(mdp, policy, theta)


def expectation(rho, M, f):
    """The mean of ``f(n_1, ..., n_M)`` over independent trajectories."""
    return sum(rho[list(n)].prod() * f(n) for n in product(range(len(rho)), repeat=M))


FITS = {
    "constant": lambda tau, other: np.full(other.r.shape, baselines.constant(tau.r)),
    "mean reward-to-go": lambda tau, other: np.tile(baselines.mean_reward_to_go(tau), (other.N, 1)),
    "tabular": lambda tau, other: at_states(baselines.tabular(tau, 2), other),
    "linear": lambda tau, other: at_states(baselines.linear(tau, [[1.0, 0.3], [1.0, -2.0]]), other),
}


@pytest.mark.statement("pg_baseline_algorithm")
@pytest.mark.parametrize("fit", FITS)
def test_a_baseline_from_independent_trajectories_leaves_the_mean_alone(tiny, fit):
    _, policy, theta, tau, rho, g = tiny

    def estimate(n):
        batch = take(tau, n[1:])
        b = FITS[fit](take(tau, n[:1]), batch)
        return policy_gradient(policy, theta, batch, reward_to_go(batch.r) - b)

    np.testing.assert_allclose(expectation(rho, 2, estimate), g, atol=EXACT)

    def of_the_action(n):
        batch = take(tau, n[1:])
        b = FITS[fit](take(tau, n[:1]), batch)
        return policy_gradient(policy, theta, batch, reward_to_go(batch.r) - b * batch.a)

    assert np.abs(expectation(rho, 2, of_the_action) - g).max() > 1e-2


@pytest.mark.statement("pg_baseline_algorithm")
def test_the_fitted_baseline_is_fitted_to_fresh_trajectories_of_the_same_policy(even, rng):
    """A fit to the trajectories themselves is another one."""
    mdp, _, _ = even
    seen = []

    def fit(tau, S):
        seen.append(tau)
        return baselines.tabular(tau, S)

    psi = fitted_baseline(mdp, N=50, rng=rng, fit=fit)
    for action in (0, 1):
        always = np.tile(np.eye(2)[action], (mdp.S, 1))
        tau = sample(mdp, always, 20, rng)
        psi(tau), psi(tau)
        for fresh in seen[-2:]:
            assert fresh.N == 50
            assert (fresh.a == action).all()
            assert not np.shares_memory(fresh.s, tau.s)
        assert (seen[-1].s != seen[-2].s).any()
        itself = reward_to_go(tau.r) - at_states(baselines.tabular(tau, mdp.S), tau)
        assert np.abs(psi(tau) - itself).max() > 1e-3


@pytest.mark.statement("pg_baseline_algorithm")
def test_the_fit_of_a_fitted_baseline_is_the_callers(even):
    mdp, *_ = even
    rng, pi = np.random.default_rng(3), np.full((mdp.S, mdp.A), 0.5)
    features = np.array([[1.0], [2.0], [0.0]])
    tau = sample(mdp, pi, 5, rng)
    psi = fitted_baseline(
        mdp, 10, np.random.default_rng(4), fit=lambda t, S: baselines.linear(t, features)
    )
    fresh = sample(mdp, pi, 10, np.random.default_rng(4))
    b = at_states(baselines.linear(fresh, features), tau)
    np.testing.assert_array_equal(psi(tau), reward_to_go(tau.r) - b)
    # Another fresh batch, another fit.
    assert np.abs(psi(tau) - (reward_to_go(tau.r) - b)).max() > 1e-3


@pytest.mark.statement("reused_baseline")
@pytest.mark.parametrize("fit", FITS)
def test_a_baseline_from_the_same_trajectories_is_biased(tiny, fit):
    _, policy, theta, tau, rho, g = tiny

    def estimate(n):
        batch = take(tau, n)
        b = FITS[fit](batch, batch)
        return policy_gradient(policy, theta, batch, reward_to_go(batch.r) - b)

    assert np.abs(expectation(rho, 2, estimate) - g).max() > 1e-2


@pytest.mark.statement("reused_baseline")
@pytest.mark.parametrize("M", [2, pytest.param(3, marks=pytest.mark.slow)])
def test_the_mean_of_the_reused_batch_shrinks_the_gradient_by_one_part_in_m(tiny, M):
    _, policy, theta, tau, rho, g = tiny

    def estimate(psi, fit):
        def one(n):
            batch = take(tau, n)
            return policy_gradient(policy, theta, batch, psi(batch.r) - fit(batch))

        return expectation(rho, M, one)

    per_step = estimate(reward_to_go, baselines.mean_reward_to_go)
    np.testing.assert_allclose(per_step, (1 - 1 / M) * g, atol=EXACT)
    whole = estimate(total_return, lambda batch: baselines.constant(batch.r))
    np.testing.assert_allclose(whole, (1 - 1 / M) * g, atol=EXACT)
    left_out = estimate(reward_to_go, baselines.leave_one_out)
    np.testing.assert_allclose(left_out, g, atol=EXACT)
    assert np.abs(g / M).max() > 1e-2


@pytest.mark.statement("reused_baseline")
def test_a_perfect_fit_to_the_same_trajectory_leaves_no_gradient_at_all(tiny):
    _, policy, theta, tau, _, g = tiny
    for n in range(tau.N):
        one = take(tau, (n,))
        b = at_states(baselines.tabular(one, 2), one)
        estimate = policy_gradient(policy, theta, one, reward_to_go(one.r) - b)
        np.testing.assert_allclose(estimate, 0, atol=EXACT)
    assert np.abs(g).max() > 1e-2


@pytest.mark.statement("state_baseline_reused")
@pytest.mark.parametrize("M", [1, 2, pytest.param(3, marks=pytest.mark.slow)])
def test_means_per_state_of_the_same_batch_shrink_each_state_by_its_own_factor(tiny, M):
    """One factor for all states, as for one mean return, gives another vector."""
    mdp, policy, theta, tau, rho, g = tiny

    def estimate(n):
        batch = take(tau, n)
        b = at_states(baselines.tabular(batch, mdp.S), batch)
        return policy_gradient(policy, theta, batch, reward_to_go(batch.r) - b)

    v = exact.evaluate(mdp, policy.table(theta))
    kappa = baselines.same_batch_factor(v.d, M)
    shares = np.einsum("hs,sa,hsa->sa", kappa * v.d, policy.table(theta), v.A).ravel()
    mean = expectation(rho, M, estimate)
    np.testing.assert_allclose(mean, shares, atol=EXACT)
    assert np.abs(mean - (1 - 1 / M) * g).max() > 1e-2 or M == 1
    assert np.abs(mean - g).max() > 1e-2


@pytest.mark.statement("state_baseline_reused")
def test_the_factor_falls_with_the_number_of_visits():
    d = np.array([1e-6, 0.01, 0.1, 0.5, 1.0])
    kappa = baselines.same_batch_factor(d, 10)
    assert (np.diff(kappa) > 0).all()
    np.testing.assert_allclose(kappa[0], 9 * d[0] / 2, rtol=1e-4)
    assert kappa[-1] == pytest.approx(0.9, abs=EXACT)
    with pytest.raises(ValueError, match=r"^d must lie in \[0, 1\], but it lies in \[2, 2\]\.$"):
        baselines.same_batch_factor(2.0, 3)


@pytest.mark.statement("pg_baseline_algorithm")
def test_the_previous_baseline_is_fitted_to_the_batch_before_and_keeps_the_mean(tiny):
    """Given any batch before; one fitted to the batch itself does not keep it."""
    _, policy, theta, tau, rho, g = tiny

    def mean(before):
        def estimate(n):
            psi = previous_baseline(S=2)
            psi(take(tau, before))
            batch = take(tau, n)
            return policy_gradient(policy, theta, batch, psi(batch))

        return expectation(rho, 1, estimate)

    for before in ((0,), (3, 7), (15, 2, 2)):
        np.testing.assert_allclose(mean(before), g, atol=EXACT)
    psi, batch = previous_baseline(S=2), take(tau, (1, 9))
    np.testing.assert_array_equal(psi(batch), reward_to_go(batch.r))
    own = at_states(baselines.tabular(batch, 2), batch)
    np.testing.assert_array_equal(psi(batch), reward_to_go(batch.r) - own)
    assert np.abs(psi(batch) - reward_to_go(batch.r)).max() > 0.1


# The second moment


def second_moment(mdp, policy, theta, b):
    """The sum over the steps of E |score|² (R_h - b_h(s_h))², by enumeration."""
    tau = exact.trajectories(mdp)
    rho = np.exp(exact.log_likelihood(mdp, policy.table(theta), tau))
    norms = (policy.score(theta, tau.s, tau.a) ** 2).sum(axis=-1)
    return rho @ (norms * (reward_to_go(tau.r) - at_states(b, tau)) ** 2).sum(axis=1)


@pytest.mark.statement("baseline_limits")
@pytest.mark.parametrize("kind", ["tabular", "linear", "time-dependent"])
def test_the_second_moment_is_the_actions_part_and_the_futures(small, rng, kind, measure):
    """A baseline moves the first alone; one that saw the future would move the second."""
    policy = TabularSoftmax(small.S, small.A, H=small.H if kind == "time-dependent" else None)
    if kind == "linear":
        policy = LinearSoftmax(rng.normal(size=(small.S, small.A, 4)))
    theta = rng.normal(size=policy.p)
    v = exact.evaluate(small, policy.table(theta))
    b = rng.normal(size=(small.H, small.S))
    tau = exact.trajectories(small)
    rho = np.exp(exact.log_likelihood(small, policy.table(theta), tau))
    rows = policy.row(np.arange(small.H), tau.s)
    norms = (policy.score(theta, rows, tau.a) ** 2).sum(axis=-1)

    def moment(psi):
        return rho @ (norms * psi**2)

    R = reward_to_go(tau.r)
    futures = []
    for table in (0 * b, b, v.V[:-1]):
        action, future = baselines.second_moment_parts(small, policy, theta, table)
        whole = moment(R - at_states(table, tau))
        assert measure(action + future - whole, over=tau.N) < EXACT
        np.testing.assert_allclose(
            action, moment(at_pairs(v.Q, tau) - at_states(table, tau)), atol=EXACT
        )
        futures.append(future)
    np.testing.assert_allclose(futures, np.broadcast_to(futures[0], (3, small.H)), atol=EXACT)
    assert futures[0][0] > 0.01
    np.testing.assert_allclose(futures[0][-1], 0, atol=EXACT)
    sees_the_future = moment(R - R.mean(axis=1, keepdims=True))
    assert np.abs(sees_the_future - whole).max() > 0.01


@pytest.mark.statement("optimal_baseline")
@pytest.mark.parametrize("kind", ["tabular", "linear"])
def test_the_optimal_baseline_minimises_the_second_moment_of_each_step(small, rng, kind):
    policy = TabularSoftmax(small.S, small.A)
    if kind == "linear":
        policy = LinearSoftmax(rng.normal(size=(small.S, small.A, 4)))
    theta = rng.normal(size=policy.p)
    b = baselines.optimal(small, policy, theta)
    V = exact.evaluate(small, policy.table(theta)).V[:-1]
    least = second_moment(small, policy, theta, b)
    for h, s in np.ndindex(b.shape):
        for size in (-0.1, 0.1):
            moved = b.copy()
            moved[h, s] += size
            assert second_moment(small, policy, theta, moved) > least
    towards = [second_moment(small, policy, theta, V + t * (b - V)) for t in (0.0, 0.1, 1.0)]
    assert towards[0] > towards[1] > towards[2] + 1e-3


@pytest.mark.statement("optimal_baseline")
def test_the_optimal_baseline_of_two_actions_weighs_each_by_the_probability_of_the_other(
    small, rng
):
    policy = TabularSoftmax(small.S, small.A)
    theta = rng.normal(size=policy.p)
    pi = policy.table(theta)
    Q = exact.evaluate(small, pi).Q
    swapped = (pi[:, ::-1] * Q).sum(axis=-1)
    np.testing.assert_allclose(baselines.optimal(small, policy, theta), swapped, atol=EXACT)
    assert np.abs((pi * Q).sum(axis=-1) - swapped).max() > 0.1


@pytest.mark.statement("optimal_baseline")
def test_a_policy_without_scores_gets_its_value_function(small):
    policy = TabularSoftmax(small.S, small.A)
    theta = np.tile([1e4, 0.0], small.S)
    V = exact.evaluate(small, policy.table(theta)).V[:-1]
    np.testing.assert_allclose(baselines.optimal(small, policy, theta), V, atol=EXACT)
    with_scores = np.tile([1.0, 0.0], small.S)
    V = exact.evaluate(small, policy.table(with_scores)).V[:-1]
    assert np.abs(baselines.optimal(small, policy, with_scores) - V).max() > 1e-2


@pytest.mark.statement("optimal_baseline")
def test_the_optimal_baseline_of_a_time_dependent_policy(small, rng):
    """Its weights are those of the step's own action probabilities."""
    timed = TabularSoftmax(small.S, small.A, H=small.H)
    theta = rng.normal(size=timed.p)
    b = baselines.optimal(small, timed, theta)
    pi = timed.table(theta)
    Q = exact.evaluate(small, pi).Q
    swapped = (pi[:, :, ::-1] * Q).sum(axis=-1)
    np.testing.assert_allclose(b, swapped, atol=EXACT)
    weights_of_step_0 = (pi[0, :, ::-1] * Q).sum(axis=-1)
    assert np.abs(weights_of_step_0 - b).max() > 0.01


@pytest.mark.statement("optimal_baseline", "pg_baseline")
def test_the_value_function_can_be_worse_than_no_baseline():
    """A bandit: the likely action pays -0.9, the other 0.1; then the best baseline is 0."""
    bandit = MDP(np.ones((1, 2, 1)), r=[[-0.9, 0.1]], mu0=[1.0], H=1)
    policy, theta = TabularSoftmax(1, 2), np.array([np.log(9.0), 0.0])
    V = exact.evaluate(bandit, policy.table(theta)).V[:-1]
    np.testing.assert_allclose(V, -0.8, atol=EXACT)
    np.testing.assert_allclose(baselines.optimal(bandit, policy, theta), 0, atol=EXACT)

    def variance(b):
        mean, cov = moments(
            bandit, policy, theta, lambda tau: reward_to_go(tau.r) - at_states(b, tau)
        )
        np.testing.assert_allclose(mean, exact.gradient(bandit, policy, theta), atol=EXACT)
        return np.trace(cov)

    none = np.zeros((1, 1))
    assert variance(V) > 2 * variance(none)
    assert variance(none) == pytest.approx(0, abs=EXACT)


# The border

TAU = Trajectories(np.array([[0, 2]]), np.zeros((1, 2), int), np.ones((1, 2)))
COIN = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=2)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: baselines.constant([1.0]), ValueError, r"r must be an array \(N, H\) of numbers"),
        (lambda: baselines.constant([[np.nan]]), ValueError, "r must be finite, but it contains"),
        (
            lambda: baselines.tabular(TAU, 2),
            ValueError,
            r"tau\.s must lie between 0 and 1, but it contains 2",
        ),
        (
            lambda: baselines.tabular(TAU, 0),
            ValueError,
            "S must be a positive integer, but it is 0",
        ),
        (lambda: baselines.tabular(TAU, 3, 1.5), ValueError, r"gamma must be a number in \[0, 1\]"),
        (lambda: baselines.tabular(TAU.r, 3), TypeError, "tau must be Trajectories, but it is of"),
        (
            lambda: baselines.linear(TAU, [1.0]),
            ValueError,
            r"features has shape \(1,\), but \(any, any\)",
        ),
        (
            lambda: baselines.leave_one_out(TAU),
            ValueError,
            "tau must hold two trajectories at least, but it holds 1",
        ),
        (
            lambda: baselines.optimal(COIN, TabularSoftmax(1, 3), np.zeros(3)),
            ValueError,
            "policy has S = 1 and A = 3, but S = 1 and A = 2 of mdp are expected",
        ),
        (
            lambda: fitted_baseline(COIN, 2, np.random.default_rng(0))(TAU),
            ValueError,
            r"tau\.pi must be the table that drew tau, but it is None",
        ),
        (lambda: fitted_baseline(COIN, 0, np.random.default_rng(0)), ValueError, "N must be a pos"),
        (lambda: fitted_baseline(COIN, 2, 0), TypeError, "rng must be a numpy"),
        (
            lambda: fitted_baseline(COIN, 2, np.random.default_rng(0), fit=None),
            TypeError,
            "fit must be a function, but it is None",
        ),
    ],
)
def test_a_value_that_cannot_be_right_is_refused(call, error, message):
    with pytest.raises(error, match=f"^{message}"):
        call()
