"""Every form of the policy gradient has the same mean; the usual slips do not."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from pgcompanion import estimators, exact
from pgcompanion.estimators import (
    advantage,
    along,
    discounted_rewards,
    minus,
    moments,
    policy_gradient,
    q_function,
    reward_to_go,
    total_return,
)
from pgcompanion.mdp import MDP
from pgcompanion.policies import TabularSoftmax
from pgcompanion.trajectories import Trajectories

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
def test_reinforce_has_the_gradient_as_its_mean(is_unbiased):
    assert is_unbiased(total_return)


@pytest.mark.statement("reinforce_pg")
def test_reinforce_with_one_score_in_place_of_their_sum_is_biased(mean_of, g):
    def first_step_only(tau):
        return total_return(tau) * (np.arange(tau.H) == 0)

    assert np.abs(mean_of(first_step_only) - g).max() > 0.1


@pytest.mark.statement("reinforce_pg")
def test_likelihoods_in_place_of_scores_are_biased(mdp, policy, theta, g):
    """The slip: the gradient of the probability, where that of its logarithm belongs."""
    tau = exact.trajectories(mdp)
    pi = policy.table(theta)
    rho = np.exp(exact.log_likelihood(mdp, pi, tau))
    weights = rho[:, None] * total_return(tau) * pi[tau.s, tau.a]
    assert np.abs(policy.score_sum(theta, tau.s, tau.a, weights) - g).max() > 0.1


@pytest.mark.statement("pg_with_q")
def test_reward_to_go_and_q_have_the_same_mean(is_unbiased, values):
    assert is_unbiased(reward_to_go)
    assert is_unbiased(partial(q_function, Q=values.Q))


@pytest.mark.statement("pg_with_q")
def test_rewards_up_to_the_step_or_a_q_without_its_step_are_biased(mean_of, values, g):
    def past(tau):
        return tau.r.cumsum(axis=1)

    Q_0 = np.broadcast_to(values.Q[0], values.Q.shape)
    assert np.abs(mean_of(past) - g).max() > 1e-3
    assert np.abs(mean_of(partial(q_function, Q=Q_0)) - g).max() > 1e-3


@pytest.mark.statement("score_lemma")
def test_the_score_has_mean_zero_and_forgets_the_past(mdp, policy, theta, is_unbiased):
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
def test_any_baseline_of_step_and_state_leaves_the_mean_alone(is_unbiased, mdp, rng):
    b = rng.normal(size=(mdp.H, mdp.S))
    assert is_unbiased(lambda tau: minus(reward_to_go(tau), along(tau, b)))
    assert is_unbiased(lambda tau: minus(reward_to_go(tau), b[:, 0]))


@pytest.mark.statement("pg_baseline")
def test_a_baseline_of_the_whole_past_leaves_the_mean_alone(is_unbiased):
    def past_rewards_and_state(tau):
        return reward_to_go(tau) - (tau.r.cumsum(axis=1) - tau.r) * (1 + tau.s)

    assert is_unbiased(past_rewards_and_state)


@pytest.mark.statement("pg_baseline")
def test_a_baseline_of_the_action_is_biased(mean_of, mdp, rng, g):
    b = rng.normal(size=(mdp.H, mdp.S, mdp.A))
    biased = mean_of(lambda tau: reward_to_go(tau) - q_function(tau, b))
    assert np.abs(biased - g).max() > 0.1


@pytest.mark.statement("pg_baseline")
def test_the_reward_of_the_step_itself_summed_over_the_rest_is_biased(mean_of, mdp, rng, g):
    """The printed slip: the sum over h' of r_h, which is (H - h) r_h."""
    b = rng.normal(size=(mdp.H, mdp.S))

    def printed(tau):
        return tau.r * (tau.H - np.arange(tau.H)) - along(tau, b)

    assert np.abs(mean_of(printed) - g).max() > 0.1


@pytest.mark.statement("pg_advantage")
def test_the_advantage_has_the_gradient_as_its_mean(is_unbiased, mean_of, values, g):
    assert is_unbiased(partial(advantage, A=values.A))
    A_0 = np.broadcast_to(values.A[0], values.A.shape)
    assert np.abs(mean_of(partial(advantage, A=A_0)) - g).max() > 1e-3


@pytest.mark.statement("linear_softmax", "drop_centring")
def test_the_centring_of_the_features_may_be_dropped_for_the_advantage_alone(mdp, rng, measure):
    from pgcompanion.policies import LinearSoftmax

    phi = rng.normal(size=(mdp.S, mdp.A, 5))
    policy = LinearSoftmax(phi)
    theta = rng.normal(size=5)
    pi = policy.table(theta)
    v, g = exact.evaluate(mdp, pi), exact.gradient(mdp, policy, theta)
    visits = v.d[:, :, None] * pi
    deviation = np.einsum("hsa,hsa,sap->p", visits, v.A, phi) - g
    assert measure(deviation, over=policy.p, of="parameters") < EXACT
    assert np.abs(np.einsum("hsa,hsa,sap->p", visits, v.Q, phi) - g).max() > 0.1


@pytest.mark.statement("pg_discounted")
def test_discounted_forms_have_the_discounted_gradient_as_their_mean(
    mdp, policy, theta, is_unbiased
):
    gamma = 0.7
    g = exact.gradient(mdp, policy, theta, gamma)
    v = exact.evaluate(mdp, policy.table(theta), gamma)
    for coefficient in (
        partial(total_return, gamma=gamma),
        partial(reward_to_go, gamma=gamma),
        partial(q_function, Q=v.Q, gamma=gamma),
        partial(advantage, A=v.A, gamma=gamma),
    ):
        assert is_unbiased(coefficient, g)


