"""Every form of the policy gradient has the same mean; the usual slips do not."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion import exact
from pgcompanion.estimators import (
    at_pairs,
    at_states,
    baseline_gradient,
    discounted,
    discounted_gradient,
    fisher_matrix,
    moments,
    per_trajectory_gradients,
    policy_gradient,
    reinforce_gradient,
    reward_to_go,
    total_return,
)
from pgcompanion.mdp import MDP
from pgcompanion.policies import LinearSoftmax, TabularSoftmax
from pgcompanion.trajectories import Trajectories, sample

EXACT = 1e-10


@pytest.fixture
def values(mdp, policy, theta):
    return exact.evaluate(mdp, policy.table(theta))


@pytest.fixture
def mean_of(mdp, policy, theta):
    """The exact mean of the estimator with a given coefficient."""
    tau = exact.trajectories(mdp)
    rho = np.exp(exact.log_likelihood(mdp, policy.table(theta), tau))

    def mean(coefficient) -> np.ndarray:
        weights = rho[:, None] * coefficient(tau)
        return policy.score_sum(theta, tau.s, tau.a, weights)

    return mean


@pytest.fixture
def g(mdp, policy, theta):
    return exact.gradient(mdp, policy, theta)


@pytest.fixture
def is_unbiased(mdp, mean_of, g, measure):
    """Whether the mean over all trajectories is the exact gradient."""

    def holds(coefficient, gradient=g) -> bool:
        deviation = mean_of(coefficient) - gradient
        return measure(deviation, over=exact.count_trajectories(mdp)) < EXACT

    return holds


@pytest.mark.statement("reinforce_pg")
def test_reinforce_has_the_gradient_as_its_mean(is_unbiased, mean_of, mdp, policy, theta, g):
    """One score in place of their sum is biased, and so are likelihoods in place of scores."""
    assert is_unbiased(lambda tau: total_return(tau.r))

    def first_score_only(tau):
        return total_return(tau.r) * (np.arange(tau.H) == 0)

    def likelihoods(tau):
        return total_return(tau.r) * policy.table(theta)[tau.s, tau.a]

    for slip in (first_score_only, likelihoods):
        assert np.abs(mean_of(slip) - g).max() > 0.1


@pytest.mark.statement("pg_with_q")
def test_reward_to_go_and_q_have_the_same_mean(is_unbiased, mean_of, values, g):
    """Rewards up to the step are biased, and so is a Q that does not know its step."""
    assert is_unbiased(lambda tau: reward_to_go(tau.r))
    assert is_unbiased(lambda tau: at_pairs(values.Q, tau))
    Q_0 = np.broadcast_to(values.Q[0], values.Q.shape)
    for slip in (lambda tau: tau.r.cumsum(axis=1), lambda tau: at_pairs(Q_0, tau)):
        assert np.abs(mean_of(slip) - g).max() > 1e-3


@pytest.mark.statement("score_lemma")
def test_the_score_has_mean_zero_given_the_past(mdp, policy, theta, is_unbiased):
    """Under another distribution of the actions it has not."""
    pi = policy.table(theta)
    s, a = np.indices(pi.shape)
    scores = policy.score(theta, s, a)
    np.testing.assert_allclose(np.einsum("sa,sap->sp", pi, scores), 0.0, atol=EXACT)

    def earlier_rewards(tau):
        return tau.r.cumsum(axis=1) - tau.r

    assert is_unbiased(earlier_rewards, gradient=0.0)
    uniform = np.full_like(pi, 1 / mdp.A)
    assert np.abs(np.einsum("sa,sap->sp", uniform, scores)).max() > 1e-2


@pytest.mark.statement("pg_baseline")
def test_any_baseline_of_step_and_past_leaves_the_mean_alone(is_unbiased, mean_of, mdp, rng, g):
    """One that knows the action does not."""
    b = rng.normal(size=(mdp.H, mdp.S))
    assert is_unbiased(lambda tau: reward_to_go(tau.r) - at_states(b, tau))
    assert is_unbiased(lambda tau: reward_to_go(tau.r) - b[:, 0])

    def past_rewards_and_state(tau):
        return reward_to_go(tau.r) - (tau.r.cumsum(axis=1) - tau.r) * (1 + tau.s)

    assert is_unbiased(past_rewards_and_state)
    of_action = rng.normal(size=(mdp.H, mdp.S, mdp.A))
    biased = mean_of(lambda tau: reward_to_go(tau.r) - at_pairs(of_action, tau))
    assert np.abs(biased - g).max() > 0.1


@pytest.mark.statement("pg_baseline")
def test_the_reward_of_the_step_itself_summed_over_the_rest_is_biased(mean_of, mdp, rng, g):
    """The printed slip: the sum over h' of r_h, which is (H - h) r_h."""
    b = rng.normal(size=(mdp.H, mdp.S))

    def printed(tau):
        return tau.r * (tau.H - np.arange(tau.H)) - at_states(b, tau)

    def meant(tau):
        return reward_to_go(tau.r) - at_states(b, tau)

    assert np.abs(mean_of(printed) - g).max() > 0.1
    assert np.abs(mean_of(meant) - g).max() < EXACT


