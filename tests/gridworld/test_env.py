"""The Gymnasium environment of a gridworld against its MDP and against Gymnasium's own checker."""

from __future__ import annotations

import subprocess
import sys

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from pgcompanion import exact
from pgcompanion.gridworld import MAPS, GridWorld
from pgcompanion.gridworld.env import ID, GridWorldEnv, transition_table
from pgcompanion.mdp import MDP

UP, RIGHT, DOWN, LEFT = range(4)


@pytest.mark.parametrize("render_mode", [None, "ansi", "rgb_array"])
def test_gymnasiums_checker_has_nothing_to_say(render_mode: str | None) -> None:
    grid = GridWorld("S.G\nP.S", slip=0.2, step_reward=-0.1, rewards={"P": -2.0})
    check_env(grid.env(render_mode, max_episode_steps=9))
    check_env(grid.env(render_mode))


@pytest.mark.parametrize("name", MAPS)
def test_every_named_map_passes_the_checker(name: str) -> None:
    check_env(GridWorld.named(name).env(), skip_render_check=True)


def test_the_environment_is_registered() -> None:
    made = gymnasium.make(
        f"pgcompanion.gridworld.env:{ID}", map="S.G", slip=0.5, max_episode_steps=1
    )
    assert isinstance(made.unwrapped, GridWorldEnv)
    assert made.unwrapped.grid.slip == 0.5
    made.reset(seed=0)
    assert made.step(LEFT)[3] is True
    assert gymnasium.make(ID).unwrapped.grid.map == MAPS["4x4"]  # type: ignore[attr-defined]
    check_env(gymnasium.make(ID, map=MAPS["rooms"]).unwrapped, skip_render_check=True)
    again = gymnasium.envs.registration.EnvSpec.from_json(made.spec.to_json())  # type: ignore[union-attr]
    assert gymnasium.make(again).unwrapped.grid.map == "S.G"  # type: ignore[attr-defined]


def test_it_runs_as_a_vector_environment() -> None:
    envs = gymnasium.make_vec(ID, num_envs=3, vectorization_mode="sync", map="S.G")
    s, _ = envs.reset(seed=0)
    np.testing.assert_array_equal(s, [0, 0, 0])
    s, *_ = envs.step(np.array([RIGHT, LEFT, RIGHT]))
    np.testing.assert_array_equal(s, [1, 0, 1])
    envs.close()


@pytest.mark.parametrize("name", MAPS)
def test_the_published_table_is_the_mdp(name: str) -> None:
    grid = GridWorld.named(name, slip=0.3, step_reward=-0.05)
    table, mdp = MDP.from_gymnasium(grid.env(), H=9), grid.mdp(H=9)
    np.testing.assert_allclose(table.P, mdp.P, atol=1e-12)
    np.testing.assert_allclose(table.r, mdp.r, atol=1e-12)
    np.testing.assert_array_equal(table.mu0, mdp.mu0)
    other = GridWorld.named(name, slip=0.31, step_reward=-0.05).mdp(H=9)
    assert not np.allclose(table.P, other.P)


def test_episodes_of_the_environment_follow_the_law_of_the_mdp() -> None:
    N, H = 3000, 6
    grid = GridWorld("S..\n.#P\nS.G", slip=0.3, step_reward=-0.1)
    env, rng = grid.env(), np.random.default_rng(0)
    pi = np.array([0.1, 0.4, 0.4, 0.1])
    s = np.empty((N, H), dtype=int)
    for n in range(N):
        s[n, 0], _ = env.reset(seed=4 if n == 0 else None)
        for h in range(1, H):
            s[n, h], reward, terminated, _, info = env.step(int(rng.choice(4, p=pi)))
            live = not grid.terminal[s[n, h - 1]]
            assert reward == (grid.step_reward + grid.entry[s[n, h]] if live else 0.0)
            assert terminated == grid.terminal[s[n, h]]
            assert 0 < info["prob"] <= 1

    def z(slip: float) -> np.ndarray:
        """Standardised visit counts, with the exact binomial variance."""
        mdp = GridWorld(grid.map, slip=slip, step_reward=-0.1).mdp(H)
        d = exact.evaluate(mdp, np.tile(pi, (mdp.S, 1))).d
        counts = np.array([np.bincount(s[:, h], minlength=mdp.S) for h in range(H)])
        possible = (d > 0) & (d < 1)
        assert (counts[~possible] == N * d[~possible]).all()
        return (counts - N * d)[possible] / np.sqrt(N * d * (1 - d))[possible]

    assert np.abs(z(0.3)).max() < 5
    # the control: slip read as the probability of each side
    assert np.abs(z(0.6)).max() > 5


