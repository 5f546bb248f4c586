"""Stable-Baselines3's PPO, trained on this package's environments, against the exact optimum.

Its policy is judged by this package's exact values: no luck of an evaluation is left, only that of the
training, which has a seed.
"""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import torch
from stable_baselines3 import PPO

import pgcompanion as pg
from oracles.registry import Answer, oracle
from pgcompanion import exact, lqr

COMMON: dict[str, Any] = {"seed": 0, "device": "cpu", "verbose": 0}


@oracle(
    "J of the best policy, gridworld 4x4, H = 20", "PPO of Stable-Baselines3, 40,000 steps", 0.02
)
def _gridworld(_: np.random.Generator) -> Answer:
    torch.set_default_dtype(torch.float32)
    grid, H = pg.GridWorld.named("4x4", slip=0.1, step_reward=-0.05), 20
    env = grid.env(max_episode_steps=H)
    model = PPO("MlpPolicy", env, n_steps=1024, gamma=1.0, ent_coef=0.005, **COMMON)
    model.learn(40_000)
    actions, _ = model.predict(np.arange(grid.S), deterministic=True)
    mdp = grid.mdp(H)
    J = exact.evaluate(mdp, np.eye(grid.A)[actions]).J
    uniform = exact.evaluate(mdp, np.full((grid.S, grid.A), 1 / grid.A)).J
    return Answer(exact.optimal(mdp)[1].J, J, uniform)


class Bounded(gymnasium.Wrapper):
    """With bounds to the actions, which that library asks for, and far rewards brought near."""

    def __init__(self, env: gymnasium.Env, scale: float) -> None:
        super().__init__(env)
        self.scale = scale
        self.action_space = gymnasium.spaces.Box(-10, 10, env.action_space.shape, np.float64)

    def step(self, action: np.ndarray) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        s, r, terminated, truncated, info = self.env.step(action)
        return s, r * self.scale, terminated, truncated, info


@oracle(
    "J of the best single gain, scalar LQR, H = 10", "PPO of Stable-Baselines3, 40,000 steps", 0.05
)
def _lqr(_: np.random.Generator) -> Answer:
    """Both with the noise that its policy has come to, which has a part in what is best."""
    torch.set_default_dtype(torch.float32)
    one = np.eye(1)
    world = pg.LQR(one, one, one, one, W=0.01 * one, M0=one, H=10)
    linear = {"net_arch": {"pi": [], "vf": [32]}, "log_std_init": -1.0}
    model = PPO(
        "MlpPolicy", Bounded(world.env(), 0.1), n_steps=1000, batch_size=250, gamma=1.0,
        learning_rate=3e-3, policy_kwargs=linear, **COMMON,
    )  # fmt: skip
    model.learn(40_000)
    Theta = model.policy.action_net.weight.detach().numpy().astype(float)
    sigma = float(model.policy.log_std.detach().exp())
    _, best = lqr.best_single_gain(world, sigma)
    J, idle = (lqr.evaluate(world, x, sigma).J for x in (Theta, 0 * Theta))
    return Answer(best, J, idle)
