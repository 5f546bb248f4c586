"""Environments whose every step is known beforehand, and policies that answer them."""

from __future__ import annotations

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode, SyncVectorEnv

TERMINATED, TRUNCATED = True, False
# The lengths of the episodes of each environment in turn, and how they end. Later ones are endless.
SCRIPTS = [
    [(3, TERMINATED), (2, TRUNCATED), (4, TERMINATED), (1, TERMINATED)],
    [(2, TRUNCATED), (1, TRUNCATED), (6, TERMINATED)],
    [(9, TRUNCATED)],
]
ENDLESS = (10**6, TRUNCATED)
MODES = list(AutoresetMode)


class Scripted(gymnasium.Env):
    """Counts: step i of episode e of environment n is observed as 10000 n + 100 e + i.

    The reward of a step is its observation plus a tenth of the action.
    """

    def __init__(self, n: int) -> None:
        self.observation_space = gymnasium.spaces.Discrete(10**6)
        self.action_space = gymnasium.spaces.Discrete(10)
        self.n, self.episode = n, -1

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> tuple[int, dict]:
        self.episode, self.i = self.episode + 1, 0
        return self.observation, {}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict]:
        reward = self.observation + action / 10
        self.i += 1
        length, terminated = length_and_end(self.n, self.episode)
        over = self.i == length
        return self.observation, reward, over and terminated, over and not terminated, {}

    @property
    def observation(self) -> int:
        return 10000 * self.n + 100 * self.episode + self.i


class Player:
    """What an environment asks of a policy. Its likelihoods play no part here, and are 0."""

    p = 0

    def room(self, n: int) -> None:
        return None

    def log_prob(self, theta: np.ndarray, s: np.ndarray, a: np.ndarray) -> np.ndarray:
        return np.zeros(len(s))


class LastDigit(Player):
    """The action is the last digit of the observation, so that a shift by one step would show."""

    def sample(self, theta, s: np.ndarray, rng, room=None) -> np.ndarray:
        return s % 10


class Balance(Player):
    """Pushes to the side to which the pole falls."""

    def sample(self, theta, s: np.ndarray, rng, room=None) -> np.ndarray:
        return (s[:, 2] + 0.2 * s[:, 3] > 0).astype(int)


POLICY, THETA = LastDigit(), np.zeros(0)


def length_and_end(n: int, episode: int) -> tuple[int, bool]:
    script = SCRIPTS[n]
    return script[episode] if episode < len(script) else ENDLESS


def scripted(mode: AutoresetMode, copy: bool = True, count: int = len(SCRIPTS)) -> SyncVectorEnv:
    envs = [lambda n=n: Scripted(n) for n in range(count)]
    return SyncVectorEnv(envs, autoreset_mode=mode, copy=copy)


def transitions(n: int, count: int) -> list[int]:
    """The observations at which environment ``n`` acts, in their order."""
    found: list[int] = []
    episode = 0
    while len(found) < count:
        length, _ = length_and_end(n, episode)
        found += [10000 * n + 100 * episode + i for i in range(min(length, count - len(found)))]
        episode += 1
    return found


def returns(count: int = len(SCRIPTS)) -> list[float]:
    """The returns of all the episodes that end, environment by environment."""
    found = []
    for n, script in enumerate(SCRIPTS[:count]):
        for episode, (length, _) in enumerate(script):
            s = 10000 * n + 100 * episode + np.arange(length)
            found.append(float((s + s % 10 / 10).sum()))
    return found
