"""A table that is wrong where the old policy never goes, and a leap that goes there."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pgcompanion import exact, style
from pgcompanion.demos import Control, Panel, panels
from pgcompanion.demos.engine.controls import text
from pgcompanion.demos.engine.marks import say
from pgcompanion.demos.worlds.shades import draw_time
from pgcompanion.gridworld import GridWorld, drawing
from pgcompanion.steps import greedy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

H, NOISE = 20, 0.01
GRID = GridWorld(
    """
    .......
    .#####.
    .##P##.
    S.....G
    """,
    step_reward=-0.05,
    rewards={"P": -0.5},
)
OLD = """
    >>>>>>v
    ^#####v
    ^##>##v
    ^>>>>>>
"""
WORLD = GRID.mdp(H)
CELL = int(GRID.index[3, 3])
TRAPS = {"standing still": "down", "entering the pit": "up"}

controls = {
    "trap": Control("praised action", tuple(TRAPS), default="standing still"),
    "e": Control("too much by e", (0.0, 0.03, 0.1, 2.0), default=0.1),
    "alpha": Control("step α", (0.0, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0), default=0.0),
}

ALPHAS = np.linspace(0, 1, 41)
LEVELS = (-1.5, -1.0, -0.5, 0.0, 0.5)
CURVES = (
    Panel("J over the step", "α", (-0.06, 1.06), (-1.5, 0.95), (0.0, 0.5, 1.0), LEVELS[1:]),
    Panel("Advantages so far", "steps", (-1.2, H + 1.2), (-1.9, 0.55), (0.0, 10.0, 20.0), LEVELS),
)


class Step(NamedTuple):
    """A new policy, its exact values, what the old policy's visits promised, and the bound on J."""

    pi: np.ndarray
    values: exact.Values
    promise: float
    bound: float


@cache
def old() -> tuple[np.ndarray, exact.Values]:
    """The policy that walks the long way, ``(S, A)``, one step in a hundred at random; its values.

    Statement: `policy_iteration`.
    """
    signs = np.array([list(row.strip()) for row in OLD.strip().split("\n")])
    sure = np.eye(WORLD.A)[["^>v<".find(sign) for sign in signs[tuple(GRID.cells.T)]]]
    pi = (1 - NOISE) * sure + NOISE / WORLD.A
    return pi, exact.evaluate(WORLD, pi)


@cache
def leap(trap: str, e: float) -> np.ndarray:
    """The greedy policy of the table that praises one action of one cell too much, ``(H, S, A)``.

    Statement: `policy_iteration`.
    """
    Q_hat = old()[1].Q.copy()
    Q_hat[:, CELL, GRID.ACTIONS.index(TRAPS[trap])] += e
    return greedy(Q_hat)


@cache
def step(trap: str, e: float, alpha: float) -> Step:
    r"""The policy a step :math:`\alpha` towards the leap, :math:`(1-\alpha)\pi+\alpha\tilde\pi`.

    Statement: `pdl_bound`. The promise keeps the old policy's visits,
    :math:`J(\pi)+\sum_hd_h\tilde A_h`.
    """
    pi_old, values = old()
    pi = (1 - alpha) * pi_old + alpha * leap(trap, e)
    promise = values.J + (values.d * _advantage(pi)).sum()
    bound = values.J - exact.degradation_bound(WORLD, pi_old, pi)[0]
    return Step(pi, exact.evaluate(WORLD, pi), float(promise), float(bound))


def _advantage(pi: np.ndarray) -> np.ndarray:
    """The old policy's mean advantage of the new policy's choice, ``(H, S)``."""
    return np.asarray((pi * old()[1].A).sum(axis=-1))


@cache
def curve(trap: str, e: float) -> np.ndarray:
    """J, promise and bound over ``ALPHAS``, shape ``(3, 41)``. Statement: `pdl_bound`."""
    steps = (step(trap, e, float(alpha)) for alpha in ALPHAS)
    return np.array([(each.values.J, each.promise, each.bound) for each in steps]).T


def gains(trap: str, e: float, alpha: float) -> np.ndarray:
    """The old policy's advantages along the new one, summed up to each step, shape ``(H + 1,)``.

    Statement: `pdl`. The last is the difference of the objectives.
    """
    new = step(trap, e, alpha)
    return np.append(0.0, (new.values.d * _advantage(new.pi)).sum(axis=1).cumsum())


def numbers(trap: str, e: float, alpha: float) -> dict[str, np.ndarray]:
    """Objective, promise and bound of the step and of all steps; its visits; the sum of advantages.

    Statement: `pdl_bound`. ``curve`` is ``(3, 41)``, ``visits (S,)``, ``sums (H + 1,)``.
    """
    new = step(trap, e, alpha)
    return {
        "J": np.asarray(new.values.J),
        "promise": np.asarray(new.promise),
        "bound": np.asarray(new.bound),
        "curve": curve(trap, e),
        "visits": new.values.d.sum(axis=0),
        "sums": gains(trap, e, alpha),
    }


