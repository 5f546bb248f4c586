"""Gymnasium's tasks are solved with the settings that stand beside them."""

from __future__ import annotations

from dataclasses import replace

import gymnasium
import numpy as np
import pytest

from pgcompanion import exact, tasks
from pgcompanion.experiments import sweep
from pgcompanion.mdp import MDP
from pgcompanion.tasks import TASKS, Hold, Task, evaluate, train

SEEDS = 5


def returns(task: Task, seed: int) -> np.ndarray:
    """Train from a seed, and return 100 evaluation episodes."""
    rng = np.random.default_rng(seed)
    *_, it = train(task, rng)
    return evaluate(task, it.theta, rng)


@pytest.mark.parametrize("seed", range(15))
def test_cart_pole_is_solved_from_every_seed(seed):
    task = TASKS["CartPole-v1"]
    assert returns(task, seed).mean() >= task.goal


@pytest.mark.parametrize("name", ["Acrobot-v1", "MountainCarContinuous-v0"])
def test_a_task_with_held_actions_is_solved(name):
    task = TASKS[name]
    assert task.hold > 1
    assert returns(task, seed=0).mean() >= task.goal


def test_no_other_task_holds_actions():
    assert {name for name in TASKS if TASKS[name].hold > 1} == {
        "Acrobot-v1",
        "MountainCarContinuous-v0",
    }


def test_pendulum_is_solved_from_every_seed():
    """By 100 episodes each, on both cores."""

    def run(rng: np.random.Generator) -> float:
        *_, it = train(TASKS["Pendulum-v1"], rng)
        return float(evaluate(TASKS["Pendulum-v1"], it.theta, rng).mean())

    result = sweep(run, SEEDS, {"": {}}, n_jobs=2)
    assert result.curves[""].shape == (SEEDS,)
    assert (result.curves[""] >= TASKS["Pendulum-v1"].goal).all()


# --- Finite MDPs: solved where the exact return says so -------------------------------------------

FINITE = ["CliffWalking-v1", "FrozenLake-v1", "FrozenLake8x8-v1"]


def model(task: Task) -> MDP:
    return MDP.from_gymnasium(gymnasium.make(task.id), H=task.longest)


def exact_return(task: Task, theta: np.ndarray) -> float:
    return exact.evaluate(model(task), task.policy().table(theta)).J


@pytest.mark.parametrize("name", FINITE)
def test_a_finite_task_is_solved_from_every_seed(name):
    def run(rng: np.random.Generator) -> np.ndarray:
        *_, it = train(TASKS[name], rng)
        return it.theta

    task = TASKS[name]
    result = sweep(run, SEEDS, {"": {}}, n_jobs=2)
    J = [exact_return(task, theta) for theta in result.curves[""]]
    assert len(J) == SEEDS
    assert min(J) >= task.goal
    untrained = task.policy().init(np.random.default_rng(0))
    assert exact_return(task, untrained) < task.goal


@pytest.mark.parametrize("name", ["FrozenLake-v1", "FrozenLake8x8-v1"])
def test_the_goal_of_a_lake_is_nine_tenths_of_the_optimum_to_its_last_digit(name):
    task = TASKS[name]
    best = exact.optimal(model(task))[1].J
    digit = 10.0 ** -len(str(task.goal).partition(".")[2])
    assert abs(task.goal - 0.9 * best) < digit


def walk_along_the_cliff(row: int, p: float) -> np.ndarray:
    """Up to ``row`` of the 4, right, and down to the goal; but down with probability p, shape ``(S, A)``."""
    up, right, down, _ = np.eye(4)
    right_way = np.tile(right, (4, 12, 1))
    right_way[row + 1 :, 0], right_way[:, 11] = up, down
    return (1 - p) * right_way.reshape(48, 4) + p * down


