"""Gridworlds as MDPs, against tables by hand, FrozenLake's own and a published solution."""

from __future__ import annotations

import pickle
import subprocess
import sys

import gymnasium
import numpy as np
import pytest

from pgcompanion import exact
from pgcompanion.gridworld import MAPS, GridWorld
from pgcompanion.mdp import MDP

UP, RIGHT, DOWN, LEFT = range(4)


def uniform(mdp: MDP) -> np.ndarray:
    return np.full((mdp.S, mdp.A), 1 / mdp.A)


def along(grid: GridWorld, path: str) -> np.ndarray:
    """The policy that takes the moves of ``path`` from the start, and goes right off the path."""
    pi = np.eye(4)[np.full(grid.S, RIGHT)]
    mdp = grid.mdp(1)
    still = GridWorld(grid.map).mdp(1)
    s = int(mdp.mu0.argmax())
    for a in ("URDL".index(move) for move in path):
        pi[s] = np.eye(4)[a]
        s = int(still.P[s, a].argmax())
    return pi


def test_two_by_two_is_the_table_worked_out_by_hand() -> None:
    # S .     states 0 1     slip 0.2: ahead 0.8, to either side 0.1; a step costs 0.1
    # P G            2 3
    P = np.zeros((4, 4, 4))
    P[0] = [[0.9, 0.1, 0.0, 0.0], [0.1, 0.8, 0.1, 0.0], [0.1, 0.1, 0.8, 0.0], [0.9, 0.0, 0.1, 0.0]]
    P[1] = [[0.1, 0.9, 0.0, 0.0], [0.0, 0.9, 0.0, 0.1], [0.1, 0.1, 0.0, 0.8], [0.8, 0.1, 0.0, 0.1]]
    P[2, :, 2] = P[3, :, 3] = 1.0
    r = [[-0.1, -0.2, -0.9, -0.2], [-0.1, 0.0, 0.7, 0.0], [0.0] * 4, [0.0] * 4]
    mdp = GridWorld("S.\nPG", slip=0.2, step_reward=-0.1).mdp(H=5)
    np.testing.assert_allclose(mdp.P, P, atol=1e-12)
    np.testing.assert_allclose(mdp.r, r, atol=1e-12)
    np.testing.assert_array_equal(mdp.mu0, [1, 0, 0, 0])
    # the control: slip read as the probability of *each* side
    assert not np.allclose(GridWorld("S.\nPG", slip=0.4, step_reward=-0.1).mdp(5).P, P)


def test_walls_and_the_border_stop_a_move_and_walls_have_no_state() -> None:
    grid = GridWorld("S#G\n...")
    assert grid.index.tolist() == [[0, -1, 1], [2, 3, 4]]
    assert grid.cells.tolist() == [[0, 0], [0, 2], [1, 0], [1, 1], [1, 2]]
    assert grid.P[0].argmax(axis=1).tolist() == [0, 0, 2, 0]
    assert grid.P[3].argmax(axis=1).tolist() == [3, 4, 3, 2]


def test_several_starts_share_mu0_and_rewards_can_be_changed() -> None:
    grid = GridWorld(["S.S", "7a*", "P.S"], rewards={"P": -10, "a": 0.5, "*": 0.0})
    np.testing.assert_allclose(grid.mu0, np.array([1, 0, 1, 0, 0, 0, 0, 0, 1]) / 3)
    assert grid.rewards == {"P": -10.0, "7": 7.0, "a": 0.5, "*": 0.0}
    assert grid.entry.tolist() == [0, 0, 0, 7, 0.5, 0, -10, 0, 0]
    assert grid.terminal.tolist() == [False] * 3 + [True] * 4 + [False] * 2


@pytest.mark.parametrize("text", ["S.G\n.#P", "\n   S.G\n   .#P\n", "S.G\r\n.#P\r\n"])
def test_a_map_may_be_indented_or_framed_by_blank_lines(text: str) -> None:
    assert GridWorld(text).map == GridWorld(["S.G", ".#P"]).map == "S.G\n.#P"


