"""Five algorithms learn gridworlds exactly: what they do, where they are, and how far they step."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pgcompanion.demos import Control
from pgcompanion.demos.training.course import (
    ALGORITHM,
    ALGORITHMS,
    ITERATION,
    Course,
    K,
    train,
)
from pgcompanion.demos.training.picture import draw, sentence
from pgcompanion.gridworld import MAPS

if TYPE_CHECKING:
    from ipywidgets import Box  # type: ignore[import-untyped]
    from matplotlib.figure import Figure

KNOBS = ("careful", "medium", "bold")

controls = {
    "world": Control("map", ("4x4", "cliff", "detour"), default="4x4"),
    "algorithm": ALGORITHM,
    "knob": Control("its knob", KNOBS, default="medium"),
    "k": replace(ITERATION, values=(0, 1, 2, 4, 8, K)),
}


def course(world: str, algorithm: str, knob: str) -> Course:
    """The training behind a choice of the controls. Statement: `ppo`."""
    return train(MAPS[world], algorithm, ALGORITHMS[algorithm].values[KNOBS.index(knob)])


def frame(world: str, algorithm: str, knob: str, k: int) -> Figure:
    """The policy on its values, its visits, and the objective and step lengths so far.

    Statement: `ppo`.
    """
    return draw(course(world, algorithm, knob), world, k)


def describe(world: str, algorithm: str, knob: str, k: int) -> str:
    """Where the algorithm stands, how far the optimum is, and how far its steps have gone.

    Statement: `ppo`.

    >>> print(describe(world="4x4", algorithm="TRPO", knob="medium", k=0))
    TRPO, δ = 0.3, on the map 4x4, before the first step: the uniform policy has J = −1.000; the
    exact optimum is 0.766. A lighter cell is worth more (left) or visited more often (right).
    """
    return sentence(course(world, algorithm, knob), f"the map {world}", k)


def live() -> Box:
    """In a kernel there are more maps than a page can hold: the reader's own, and every knob between."""
    from pgcompanion.demos.training.workbench import Workbench

    return Workbench([str(name) for name in controls["world"].values]).box
