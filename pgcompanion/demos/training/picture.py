"""The picture of a course of training after some iterations, and what it shows in words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pgcompanion import drawing, exact, style
from pgcompanion.demos import Panel, panels
from pgcompanion.demos.engine.controls import text
from pgcompanion.demos.engine.panels import say
from pgcompanion.demos.training.course import ALGORITHMS, Course, H, K

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: The divergences of the picture; a step beyond them is drawn at the edge.
SMALLEST, LARGEST = 1e-4, 90.0

ITERATIONS = tuple(np.arange(0.0, K + 1, 4.0).tolist())
# The limits hold every map: on none is chance much worse than a pit, or the optimum above a goal.
OBJECTIVE = Panel(
    "Objective J", "iteration", (-0.5, K + 0.5), (-1.3, 1.05), ITERATIONS, (-1.0, 0.0, 1.0)
)
LENGTHS = replace(
    OBJECTIVE,
    title="KL of each step",
    ylim=(SMALLEST, LARGEST),
    yticks=(0.01, 1.0),
    yscale="log",
)


def draw(course: Course, place: str, k: int) -> Figure:
    """The policy on its values, its visits, and the objective and step lengths up to ``k``.

    Statement: `ppo`. ``place`` names the map in a title.
    """
    grid, its = course.grid, course.iterates
    mdp, pi = grid.mdp(H), its[k].problem.policy.table(its[k].theta)
    J, kl = [it.J for it in its], [min(max(it.kl, SMALLEST), LARGEST) for it in its[1:]]
    maps = (Panel(f"Policy on V₀, {place}", numbers=""), Panel("Visits", numbers=""))
    with style.within():
        fig, (policy, visits, objective, lengths) = panels(
            (maps, (OBJECTIVE, LENGTHS)), 4.6, (1.25, 1.0)
        )
        drawing.draw_map(policy, grid)
        drawing.draw_values(policy, grid, exact.evaluate(mdp, pi).V[0], -1.0, 0.9)
        drawing.draw_policy(policy, grid, _coarse(pi))
        visits.set(xlim=policy.get_xlim(), ylim=policy.get_ylim())
        drawing.draw_values(visits, grid, np.sqrt(exact.expected_visits(mdp, pi)), 0.0, 2.0)
        objective.axhline(course.optimum, color=style.GREEN, lw=1.5, ls="--")
        _curve(objective, range(K + 1), J, k)
        _limit(lengths, course)
        _curve(lengths, range(1, K + 1), kl, k)
    return fig


def _coarse(pi: np.ndarray) -> np.ndarray:
    """The policy in fortieths: arrows that look the same are then the same, and stored once."""
    parts = np.round(40 * pi)
    parts[np.arange(len(pi)), pi.argmax(axis=1)] += 40 - parts.sum(axis=1)
    return np.asarray(parts / 40)


def _curve(ax: Axes, at: range, y: list[float], k: int) -> None:
    """The whole course, pale, and what has happened up to iteration ``k``."""
    ax.plot(at, y, color=style.BLUE, alpha=0.3, lw=4)
    past = max(k + 1 - at[0], 0)
    ax.plot(at[:past], y[:past], "o", color=style.BLUE, ms=4)
    ax.plot(at[:past][-1:], y[:past][-1:], "o", color=style.VERMILLION, ms=8, mec=style.PAPER)


def _limit(ax: Axes, course: Course) -> None:
    """The knob's value; where it bounds the divergence, the bound."""
    if ALGORITHMS[course.algorithm].argument == "delta":
        ax.axhline(course.x, color=style.GREEN, lw=1.5, ls="--")
    say(ax, 0.97, 0.84, course.knob, ha="right")


def sentence(course: Course, place: str, k: int) -> str:
    """Where the algorithm stands, how far the optimum is, and how far its steps have gone.

    Statement: `ppo`. ``place`` is the end of "on".

    >>> from pgcompanion.demos.training.course import train
    >>> print(sentence(train("S.G", "TRPO", 0.3), "a corridor", k=0))
    TRPO, δ = 0.3, on a corridor, before the first step: the uniform policy has J = 0.714; the exact
    optimum is 0.956.
    """
    it = course.iterates[k]
    stand = f"J = {text(it.J, '.3f')}; the exact optimum is {text(course.optimum, '.3f')}"
    if k == 0:
        return f"{course.knob}, on {place}, before the first step: the uniform policy has {stand}."
    steps = [each.kl for each in course.iterates[1 : k + 1]]
    return (
        f"{course.knob}, on {place}, after {k} step{'s' * (k > 1)}: {stand}, "
        f"{course.optimum - it.J:.3f} above. The last step moved the trajectories by a KL divergence "
        f"of {it.kl:.4f} nats, the longest so far by {max(steps):.3f}."
    )
