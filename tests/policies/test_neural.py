"""The neural softmax policy and its network, against their definitions."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from pgcompanion import estimators, exact
from pgcompanion.policies import (
    MLP,
    LinearGaussian,
    LinearSoftmax,
    NeuralGaussian,
    NeuralSoftmax,
    TabularSoftmax,
)
from pgcompanion.policies.network import BLOCK
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
    return np.stack([policy.pullback_each(theta, s, w) for w in rows])


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


@pytest.mark.statement("neural_softmax")
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
    np.testing.assert_allclose(policy.pushforward(theta, s, v), jacobian @ v, atol=EXACT)
    each = policy.pullback_each(theta, s, w)
    np.testing.assert_allclose(each, np.einsum("ba,bap->bp", w, jacobian), atol=EXACT)
    np.testing.assert_allclose(policy.pullback(theta, s, w), each.sum(axis=0), atol=EXACT)


def test_a_slope_of_one_in_place_of_that_of_tanh_gives_another_derivative(monkeypatch, rng):
    policy = NeuralSoftmax(2, A, (5,))
    theta, s, w = rng.normal(size=policy.p), rng.normal(size=(7, 2)), rng.normal(size=(7, A))
    right = policy.pullback(theta, s, w)
    monkeypatch.setattr("pgcompanion.policies.network._slope", np.ones_like)
    assert np.abs(policy.pullback(theta, s, w) - right).max() > 1e-2


def test_a_weighted_sum_of_scores_is_that_sum(case, rng):
    policy, theta, s = case
    a, w = rng.integers(A, size=7), rng.normal(size=7)
    by_hand = w @ policy.score(theta, s, a)
    np.testing.assert_allclose(policy.score_sum(theta, s, a, w), by_hand, atol=EXACT)
    assert np.abs(policy.score_sum(theta, s, a, np.ones(7)) - by_hand).max() > 1e-2


# Where the inputs are features of five states, a state is an index: it takes no room beside a score.
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
    logits_only_with_q = policy.pullback(
        theta, policy.states, pi * np.einsum("hs,hsa->sa", v.d, v.Q)
    )
    assert np.abs(logits_only_with_q - by_step).max() > 1e-2


@pytest.mark.statement("reinforce_pg", "neural_softmax")
def test_the_estimator_takes_trajectories_of_observations(rng):
    policy = NeuralSoftmax(4, A, (5,))
    theta = rng.normal(size=policy.p)
    tau = Trajectories(
        rng.normal(size=(6, 5, 4)), rng.integers(A, size=(6, 5)), rng.normal(size=(6, 5))
    )
    psi = estimators.reward_to_go(tau)
    terms = estimators.policy_gradient(policy, theta, tau, psi, per_trajectory=True)
    mean = estimators.policy_gradient(policy, theta, tau, psi)
    np.testing.assert_allclose(mean, terms.mean(axis=0), atol=EXACT)
    assert np.abs(mean - terms.sum(axis=0)).max() > 1e-2


# The network


def test_the_layers_are_views_of_theta(rng):
    net = MLP(3, 2, (5, 4))
    theta = rng.normal(size=net.p)
    layers = net.layers(theta)
    assert all(np.shares_memory(layer, theta) for layer in layers)
    np.testing.assert_array_equal(np.concatenate([layer.ravel() for layer in layers]), theta)


@pytest.mark.parametrize("hidden", [(5, 4), ()])
def test_reused_buffers_change_nothing(hidden, rng):
    net = MLP(3, 2, hidden)
    theta, v = rng.normal(size=(2, net.p))
    x, w = rng.normal(size=(7, 3)), rng.normal(size=(2, 7))
    trace, gradient = net.buffers(7, theta.dtype), np.empty(net.p)
    net.forward(v, x[::-1], trace)
    assert net.forward(theta, x, trace) is trace
    np.testing.assert_array_equal(trace[-1].T, net.value(theta, x))
    assert net.backward(theta, trace, w, out=gradient) is gradient
    np.testing.assert_array_equal(gradient, net.pullback(theta, x, w.T))
    np.testing.assert_array_equal(net.along(theta, trace, v).T, net.pushforward(theta, x, v))


def test_a_batch_is_the_sum_of_its_blocks(rng):
    net = MLP(3, 2, (5, 4))
    theta, v = rng.normal(size=(2, net.p))
    B = 2 * BLOCK + 3
    x, w = rng.normal(size=(B, 3)), rng.normal(size=(B, 2))
    trace = net.forward(theta, x)
    np.testing.assert_allclose(net.value(theta, x), trace[-1].T, atol=EXACT)
    np.testing.assert_allclose(
        net.pushforward(theta, x, v), net.along(theta, trace, v).T, atol=EXACT
    )
    np.testing.assert_allclose(
        net.pullback(theta, x, w), net.backward(theta, trace, w.T), atol=EXACT
    )
    first_block = net.pullback(theta, x[:BLOCK], w[:BLOCK])
    assert np.abs(net.pullback(theta, x, w) - first_block).max() > 1e-2
    assert net.value(theta, x[:0]).shape == (0, 2)
    np.testing.assert_array_equal(net.pullback(theta, x[:0], w[:0]), np.zeros(net.p))


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
        lambda theta: policy.pushforward(theta, s, v),
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
        (lambda: OBSERVED.table(np.zeros(33)), r"inputs must be an array \(S, d\) of features for"),
        (lambda: FINITE.probs(np.zeros(43), 4), "s must lie between 0 and 3, but it contains 4"),
        (lambda: FINITE.score(np.zeros(43), 0, 3), "a must lie between 0 and 2, but it contains 3"),
    ],
)
def test_a_value_that_cannot_be_right_is_refused(call, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        call()
