"""REINFORCE, episode by episode: scores times returns add up to the gradient."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from pgcompanion import estimators, style
from pgcompanion.demos import Control, Panel, panels
from pgcompanion.demos.engine.controls import text
from pgcompanion.demos.engine.marks import say
from pgcompanion.demos.worlds import corridor
from pgcompanion.demos.worlds.episodes import drawn
from pgcompanion.gridworld import GridWorld

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST, STREAM = 400, 13

controls = {
    "theta1": Control("θ₁, going right", (-2.0, 0.0, 2.0), default=0.0),
    "theta2": Control("θ₂, going down", (-2.0, -1.0, 1.0), default=-1.0),
    "baseline": Control("taken off the return", (0.0, 0.1, 1.0), default=0.0),
    "N": Control("episodes N", (2, 5, 20, 100, MOST), default=2, time=True),
}

THETA1, THETA2 = (-2.0, 0.0, 2.0), (-2.0, 0.0, 2.0)
RIGHT, DOWN = "θ₁, logit of going right", "θ₂, logit of going down"
HILL = Panel("Objective J", RIGHT, (-4, 4), (-2.6, 3), THETA1, THETA2, ylabel=DOWN)
SUMS = Panel(
    "Estimates of both components",
    "episodes",
    (0, MOST + 20),
    (-0.35, 0.35),
    (0.0, 200.0, 400.0),
    (-0.2, 0.0, 0.2),
)

#: What a gradient of 1 looks like on the hill: in units of the parameters.
LONG = 9.0


def numbers(theta1: float, theta2: float, baseline: float, N: int) -> dict[str, np.ndarray]:
    """The terms of the first ``N`` episodes, their mean and its standard error, and the gradient.

    Statement: `reinforce_pg`, `pg_baseline`. A term is the score of the episode times its return less
    the baseline, ``(N, 2)``.
    """
    terms = _terms(theta1, theta2, baseline)[:N]
    theta = np.array([theta1, theta2])
    return {
        "terms": terms,
        "mean": terms.mean(axis=0),
        "stderr": terms.std(axis=0, ddof=1) / np.sqrt(N),
        "gradient": corridor.gradient(theta),
        "J": corridor.J(theta),
    }


@cache
def _terms(theta1: float, theta2: float, baseline: float) -> np.ndarray:
    """Score times (return − baseline) of every episode, ``(MOST, 2)``."""
    (mdp, policy), theta = corridor.world(), np.array([theta1, theta2])
    tau = drawn(mdp, policy.table(theta), MOST, STREAM)
    return estimators.per_trajectory_gradients(
        policy, theta, tau, estimators.total_return(tau.r) - baseline
    )


def constants() -> dict[str, Any]:
    """The corridor, its moves among a gridworld's, the ways to the goal, and the luck."""
    moves, n = corridor.ways()
    world = {
        "map": corridor.MAP,
        "actions": [GridWorld.ACTIONS.index(move) for move in corridor.MOVES],
        "moves": moves.astype(int),
        "ways": n,
    }
    return world | {
        "H": corridor.H,
        "most": MOST,
        "stream": STREAM,
        "long": LONG,
        "best": corridor.hill().best,
    }


def frame(theta1: float, theta2: float, baseline: float, N: int) -> Figure:
    """The estimate beside the exact gradient on the hill, above both components over the episodes.

    Statement: `reinforce_pg`.
    """
    seen = numbers(theta1, theta2, baseline, N)
    with style.within():
        fig, (hill, sums) = panels(((HILL,), (SUMS,)), 6.0, (1.5, 1.0))
        _draw_hill(hill, np.array([theta1, theta2]), seen)
        _draw_sums(sums, _terms(theta1, theta2, baseline), seen, N)
    return fig


def _draw_hill(ax: Axes, theta: np.ndarray, seen: dict[str, np.ndarray]) -> None:
    x, y = np.meshgrid(np.linspace(-4, 4, 41), np.linspace(-3, 3, 31))
    levels = corridor.hill().best * np.arange(1, 8) / 8
    ax.contour(
        x, y, corridor.J(np.stack([x, y], axis=-1)), levels, colors=style.MUTED, linewidths=0.6
    )
    for name, colour in (("gradient", style.INK), ("mean", style.VERMILLION)):
        ax.plot(*np.array([theta, theta + LONG * seen[name]]).T, color=colour)
    ax.plot(*theta, "o", color=style.INK, ms=7)
    say(ax, 0.02, 0.9, "exact gradient")
    say(ax, 0.02, 0.82, "mean of the episodes", style.VERMILLION)


def _draw_sums(ax: Axes, terms: np.ndarray, seen: dict[str, np.ndarray], N: int) -> None:
    n = np.arange(1, MOST + 1)
    so_far = terms.cumsum(axis=0) / n[:, None]
    for i, colour in enumerate((style.BLUE, style.GREEN)):
        ax.axhline(seen["gradient"][i], color=colour, lw=1, ls="--")
        ax.plot(n[:N], so_far[:N, i], color=colour)
        ax.errorbar([N], [seen["mean"][i]], 2 * seen["stderr"][i], color=colour, lw=2)


def describe(theta1: float, theta2: float, baseline: float, N: int) -> str:
    """The estimate and its standard errors beside the exact gradient.

    Statement: `reinforce_pg`.

    >>> print(describe(theta1=0.0, theta2=-2.0, baseline=0.0, N=2))
    At θ = (0, −2) 0 of 2 episodes arrive. Scores times returns have the mean (0.000, 0.000) ± (0.000,
    0.000); the exact gradient is (0.008, 0.067).
    """
    seen = numbers(theta1, theta2, baseline, N)
    mean, stderr, g = (
        ", ".join(text(float(x), ".3f") for x in seen[key])
        for key in ("mean", "stderr", "gradient")
    )
    arrived = int((np.abs(_terms(theta1, theta2, 0.0)[:N]).sum(axis=1) > 0).sum())
    less = f" less {text(baseline)}" if baseline else ""
    return (
        f"At θ = ({text(theta1)}, {text(theta2)}) {arrived} of {N} episodes arrive. Scores times "
        f"returns{less} have the mean ({mean}) ± ({stderr}); the exact gradient is ({g})."
    )
