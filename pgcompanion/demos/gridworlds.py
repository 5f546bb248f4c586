"""Five algorithms learn gridworlds exactly: what they do, where they are, and how far they step."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pgcompanion import drawing, exact, style
from pgcompanion.algorithms import Iterate, npg, policy_gradient_ascent, ppo, trpo
from pgcompanion.demos import Control, Panel, panels
from pgcompanion.demos.engine.controls import text
from pgcompanion.gridworld import GridWorld
from pgcompanion.policies import TabularSoftmax

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

H, K, SMALLEST = 30, 16, 1e-4


class Algorithm(NamedTuple):
    """A generator of iterates, and its knob: the argument, its symbol, and its three values."""

    run: Callable[..., Any]
    argument: str
    symbol: str
    values: tuple[float, float, float]


ALGORITHMS = {
    "policy gradient": Algorithm(policy_gradient_ascent, "eta", "η", (1.0, 4.0, 16.0)),
    "NPG": Algorithm(npg, "eta", "η", (1.0, 4.0, 16.0)),
    "TRPO": Algorithm(trpo, "delta", "δ", (0.03, 0.3, 3.0)),
    "PPO penalty": Algorithm(ppo, "lam", "λ", (1.0, 0.1, 0.01)),
    "PPO clip": Algorithm(partial(ppo, eta=0.1, epochs=20), "eps", "ε", (0.1, 0.3, 0.9)),
}
KNOBS = ("careful", "medium", "bold")

controls = {
    "world": Control("map", ("4x4", "cliff", "detour"), default="4x4"),
    "algorithm": Control("algorithm", tuple(ALGORITHMS), default="PPO clip"),
    "knob": Control("its knob", KNOBS, default="medium"),
    "k": Control("iteration k", (0, 1, 2, 4, 8, K), default=4, time=True),
}

ITERATIONS = (0.0, 4.0, 8.0, 12.0, 16.0)
CURVES = (
    Panel("Objective J", "iteration", (-0.5, 16.5), (-1.15, 0.9), ITERATIONS, (-1.0, 0.0)),
    Panel(
        "KL of each step",
        "iteration",
        (-0.5, 16.5),
        (SMALLEST, 90),
        ITERATIONS,
        (0.01, 1.0),
        yscale="log",
    ),
)


@cache
def grid_of(world: str) -> GridWorld:
    """The gridworld behind a name of the menu. Statement: `objective_fn`."""
    return GridWorld.named(world, slip=0.1, step_reward=-0.02)


@cache
def run(world: str, algorithm: str, knob: str) -> list[Iterate]:
    """The start and ``K`` iterates, on exact gradients and divergences. Statement: `ppo`."""
    mdp, (generator, argument, _, values) = grid_of(world).mdp(H), ALGORITHMS[algorithm]
    policy = TabularSoftmax(mdp.S, mdp.A)
    value = {argument: values[KNOBS.index(knob)]}
    return list(islice(generator(mdp, policy, np.zeros(policy.p), **value), K + 1))


@cache
def best(world: str) -> float:
    """The exact optimum over all policies. Statement: `objective_fn`."""
    return exact.optimal(grid_of(world).mdp(H))[1].J


def frame(world: str, algorithm: str, knob: str, k: int) -> Figure:
    """The policy on its values, its visits, and the objective and step lengths so far.

    Statement: `ppo`.
    """
    grid, its = grid_of(world), run(world, algorithm, knob)
    mdp, pi = grid.mdp(H), its[k].problem.policy.table(its[k].theta)
    maps = (Panel(f"Policy on V₀, {world}", numbers=""), Panel("Visits", numbers=""))
    with style.within():
        fig, (policy, visits, objective, lengths) = panels((maps, CURVES), 4.6, (1.25, 1.0))
        drawing.draw_map(policy, grid)
        drawing.draw_values(policy, grid, exact.evaluate(mdp, pi).V[0], -1.0, 0.9)
        drawing.draw_policy(policy, grid, _coarse(pi))
        visits.set(xlim=policy.get_xlim(), ylim=policy.get_ylim())
        drawing.draw_values(visits, grid, np.sqrt(exact.expected_visits(mdp, pi)), 0.0, 2.0)
        objective.axhline(best(world), color=style.GREEN, lw=1.5, ls="--")
        _curve(objective, range(K + 1), [it.J for it in its], k)
        _limit(lengths, algorithm, knob)
        _curve(lengths, range(1, K + 1), [max(it.kl, SMALLEST) for it in its[1:]], k)
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


def _limit(ax: Axes, algorithm: str, knob: str) -> None:
    """The knob's value; where it bounds the divergence, the bound."""
    _, argument, _, values = ALGORITHMS[algorithm]
    if argument == "delta":
        ax.axhline(values[KNOBS.index(knob)], color=style.GREEN, lw=1.5, ls="--")
    words = _named(algorithm, knob)
    ax.text(0.97, 0.84, words, ha="right", size=style.FONT - 1, transform=ax.transAxes)


def _named(algorithm: str, knob: str) -> str:
    _, _, symbol, values = ALGORITHMS[algorithm]
    return f"{algorithm}, {symbol} = {text(values[KNOBS.index(knob)])}"


def describe(world: str, algorithm: str, knob: str, k: int) -> str:
    """Where the algorithm stands, how far the optimum is, and how far its steps have gone.

    Statement: `ppo`.

    >>> print(describe(world="4x4", algorithm="TRPO", knob="medium", k=0))
    TRPO, δ = 0.3, on the map 4x4, before the first step: the uniform policy has J = −1.000; the
    exact optimum is 0.766.
    """
    it, optimum = run(world, algorithm, knob)[k], best(world)
    where = f"{_named(algorithm, knob)}, on the map {world}"
    stand = f"J = {_signed(it.J)}; the exact optimum is {optimum:.3f}"
    if k == 0:
        return f"{where}, before the first step: the uniform policy has {stand}."
    steps = [each.kl for each in run(world, algorithm, knob)[1 : k + 1]]
    return (
        f"{where}, after {k} step{'s' * (k > 1)}: {stand}, {optimum - it.J:.3f} above. The last step "
        f"moved the trajectories by a KL divergence of {it.kl:.4f} nats, the longest so far by "
        f"{max(steps):.3f}."
    )


def _signed(x: float) -> str:
    return f"{x:.3f}".replace("-", "\N{MINUS SIGN}")
