"""The true divergence ball, its quadratic model, and where four steps from one policy land."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pgcompanion import exact, style
from pgcompanion.algorithms import LocalProblem, exact_problem, npg_step, ppo_update, trpo_update
from pgcompanion.demos import Control, Panel, panels
from pgcompanion.demos.engine.controls import text
from pgcompanion.gridworld import GridWorld
from pgcompanion.policies import LinearSoftmax

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

H, SHORTER, EPOCHS = 10, 0.9, 20
LOOKS = {
    "gradient": (style.BLUE, "s"),
    "NPG": (style.VERMILLION, "o"),
    "TRPO": (style.GREEN, "D"),
    "PPO": (style.PURPLE, "^"),
}
STARTS = {"(0, 0)": (0.0, 0.0), "(1, 3)": (1.0, 3.0), "(2, 2)": (2.0, 2.0), "(2, 0)": (2.0, 0.0)}

controls = {
    "start": Control("start θᵏ", tuple(STARTS), default="(1, 3)"),
    "delta": Control("radius δ", (0.05, 0.1, 0.2, 0.5, 1.0, 2.0), default=0.5),
    "eps": Control("PPO's clip ε", (0.1, 0.2, 0.4), default=0.2),
}

BALLS, THETA1, THETA2 = "KL = δ (solid) and its model (dashed)", (-2, 0, 2, 4), (-2, 0, 2)
RIGHT, DOWN = "change of θ₁, logit of going right", "change of θ₂, logit of going down"
PLANE = Panel(BALLS, RIGHT, (-3.1, 4.7), (-2.2, 2.2), THETA1, THETA2, ylabel=DOWN)
ALONG = Panel(
    "KL / δ along NPG", "part of the step", (0, 1.3), (0, 2.4), (0.0, 0.5, 1.0), (0.0, 1.0, 2.0)
)
GAINS = Panel("Gain / promised", "gain in J", (-1.5, 2.5), (3.6, -0.6), (0.0, 1.0), width=1.2)
GRID = GridWorld.named("4x4", slip=0.1)
MDP = GRID.mdp(H)


def _features() -> np.ndarray:
    """Of "right" in the lower half of the map, and of "down" in all of it, ``(S, A, 2)``."""
    live = ~GRID.terminal
    features = np.zeros((GRID.S, GRID.A, 2))
    features[live & (GRID.cells[:, 0] >= 2), GRID.ACTIONS.index("right"), 0] = 1
    features[live, GRID.ACTIONS.index("down"), 1] = 1
    return features


POLICY = LinearSoftmax(_features())


@cache
def problem_of(start: str) -> LocalProblem:
    """The exact local problem around a start. Statement: `trpo`."""
    return exact_problem(MDP, POLICY, np.array(STARTS[start]))


class Steps(NamedTuple):
    """The steps by method, and the parts of the natural step that TRPO tried."""

    by: dict[str, np.ndarray]
    tried: np.ndarray


@cache
def steps(start: str, delta: float, eps: float) -> Steps:
    r"""Where each method goes, as steps from :math:`\theta^k`.

    Statement: `trpo_implement`, `npg_optimization`, `ppo_clip`. The gradient step is as long as
    :math:`\tfrac12d^\top Fd=\delta` allows, like the natural one.
    """
    problem = problem_of(start)
    g, F = problem.gradient, exact.fisher(MDP, POLICY, problem.theta_k)
    natural = npg_step(g, F, delta=delta)
    shortened = trpo_update(problem, delta, backtrack=SHORTER) - problem.theta_k
    tries = round(np.log(shortened @ natural / (natural @ natural)) / np.log(SHORTER))
    by = {
        "gradient": np.sqrt(2 * delta / (g @ F @ g)) * g,
        "NPG": natural,
        "TRPO": shortened,
        "PPO": ppo_path(start, eps)[-1],
    }
    return Steps(by, SHORTER ** np.arange(tries + 1))


@cache
def ppo_path(start: str, eps: float) -> np.ndarray:
    """PPO's steps after each epoch, shape ``(21, 2)``. Statement: `ppo_clip`."""
    problem = problem_of(start)
    path = [ppo_update(problem, eps=eps, epochs=e) - problem.theta_k for e in range(EPOCHS + 1)]
    return np.array(path)


def gain(start: str, d: np.ndarray) -> float:
    """The exact change of J by a step. Statement: `surrogate`."""
    theta_k = problem_of(start).theta_k
    old, new = (exact.evaluate(MDP, POLICY.table(theta)).J for theta in (theta_k, theta_k + d))
    return float(new - old)


