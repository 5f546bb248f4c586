"""Lengths and ratios: what a division by the length climbs, and where each ratio is exact."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion import exact, language
from pgcompanion.derivatives import central_difference
from pgcompanion.estimators import importance

EXACT = 1e-11


def advantages(model):
    """Reward less its mean for the prompt, of each response, ``(X, R)``."""
    return model.r - (model.p(model.theta) * model.r).sum(axis=1, keepdims=True)


def cosine(x, y):
    return x @ y / np.sqrt((x @ x) * (y @ y))


@pytest.fixture
def away(graded, rng):
    """Parameters to which the policy has moved since it wrote the responses."""
    return graded.theta + 0.7 * rng.normal(size=graded.policy.p)


def expected(model, theta, surrogate, A):
    """The exact mean of a surrogate: one response at a time, with its probability under the old policy."""
    new = language.token_log_prob(model.policy, theta, model.tau)
    old = language.token_log_prob(model.policy, model.theta, model.tau)
    chance = (model.mu[:, None] * model.p(model.theta)).ravel()
    rows = zip(new, old, A.ravel(), model.tau.mask, strict=True)
    return chance @ np.array([surrogate(*(np.atleast_1d(x)[None] for x in (n, o))
        , np.atleast_1d(a), m[None]) for n, o, a, m in rows])  # fmt: skip


def slope(model, theta, surrogate, A):
    """Its derivative at ``theta``, by a complex step."""
    moved = model._replace(theta=theta)
    return moved.derivative(lambda t: expected(model, t, surrogate, A))


def root_ratio(new, old, A, mask):
    return language.sequence_ratio_surrogate(new, old, A, mask, per_length=True)


# --- Lengths --------------------------------------------------------------------------------------


@pytest.mark.statement("length_weights")
def test_dividing_by_the_length_turns_the_gradient(graded):
    """Its mean is E[A ∇log π / |y|], whose direction is another. The control has the weight 1."""
    A = advantages(graded)
    g = exact.gradient(graded.mdp, graded.policy, graded.theta)
    mask = graded.tau.mask
    means = {
        weight: graded.mean(A * graded.by_prompt(weight(mask)))
        for weight in (language.whole, language.per_response)
    }
    np.testing.assert_allclose(means[language.whole], g, atol=EXACT)
    assert 1 - cosine(means[language.per_response], g) > 1e-5
    np.testing.assert_allclose(means[language.per_response], graded.mean(A / graded.lengths))


@pytest.mark.statement("length_weights")
def test_what_it_climbs_is_no_objective(graded, measure):
    """A gradient has a symmetric derivative: that of ∇J is, and that of the mean over tokens is not."""

    def field(theta, divide):
        moved = graded._replace(theta=theta)
        c = advantages(moved) / (moved.lengths if divide else 1.0)
        return moved.mean(c)

    def asymmetry(divide):
        D = central_difference(lambda theta: field(theta, divide), graded.theta)
        return np.abs(D - D.T).max()

    assert measure(asymmetry(False), over=graded.tau.N, of="responses") < 1e-7
    assert asymmetry(True) > 1e-3


@pytest.mark.statement("length_weights")
def test_dividing_by_all_tokens_is_biased_like_one_over_g(graded):
    """Doubling the group halves the distance from E[A ∇log π] / E|y|. The mean over each response stays away."""
    p, A, lengths = graded.p(graded.theta)[0], advantages(graded)[0], graded.lengths[0]
    limit = A / (p @ lengths)
    one = np.bincount(lengths, p, graded.mdp.H + 1)

    def coefficient(G):
        """E[A₁ G / Σ|y|] given the first response: the others' total length by convolution."""
        total = np.ones(1)
        for _ in range(G - 1):
            total = np.convolve(total, one)
        return np.array([A_y * (total * G / (n + np.arange(len(total)))).sum()
                         for A_y, n in zip(A, lengths, strict=True)])  # fmt: skip

    gaps = [np.abs(p * (coefficient(G) - limit)).sum() for G in (8, 16, 32)]
    assert gaps[0] / gaps[1] == pytest.approx(2.0, abs=0.2)
    assert gaps[1] / gaps[2] == pytest.approx(2.0, abs=0.1)
    assert np.abs(p * (A / lengths - limit)).sum() > gaps[0]
    masks = np.array([[True, True, True], [True, False, False]])
    np.testing.assert_allclose(language.per_token(masks), 2 / 4)


# --- Ratios ---------------------------------------------------------------------------------------


