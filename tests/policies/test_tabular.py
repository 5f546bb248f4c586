"""The tabular softmax policy, its closed forms, and tables that depend on time."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.optimize import minimize

from pgcompanion.policies import (
    TabularSoftmax,
    penalised_tilt,
    softmax_policy,
    softmax_score,
)
from pgcompanion.policies.softmax import log_softmax
from pgcompanion.policies.tabular import weighted_counts

EXACT = 1e-10
S, A, H = 4, 3, 5


def a_batch(rng, rows=S, size=40):
    """Rows ``(s, a, w, A)`` of which the last state has none."""
    return SimpleNamespace(
        s=rng.integers(rows - 1, size=size),
        a=rng.integers(A, size=size),
        w=rng.random(size),
        A=rng.normal(size=size),
    )


def gradient(policy, theta, batch):
    return policy.score_sum(theta, batch.s, batch.a, batch.w * batch.A)


@pytest.mark.statement("tabular_softmax")
def test_a_normaliser_over_all_states_gives_no_policy(mdp, rng):
    """The printed slip: the sum in the denominator runs over the states too."""
    policy = TabularSoftmax(mdp.S, mdp.A)
    theta = rng.normal(size=policy.p)
    np.testing.assert_allclose(policy.table(theta).sum(axis=1), 1.0, atol=EXACT)
    printed = np.exp(theta) / np.exp(theta).sum()
    assert (1 - printed.reshape(mdp.S, mdp.A).sum(axis=1)).min() > 0.1


@pytest.mark.statement("tabular_softmax")
def test_a_constant_added_in_one_state_changes_nothing(mdp, rng):
    policy = TabularSoftmax(mdp.S, mdp.A)
    theta = rng.normal(size=policy.p)
    shifted = (theta.reshape(mdp.S, mdp.A) + rng.normal(size=(mdp.S, 1))).ravel()
    np.testing.assert_allclose(policy.table(shifted), policy.table(theta), atol=EXACT)
    tilted = theta + rng.normal(size=policy.p)
    assert np.abs(policy.table(tilted) - policy.table(theta)).max() > 1e-2


@pytest.mark.statement("tabular_softmax_score")
def test_the_tabular_score_is_the_printed_formula(mdp, rng):
    policy = TabularSoftmax(mdp.S, mdp.A)
    theta = rng.normal(size=policy.p)
    pi = policy.table(theta)
    for s in range(mdp.S):
        for a in range(mdp.A):
            by_hand = np.zeros((mdp.S, mdp.A))
            by_hand[s] = (np.arange(mdp.A) == a) - pi[s]
            score = policy.score(theta, s, a)
            np.testing.assert_allclose(score, by_hand.ravel(), atol=EXACT)
            in_every_state = np.tile(by_hand[s], mdp.S)
            assert np.abs(score - in_every_state).max() > 1e-2
            not_centred = np.eye(mdp.S * mdp.A)[s * mdp.A + a]
            assert np.abs(score - not_centred).max() > 1e-2


@pytest.mark.statement("tabular_softmax_score")
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


@pytest.mark.statement("tabular_softmax")
def test_the_formulas_are_the_policy(rng):
    policy, theta = TabularSoftmax(S, A), rng.normal(size=S * A)
    table, (s, a) = theta.reshape(S, A), np.indices((S, A))
    np.testing.assert_array_equal(softmax_policy(table), policy.table(theta))
    scores = policy.score(theta, s, a).reshape(S, A, S, A)
    np.testing.assert_array_equal(softmax_score(table, s, a), scores)
    np.testing.assert_array_equal(softmax_score(table, 2, 1), scores[2, 1])
    assert np.abs(softmax_score(table, 1, 2) - scores[2, 1]).max() > 1e-2


@pytest.mark.statement("tabular_softmax", "tabular_softmax_score")
def test_the_log_probability_and_its_pull_back_in_closed_form(rng, complex_step):
    policy, theta = TabularSoftmax(S, A), rng.normal(size=S * A)
    s, a, w = rng.integers(S, size=(6, 5)), rng.integers(A, size=(6, 5)), rng.normal(size=(6, 5))
    log_pi, pull = policy.log_prob_vjp(theta, s, a)
    np.testing.assert_allclose(log_pi, np.log(policy.table(theta))[s, a], atol=EXACT)
    derivative = complex_step(lambda t: (w * policy.log_prob(t, s, a)).sum(), theta)
    np.testing.assert_allclose(pull(w), derivative, atol=EXACT)
    np.testing.assert_allclose(pull(w + 1j * w), (1 + 1j) * derivative, atol=EXACT)
    assert np.abs(pull(w[::-1]) - derivative).max() > 1e-2


# Tables that depend on time


@pytest.mark.statement("tabular_softmax", "score_lemma")
def test_a_table_for_each_step_is_that_many_policies(rng, complex_step):
    timed, theta = TabularSoftmax(S, A, H=H), rng.normal(size=H * S * A)
    steps = [TabularSoftmax(S, A)] * H
    parts = theta.reshape(H, S * A)
    table = np.stack([policy.table(t) for policy, t in zip(steps, parts, strict=True)])
    np.testing.assert_allclose(timed.table(theta), table, atol=EXACT)
    s, a = rng.integers(S, size=(20, H)), rng.integers(A, size=(20, H))
    h = np.arange(H)
    rows, w = timed.row(h, s), rng.normal(size=(20, H))
    np.testing.assert_array_equal(rows, h * S + s)
    np.testing.assert_allclose(timed.probs(theta, rows), table[h, s], atol=EXACT)
    by_step = complex_step(lambda t: timed.log_prob(t, rows, a), theta)
    np.testing.assert_allclose(timed.score(theta, rows, a), by_step, atol=EXACT)
    total = np.einsum("nh,nhp->p", w, by_step)
    for layout in (np.ascontiguousarray, np.asfortranarray):
        r, b, v = layout(rows), layout(a), layout(w)
        np.testing.assert_allclose(timed.score_sum(theta, r, b, v), total, atol=EXACT)
    by_policies = [steps[0].score_sum(parts[k], s[:, k], a[:, k], w[:, k]) for k in h]
    np.testing.assert_allclose(total, np.concatenate(by_policies), atol=EXACT)
    as_one = np.tile(steps[0].score_sum(parts[0], s, a, w), H)
    assert np.abs(as_one - total).max() > 1e-2


def test_the_rows_of_a_table_that_depends_on_time():
    timed = TabularSoftmax(S, A, H=H)
    np.testing.assert_array_equal(timed.states, np.arange(H * S))
    assert timed.row(0, 3) == 3 != timed.row(1, 3) == S + 3
    stationary = TabularSoftmax(S, A)
    np.testing.assert_array_equal(stationary.row(np.arange(H)[:, None], [0, 3]), [0, 3])
    assert stationary.H is None
    assert timed.H == H
    assert repr(stationary) == "TabularSoftmax(S=4, A=3)"
    assert repr(timed) == "TabularSoftmax(S=4, A=3, H=5)"
    assert timed.row(np.arange(H), np.zeros((2, H), np.int8)).max() == (H - 1) * S


# The natural gradient


@pytest.mark.statement("npg", "npg_optimization")
@pytest.mark.parametrize("horizon", [None, 2])
def test_the_natural_gradient_is_the_minimum_norm_solution(rng, horizon):
    policy = TabularSoftmax(S, A, H=horizon)
    theta = rng.normal(size=policy.p)
    batch = a_batch(rng, rows=len(policy.states))
    g, F = gradient(policy, theta, batch), policy.fisher(theta, batch.s, batch.w)
    minimum_norm = np.linalg.pinv(F, rcond=1e-12) @ g
    x = policy.natural(theta, batch, g)
    np.testing.assert_allclose(x, minimum_norm, atol=1e-9)
    np.testing.assert_allclose(F @ x, g, atol=EXACT)
    not_centred = x + 1.0
    np.testing.assert_allclose(F @ not_centred, g, atol=EXACT)
    assert np.linalg.norm(not_centred) > np.linalg.norm(x) + 0.1
    assert np.abs(g - x).max() > 1e-2


@pytest.mark.statement("npg")
def test_the_natural_gradient_is_the_centred_mean_advantage(rng):
    policy, theta, batch = TabularSoftmax(S, A), rng.normal(size=S * A), a_batch(rng)
    n, W, pi = np.zeros(S), np.zeros((S, A)), policy.table(theta)
    np.add.at(n, batch.s, batch.w)
    np.add.at(W, (batch.s, batch.a), batch.w * batch.A)
    A_bar = np.zeros((S, A))
    A_bar[:-1] = W[:-1] / (n[:-1, None] * pi[:-1])
    x = policy.natural(theta, batch, gradient(policy, theta, batch)).reshape(S, A)
    np.testing.assert_allclose(x, A_bar - A_bar.mean(axis=1, keepdims=True), atol=1e-9)
    np.testing.assert_array_equal(x[-1], 0)
    under_pi = A_bar - (pi * A_bar).sum(axis=1, keepdims=True)
    assert np.abs(x - under_pi).max() > 1e-2


@pytest.mark.statement("npg")
@pytest.mark.parametrize("damping", [1e-8, 1e-3, 10.0])
def test_damping_is_added_to_the_matrix(rng, damping):
    policy, theta, batch = TabularSoftmax(S, A), rng.normal(size=S * A), a_batch(rng)
    g, F = gradient(policy, theta, batch), policy.fisher(theta, batch.s, batch.w)
    x = policy.natural(theta, batch, g, damping)
    np.testing.assert_allclose(F @ x + damping * x, g, atol=EXACT)
    assert np.abs(x - policy.natural(theta, batch, g)).max() > 1e-9


@pytest.mark.statement("npg")
def test_the_natural_gradient_of_a_policy_that_excludes_actions(rng):
    """At theta = 700 two of three probabilities are 0: no logit of theirs is moved."""
    theta = np.array([700.0, -700.0, -700.0, 0.0, 0.5, -700.0])
    policy = TabularSoftmax(2, 3)
    pi, values = policy.table(theta), np.array([[1.0, 2.0, 3.0], [3.0, 1.0, 50.0]])
    s, a = np.indices((2, 3)).reshape(2, -1)
    values -= (pi * values).sum(axis=1, keepdims=True)
    batch = SimpleNamespace(s=s, a=a, w=pi.ravel(), A=values.ravel())
    x = policy.natural(theta, batch, gradient(policy, theta, batch)).reshape(2, 3)
    assert pi[0, 1] == 0 < pi[1, 2]
    np.testing.assert_array_equal(x[0], 0)
    np.testing.assert_allclose(x[1], values[1] - values[1].mean(), rtol=1e-6)
    assert np.abs(x[1]).max() > 1


# The penalty


def penalised(theta, log_pi, values, lam):
    """The objective of one state, by its definition."""
    log_new = log_softmax(theta)
    kl = (np.exp(log_pi) * (log_pi - log_new)).sum(axis=-1)
    return (np.exp(log_new) * values).sum(axis=-1) - lam * kl


@pytest.mark.statement("ppo")
@pytest.mark.parametrize("lam", [0.1, 1.0, 100.0])
def test_the_tilt_is_the_maximiser(rng, lam, complex_step):
    log_pi, values = log_softmax(rng.normal(size=(6, A))), rng.normal(size=(6, A))
    d = penalised_tilt(log_pi, values, lam)
    np.testing.assert_allclose(d.sum(axis=1), 0, atol=EXACT)
    for i in range(len(d)):
        args = log_pi[i], values[i], lam
        slope = complex_step(lambda t, args=args: penalised(t, *args), log_pi[i] + d[i])
        np.testing.assert_allclose(slope / max(1, lam), 0, atol=EXACT)
        found = minimize(lambda t, args=args: -penalised(t, *args), log_pi[i], tol=1e-10)
        new = log_softmax(log_pi[i] + d[i])
        np.testing.assert_allclose(new, log_softmax(found.x), atol=1e-4)
        reversed_kl = log_softmax(log_pi[i] + values[i] / lam)
        assert np.abs(reversed_kl - new).max() > 1e-6


@pytest.mark.statement("ppo")
@pytest.mark.parametrize("lam", [1e-6, 1e-2, 1.0, 1e6])
@pytest.mark.parametrize("scale", [1, 30, 100, 700])
def test_the_tilt_is_right_however_unequal_the_probabilities(rng, lam, scale):
    """pi (nu - A) = lam pi_k for each action: in logarithms, for probabilities down to e^-1400."""
    log_pi = log_softmax(scale * rng.choice([-1.0, 1.0, 0.3], size=(200, 4)))
    values = rng.normal(size=(200, 4))
    d = penalised_tilt(log_pi, values, lam)
    assert np.isfinite(d).all()
    log_new = log_softmax(log_pi + d)
    best = values.max(axis=1, keepdims=True)
    log_t = np.log(lam) + np.where(values == best, log_pi - log_new, -np.inf)
    log_nu = log_t.max(axis=1, keepdims=True)  # nu less the best advantage
    with np.errstate(divide="ignore"):
        log_gap = np.log(best - values)
    right = np.log(lam) + log_pi - np.logaddexp(log_nu, log_gap)
    np.testing.assert_allclose(log_new, right, atol=1e-8)
    assert (log_nu <= np.log(lam) + 1e-8).all()
    assert np.abs(log_pi + values / lam - log_new).max() > 1e-8


@pytest.mark.statement("ppo")
def test_an_action_of_probability_zero_is_taken_if_the_penalty_is_weak():
    """Its probability e^-1400 is no number; the maximiser has 1 - lam / gap. A clamp at 1e-300 has
    not its logit.
    """
    log_pi, values = np.array([[0.0, -1400.0]]), np.array([[0.0, 2.0]])
    new = log_softmax(log_pi + penalised_tilt(log_pi, values, 1.0))
    np.testing.assert_allclose(np.exp(new), [[0.5, 0.5]], atol=EXACT)
    strong = log_softmax(log_pi + penalised_tilt(log_pi, values, 4.0))
    assert strong[0, 1] == pytest.approx(-1400 + np.log(4 / 2), abs=1e-8)
    clamped = np.maximum(log_pi, np.log(1e-300))
    other = log_softmax(log_pi + penalised_tilt(clamped, values, 1.0))
    assert abs(np.exp(other[0, 1]) - 0.5) > 0.4


@pytest.mark.statement("ppo")
@pytest.mark.parametrize("horizon", [None, 2])
def test_the_penalised_step_maximises_the_objective_of_the_batch(rng, horizon, complex_step):
    policy, lam = TabularSoftmax(S, A, H=horizon), 0.7
    theta_k = rng.normal(size=policy.p)
    batch = a_batch(rng, rows=len(policy.states))
    log_old = policy.log_prob(theta_k, batch.s, batch.a)

    def objective(theta):
        u = np.exp(policy.log_prob(theta, batch.s, batch.a) - log_old)
        return (batch.w * (batch.A * u - lam * policy.kl(theta_k, theta, batch.s))).sum()

    new = policy.penalty_argmax(theta_k, batch, lam)
    np.testing.assert_allclose(complex_step(objective, new), 0, atol=1e-9)
    for _ in range(50):
        assert objective(new + 0.3 * rng.normal(size=policy.p)) < objective(new)
    np.testing.assert_array_equal(new[-A:], theta_k[-A:])
    assert np.abs(complex_step(objective, theta_k)).max() > 1e-2


# The border


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p: p.logits(np.zeros(5), 0), r"theta has shape \(5,\), but \(12\) is expected\."),
        (lambda p: p.natural(np.zeros(12), EMPTY, np.zeros(5)), r"g has shape \(5,\), but \(12\)"),
        (
            lambda p: p.natural(np.zeros(12), EMPTY, np.zeros(12), -1),
            "damping must not be negative",
        ),
        (lambda p: p.penalty_argmax(np.zeros(12), EMPTY, 0), "lam must be positive, but it is 0"),
        (
            lambda p: p.penalty_argmax(np.zeros(12), EMPTY, np.nan),
            "lam must be finite, but it is nan",
        ),
        (lambda p: p.score_sum(np.zeros(12), [0], [0], [np.nan]), "weights must be finite, but"),
        (lambda p: p.score_sum(np.zeros(12), [4], [0], [1.0]), "s must lie between 0 and 3, but"),
        (lambda p: p.score_sum(np.zeros(12), [0], [3], [1.0]), "a must lie between 0 and 2, but"),
        (lambda p: p.score_sum(np.zeros(12), [0], [0, 1], [1.0]), r"a has shape \(2,\), but \(1\)"),
        (lambda p: p.log_prob(np.zeros(12), [0, 1], 0), r"a has shape \(\), but \(2\) is expected"),
        (lambda p: p.fisher(np.zeros(12), [0], [np.inf]), "weights must be finite, but"),
        (lambda p: softmax_policy([[np.nan]]), "theta must be finite, but it contains"),
        (lambda p: softmax_policy(1.0), r"theta has shape \(\), but \(any, any\) is expected"),
        (lambda p: softmax_score(np.zeros(3), 0, 0), r"theta has shape \(3,\), but \(any, any\)"),
        (lambda p: penalised_tilt([[-np.inf, 0.0]], [[0.0, 1.0]], 1.0), "log_pi must be finite"),
        (
            lambda p: penalised_tilt([[-1.0, -1.0]], [[0.0]], 1.0),
            r"A has shape \(1, 1\), but \(1, 2",
        ),
        (lambda p: TabularSoftmax(0, 2), "S must be a positive integer, but it is 0"),
        (lambda p: TabularSoftmax(2.5, 2), "S must be a positive integer, but it is 2.5"),
        (lambda p: TabularSoftmax(2, -1), "A must be a positive integer, but it is -1"),
        (lambda p: TabularSoftmax(2, True), "A must be a positive integer, but it is True"),
        (lambda p: TabularSoftmax(2, 2, H=0), "H must be a positive integer, but it is 0"),
        (lambda p: TabularSoftmax(2, 2, H=3).row(3, 0), "h must lie between 0 and 2, but it"),
        (lambda p: TabularSoftmax(2, 2, H=3).row(0, 2), "s must lie between 0 and 1, but it"),
    ],
)
def test_a_value_that_cannot_be_right_is_refused(call, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        call(TabularSoftmax(4, 3))


EMPTY = SimpleNamespace(s=np.zeros(0, int), a=np.zeros(0, int), w=np.zeros(0), A=np.zeros(0))


def test_weighted_counts_of_complex_weights_are_complex(rng):
    s, a, w = rng.integers(S, size=20), rng.integers(A, size=20), rng.normal(size=20)
    counts = weighted_counts(s, a, w, S, A)
    np.testing.assert_allclose(weighted_counts(s, a, 2j * w, S, A), 2j * counts, atol=EXACT)
    assert np.abs(counts).max() > 0.1