@cache
def divergences(start: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A grid of steps, and the true divergence of each. Statement: `trajectory_kl`."""
    problem = problem_of(start)
    x, y = np.linspace(*PLANE.xlim, 45), np.linspace(*PLANE.ylim, 45)
    kl = [[problem.kl(problem.theta_k + np.array([a, b])) for a in x] for b in y]
    return x, y, np.array(kl)


def frame(start: str, delta: float, eps: float) -> Figure:
    """The ball and its model with the steps; the divergence along one of them; and their gains.

    Statement: `trpo`.
    """
    with style.within():
        fig, (plane, along, gains) = panels(((PLANE,), (ALONG, GAINS)), 5.8, (1.75, 1.0))
        _draw_balls(plane, start, delta)
        _draw_steps(plane, start, delta, eps)
        _draw_along(along, start, delta, eps)
        _draw_gains(gains, start, delta, eps)
    return fig


def _draw_balls(ax: Axes, start: str, delta: float) -> None:
    """The true ball, filled, and the ellipse of the quadratic model around it."""
    ax.contourf(*divergences(start), levels=[-1, delta], colors=[style.SKY], alpha=0.3)
    ax.contour(*divergences(start), levels=[delta], colors=[style.INK], linewidths=1.5)
    around = np.linspace(0, 2 * np.pi, 121)
    circle = np.array([np.cos(around), np.sin(around)])
    root = np.linalg.cholesky(np.linalg.inv(exact.fisher(MDP, POLICY, problem_of(start).theta_k)))
    ax.plot(*np.sqrt(2 * delta) * root @ circle, color=style.INK, lw=1.2, ls="--")


def _draw_steps(ax: Axes, start: str, delta: float, eps: float) -> None:
    for name, d in steps(start, delta, eps).by.items():
        way = ppo_path(start, eps) if name == "PPO" else np.array([0 * d, d])
        ax.plot(*way.T, color=LOOKS[name][0], lw=1)
        _mark(ax, name, *d)
    ax.plot([0], [0], "o", color=style.INK, ms=5)


def _mark(ax: Axes, name: str, x: float, y: float) -> None:
    """The mark of a method; that of the natural step is large, since TRPO's may lie upon it."""
    colour, marker = LOOKS[name]
    ax.plot([x], [y], marker, color=colour, ms=11 if name == "NPG" else 7, mec=style.PAPER, mew=0.8)


def _draw_along(ax: Axes, start: str, delta: float, eps: float) -> None:
    """The true divergence and its model on the way of the natural step, in units of the radius."""
    problem, (by, tried) = problem_of(start), steps(start, delta, eps)

    def kl(t: np.ndarray) -> list[float]:
        return [problem.kl(problem.theta_k + part * by["NPG"]) / delta for part in t]

    t = np.linspace(0, 1.3, 40)
    ax.axhline(1, color=style.MUTED, lw=1)
    ax.plot(t, t**2, color=style.INK, lw=1.2, ls="--")
    ax.plot(t, kl(t), color=style.INK, lw=1.5)
    ax.plot(tried, kl(tried), "o", color=style.VERMILLION, ms=4)
    for name, part in (("NPG", 0), ("TRPO", -1)):
        _mark(ax, name, tried[part], kl(tried)[part])


def _draw_gains(ax: Axes, start: str, delta: float, eps: float) -> None:
    """The true gains as shares of what the surrogate promised, and as numbers."""
    problem = problem_of(start)
    ax.axvline(1, color=style.MUTED, lw=1)
    for row, (name, d) in enumerate(steps(start, delta, eps).by.items()):
        kept = gain(start, d) / problem.surrogate(problem.theta_k + d)
        ax.plot([0, kept], [row, row], color=LOOKS[name][0], lw=6, solid_capstyle="butt")
        _mark(ax, name, -1.35, row)
        for x, words, side in ((-1.2, name, "left"), (2.5, f"{gain(start, d):.3f}", "right")):
            ax.text(x, row, words, ha=side, size=style.FONT - 1, va="center_baseline")


def describe(start: str, delta: float, eps: float) -> str:
    """The true divergence of each step, and the gain.

    Statement: `trpo`.

    >>> print(describe(start="(1, 3)", delta=0.5, eps=0.2))
    From θᵏ = (1, 3) with the radius δ = 0.5, the natural step has the true divergence 0.838. TRPO
    takes 73% of it: 0.399. The gradient step of the same quadratic model has 0.679; PPO with ε = 0.2,
    which does not know δ, has 0.196. Gains in J: gradient 0.463, NPG 0.750, TRPO 0.476, PPO 0.229.
    """
    problem, (by, tried) = problem_of(start), steps(start, delta, eps)
    kl = {name: f"{problem.kl(problem.theta_k + d):.3f}" for name, d in by.items()}
    gains = ", ".join(f"{name} {gain(start, d):.3f}" for name, d in by.items())
    return (
        f"From θᵏ = {start} with the radius δ = {text(delta)}, the natural step has the true "
        f"divergence {kl['NPG']}. TRPO takes {tried[-1]:.0%} of it: {kl['TRPO']}. The gradient step "
        f"of the same quadratic model has {kl['gradient']}; PPO with ε = {text(eps)}, which does not "
        f"know δ, has {kl['PPO']}. Gains in J: {gains}."
    )
