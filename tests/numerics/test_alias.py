"""The alias method: its tables hold the probabilities they were made from."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgcompanion._numerics.alias import ROW, AliasTable, thresholds_and_aliases

N = 200_000


@st.composite
def rows_of_weights(draw: st.DrawFn) -> np.ndarray:
    """Rows with zeros, ties, equal entries and very unequal ones."""
    K = draw(st.integers(1, 12))
    weight = st.one_of(
        st.integers(0, 8).map(float), st.floats(1e-12, 1e6), st.sampled_from([0.0, 1 / 3])
    )
    rows = draw(st.lists(st.lists(weight, min_size=K, max_size=K), min_size=1, max_size=5))
    p = np.array(rows)
    p[p.sum(axis=1) == 0] = 1.0
    return p / p.sum(axis=1, keepdims=True)


def poured_back(threshold: np.ndarray, alias: np.ndarray) -> np.ndarray:
    """The probability of each outcome: what its column keeps and what the others give it."""
    total = threshold.copy()
    np.add.at(total, (np.arange(len(alias))[:, None], alias), 1 - threshold)
    return total / alias.shape[1]


@settings(deadline=None)
@given(rows_of_weights())
def test_an_alias_table_holds_its_probabilities_to_round_off(p):
    threshold, alias = thresholds_and_aliases(p)
    assert ((threshold >= 0) & (threshold <= 1)).all()
    np.testing.assert_allclose(poured_back(threshold, alias), p, rtol=0, atol=1e-14)


@settings(deadline=None)
@given(rows_of_weights())
def test_an_alias_table_never_draws_what_cannot_happen(p):
    threshold, alias = thresholds_and_aliases(p)
    assert (threshold[p == 0] == 0).all()
    assert (np.take_along_axis(p, alias, axis=1) > 0).all()


@pytest.mark.parametrize(("rows", "K"), [(1, 1), (1, 2000), (64, 144), (3000, 4)])
def test_an_alias_table_of_any_size_holds_its_probabilities(rng, rows, K):
    p = rng.dirichlet(np.full(K, 0.2), size=rows)
    threshold, alias = thresholds_and_aliases(p)
    np.testing.assert_allclose(poured_back(threshold, alias), p, rtol=0, atol=1e-14)


def test_an_alias_off_by_one_column_holds_other_probabilities(rng):
    p = rng.dirichlet(np.ones(6), size=10)
    threshold, alias = thresholds_and_aliases(p)
    assert abs(poured_back(threshold, (alias + 1) % 6) - p).max() > 1e-3
    assert abs(poured_back(np.ones_like(threshold), alias) - p).max() > 1e-3


def test_an_alias_table_draws_its_outcomes_as_often_as_they_are_probable(rng, measure):
    p = np.array([[0.1, 0.0, 0.6, 0.3], [0.25, 0.25, 0.25, 0.25]])
    drawn = AliasTable(p, np.arange(-4, 4).reshape(2, 4)).draw(np.repeat([0, 1], N) << ROW, rng)
    counts = np.array([np.bincount(x % 4, minlength=4) for x in drawn.reshape(2, N)])
    assert (drawn[:N] < 0).all()
    assert (drawn[N:] >= 0).all()
    assert counts[0, 1] == 0
    error = np.sqrt(N * p * (1 - p)) + (p == 0)
    assert measure((counts - N * p) / error, over=N, of="draws", kind="z-score") < 5
    wrong = np.array([0.26, 0.24, 0.25, 0.25])
    assert abs((counts[1] - N * wrong) / error[1]).max() > 5


class EvenlySpaced:
    """In place of a generator: all multiples of ``2**16`` among the numbers of 32 bits."""

    def __init__(self) -> None:
        self.bit_generator = self

    def random_raw(self, n: int) -> np.ndarray:
        return np.arange(0, 2**32, 2**16, dtype=np.uint32).view(np.uint64)[:n]


@pytest.mark.parametrize("K", [1, 2, 3, 12, 16, 144])
def test_evenly_spaced_random_bits_draw_every_outcome_its_share_of_times(rng, K):
    p = rng.dirichlet(np.ones(K), size=3)
    table, n = AliasTable(p, np.tile(np.arange(K), (3, 1))), 2**16
    # The bits of a column's height are met in steps, and each height twice.
    slack = 2 * 2 ** (K - 1).bit_length()
    for row in range(3):
        counts = np.bincount(table.draw(np.full(n, row << ROW), EvenlySpaced()), minlength=K)
        assert abs(counts - n * p[row]).max() <= slack
        wrong = n * p[(row + 1) % 3]
        assert K == 1 or abs(counts - wrong).max() > slack


def test_draws_into_a_room_are_the_draws_without_one(rng):
    p = rng.dirichlet(np.ones(5), size=4)
    table, rows = AliasTable(p, np.arange(20).reshape(4, 5)), rng.integers(4, size=999) << ROW
    room = AliasTable.room(999)
    drawn = table.draw(rows, np.random.default_rng(1), room)
    assert np.shares_memory(drawn, room[0])
    np.testing.assert_array_equal(drawn, table.draw(rows, np.random.default_rng(1)))
    assert (drawn != table.draw(rows, np.random.default_rng(2))).any()
