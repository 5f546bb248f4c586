"""Powers of the transition matrix: equal to the loops that the book prints, and to brute force."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion import exact
from pgcompanion._numerics import powers
from pgcompanion.mdp import MDP

EXACT = 1e-10
HORIZONS = [1, 2, 3, 4, 5, 8, 17, 33]  # on both sides of the blocks of 4 and of 16


def world(H: int, rng: np.random.Generator, S: int = 4, A: int = 3) -> MDP:
    P = rng.dirichlet(np.ones(S), size=(S, A))
    return MDP(P, rng.normal(size=(S, A)), rng.dirichlet(np.ones(S)), H)


def tables(mdp: MDP, rng: np.random.Generator) -> list[np.ndarray]:
    """A stationary policy and a time-dependent one."""
    shapes = (mdp.S,), (mdp.H, mdp.S)
    return [rng.dirichlet(np.ones(mdp.A), size=shape) for shape in shapes]


@pytest.mark.statement("values")
@pytest.mark.parametrize("gamma", [1.0, 0.9, 0.0])
@pytest.mark.parametrize("H", HORIZONS)
def test_values_by_powers_are_the_printed_loop(H, gamma, rng):
    """The negative control is a horizon longer by one step."""
    mdp = world(H, rng)
    longer = MDP(mdp.P, mdp.r, mdp.mu0, H + 1)
    for pi in tables(mdp, rng):
        V = powers.backward(mdp, pi, mdp.r, gamma)
        np.testing.assert_allclose(V, exact.state_values(mdp, pi, gamma), atol=EXACT)
    stationary = tables(mdp, rng)[0]
    if gamma == 1:
        other = powers.backward(longer, stationary, mdp.r, gamma)
        assert np.abs(other[:-1] - powers.backward(mdp, stationary, mdp.r, gamma)).max() > 1e-3


@pytest.mark.statement("occupancy")
@pytest.mark.parametrize("H", HORIZONS)
def test_occupancies_by_powers_are_the_printed_loop(H, rng):
    """The negative control is the chain backwards, which begins alike."""
    mdp = world(H, rng)
    for pi in tables(mdp, rng):
        d = powers.forward(mdp, pi, 1.0)
        np.testing.assert_allclose(d, exact.occupancies(mdp, pi), atol=EXACT)
        np.testing.assert_allclose(d.sum(axis=1), 1.0, atol=EXACT)
        halved = powers.forward(mdp, pi, 0.5)
        np.testing.assert_allclose(halved, 0.5 ** np.arange(H)[:, None] * d, atol=EXACT)
    if H > 1:
        P_pi = powers.chain(mdp, tables(mdp, rng)[0], mdp.r)[0]
        backwards = P_pi @ mdp.mu0
        assert np.abs(backwards - mdp.mu0 @ P_pi).max() > 1e-3


@pytest.mark.statement("values", "occupancy")
def test_complex_tables_pass_through(mdp, rng):
    """The derivative of J in one entry of the table, by a complex step, is that of the printed loops."""
    for pi in tables(mdp, rng):
        moved = pi.astype(complex)
        moved.flat[0] += 1e-30j
        for fast, plain in (
            (powers.backward(mdp, moved, mdp.r, 1.0), exact.state_values(mdp, moved)),
            (powers.forward(mdp, moved, 1.0), exact.occupancies(mdp, moved)),
        ):
            np.testing.assert_allclose(fast.imag, plain.imag, atol=1e-40)
            assert np.abs(fast.imag).max() > 1e-33


@pytest.mark.statement("pg_advantage")
@pytest.mark.parametrize("gamma", [1.0, 0.8])
@pytest.mark.parametrize("H", HORIZONS)
def test_visits_and_advantages_are_sums_of_products(H, gamma, rng):
    """The negative control sums the advantages without the visits."""
    mdp = world(H, rng)
    for pi in tables(mdp, rng):
        v = exact.evaluate(mdp, pi, gamma)
        d = gamma ** np.arange(H)[:, None] * exact.occupancies(mdp, pi)
        n, W = d, d[:, :, None] * v.A
        if pi.ndim == 2:
            n, W = n.sum(axis=0), W.sum(axis=0)
            assert np.abs(v.A.sum(axis=0) - W).max() > 1e-3
        for got, by_hand in zip(powers.visits_and_advantages(mdp, pi, gamma), (n, W), strict=True):
            np.testing.assert_allclose(got, by_hand, atol=EXACT)


@pytest.mark.statement("ppo_clip")
@pytest.mark.parametrize("H", HORIZONS)
def test_visits_by_sign_are_brute_force(H, rng):
    """Entry by entry. The negative control gives a pair the sign of its summed advantage."""
    mdp = world(H, rng)
    for pi in tables(mdp, rng):
        v = exact.evaluate(mdp, pi)
        shape = (2, mdp.S, mdp.A) if pi.ndim == 2 else (2, H, mdp.S, mdp.A)
        n, W = np.zeros(shape), np.zeros(shape)
        for h, s, a in np.ndindex(v.A.shape):
            place = (int(v.A[h, s, a] <= 0), *((s, a) if pi.ndim == 2 else (h, s, a)))
            n[place] += v.d[h, s]
            W[place] += v.d[h, s] * v.A[h, s, a]
        got_n, got_W, J = powers.visits_by_sign(mdp, pi)
        np.testing.assert_allclose(got_n, n, atol=EXACT)
        np.testing.assert_allclose(got_W, W, atol=EXACT)
        assert pytest.approx(v.J, abs=EXACT) == J
        if pi.ndim == 2 and H >= 8:
            mixed = np.maximum(W.sum(axis=0), 0.0)
            assert np.abs(mixed - W[0]).max() > 1e-3
