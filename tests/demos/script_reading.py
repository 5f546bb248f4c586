"""Run a demo's script in a browser, on the controls of the demo, its grid and random ones."""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import numpy as np
from playwright.sync_api import Page

from pgcompanion import demos, exact
from pgcompanion.demos.engine.controls import Control, defaults
from pgcompanion.demos.engine.static import handed_over, name_of
from pgcompanion.demos.training import course
from pgcompanion.gridworld import GridWorld

SCRIPTS = Path(__file__).parents[2] / "book" / "site" / "demos"
MODULES = [module.name for module in pkgutil.iter_modules(demos.__path__) if not module.ispkg]
SCRIPTED = [
    name
    for name in MODULES
    if hasattr(importlib.import_module(f"pgcompanion.demos.{name}"), "constants")
]

#: What a hand can do in a picture and no control says.
DRAGGED: dict[str, Callable[[np.random.Generator], dict[str, Any]]] = {
    "gridworlds": lambda rng: {
        "world": _painted(rng),
        "knob": rng.uniform(),
        "N": int(rng.choice([0, 20, 100])),
        "luck": int(rng.integers(3)),
    },
    "kl_estimates": lambda rng: {"reference": tuple(_shares(rng))},
    "lqr": lambda rng: {"start": (rng.uniform(-7.2, 0.2), rng.uniform(-5.2, 0.2))},
    "sgd": lambda rng: {"start": (rng.uniform(-3.8, 3.8), rng.uniform(-2.5, 2.9))},
    "softmax_geometry": lambda rng: {"start": tuple(_shares(rng))},
    "trust_region": lambda rng: {"start": (rng.uniform(-2, 3.5), rng.uniform(-1, 3.5))},
}

#: By how many ulps the two numbers of a gridworld's ground, slip and reward of a step, are shaken.
ULP, SHAKEN = np.finfo(float).eps, ((0, 4), (0, -4), (4, 0), (-4, 0), (4, 4), (-4, -4))

RUN = """([source, name, data, choices]) => {
  window.pgDemos = {};
  for (const script of source) (0, eval)(script);
  const plain = (x) => typeof x === "object" ? Array.from(x, plain) : x;
  const demo = pgDemos[name]({...pgShared, constants: data.constants});
  return choices.map((values) => Object.fromEntries(
    Object.entries(demo.numbers(values)).map(([key, x]) => [key, plain(x)])));
}"""


def _shares(rng: np.random.Generator) -> np.ndarray:
    shares = np.maximum(rng.dirichlet(np.full(3, 0.5)), 0.002)
    return shares / shares.sum()


def _painted(rng: np.random.Generator) -> str:
    """A map as a reader might paint it, with a start and a goal.

    There is something to learn on it: of mere round-off Adam makes steps of 10⁻⁸, here others than there.
    """
    while True:
        rows, columns = rng.integers(2, 5, size=2)
        letters = rng.choice(list("....#P"), size=rows * columns)
        letters[rng.choice(rows * columns, 2, replace=False)] = "S", "G"
        drawn = "\n".join("".join(row) for row in letters.reshape(rows, columns))
        mdp = course.world(drawn).mdp(course.H)
        at_random = exact.evaluate(mdp, np.full((mdp.S, mdp.A), 1 / mdp.A)).J
        if course.optimum(drawn) > at_random + 1e-6:
            return drawn


def script(name: str) -> str:
    return (SCRIPTS / f"{name}.js").read_text(encoding="utf-8")


def run(page: Page, demo: ModuleType, choices: list[dict[str, Any]], source: str) -> list[dict]:
    """What the script's numbers are for each choice of the controls."""
    data = json.loads(json.dumps(handed_over(demo)))
    return page.evaluate(RUN, [[script("shared"), source], name_of(demo), data, choices])


def corners(demo: ModuleType, most: int = 60) -> list[dict[str, Any]]:
    """A grid: the first, the middle and the last value of every control, `most` of them, spread evenly."""
    ends = [
        [c.values[i] for i in {0, len(c.values) // 2, len(c.values) - 1}]
        for c in demo.controls.values()
    ]
    choices = [dict(zip(demo.controls, values, strict=True)) for values in product(*ends)]
    places = np.unique(np.linspace(0, len(choices) - 1, most).astype(int))
    return [defaults(demo), *(choices[place] for place in places)]


def anywhere(demo: ModuleType, n: int, seed: int = 0) -> Iterator[dict[str, Any]]:
    """Random choices between the ends of the controls, half of them with what a hand has dragged."""
    rng = np.random.default_rng(seed)
    dragged = DRAGGED.get(name_of(demo))
    for i in range(n):
        values = {name: _between(control, rng) for name, control in demo.controls.items()}
        yield values | (dragged(rng) if dragged and i % 2 else {})


def _between(control: Control, rng: np.random.Generator) -> Any:
    if control.is_menu:
        return control.values[rng.integers(len(control.values))]
    low, high = float(control.values[0]), float(control.values[-1])
    x = np.exp(rng.uniform(np.log(low), np.log(high))) if control.log else rng.uniform(low, high)
    return round(x) if control.whole or control.time else float(x)


def spread(demo: ModuleType, values: dict[str, Any]) -> float:
    """How far Python is from itself where the ground of a world is some ulps off; 0 for a demo without one.

    Adam divides gradients by their size, the smallest too. On some maps a difference of one ulp grows by as
    much as a factor of ten at each of the iterates, with no ratio near the edge of the clip.
    """
    if name_of(demo) != "gridworlds":
        return 0.0
    here, ground, afresh = demo.numbers(**values), course.world, course.train.__wrapped__
    others = []
    for ulps in SHAKEN:
        with (
            patch.object(course, "world", _shaken(ground, ulps)),
            patch.object(demo, "train", afresh),
        ):
            others.append(apart(demo.numbers(**values), here))
    return max(others)


def _shaken(
    ground: Callable[[str], GridWorld], ulps: tuple[int, int]
) -> Callable[[str], GridWorld]:
    def world(map: str) -> GridWorld:
        still = ground(map)
        slip, step = np.array([still.slip, still.step_reward]) * (1 + ULP * np.array(ulps))
        return replace(still, slip=slip, step_reward=step)

    return world


def apart(there: dict[str, Any], here: dict[str, np.ndarray]) -> float:
    """The largest difference of two dicts of arrays, each array measured by its largest entry."""
    assert there.keys() == here.keys(), (there.keys(), here.keys())
    return max(_apart(np.asarray(there[key], dtype=float), here[key], key) for key in here)


def _apart(x: np.ndarray, y: Any, key: str) -> float:
    y = np.asarray(y, dtype=float)
    assert x.shape == y.shape, f"{key}: {x.shape} in the script, {y.shape} in Python"
    same = (x == y) | (np.isnan(x) & np.isnan(y))
    if same.all():
        return 0.0
    known = np.isfinite(y)
    scale = max(np.abs(y[known]).max(initial=0.0), 1e-3)
    return float(np.abs(np.where(same, 0.0, x - y)).max() / scale)
