"""The MDP's border, and Gymnasium's tables read through it."""

from __future__ import annotations

from types import SimpleNamespace

import gymnasium
import numpy as np
import pytest

from pgcompanion.mdp import MDP

P = np.full((2, 3, 2), 0.5)
R = np.zeros((2, 3))
MU0 = np.array([0.5, 0.5])
EXPECTED = r"but \(S, A, S\) with S and A at least 1 is expected\."


def with_entry(x: np.ndarray, value: float) -> np.ndarray:
    y = x.copy()
    y.flat[0] = value
    return y


@pytest.mark.statement("objective_fn")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((P * 0.9, R, MU0, 3), r"P\[0, 0\] must sum to 1, but it sums to 0\.9\."),
        ((with_entry(P, -0.5), R, MU0, 3), r"P must not be negative, but it contains -0\.5\."),
        (
            (with_entry(P, np.nan), R, MU0, 3),
            r"P must be finite, but it contains NaN or infinity\.",
        ),
        ((P[0], R, MU0, 3), rf"P has shape \(3, 2\), {EXPECTED}"),
        ((P[:1], R, MU0, 3), rf"P has shape \(1, 3, 2\), {EXPECTED}"),
        ((P[:, :0], R[:, :0], MU0, 3), rf"P has shape \(2, 0, 2\), {EXPECTED}"),
        ((np.zeros((0, 2, 0)), np.zeros((0, 2)), [], 3), rf"P has shape \(0, 2, 0\), {EXPECTED}"),
        ((None, R, MU0, 3), r"P must be an array of numbers, but its type is object\."),
        (([*P.tolist()[:1], [[1.0]]], R, MU0, 3), r"P must be an array, but its rows .*"),
        ((P, [[0.0], [0.0, 1.0]], MU0, 3), r"r must be an array, but its rows .*"),
        ((P + 0j, R, MU0, 3), r"P must be real, but its type is complex128\."),
        ((P, R + 1j, MU0, 3), r"r must be real, but its type is complex128\."),
        ((P, R, MU0 + 0j, 3), r"mu0 must be real, but its type is complex128\."),
        ((P, R.T, MU0, 3), r"r has shape \(3, 2\), but \(2, 3\) is expected\."),
        (
            (P, with_entry(R, np.inf), MU0, 3),
            r"r must be finite, but it contains NaN or infinity\.",
        ),
        ((P, R, [0.5, 0.4], 3), r"mu0 must sum to 1, but it sums to 0\.9\."),
        ((P, R, [1.0], 3), r"mu0 has shape \(1,\), but \(2\) is expected\."),
        ((P, R, MU0, 0), r"H must be a positive integer, but it is 0\."),
        ((P, R, MU0, 2.5), r"H must be a positive integer, but it is 2\.5\."),
        ((P, R, MU0, True), r"H must be a positive integer, but it is True\."),
        ((P, R, MU0, "3"), r"H must be a positive integer, but it is '3'\."),
        ((P.astype(str), R, MU0, 3), r"P must be an array of numbers, but its type is <U32\."),
    ],
)
def test_what_is_no_mdp_is_refused_in_one_sentence(arguments, message):
    assert not MDP(P, R, MU0, 3).P.flags.writeable
    with pytest.raises(ValueError, match=f"^{message}$"):
        MDP(*arguments)


def test_the_arrays_are_copies_that_cannot_be_changed():
    mine = P.copy()
    mdp = MDP(mine, R, MU0, 3)
    mine[:] = 0
    assert (mdp.P == P).all()
    with pytest.raises(ValueError, match="read-only"):
        mdp.P[0, 0, 0] = 1.0


LAKES = [("4x4", True), ("4x4", False), ("8x8", True), ("8x8", False)]


def lake(name: str, slippery: bool) -> gymnasium.Env:
    return gymnasium.make("FrozenLake-v1", map_name=name, is_slippery=slippery)


@pytest.mark.parametrize(("name", "slippery"), LAKES)
def test_frozen_lake(name, slippery):
    mdp = MDP.from_gymnasium(lake(name, slippery), H=30)
    cells = "".join(row.decode() for line in lake(name, slippery).unwrapped.desc for row in line)
    assert len(cells) == mdp.S
    assert mdp.A == 4
    assert mdp.mu0[cells.index("S")] == 1.0
    for s, cell in enumerate(cells):
        if cell in "HG":
            assert (mdp.P[s, :, s] == 1).all()
            assert (mdp.r[s] == 0).all()
    goal = cells.index("G")
    assert mdp.r[goal - 1].max() == pytest.approx(1 / 3 if slippery else 1.0)


def test_cliff_walking_ends_at_its_goal():
    mdp = MDP.from_gymnasium(gymnasium.make("CliffWalking-v1"), H=30)
    assert (mdp.S, mdp.A) == (48, 4)
    assert (mdp.P[47, :, 47] == 1).all()
    assert (mdp.r[47] == 0).all()
    from pgcompanion import exact

    assert pytest.approx(-13.0, abs=1e-10) == exact.optimal(mdp)[1].J