def test_steps_of_one_action_follow_the_law_of_the_mdp() -> None:
    N, s = 4000, 4
    grid = GridWorld("...\n.S.\n..G", slip=0.3)
    env = grid.env()
    for a in range(4):
        arrived = np.empty(N, dtype=int)
        for n in range(N):
            env.reset(seed=a if n == 0 else None)
            arrived[n] = env.step(a)[0]
        counts = np.bincount(arrived, minlength=grid.S)

        def worst_z(slip: float, a: int = a, counts: np.ndarray = counts) -> float:
            p = GridWorld(grid.map, slip=slip).P[s, a]
            assert (counts[p == 0] == 0).all()
            error, deviation = (counts - N * p)[p > 0], np.sqrt(N * p * (1 - p))[p > 0]
            return float(np.abs(error / deviation).max())

        assert worst_z(0.3) < 5
        assert worst_z(0.4) > 5


def test_an_episode_is_cut_after_max_episode_steps_and_ends_in_a_goal() -> None:
    env = GridWorld("S..G").env(max_episode_steps=2)
    env.reset(seed=0)
    assert env.step(LEFT)[2:4] == (False, False)
    assert env.step(LEFT)[2:4] == (False, True)
    env.reset()
    assert env.step(LEFT)[2:4] == (False, False)
    env = GridWorld("SG", step_reward=-0.5).env()
    env.reset(seed=0)
    assert env.step(RIGHT)[:4] == (1, 0.5, True, False)
    assert env.step(LEFT)[:4] == (1, 0.0, True, False)


def test_ansi_shows_the_map_with_the_agent_in_it() -> None:
    env = GridWorld("S#G\n..P").env("ansi")
    env.reset(seed=0)
    assert env.render() == "@#G\n..P\n"
    env.step(DOWN)
    assert env.render() == "S#G\n@.P\n"


def test_rgb_array_shows_where_the_agent_is() -> None:
    env = GridWorld("S#G\n..P").env("rgb_array")
    env.reset(seed=0)
    before = env.render()
    assert isinstance(before, np.ndarray)
    assert before.dtype == np.uint8
    assert before.shape == (96, 144, 3)
    env.step(DOWN)
    changed = np.any(env.render() != before, axis=-1)
    assert changed[:48, :48].any()
    assert changed[48:, :48].any()
    assert not changed[:, 48:].any()


def test_render_without_a_mode_says_so() -> None:
    env = GridWorld("S.G").env()
    env.reset(seed=0)
    with pytest.warns(UserWarning, match="Choose a render_mode"):
        assert env.render() is None


@pytest.mark.parametrize("action", [-1, 4, 1.5, "up", None])
def test_an_action_out_of_range_is_one_clear_sentence(action: object) -> None:
    env = GridWorld("S.G").env()
    env.reset(seed=0)
    with pytest.raises(ValueError, match="action must be an integer from 0 to 3, but it is"):
        env.step(action)  # type: ignore[arg-type]


def test_stepping_before_reset_asks_for_reset() -> None:
    with pytest.raises(gymnasium.error.ResetNeeded, match=r"Call reset\(\) before"):
        GridWorld("S.G").env().step(RIGHT)


def test_bad_options_are_one_clear_sentence() -> None:
    with pytest.raises(ValueError, match="render_mode must be one of 'ansi', 'rgb_array'"):
        GridWorld("S.G").env("human")
    with pytest.raises(ValueError, match="positive integer, but it is 0"):
        GridWorld("S.G").env(max_episode_steps=0)


def test_the_table_of_what_is_no_gridworld_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="grid must be a GridWorld, but its type is MDP"):
        transition_table(GridWorld("S.G").mdp(2))  # type: ignore[arg-type]


def test_its_name_with_its_module_makes_one_in_a_fresh_interpreter() -> None:
    code = (
        "import gymnasium, sys;"
        f"env = gymnasium.make('pgcompanion.gridworld.env:{ID}', map='S.G', slip=0.25);"
        "print(env.unwrapped.grid, env.spec.entry_point)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == (
        "GridWorld(1x3, S=3, slip=0.25) pgcompanion.gridworld.env:GridWorldEnv"
    )