@pytest.mark.parametrize("slip", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("name", MAPS)
def test_rows_of_p_sum_to_one_and_ends_absorb(name: str, slip: float) -> None:
    grid = GridWorld.named(name, slip=slip, step_reward=-0.3)
    mdp = grid.mdp(H=7)
    np.testing.assert_allclose(mdp.P.sum(axis=-1), 1.0, atol=1e-12)
    np.testing.assert_array_equal(
        mdp.P[grid.terminal], np.eye(mdp.S)[grid.terminal][:, None].repeat(4, axis=1)
    )
    assert not mdp.r[grid.terminal].any()
    assert mdp.r[~grid.terminal].any(axis=1).all()
    assert (mdp.H, mdp.S, mdp.A) == (7, grid.S, 4)


@pytest.mark.parametrize("size", ["4x4", "8x8"])
def test_frozen_lake_is_the_gridworld_with_slip_two_thirds(size: str) -> None:
    lake = gymnasium.make("FrozenLake-v1", map_name=size)
    theirs = MDP.from_gymnasium(lake, H=10)
    letters = ["".join(c.decode() for c in row) for row in lake.unwrapped.desc]  # type: ignore[attr-defined]
    letters = [row.replace("F", ".").replace("H", "P") for row in letters]
    order = [GridWorld.ACTIONS.index(a) for a in ("left", "down", "right", "up")]

    def ours(slip: float) -> MDP:
        return GridWorld(letters, slip=slip, rewards={"P": 0.0}).mdp(H=10)

    np.testing.assert_allclose(ours(2 / 3).P[:, order], theirs.P, atol=1e-12)
    np.testing.assert_allclose(ours(2 / 3).r[:, order], theirs.r, atol=1e-12)
    assert not np.allclose(ours(1 / 3).P[:, order], theirs.P)


def test_russell_and_norvigs_world_has_the_published_utilities() -> None:
    # Artificial Intelligence: A Modern Approach, 3rd ed., figure 17.3, to three decimals.
    published = [0.812, 0.868, 0.918, 0, 0.762, 0.660, 0, 0.705, 0.655, 0.611, 0.388]

    def utilities(slip: float) -> np.ndarray:
        grid = GridWorld("...G\n.#.P\nS...", slip=slip, step_reward=-0.04)
        return exact.optimal(grid.mdp(H=200))[1].V[0]

    np.testing.assert_allclose(utilities(0.2), published, atol=6e-4)
    assert np.abs(utilities(0.21) - published).max() > 6e-4


@pytest.mark.parametrize("name", MAPS)
def test_every_named_map_can_be_solved_and_not_by_chance(name: str) -> None:
    grid = GridWorld.named(name)
    mdp = grid.mdp(H=40)
    best = exact.optimal(mdp)[1].J
    assert best == pytest.approx(grid.entry.max(), abs=1e-10)
    assert best - exact.evaluate(mdp, uniform(mdp)).J > 0.9


def test_there_are_six_named_maps_from_a_4x4_up() -> None:
    assert len(MAPS) == 6
    assert GridWorld.named("4x4").letters.shape == (4, 4)
    assert GridWorld.named("8x8").letters.shape == (8, 8)


@pytest.mark.parametrize("H", [1, 2, 5, 30])
def test_chance_is_worth_nothing_in_the_corridor(H: int) -> None:
    mdp = GridWorld.named("corridor", slip=0.1).mdp(H)
    assert pytest.approx(0.0, abs=1e-12) == exact.evaluate(mdp, uniform(mdp)).J
    lopsided = GridWorld("P.S...G").mdp(H)
    assert H == 1 or exact.evaluate(lopsided, uniform(lopsided)).J < -0.05


def test_chance_seldom_finds_the_goal_of_the_rooms() -> None:
    mdp = GridWorld.named("rooms").mdp(H=40)
    assert exact.evaluate(mdp, uniform(mdp)).J < 0.05


def test_the_detour_is_longer_and_safer_than_the_bridge() -> None:
    bridge, around = "RRRRRR", "UUURRRRRRDDD"

    def worth(path: str, slip: float, step_reward: float) -> float:
        grid = GridWorld.named("detour", slip=slip, step_reward=step_reward)
        return float(exact.evaluate(grid.mdp(H=40), along(grid, path)).J)

    def best_first_move(slip: float) -> int:
        grid = GridWorld.named("detour", slip=slip, step_reward=-0.02)
        pi, _ = exact.optimal(grid.mdp(H=40))
        return int(pi[0, grid.mu0.argmax()].argmax())

    assert worth(bridge, 0.0, -1.0) == pytest.approx(1 - 6)
    assert worth(around, 0.0, -1.0) == pytest.approx(1 - 12)
    assert worth(bridge, 0.2, -0.02) + 0.5 < worth(around, 0.2, -0.02)
    assert best_first_move(0.2) == UP
    # the control: on firm ground the bridge is the better way
    assert worth(bridge, 0.0, -0.02) > worth(around, 0.0, -0.02)
    assert best_first_move(0.0) == RIGHT


def test_slippery_ground_keeps_the_best_policy_off_the_cliff() -> None:
    def steps_beside_the_pits(slip: float) -> float:
        grid = GridWorld.named("cliff", slip=slip, step_reward=-0.02)
        pi, _ = exact.optimal(grid.mdp(H=40))
        beside = (grid.cells[:, 0] == 2) & (grid.cells[:, 1] > 0) & (grid.cells[:, 1] < 7)
        return float(exact.evaluate(grid.mdp(H=40), pi).d[:, beside].sum())

    assert steps_beside_the_pits(0.0) == pytest.approx(6)
    assert steps_beside_the_pits(0.2) < 2


def test_the_8x8_lures_with_a_small_goal_on_the_way_to_a_large_one() -> None:
    def fewest_steps(wanted: str, other: str) -> float:
        rewards = {wanted: 0.0, other: -100.0, "P": -100.0}
        grid = GridWorld.named("8x8", step_reward=-1.0, rewards=rewards)
        return -float(exact.optimal(grid.mdp(H=40))[1].J)

    assert fewest_steps("1", "5") == pytest.approx(6)
    assert fewest_steps("5", "1") == pytest.approx(14)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"map": "S.G\n.x."}, r"row 1, column 1 \(counted from 0\) holds 'x'"),
        ({"map": "S.G\n..\n..."}, "row 1 has 2 letters and row 0 has 3"),
        ({"map": "..G"}, "must have a start, S, but it has none"),
        ({"map": ""}, "must have a start, S, but it has none"),
        ({"map": "S.."}, "must have a goal or a pit, but it has neither"),
        (
            {"map": "S.G", "slip": -0.1},
            "slip must be a probability between 0 and 1, but it is -0.1",
        ),
        ({"map": "S.G", "slip": 1.5}, "slip must be a probability between 0 and 1, but it is 1.5"),
        ({"map": "S.G", "slip": float("nan")}, "slip must be finite"),
        ({"map": "S.G", "step_reward": float("inf")}, "step_reward must be finite"),
        ({"map": "S.G", "rewards": {"G": float("nan")}}, r"rewards\['G'\] must be finite"),
        ({"map": "S.G", "rewards": {"S": 1.0}}, "has the key 'S'"),
        ({"map": "S.G", "rewards": {"GG": 1.0}}, "has the key 'GG'"),
        ({"map": "S.G", "rewards": {"G": "much"}}, r"rewards\['G'\] must be a number"),
        ({"map": "S.G", "slip": "ice"}, "slip must be a number, but it is 'ice'"),
        ({"map": "S.G", "slip": 1j}, "slip must be a number, but it is"),
        ({"map": "S.G", "step_reward": None}, "step_reward must be a number, but it is None"),
    ],
)
def test_bad_maps_and_numbers_are_one_clear_sentence(options: dict, message: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(ValueError, match=message) as error:
        GridWorld(**options)
    assert "\n" not in str(error.value)
    assert str(error.value).endswith(".")


@pytest.mark.parametrize("map", [None, 7, [["S", 1, "G"]], [None]])
def test_what_is_no_map_at_all_is_a_type_error(map: object) -> None:
    with pytest.raises(TypeError, match="map must be a string or a sequence of strings, but it is"):
        GridWorld(map)  # type: ignore[arg-type]


@pytest.mark.parametrize("rewards", ["G", [("G", 1.0)], 0, []])
def test_rewards_that_are_no_mapping_are_a_type_error(rewards: object) -> None:
    with pytest.raises(TypeError, match="rewards must map letters to numbers, but it is"):
        GridWorld("S.G", rewards=rewards)  # type: ignore[arg-type]


@pytest.mark.parametrize("H", [0, -1, 2.5])
def test_the_horizon_must_be_a_positive_integer(H: float) -> None:
    with pytest.raises(ValueError, match="H must be a positive integer"):
        GridWorld("S.G").mdp(H)  # type: ignore[arg-type]


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(
        ValueError, match="'corridor', '4x4', 'cliff', 'rooms', 'detour', '8x8', but it is 'maze'"
    ):
        GridWorld.named("maze")
    with pytest.raises(ValueError, match="name must be one of"):
        GridWorld.named(["4x4"])  # type: ignore[arg-type]


def test_a_gridworld_can_be_sent_to_another_process() -> None:
    grid = GridWorld.named("8x8", slip=0.1)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(grid)).P, grid.P)


