"""CartPole-v1 until it is surely solved: PPO here, in Stable-Baselines3 and in one file of PyTorch.

All of them take turns, seed by seed, on one thread each.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import asdict
from statistics import median

import numpy as np

from benchmarks import timing
from benchmarks.peer import Peer
from benchmarks.peers.referee import Referee, Result
from pgcompanion.training import TASKS, training_iterates

SEEDS = 15
OWN = "pgcompanion"
PEERS = {"Stable-Baselines3": "sb3.py", "CleanRL-style": "single_file.py"}
TASK = TASKS["CartPole-v1"]

Runner = Callable[[int], Result]


def tables(peers: bool = False) -> Iterator[str]:
    settings = json.dumps({**asdict(TASK.settings), "num_envs": TASK.num_envs})
    with ExitStack() as stack:
        runners: dict[str, Runner] = {OWN: own}
        for name, script in PEERS.items() if peers else ():
            ask = stack.enter_context(Peer(script, settings))
            runners[f"{name}, its settings"] = lambda seed, ask=ask: ask("own", seed)
            runners[f"{name}, our settings"] = lambda seed, ask=ask: ask("same", seed)
        results: dict[str, list[Result]] = {name: [] for name in runners}
        for run in runners.values():  # beforehand: what is done once a process is not learning
            run(SEEDS)
        for seed in range(SEEDS):
            for name, run in runners.items():
                results[name].append(run(seed))
    yield table(results)


def own(seed: int) -> Result:
    """PPO of this package with the settings of its table of tasks; actions are drawn when evaluated."""
    rng, drawing = np.random.default_rng(seed), np.random.default_rng(seed)
    referee = Referee(seed)
    with closing(TASK.envs()) as envs:
        for run in training_iterates(envs, TASK.settings, rng=rng):
            steps = int(run.steps[-1]) if run.k else 0
            if referee.look(steps, lambda s, run=run: run.sample(s, drawing)):
                break
    return referee.result


def table(results: dict[str, list[Result]]) -> str:
    """Who was confirmed, when, and at what price a step; and how many times ours that is."""
    ours = results[OWN]
    return timing.table(
        "CartPole-v1 by PPO until confirmed: three evaluations in a row at 475 or more. Wall time "
        "without the evaluations, best / median; CPU time of an environment step, update included",
        ["", "seeds", "first pass", "confirmed", "times ours", "a step", "times ours"],
        [
            [
                name,
                f"{sum(run['confirmed'] is not None for run in runs)}/{len(runs)}",
                times(runs, "first"),
                times(runs, "confirmed"),
                f"{middle(runs, 'confirmed') / middle(ours, 'confirmed'):.3g}",
                f"{per_step(runs) * 1e6:.3g} µs",
                f"{per_step(runs) / per_step(ours):.3g}",
            ]
            for name, runs in results.items()
        ],
    )


def times(runs: list[Result], key: str) -> str:
    """The best and the median."""
    best = min((x for run in runs if (x := run[key]) is not None), default=float("inf"))
    return f"{best:.3g} / {middle(runs, key):.3g} s"


def middle(runs: list[Result], key: str) -> float:
    """The median; a run that never came there took for ever."""
    return median(float("inf") if (x := run[key]) is None else x for run in runs)


def per_step(runs: list[Result]) -> float:
    return median(run["cpu"] / run["steps"] for run in runs)
