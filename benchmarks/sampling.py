"""Steps per second on the slippery 8x8 FrozenLake under the uniform policy, against Gymnasium."""

from __future__ import annotations

from collections.abc import Iterator

import gymnasium
import numpy as np

from benchmarks import timing
from pgcompanion.mdp import MDP
from pgcompanion.trajectories import sample

N, H = 100_000, 100
LAKE = {"id": "FrozenLake-v1", "map_name": "8x8", "is_slippery": True}
COPIES = 64
GYMNASIUM_STEPS = 20_000


def tables() -> Iterator[str]:
    env = gymnasium.make(**LAKE)
    envs = gymnasium.make_vec(**LAKE, num_envs=COPIES, vectorization_mode="sync")
    lake = MDP.from_gymnasium(env, H)
    pi = np.full((lake.S, lake.A), 1 / lake.A)
    rng = np.random.default_rng(0)
    actions = rng.integers(lake.A, size=GYMNASIUM_STEPS // COPIES * COPIES)
    in_turn, together = actions.tolist(), actions.reshape(-1, COPIES)
    # The first two are given their actions and charged for their own steps alone; the last two draw
    # theirs and hand back every state, action and reward.
    cases = {
        "Gymnasium, one environment": (lambda: step_alone(env, in_turn), actions.size),
        f"Gymnasium, SyncVectorEnv of {COPIES}": (
            lambda: step_together(envs, together),
            actions.size,
        ),
        "pgcompanion, stationary policy": (lambda: sample(lake, pi, N, rng), N * H),
        "pgcompanion, time-dependent policy": (
            lambda: sample(lake, np.tile(pi, (H, 1, 1)), N, rng),
            N * H,
        ),
    }
    seconds = timing.medians({name: run for name, (run, _) in cases.items()})
    rate = {name: steps / seconds[name] for name, (_, steps) in cases.items()}
    one, many, *_ = rate.values()
    yield timing.table(
        f"Sampling {N:,} trajectories of {H} steps, FrozenLake 8x8",
        ["", "steps/s", "times one environment", f"times SyncVectorEnv of {COPIES}"],
        [
            [name, f"{x / 1e6:,.2f} M", f"{x / one:,.1f}", f"{x / many:,.1f}"]
            for name, x in rate.items()
        ],
    )


def step_alone(env: gymnasium.Env, actions: list[int]) -> None:
    """Step one environment, starting again when an episode ends."""
    env.reset(seed=0)
    for a in actions:
        _, _, terminated, truncated, _ = env.step(a)
        if terminated or truncated:
            env.reset()


def step_together(envs: gymnasium.vector.VectorEnv, actions: np.ndarray) -> None:
    """Step the copies of an environment; they start again by themselves."""
    envs.reset(seed=0)
    for a in actions:
        envs.step(a)