@pytest.mark.statement("pg_advantage")
def test_the_advantage_has_the_gradient_as_its_mean(is_unbiased, mean_of, values, g):
    assert is_unbiased(lambda tau: at_pairs(values.A, tau))
    A_0 = np.broadcast_to(values.A[0], values.A.shape)
    assert np.abs(mean_of(lambda tau: at_pairs(A_0, tau)) - g).max() > 1e-3


@pytest.mark.statement("drop_centring")
def test_the_centring_may_be_dropped_where_the_coefficient_has_mean_zero_in_each_state(
    mdp, rng, measure
):
    """An exact advantage is not needed; the reward-to-go and Q alone are biased without it."""
    phi = rng.normal(size=(mdp.S, mdp.A, 5))
    policy = LinearSoftmax(phi)
    theta = rng.normal(size=5)
    pi = policy.table(theta)
    v, g = exact.evaluate(mdp, pi), exact.gradient(mdp, policy, theta)
    tau = exact.trajectories(mdp)
    rho = np.exp(exact.log_likelihood(mdp, pi, tau))
    R, V = reward_to_go(tau.r), at_states(v.V, tau)
    V_next = np.column_stack([V[:, 1:], np.zeros(tau.N)])

    def uncentred(psi):
        return np.einsum("n,nh,nhp->p", rho, psi, phi[tau.s, tau.a])

    allowed = {"A": at_pairs(v.A, tau), "R - V": R - V, "TD residual": tau.r + V_next - V}
    for psi in allowed.values():
        assert measure(uncentred(psi) - g, over=tau.N) < EXACT
    of_the_step = at_states(np.ones((mdp.H, mdp.S)), tau)
    for psi in (R, at_pairs(v.Q, tau), allowed["A"] + of_the_step):
        assert np.abs(uncentred(psi) - g).max() > 0.1


@pytest.mark.statement("pg_discounted")
def test_discounted_forms_have_the_discounted_gradient_as_their_mean(
    mdp, policy, theta, is_unbiased, mean_of
):
    """Without gamma to the h, as much code has it, the estimate is biased."""
    gamma = 0.7
    g = exact.gradient(mdp, policy, theta, gamma)
    v = exact.evaluate(mdp, policy.table(theta), gamma)
    for coefficient in (
        lambda tau: total_return(tau.r, gamma),
        lambda tau: reward_to_go(tau.r, gamma),
        lambda tau: discounted(at_pairs(v.Q, tau), gamma),
        lambda tau: discounted(at_pairs(v.A, tau), gamma),
    ):
        assert is_unbiased(coefficient, g)
    assert np.abs(mean_of(lambda tau: at_pairs(v.Q, tau)) - g).max() > 1e-2


# Trajectories one by one


@pytest.fixture
def drawn(mdp, policy, theta, rng):
    return sample(mdp, policy.table(theta), 50, rng)