def test_the_goal_of_the_cliff_is_met_only_at_its_edge_by_a_policy_that_is_sure():
    """A fall from the edge after h steps costs 99 and h + 1 steps, and 10 steps there risk one.

    A stray down at the start costs a step, one at the beginning of the edge two.
    """
    task = TASKS["CliffWalking-v1"]
    cliff, slope = model(task), sum(100 + h for h in range(2, 12)) + 1 + 2

    def J(row: int, p: float) -> float:
        return exact.evaluate(cliff, walk_along_the_cliff(row, p)).J

    p = 1e-6
    assert J(2, 0.0) == exact.optimal(cliff)[1].J == -13
    # The next term is a second stray, of the order of the slope's square.
    assert abs(J(2, p) - (-13 - slope * p)) < (slope * p) ** 2
    assert J(2, 0.9 / slope) > task.goal > J(2, 1.1 / slope)
    assert J(1, 0.0) == -15 < task.goal
    assert J(1, 3 / slope) > J(2, 3 / slope)


def test_an_untrained_policy_solves_none():
    for task in TASKS.values():
        rng = np.random.default_rng(0)
        theta = task.policy().init(rng)
        assert evaluate(replace(task, longest=200), theta, rng).mean() < task.goal


def test_a_clip_range_that_forbids_every_step_does_not_learn():
    """The negative control: with no room to move, the same loop goes nowhere."""
    task = replace(TASKS["CartPole-v1"], eps=1e-9)
    assert returns(task, seed=0).mean() < task.goal


@pytest.mark.parametrize("name", ["CliffWalking-v1", "FrozenLake-v1"])
@pytest.mark.parametrize(
    ("forget", "path"), [(0.5, [0.0, 0.5, 1.125, 2.125, 3.125]), (0.0, [0.0, 1.0, 2.0, 3.0, 4.0])]
)
def test_a_part_of_each_update_is_forgotten_until_half_of_them_are_done(
    name, forget, path, monkeypatch
):
    """A half, a quarter, nothing, and nothing, where each update adds 1 to all parameters."""
    for update in ("ppo_update", "trpo_update"):
        monkeypatch.setattr(tasks, update, lambda problem, *_, **__: problem.theta_k + 1)
    monkeypatch.setattr(tasks, "FORGET", forget)
    task = replace(TASKS[name], num_envs=2, H=4, K=4)
    found = [it.theta for it in train(task, np.random.default_rng(0))]
    np.testing.assert_array_equal(found, np.tile(np.array(path)[:, None], task.policy().p))


def test_a_radius_takes_the_place_of_the_clip_range(monkeypatch):
    monkeypatch.setattr(tasks, "FORGET", 0.0)
    task = replace(TASKS["FrozenLake-v1"], num_envs=8, K=1, damping=0.01)
    *_, it = train(replace(task, delta=0.1), np.random.default_rng(0))
    assert 0 < it.kl <= 0.1
    *_, it = train(task, np.random.default_rng(0))
    assert it.kl > 0.1


def test_a_network_forgets_nothing(monkeypatch):
    task = replace(TASKS["CartPole-v1"], K=1)
    ends = []
    for forget in (0.0, 0.5):
        monkeypatch.setattr(tasks, "FORGET", forget)
        ends.append([it.theta for it in train(task, np.random.default_rng(0))][-1])
    assert (ends[0] == ends[1]).all()
    assert ends[0].any()


def test_the_critic_of_a_lake_starts_from_nothing_and_a_network_does_not():
    for name, blank in (("FrozenLake-v1", True), ("CartPole-v1", False)):
        critic = TASKS[name].critic(np.random.default_rng(0))
        assert (not critic.w.any()) == blank


def test_the_seed_decides_the_result():
    task = replace(TASKS["CartPole-v1"], K=2)
    one, two, other = (list(train(task, np.random.default_rng(s)))[-1].theta for s in (3, 3, 4))
    assert (one == two).all()
    assert (one != other).any()


class Steps(gymnasium.Env):
    """Ends after seven steps; each has its number as reward."""

    observation_space = gymnasium.spaces.Discrete(10)
    action_space = gymnasium.spaces.Discrete(2)

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        self.i = 0
        return self.i, {}

    def step(self, action: int):
        self.i += 1
        return self.i, self.i, self.i == 7, False, {}


def test_a_held_action_brings_the_sum_of_its_rewards_and_stops_at_the_end():
    env = Hold(Steps(), 3)
    env.reset()
    steps = [env.step(0)[:3] for _ in range(3)]
    assert steps == [(3, 6.0, False), (6, 15.0, False), (7, 7.0, True)]
