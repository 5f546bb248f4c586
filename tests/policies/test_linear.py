"""The linear softmax policy against its definition."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion.policies import LinearSoftmax, TabularSoftmax, linear_score

EXACT = 1e-10


@pytest.mark.statement("linear_softmax")
def test_one_hot_features_make_the_linear_policy_tabular(mdp, rng):
    tabular = TabularSoftmax(mdp.S, mdp.A)
    linear = LinearSoftmax(np.eye(mdp.S * mdp.A).reshape(mdp.S, mdp.A, -1))
    theta = rng.normal(size=tabular.p)
    s, a = rng.integers(mdp.S, size=20), rng.integers(mdp.A, size=20)
    np.testing.assert_allclose(linear.table(theta), tabular.table(theta), atol=EXACT)
    np.testing.assert_allclose(linear.score(theta, s, a), tabular.score(theta, s, a), atol=EXACT)
    by_columns = LinearSoftmax(np.eye(mdp.S * mdp.A).reshape(mdp.A, mdp.S, -1).swapaxes(0, 1))
    assert np.abs(by_columns.table(theta) - tabular.table(theta)).max() > 1e-2


def test_features_of_a_wrong_shape_are_refused():
    with pytest.raises(ValueError, match=r"^features has shape \(4, 3\), but \(any, any, any\)"):
        LinearSoftmax(np.zeros((4, 3)))


@pytest.mark.statement("linear_softmax_score")
def test_the_score_is_the_printed_formula(rng):
    S, A, p = 4, 3, 5
    policy = LinearSoftmax(rng.normal(size=(S, A, p)))
    theta = rng.normal(size=p)
    pi = policy.table(theta)
    for s, a in np.ndindex(S, A):
        phi = policy.features[s]
        by_hand = phi[a] - pi[s] @ phi
        np.testing.assert_allclose(linear_score(phi, pi[s], a), by_hand, atol=EXACT)
        np.testing.assert_allclose(policy.score(theta, s, a), by_hand, atol=EXACT)
        assert np.abs(phi[a] - phi.mean(axis=0) - by_hand).max() > 1e-2
    s, a = np.indices((S, A))
    rows = linear_score(policy.features[s], pi[s], a)
    np.testing.assert_allclose(rows, policy.score(theta, s, a), atol=EXACT)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: linear_score(np.ones((3, 2)), np.ones(2), 0),
            r"phi and pi have shapes \(3, 2\) and \(2,\), but",
        ),
        (lambda: linear_score(np.ones((3, 2)), np.ones(3), 3), "a must lie between 0 and 2, but"),
        (lambda: linear_score([[np.nan]], np.ones(1), 0), "phi must be finite, but it contains"),
        (
            lambda: LinearSoftmax(np.ones((1, 2, 3))).logits(np.zeros(2), 0),
            r"theta has shape \(2,\), but \(3\) is expected",
        ),
    ],
)
def test_a_value_that_cannot_be_right_is_refused(call, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        call()


def test_the_repr_is_one_short_line():
    assert repr(LinearSoftmax(np.ones((4, 3, 2)))) == "LinearSoftmax(S=4, A=3, p=2)"
