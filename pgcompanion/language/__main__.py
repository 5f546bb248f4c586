"""Compare the recipes from a command line: ``python -m pgcompanion.language --help``."""

from __future__ import annotations

import argparse

import numpy as np

from pgcompanion.experiments import interval
from pgcompanion.language.comparison import RECIPES, Setting, curves, tuned
from pgcompanion.language.tasks import TASKS

TUNING = 1000  # the first seed of those that choose a step size: none of them is reported


def main() -> None:
    """Tune each recipe, run it from its seeds, and print its success rate with an interval."""
    parser = argparse.ArgumentParser(prog="python -m pgcompanion.language", description=__doc__)
    parser.add_argument("task", choices=[*TASKS, "all"], nargs="?", default="all")
    parser.add_argument("--seeds", type=int, default=10, help="runs of each recipe (10)")
    parser.add_argument("--first", type=int, default=0, help="the first seed (0)")
    parser.add_argument("--tuning", type=int, default=3, help="runs of each step size (3)")
    parser.add_argument("--etas", type=float, nargs="+", default=[0.01, 0.03, 0.1])
    for name, value in Setting()._asdict().items():
        parser.add_argument(f"--{name}", type=int, default=value, help=f"({value})")
    given = parser.parse_args()
    setting = Setting(*(getattr(given, name) for name in Setting._fields))
    for name in TASKS if given.task == "all" else (given.task,):
        task = TASKS[name]()
        print(
            f"{name}: {setting.K} updates of {setting.prompts} prompts times {setting.G} responses"
        )
        for recipe in (*RECIPES, "exact"):
            eta = tuned(task, recipe, given.etas, range(TUNING, TUNING + given.tuning), setting)
            found = curves(
                task, recipe, eta, range(given.first, given.first + given.seeds), setting
            )
            x = interval(
                np.stack([found.mean(axis=1), found[:, -1]], axis=1), np.random.default_rng(0)
            )
            along, end = (f"{x.mean[i]:.3f} ({x.low[i]:.3f}, {x.high[i]:.3f})" for i in (0, 1))
            print(f"  {recipe:24s} eta {eta:<5g} along the run {along}   at the end {end}")


if __name__ == "__main__":
    main()
