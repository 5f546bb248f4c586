"""The greedy step: best at every step and state. The algorithm is tested in tests/algorithms."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion.steps import greedy


@pytest.mark.statement("policy_iteration")
def test_greed_compares_the_actions_of_one_step_only(mdp, rng):
    """Across the steps, the negative control, it takes worse actions."""
    Q = rng.normal(size=(mdp.H, mdp.S, mdp.A))
    pi = greedy(Q)
    assert pi.shape == Q.shape
    np.testing.assert_array_equal((pi * Q).sum(axis=-1), Q.max(axis=-1))
    across_steps = np.eye(mdp.A)[Q.max(axis=0).argmax(axis=-1)]
    assert (Q.max(axis=-1) - (across_steps * Q).sum(axis=-1)).max() > 0.1


@pytest.mark.statement("policy_iteration")
def test_of_equals_it_takes_the_first_and_a_shift_of_the_values_changes_nothing(rng):
    """A shift of one action alone, the negative control, does."""
    Q = rng.integers(3, size=(4, 5, 3)).astype(float)
    pi = greedy(Q)
    for h, s in np.ndindex(4, 5):
        assert pi[h, s].argmax() == np.flatnonzero(Q[h, s] == Q[h, s].max())[0]
    np.testing.assert_array_equal(greedy(Q + rng.normal(size=(4, 5, 1))), pi)
    assert (greedy(Q + np.array([0.0, 0.0, 5.0])) != pi).any()


def test_values_may_come_as_lists():
    np.testing.assert_array_equal(greedy([[[1, 2], [4, 3]]]), [[[0, 1], [1, 0]]])
    for wrong, message in (
        ([1.0, 2.0], r"^Q has shape \(2,\), but \(any, any, any\) is expected\.$"),
        ([[[1.0, np.nan]]], r"^Q must be finite, but it contains NaN or infinity\.$"),
        ([[["a", "b"]]], r"^Q must be an array of numbers, but its type is <U1\.$"),
        (None, r"^Q must be an array of numbers, but its type is object\.$"),
    ):
        with pytest.raises(ValueError, match=message):
            greedy(wrong)
