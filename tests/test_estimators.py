"""Every form of the policy gradient has the same mean; the usual slips do not."""

from __future__ import annotations

import re
from functools import partial

import numpy as np
import pytest

from pgcompanion import estimators, exact
from pgcompanion.estimators import (
    advantage,
    along,
    discounted_rewards,
    gae,
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
    assert is_unbiased(lambda tau: minus(reward_to_go(tau), b, tau))


@pytest.mark.statement("pg_baseline")
def test_tau_tells_a_table_from_a_baseline_of_each_trajectory_where_their_shapes_agree(rng):
    N = H = S = 3
    tau = Trajectories(rng.integers(S, size=(N, H)), np.zeros((N, H), int), rng.normal(size=(N, H)))
    psi, b = reward_to_go(tau), rng.normal(size=(H, S))
    by_hand = psi - b[np.arange(H), tau.s]
    np.testing.assert_array_equal(minus(psi, b, tau), by_hand)
    np.testing.assert_array_equal(minus(psi, along(tau, b)), by_hand)
    np.testing.assert_array_equal(minus(psi, np.vstack([b, b[:1]]), tau), by_hand)
    np.testing.assert_array_equal(minus(psi, b), psi - b)
    np.testing.assert_array_equal(minus(psi, b[:, 0], tau), minus(psi, b[:, 0]))
    assert np.abs(minus(psi, b) - by_hand).max() > 0.1


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


@pytest.mark.parametrize("bad", [-1, 2])
def test_a_state_or_an_action_that_a_table_does_not_have_is_refused(bad):
    """An index of -1 would be read as the last entry, and nothing would tell."""
    fine, wrong = np.zeros((1, 2), int), np.array([[0, bad]])
    in_states = Trajectories(wrong, fine, fine)
    in_actions = Trajectories(fine, wrong, fine)
    after = Trajectories(fine, fine, fine, terminated=[False], last=[bad])
    Q, V = np.zeros((2, 2, 2)), np.zeros((3, 2))
    for name, call in [
        ("tau.s", lambda: q_function(in_states, Q)),
        ("tau.a", lambda: q_function(in_actions, Q)),
        ("tau.s", lambda: advantage(in_states, Q)),
        ("tau.a", lambda: advantage(in_actions, Q)),
        ("tau.s", lambda: along(in_states, V)),
        ("tau.s", lambda: minus(fine, V, in_states)),
        ("tau.s", lambda: gae(in_states, V, 0.5)),
        ("tau.last", lambda: gae(after, V, 0.5)),
    ]:
        message = rf"^{re.escape(name)} must lie between 0 and 1, but it contains {bad}\.$"
        with pytest.raises(ValueError, match=message):
            call()


@pytest.mark.parametrize("gamma", [-1, 1.5, np.nan, None])
def test_a_discount_out_of_range_is_refused(gamma):
    tau = Trajectories([[0, 0]], [[0, 0]], [[1.0, 2.0]])
    for call in (
        lambda: total_return(tau, gamma),
        lambda: reward_to_go(tau, gamma),
        lambda: q_function(tau, np.zeros((2, 1, 1)), gamma),
        lambda: advantage(tau, np.zeros((2, 1, 1)), gamma),
        lambda: gae(tau, np.zeros((2, 1)), 0.5, gamma),
    ):
        with pytest.raises(ValueError, match=r"^gamma must be a number in \[0, 1\], but it is "):
            call()


@pytest.mark.parametrize("per_trajectory", [True, False])
def test_a_coefficient_that_is_not_finite_is_refused(per_trajectory):
    tau = Trajectories([[0, 0], [0, 0]], [[0, 1], [1, 1]], np.zeros((2, 2)))
    psi = np.array([[1.0, 2.0], [3.0, np.nan]])
    with pytest.raises(
        ValueError, match=r"^psi must be finite, but it contains NaN or infinity\.$"
    ):
        policy_gradient(TabularSoftmax(1, 2), np.zeros(2), tau, psi, per_trajectory)


def test_lists_are_as_good_as_arrays():
    s, a, r = [[0, 1], [1, 1]], [[1, 0], [0, 0]], [[1.0, 2.0], [4.0, 8.0]]
    lists = Trajectories(s, a, r, [[1, 1], [1, 0]], [0, 1], [0, 1])
    arrays = Trajectories(
        np.array(s),
        np.array(a),
        np.array(r),
        np.array([[True, True], [True, False]]),
        np.array([False, True]),
        np.array([0, 1]),
    )
    Q, V = np.arange(8.0).reshape(2, 2, 2), np.arange(6.0).reshape(3, 2)
    policy = TabularSoftmax(2, 2)
    for call in (
        lambda tau, x: reward_to_go(tau),
        lambda tau, x: q_function(tau, x(Q)),
        lambda tau, x: advantage(tau, x(Q)),
        lambda tau, x: along(tau, x(V)),
        lambda tau, x: gae(tau, x(V), 0.5),
        lambda tau, x: minus(x(reward_to_go(tau)), x(V[:2, 0])),
        lambda tau, x: minus(x(reward_to_go(tau)), x(V), tau),
        lambda tau, x: policy_gradient(policy, x(np.arange(4.0)), tau, x(reward_to_go(tau))),
    ):
        of_lists = call(lists, np.ndarray.tolist)
        np.testing.assert_array_equal(of_lists, call(arrays, np.asarray))
        assert of_lists.any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"r": np.zeros(3)}, r"r has shape \(3,\), but \(N, H\) is expected\."),
        ({"s": np.zeros((2, 4))}, r"s has shape \(2, 4\), but \(2, 3, \.\.\.\) is expected\."),
        ({"a": np.zeros((3, 2))}, r"a has shape \(3, 2\), but \(2, 3, \.\.\.\) is expected\."),
        ({"mask": np.ones(3)}, r"mask has shape \(3,\), but \(2, 3\) is expected\."),
        ({"mask": np.ones((2, 3, 1))}, r"mask has shape \(2, 3, 1\), but \(2, 3\) is expected\."),
        ({"terminated": [True]}, r"terminated has shape \(1,\), but \(2\) is expected\."),
        ({"last": np.zeros(3)}, r"last has shape \(3,\), but \(2, \.\.\.\) is expected\."),
    ],
)
def test_arrays_that_do_not_belong_to_the_same_trajectories_are_refused(arguments, message):
    fine = {"s": np.zeros((2, 3, 5)), "a": np.zeros((2, 3)), "r": np.zeros((2, 3))}
    assert Trajectories(**fine, last=np.zeros((2, 5))).N == 2
    with pytest.raises(ValueError, match=f"^{message}$"):
        Trajectories(**{**fine, **arguments})


