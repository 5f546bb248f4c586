"""What multiplies a score: sums of rewards, and tables read along trajectories."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion.estimators import at_pairs, at_states, discounted, reward_to_go, total_return
from pgcompanion.trajectories import Trajectories

EXACT = 1e-10


@pytest.fixture
def r(rng):
    return rng.normal(size=(7, 5))


@pytest.fixture
def cut(rng):
    """Two episodes of four steps, one of which ends after two; what stands behind is nonsense."""
    mask = np.array([[1, 1, 0, 0], [1, 1, 1, 1]], bool)
    s, a = (np.where(mask, rng.integers(3, size=(2, 4)), 99) for _ in range(2))
    return Trajectories(s, a, np.where(mask, rng.normal(size=(2, 4)), 77.0), mask)


# Returns


@pytest.mark.statement("trajectories")
def test_rewards_to_go_telescope(r):
    R = reward_to_go(r)
    np.testing.assert_allclose(R[:, 0], total_return(r)[:, 0], atol=EXACT)
    np.testing.assert_allclose(R[:, :-1] - R[:, 1:], r[:, :-1], atol=EXACT)
    np.testing.assert_array_equal(R[:, -1], r[:, -1])
    assert np.abs(r.cumsum(axis=1)[:, 0] - R[:, 0]).max() > 0.1


@pytest.mark.statement("pg_discounted")
@pytest.mark.parametrize("gamma", [0.0, 0.3, 0.9, 1.0])
def test_the_discount_counts_from_the_first_step(r, gamma):
    """The negative control counts from each step's own, which is another number from step 1 on."""
    N, H = r.shape
    power = [float(gamma**h) for h in range(H)]
    by_hand = [[sum(power[k] * r[n, k] for k in range(h, H)) for h in range(H)] for n in range(N)]
    np.testing.assert_allclose(reward_to_go(r, gamma), by_hand, atol=EXACT)
    np.testing.assert_allclose(total_return(r, gamma), np.tile(by_hand, 1)[:, [0] * H], atol=EXACT)
    np.testing.assert_allclose(discounted(r, gamma), power * r, atol=EXACT)
    own = [[sum(power[k - h] * r[n, k] for k in range(h, H)) for h in range(H)] for n in range(N)]
    difference = np.abs(np.subtract(own, by_hand)).max()
    assert difference < EXACT if gamma == 1.0 else difference > 0.1


@pytest.mark.statement("pg_with_q")
@pytest.mark.parametrize("gamma", [0.9, 1.0])
def test_the_sums_lie_in_memory_as_the_rewards_do(r, gamma):
    """Sampled trajectories have their steps contiguous; sums that did not would be read across."""
    steps = np.asfortranarray(r)
    for x, contiguous in ((steps, True), (r, False)):
        R = reward_to_go(x, gamma)
        assert R.T.flags.c_contiguous == contiguous
        assert R.flags.c_contiguous != contiguous
    np.testing.assert_array_equal(reward_to_go(steps, gamma), reward_to_go(r, gamma))


def test_neither_sum_writes_to_the_rewards_and_integers_are_as_good(r):
    before = r.copy()
    reward_to_go(r), total_return(r), reward_to_go(r, 0.5)
    np.testing.assert_array_equal(r, before)
    assert reward_to_go([[1, 2, 4]]).tolist() == [[7.0, 6.0, 4.0]]
    assert total_return([[1, 2, 4]], 0.5).tolist() == [[3.0, 3.0, 3.0]]


@pytest.mark.statement("trajectories")
def test_steps_after_the_end_of_an_episode_do_not_count(cut):
    r = cut.r[:1, :2]
    np.testing.assert_allclose(total_return(cut.r)[0], r.sum(), atol=EXACT)
    np.testing.assert_allclose(reward_to_go(cut.r)[0, :2], reward_to_go(r)[0], atol=EXACT)
    np.testing.assert_array_equal(reward_to_go(cut.r)[0, 2:], 0.0)
    counted = reward_to_go(np.where(cut.mask, cut.r, 77.0))
    assert np.abs(counted - reward_to_go(cut.r))[0].min() > 1


# Tables along trajectories


@pytest.mark.statement("pg_baseline")
def test_a_table_of_states_is_read_at_each_step_and_state(rng):
    """N = H = S: no shape tells the table from what it gives, so only the entries can."""
    s = rng.integers(3, size=(3, 3))
    tau = Trajectories(s, np.zeros((3, 3), int), np.zeros((3, 3)))
    b = rng.normal(size=(3, 3))
    by_hand = [[b[h, s[n, h]] for h in range(3)] for n in range(3)]
    np.testing.assert_array_equal(at_states(b, tau), by_hand)
    np.testing.assert_array_equal(at_states(np.vstack([b, b[:1] + 1]), tau), by_hand)
    assert np.abs(b - by_hand).max() > 0.1
    assert np.abs(b[s, np.arange(3)] - by_hand).max() > 0.1


