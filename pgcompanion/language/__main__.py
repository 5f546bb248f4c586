"""Compare the recipes from a command line: ``python -m pgcompanion.language --help``."""

from __future__ import annotations

import argparse

import numpy as np

from pgcompanion.experiments import interval
from pgcompanion.language.comparison import RECIPES, Setting, curves, tuned
from pgcompanion.language.tasks import TASKS

TUNING = 1000  # the first seed of those that choose a step size: none of them is reported


def main() -> None:
    """Tune each recipe, run it from its seeds, and print what came out with intervals."""
    given = _arguments()
    setting = Setting(*(getattr(given, name) for name in Setting._fields))
    reported = range(given.first, given.first + given.seeds)
    for name in TASKS if given.task == "all" else (given.task,):
        task = TASKS[name]()
        print(f"{name}: {setting}")
        for recipe in (*RECIPES, "exact"):
            eta = tuned(task, recipe, given.etas, range(TUNING, TUNING + given.tuning), setting)
            print(f"  {recipe}, step size {eta:g}")
            for what, x in _seen(curves(task, recipe, eta, reported, setting)).items():
                mean, low, high = interval(x, np.random.default_rng(0))
                print(f"    {what:28s} {mean:.3f} ({low:.3f}, {high:.3f})")


def _seen(found: np.ndarray) -> dict[str, np.ndarray]:
    success, tokens = found.swapaxes(0, 1)
    return {
        "success along the run": success.mean(axis=1),
        "success at the end": success[:, -1],
        "tokens of a wrong response": tokens.mean(axis=1),
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m pgcompanion.language", description=__doc__)
    parser.add_argument("task", choices=[*TASKS, "all"], nargs="?", default="all")
    parser.add_argument("--seeds", type=int, default=10, help="runs of each recipe (10)")
    parser.add_argument("--first", type=int, default=0, help="the first seed (0)")
    parser.add_argument("--tuning", type=int, default=3, help="runs of each step size (3)")
    parser.add_argument("--etas", type=float, nargs="+", default=[0.01, 0.03, 0.1])
    for name, value in Setting()._asdict().items():
        parser.add_argument(f"--{name}", type=int, default=value, help=f"({value})")
    return parser.parse_args()


if __name__ == "__main__":
    main()
