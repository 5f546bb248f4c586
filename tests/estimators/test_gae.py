"""Generalized advantage estimates: both ends of lambda, and what follows an episode's last step."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion import exact
from pgcompanion.estimators import at_states, gae, gae_of, gae_steps, moments, reward_to_go
from pgcompanion.policies import TabularSoftmax
from pgcompanion.trajectories import Trajectories, sample

EXACT = 1e-10


@pytest.fixture
def tau(small, rng):
    return sample(small, np.full((small.S, small.A), 1 / small.A), 40, rng)


def by_hand(values, rewards, following, gamma, lam):
    """The definition as a double sum; ``values`` has one entry for each step."""
    after = [*values[1:], following]
    delta = [r + gamma * w - v for r, w, v in zip(rewards, after, values, strict=True)]
    return [
        sum((gamma * lam) ** (k - h) * delta[k] for k in range(h, len(delta)))
        for h in range(len(delta))
    ]


# Whole episodes


@pytest.mark.statement("gae")
def test_with_lambda_one_it_is_the_reward_to_go_less_the_value(tau, small, rng):
    v = at_states(rng.normal(size=(small.H, small.S)), tau)
    V, ended = np.column_stack([v, np.zeros(tau.N)]), np.ones(tau.N, bool)
    wanted = reward_to_go(tau.r) - v
    np.testing.assert_allclose(gae(tau.r, V, 1.0, 1.0, ended), wanted, atol=EXACT)
    assert np.abs(gae(tau.r, V, 1.0, 0.9, ended) - wanted).max() > 1e-2


@pytest.mark.statement("gae")
def test_with_lambda_zero_it_is_the_td_residual(tau, small, rng):
    V, gamma = rng.normal(size=(tau.N, small.H + 1)), 0.9
    delta = tau.r + gamma * V[:, 1:] - V[:, :-1]
    cut = np.zeros(tau.N, bool)
    np.testing.assert_allclose(gae(tau.r, V, gamma, 0.0, cut), delta, atol=EXACT)
    assert np.abs(gae(tau.r, V, gamma, 0.3, cut) - delta).max() > 1e-2


@pytest.mark.statement("gae")
@pytest.mark.parametrize(("gamma", "lam"), [(1.0, 0.0), (0.9, 0.5), (0.9, 1.0)])
def test_the_last_value_counts_where_an_episode_was_cut_off_and_not_where_it_ended(gamma, lam, rng):
    r, V = rng.normal(size=(2, 3)), 10 + rng.normal(size=(2, 4))
    V[1], r[1] = V[0], r[0]
    ended, cut = gae(r, V, gamma, lam, np.array([True, False]))
    np.testing.assert_allclose(ended, by_hand(V[0, :3], r[0], 0.0, gamma, lam), atol=EXACT)
    np.testing.assert_allclose(cut, by_hand(V[0, :3], r[0], V[0, 3], gamma, lam), atol=EXACT)
    assert np.abs(ended - cut).max() > 5


@pytest.mark.statement("gae")
def test_it_is_the_average_of_the_estimates_that_trust_so_many_rewards(rng):
    """With weights (1 - lam) lam^(n-1); without the factor 1 - lam it is too large."""
    gamma, lam, H = 0.9, 0.6, 400
    r, V = rng.normal(size=H), rng.normal(size=H + 1)
    delta = r + gamma * V[1:] - V[:-1]
    n_step = (gamma ** np.arange(H) * delta).cumsum()
    weights = lam ** np.arange(H)
    estimate = gae(r[None], V[None], gamma, lam, np.array([False]))[0, 0]
    assert estimate == pytest.approx((1 - lam) * weights @ n_step, abs=EXACT)
    assert abs(weights @ n_step - estimate) > 0.1


@pytest.mark.statement("gae")
@pytest.mark.parametrize("lam", [0.0, 0.4, 1.0])
def test_with_the_true_values_it_is_the_advantage_in_the_mean(small, rng, lam, measure):
    """For every lambda; with other values only lambda = 1 keeps the gradient."""
    policy = TabularSoftmax(small.S, small.A)
    theta = rng.normal(size=policy.p)
    V = exact.evaluate(small, policy.table(theta)).V
    g = exact.gradient(small, policy, theta)

    def mean(V):
        return moments(small, policy, theta, lambda t: gae_of(t, at_states(V, t), 1.0, lam))[0]

    assert measure(mean(V) - g, over=exact.trajectories(small).N) < EXACT
    bias = np.abs(mean(V + rng.normal(size=V.shape)) - g).max()
    assert bias < EXACT if lam == 1.0 else bias > 1e-3


# Streams of steps


@pytest.mark.statement("gae")
def test_nothing_of_the_next_episode_passes_an_end(rng):
    """A stream of two episodes is two streams of one; without the end the second leaks back."""
    gamma, lam = 0.9, 0.8
    r, V = rng.normal(size=(2, 7, 2))
    V_next = np.vstack([V[1:], rng.normal(size=(1, 2))])
    V_next[2] = [0.0, 5.0]  # one terminated, the other was cut off
    done = np.zeros((7, 2), bool)
    done[2] = True
    A = gae_steps(r, V, V_next, done, gamma, lam)
    for n in range(2):
        first = by_hand(V[:3, n], r[:3, n], V_next[2, n], gamma, lam)
        second = by_hand(V[3:, n], r[3:, n], V_next[6, n], gamma, lam)
        np.testing.assert_allclose(A[:, n], first + second, atol=EXACT)
    runs_on = gae_steps(r, V, V_next, np.zeros_like(done), gamma, lam)
    assert np.abs(runs_on - A)[:3].max() > 0.1
    np.testing.assert_allclose(runs_on[3:], A[3:], atol=EXACT)


@pytest.mark.statement("gae")
def test_the_form_for_episodes_is_the_form_for_streams(rng):
    r, V = rng.normal(size=(4, 6)), rng.normal(size=(4, 7))
    terminated = np.array([True, False, True, False])
    V_next = V[:, 1:].copy()
    V_next[terminated, -1] = 0.0
    last = np.zeros((6, 4), bool)
    last[-1] = True
    by_steps = gae_steps(r.T, V[:, :-1].T, V_next.T, last, 0.9, 0.7).T
    np.testing.assert_array_equal(gae(r, V, 0.9, 0.7, terminated), by_steps)
    assert np.abs(gae(r, V, 0.9, 0.7, ~terminated) - by_steps).max() > 1e-2


@pytest.mark.statement("gae")
def test_values_of_single_precision_give_advantages_of_single_precision(rng):
    r, V, V_next = rng.normal(size=(3, 5, 2))
    double = gae_steps(r, V, V_next, np.eye(5, 2), 0.9, 0.7)
    single = gae_steps(*(x.astype(np.float32) for x in (r, V, V_next)), np.eye(5, 2), 0.9, 0.7)
    assert single.dtype == np.float32
    tolerance = 50 * np.finfo(np.float32).eps
    np.testing.assert_allclose(single, double, atol=tolerance)
    assert np.abs(single.astype(np.float16) - double).max() > tolerance


def test_the_arguments_are_left_as_they_were(rng):
    r, V, V_next = rng.normal(size=(3, 4, 2))
    copies = r.copy(), V.copy(), V_next.copy()
    gae_steps(r, V, V_next, np.zeros((4, 2), bool), 0.9, 0.7)
    gae(r[:, :1], V, 0.9, 0.7, np.ones(4, bool))
    for x, copy in zip((r, V, V_next), copies, strict=True):
        np.testing.assert_array_equal(x, copy)


# Trajectories that end early


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


@pytest.mark.statement("gae")
@pytest.mark.parametrize(("gamma", "lam"), [(1.0, 0.0), (0.9, 0.5), (0.9, 1.0)])
def test_it_bootstraps_where_an_episode_was_cut_off_and_not_where_it_ended(ends, gamma, lam):
    A = gae_of(ends, tenfold(ends.s), gamma, lam, V_last=tenfold(ends.last))
    np.testing.assert_allclose(A[0, :2], by_hand([10, 20], [1, 2], 0.0, gamma, lam), atol=EXACT)
    np.testing.assert_allclose(A[1, :2], by_hand([10, 20], [1, 2], 500.0, gamma, lam), atol=EXACT)
    np.testing.assert_allclose(A[2], by_hand([30, 40, 50], [1, 1, 1], 60.0, gamma, lam), atol=EXACT)
    np.testing.assert_array_equal(A[:2, 2], 0.0)
    over_the_end = by_hand([10, 20], [1, 2], 500.0, gamma, lam)
    assert np.abs(A[0, :2] - over_the_end).max() > 100


@pytest.mark.statement("gae")
def test_values_where_no_step_was_taken_say_nothing(ends):
    """A critic need not be asked there; the negative control lets one be heard at a taken step."""
    V = tenfold(ends.s)
    nonsense = np.where(ends.mask, V, np.nan)
    arguments = {"gamma": 0.9, "lam": 0.5, "V_last": tenfold(ends.last)}
    A = gae_of(ends, V, **arguments)
    np.testing.assert_array_equal(gae_of(ends, nonsense, **arguments), A)
    V[0, 1] += 1
    assert np.abs(gae_of(ends, V, **arguments) - A).max() > 0.1


@pytest.mark.statement("gae")
def test_a_horizon_that_ends_the_episode_leaves_nothing_to_bootstrap(small, tau, rng):
    """In the chapter's finite horizon V_H = 0; another last value is another estimate."""
    v = rng.normal(size=(tau.N, small.H))
    ended = np.column_stack([v, np.zeros(tau.N)])
    by_episodes = gae(tau.r, ended, 0.9, 0.5, tau.terminated)
    np.testing.assert_allclose(gae_of(tau, v, 0.9, 0.5), by_episodes, atol=EXACT)
    ended[:, -1] = 1.0
    cut = gae(tau.r, ended, 0.9, 0.5, np.zeros(tau.N, bool))
    assert np.abs(cut - by_episodes).max() > 0.1


