"""The true divergence ball, its quadratic model, and where four steps from one policy land."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pgcompanion import exact, objectives, style
from pgcompanion.batches import Batch, Exact
from pgcompanion.demos import Control, Panel, panels
from pgcompanion.demos.engine.controls import text
from pgcompanion.gridworld import GridWorld
from pgcompanion.policies import LinearSoftmax
from pgcompanion.steps import npg_step, ppo_step, trpo_step

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

#: A start by its name, or the parameters themselves.
Start = str | tuple[float, float]

controls = {
    "start": Control("start θᵏ", tuple(STARTS), default="(1, 3)"),
    "delta": Control("radius δ", (0.05, 0.1, 0.2, 0.5, 1.0, 2.0), default=0.5, log=True),
    "eps": Control("PPO’s clip ε", (0.1, 0.2, 0.4), default=0.2, log=True),
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
def seen_from(start: Start) -> tuple[np.ndarray, Batch]:
    r"""A start :math:`\theta^k`, ``(2,)``, and the exact batch there. Statement: `trpo`."""
    theta_k = np.array(STARTS[start] if isinstance(start, str) else start)
    return theta_k, Exact(MDP)(POLICY, theta_k)


def kl(start: Start, d: np.ndarray) -> float:
    """The true divergence of a step. Statement: `trajectory_kl`."""
    theta_k, batch = seen_from(start)
    return objectives.kl(POLICY, theta_k, theta_k + d, batch)


class Steps(NamedTuple):
    """The steps by method, and the parts of the natural step that TRPO tried."""

    by: dict[str, np.ndarray]
    tried: np.ndarray


@cache
def steps(start: Start, delta: float, eps: float) -> Steps:
    r"""Where each method goes, as steps from :math:`\theta^k`.

    Statement: `trpo_implement`, `npg_optimization`, `ppo_clip`. The gradient step is as long as
    :math:`\tfrac12d^\top Fd=\delta` allows, like the natural one.
    """
    theta_k, batch = seen_from(start)
    g, F = exact.gradient(MDP, POLICY, theta_k), exact.fisher(MDP, POLICY, theta_k)
    natural = npg_step(g, F, delta)
    shortened = trpo_step(POLICY, theta_k, batch, delta, backtrack=SHORTER) - theta_k
    tries = round(np.log(shortened @ natural / (natural @ natural)) / np.log(SHORTER))
    by = {
        "gradient": np.sqrt(2 * delta / (g @ F @ g)) * g,
        "NPG": natural,
        "TRPO": shortened,
        "PPO": ppo_path(start, eps)[-1],
    }
    return Steps(by, SHORTER ** np.arange(tries + 1))


@cache
def ppo_path(start: Start, eps: float) -> np.ndarray:
    """PPO's steps after each epoch, shape ``(21, 2)``. Statement: `ppo_clip`."""
    theta_k, batch = seen_from(start)
    path = [ppo_step(POLICY, theta_k, batch, eps=eps, epochs=e) for e in range(EPOCHS + 1)]
    return np.array(path) - theta_k


def gain(start: Start, d: np.ndarray) -> float:
    """The exact change of J by a step. Statement: `surrogate`."""
    theta_k, _ = seen_from(start)
    old, new = (exact.evaluate(MDP, POLICY.table(theta)).J for theta in (theta_k, theta_k + d))
    return float(new - old)