@pytest.mark.statement("reinforce_pg")
def test_the_average_of_the_trajectories_terms_is_the_estimate(mdp, policy, theta, drawn):
    psi = reward_to_go(drawn.r)
    terms = per_trajectory_gradients(policy, theta, drawn, psi)
    estimate = policy_gradient(policy, theta, drawn, psi)
    assert terms.shape == (50, policy.p)
    np.testing.assert_allclose(terms.mean(axis=0), estimate, atol=EXACT)
    assert np.abs(terms.mean(axis=0) / mdp.H - estimate).max() > 1e-3


@pytest.mark.statement("reinforce_pg")
def test_moments_are_those_of_the_enumerated_estimator(small, rng):
    policy = TabularSoftmax(small.S, small.A)
    theta = rng.normal(size=policy.p)
    mean, cov = moments(small, policy, theta, lambda tau: reward_to_go(tau.r))
    np.testing.assert_allclose(mean, exact.gradient(small, policy, theta), atol=EXACT)
    np.testing.assert_allclose(cov, cov.T, atol=EXACT)
    tau = exact.trajectories(small)
    rho = np.exp(exact.log_likelihood(small, policy.table(theta), tau))
    x = per_trajectory_gradients(policy, theta, tau, reward_to_go(tau.r))
    second = np.einsum("n,ni,nj->ij", rho, x, x)
    np.testing.assert_allclose(cov, second - np.outer(mean, mean), atol=EXACT)
    assert np.abs(cov - second).max() > 1e-2


@pytest.mark.statement("pg_with_q", "reinforce_pg")
def test_reward_to_go_can_have_more_variance_than_the_return():
    """One state, two steps: the rewards -10 and +10 cancel in the return alone."""
    two = MDP(np.eye(2)[[[1, 1], [1, 1]]], r=[[-10.0, -10.0], [10.0, 10.0]], mu0=[1.0, 0.0], H=2)
    policy = TabularSoftmax(2, 2)
    _, of_return = moments(two, policy, np.zeros(4), lambda tau: total_return(tau.r))
    _, of_to_go = moments(two, policy, np.zeros(4), lambda tau: reward_to_go(tau.r))
    assert np.trace(of_return) == pytest.approx(0.0, abs=EXACT)
    assert np.trace(of_to_go) == pytest.approx(50.0, abs=EXACT)
    other = MDP(two.P, np.abs(two.r), two.mu0, two.H)
    _, of_return = moments(other, policy, np.zeros(4), lambda tau: total_return(tau.r))
    _, of_to_go = moments(other, policy, np.zeros(4), lambda tau: reward_to_go(tau.r))
    assert np.trace(of_return) > np.trace(of_to_go) + 1  # as usual, where rewards do not cancel


@pytest.mark.statement("reinforce_pg")
def test_the_error_of_many_trajectories_is_that_of_one_over_the_root_of_their_number(small, rng):
    policy = TabularSoftmax(small.S, small.A)
    theta, N = rng.normal(size=policy.p), 20_000
    mean, cov = moments(small, policy, theta, lambda tau: reward_to_go(tau.r))
    tau = sample(small, policy.table(theta), N, rng)
    estimate = policy_gradient(policy, theta, tau, reward_to_go(tau.r))
    spread = np.sqrt(np.diag(cov))
    assert np.abs((estimate - mean) / spread).max() < 5 / np.sqrt(N)
    averaged_over_steps = estimate / small.H
    assert np.abs((averaged_over_steps - mean) / spread).max() > 20 / np.sqrt(N)


# A policy that looks at the clock


