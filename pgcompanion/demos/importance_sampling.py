"""Importance sampling of a mean, Gaussian or categorical, and of whole trajectories against steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pgcompanion import style
from pgcompanion.demos import Control, Panel, panels
from pgcompanion.demos.engine.controls import text
from pgcompanion.demos.engine.marks import dots, outside, say
from pgcompanion.demos.weighing.cases import (
    BATCHES,
    CASES,
    GRID,
    MOST,
    NARROWEST,
    NORMAL,
    SCALES,
    STREAM,
    VALUES,
    WIDEST,
    Batches,
    H,
    batches,
    density,
    direction,
    moments,
    probabilities,
    variances,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

controls = {
    "kind": Control("distributions", tuple(CASES), default="Gaussian", more=True),
    "m": Control("target’s shift m", (0.0, 1.0, 2.0, 3.0), default=1.0),
    "s": Control("target’s scale s", (0.5, 1.0, 1.3, 1.5), default=1.0),
    "N": Control("samples N", (30, 300, 3000), default=300, whole=True, log=True),
    "eta": Control("policy’s step η", (2.0, 4.0, 8.0), default=4.0, more=True),
}

WEIGHTS = np.linspace(-4, 3, 29)

DENSITIES = Panel(
    "Target and proposal",
    "x",
    (-4.5, 8),
    (0, 1.15),
    xticks=(-4.0, 0.0, 4.0, 8.0),
    yticks=(0.0, 0.4, 0.8),
)
SHARES = Panel("Weights", "log₁₀ w", (-4.3, 3.3), (0, 1.8), (-4.0, -2.0, 0.0, 2.0), (0.0, 0.5, 1.0))
INTERVALS = Panel(
    f"{BATCHES} estimates", "batch", (-1, BATCHES), (-2.5, 6), (0.0, 10.0), (-2.0, 0.0, 2.0, 4.0)
)
VARIANCES = Panel(
    "log₁₀ of the variance",
    "scale s",
    (NARROWEST, WIDEST),
    (-2, 7),
    (0.5, 1.0, 1.5),
    (0.0, 2.0, 4.0, 6.0),
)
TITLE, STEPS = "Second moment of a trajectory’s ratio", (0.0, 10.0, 20.0, 30.0)
RATIOS = Panel(TITLE, "steps", (0, H + 1), (0.8, 300), STEPS, (1.0, 10.0, 100.0), yscale="log")
ROWS = ((DENSITIES, SHARES), (INTERVALS, VARIANCES), (RATIOS,))


def numbers(kind: str, m: float, s: float, N: int, eta: float) -> dict[str, np.ndarray]:
    """The estimates of twenty batches, what they are worth and what they never saw; the ratios.

    Statement: `importance_sampling`. ``w (N,)`` are the weights of the first batch, ``mean``, ``stderr``
    and ``unseen`` one number a batch, ``whole (H + 1,)`` and ``single (H,)`` second moments.
    """
    batch, (whole, single) = batches(kind, m, s, N), moments(eta)
    return {
        "w": batch.w,
        "ess": np.asarray(batch.ess),
        "mean": batch.mean,
        "stderr": batch.stderr,
        "exact": np.asarray(batch.exact),
        "unseen": batch.unseen,
        "variance": np.asarray(CASES[kind].variance(m, s)),
        "whole": whole,
        "single": single,
    }


def constants() -> dict[str, Any]:
    """The gridworld and the natural gradient there; how many batches, and how much luck there is."""
    world = {"map": GRID.map, "slip": GRID.slip, "direction": direction(), "H": H}
    return world | {"values": VALUES, "batches": BATCHES, "most": MOST, "stream": STREAM}


def frame(kind: str, m: float, s: float, N: int, eta: float) -> Figure:
    """Densities and weights; estimates and the exact variance; the ratios of trajectories.

    Statement: `importance_sampling`.
    """
    batch = batches(kind, m, s, N)
    with style.within():
        fig, (densities, weights, estimates, variances, ratios) = panels(ROWS, height=6.6)
        {"Gaussian": _draw_bells, "categorical": _draw_bars}[kind](densities, m, s)
        share = f"never sampled: {batch.unseen[0]:.0%}"
        say(densities, 0.97, 0.6, share, style.PURPLE, "right")
        _draw_weights(weights, batch)
        say(weights, 0.03, 0.61, f"worth {batch.ess:.1f} of {N}", style.INK)
        _draw_estimates(estimates, batch)
        _draw_variance(variances, kind, m, s)
        _draw_ratios(ratios, eta)
    return fig


def _draw_bells(ax: Axes, m: float, s: float) -> None:
    x = np.linspace(-4, 8, 121)
    ax.fill_between(x, density(x), color=style.BLUE, alpha=0.25, lw=0)
    ax.plot(x, density(x, m, s), color=style.VERMILLION)
    say(ax, 0.97, 0.88, "proposal N(0, 1)", style.BLUE, "right")
    say(ax, 0.97, 0.74, f"target N({m:g}, {s:g}²)", style.VERMILLION, "right")


def _draw_bars(ax: Axes, m: float, s: float) -> None:
    ax.bar(VALUES, probabilities(), color=style.BLUE, alpha=0.25)
    ax.vlines(VALUES, 0, probabilities(m, s), color=style.VERMILLION)
    ax.plot(VALUES, probabilities(m, s), "o", color=style.VERMILLION, ms=5)
    say(ax, 0.97, 0.88, "proposal q(x)", style.BLUE, "right")
    say(ax, 0.97, 0.74, "target p(x)", style.VERMILLION, "right")


def _draw_weights(ax: Axes, batch: Batches) -> None:
    """How the samples, and how the sum of their weights, are shared out over the weights."""
    place = np.log10(batch.w.clip(10.0 ** WEIGHTS[0], 10.0 ** WEIGHTS[-1]))
    for share, colour, words, height in (
        (np.ones_like(batch.w), style.BLUE, "of the samples", 0.88),
        (batch.w, style.VERMILLION, "of the weight", 0.74),
    ):
        counts = np.histogram(place, WEIGHTS, weights=share / share.sum())[0]
        ax.stairs(counts, WEIGHTS, fill=True, color=colour, alpha=0.35)
        ax.stairs(counts, WEIGHTS, color=colour, lw=1.2)
        say(ax, 0.03, height, words, colour)


def _draw_estimates(ax: Axes, batch: Batches) -> None:
    """The interval of every batch around its estimate; those that miss the exact mean stand out.

    Where an estimate lies beyond the panel, a triangle stands at the edge.
    """
    ax.axhline(batch.exact, color=style.INK, lw=1.2)
    for held, colour in ((True, style.BLUE), (False, style.VERMILLION)):
        at = np.flatnonzero(batch.hold == held)
        reach = NORMAL * batch.stderr[at]
        ax.vlines(at, batch.mean[at] - reach, batch.mean[at] + reach, color=colour, lw=1.6)
        dots(ax, at, batch.mean[at], colour, 4)


def _draw_variance(ax: Axes, kind: str, m: float, s: float) -> None:
    """The exact variance over the scale, a triangle if it is too large, and where there is none."""
    if kind == "Gaussian":
        ax.axvspan(np.sqrt(2), WIDEST, color=style.PURPLE, alpha=0.3, lw=0)
        ax.text(1.56, 2.5, "infinite", rotation=90, ha="center", va="center", size=style.FONT - 1)
    ax.plot(SCALES[kind], np.log10(variances(kind, m)), color=style.BLUE)
    here = CASES[kind].variance(m, s)
    dots(ax, s, np.log10(here), style.VERMILLION, 9)


def _draw_ratios(ax: Axes, eta: float) -> None:
    whole, single = moments(eta)
    ax.plot(np.arange(H + 1), whole, "o-", color=style.VERMILLION, ms=4, lw=1.2)
    ax.plot(np.arange(1, H + 1), single, "o-", color=style.BLUE, ms=4, lw=1.2)
    say(ax, 0.03, 0.86, "product of the ratios so far", style.VERMILLION)
    say(ax, 0.03, 0.72, "ratio of that step alone", style.BLUE)


def describe(kind: str, m: float, s: float, N: int, eta: float) -> str:
    """What the first batch says, how many intervals hold, and what is exact.

    Statement: `importance_sampling`.

    >>> print(describe(kind="Gaussian", m=0.0, s=1.0, N=30, eta=2.0))
    30 samples of N(0, 1), weighted to stand for N(0, 1²), are worth 30.0 equal ones in the first
    batch, where the largest weight is 3.3% of all. No sample of it fell where 7.4% of the target
    lies. Its estimate of the mean 0 is −0.26 ± 0.30; of 20 such 95% intervals 19 hold the exact
    value. The exact variance of a term is 1. Trajectories, for a policy step of η = 2: the second
    moment of the whole ratio is 3.70 after 30 steps, that of a single step’s ratio at most 1.06.
    """
    batch = batches(kind, m, s, N)
    whole, single = moments(eta)
    among = f"the categories {text(VALUES[0])}, …, {text(VALUES[-1])} in proportion to "
    source = among * (kind == "categorical") + "N(0, 1)"
    return (
        f"{N} samples of {source}, weighted to stand for N({text(m)}, {text(s)}²), are worth "
        f"{batch.ess:.1f} equal ones in the first batch, where the largest weight is "
        f"{100 * batch.w.max() / batch.w.sum():.2g}% of all. No sample of it fell where "
        f"{batch.unseen[0]:.1%} of the target lies. Its estimate of the mean "
        f"{text(round(batch.exact, 2) + 0.0)} is {text(batch.mean[0], '.2f')} ± "
        f"{NORMAL * batch.stderr[0]:.2f}; of {BATCHES} such 95% intervals {batch.hold.sum()} hold the "
        f"exact value{_beyond(batch)}. The exact variance of a term is {_spread(kind, m, s)}. Trajectories, for a "
        f"policy step of η = {text(eta)}: the second moment of the whole ratio is {whole[-1]:.2f} "
        f"after {H} steps, that of a single step’s ratio at most {single.max():.2f}."
    )


def _beyond(batch: Batches) -> str:
    """How many estimates the panel does not hold."""
    out = outside(INTERVALS, batch.mean)
    if not out:
        return ""
    if out == 1:
        return "; a triangle stands for an estimate beyond the panel"
    return f"; triangles stand for {out} estimates beyond the panel"


def _spread(kind: str, m: float, s: float) -> str:
    variance = CASES[kind].variance(m, s)
    if np.isinf(variance):
        return f"infinite, since s² = {s**2:g} ≥ 2"
    return f"{float(f'{variance:.3g}'):,g}" if variance < 1e6 else _power(variance)


def _power(x: float) -> str:
    """A large number as it is written by hand.

    >>> _power(95_437_216.0)
    '9.54·10⁷'
    """
    digits, exponent = f"{x:.2e}".split("e+")
    return f"{digits}·10{str(int(exponent)).translate(str.maketrans('0123456789', '⁰¹²³⁴⁵⁶⁷⁸⁹'))}"
