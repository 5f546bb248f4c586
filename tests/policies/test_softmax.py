"""Tabular and linear softmax policies against their definitions."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion.policies import LinearSoftmax, NeuralSoftmax, TabularSoftmax
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
    over_all_pairs = np.exp(logits) / np.exp(logits).sum()
    over_the_states = np.exp(logits) / np.exp(logits).sum(axis=0)
    for wrong in (over_all_pairs, over_the_states):
        assert np.abs(policy.table(theta) - wrong).max() > 1e-2


@pytest.mark.statement("tabular_softmax_score", "linear_softmax_score")
def test_the_score_is_the_derivative_of_the_log_probability(mdp, policy, theta):
    s, a = np.indices((mdp.S, mdp.A))
    score = policy.score(theta, s, a)
    step = 1e-30
    by_step = [policy.log_prob(theta + 1j * step * e, s, a).imag / step for e in np.eye(policy.p)]
    np.testing.assert_allclose(score, np.moveaxis(by_step, 0, -1), atol=EXACT)
    uncentred = policy.logits_vjp_each(theta, s, np.eye(mdp.A)[a])
    assert np.abs(uncentred - score).max() > 1e-2


def test_weighted_sums_of_scores_need_not_form_them(mdp, policy, theta, rng):
    s, a = rng.integers(mdp.S, size=(6, 5)), rng.integers(mdp.A, size=(6, 5))
    w = rng.normal(size=(6, 5))
    by_hand = np.einsum("nh,nhp->p", w, policy.score(theta, s, a))
    np.testing.assert_allclose(policy.score_sum(theta, s, a, w), by_hand, atol=EXACT)
    centred = np.eye(mdp.A)[a] - policy.probs(theta, s)
    general = policy.logits_vjp(theta, s)[1](w[..., None] * centred)
    np.testing.assert_allclose(general, by_hand, atol=EXACT)
    W = rng.normal(size=(mdp.S, mdp.A))
    states, actions = np.indices(W.shape)
    scores = policy.score(theta, states, actions)
    by_hand = np.einsum("sa,sa,sap->p", policy.table(theta), W, scores)
    np.testing.assert_allclose(policy.score_average(theta, policy.states, W), by_hand, atol=EXACT)


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

    def second_moment(rows):
        return np.einsum("n,na,nap,naq->pq", w, policy.table(theta)[s], rows[s], rows[s])

    by_hand = second_moment(scores)
    np.testing.assert_allclose(policy.fisher(theta, s, w), by_hand, atol=EXACT)
    np.testing.assert_allclose(policy.fisher_product(theta, s, w, v), by_hand @ v, atol=EXACT)
    states, actions = np.indices((mdp.S, mdp.A))
    not_centred = policy.logits_vjp_each(theta, states, np.eye(mdp.A)[actions])
    assert np.abs(second_moment(not_centred) - by_hand).max() > 1e-2


def test_actions_are_drawn_with_their_probabilities(mdp, policy, theta, rng):
    n = 20_000
    p = policy.table(theta)
    for s in range(mdp.S):
        a = policy.sample(theta, np.full(n, s), rng)
        z = (np.bincount(a, minlength=mdp.A) / n - p[s]) / np.sqrt(p[s] * (1 - p[s]) / n)
        assert (np.abs(z) < 5).all()
        z = (np.bincount(a, minlength=mdp.A) / n - 1 / mdp.A) / np.sqrt(2 / 9 / n)
        assert (np.abs(z) > 5).any()


def test_actions_are_drawn_for_a_state_and_for_an_array_of_states(mdp, policy, theta, rng):
    """The same draws as for a row of them; in another order of the states, the control, there are others."""
    s = rng.integers(mdp.S, size=(5, 40))
    row = policy.sample(theta, s.ravel(), np.random.default_rng(1))
    drawn = policy.sample(theta, s, np.random.default_rng(1))
    np.testing.assert_array_equal(drawn, row.reshape(s.shape))
    other = policy.sample(theta, s[::-1], np.random.default_rng(1))
    assert (other != drawn).any()
    one = [policy.sample(theta, int(s[0, 0]), np.random.default_rng(i)) for i in range(40)]
    assert np.shape(one[0]) == ()
    assert set(map(int, one)) <= set(range(mdp.A))


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
        lambda x: policy.logits_jvp(x(theta), x(s), x(v)),
        lambda x: policy.logits_vjp(x(theta), x(s))[1](x(W)),
        lambda x: policy.logits_vjp_each(x(theta), x(s), x(W)),
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


@pytest.mark.statement("ppo_objective")
def test_the_gradient_of_the_entropy_is_its_derivative(mdp, policy, theta, complex_step, rng):
    s, w = rng.integers(mdp.S, size=9), rng.normal(size=9)
    derivative = complex_step(lambda t: w @ policy.entropy(t, s), theta)
    np.testing.assert_allclose(policy.entropy_gradient(theta, s, w), derivative, atol=EXACT)
    without_entropy = policy.logits_vjp(theta, s)[1](
        -w[:, None] * policy.probs(theta, s) * policy.log_probs(theta, s)
    )
    assert np.abs(without_entropy - derivative).max() > 1e-2


@pytest.mark.statement("kld")
def test_the_gradient_of_the_kl_is_its_derivative(mdp, policy, theta, complex_step, rng):
    s, w, new = rng.integers(mdp.S, size=9), rng.normal(size=9), rng.normal(size=policy.p)
    derivative = complex_step(lambda t: w @ policy.kl(theta, t, s), new)
    np.testing.assert_allclose(policy.kl_gradient(theta, new, s, w), derivative, atol=EXACT)
    assert np.abs(policy.kl_gradient(new, theta, s, w) - derivative).max() > 1e-2


def test_a_value_and_its_pull_back_are_the_log_probability_and_a_sum_of_scores(
    mdp, policy, theta, rng
):
    s, a = rng.integers(mdp.S, size=(6, 5)), rng.integers(mdp.A, size=(6, 5))
    w = rng.normal(size=(6, 5))
    log_pi, pull = policy.log_prob_vjp(theta, s, a, policy.room(30))
    np.testing.assert_allclose(log_pi, policy.log_prob(theta, s, a), atol=EXACT)
    np.testing.assert_allclose(pull(w), policy.score_sum(theta, s, a, w), atol=EXACT)
    single = policy.log_prob_vjp(theta.astype(np.float32), s, a)
    assert single[0].dtype == single[1](w).dtype == np.float32


LARGE = {
    "tabular": lambda rng: TabularSoftmax(4, 3),
    "linear": lambda rng: LinearSoftmax(np.eye(12).reshape(4, 3, 12)),
    "network": lambda rng: NeuralSoftmax(np.eye(4), 3, hidden=()),
}


@pytest.mark.statement("tabular_softmax", "neural_softmax")
@pytest.mark.parametrize("size", [1, 30, 100, 700])
@pytest.mark.parametrize("name", LARGE)
def test_the_largest_logit_is_taken_away_however_large(name, size, rng, monkeypatch):
    """A constant in all logits changes nothing, at any size; without the shift e^700 squared
    overflows.
    """
    policy = LARGE[name](rng)
    signs = rng.choice([-1.0, 1.0], size=(2, policy.p))
    theta, new = size * signs
    s, a = np.arange(4), np.array([0, 1, 2, 0])
    w = rng.normal(size=4)
    for call in (
        lambda t: policy.probs(t, s),
        lambda t: policy.log_prob(t, s, a),
        lambda t: policy.log_prob_vjp(t, s, a)[0],
        lambda t: policy.log_prob_vjp(t, s, a)[1](w),
        lambda t: policy.kl(t, new, s),
        lambda t: policy.kl_gradient(t, new, s, w),
        lambda t: policy.entropy(t, s),
        lambda t: policy.entropy_gradient(t, s, w),
        lambda t: policy.fisher_product(t, s, w, new),
        lambda t: policy.score(t, s, a),
    ):
        value = call(theta)
        assert np.isfinite(value).all()
        np.testing.assert_allclose(call(theta + 300.0), value, rtol=1e-10, atol=1e-9)
    if size == 700:
        with np.errstate(over="ignore", invalid="ignore"):
            e = np.exp(policy.logits(theta + 300.0, s))
            assert not np.isfinite(e / e.sum(axis=-1, keepdims=True)).all()


@pytest.mark.statement("tabular_softmax")
def test_a_room_keeps_the_shift(rng):
    """The fast pass has its own exponentials: with logits of 1000 they must not overflow either."""
    policy = NeuralSoftmax(1, 3, hidden=())
    theta = np.array([0.0, 1000.0, 0.0, 999.0, 0.0, -1000.0])
    log_pi, pull = policy.log_prob_vjp(theta, np.ones((3, 1)), np.arange(3), policy.room(3))
    np.testing.assert_allclose(log_pi, [-0.3133, -1.3133, -2000.3133], atol=1e-3)
    assert np.isfinite(pull(np.ones(3))).all()
    with np.errstate(over="ignore", invalid="ignore"):
        e = np.exp(np.float32([1000, 999, -1000]))
        assert not np.isfinite(e / e.sum()).all()