# The border

R, V = np.zeros((2, 3)), np.zeros((2, 4))
ENDED = np.ones(2, bool)
T = np.zeros((3, 2))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gae(R, V, 1.0, 1.5, ENDED), r"lam must be a number in \[0, 1\], but it is 1\.5"),
        (lambda: gae(R, V, 1.0, "1", ENDED), r"lam must be a number in \[0, 1\], but it is '1'"),
        (
            lambda: gae(R, V, None, 1.0, ENDED),
            r"gamma must be a number in \[0, 1\], but it is None",
        ),
        (lambda: gae(R, R, 1.0, 1.0, ENDED), r"V has shape \(2, 3\), but \(2, 4\) is expected"),
        (lambda: gae(R, V + np.nan, 1.0, 1.0, ENDED), "V must be finite, but it contains NaN"),
        (lambda: gae(R, V, 1.0, 1.0, ENDED[:1]), r"terminated has shape \(1,\), but \(2\) is"),
        (lambda: gae(R, V, 1.0, 1.0, [2, 0]), "terminated must hold booleans, but its type is int"),
        (lambda: gae(R, V, 1.0, 1.0, None), "terminated must be an array of numbers, but its type"),
        (
            lambda: gae(R[:, :0], V, 1.0, 1.0, ENDED),
            r"r has shape \(2, 0\), but one step at least is expected",
        ),
        (
            lambda: gae(R[0], V, 1.0, 1.0, ENDED),
            r"r has shape \(3,\), but \(any, any\) is expected",
        ),
        (lambda: gae_steps(T, T[:2], T, T, 1.0, 1.0), r"V has shape \(2, 2\), but \(3, 2\) is exp"),
        (lambda: gae_steps(T, T, R, T, 1.0, 1.0), r"V_next has shape \(2, 3\), but \(3, 2\) is"),
        (lambda: gae_steps(T, T, T, T + 0.5, 1.0, 1.0), "done must hold booleans, but its type is"),
    ],
)
def test_a_value_that_cannot_be_right_is_refused(call, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        call()


def test_what_is_missing_after_a_cut_is_named(ends):
    with pytest.raises(
        ValueError, match=r"^V_last must hold the values of tau\.last, since an epi"
    ):
        gae_of(ends, tenfold(ends.s), 1.0, 0.5)
    with pytest.raises(ValueError, match=r"^V_last has shape \(2,\), but \(3\) is expected"):
        gae_of(ends, tenfold(ends.s), 1.0, 0.5, V_last=np.zeros(2))
    with pytest.raises(ValueError, match=r"^V has shape \(3, 3, 1\), but \(3, 3\) is expected"):
        gae_of(ends, ends.s, 1.0, 0.5, V_last=np.zeros(3))
