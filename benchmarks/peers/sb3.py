"""PPO of Stable-Baselines3 on CartPole: with the settings of its zoo, and with ours.

Not everything can be made equal: this library steps single environments one by one and keeps their
statistics, one step size holds for policy and critic, its Adam goes on from update to update, and the
norm of a gradient is computed even if none is clipped. With our settings none is, and the advantages are
normalised over the whole batch.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from referee import Referee, serve, task
from stable_baselines3 import PPO
from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.env_util import make_vec_env

ZOO: dict[str, Any] = {
    "n_steps": 32,
    "batch_size": 256,
    "gae_lambda": 0.8,
    "gamma": 0.98,
    "n_epochs": 20,
    "learning_rate": lambda left: 1e-3 * left,
    "clip_range": lambda left: 0.2 * left,
}


def ours(given: dict[str, Any]) -> dict[str, Any]:
    """The settings of a task of this package, by their names here."""
    return {
        "n_steps": given["steps"],
        "batch_size": given["minibatch"],
        "gae_lambda": given["lam"],
        "gamma": given["gamma"],
        "n_epochs": given["epochs"],
        "learning_rate": lambda left: given["eta"] * left,
        "clip_range": given["eps"],
        "ent_coef": given["bonus"],
        "max_grad_norm": given["max_norm"] or float("inf"),
        "normalize_advantage": False,
        "policy_kwargs": {"optimizer_kwargs": {"eps": given["adam_eps"]}},
        "rollout_buffer_class": NormalisedBuffer,
    }


class NormalisedBuffer(RolloutBuffer):
    """Normalises the advantages of the whole batch."""

    def compute_returns_and_advantage(self, last_values: torch.Tensor, dones: np.ndarray) -> None:
        super().compute_returns_and_advantage(last_values, dones)
        self.advantages = (self.advantages - self.advantages.mean()) / (
            self.advantages.std() + 1e-8
        )


class Watch(BaseCallback):
    """Calls the referee between the end of an update and the next rollout."""

    def __init__(self, referee: Referee) -> None:
        super().__init__()
        self.referee, self.over = referee, False

    def _on_rollout_start(self) -> None:
        self.over = self.referee.look(self.num_timesteps, self._act)

    def _on_step(self) -> bool:
        return not self.over

    def _act(self, s: np.ndarray) -> np.ndarray:
        """The most probable action, which is how this library evaluates."""
        return self.model.predict(s, deterministic=True)[0]


def run(n: int, steps: int, settings: dict[str, Any], seed: int, referee: Referee) -> None:
    torch.set_num_threads(1)
    envs = make_vec_env("CartPole-v1", n_envs=n, seed=seed)
    model = PPO("MlpPolicy", envs, seed=seed, device="cpu", **settings)
    model.learn(steps, callback=Watch(referee))


if __name__ == "__main__":
    given = task()
    n, same = given["num_envs"], ours(given)
    budget = given["updates"] * n * given["steps"]
    serve(
        {
            "own": lambda seed, referee: run(8, 100_000, ZOO, seed, referee),
            "same": lambda seed, referee: run(n, budget, same, seed, referee),
        }
    )