@pytest.mark.statement("reinforce_pg", "values")
def test_a_time_dependent_policy_has_a_gradient_for_each_step(small, rng, measure):
    """Its rows are pairs of step and state; without the step all scores would fall on step 0."""
    policy = TabularSoftmax(small.S, small.A, H=small.H)
    theta = rng.normal(size=policy.p)
    tau = exact.trajectories(small)
    rho = np.exp(exact.log_likelihood(small, policy.table(theta), tau))
    psi = reward_to_go(tau.r)
    # The mean over all trajectories, as an average of N terms with weights N rho.
    estimate = policy_gradient(policy, theta, tau, tau.N * rho[:, None] * psi)
    terms = per_trajectory_gradients(policy, theta, tau, psi)
    g = exact.gradient(small, policy, theta)
    assert measure(estimate - g, over=tau.N) < EXACT
    np.testing.assert_allclose(rho @ terms, g, atol=EXACT)
    np.testing.assert_allclose(
        moments(small, policy, theta, lambda t: reward_to_go(t.r))[0], g, atol=EXACT
    )
    rows_without_steps = policy.score_sum(theta, tau.s, tau.a, rho[:, None] * psi)
    assert np.abs(rows_without_steps - g).max() > 1e-2


# Episodes that end early


def test_steps_after_the_end_of_an_episode_do_not_count(rng):
    """What stands behind the mask, were it read, would be an index out of range."""
    mask = np.array([[1, 1, 0, 0], [1, 1, 1, 1]], bool)
    s, a = (np.where(mask, rng.integers(2, size=(2, 4)), 99) for _ in range(2))
    tau = Trajectories(s, a, rng.normal(size=(2, 4)), mask)
    first = Trajectories(s[:1, :2], a[:1, :2], tau.r[:1, :2])
    second = Trajectories(s[1:], a[1:], tau.r[1:])
    for policy, rows in ((TabularSoftmax(2, 2), None), (TabularSoftmax(2, 2, H=4), 4)):
        theta = rng.normal(size=policy.p)
        psi = reward_to_go(tau.r) + 1
        each = per_trajectory_gradients(policy, theta, tau, psi)
        np.testing.assert_allclose(
            policy_gradient(policy, theta, tau, psi), each.mean(axis=0), atol=EXACT
        )
        if rows is None:
            for n, alone in enumerate((first, second)):
                psi_alone = reward_to_go(alone.r) + 1
                by_itself = policy_gradient(policy, theta, alone, psi_alone)
                np.testing.assert_allclose(each[n], by_itself, atol=EXACT)
        assert np.abs(each).max() > 0.1


# The forms of the exercises


@pytest.mark.statement("reinforce_pg", "pg_baseline", "pg_discounted", "fisher_matrix")
def test_the_forms_that_take_scores_are_the_fast_one(mdp, policy, theta, drawn, rng):
    """The negative controls take a mean over steps, which is H times too small."""
    scores = policy.score(theta, drawn.s, drawn.a)
    b, Q = rng.normal(size=(mdp.H, mdp.S)), rng.normal(size=(mdp.H, mdp.S, mdp.A))
    along, pairs, gamma = at_states(b, drawn), at_pairs(Q, drawn), 0.7
    for form, psi in (
        (reinforce_gradient(scores, drawn.r), total_return(drawn.r)),
        (baseline_gradient(scores, drawn.r, along), reward_to_go(drawn.r) - along),
        (discounted_gradient(scores, pairs, gamma), discounted(pairs, gamma)),
    ):
        fast = policy_gradient(policy, theta, drawn, psi)
        np.testing.assert_allclose(form, fast, atol=EXACT)
        mean_over_steps = (psi[..., None] * scores).mean(axis=(0, 1))
        assert np.abs(mean_over_steps - fast).max() > 1e-3


@pytest.mark.statement("fisher_matrix")
def test_the_sampled_fisher_matrix_tends_to_the_exact_one(small, rng):
    """Its entries scatter as their exact variance says; a mean over steps is too small."""
    policy, N = TabularSoftmax(small.S, small.A), 4_000
    theta = rng.normal(size=policy.p)
    pi = policy.table(theta)
    F = exact.fisher(small, policy, theta)
    every = exact.trajectories(small)
    rho = np.exp(exact.log_likelihood(small, pi, every))
    g = policy.score(theta, every.s, every.a)
    each = np.einsum("nhp,nhq->npq", g, g)
    np.testing.assert_allclose(np.einsum("n,npq->pq", rho, each), F, atol=EXACT)
    spread = np.sqrt(np.einsum("n,npq->pq", rho, (each - F) ** 2))
    tau = sample(small, pi, N, rng)
    estimate = fisher_matrix(policy.score(theta, tau.s, tau.a))
    assert (np.abs(estimate - F) <= 5 * spread / np.sqrt(N) + EXACT).all()
    assert (np.abs(estimate / small.H - F) > 5 * spread / np.sqrt(N) + EXACT).any()