@pytest.mark.statement("pg_with_q", "pg_advantage")
def test_a_table_of_pairs_is_read_at_each_step_state_and_action(rng):
    s, a = rng.integers(3, size=(2, 4, 3))
    Q = rng.normal(size=(3, 3, 3))
    tau = Trajectories(s, a, np.zeros((4, 3)))
    by_hand = [[Q[h, s[n, h], a[n, h]] for h in range(3)] for n in range(4)]
    np.testing.assert_array_equal(at_pairs(Q, tau), by_hand)
    assert np.abs(Q[np.arange(3), a, s] - by_hand).max() > 0.1


@pytest.mark.statement("pg_baseline")
def test_a_table_says_nothing_of_steps_that_were_not_taken(cut, rng):
    b, Q = rng.normal(size=(4, 3)), rng.normal(size=(4, 3, 3))
    for x in (at_states(b, cut), at_pairs(Q, cut)):
        np.testing.assert_array_equal(x[0, 2:], 0.0)
        assert x[cut.mask].all()
    np.testing.assert_array_equal(at_states(b, cut)[1], b[np.arange(4), cut.s[1]])
    without_a_mask = Trajectories(np.where(cut.mask, cut.s, 0), cut.a, cut.r)
    assert np.abs(at_states(b, without_a_mask)[0, 2:]).min() > 0


def test_lists_are_as_good_as_arrays():
    tau = Trajectories([[0, 1], [1, 1]], [[1, 0], [0, 0]], [[1.0, 2.0], [4.0, 8.0]])
    Q, b = np.arange(8.0).reshape(2, 2, 2), np.arange(6.0).reshape(3, 2)
    np.testing.assert_array_equal(at_pairs(Q.tolist(), tau), at_pairs(Q, tau))
    np.testing.assert_array_equal(at_states(b.tolist(), tau), at_states(b, tau))
    np.testing.assert_array_equal(discounted(b.tolist(), 0.5), discounted(b, 0.5))
    assert at_pairs(Q, tau).any()


# The border


TAU = Trajectories(np.zeros((2, 3), int), np.zeros((2, 3), int), np.zeros((2, 3)))
NAN = np.array([[1.0, np.nan]])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: at_states(np.zeros((7, 2)), TAU),
            r"b has shape \(7, 2\), but \(H, S\) with H = 3",
        ),
        (lambda: at_states(np.zeros(3), TAU), r"b has shape \(3,\), but \(H, S\) with H = 3"),
        (lambda: at_states(np.full((3, 2), np.nan), TAU), "b must be finite, but it contains NaN"),
        (lambda: at_states("b", TAU), "b must be an array of numbers, but its type is"),
        (lambda: at_pairs(np.zeros((2, 2)), TAU), r"Q has shape \(2, 2\), but \(H, S, A\) with H"),
        (lambda: at_pairs(np.zeros((2, 1, 2)), TAU), r"Q has shape \(2, 1, 2\), but \(H, S, A\)"),
        (
            lambda: at_pairs(np.full((3, 1, 1), np.inf), TAU),
            "Q must be finite, but it contains NaN",
        ),
        (lambda: reward_to_go(NAN), "r must be finite, but it contains NaN or infinity"),
        (lambda: reward_to_go(NAN, 0.5), "r must be finite, but it contains NaN or infinity"),
        (lambda: total_return(NAN), "r must be finite, but it contains NaN or infinity"),
        (lambda: reward_to_go(np.ones((2, 0))), r"r must be an array \(N, H\) of numbers, but its"),
        (lambda: total_return([1.0]), r"r must be an array \(N, H\) of numbers, but its shape is"),
        (lambda: reward_to_go(None), r"r must be an array \(N, H\) of numbers, but its shape is"),
        (lambda: reward_to_go([["a"]]), r"r must be an array \(N, H\) of numbers, but its shape"),
        (lambda: discounted(NAN, 0.5), "psi must be finite, but it contains NaN or infinity"),
        (lambda: discounted([1.0], 0.5), r"psi has shape \(1,\), but \(any, any\) is expected"),
    ],
)
def test_an_array_that_cannot_be_right_is_refused(call, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        call()


@pytest.mark.parametrize("bad", [-1, 2])
def test_a_state_or_an_action_that_a_table_does_not_have_is_refused(bad):
    """An index of -1 would be read as the last entry, and nothing would tell."""
    fine, wrong = np.zeros((1, 2), int), np.array([[0, bad]])
    in_states, in_actions = Trajectories(wrong, fine, fine), Trajectories(fine, wrong, fine)
    Q, V = np.zeros((2, 2, 2)), np.zeros((3, 2))
    for name, call in [
        ("s", lambda: at_pairs(Q, in_states)),
        ("a", lambda: at_pairs(Q, in_actions)),
        ("s", lambda: at_states(V, in_states)),
    ]:
        message = rf"^tau\.{name} must lie between 0 and 1, but it contains {bad}\.$"
        with pytest.raises(ValueError, match=message):
            call()


@pytest.mark.parametrize("gamma", [-1, 1.5, np.nan, None, "1"])
def test_a_discount_out_of_range_is_refused(gamma):
    for call in (total_return, reward_to_go, discounted):
        with pytest.raises(ValueError, match=r"^gamma must be a number in \[0, 1\], but it is "):
            call(np.ones((1, 2)), gamma)