def test_a_value_function_of_a_wrong_shape_is_refused():
    tau = Trajectories([[0, 0]], [[0, 0]], [[1.0, 2.0]], terminated=[False], last=[0])
    with pytest.raises(ValueError, match=r"^V\(tau\.s\) has shape \(1, 2, 1\), but \(1, 2\) is"):
        gae(tau, lambda s: np.zeros((*np.shape(s), 1)), 0.5)
    with pytest.raises(
        ValueError, match=r"^V\(tau\.last\) has shape \(2,\), but \(1\) is expected"
    ):
        gae(tau, lambda s: np.zeros(np.shape(s) if np.ndim(s) == 2 else 2), 0.5)
    with pytest.raises(ValueError, match=r"^V has shape \(4, 1\), but \(H, S\) with H = 2 is exp"):
        gae(tau, np.zeros((4, 1)), 0.5)


def test_an_action_out_of_range_is_refused():
    tau = Trajectories(np.zeros((1, 2), int), np.array([[0, 2]]), np.zeros((1, 2)))
    with pytest.raises(ValueError, match=r"^a must lie between 0 and 1, but it contains 2\.$"):
        policy_gradient(TabularSoftmax(1, 2), np.zeros(2), tau, reward_to_go(tau))
    assert estimators.total_return(tau).shape == (1, 2)
