"""Tabular and linear softmax policies against their definitions."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion.policies import LinearSoftmax, TabularSoftmax
from pgcompanion.policies.softmax import log_softmax, softmax

EXACT = 1e-10


@pytest.mark.statement("tabular_softmax", "linear_softmax")
def test_probabilities_follow_the_definition(mdp, policy, theta, rng):
    logits = (
        theta.reshape(mdp.S, mdp.A)
        if isinstance(policy, TabularSoftmax)
        else policy.features @ theta
    )
    pi = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(policy.table(theta), pi, atol=EXACT)
    s = rng.integers(mdp.S, size=(2, 3))
    np.testing.assert_allclose(policy.probs(theta, s), pi[s], atol=EXACT)
    a = rng.integers(mdp.A, size=(2, 3))
    np.testing.assert_allclose(policy.log_prob(theta, s, a), np.log(pi[s, a]), atol=EXACT)


@pytest.mark.statement("tabular_softmax")
def test_a_normaliser_over_all_states_gives_no_policy(mdp, rng):
    """The printed slip: the sum in the denominator runs over the states too."""
    policy = TabularSoftmax(mdp.S, mdp.A)
    theta = rng.normal(size=policy.p)
    np.testing.assert_allclose(policy.table(theta).sum(axis=1), 1.0, atol=EXACT)
    printed = np.exp(theta) / np.exp(theta).sum()
    assert (printed.reshape(mdp.S, mdp.A).sum(axis=1) < 0.9).all()


@pytest.mark.statement("tabular_softmax")
def test_a_constant_added_in_one_state_changes_nothing(mdp, rng):
    policy = TabularSoftmax(mdp.S, mdp.A)
    theta = rng.normal(size=policy.p)
    shifted = (theta.reshape(mdp.S, mdp.A) + rng.normal(size=(mdp.S, 1))).ravel()
    np.testing.assert_allclose(policy.table(shifted), policy.table(theta), atol=EXACT)
    tilted = theta + rng.normal(size=policy.p)
    assert np.abs(policy.table(tilted) - policy.table(theta)).max() > 1e-2


@pytest.mark.statement("tabular_softmax", "linear_softmax")
def test_the_score_is_the_derivative_of_the_log_probability(mdp, policy, theta):
    s, a = np.indices((mdp.S, mdp.A))
    score = policy.score(theta, s, a)
    step = 1e-30
    by_step = [policy.log_prob(theta + 1j * step * e, s, a).imag / step for e in np.eye(policy.p)]
    np.testing.assert_allclose(score, np.moveaxis(by_step, 0, -1), atol=EXACT)
    uncentred = policy.pullback_each(theta, s, np.eye(mdp.A)[a])
    assert np.abs(uncentred - score).max() > 1e-2


@pytest.mark.statement("tabular_softmax")
def test_the_tabular_score_is_the_printed_formula(mdp, rng):
    policy = TabularSoftmax(mdp.S, mdp.A)
    theta = rng.normal(size=policy.p)
    pi = policy.table(theta)
    for s in range(mdp.S):
        for a in range(mdp.A):
            by_hand = np.zeros((mdp.S, mdp.A))
            by_hand[s] = (np.arange(mdp.A) == a) - pi[s]
            np.testing.assert_allclose(policy.score(theta, s, a), by_hand.ravel(), atol=EXACT)


@pytest.mark.statement("linear_softmax")
def test_one_hot_features_make_the_linear_policy_tabular(mdp, rng):
    tabular = TabularSoftmax(mdp.S, mdp.A)
    linear = LinearSoftmax(np.eye(mdp.S * mdp.A).reshape(mdp.S, mdp.A, -1))
    theta = rng.normal(size=tabular.p)
    s, a = rng.integers(mdp.S, size=20), rng.integers(mdp.A, size=20)
    np.testing.assert_allclose(linear.table(theta), tabular.table(theta), atol=EXACT)
    np.testing.assert_allclose(linear.score(theta, s, a), tabular.score(theta, s, a), atol=EXACT)


def test_weighted_sums_of_scores_need_not_form_them(mdp, policy, theta, rng):
    s, a = rng.integers(mdp.S, size=(6, 5)), rng.integers(mdp.A, size=(6, 5))
    w = rng.normal(size=(6, 5))
    by_hand = np.einsum("nh,nhp->p", w, policy.score(theta, s, a))
    np.testing.assert_allclose(policy.score_sum(theta, s, a, w), by_hand, atol=EXACT)
    general = policy.pullback(theta, s, w[..., None] * policy._centred(theta, s, a))
    np.testing.assert_allclose(general, by_hand, atol=EXACT)
    W = rng.normal(size=(mdp.S, mdp.A))
    states, actions = np.indices(W.shape)
    scores = policy.score(theta, states, actions)
    by_hand = np.einsum("sa,sa,sap->p", policy.table(theta), W, scores)
    np.testing.assert_allclose(policy.score_average(theta, policy.states, W), by_hand, atol=EXACT)


@pytest.mark.statement("tabular_softmax")
def test_a_tabular_sum_is_the_same_however_memory_holds_its_arrays(rng):
    S, A, shape = 5, 3, (300, 400)
    policy, theta = TabularSoftmax(S, A), rng.normal(size=S * A)
    s, a, weights = rng.integers(S, size=shape), rng.integers(A, size=shape), rng.normal(size=shape)
    counts = np.zeros((S, A))
    np.add.at(counts, (s, a), weights)
    exact = (counts - counts.sum(axis=1, keepdims=True) * policy.table(theta)).ravel()
    steps_first = [np.asfortranarray(x) for x in (s.astype(np.int16), a.astype(np.int8), weights)]
    for s_, a_, w_ in [(s, a, weights), steps_first, (steps_first[0], a, weights)]:
        np.testing.assert_allclose(policy.score_sum(theta, s_, a_, w_), exact, atol=EXACT)
    none = np.zeros((0, 7), dtype=int)
    np.testing.assert_array_equal(policy.score_sum(theta, none, none, np.zeros((0, 7))), 0.0)
    wrong = policy.score_sum(theta, s, a, weights.reshape(400, 300).T)
    assert abs(wrong - exact).max() > 1.0


@pytest.mark.statement("kld")
def test_kl_and_entropy_follow_their_definitions(mdp, policy, theta, rng):
    new = rng.normal(size=policy.p)
    p, q = policy.table(theta), policy.table(new)
    by_hand = (p * np.log(p / q)).sum(axis=1)
    np.testing.assert_allclose(policy.kl(theta, new, policy.states), by_hand, atol=EXACT)
    assert np.abs(policy.kl(new, theta, policy.states) - by_hand).max() > 1e-2
    np.testing.assert_allclose(policy.kl(theta, theta, policy.states), 0.0, atol=EXACT)
    entropy = -(p * np.log(p)).sum(axis=1)
    np.testing.assert_allclose(policy.entropy(theta, policy.states), entropy, atol=EXACT)


@pytest.mark.statement("fisher_matrix")
def test_the_fisher_matrix_and_its_product(mdp, policy, theta, rng):
    s, w, v = rng.integers(mdp.S, size=9), rng.random(9), rng.normal(size=policy.p)
    scores = policy.score(theta, *np.indices((mdp.S, mdp.A)))
    by_hand = np.einsum("n,na,nap,naq->pq", w, policy.table(theta)[s], scores[s], scores[s])
    np.testing.assert_allclose(policy.fisher(theta, s, w), by_hand, atol=EXACT)
    np.testing.assert_allclose(policy.fisher_product(theta, s, w, v), by_hand @ v, atol=EXACT)


def test_actions_are_drawn_with_their_probabilities(mdp, policy, theta, rng):
    n = 20_000
    p = policy.table(theta)
    for s in range(mdp.S):
        a = policy.sample(theta, np.full(n, s), rng)
        z = (np.bincount(a, minlength=mdp.A) / n - p[s]) / np.sqrt(p[s] * (1 - p[s]) / n)
        assert (np.abs(z) < 5).all()
        z = (np.bincount(a, minlength=mdp.A) / n - 1 / mdp.A) / np.sqrt(2 / 9 / n)
        assert (np.abs(z) > 5).any()


def test_large_logits_do_not_overflow():
    np.testing.assert_array_equal(softmax(np.array([1e4, 0.0])), [1.0, 0.0])
    np.testing.assert_array_equal(log_softmax(np.array([1e4, 0.0])), [0.0, -1e4])
    policy = TabularSoftmax(1, 2)
    kl = policy.kl(np.array([500.0, -500.0]), np.array([-500.0, 500.0]), np.array(0))
    assert kl == pytest.approx(1000.0)


def test_the_starting_policy_is_uniform(mdp, policy, rng):
    np.testing.assert_allclose(policy.table(policy.init(rng)), 1 / mdp.A, atol=EXACT)


def test_lists_are_as_good_as_arrays(mdp, policy, theta, rng):
    s, a, w = rng.integers(mdp.S, size=5), rng.integers(mdp.A, size=5), rng.random(5)
    v, W = rng.normal(size=policy.p), rng.normal(size=(5, mdp.A))
    for call in (
        lambda x: policy.logits(x(theta), x(s)),
        lambda x: policy.log_prob(x(theta), x(s), x(a)),
        lambda x: policy.score(x(theta), x(s), x(a)),
        lambda x: policy.score_sum(x(theta), x(s), x(a), x(w)),
        lambda x: policy.score_average(x(theta), x(s), x(W)),
        lambda x: policy.kl(x(theta), x(v), x(s)),
        lambda x: policy.kl_gradient(x(theta), x(v), x(s), x(w)),
        lambda x: policy.entropy(x(theta), x(s)),
        lambda x: policy.fisher(x(theta), x(s), x(w)),
        lambda x: policy.fisher_product(x(theta), x(s), x(w), x(v)),
        lambda x: policy.pushforward(x(theta), x(s), x(v)),
        lambda x: policy.pullback(x(theta), x(s), x(W)),
        lambda x: policy.pullback_each(x(theta), x(s), x(W)),
    ):
        np.testing.assert_array_equal(call(np.ndarray.tolist), call(np.asarray))


def test_sums_with_another_number_of_weights_than_of_states_are_refused(mdp, policy, theta):
    s, w = np.zeros(5, int), np.ones(4)
    for call in (
        lambda: policy.kl_gradient(theta, theta, s, w),
        lambda: policy.fisher(theta, s, w),
        lambda: policy.fisher_product(theta, s, w, theta),
    ):
        with pytest.raises(
            ValueError, match=r"^weights has shape \(4,\), but \(5\) is expected\.$"
        ):
            call()
    with pytest.raises(ValueError, match=r"^W has shape \(4, 3\), but \(5, 3\) is expected\.$"):
        policy.score_average(theta, s, np.ones((4, 3)))
    linear = LinearSoftmax(np.ones((4, 3, 2)))
    with pytest.raises(ValueError, match=r"^weights has shape \(4,\), but \(5\) is expected\.$"):
        linear.score_sum(np.zeros(2), s, s, w)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p: p.kl(np.zeros(11), np.zeros(12), 0), r"theta_old has shape \(11,\), but \(12\)"),
        (lambda p: p.kl(np.zeros(12), np.full(12, np.nan), 0), r"theta_new must be finite"),
        (
            lambda p: p.kl_gradient(np.full(12, np.nan), np.zeros(12), [0], [1.0]),
            r"theta_old must be finite",
        ),
        (
            lambda p: p.fisher_product(np.zeros(12), [0], [1.0], np.zeros(5)),
            r"v has shape \(5,\), but \(12\) is expected\.",
        ),
        (lambda p: p.table(np.zeros(5)), r"theta has shape \(5,\), but \(12\) is expected\."),
        (lambda p: p.table(np.full(12, np.inf)), r"theta must be finite"),
        (lambda p: p.probs(np.zeros(12), 4), r"s must lie between 0 and 3, but it contains 4\."),
        (lambda p: p.score(np.zeros(12), 0, 3), r"a must lie between 0 and 2, but it contains 3\."),
        (
            lambda p: p.log_prob(np.zeros(12), 0, 0.5),
            r"a must hold integers, but its type is float64\.",
        ),
    ],
)
def test_bad_arguments_are_refused_in_one_sentence(call, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        call(TabularSoftmax(4, 3))


def test_features_of_a_wrong_shape_are_refused():
    with pytest.raises(ValueError, match=r"^features has shape \(4, 3\), but \(any, any, any\)"):
        LinearSoftmax(np.zeros((4, 3)))
