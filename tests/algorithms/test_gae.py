"""Generalized advantage estimates: both ends of lambda, and what follows the last step of an episode."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion import exact
from pgcompanion.estimators import along, gae, minus, moments, reward_to_go
from pgcompanion.policies import TabularSoftmax
from pgcompanion.trajectories import Trajectories, sample

EXACT = 1e-10


@pytest.fixture
def tau(small, rng):
    return sample(small, np.full((small.S, small.A), 1 / small.A), 40, rng)


@pytest.mark.statement("gae")
def test_with_lambda_one_it_is_the_reward_to_go_less_the_value(small, tau, rng):
    V = rng.normal(size=(small.H, small.S))
    wanted = minus(reward_to_go(tau), along(tau, V))
    np.testing.assert_allclose(gae(tau, V, lam=1.0), wanted, atol=EXACT)
    assert np.abs(gae(tau, V, lam=0.9) - wanted).max() > 1e-2


@pytest.mark.statement("gae")
def test_with_lambda_zero_it_is_the_surprise_of_one_step(small, tau, rng):
    V, gamma = rng.normal(size=(small.H + 1, small.S)), 0.9
    v = along(tau, V)
    following = np.column_stack([v[:, 1:], np.zeros(tau.N)])
    np.testing.assert_allclose(gae(tau, V, 0.0, gamma), tau.r + gamma * following - v, atol=EXACT)


@pytest.mark.statement("gae")
@pytest.mark.parametrize("lam", [0.0, 0.4, 1.0])
def test_with_the_true_values_it_is_the_advantage_in_the_mean(small, rng, lam, measure):
    """Given state and action, for every lambda; with other values only lambda = 1 keeps the gradient."""
    policy = TabularSoftmax(small.S, small.A)
    theta = rng.normal(size=policy.p)
    V = exact.evaluate(small, policy.table(theta)).V
    g = exact.gradient(small, policy, theta)
    mean, _ = moments(small, policy, theta, lambda tau: gae(tau, V, lam))
    assert measure(mean - g, over=exact.trajectories(small).N) < EXACT
    wrong, _ = moments(
        small, policy, theta, lambda tau: gae(tau, V + rng.normal(size=V.shape), lam)
    )
    assert (np.abs(wrong - g).max() < EXACT) == (lam == 1.0)


@pytest.fixture
def ends():
    """Three episodes: one terminates after two steps, one is cut off after two, one after three."""
    return Trajectories(
        s=np.array([[1.0, 2.0, 99.0], [1.0, 2.0, 99.0], [3.0, 4.0, 5.0]])[..., None],
        a=np.zeros((3, 3), int),
        r=np.array([[1.0, 2.0, 77.0], [1.0, 2.0, 77.0], [1.0, 1.0, 1.0]]),
        mask=np.array([[True, True, False], [True, True, False], [True, True, True]]),
        terminated=np.array([True, False, False]),
        last=np.array([[50.0], [50.0], [6.0]]),
    )


def tenfold(s: np.ndarray) -> np.ndarray:
    return 10.0 * s[..., 0]


def by_hand(values, rewards, following, lam, gamma):
    """The definition as a double sum; ``values`` has one entry for each step."""
    after = [*values[1:], following]
    delta = [r + gamma * w - v for r, w, v in zip(rewards, after, values, strict=True)]
    return [
        sum((gamma * lam) ** (k - h) * delta[k] for k in range(h, len(delta)))
        for h in range(len(delta))
    ]


@pytest.mark.statement("gae")
@pytest.mark.parametrize(("lam", "gamma"), [(0.0, 1.0), (0.5, 0.9), (1.0, 0.9)])
def test_it_bootstraps_where_an_episode_was_cut_off_and_not_where_it_ended(ends, lam, gamma):
    A = gae(ends, tenfold, lam, gamma)
    np.testing.assert_allclose(A[0, :2], by_hand([10, 20], [1, 2], 0.0, lam, gamma), atol=EXACT)
    np.testing.assert_allclose(A[1, :2], by_hand([10, 20], [1, 2], 500.0, lam, gamma), atol=EXACT)
    np.testing.assert_allclose(A[2], by_hand([30, 40, 50], [1, 1, 1], 60.0, lam, gamma), atol=EXACT)
    np.testing.assert_array_equal(A[:2, 2], 0.0)
    over_the_end = by_hand([10, 20], [1, 2], 500.0, lam, gamma)
    assert np.abs(A[0, :2] - over_the_end).max() > 100


@pytest.mark.statement("gae")
def test_a_table_is_read_at_the_step_where_the_episode_was_cut_off(rng):
    V = rng.normal(size=(4, 3))
    tau = Trajectories(
        s=np.array([[0, 1, 0], [2, 1, 0]]),
        a=np.zeros((2, 3), int),
        r=np.ones((2, 3)),
        mask=np.array([[True, True, False], [True, True, True]]),
        terminated=np.array([False, False]),
        last=np.array([2, 1]),
    )
    A = gae(tau, V, lam=0.7)
    np.testing.assert_allclose(
        A[0, :2], by_hand([V[0, 0], V[1, 1]], [1, 1], V[2, 2], 0.7, 1.0), atol=EXACT
    )
    values = [V[0, 2], V[1, 1], V[2, 0]]
    np.testing.assert_allclose(A[1], by_hand(values, [1, 1, 1], V[3, 1], 0.7, 1.0), atol=EXACT)


@pytest.mark.statement("gae")
def test_a_horizon_that_ends_the_episode_leaves_nothing_to_bootstrap(small, tau, rng):
    """In the chapter's finite horizon V_H = 0, whatever the last row of the table says."""
    V = rng.normal(size=(small.H + 1, small.S))
    np.testing.assert_array_equal(gae(tau, V, lam=0.5), gae(tau, V[:-1], lam=0.5))


def test_what_is_missing_is_named(ends, small, tau):
    with pytest.raises(ValueError, match=r"^lam must lie in \[0, 1\], but it is 1\.5\.$"):
        gae(ends, tenfold, 1.5)
    cut = Trajectories(ends.s, ends.a, ends.r, ends.mask, ends.terminated)
    with pytest.raises(ValueError, match=r"^tau\.last must hold the observation after"):
        gae(cut, tenfold, 0.5)
    cut = Trajectories(tau.s, tau.a, tau.r, terminated=np.zeros(tau.N, bool), last=tau.s[:, 0])
    with pytest.raises(ValueError, match=r"^V has shape \(3, 3\), but \(H \+ 1, S\) with H = 3"):
        gae(cut, np.zeros((small.H, small.S)), 0.5)
