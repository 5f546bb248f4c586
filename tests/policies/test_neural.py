"""The neural softmax policy and its network, against their definitions."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from pgcompanion import estimators, exact
from pgcompanion.policies import (
    LinearGaussian,
    LinearSoftmax,
    NeuralGaussian,
    NeuralSoftmax,
    TabularSoftmax,
)
from pgcompanion.trajectories import Trajectories

EXACT = 1e-10
SINGLE = 1e-4
A, D = 3, 2


@pytest.fixture(params=["observations", "features", "no hidden layer"])
def case(request, rng):
    """A policy, its parameters and a batch of seven states."""
    if request.param == "features":
        policy = NeuralSoftmax(rng.normal(size=(4, D)), A, hidden=(5, 4))
        return policy, rng.normal(size=policy.p), rng.integers(4, size=7)
    policy = NeuralSoftmax(D, A, hidden=(5, 4) if request.param == "observations" else ())
    return policy, rng.normal(size=policy.p), rng.normal(size=(7, D))


def scores_of_all_actions(policy, theta, s):
    """Shape ``(A, B, p)``."""
    return np.stack([policy.score(theta, s, np.full(len(s), a)) for a in range(policy.A)])


def gradients_of_all_logits(policy, theta, s):
    """What a score becomes when its mean is forgotten, shape ``(A, B, p)``."""
    rows = np.eye(policy.A)[:, None].repeat(len(s), axis=1)
    return np.stack([policy.logits_vjp_each(theta, s, w) for w in rows])


# The function


@pytest.mark.statement("neural_softmax")
def test_the_logits_are_those_of_a_tanh_network(rng):
    policy = NeuralSoftmax(2, A=3, hidden=(5, 4))
    theta, x = rng.normal(size=policy.p), rng.normal(size=2)
    first, second, last = (
        theta[:15].reshape(5, 3),
        theta[15:39].reshape(4, 6),
        theta[39:].reshape(3, 5),
    )
    h = np.tanh(first[:, :2] @ x + first[:, 2])
    h = np.tanh(second[:, :5] @ h + second[:, 5])
    f = last[:, :4] @ h + last[:, 4]
    np.testing.assert_allclose(policy.logits(theta, x), f, atol=EXACT)
    np.testing.assert_allclose(policy.probs(theta, x), np.exp(f) / np.exp(f).sum(), atol=EXACT)
    assert np.abs(policy.logits(theta, x) - last[:, :4] @ h).max() > 1e-2


@pytest.mark.statement("neural_softmax")
def test_one_hot_features_without_a_hidden_layer_make_the_policy_tabular(mdp, rng):
    policy = NeuralSoftmax(np.eye(mdp.S), mdp.A, hidden=())
    theta = rng.normal(size=policy.p)
    weights = theta.reshape(mdp.A, mdp.S + 1)
    table = (weights[:, :-1] + weights[:, -1:]).T.ravel()
    by_table = TabularSoftmax(mdp.S, mdp.A).table(table)
    np.testing.assert_allclose(policy.table(theta), by_table, atol=EXACT)
    without_bias = TabularSoftmax(mdp.S, mdp.A).table(weights[:, :-1].T.ravel())
    assert np.abs(without_bias - by_table).max() > 1e-2


def test_indices_mean_their_features(rng):
    features = rng.normal(size=(4, 2))
    finite, vectors = NeuralSoftmax(features, A, (5, 4)), NeuralSoftmax(2, A, (5, 4))
    theta, v = rng.normal(size=(2, finite.p))
    s, a, w = rng.integers(4, size=(6, 5)), rng.integers(A, size=(6, 5)), rng.normal(size=(6, 5))
    for call in (
        lambda policy, s: policy.probs(theta, s),
        lambda policy, s: policy.score(theta, s, a),
        lambda policy, s: policy.score_sum(theta, s, a, w),
        lambda policy, s: policy.fisher_product(theta, s, w, v),
    ):
        np.testing.assert_allclose(call(finite, s), call(vectors, features[s]), atol=EXACT)
    assert finite.probs(theta, 2).shape == vectors.probs(theta, features[2]).shape == (A,)


# The score


@pytest.mark.statement("neural_softmax_score")
def test_the_score_is_the_derivative_of_the_log_probability(case, complex_step, rng):
    policy, theta, s = case
    a = rng.integers(A, size=7)
    score = policy.score(theta, s, a)
    by_step = complex_step(lambda t: policy.log_prob(t, s, a), theta)
    np.testing.assert_allclose(score, by_step, atol=EXACT)
    logits_only = gradients_of_all_logits(policy, theta, s)[a, np.arange(7)]
    assert np.abs(logits_only - by_step).max() > 1e-2


@pytest.mark.statement("score_lemma", "neural_softmax")
def test_the_expected_score_is_zero(case):
    policy, theta, s = case
    pi = policy.probs(theta, s).T[..., None]
    np.testing.assert_allclose(
        (pi * scores_of_all_actions(policy, theta, s)).sum(axis=0), 0, atol=EXACT
    )
    logits_only = (pi * gradients_of_all_logits(policy, theta, s)).sum(axis=0)
    assert np.abs(logits_only).max() > 1e-2


@pytest.mark.statement("neural_softmax")
def test_forward_mode_is_the_derivative_along_a_direction_and_backward_mode_its_transpose(
    case, complex_step, rng
):
    policy, theta, s = case
    v, w = rng.normal(size=policy.p), rng.normal(size=(7, A))
    jacobian = complex_step(lambda t: policy.logits(t, s), theta)
    np.testing.assert_allclose(policy.logits_jvp(theta, s, v), jacobian @ v, atol=EXACT)
    each = policy.logits_vjp_each(theta, s, w)
    np.testing.assert_allclose(each, np.einsum("ba,bap->bp", w, jacobian), atol=EXACT)
    np.testing.assert_allclose(policy.logits_vjp(theta, s)[1](w), each.sum(axis=0), atol=EXACT)
    in_another_state = policy.logits_jvp(theta, s[::-1], v)
    assert np.abs(in_another_state - jacobian @ v).max() > 1e-2
    of_another_state = policy.logits_vjp(theta, s)[1](w[::-1])
    assert np.abs(of_another_state - each.sum(axis=0)).max() > 1e-2


def test_a_weighted_sum_of_scores_is_that_sum(case, rng):
    policy, theta, s = case
    a, w = rng.integers(A, size=7), rng.normal(size=7)
    by_hand = w @ policy.score(theta, s, a)
    np.testing.assert_allclose(policy.score_sum(theta, s, a, w), by_hand, atol=EXACT)
    assert np.abs(policy.score_sum(theta, s, a, np.ones(7)) - by_hand).max() > 1e-2


# Where the inputs are features of five states, a state is an index, and small beside a score.
LARGE = {
    "neural softmax": lambda rng: NeuralSoftmax(4, 2),
    "linear softmax": lambda rng: LinearSoftmax(rng.normal(size=(5, 2, 4000))),
    "neural Gaussian": lambda rng: NeuralGaussian(4, 2),
    "linear Gaussian": lambda rng: LinearGaussian(rng.normal(size=(5, 2000)), 2),
}


@pytest.mark.parametrize("name", LARGE)
def test_sums_over_many_states_do_not_form_the_scores_one_by_one(name, rng):
    policy, N = LARGE[name](rng), 2000
    theta, w = policy.init(rng), np.ones(N)
    s = rng.normal(size=(N, 4)) if "neural" in name else rng.integers(5, size=N)
    a = rng.normal(size=(N, 2)) if "Gaussian" in name else np.ones(N, int)
    size_of_all_scores = 8 * N * policy.p

    def peak(call):
        tracemalloc.start()
        call()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    assert peak(lambda: policy.score_sum(theta, s, a, w)) < size_of_all_scores / 20
    assert peak(lambda: policy.fisher_product(theta, s, w, theta)) < size_of_all_scores / 20
    assert peak(lambda: policy.score(theta, s, a)) > size_of_all_scores


# Divergence, entropy, Fisher matrix


@pytest.mark.statement("kld")
def test_kl_and_entropy_follow_their_definitions(case, rng):
    policy, theta, s = case
    new = rng.normal(size=policy.p)
    p, q = policy.probs(theta, s), policy.probs(new, s)
    kl = policy.kl(theta, new, s)
    np.testing.assert_allclose(kl, (p * np.log(p / q)).sum(axis=1), atol=EXACT)
    assert (kl > 0).all()
    assert np.abs(policy.kl(new, theta, s) - kl).max() > 1e-2
    entropy = -(p * np.log(p)).sum(axis=1)
    np.testing.assert_allclose(policy.entropy(theta, s), entropy, atol=EXACT)


@pytest.mark.statement("kld")
def test_kl_is_zero_where_only_a_constant_was_added_to_the_logits(case, rng):
    policy, theta, s = case
    new = theta.copy()
    policy.network.layers(new)[-1][:, -1] += 2.0
    np.testing.assert_allclose(policy.kl(theta, new, s), 0, atol=EXACT)
    policy.network.layers(new)[-1][0, -1] += 2.0
    assert (policy.kl(theta, new, s) > 1e-3).all()


@pytest.mark.statement("fisher_matrix")
def test_the_fisher_matrix_is_the_covariance_of_the_score(case, rng):
    policy, theta, s = case
    weights, v = rng.random(7), rng.normal(size=policy.p)

    def second_moment(rows):
        return np.einsum("b,ba,abp,abq->pq", weights, policy.probs(theta, s), rows, rows)

    F = second_moment(scores_of_all_actions(policy, theta, s))
    np.testing.assert_allclose(policy.fisher(theta, s, weights), F, atol=EXACT)
    np.testing.assert_allclose(policy.fisher_product(theta, s, weights, v), F @ v, atol=EXACT)
    logits_only = second_moment(gradients_of_all_logits(policy, theta, s))
    assert np.abs(logits_only - F).max() > 1e-2


# In an MDP


@pytest.mark.statement("pg_advantage", "neural_softmax")
def test_the_exact_gradient_is_the_derivative_of_the_objective(mdp, complex_step, rng):
    policy = NeuralSoftmax(rng.normal(size=(mdp.S, 2)), mdp.A, hidden=(5, 4))
    theta = rng.normal(size=policy.p)
    by_step = complex_step(lambda t: exact.evaluate(mdp, policy.table(t)).J, theta)
    np.testing.assert_allclose(exact.gradient(mdp, policy, theta), by_step, atol=EXACT)
    v, pi = exact.evaluate(mdp, policy.table(theta)), policy.table(theta)
    logits_only_with_q = policy.logits_vjp(theta, policy.states)[1](
        pi * np.einsum("hs,hsa->sa", v.d, v.Q)
    )
    assert np.abs(logits_only_with_q - by_step).max() > 1e-2


@pytest.mark.statement("reinforce_pg", "neural_softmax")
def test_the_estimator_takes_trajectories_of_observations(rng):
    policy = NeuralSoftmax(4, A, (5,))
    theta = rng.normal(size=policy.p)
    tau = Trajectories(
        rng.normal(size=(6, 5, 4)), rng.integers(A, size=(6, 5)), rng.normal(size=(6, 5))
    )
    psi = estimators.reward_to_go(tau.r)
    terms = estimators.per_trajectory_gradients(policy, theta, tau, psi)
    mean = estimators.policy_gradient(policy, theta, tau, psi)
    np.testing.assert_allclose(mean, terms.mean(axis=0), atol=EXACT)
    assert np.abs(mean - terms.sum(axis=0)).max() > 1e-2


# The network


def test_lists_are_as_good_as_arrays(case, rng):
    policy, theta, s = case
    a, w, v = rng.integers(A, size=7), rng.random(7), rng.normal(size=policy.p)
    for call in (
        lambda x: policy.logits(x(theta), x(s)),
        lambda x: policy.log_prob(x(theta), x(s), x(a)),
        lambda x: policy.score(x(theta), x(s), x(a)),
        lambda x: policy.score_sum(x(theta), x(s), x(a), x(w)),
        lambda x: policy.kl(x(theta), x(v), x(s)),
        lambda x: policy.kl_gradient(x(theta), x(v), x(s), x(w)),
        lambda x: policy.fisher(x(theta), x(s), x(w)),
        lambda x: policy.fisher_product(x(theta), x(s), x(w), x(v)),
    ):
        np.testing.assert_array_equal(call(np.ndarray.tolist), call(np.asarray))


def test_single_precision_stays_single(case, rng):
    policy, theta, s = case
    a, w, v = rng.integers(A, size=7), rng.normal(size=7), rng.normal(size=policy.p)
    single = theta.astype(np.float32)
    for call in (
        lambda theta: policy.probs(theta, s),
        lambda theta: policy.score(theta, s, a),
        lambda theta: policy.score_sum(theta, s, a, w),
        lambda theta: policy.fisher_product(theta, s, w, v),
        lambda theta: policy.logits_jvp(theta, s, v),
    ):
        assert call(single).dtype == np.float32
        np.testing.assert_allclose(call(single), call(theta), rtol=SINGLE, atol=SINGLE)
        assert call(theta).dtype == np.float64


@pytest.mark.statement("neural_softmax")
def test_the_starting_weights_are_orthogonal_and_the_starting_policy_nearly_uniform(rng):
    policy = NeuralSoftmax(4, A)
    theta = policy.init(rng)
    for layer, gain in zip(policy.network.layers(theta), [2**0.5, 2**0.5, 0.01], strict=True):
        W, b = layer[:, :-1] / gain, layer[:, -1]
        gram = W.T @ W if W.shape[0] > W.shape[1] else W @ W.T
        np.testing.assert_allclose(gram, np.eye(len(gram)), atol=EXACT)
        np.testing.assert_array_equal(b, 0)
    pi = policy.probs(theta, rng.normal(size=(50, 4)))
    assert 0 < np.abs(pi - 1 / A).max() < 0.05
    assert np.abs(policy.probs(100 * theta, rng.normal(size=(50, 4))) - 1 / A).max() > 0.05


# The border


OBSERVED = NeuralSoftmax(2, A, (5,))
FINITE = NeuralSoftmax(np.eye(4), A, (5,))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: NeuralSoftmax(0, 2), "inputs must be a positive integer, but it is 0"),
        (lambda: NeuralSoftmax(True, 2), "inputs must be a positive integer, but it is True"),
        (lambda: NeuralSoftmax(np.eye(2)[0], 2), r"inputs has shape \(2,\), but \(any, any\) is"),
        (lambda: NeuralSoftmax([[np.nan]], 2), "inputs must be finite, but it contains NaN"),
        (lambda: NeuralSoftmax(4, 0), "A must be a positive integer, but it is 0"),
        (lambda: NeuralSoftmax(4, 2, 64), "hidden must be a sequence of positive integers, but it"),
        (
            lambda: NeuralSoftmax(4, 2, (64, 0)),
            "each width in hidden must be a positive integer, b",
        ),
        (lambda: NeuralSoftmax(4, 2, (8.0,)), "each width in hidden must be a positive integer, b"),
        (
            lambda: OBSERVED.probs(np.zeros(9), np.zeros(2)),
            r"theta has shape \(9,\), but \(33\) is",
        ),
        (lambda: OBSERVED.probs(np.full(33, np.nan), np.zeros(2)), "theta must be finite, but it"),
        (
            lambda: OBSERVED.probs(np.zeros(33), np.zeros(3)),
            r"s has shape \(3,\), but \(\.\.\., 2\)",
        ),
        (lambda: OBSERVED.probs(np.zeros(33), 1.0), r"s has shape \(\), but \(\.\.\., 2\) is"),
        (lambda: OBSERVED.probs(np.zeros(33), [0, np.inf]), "s must be finite, but it contains"),
        (lambda: FINITE.probs(np.zeros(43), 4), "s must lie between 0 and 3, but it contains 4"),
        (lambda: FINITE.score(np.zeros(43), 0, 3), "a must lie between 0 and 2, but it contains 3"),
    ],
)
def test_a_value_that_cannot_be_right_is_refused(call, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        call()


# One pass for the value and its pull-back


SHARED = {
    "softmax": lambda: NeuralSoftmax(inputs=3, A=4, hidden=(6, 5)),
    "softmax on features": lambda: NeuralSoftmax(np.eye(3), A=4, hidden=(6, 5)),
    "fixed sigma": lambda: NeuralGaussian(inputs=3, n=2, hidden=(6, 5), sigma=0.5),
    "learned sigma": lambda: NeuralGaussian(inputs=3, n=2, hidden=(6, 5), sigma=None),
}


@pytest.fixture(params=SHARED)
def shared(request, rng):
    policy = SHARED[request.param]()
    theta = 0.5 * rng.normal(size=policy.p)
    s = rng.integers(3, size=42) if policy.S else rng.normal(size=(42, 3))
    return policy, theta, s, policy.sample(theta, s, rng), rng.normal(size=42)


@pytest.mark.statement("neural_softmax", "gaussian_policy")
def test_the_log_probability_and_its_pull_back_share_a_pass(shared, complex_step):
    policy, theta, s, a, w = shared
    log_pi, pull = policy.log_prob_vjp(theta, s, a)
    np.testing.assert_allclose(log_pi, policy.log_prob(theta, s, a), atol=EXACT)
    derivative = complex_step(lambda t: w @ policy.log_prob(t, s, a), theta)
    np.testing.assert_allclose(pull(w), derivative, atol=EXACT)
    not_centred = policy.log_prob_vjp(theta, s, a[::-1])[1](w)
    assert np.abs(not_centred - derivative).max() > 1e-2


@pytest.mark.statement("neural_softmax", "gaussian_policy")
def test_a_room_costs_the_digits_of_single_precision_and_nothing_else(shared, rng):
    """A sum of B terms is right to B unit round-offs of the largest, or so; of the last rows fewer
    come.
    """
    policy, theta, s, a, w = shared
    room = policy.room(32)
    for rows in (slice(0, 32), slice(32, 42), slice(0, 32)):
        log_pi, pull = policy.log_prob_vjp(theta, s[rows], a[rows], room)
        g, right = pull(w[rows]), policy.score_sum(theta, s[rows], a[rows], w[rows])
        assert log_pi.dtype == g.dtype == np.float32
        np.testing.assert_allclose(log_pi, policy.log_prob(theta, s[rows], a[rows]), atol=SINGLE)
        error = np.abs(g - right).max() / np.abs(right).max()
        assert np.finfo(np.float64).eps < error < 42 * np.finfo(np.float32).eps
    policy.log_prob_vjp(-theta, s[:32], a[:32], room)
    assert np.abs(pull(w[:32]) - right).max() > 1e-2  # the pass has been written over
    single = policy.log_prob_vjp(theta.astype(np.float32), s[:32], a[:32], room)[1](w[:32])
    np.testing.assert_array_equal(single, g)


@pytest.mark.statement("neural_softmax", "gaussian_policy")
def test_without_a_room_the_pass_is_in_the_precision_of_theta(shared, complex_step, rng):
    policy, theta, s, a, w = shared
    single = policy.log_prob_vjp(theta.astype(np.float32), s, a)
    assert single[0].dtype == single[1](w).dtype == np.float32
    v = rng.normal(size=policy.p)
    along = policy.score_sum(theta + 1e-30j * v, s, a, w).imag / 1e-30
    hessian = complex_step(lambda t: policy.score_sum(t, s, a, w), theta)
    np.testing.assert_allclose(along, hessian @ v, atol=1e-9)
    complex_weights = policy.score_sum(theta, s, a, (1 + 2j) * w)
    np.testing.assert_allclose(complex_weights, (1 + 2j) * policy.score_sum(theta, s, a, w))
    assert np.abs(along + hessian @ v).max() > 1e-2


@pytest.mark.statement("gaussian_policy")
def test_in_the_logarithm_of_sigma_the_score_is_centred(rng, complex_step):
    """The negative control leaves out the 1 of z^2 - 1: every weight is then counted once more."""
    policy = SHARED["learned sigma"]()
    theta = 0.5 * rng.normal(size=policy.p)
    x, w = rng.normal(size=(20, 3)), rng.normal(size=20)
    a = policy.sample(theta, x, rng)
    derivative = complex_step(lambda t: w @ policy.log_prob(t, x, a), theta)
    _, pull = policy.log_prob_vjp(theta, x, a)
    np.testing.assert_allclose(pull(w), derivative, atol=EXACT)
    not_centred = pull(w)
    not_centred[-policy.n :] += w.sum()
    assert np.abs(not_centred - derivative).max() > 1e-2


@pytest.mark.statement("ppo_objective")
def test_the_gradient_of_the_entropy_is_its_derivative(shared, complex_step):
    policy, theta, s, _, w = shared
    derivative = complex_step(lambda t: w @ policy.entropy(t, s), theta)
    np.testing.assert_allclose(policy.entropy_gradient(theta, s, w), derivative, atol=EXACT)
    if policy.p > policy.network.p or isinstance(policy, NeuralSoftmax):  # not for a fixed sigma
        assert np.abs(policy.entropy_gradient(theta, s, -w) - derivative).max() > 1e-2


# The race


def z_scores(policy, theta, states, a):
    """How far the frequencies of the actions are from their probabilities, in standard errors."""
    pi, n = policy.probs(theta, states), a.shape[1]
    frequency = (a[..., None] == np.arange(policy.A)).mean(axis=1)
    return (frequency - pi) / np.sqrt(pi * (1 - pi) / n)


@pytest.mark.statement("neural_softmax")
def test_the_race_is_won_with_the_probabilities_of_the_policy(rng, measure):
    policy, n = NeuralSoftmax(inputs=2, A=3, hidden=(8,)), 30_000
    theta = rng.normal(size=policy.p)
    states = rng.normal(size=(3, 2))
    room = policy.room(3 * n)
    a = policy.sample(theta, np.repeat(states, n, axis=0), rng, room).reshape(3, n)
    assert measure(z_scores(policy, theta, states, a), over=n, kind="z-score", of="actions") < 5
    flatter = theta.copy()
    policy.network.layers(flatter)[-1][:] *= 0.7
    b = policy.sample(flatter, np.repeat(states, n, axis=0), rng, room).reshape(3, n)
    assert np.abs(z_scores(policy, theta, states, b)).max() > 5


@pytest.mark.statement("neural_softmax")
def test_a_race_leaves_nothing_to_the_next(rng):
    """The room is reused; what is drawn for other states must not depend on the states before."""
    policy = NeuralSoftmax(inputs=2, A=3, hidden=(8,))
    theta = rng.normal(size=policy.p)
    first, then = rng.normal(size=(2, 50, 2))
    used, fresh = policy.room(50), policy.room(50)
    policy.sample(theta, first, rng, used)
    draws = [policy.sample(theta, then, np.random.default_rng(0), room) for room in (used, fresh)]
    np.testing.assert_array_equal(*draws)
    other = policy.sample(theta, first, np.random.default_rng(0), fresh)
    assert (other != draws[0]).any()


def test_a_gaussian_policy_draws_in_a_room_what_it_draws_without(rng):
    policy = NeuralGaussian(3, 2, (5,), sigma=None)
    theta, s = rng.normal(size=policy.p).astype(np.float32), rng.normal(size=(7, 3))
    draws = [
        policy.sample(theta, s, np.random.default_rng(0), room) for room in (None, policy.room(7))
    ]
    np.testing.assert_allclose(*draws, atol=SINGLE)
    assert draws[1].dtype == np.float32


def test_the_repr_is_one_short_line():
    assert repr(NeuralSoftmax(4, 2)) == "NeuralSoftmax(inputs=4, A=2, hidden=(64, 64))"
    assert repr(NeuralGaussian(np.eye(3), 2, (5,), None)) == (
        "NeuralGaussian(inputs=(3, 3), n=2, hidden=(5,), sigma=None)"
    )
