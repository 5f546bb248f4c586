"""Importance sampling of a Gaussian's mean, and of whole trajectories against single steps."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pgcompanion import importance, style
from pgcompanion.algorithms import exact_problem
from pgcompanion.demos import Control, Panel, panels
from pgcompanion.demos.engine.controls import text
from pgcompanion.gridworld import GridWorld
from pgcompanion.policies import TabularSoftmax

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BATCHES, H, NORMAL = 20, 30, 1.96

controls = {
    "m": Control("target's shift m", (0.0, 0.5, 1.0, 2.0, 3.0), default=1.0),
    "s": Control("target's scale s", (0.5, 0.8, 1.0, 1.3, 1.5), default=1.0),
    "N": Control("samples N", (30, 300, 3000), default=300),
    "eta": Control("policy's step η", (2.0, 4.0, 8.0), default=4.0),
}

WEIGHTS = np.linspace(-4, 3, 29)
TERMS = np.linspace(0.4, np.sqrt(2) - 1e-3, 80)

DENSITIES = Panel(
    "Densities", "x", (-4, 8), (0, 1.15), xticks=(-4.0, 0.0, 4.0, 8.0), yticks=(0.0, 0.4, 0.8)
)
SHARES = Panel(
    "Weights", "log₁₀ w", (-4.3, 3.3), (0, 1.05), (-4.0, -2.0, 0.0, 2.0), (0.0, 0.5, 1.0)
)
INTERVALS = Panel(
    f"{BATCHES} estimates", "batch", (-1, BATCHES), (-2.5, 6), (0.0, 10.0), (-2.0, 0.0, 2.0, 4.0)
)
VARIANCES = Panel(
    "log₁₀ of the variance", "scale s", (0.4, 1.7), (-2, 7), (0.5, 1.0, 1.5), (0.0, 2.0, 4.0, 6.0)
)
TITLE, STEPS = "Second moment of a trajectory's ratio", (0.0, 10.0, 20.0, 30.0)
RATIOS = Panel(TITLE, "steps", (0, H + 1), (0.8, 300), STEPS, (1.0, 10.0, 100.0), yscale="log")
ROWS = ((DENSITIES, SHARES), (INTERVALS, VARIANCES), (RATIOS,))


class Batches(NamedTuple):
    """The weights of the first batch, and of all batches the means and standard errors."""

    w: np.ndarray
    ess: float
    mean: np.ndarray
    stderr: np.ndarray


@cache
def batches(m: float, s: float, N: int) -> Batches:
    """Estimates of the target's mean from samples of the standard normal proposal.

    Statement: `importance_sampling`.
    """
    x = np.random.default_rng(3).normal(size=(BATCHES, N))
    found = [
        importance.estimate(lambda y: y, lambda y: _density(y, m, s), lambda y: _density(y), row)
        for row in x
    ]
    mean, stderr = np.array([(each.mean, each.stderr) for each in found]).T
    return Batches(found[0].weights, found[0].ess, mean, stderr)


@cache
def moments(eta: float) -> tuple[np.ndarray, np.ndarray]:
    """Exact second moments of the ratio of the first steps, ``(H + 1,)``, and of each step, ``(H,)``.

    Statement: `importance_sampling`. The old policy is uniform on a gridworld, the new one a natural
    gradient step away.
    """
    mdp = GridWorld.named("4x4", slip=0.1).mdp(H)
    policy = TabularSoftmax(mdp.S, mdp.A)
    start = np.zeros(policy.p)
    problem = exact_problem(mdp, policy, start)
    pi_old, pi = policy.table(start), policy.table(eta * problem.natural_gradient())
    return (
        importance.trajectory_second_moment(mdp, pi, pi_old),
        importance.per_step_second_moment(mdp, pi, pi_old),
    )


def _density(x: np.ndarray, m: float = 0.0, s: float = 1.0) -> np.ndarray:
    return np.asarray(np.exp(-(((x - m) / s) ** 2) / 2) / (s * np.sqrt(2 * np.pi)))


def frame(m: float, s: float, N: int, eta: float) -> Figure:
    """Densities and weights; estimates and the exact variance; the ratios of trajectories.

    Statement: `importance_sampling`.
    """
    with style.within():
        fig, (densities, weights, estimates, variances, ratios) = panels(ROWS, height=6.6)
        x = np.linspace(-4, 8, 121)
        densities.fill_between(x, _density(x), color=style.BLUE, alpha=0.25, lw=0)
        densities.plot(x, _density(x, m, s), color=style.VERMILLION)
        _say(densities, 0.97, 0.88, "proposal N(0, 1)", style.BLUE)
        _say(densities, 0.97, 0.74, f"target N({m:g}, {s:g}²)", style.VERMILLION)
        _draw_weights(weights, batches(m, s, N))
        _say(weights, 0.03, 0.6, f"worth {batches(m, s, N).ess:.1f} of {N}", style.INK, "left")
        _draw_estimates(estimates, batches(m, s, N), m)
        _draw_variance(variances, m, s)
        _draw_ratios(ratios, eta)
    return fig


def _say(ax: Axes, x: float, y: float, words: str, colour: str, side: str = "right") -> None:
    ax.text(x, y, words, color=colour, ha=side, size=style.FONT - 1, transform=ax.transAxes)


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
        _say(ax, 0.03, height, words, colour, "left")


def _draw_estimates(ax: Axes, batch: Batches, m: float) -> None:
    """The interval of every batch around its estimate; those that miss the exact mean stand out."""
    ax.axhline(m, color=style.INK, lw=1.2)
    for held, colour in ((True, style.BLUE), (False, style.VERMILLION)):
        at = np.flatnonzero(_holds(batch, m) == held)
        reach = NORMAL * batch.stderr[at]
        ax.vlines(at, batch.mean[at] - reach, batch.mean[at] + reach, color=colour, lw=1.6)
        ax.plot(at, batch.mean[at], "o", color=colour, ms=4)


def _draw_variance(ax: Axes, m: float, s: float) -> None:
    """The exact variance over the scale, and the scales at which there is none."""
    ax.axvspan(np.sqrt(2), 1.7, color=style.PURPLE, alpha=0.3, lw=0)
    ax.text(1.56, 2.5, "infinite", rotation=90, ha="center", va="center", size=style.FONT - 1)
    ax.plot(TERMS, np.log10(_variance(m, TERMS)), color=style.BLUE)
    finite = s**2 < 2
    height = np.log10(_variance(m, s)) if finite else 6.5
    ax.plot([s], [height], "o" if finite else "^", color=style.VERMILLION, ms=9)


def _draw_ratios(ax: Axes, eta: float) -> None:
    whole, single = moments(eta)
    ax.plot(np.arange(H + 1), whole, "o-", color=style.VERMILLION, ms=4, lw=1.2)
    ax.plot(np.arange(1, H + 1), single, "o-", color=style.BLUE, ms=4, lw=1.2)
    _say(ax, 0.03, 0.86, "product of the ratios so far", style.VERMILLION, "left")
    _say(ax, 0.03, 0.72, "ratio of that step alone", style.BLUE, "left")


def _variance(m: float, s: np.ndarray | float) -> np.ndarray:
    return np.asarray(importance.gaussian_mean_moment(np.asarray(m), np.asarray(s)) - m**2)


def _holds(batch: Batches, m: float) -> np.ndarray:
    return np.abs(batch.mean - m) <= NORMAL * batch.stderr


def describe(m: float, s: float, N: int, eta: float) -> str:
    """What the first batch says, how many intervals hold, and what is exact.

    Statement: `importance_sampling`.

    >>> print(describe(m=0.0, s=1.0, N=30, eta=2.0))
    30 samples of N(0, 1), weighted to stand for N(0, 1²), are worth 30.0 equal ones in the first
    batch, where the largest weight is 3.3% of all. Its estimate of the mean 0 is 0.06 ± 0.41; of 20
    such 95% intervals 18 hold the exact value. The exact variance of a term is 1. Trajectories, for
    a policy step of η = 2: the second moment of the whole ratio is 3.70 after 30 steps, that of a
    single step's ratio at most 1.06.
    """
    batch = batches(m, s, N)
    whole, single = moments(eta)
    variance = (
        f"{float(f'{_variance(m, s):.3g}'):g}" if s**2 < 2 else f"infinite, since s² = {s**2:g} ≥ 2"
    )
    return (
        f"{N} samples of N(0, 1), weighted to stand for N({text(m)}, {text(s)}²), are worth "
        f"{batch.ess:.1f} equal ones in the first batch, where the largest weight is "
        f"{batch.w.max() / batch.w.sum():.1%} of all. Its estimate of the mean {text(m)} is "
        f"{_signed(batch.mean[0])} ± {NORMAL * batch.stderr[0]:.2f}; of {BATCHES} such 95% intervals "
        f"{_holds(batch, m).sum()} hold the exact value. The exact variance of a term is {variance}. "
        f"Trajectories, for a policy step of η = {text(eta)}: the second moment of the whole ratio is "
        f"{whole[-1]:.2f} after {H} steps, that of a single step's ratio at most {single.max():.2f}."
    )


def _signed(x: float) -> str:
    return f"{x:.2f}".replace("-", "\N{MINUS SIGN}")
