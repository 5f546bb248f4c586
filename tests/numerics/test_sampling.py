"""The fast sampler's inner parts. Its law is tested against `sample_plain`, in tests/test_trajectories.py."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion._numerics import sampling
from pgcompanion.mdp import MDP
from pgcompanion.trajectories import sample


def test_possible_entries_are_moved_to_the_left_and_their_columns_with_them(rng):
    p = rng.dirichlet(np.ones(6), size=5)
    p[p < 0.1] = 0.0
    packed, column = sampling._possible(p)
    assert packed.shape == column.shape == (5, (p > 0).sum(axis=1).max())
    rebuilt = np.zeros_like(p)
    for row in range(5):
        kept = packed[row] > 0
        rebuilt[row, column[row, kept]] = packed[row, kept]
    np.testing.assert_array_equal(rebuilt, p)


@pytest.mark.statement("autoregressive_trajectories")
@pytest.mark.parametrize("H", [1, 2, 3, 5, 16, 17])
def test_blocks_of_steps_and_single_steps_have_the_same_law(H, rng, measure):
    """A stationary policy is drawn in blocks, the same policy written step by step is not: frequencies agree.

    At the first, a middle and the last step, in standard errors. The negative control is another policy.
    """
    S, A, N = 3, 2, 40_000
    mdp = MDP(
        rng.dirichlet(np.ones(S), size=(S, A)), np.zeros((S, A)), rng.dirichlet(np.ones(S)), H
    )
    pi, other = rng.dirichlet(np.ones(A), size=(2, S))

    def frequencies(pi):
        tau = sample(mdp, pi, N, rng)
        pair = tau.s.astype(int) * A + tau.a
        return np.array([np.bincount(pair[:, h], minlength=S * A) for h in (0, H // 2, H - 1)]) / N

    def z(p, q):
        mean = np.maximum((p + q) / 2, 1e-3)
        return (p - q) / np.sqrt(2 * mean * (1 - mean) / N)

    blocks, steps = frequencies(pi), frequencies(np.tile(pi, (H, 1, 1)))
    assert measure(z(blocks, steps), over=N, kind="z-score") < 5
    assert np.abs(z(blocks, frequencies(other))).max() > 5


@pytest.mark.statement("autoregressive_trajectories")
def test_a_block_ends_where_the_next_one_begins(rng, monkeypatch):
    """A chain that goes round and round. The control: blocks begin where the last one began."""
    S, H, blocks = 5, 37, sampling._blocks
    P = np.zeros((S, 1, S))
    P[np.arange(S), 0, (np.arange(S) + 1) % S] = 1.0
    mdp = MDP(P, np.arange(S)[:, None], np.full(S, 1 / S), H)

    def in_order():
        tau = sample(mdp, np.ones((S, 1)), 500, rng)
        np.testing.assert_array_equal(tau.r, tau.s)
        assert len(np.unique(tau.s[:, 0])) == S
        return (tau.s == (tau.s[:, :1] + np.arange(H)) % S).mean()

    def stuck(*args):
        L, draw = blocks(*args)
        return L, lambda h, s, *rest: draw(h, s, *rest) & (1 << sampling.ROW) - 1 | s

    assert in_order() == 1.0
    monkeypatch.setattr(sampling, "_blocks", stuck)
    assert 1.0 - in_order() > 0.3


@pytest.mark.parametrize(("S", "A"), [(1, 1), (2, 2), (300, 3)])
def test_indices_have_the_smallest_type_that_holds_a_transition(S, A, rng):
    """Arithmetic on pairs then cannot overflow: `(s * A + a) * S + s'` fits."""
    dtype = sampling._integer(
        MDP(np.full((S, A, S), 1 / S), np.zeros((S, A)), np.full(S, 1 / S), 1)
    )
    assert np.iinfo(dtype).max >= (S * A - 1) * S + S - 1
    assert dtype.itemsize == 2 or np.iinfo(f"i{dtype.itemsize // 2}").max < S * A * S
