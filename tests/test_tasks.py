"""PPO solves Gymnasium's tasks with the settings that stand beside them."""

from __future__ import annotations

from dataclasses import replace

import gymnasium
import numpy as np
import pytest

from pgcompanion import exact
from pgcompanion.mdp import MDP
from pgcompanion.tasks import TASKS, Hold, Task, evaluate, train


def returns(task: Task, seed: int) -> np.ndarray:
    """Train from a seed, and return 100 evaluation episodes."""
    rng = np.random.default_rng(seed)
    *_, it = train(task, rng)
    return evaluate(task, it.theta, rng)


@pytest.mark.parametrize("seed", range(15))
def test_cart_pole_is_solved_from_every_seed(seed):
    task = TASKS["CartPole-v1"]
    assert returns(task, seed).mean() >= task.goal


@pytest.mark.parametrize("name", sorted(set(TASKS) - {"CartPole-v1"}))
def test_every_other_task_is_solved(name):
    task = TASKS[name]
    assert returns(task, seed=0).mean() >= task.goal


def test_an_untrained_policy_solves_none():
    for task in TASKS.values():
        rng = np.random.default_rng(0)
        theta = task.policy().init(rng)
        assert evaluate(replace(task, longest=200), theta, rng).mean() < task.goal


def test_a_clip_range_that_forbids_every_step_does_not_learn():
    """The negative control: with no room to move, the same loop goes nowhere."""
    task = replace(TASKS["CartPole-v1"], eps=1e-9)
    assert returns(task, seed=0).mean() < task.goal


def test_frozen_lake_comes_near_the_best_policy():
    task = TASKS["FrozenLake-v1"]
    *_, it = train(task, np.random.default_rng(1))
    lake = MDP.from_gymnasium(gymnasium.make(task.id), H=task.longest)
    J = exact.evaluate(lake, task.policy().table(it.theta)).J
    _, best = exact.optimal(lake)
    assert J > 0.9 * best.J


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