@cache
def divergences(start: Start) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A grid of steps, and the true divergence of each. Statement: `trajectory_kl`."""
    x, y = np.linspace(*PLANE.xlim, 45), np.linspace(*PLANE.ylim, 45)
    return x, y, np.array([[kl(start, np.array([a, b])) for a in x] for b in y])


#: The directions in which the boundary is followed, and the parts of the natural step.
AROUND, PARTS = np.linspace(0, 2 * np.pi, 65), np.linspace(0, 1.3, 27)


def numbers(start: Start, delta: float, eps: float) -> dict[str, np.ndarray]:
    """The steps with divergence, gain and promise; both boundaries; the divergence along NPG.

    Statement: `trpo`. Rows of ``steps (4, 2)`` are the methods in the order of ``LOOKS``. ``ellipse`` and
    ``boundary`` are ``(65, 2)``: where the model and the true divergence equal the radius.
    """
    theta_k, batch = seen_from(start)
    by, tried = steps(start, delta, eps)
    ds = np.array(list(by.values()))
    return {
        "steps": ds,
        "tried": tried,
        "ppo": ppo_path(start, eps),
        "kl": np.array([kl(start, d) for d in ds]),
        "gain": np.array([gain(start, d) for d in ds]),
        "promise": np.array([objectives.surrogate(POLICY, theta_k + d, batch) for d in ds]),
        "ellipse": (ellipse := _ellipse(start, delta)),
        "boundary": np.array([_to_boundary(start, delta, u) * u for u in ellipse]),
        "along": np.array([kl(start, part * by["NPG"]) / delta for part in PARTS]),
    }


def _ellipse(start: Start, delta: float) -> np.ndarray:
    """Where the model of the divergence is the radius, ``(65, 2)``."""
    root = np.linalg.cholesky(np.linalg.inv(exact.fisher(MDP, POLICY, seen_from(start)[0])))
    circle = np.array([np.cos(AROUND), np.sin(AROUND)])
    return np.asarray((np.sqrt(2 * delta) * root @ circle).T)


def _to_boundary(start: Start, delta: float, u: np.ndarray) -> float:
    """How many times ``u`` has the true divergence of the radius; it is convex, so Newton's method finds it.

    Where the divergence levels off below the radius, ``FAR`` is the answer.
    """
    theta_k, batch = seen_from(start)
    if kl(start, FAR * u) <= delta:
        return FAR
    r = FAR
    for _ in range(NEWTON):
        slope = objectives.kl_gradient(POLICY, theta_k, theta_k + r * u, batch) @ u
        r -= (step := (kl(start, r * u) - delta) / slope)
        if abs(step) < 1e-14 * r:
            break
    return float(r)


#: How many times as far as the model's the true boundary is sought, and the most Newton steps from there.
FAR, NEWTON = 6.0, 25


def constants() -> dict[str, Any]:
    """The map and the features, by kinds of states that share them."""
    kinds, kind = np.unique(POLICY.features, axis=0, return_inverse=True)
    world = {"map": GRID.map, "slip": GRID.slip, "H": H, "starts": STARTS}
    return world | {"kinds": kinds, "kind": kind.ravel(), "shorter": SHORTER, "epochs": EPOCHS}


def frame(start: Start, delta: float, eps: float) -> Figure:
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


def _draw_balls(ax: Axes, start: Start, delta: float) -> None:
    """The true ball, filled, and the ellipse of the quadratic model around it."""
    ax.contourf(*divergences(start), levels=[-1, delta], colors=[style.SKY], alpha=0.3)
    ax.contour(*divergences(start), levels=[delta], colors=[style.INK], linewidths=1.5)
    ax.plot(*_ellipse(start, delta).T, color=style.INK, lw=1.2, ls="--")


def _draw_steps(ax: Axes, start: Start, delta: float, eps: float) -> None:
    for name, d in steps(start, delta, eps).by.items():
        way = ppo_path(start, eps) if name == "PPO" else np.array([0 * d, d])
        ax.plot(*way.T, color=LOOKS[name][0], lw=1)
        _mark(ax, name, *d)
    ax.plot([0], [0], "o", color=style.INK, ms=5)


def _mark(ax: Axes, name: str, x: float, y: float) -> None:
    """The mark of a method; that of the natural step is large, since TRPO's may lie upon it."""
    colour, marker = LOOKS[name]
    ax.plot([x], [y], marker, color=colour, ms=11 if name == "NPG" else 7, mec=style.PAPER, mew=0.8)


def _draw_along(ax: Axes, start: Start, delta: float, eps: float) -> None:
    """The true divergence and its model on the way of the natural step, in units of the radius."""
    by, tried = steps(start, delta, eps)

    def of_delta(t: np.ndarray) -> list[float]:
        return [kl(start, part * by["NPG"]) / delta for part in t]

    t = np.linspace(0, 1.3, 40)
    ax.axhline(1, color=style.MUTED, lw=1)
    ax.plot(t, t**2, color=style.INK, lw=1.2, ls="--")
    ax.plot(t, of_delta(t), color=style.INK, lw=1.5)
    ax.plot(tried, of_delta(tried), "o", color=style.VERMILLION, ms=4)
    for name, part in (("NPG", 0), ("TRPO", -1)):
        _mark(ax, name, tried[part], of_delta(tried)[part])


def _draw_gains(ax: Axes, start: Start, delta: float, eps: float) -> None:
    """The true gains as shares of what the surrogate promised, and as numbers."""
    theta_k, batch = seen_from(start)
    ax.axvline(1, color=style.MUTED, lw=1)
    for row, (name, d) in enumerate(steps(start, delta, eps).by.items()):
        kept = gain(start, d) / objectives.surrogate(POLICY, theta_k + d, batch)
        ax.plot([0, kept], [row, row], color=LOOKS[name][0], lw=6, solid_capstyle="butt")
        _mark(ax, name, -1.35, row)
        for x, words, side in ((-1.2, name, "left"), (2.5, f"{gain(start, d):.3f}", "right")):
            ax.text(x, row, words, ha=side, size=style.FONT - 1, va="center_baseline")


def describe(start: Start, delta: float, eps: float) -> str:
    """The true divergence of each step, and the gain.

    Statement: `trpo`.

    >>> print(describe(start="(1, 3)", delta=0.5, eps=0.2))
    From θᵏ = (1, 3) with the radius δ = 0.5, the natural step has the true divergence 0.838. TRPO
    takes 73% of it: 0.399. The gradient step of the same quadratic model has 0.679; PPO with ε =
    0.2, which does not know δ, has 0.196. Gains in J: gradient 0.463, NPG 0.750, TRPO 0.476, PPO
    0.229.
    """
    by, tried = steps(start, delta, eps)
    nats = {name: f"{kl(start, d):.3f}" for name, d in by.items()}
    gains = ", ".join(f"{name} {gain(start, d):.3f}" for name, d in by.items())
    words = start if isinstance(start, str) else f"({text(start[0])}, {text(start[1])})"
    return (
        f"From θᵏ = {words} with the radius δ = {text(delta)}, the natural step has the true "
        f"divergence {nats['NPG']}. TRPO takes {tried[-1]:.0%} of it: {nats['TRPO']}. The gradient "
        f"step of the same quadratic model has {nats['gradient']}; PPO with ε = {text(eps)}, which "
        f"does not know δ, has {nats['PPO']}. Gains in J: {gains}."
    )