@pytest.mark.statement("pg_discounted")
def test_without_gamma_to_the_h_the_discounted_estimator_is_biased(mdp, policy, theta, mean_of):
    gamma = 0.7
    g = exact.gradient(mdp, policy, theta, gamma)
    v = exact.evaluate(mdp, policy.table(theta), gamma)
    assert np.abs(mean_of(partial(q_function, Q=v.Q)) - g).max() > 1e-2


@pytest.mark.statement("trajectories")
def test_rewards_to_go_telescope(mdp, rng):
    r = rng.normal(size=(7, mdp.H))
    tau = Trajectories(np.zeros((7, mdp.H), int), np.zeros((7, mdp.H), int), r)
    R = reward_to_go(tau)
    np.testing.assert_allclose(R[:, 0], total_return(tau)[:, 0], atol=EXACT)
    np.testing.assert_allclose(R[:, :-1] - R[:, 1:], r[:, :-1], atol=EXACT)
    assert np.abs(r.cumsum(axis=1)[:, 0] - R[:, 0]).max() > 0.1


def test_steps_after_the_end_of_an_episode_do_not_count(rng):
    s, a = np.zeros((2, 4), int), rng.integers(2, size=(2, 4))
    r, mask = rng.normal(size=(2, 4)), np.array([[1, 1, 0, 0], [1, 1, 1, 1]], bool)
    cut = Trajectories(s[:1, :2], a[:1, :2], r[:1, :2])
    padded = Trajectories(s[:1], a[:1], r[:1], mask[:1])
    policy, theta = TabularSoftmax(1, 2), rng.normal(size=2)
    for coefficient in (total_return, reward_to_go):
        np.testing.assert_allclose(
            policy_gradient(policy, theta, padded, coefficient(padded)),
            policy_gradient(policy, theta, cut, coefficient(cut)),
            atol=EXACT,
        )
    np.testing.assert_allclose(discounted_rewards(padded, 1.0)[0, 2:], 0.0, atol=0)


@pytest.mark.statement("reinforce_pg")
def test_the_average_of_the_trajectories_terms_is_the_estimate(mdp, policy, theta, rng):
    s, a = rng.integers(mdp.S, size=(50, mdp.H)), rng.integers(mdp.A, size=(50, mdp.H))
    tau = Trajectories(s, a, mdp.r[s, a])
    psi = reward_to_go(tau)
    terms = policy_gradient(policy, theta, tau, psi, per_trajectory=True)
    estimate = policy_gradient(policy, theta, tau, psi)
    assert terms.shape == (50, policy.p)
    np.testing.assert_allclose(terms.mean(axis=0), estimate, atol=EXACT)
    assert np.abs(terms.mean(axis=0) / mdp.H - estimate).max() > 1e-3


def test_moments_are_those_of_the_enumerated_estimator(small, rng):
    policy = TabularSoftmax(small.S, small.A)
    theta = rng.normal(size=policy.p)
    mean, cov = moments(small, policy, theta, reward_to_go)
    np.testing.assert_allclose(mean, exact.gradient(small, policy, theta), atol=EXACT)
    np.testing.assert_allclose(cov, cov.T, atol=EXACT)
    tau = exact.trajectories(small)
    rho = np.exp(exact.log_likelihood(small, policy.table(theta), tau))
    x = policy_gradient(policy, theta, tau, reward_to_go(tau), per_trajectory=True)
    by_hand = np.einsum("n,ni,nj->ij", rho, x, x) - np.outer(mean, mean)
    np.testing.assert_allclose(cov, by_hand, atol=EXACT)


@pytest.mark.statement("pg_with_q")
def test_reward_to_go_can_have_more_variance_than_the_return():
    """One state, two steps: the rewards -10 and +10 cancel in the return alone."""
    two = MDP(np.eye(2)[[[1, 1], [1, 1]]], r=[[-10.0, -10.0], [10.0, 10.0]], mu0=[1.0, 0.0], H=2)
    policy = TabularSoftmax(2, 2)
    _, of_return = moments(two, policy, np.zeros(4), total_return)
    _, of_to_go = moments(two, policy, np.zeros(4), reward_to_go)
    assert np.trace(of_return) == pytest.approx(0.0, abs=EXACT)
    assert np.trace(of_to_go) == pytest.approx(50.0, abs=EXACT)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda t: minus(reward_to_go(t), np.zeros((3, 9))),
            r"b has shape \(3, 9\), but \(3,\) or",
        ),
        (lambda t: along(t, np.zeros((7, 2))), r"b has shape \(7, 2\), but \(H, S\) with H = 3"),
        (lambda t: q_function(t, np.zeros((2, 2))), r"Q has shape \(2, 2\), but \(H, S, A\)"),
        (lambda t: advantage(t, np.zeros((2, 1, 2))), r"A has shape \(2, 1, 2\), but \(H, S, A\)"),
        (
            lambda t: policy_gradient(TabularSoftmax(1, 2), np.zeros(2), t, np.zeros(3)),
            r"psi has shape \(3,\), but \(N, H\) = \(2, 3\) is expected\.",
        ),
    ],
)
def test_arrays_of_a_wrong_shape_are_refused(call, message):
    tau = Trajectories(np.zeros((2, 3), int), np.zeros((2, 3), int), np.zeros((2, 3)))
    with pytest.raises(ValueError, match=f"^{message}"):
        call(tau)


def test_an_action_out_of_range_is_refused():
    tau = Trajectories(np.zeros((1, 2), int), np.array([[0, 2]]), np.zeros((1, 2)))
    with pytest.raises(ValueError, match=r"^a must lie between 0 and 1, but it contains 2\.$"):
        policy_gradient(TabularSoftmax(1, 2), np.zeros(2), tau, reward_to_go(tau))
    assert estimators.total_return(tau).shape == (1, 2)
