"""When CartPole counts as solved, and what a learner is charged for: the same rules for every library."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from time import perf_counter, process_time
from typing import Any

import gymnasium
import numpy as np

EPISODES, THRESHOLD, IN_A_ROW = 100, 475.0, 3
EVERY = 4096  # environment steps between two evaluations

Act = Callable[[np.ndarray], np.ndarray]
Result = dict[str, float | None]


class Referee:
    """Evaluates a learner every ``EVERY`` steps, with its clocks stopped.

    A learner is confirmed at the third evaluation in a row whose mean return is at least ``THRESHOLD``.
    Its result has the wall seconds until the first evaluation that passed and until it was confirmed
    (``None`` where that did not happen), all its wall and CPU seconds, and its steps.
    """

    def __init__(self, seed: int) -> None:
        self.envs = gymnasium.make_vec("CartPole-v1", num_envs=EPISODES)
        self.envs.reset(seed=seed)
        self.result: Result = {
            "first": None,
            "confirmed": None,
            "wall": 0.0,
            "cpu": 0.0,
            "steps": 0,
        }
        self._passed, self._due = 0, EVERY
        self._since = perf_counter(), process_time()

    def look(self, steps: int, act: Act) -> bool:
        """Tell the referee how many steps were taken; whether the learner is confirmed."""
        wall, cpu = self._since
        self.result["wall"] += perf_counter() - wall
        self.result["cpu"] += process_time() - cpu
        self.result["steps"] = steps
        if steps >= self._due:
            self._due += EVERY
            self._judge(self._mean_return(act))
        self._since = perf_counter(), process_time()
        return self.result["confirmed"] is not None

    def _judge(self, mean_return: float) -> None:
        self._passed = self._passed + 1 if mean_return >= THRESHOLD else 0
        if self._passed and self.result["first"] is None:
            self.result["first"] = self.result["wall"]
        if self._passed == IN_A_ROW:
            self.result["confirmed"] = self.result["wall"]

    def _mean_return(self, act: Act) -> float:
        """The first episode of each environment counts, the later ones do not."""
        s, _ = self.envs.reset()
        running, total = np.ones(EPISODES, dtype=bool), 0
        while running.any():
            total += running.sum()
            s, _, terminated, truncated, _ = self.envs.step(act(s))
            running &= ~(terminated | truncated)
        return float(total) / EPISODES


def task() -> dict[str, Any]:
    """The settings with which this package solves CartPole, as the benchmark hands them over."""
    return dict(json.loads(sys.argv[1]))


def serve(runs: dict[str, Callable[[int, Referee], None]]) -> None:
    """Answer each line ``name seed`` of the standard input with one line, the result of that run."""
    for line in sys.stdin:
        name, seed = line.split()
        referee = Referee(int(seed))
        runs[name](int(seed), referee)
        print(json.dumps(referee.result), flush=True)
