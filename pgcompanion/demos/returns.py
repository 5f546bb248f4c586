"""Episodes fall into the distribution of their returns, and J is its mean."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from pgcompanion import exact, style
from pgcompanion.demos import Control, Panel, panels
from pgcompanion.demos.engine.controls import text
from pgcompanion.demos.engine.marks import say
from pgcompanion.demos.worlds.episodes import drawn
from pgcompanion.estimators import total_return
from pgcompanion.gridworld import GridWorld

if TYPE_CHECKING:
    from matplotlib.figure import Figure

H, MOST, STREAM = 6, 300, 19
GRID = GridWorld.named("4x4", slip=0.2)
WORLD = GRID.mdp(H)

#: Returns are counted in bins of this width, the middle one around 0.
WIDTH, BINS, LOWEST = 0.1, 31, -1.5

controls = {
    "alpha": Control("how well it walks α", (0.0, 0.5, 1.0), default=0.0),
    "N": Control("episodes N", (2, 10, 100, MOST), default=2, time=True),
}

RETURNS = (-1.0, -0.5, 0.0, 0.5, 1.0)
SHARES = Panel("Returns", "return R", (-1.5, 1.1), (0, 0.6), RETURNS, (0.0, 0.2, 0.4))
CURVE = Panel("J over α", "α", (-0.04, 1.04), (-0.6, 0.6), (0.0, 0.5, 1.0), (-0.5, 0.0, 0.5))


@cache
def _good() -> np.ndarray:
    """What an optimal policy does at the first step, at every step, ``(S, A)``."""
    return np.asarray(exact.optimal(WORLD)[0][0])


def policy(alpha: float) -> np.ndarray:
    """At random with probability ``1 - alpha``, and well otherwise, ``(S, A)``.

    Statement: `objective_fn`.
    """
    return (1 - alpha) / WORLD.A + alpha * _good()


def bins(R: np.ndarray) -> np.ndarray:
    """The bin of each return; the outer ones hold all beyond. Statement: `trajectories`.

    >>> bins(np.array([-1.0, 0.0, 1.0]))
    array([ 5, 15, 25])
    """
    place = np.floor((R - LOWEST + WIDTH / 2) / WIDTH + 1e-9).astype(int)
    return place.clip(0, BINS - 1)


def numbers(alpha: float, N: int) -> dict[str, np.ndarray]:
    """The returns of ``N`` episodes with mean and standard error; their exact distribution; J.

    Statement: `objective_fn`. ``chance`` and ``share (BINS,)`` are exact and seen, ``curve (41,)`` is J.
    """
    pi = policy(alpha)
    R = total_return(drawn(WORLD, pi, N, STREAM).r)[:, 0]
    return {
        "returns": R,
        "mean": R.mean(),
        "stderr": R.std(ddof=1) / np.sqrt(N),
        "J": np.asarray(exact.evaluate(WORLD, pi).J),
        "chance": _chance(alpha),
        "share": np.bincount(bins(R), minlength=BINS) / N,
        "curve": _curve(),
    }


def _chance(alpha: float) -> np.ndarray:
    """The exact chance of every bin, ``(BINS,)``."""
    well, rest = np.arange(H + 1), (1 - alpha) / WORLD.A
    return np.asarray(_ways() @ ((rest + alpha) ** well * rest ** (H - well)))


@cache
def _ways() -> np.ndarray:
    """What the world adds to the chance of all trajectories in a bin, by their number of good choices.

    A trajectory with w good choices has that number times (rest + alpha)^w rest^(H - w), ``(BINS, H + 1)``.
    """
    tau = exact.trajectories(WORLD)
    world = np.exp(exact.log_likelihood(WORLD, policy(0.0), tau)) * WORLD.A**H
    well = _good()[tau.s, tau.a].sum(axis=1).astype(int)
    place = bins(total_return(tau.r)[:, 0]) * (H + 1) + well
    return np.bincount(place, world, BINS * (H + 1)).reshape(BINS, H + 1)


@cache
def _curve() -> np.ndarray:
    """J over 41 values of alpha."""
    return np.array([exact.evaluate(WORLD, policy(float(a))).J for a in np.linspace(0, 1, 41)])


def constants() -> dict[str, Any]:
    """The world, the good policy, and how returns are counted."""
    world = {"map": GRID.map, "slip": GRID.slip, "good": _good(), "H": H}
    return world | {"most": MOST, "stream": STREAM, "width": WIDTH, "bins": BINS, "lowest": LOWEST}


def frame(alpha: float, N: int) -> Figure:
    """Returns seen and their exact distribution, above J over the policies.

    Statement: `objective_fn`.
    """
    seen = numbers(alpha, N)
    with style.within():
        fig, (shares, curve) = panels(((SHARES,), (CURVE,)), 5.2, (1.4, 1.0))
        edges = (np.arange(BINS + 1) - 0.5) * WIDTH + LOWEST
        shares.stairs(np.minimum(seen["share"], 0.6), edges, fill=True, color=style.BLUE, alpha=0.5)
        shares.stairs(np.minimum(seen["chance"], 0.6), edges, color=style.INK, lw=1.5)
        shares.axvline(float(seen["J"]), color=style.INK, lw=1.5, ls="--")
        shares.axvline(float(seen["mean"]), color=style.VERMILLION)
        say(shares, 0.02, 0.88, f"mean of {N} episodes", style.VERMILLION)
        curve.plot(np.linspace(0, 1, 41), seen["curve"], color=style.INK)
        curve.errorbar([alpha], [seen["mean"]], 2 * seen["stderr"], color=style.VERMILLION, fmt="o")
    return fig


def describe(alpha: float, N: int) -> str:
    """The mean return of the episodes beside J, and how many of them end well.

    Statement: `objective_fn`.

    >>> print(describe(alpha=0.0, N=300))
    With α = 0 the mean return of 300 episodes is −0.127 ± 0.016, and J = −0.114. Exactly 27% of all
    episodes have a negative return, and 0% a positive one.
    """
    seen = numbers(alpha, N)
    middle = BINS // 2
    below, above = seen["chance"][:middle].sum(), seen["chance"][middle + 1 :].sum()
    return (
        f"With α = {text(alpha)} the mean return of {N} episodes is {text(float(seen['mean']), '.3f')} ± "
        f"{seen['stderr']:.3f}, and J = {text(float(seen['J']), '.3f')}. Exactly {below:.0%} of all episodes "
        f"have a negative return, and {above:.0%} a positive one."
    )