@pytest.mark.statement("ratio_surrogates")
def test_the_ratio_of_the_response_is_exact_everywhere(graded, away, measure):
    """Value and gradient, far from the old policy. The control is the sum over tokens."""
    value = expected(graded, away, language.sequence_ratio_surrogate, graded.r)
    J = exact.evaluate(graded.mdp, graded.policy.table(away)).J
    g = exact.gradient(graded.mdp, graded.policy, away)
    errors = [value - J, *(slope(graded, away, language.sequence_ratio_surrogate, graded.r) - g)]
    assert measure(errors, over=graded.tau.N, of="responses") < EXACT
    A = advantages(graded)
    tokens = slope(graded, away, language.token_ratio_surrogate, A)
    assert np.abs(tokens - g).max() > 1e-2


@pytest.mark.statement("ratio_surrogates")
def test_the_sum_over_tokens_is_the_surrogate_of_trust_regions(graded, away, measure):
    """At the old policy its gradient is ∇J; elsewhere it is that of L_k, and the control is ∇J."""
    A, tokens = advantages(graded), language.token_ratio_surrogate
    g = exact.gradient(graded.mdp, graded.policy, graded.theta)
    np.testing.assert_allclose(slope(graded, graded.theta, tokens, A), g, atol=EXACT)

    def gap(theta):
        L = exact.surrogate(graded.mdp, graded.policy, graded.theta, theta)
        return expected(graded, theta, tokens, A) - L

    assert measure(gap(away) - gap(graded.theta), over=graded.tau.N, of="responses") < EXACT
    J = [exact.evaluate(graded.mdp, graded.policy.table(t)).J for t in (away, graded.theta)]
    moved = expected(graded, away, tokens, A) - expected(graded, graded.theta, tokens, A)
    assert abs(moved - (J[0] - J[1])) > 1e-6


@pytest.mark.statement("ratio_surrogates", "length_weights")
def test_the_root_of_the_ratio_divides_by_the_length(graded):
    """At the old policy. The control is ∇J."""
    A = advantages(graded)
    got = slope(graded, graded.theta, root_ratio, A)
    np.testing.assert_allclose(got, graded.mean(A / graded.lengths), atol=EXACT)
    assert np.abs(got - exact.gradient(graded.mdp, graded.policy, graded.theta)).max() > 1e-2


@pytest.mark.statement("ratio_surrogates")
def test_a_ratio_to_itself_is_wrong_after_the_first_step(graded, away):
    """exp(log π − detached log π) has the gradient ∇log π: right where the samples come from, not later."""
    A = advantages(graded)

    def detached(theta):
        moved = graded._replace(theta=theta)
        chance = graded.mu[:, None] * graded.p(graded.theta)
        return np.einsum("xy,xyp->p", chance * A, moved.scores)

    def truth(theta):
        return slope(graded, theta, language.sequence_ratio_surrogate, A)

    np.testing.assert_allclose(detached(graded.theta), truth(graded.theta), atol=EXACT)
    assert np.abs(detached(away) - truth(away)).max() > 1e-2


@pytest.mark.statement("ratio_surrogates")
def test_the_second_moment_of_the_ratio_is_had_without_a_list(graded, away, measure):
    """By the recursion of importance sampling; the control is the mean ratio, which is 1."""
    tables = graded.policy.table(away), graded.policy.table(graded.theta)
    tables[0][-1] = tables[1][-1]  # nothing is said after the end
    moment = importance.trajectory_second_moment(graded.mdp, *tables)
    ratio = np.exp(graded.log_p(away) - graded.log_p(graded.theta))
    listed = graded.mu @ (graded.p(graded.theta) * ratio**2).sum(axis=1)
    assert measure(moment[-1] - listed, over=graded.tau.N, of="responses") < EXACT
    assert listed > 1.05


def test_what_stands_behind_the_end_does_not_count(rng):
    """NaN there, even; and the exercise's mistake, a mean over tokens, is another number."""
    new, old = np.log(rng.random((2, 3, 4)))
    A, mask = rng.normal(size=3), np.arange(4) < np.array([[1], [4], [2]])
    dirty = np.where(mask, new, np.nan)
    for f in (language.token_ratio_surrogate, language.sequence_ratio_surrogate, root_ratio):
        assert f(dirty, old, A, mask) == f(new, old, A, mask)
    u = np.where(mask, np.exp(new - old), 0.0)
    assert language.token_ratio_surrogate(new, old, A, mask) == pytest.approx(
        (A * u.sum(axis=1)).mean()
    )
    assert abs((A * u.sum(axis=1) / mask.sum(axis=1)).mean() - (A * u.sum(axis=1)).mean()) > 1e-3


@pytest.mark.parametrize(
    "mask", [np.eye(2)[:1], np.ones(2, bool), np.ones((0, 2), bool), [[True, True], [False, False]]]
)
def test_a_response_without_a_token_is_refused(mask):
    """And what are no truth values of responses. An empty row is one where every column is used."""
    with pytest.raises(ValueError, match="mask must be an array"):
        language.token_ratio_surrogate(np.zeros((2, 2)), np.zeros((2, 2)), np.zeros(2), mask)
