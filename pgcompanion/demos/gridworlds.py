"""Five algorithms learn gridworlds exactly: what they do, where they are, and how far they step."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pgcompanion import exact
from pgcompanion.demos import Control
from pgcompanion.demos.training.course import (
    ALGORITHM,
    ALGORITHMS,
    EPOCHS,
    ETA,
    ITERATION,
    LEAST,
    STREAM,
    Course,
    H,
    K,
    train,
)
from pgcompanion.demos.training.course import world as world_of
from pgcompanion.demos.training.picture import draw, sentence
from pgcompanion.gridworld import MAPS

if TYPE_CHECKING:
    from ipywidgets import Box  # type: ignore[import-untyped]
    from matplotlib.figure import Figure

KNOBS = ("careful", "medium", "bold")

controls = {
    "world": Control("map", ("4x4", "cliff", "detour"), default="4x4"),
    "algorithm": ALGORITHM,
    "knob": Control("its knob", KNOBS, default="medium", more=True),
    "k": replace(ITERATION, values=(0, 1, 2, 4, 8, K)),
}


#: A knob's setting: a word, or a number from 0 (careful) to 1 (bold), between which it turns by factors.
Knob = str | float


def setting(algorithm: str, knob: Knob) -> float:
    """What an algorithm's knob stands at. Statement: `ppo`.

    >>> setting("NPG", "medium"), round(setting("TRPO", 0.75), 3)
    (4.0, 0.949)
    """
    low, medium, high = ALGORITHMS[algorithm].values
    if isinstance(knob, str):
        return (low, medium, high)[KNOBS.index(knob)]
    return float(low * (high / low) ** knob)


def course(world: str, algorithm: str, knob: Knob, N: int = 0, luck: int = 0) -> Course:
    """The training behind a choice of the controls; ``world`` is a map or its name. Statement: `ppo`."""
    return train(MAPS.get(world, world), algorithm, setting(algorithm, knob), N, luck)


def numbers(
    world: str, algorithm: str, knob: Knob, k: int, N: int = 0, luck: int = 0
) -> dict[str, np.ndarray]:
    """The objectives and the divergences of all iterates; policy, values and visits after ``k``.

    Statement: `ppo`. ``J (K + 1,)``, ``kl (K,)``, ``pi (S, A)``, ``V (S,)`` at the first step, ``visits
    (S,)``, and the ``optimum`` over all policies. The steps see ``N`` episodes, 0 for exact batches;
    with another ``luck`` they are others.
    """
    it = course(world, algorithm, knob, N, luck)
    mdp, pi = it.grid.mdp(H), it.policy.table(it.iterates[k].theta)
    return {
        "J": np.array(it.J),
        "kl": np.array([each.kl for each in it.iterates[1:]]),
        "optimum": np.asarray(it.optimum),
        "pi": pi,
        "V": exact.evaluate(mdp, pi).V[0],
        "visits": exact.expected_visits(mdp, pi),
    }


def constants() -> dict[str, Any]:
    """The maps, how the ground is, and the algorithms with their knobs."""
    ground = world_of("S.G")
    knobs = {
        name: {"symbol": each.symbol, "values": each.values} for name, each in ALGORITHMS.items()
    }
    maps = {name: MAPS[str(name)] for name in controls["world"].values}
    paid = {"slip": ground.slip, "step": ground.step_reward, "H": H, "K": K}
    return paid | {
        "maps": maps,
        "algorithms": knobs,
        "eta": ETA,
        "epochs": EPOCHS,
        "least": LEAST,
        "stream": STREAM,
    }


def frame(world: str, algorithm: str, knob: Knob, k: int) -> Figure:
    """The policy on its values, its visits, and the objective and step lengths so far.

    Statement: `ppo`.
    """
    return draw(course(world, algorithm, knob), world if world in MAPS else "your map", k)


def describe(world: str, algorithm: str, knob: Knob, k: int) -> str:
    """Where the algorithm stands, how far the optimum is, and how far its steps have gone.

    Statement: `ppo`.

    >>> print(describe(world="4x4", algorithm="TRPO", knob="medium", k=0))
    TRPO, δ = 0.3, on the map 4x4, before the first step: the uniform policy has J = −1.000; the
    exact optimum is 0.766. A lighter cell is worth more (left) or visited more often (right).
    """
    place = f"the map {world}" if world in MAPS else "your map"
    return sentence(course(world, algorithm, knob), place, k)


def live() -> Box:
    """In a kernel there are more maps than a page can hold: the reader's own, and every knob between."""
    from pgcompanion.demos.training.workbench import Workbench

    return Workbench([str(name) for name in controls["world"].values]).box