# The border

TAU = Trajectories([[0, 0, 0], [0, 0, 0]], [[0, 1, 0], [1, 1, 0]], np.zeros((2, 3)))
COIN, ZERO = TabularSoftmax(1, 2), np.zeros(2)
SCORES, STEPS = np.zeros((2, 3, 1)), np.zeros((2, 3))


@pytest.mark.parametrize("estimate", [policy_gradient, per_trajectory_gradients])
@pytest.mark.parametrize(
    ("psi", "message"),
    [
        (
            np.zeros(3),
            r"psi must be an array \(N, H\) = \(2, 3\) of numbers, but its shape is \(3,\)",
        ),
        (
            np.zeros((2, 4)),
            r"psi must be an array \(N, H\) = \(2, 3\) of numbers, but its shape is",
        ),
        (None, r"psi must be an array \(N, H\) = \(2, 3\) of numbers, but its shape is \(\)"),
        (np.full((2, 3), "a"), r"psi must be an array .* and its type <U1"),
        (np.array([[1, 2, 3], [3, np.nan, 1]]), "psi must be finite, but it contains NaN"),
    ],
)
def test_a_coefficient_that_cannot_be_right_is_refused(estimate, psi, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        estimate(COIN, ZERO, TAU, psi)


@pytest.mark.parametrize("estimate", [policy_gradient, per_trajectory_gradients])
def test_an_action_out_of_range_and_what_is_no_policy_are_refused(estimate):
    tau = Trajectories(np.zeros((1, 2), int), np.array([[0, 2]]), np.zeros((1, 2)))
    with pytest.raises(ValueError, match=r"^a must lie between 0 and 1, but it contains 2\.$"):
        estimate(COIN, ZERO, tau, tau.r)
    with pytest.raises(
        TypeError, match=r"^policy must be a policy such as TabularSoftmax\(S, A\), "
    ):
        estimate(np.full((1, 2), 0.5), ZERO, TAU, STEPS)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: reinforce_gradient(STEPS, STEPS),
            r"scores has shape \(2, 3\), but \(any, any, any",
        ),
        (
            lambda: reinforce_gradient(SCORES[:0], STEPS),
            r"scores has shape \(0, 3, 1\), but one step",
        ),
        (
            lambda: reinforce_gradient(SCORES, STEPS[:1]),
            r"r has shape \(1, 3\), but \(2, 3\) is exp",
        ),
        (
            lambda: baseline_gradient(SCORES, STEPS, STEPS[0]),
            r"b has shape \(3,\), but \(2, 3\) is",
        ),
        (lambda: discounted_gradient(SCORES, STEPS, "1"), "gamma must be a number in"),
        (lambda: discounted_gradient(SCORES, None, 0.5), "Q must be an array of numbers, but its"),
        (lambda: fisher_matrix(SCORES + np.nan), "scores must be finite, but it contains NaN"),
    ],
)
def test_arrays_that_cannot_be_right_are_refused(call, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        call()


def test_moments_of_the_wrong_objects_are_refused(small):
    with pytest.raises(TypeError, match=r"^psi must be a function, but it is None\.$"):
        moments(small, TabularSoftmax(small.S, small.A), np.zeros(small.S * small.A), None)
    with pytest.raises(
        ValueError, match=r"^policy has S = 1 and A = 2, but S = 3 and A = 2 of mdp"
    ):
        moments(small, COIN, ZERO, lambda tau: tau.r)
