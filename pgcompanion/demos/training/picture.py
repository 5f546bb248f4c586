"""The picture of a course of training after some iterations, and what it shows in words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pgcompanion import exact, style
from pgcompanion.demos import Panel, panels
from pgcompanion.demos.engine.controls import text
from pgcompanion.demos.engine.marks import dots, say
from pgcompanion.demos.training.course import ALGORITHMS, Course, H, K
from pgcompanion.demos.worlds.shades import draw_shades, draw_time
from pgcompanion.gridworld import drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: The divergences of the picture, with room for words above; a shorter step is a triangle at the
#: edge.
SMALLEST, LARGEST = 1e-4, 2000.0

#: How high in its panel the knob is named.
KNOB = 0.88

#: The values of the darkest and of the lightest cell.
VALUES = (-1.0, 1.0)

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
    mdp, pi = grid.mdp(H), course.policy.table(its[k].theta)
    J, kl = course.J, [it.kl for it in its[1:]]
    titles = (f"Policy on V₀, {place}", "Visits")
    maps = tuple(Panel(title, numbers="", lines=1) for title in titles)
    with style.within():
        fig, (policy, visits, objective, lengths) = panels(
            (maps, (OBJECTIVE, LENGTHS)), 4.8, (1.25, 1.0)
        )
        drawing.draw_map(policy, grid)
        image = drawing.draw_values(policy, grid, exact.evaluate(mdp, pi).V[0], *VALUES)
        draw_shades(policy, image, "≤ −1", "1")
        drawing.draw_policy(policy, grid, _coarse(pi))
        draw_time(visits, grid, exact.expected_visits(mdp, pi))
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
    ax.plot(at, np.maximum(y, ax.get_ylim()[0]), color=style.BLUE, alpha=0.3, lw=4)
    past = max(k + 1 - at[0], 0)
    dots(ax, at[:past], y[:past], style.BLUE, 4)
    dots(ax, at[:past][-1:], y[:past][-1:], style.VERMILLION, 8, mec=style.PAPER)


def _limit(ax: Axes, course: Course) -> None:
    """The knob's value; where it bounds the divergence, the bound."""
    if ALGORITHMS[course.algorithm].argument == "delta":
        ax.axhline(course.x, color=style.GREEN, lw=1.5, ls="--")
    say(ax, 0.97, KNOB, course.knob, ha="right")


def sentence(course: Course, place: str, k: int) -> str:
    """Where the algorithm stands, how far the optimum is, and how far its steps have gone.

    Statement: `ppo`. ``place`` is the end of "on".

    >>> from pgcompanion.demos.training.course import train
    >>> print(sentence(train("S.G", "TRPO", 0.3), "a corridor", k=0))
    TRPO, δ = 0.3, on a corridor, before the first step: the uniform policy has J = 0.714; the exact
    optimum is 0.956. A lighter cell is worth more (left) or visited more often (right).
    """
    J, knob = course.J[k], course.knob[0].upper() + course.knob[1:]
    shades = "A lighter cell is worth more (left) or visited more often (right)."
    if k == 0:
        return (
            f"{knob}, on {place}, before the first step: the uniform policy has J = "
            f"{text(J, '.3f')}; the exact optimum is {text(course.optimum, '.3f')}. {shades}"
        )
    steps = [each.kl for each in course.iterates[1 : k + 1]]
    return (
        f"{knob}, on {place}, after {k} step{'s' * (k > 1)}: {_stands(J, course.optimum)}. The "
        f"last step moved the trajectories by a KL divergence of {_nats(steps[-1])} nats, the "
        f"longest so far by {_nats(max(steps))}. {shades}"
    )


def _stands(J: float, optimum: float) -> str:
    """An objective beside the exact optimum.

    >>> _stands(0.75, 0.766)
    'J = 0.750, 0.016 below the exact optimum, 0.766'
    >>> _stands(0.7294, 0.7296), _stands(0.7296, 0.7297)
    ('J = 0.729, less than 0.001 below the exact optimum, 0.730',
     'J = 0.730; the exact optimum is reached to three digits')
    """
    here, best = text(J, ".3f"), text(optimum, ".3f")
    if here == best:
        return f"J = {here}; the exact optimum is reached to three digits"
    gap = max(optimum - J, 0.0)
    below = f"{gap:.3f}" if gap >= 0.0005 else "less than 0.001"
    return f"J = {here}, {below} below the exact optimum, {best}"


def _nats(kl: float) -> str:
    """A divergence, as far down as the picture shows it."""
    return f"{kl:.3g}" if kl >= SMALLEST else f"less than {SMALLEST:g}"