def test_taxi_ends_when_the_passenger_is_delivered():
    env = gymnasium.make("Taxi-v4")
    mdp = MDP.from_gymnasium(env, H=20)
    assert (mdp.S, mdp.A) == (500, 6)
    delivered = [o[1] for s in env.unwrapped.P.values() for a in s.values() for o in a if o[3]]
    assert (mdp.r[delivered] == 0).all()
    assert (mdp.P[delivered, 0, delivered] == 1).all()
    assert mdp.r.max() == 20


def test_the_table_has_the_law_of_the_environment(rng):
    """10,000 episodes of the environment itself, going down or right: the mean return, in standard
    errors.

    A uniform policy would hide the ice: slipping uniformly changes nothing for it.
    """
    from pgcompanion import exact

    env, H = gymnasium.make("FrozenLake-v1", max_episode_steps=10), 10
    pi = np.tile([0.0, 0.5, 0.5, 0.0], (16, 1))
    J = exact.evaluate(MDP.from_gymnasium(env, H), pi).J
    returns = np.zeros(10_000)
    for n in range(len(returns)):
        env.reset(seed=n)
        for a in rng.integers(1, 3, size=H):
            _, reward, terminated, _, _ = env.step(int(a))
            returns[n] += reward
            if terminated:
                break
    standard_error = np.sqrt(J * (1 - J) / len(returns))
    assert abs(returns.mean() - J) < 5 * standard_error
    without_ice = exact.evaluate(MDP.from_gymnasium(lake("4x4", False), H), pi).J
    assert abs(returns.mean() - without_ice) > 5 * standard_error


def test_an_environment_without_a_table_is_refused():
    message = r"^env must publish its transition table P and initial_state_distrib, but CartPoleEnv"
    with pytest.raises(ValueError, match=message):
        MDP.from_gymnasium(gymnasium.make("CartPole-v1"), H=10)


@pytest.mark.parametrize("published", [{"P": {0: {0: []}}}, {"initial_state_distrib": [1.0]}, {}])
def test_half_a_table_is_refused(published):
    message = r"^env must publish its transition table P and initial_state_distrib, but SimpleNames"
    with pytest.raises(ValueError, match=message):
        MDP.from_gymnasium(SimpleNamespace(**published), H=10)


def test_a_state_that_only_sometimes_ends_the_episode_is_refused():
    ends, goes_on = [(1.0, 1, 0.0, True)], [(1.0, 1, 0.0, False)]
    table = {0: {0: ends, 1: goes_on}, 1: {0: goes_on, 1: goes_on}}
    env = SimpleNamespace(P=table, initial_state_distrib=np.array([1.0, 0.0]))
    with pytest.raises(ValueError, match=r"^env must end the episode on every way into state 1"):
        MDP.from_gymnasium(env, H=3)


def test_a_state_that_only_the_dead_end_leads_on_from_does_no_harm():
    """What comes after the end of an episode is out of reach: its transitions need not agree."""
    ends, goes_on = [(1.0, 1, 2.0, True)], [(1.0, 1, 0.0, False)]
    table = {0: {0: ends}, 1: {0: goes_on}, 2: {0: goes_on}}
    env = SimpleNamespace(P=table, initial_state_distrib=np.array([1.0, 0.0, 0.0]))
    mdp = MDP.from_gymnasium(env, H=3)
    assert mdp.P[1, 0, 1] == 1.0
    assert mdp.r[:, 0].tolist() == [2.0, 0.0, 0.0]
    reached = SimpleNamespace(P=table, initial_state_distrib=np.array([0.5, 0.0, 0.5]))
    with pytest.raises(ValueError, match=r"^env must end the episode on every way into state 1"):
        MDP.from_gymnasium(reached, H=3)


def test_the_state_that_is_blamed_is_the_one_that_is_entered_both_ways():
    """State 1 only goes on and state 2 always ends an episode; state 3 does on one way alone."""
    table = {
        0: {0: [(0.5, 1, 0.0, False), (0.5, 2, 0.0, True)]},
        1: {0: [(1.0, 3, 0.0, False)]},
        2: {0: [(1.0, 2, 0.0, True)]},
        3: {0: [(1.0, 3, 0.0, True)]},
    }
    env = SimpleNamespace(P=table, initial_state_distrib=np.array([1.0, 0.0, 0.0, 0.0]))
    with pytest.raises(ValueError, match=r"^env must end the episode on every way into state 3,"):
        MDP.from_gymnasium(env, H=3)


def test_an_mdp_is_shown_in_one_short_line():
    large = MDP.from_gymnasium(lake("8x8", True), H=30)
    assert repr(large) == str(large) == "MDP(S=64, A=4, H=30)"


def test_a_state_that_begins_episodes_may_not_end_them_too():
    """Made absorbing, it would earn nothing, though episodes go on from it."""

    class Loop:
        P = {0: {0: [(1.0, 1, 0.0, False)]}, 1: {0: [(1.0, 0, 1.0, True)]}}  # noqa: RUF012
        initial_state_distrib = np.array([1.0, 0.0])

    with pytest.raises(ValueError, match="into state 0, but one transition goes on from it, or an"):
        MDP.from_gymnasium(Loop(), H=4)
    Loop.initial_state_distrib = np.array([0.0, 1.0])
    assert np.allclose(MDP.from_gymnasium(Loop(), H=4).r, [[0.0], [1.0]])