def constants() -> dict[str, Any]:
    """The map, the old policy and its advantages, and what a wrong table praises."""
    pi, values = old()
    world = {"map": GRID.map, "step": GRID.step_reward, "rewards": GRID.rewards, "H": H}
    traps = {name: GRID.ACTIONS.index(action) for name, action in TRAPS.items()}
    return world | {"pi": pi, "Q": values.Q.ravel(), "cell": CELL, "traps": traps}


def frame(trap: str, e: float, alpha: float) -> Figure:
    """Both policies on their visits; J over the step with its bound; and the sum that J is.

    Statement: `pdl_bound`.
    """
    new = step(trap, e, alpha)
    titles = ("Old policy, visits", f"New policy, α = {text(alpha)}")
    maps = tuple(Panel(title, numbers="", lines=1) for title in titles)
    with style.within():
        fig, (before, after, objective, sums) = panels((maps, CURVES), 4.9, (1.0, 1.5))
        _draw_map(before, old()[0][None], old()[1].d)
        _draw_map(after, new.pi, new.values.d)
        _draw_objective(objective, trap, e, alpha)
        _draw_sums(sums, trap, e, alpha)
    return fig


def _draw_map(ax: Axes, pi: np.ndarray, d: np.ndarray) -> None:
    """Arrows of the mean choice in each cell (where none is made, of the first), on the time
    there."""
    draw_time(ax, GRID, d.sum(axis=0))
    weight = d[..., None].copy()
    weight[0] += 1e-9
    chosen = (weight * pi).sum(axis=0) / weight.sum(axis=0)
    drawing.draw_policy(ax, GRID, chosen / chosen.sum(axis=1, keepdims=True))


def _draw_objective(ax: Axes, trap: str, e: float, alpha: float) -> None:
    J, promise, bound = curve(trap, e)
    _forbid(ax, ALPHAS, bound)
    ax.axhline(old()[1].J, color=style.MUTED, lw=1)
    ax.plot(ALPHAS, promise, color=style.GREEN, lw=1.5, ls="--")
    ax.plot(ALPHAS, J, color=style.BLUE)
    ax.plot([alpha], [step(trap, e, alpha).values.J], "o", color=style.VERMILLION, ms=9)
    for y, words, colour in ((0.9, "promised", style.GREEN), (0.04, "excluded", style.INK)):
        say(ax, 0.03, y, words, colour)


def _draw_sums(ax: Axes, trap: str, e: float, alpha: float) -> None:
    steps = np.arange(H + 1)
    _forbid(ax, steps, (step(trap, e, alpha).bound - old()[1].J) * steps / H)
    ax.axhline(0, color=style.MUTED, lw=1)
    ax.plot(steps, gains(trap, e, alpha), "o-", color=style.BLUE, ms=3.5, lw=1.2)
    ax.plot([H], gains(trap, e, alpha)[-1:], "o", color=style.VERMILLION, ms=9)


def _forbid(ax: Axes, x: np.ndarray, bound: np.ndarray) -> None:
    """Shade what lies below the bound."""
    ax.fill_between(x, -2 * H, bound, color=style.PURPLE, alpha=0.3, lw=0)


def describe(trap: str, e: float, alpha: float) -> str:
    """How rare the error is under the old policy, the step's J beside promise and bound, and the
    time.

    Statement: `pdl_bound`.

    >>> print(describe(trap="standing still", e=0.1, alpha=1.0))
    A table praises standing still in one cell of the short way by 0.1 too much. The old policy does
    that once in 160,000 episodes. A step of α = 1 turns J = 0.395 into 0.000; the old policy’s
    visits promised 0.701, the bound allows −0.830. In the cell below the pit the old policy spends
    0.00253 steps of an episode, the new one 15. Lighter cells are visited more.
    """
    new, (pi_old, values) = step(trap, e, alpha), old()
    visits = [float(d[:, CELL].sum()) for d in (values.d, new.values.d)]
    taken = visits[0] * pi_old[CELL, GRID.ACTIONS.index(TRAPS[trap])]
    table = (
        f"A table praises {trap} in one cell of the short way by {text(e)} too much. The old "
        f"policy does that once in {float(f'{1 / taken:.2g}'):,.0f} episodes."
    )
    return (
        f"{table if e else 'The table is exact.'} A step of α = {text(alpha)} turns "
        f"J = {values.J:.3f} into {_signed(new.values.J)}; the old policy’s visits promised "
        f"{_signed(new.promise)}, the bound allows {_signed(new.bound)}. In the cell below the pit the old policy spends "
        f"{visits[0]:.3g} steps of an episode, the new one {visits[1]:.3g}. "
        "Lighter cells are visited more."
    )


def _signed(x: float) -> str:
    return text(x, ".3f").replace("\N{MINUS SIGN}0.000", "0.000")
