"""When CartPole counts as solved, and what a learner is charged for: the same rules for every library."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from time import perf_counter

import gymnasium
import numpy as np

EPISODES, THRESHOLD, IN_A_ROW = 100, 475.0, 3
EVERY = 4096  # environment steps between two evaluations

Act = Callable[[np.ndarray], np.ndarray]


class Referee:
    """Evaluates a learner every ``EVERY`` steps, with its clock stopped.

    A learner is confirmed at the third evaluation in a row with a mean return of at least ``THRESHOLD``.

    Attributes:
        seconds: the wall time that the learner has used.
        first: seconds until the first evaluation that passed; ``None`` before.
        confirmed: seconds until it was confirmed; ``None`` before.
    """

    def __init__(self, seed: int) -> None:
        self.envs = gymnasium.make_vec("CartPole-v1", num_envs=EPISODES)
        self.envs.reset(seed=seed)
        self.seconds, self.steps, self._passed, self._due = 0.0, 0, 0, EVERY
        self.first: float | None = None
        self.confirmed: float | None = None
        self._since = perf_counter()

    def look(self, steps: int, act: Act) -> bool:
        """Tell the referee how many steps were taken; whether the learner is confirmed."""
        now = perf_counter()
        self.seconds, self.steps = self.seconds + now - self._since, steps
        if steps >= self._due:
            self._due += EVERY
            self._judge(self._mean_return(act))
        self._since = perf_counter()
        return self.confirmed is not None

    def result(self) -> dict[str, float | None]:
        return {
            "first": self.first,
            "confirmed": self.confirmed,
            "seconds": self.seconds,
            "steps": self.steps,
        }

    def _judge(self, mean_return: float) -> None:
        self._passed = self._passed + 1 if mean_return >= THRESHOLD else 0
        if self._passed and self.first is None:
            self.first = self.seconds
        if self._passed == IN_A_ROW:
            self.confirmed = self.seconds

    def _mean_return(self, act: Act) -> float:
        """One episode from each environment. They start together, so none starts twice before 500 steps."""
        s, _ = self.envs.reset()
        running, total = np.ones(EPISODES, dtype=bool), 0
        while running.any():
            total += running.sum()
            s, _, terminated, truncated, _ = self.envs.step(act(s))
            running &= ~(terminated | truncated)
        return float(total) / EPISODES


def serve(runs: dict[str, Callable[[int, Referee], None]]) -> None:
    """Answer lines ``name seed`` from the standard input with the result of that run, one line each."""
    for line in sys.stdin:
        name, seed = line.split()
        referee = Referee(int(seed))
        runs[name](int(seed), referee)
        print(json.dumps(referee.result()), flush=True)
