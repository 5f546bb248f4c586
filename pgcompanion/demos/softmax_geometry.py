"""The vanilla and the natural gradient as vector fields over the policies of one decision."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from pgcompanion import exact, style
from pgcompanion.algorithms import Iterate, npg, reinforce
from pgcompanion.batches import Exact
from pgcompanion.demos import Control, Panel, panels
from pgcompanion.demos.engine.marks import dots, key, say
from pgcompanion.mdp import MDP
from pgcompanion.policies import TabularSoftmax
from pgcompanion.policies.softmax import softmax
from pgcompanion.steps import natural_gradient

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

K, ETA = 128, 1.0

#: At the uniform policy of three actions F⁺ = 3, up to a constant in the logits: with these two
#: step sizes both methods take the same step there.
VANILLA_ETA = 3 * ETA

STARTS = {
    "in the centre": (1 / 3, 1 / 3, 1 / 3),
    "near the second best": (0.02, 0.96, 0.02),
    "near the worst": (0.02, 0.02, 0.96),
    "far from the best": (0.002, 0.499, 0.499),
}
Start = str | tuple[float, ...]
VIEWS = ("probabilities", "logits")

controls = {
    "start": Control("start", tuple(STARTS), default="near the second best"),
    "gap": Control("reward gap", (0.05, 0.2, 0.5), default=0.2),
    "view": Control("drawn over", VIEWS, default="probabilities"),
    "k": Control("step k", (0, *(2**i for i in range(8))), default=0, time=True),
}

POLICY = TabularSoftmax(1, 3)
COLOURS = {"Vanilla": style.BLUE, "Natural": style.VERMILLION}
NOW: dict[str, Any] = {"ms": 9, "mec": style.PAPER, "mew": 1.5}
CORNERS = np.array([(0.5, np.sqrt(0.75)), (1.0, 0.0), (0.0, 0.0)])

LEAST, LOGITS, TIMES = 0.001, (-5.0, 0.0, 5.0), (0.0, 32.0, 64.0, 96.0, 128.0)
UPPER = {
    "probabilities": tuple(
        Panel(method, xlim=(-0.13, 1.13), ylim=(-0.17, 1.03), numbers="") for method in COLOURS
    ),
    "logits": tuple(
        Panel(method, "θ₁ − θ₃", (-7, 8), (-7, 8), LOGITS, LOGITS, numbers=numbers, ylabel=ylabel)
        for method, numbers, ylabel in zip(COLOURS, ("xy", "x"), ("θ₂ − θ₃", ""), strict=True)
    ),
}
MISSING = Panel(
    "What J lacks", "steps", (-2, K + 2), (LEAST, 2), TIMES, (0.01, 0.1, 1.0), yscale="log", lines=1
)


def decision(gap: float) -> MDP:
    """One decision among three actions, which pay 1, 1 − ``gap`` and 0.

    Statement: `objective_fn`.
    """
    return MDP(np.ones((1, 3, 1)), np.array([[1.0, 1.0 - gap, 0.0]]), np.ones(1), H=1)


def vanilla(theta: np.ndarray, gap: float) -> np.ndarray:
    """A step of gradient ascent, shape ``(3,)``. Statement: `gradient_ascent`."""
    return VANILLA_ETA * exact.gradient(decision(gap), POLICY, theta)


def natural(theta: np.ndarray, gap: float) -> np.ndarray:
    """A step along the natural gradient, shape ``(3,)``. Statement: `npg`."""
    return ETA * natural_gradient(POLICY, theta, Exact(decision(gap))(POLICY, theta))


STEPS: dict[str, Callable[..., np.ndarray]] = {"Vanilla": vanilla, "Natural": natural}
RUNS: dict[str, tuple[Callable[..., Iterator[Iterate]], float]] = {
    "Vanilla": (reinforce, VANILLA_ETA),
    "Natural": (npg, ETA),
}


def probabilities(start: Start) -> tuple[float, ...]:
    """The policy of a start: that of a name, or the probabilities themselves. Statement: `npg`.

    >>> probabilities("near the worst"), probabilities((0.2, 0.3, 0.5))
    ((0.02, 0.02, 0.96), (0.2, 0.3, 0.5))
    """
    return STARTS[start] if isinstance(start, str) else tuple(start)


@cache
def path(method: str, start: Start, gap: float) -> np.ndarray:
    """The iterates, shape ``(K + 1, 3)``. Statement: `npg`, `gradient_ascent`."""
    run, eta = RUNS[method]
    iterates = run(Exact(decision(gap)), POLICY, np.log(probabilities(start)), eta=eta, K=K)
    return np.array([it.theta for it in iterates])


@cache
def field(method: str, gap: float, view: str) -> tuple[np.ndarray, np.ndarray]:
    """Where the arrows of a picture start and end, both ``(n, 2)``: each is one step of the method.

    Statement: `npg`, `gradient_ascent`.
    """
    theta = _tails(view)
    steps = np.array([STEPS[method](each, gap) for each in theta])
    return place(theta, view), place(theta + steps, view)


def _tails(view: str) -> np.ndarray:
    """Parameters spread over the triangle, its rim included, or over the plane of logits."""
    if view == "logits":
        return np.array([(x, y, 0.0) for y, x in product(np.arange(-6, 8, 2.0), repeat=2)])
    thirds = np.array([(a, b, 6 - a - b) for a in range(7) for b in range(7 - a)]) / 6
    return np.log(0.02 + 0.94 * thirds)


def place(theta: np.ndarray, view: str) -> np.ndarray:
    """Where parameters ``(..., 3)`` lie in the picture, ``(..., 2)``.

    Statement: `tabular_softmax`.
    """
    if view == "logits":
        return theta[..., :2] - theta[..., 2:]
    return np.asarray(softmax(theta) @ CORNERS)


def missing(theta: np.ndarray, gap: float) -> np.ndarray:
    """What J lacks of its least upper bound 1, without cancellation. Statement: `objective_fn`."""
    return np.asarray(softmax(theta) @ (1 - decision(gap).r[0]))


def numbers(start: Start, gap: float, view: str, k: int) -> dict[str, np.ndarray]:
    """Both paths, what J lacks along them, both fields, and their lengths after ``k`` steps.

    Statement: `npg`, `gradient_ascent`. ``path`` is ``(2, K + 1, 3)``, ``missing`` ``(2, K + 1)``,
    ``heads`` ``(2, n, 2)``: where the arrows end that start at ``tails (n, 2)``.
    """
    start = probabilities(start)
    paths = np.array([path(method, start, gap) for method in STEPS])
    return {
        "path": paths,
        "missing": missing(paths, gap),
        "tails": field("Vanilla", gap, view)[0],
        "heads": np.array([field(method, gap, view)[1] for method in STEPS]),
        "length": np.array(
            [
                np.linalg.norm(step(each[k], gap))
                for step, each in zip(STEPS.values(), paths, strict=True)
            ]
        ),
    }


def constants() -> dict[str, Any]:
    """The starts by name, the number of steps, and the step sizes."""
    return {"starts": STARTS, "K": K, "eta": [VANILLA_ETA, ETA]}


def frame(start: Start, gap: float, view: str, k: int) -> Figure:
    """Both fields with a path, above what J still lacks.

    Statement: `npg`.
    """
    with style.within():
        fig, (*fields, lacks) = panels((UPPER[view], (MISSING,)), 5.2, (1.5, 1.0))
        for x, (method, colour), ax in zip((0.02, 0.3), COLOURS.items(), fields, strict=True):
            theta = path(method, start, gap)
            lack = np.column_stack([np.arange(K + 1), missing(theta, gap)])
            if view == "probabilities":
                _draw_triangle(ax, gap)
            _draw_field(ax, method, gap, view)
            _draw_path(ax, place(theta[: k + 1], view), colour)
            ax.plot(*place(theta[k], view), "o", color=colour, **NOW)
            _draw_absence(ax, place(theta[k], view), colour)
            lacks.plot(*lack.T, color=colour, alpha=0.3, lw=4)
            _draw_path(lacks, lack[: k + 1], colour)
            dots(lacks, k, lack[k, 1], colour, **NOW)
            key(lacks, x, method, colour, marker="o", ms=7)
    return fig


def _draw_triangle(ax: Axes, gap: float) -> None:
    ax.fill(*CORNERS.T, fc=style.GRID, ec=style.MUTED, alpha=0.4, lw=1)
    places = ((0.5, 0.93, "center"), (1.12, -0.13, "right"), (-0.12, -0.13, "left"))
    for (x, y, side), r in zip(places, decision(gap).r[0], strict=True):
        ax.text(x, y, f"pays {r:g}", ha=side, size=style.FONT - 1)


def _draw_field(ax: Axes, method: str, gap: float, view: str) -> None:
    """Each arrow is one step; where it is too short to be seen, a dot is left."""
    tail, head = field(method, gap, view)
    ax.plot(*tail.T, "o", color=style.MUTED, ms=1.8, mec="none")
    ax.quiver(
        *tail.T, *(head - tail).T, color=style.MUTED, angles="xy", scale_units="xy", scale=1,
        width=0.009, headwidth=4, headlength=4.5, headaxislength=4, minlength=0.5,
    )  # fmt: skip


def _draw_path(ax: Axes, points: np.ndarray, colour: str) -> None:
    """A line with a dot at the start and after 1, 2, 4, 8, … steps."""
    ax.plot(*points.T, color=colour, lw=1.5)
    stops = [place for place in (0, *(2**i for i in range(8))) if place < len(points)]
    ax.plot(*points[stops].T, "o", color=colour, ms=4.5, mec=style.PAPER, mew=0.6)


def _draw_absence(ax: Axes, point: np.ndarray, colour: str) -> None:
    """Say so where a path has left the panel."""
    low, high = np.transpose([ax.get_xlim(), ax.get_ylim()])
    if ((point < low) | (point > high)).any():
        paper = {"fc": style.PAPER, "ec": "none", "pad": 1.5}
        say(ax, 0.98, 0.04, "off the map", colour, "right", bbox=paper)


def describe(start: Start, gap: float, view: str, k: int) -> str:
    """Where both methods stand, what they lack, and how far their next step goes in the logits.

    Statement: `npg`.

    >>> print(describe(start="in the centre", gap=0.2, view="logits", k=0))
    Over the logits, 0 steps from a start in the centre; the actions pay 1, 0.8 and 0. Vanilla: π =
    (0.333, 0.333, 0.333), J lacks 0.4, and the next step moves the logits by 0.75. Natural: π =
    (0.333, 0.333, 0.333), J lacks 0.4, and the next step moves the logits by 0.75.
    """
    words = start if isinstance(start, str) else f"at ({', '.join(f'{p:.3f}' for p in start)})"
    where = (
        f"Over the {view}, {k} step{'s' * (k != 1)} from a start {words}; the actions pay 1, "
        f"{1 - gap:g} and 0."
    )
    return " ".join(
        [where, *(_stands(method, path(method, start, gap)[k], gap) for method in STEPS)]
    )


def _stands(method: str, theta: np.ndarray, gap: float) -> str:
    pi, lack = ", ".join(f"{p:.3f}" for p in softmax(theta)), missing(theta, gap)
    return (
        f"{method}: π = ({pi}), J lacks {f'{lack:.2g}' if lack > 1e-4 else 'less than 0.0001'}, and "
        f"the next step moves the logits by {np.linalg.norm(STEPS[method](theta, gap)):.2g}."
    )
