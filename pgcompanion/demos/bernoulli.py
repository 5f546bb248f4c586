"""Vanilla and natural gradient ascent side by side, on one decision with two outcomes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pgcompanion import bernoulli, style
from pgcompanion.demos import Control, Panel, panels
from pgcompanion.demos.engine.controls import text
from pgcompanion.demos.engine.marks import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

K = 15
LOW, HIGH = -5.0, 17.5

controls = {
    "theta0": Control("start θ₀", (-4.0, -2.0, 0.0, 2.0, 4.0), default=0.0),
    "eta": Control("step size η", (0.001, 0.002, 0.004, 0.008), default=0.008, log=True),
    "k": Control("step k", tuple(range(K + 1)), default=0, time=True),
}

THETA, STEPS = (0.0, 4.0, 8.0, 12.0, 16.0), (0.0, 5.0, 10.0, 15.0)
OVER_THETA = Panel(
    "J(θ)", "θ", xlim=(LOW, HIGH), xticks=THETA, ylim=(-6, 108), yticks=(0.0, 50.0, 100.0)
)
OVER_STEPS = Panel(
    "θ", xlim=(-0.5, K + 0.5), xticks=STEPS, ylim=(LOW, HIGH), yticks=(0.0, 8.0, 16.0)
)
CHANCE = replace(
    OVER_STEPS, title="π(1)", xlabel="step k", ylim=(-0.06, 1.08), yticks=(0.0, 0.5, 1.0)
)

ROWS = tuple(
    (
        replace(panel, title=f"Vanilla: {panel.title}", numbers=numbers),
        replace(panel, title=f"Natural: {panel.title}", numbers=numbers[:-1]),
    )
    for panel, numbers in ((OVER_THETA, "xy"), (OVER_STEPS, "y"), (CHANCE, "xy"))
)


def numbers(theta0: float, eta: float, k: int) -> dict[str, np.ndarray]:
    """The iterates of both methods up to ``K``, their flow, and the steps that vanilla lacks.

    Statement: `natural_simple`. ``theta``, ``J`` and ``pi`` are ``(2, K + 1)``, ``flow`` is ``(2, 61)``.
    ``more`` is how many further steps the flow of vanilla takes to where natural stands after ``k``.
    """
    times = np.linspace(0, K, 61)
    theta = np.array([_path(theta0, eta, natural) for natural in (False, True)])
    flow = np.array([bernoulli.flow(theta0, eta * times, natural) for natural in (False, True)])
    vanilla, natural = 2 * np.sinh(theta[:, k]) + 2 * theta[:, k]
    return {
        "theta": theta,
        "J": bernoulli.J(theta),
        "pi": bernoulli.probability(theta),
        "flow": flow,
        "more": np.asarray(max(natural - vanilla, 0.0) / (99 * eta)),
    }


def constants() -> dict[str, float]:
    """How many steps there are."""
    return {"K": K}


def frame(theta0: float, eta: float, k: int) -> Figure:
    """J over θ, then θ and π(1) over the steps; iterates as dots, closed forms as bands.

    Statement: `natural_simple`.
    """
    with style.within():
        fig, axes = panels(ROWS, height=5.3)
        for method, colour in enumerate((style.BLUE, style.VERMILLION)):
            _draw(axes[method::2], theta0, eta, k, natural=bool(method), colour=colour)
    return fig


def _draw(axes: list[Axes], theta0: float, eta: float, k: int, natural: bool, colour: str) -> None:
    steps, times = np.arange(k + 1), np.linspace(0, K, 61)
    theta = _path(theta0, eta, natural)[: k + 1]
    flow = bernoulli.flow(theta0, eta * times, natural)
    everywhere = np.linspace(LOW, HIGH, 96)
    hill, parameter, probability = axes
    law = "θ₀ + 99ηk" if natural else "2 sinh θ + 2θ = 99ηk + c"
    say(parameter, 0.04, 0.9, law, va="top")
    for ax, x, curve, at, y in (
        (hill, everywhere, bernoulli.J(everywhere), theta, bernoulli.J(theta)),
        (parameter, times, flow, steps, theta),
        (probability, times, bernoulli.probability(flow), steps, bernoulli.probability(theta)),
    ):
        ax.plot(x, curve, color=colour, alpha=0.3, lw=6)
        ax.plot(at[:-1], y[:-1], "o", color=colour, ms=5, mec=style.PAPER, mew=0.6)
        ax.plot(at[-1:], y[-1:], "o", color=colour, ms=10, mec=style.PAPER, mew=1.5)


def _path(theta0: float, eta: float, natural: bool) -> np.ndarray:
    return bernoulli.path(theta0, eta, K, natural=natural)


def describe(theta0: float, eta: float, k: int) -> str:
    """Where each method stands after k steps, what it lacks, and how long its steps were.

    Statement: `natural_simple`.

    >>> print(describe(theta0=0.0, eta=0.008, k=0))
    Before the first step of size η = 0.008 from θ₀ = 0, both methods stand at θ = 0, π(1) = 0.500,
    J = 50.50, 50 below the best.
    """
    start = f"of size η = {text(eta)} from θ₀ = {text(theta0)}"
    if k == 0:
        return f"Before the first step {start}, both methods stand at {_where(theta0)}."
    vanilla, natural = (_path(theta0, eta, method)[: k + 1] for method in (False, True))
    first, last = np.diff(vanilla)[[0, -1]]
    return (
        f"After {k} step{'s' * (k > 1)} {start}. Vanilla: {_where(vanilla[-1])}; "
        f"its first step was {first:.4f}, its last {last:.4f}. Natural: {_where(natural[-1])}; "
        f"every step is {natural[1] - natural[0]:.4f}."
    )


def _where(theta: float) -> str:
    missing = np.format_float_positional(
        float(100 - bernoulli.J(theta)), precision=2, fractional=False, trim="-"
    )
    return (
        f"θ = {text(round(float(theta), 2))}, π(1) = {bernoulli.probability(theta):.3f}, "
        f"J = {bernoulli.J(theta):.2f}, {missing} below the best"
    )