@pytest.mark.parametrize(
    "imports",
    ["pgcompanion.gridworld", "pgcompanion.gridworld.drawing, pgcompanion.gridworld.maps"],
)
def test_importing_needs_neither_gymnasium_nor_matplotlib(imports: str) -> None:
    assert heavy(f"import {imports}") == []
    # the controls: each is imported where it is used
    assert heavy("from pgcompanion.gridworld import GridWorld; GridWorld('SG').env()") == [
        "gymnasium"
    ]
    assert heavy("import pgcompanion.gridworld.env") == ["gymnasium"]


def heavy(code: str) -> list[str]:
    """Which of the two a fresh interpreter holds after running ``code``."""
    code = f"import sys; {code}; print(*sorted({{'gymnasium', 'matplotlib'}} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return run.stdout.split()


@pytest.mark.parametrize("name", MAPS)
def test_repr_is_one_short_line(name: str) -> None:
    grid = GridWorld.named(name, slip=0.2, step_reward=-0.05)
    rows, columns = grid.letters.shape
    assert repr(grid) == f"GridWorld({rows}x{columns}, S={grid.S}, slip=0.2, step_reward=-0.05)"
    assert repr(GridWorld.named(name)) == f"GridWorld({rows}x{columns}, S={grid.S})"


def test_gridworlds_are_compared_and_hashed_by_identity() -> None:
    grid, twin = GridWorld("S.G"), GridWorld("S.G")
    assert grid != twin
    assert len({grid, twin, grid}) == 2
