"""Gymnasium tasks with the settings that solve them, and PPO on any of them.

`TASKS` is the table. A task is one row: its environment, what counts as solved, and its settings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import gymnasium
import numpy as np
from gymnasium.wrappers import RescaleObservation

from pgcompanion.algorithms import ppo_update
from pgcompanion.algorithms.actor_critic import actor_critic
from pgcompanion.algorithms.critic import Critic, network_inputs
from pgcompanion.algorithms.iterate import Iterate
from pgcompanion.algorithms.local import LocalProblem
from pgcompanion.algorithms.ppo import normalised
from pgcompanion.policies import MLP, NeuralGaussian, NeuralSoftmax, TabularSoftmax
from pgcompanion.rollouts import rollout
from pgcompanion.trajectories import Trajectories


@dataclass(frozen=True)
class Task:
    """A Gymnasium task and the settings with which PPO solves it.

    Statement: `ppo_clip`.

    Args:
        id: the name in Gymnasium's registry.
        goal: the mean return of 100 episodes that counts as solved.
        longest: steps after which an evaluated episode is cut off.
        K: updates that are enough.
        make: further arguments of `gymnasium.make_vec`.
        rescale: whether observations, which must be bounded, are rescaled to [-1, 1].
        hold: environment steps for which an action is held.
        num_envs, H: environments side by side, and steps of each between two updates.
        gamma, lam: discount and λ of the advantages.
        eps, eta, epochs, minibatch: of `ppo_update`; the critic's fit shares the last three.
        hidden: widths of the hidden layers of policy and critic.
    """

    id: str
    goal: float
    longest: int
    K: int
    make: dict[str, Any] = field(default_factory=dict)
    rescale: bool = False
    hold: int = 1
    num_envs: int = 64
    H: int = 64
    gamma: float = 0.99
    lam: float = 0.95
    eps: float = 0.2
    eta: float = 5e-3
    epochs: int = 2
    minibatch: int = 128
    hidden: tuple[int, ...] = (64, 64)

    def envs(self, n: int) -> Any:
        """``n`` environments side by side."""
        wrappers: list[Callable[[Any], Any]] = []
        if self.rescale:
            wrappers.append(lambda env: RescaleObservation(env, np.float32(-1), np.float32(1)))
        if self.hold > 1:
            wrappers.append(lambda env: Hold(env, self.hold))
        mode = {"vectorization_mode": "sync", "wrappers": wrappers} if wrappers else {}
        return gymnasium.make_vec(self.id, num_envs=n, **mode, **self.make)

    def policy(self) -> TabularSoftmax | NeuralSoftmax | NeuralGaussian:
        envs = self.envs(1)
        seen, acts = envs.single_observation_space, envs.single_action_space
        if isinstance(acts, gymnasium.spaces.Box):
            return NeuralGaussian(network_inputs(seen), acts.shape[0], self.hidden, sigma=None)
        if isinstance(seen, gymnasium.spaces.Discrete):
            return TabularSoftmax(int(seen.n), int(acts.n))
        return NeuralSoftmax(network_inputs(seen), int(acts.n), self.hidden)

    def critic(self, rng):
        seen = self.envs(1).single_observation_space
        hidden = () if isinstance(seen, gymnasium.spaces.Discrete) else self.hidden
        return Critic(
            MLP(network_inputs(seen), 1, hidden),
            rng,
            gamma=self.gamma,
            lam=self.lam,
            eta=self.eta,
            epochs=self.epochs,
            minibatch=self.minibatch,
        )


class Hold(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Repeats an action for some steps, or until the episode is over, and adds up their rewards."""

    def __init__(self, env: gymnasium.Env[Any, Any], steps: int) -> None:
        super().__init__(env)
        self.steps = steps

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        total = 0.0
        for _ in range(self.steps):
            s, r, terminated, truncated, info = self.env.step(action)
            total += float(r)
            if terminated or truncated:
                break
        return s, total, terminated, truncated, info


def train(task: Task, rng: np.random.Generator, K=None) -> Iterator[Iterate]:
    policy, critic = task.policy(), task.critic(rng)

    def update(problem: LocalProblem, k: int) -> np.ndarray:
        return ppo_update(
            problem,
            eps=task.eps,
            eta=task.eta,
            epochs=task.epochs,
            minibatch=task.minibatch,
            rng=rng,
        )

    def psi(tau: Trajectories) -> np.ndarray:
        return normalised(tau, critic(tau))

    return actor_critic(
        task.envs(task.num_envs),
        policy,
        policy.init(rng),
        update,
        rng=rng,
        H=task.H,
        coefficient=psi,
        K=K or task.K,
    )


def evaluate(
    task: Task, theta: np.ndarray, rng: np.random.Generator, episodes: int = 100
) -> np.ndarray:
    tau = rollout(task.envs(episodes), task.policy(), theta, task.longest, rng)
    return tau.r.sum(axis=1)


TASKS = {
    task.id if not task.make.get("map_name") else task.id + task.make["map_name"]: task
    for task in [
        Task("CartPole-v1", goal=475, longest=500, K=25),
        Task("Acrobot-v1", goal=-100, longest=500, K=30, num_envs=16, H=128),
        Task(
            "Pendulum-v1",
            goal=-250,
            longest=200,
            K=60,
            rescale=True,
            num_envs=16,
            H=200,
            gamma=0.9,
            epochs=10,
            eta=2e-3,
            minibatch=256,
        ),
        Task(
            "MountainCarContinuous-v0",
            goal=90,
            longest=999,
            K=60,
            rescale=True,
            hold=8,
            num_envs=16,
            H=125,
            epochs=5,
            eta=2e-3,
        ),
        Task("FrozenLake-v1", goal=0.7, longest=100, K=100, make={"map_name": "4x4"}),
        Task("FrozenLake-v1", goal=0.7, longest=200, K=100, make={"map_name": "8x8"}),
        Task("CliffWalking-v1", goal=-15, longest=200, K=100, make={"max_episode_steps": 200}),
    ]
}
