"""Stochastic gradient ascent in two parameters: the hill, the runs, their noise ball, the bound."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from pgcompanion import steps, style
from pgcompanion.demos import Control, Panel, panels
from pgcompanion.demos.engine import draws
from pgcompanion.demos.engine.controls import text
from pgcompanion.demos.engine.marks import say
from pgcompanion.demos.worlds import corridor
from pgcompanion.demos.worlds.corridor import hill

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

K, M, START, STREAM, FINE = 256, 32, (-1.5, -1.5), 7, 2.0**20
Start = tuple[float, float]

controls = {
    "eta": Control("step size η", (0.1, 0.3, 1.0, 3.0, 10.0), default=1.0, log=True),
    "N": Control("episodes N", (1, 4, 16, 64), default=4, whole=True, log=True),
    "k": Control("step k", (0, *(2**i for i in range(9))), default=0, time=True),
}

MOST, NOTES = 64, 0.05
STEPS, SQUARES = (1.0, 4.0, 16.0, 64.0, 256.0), (0.01, 0.1, 1.0)
THETA1, THETA2 = (-4.0, -2.0, 0.0, 2.0, 4.0), (-2.0, 0.0, 2.0)
RIGHT, DOWN = "θ₁, logit of going right", "θ₂, logit of going down"
LANDSCAPE = Panel("Objective J", RIGHT, (-4, 4), (-2.6, 3), THETA1, THETA2, ylabel=DOWN)
MEANS = Panel("Mean of ‖∇J‖² so far", "steps", (0.9, 300), (3e-5, 6), STEPS, SQUARES, "log", "log")


@cache
def runs(eta: float, N: int, start: Start = START) -> np.ndarray:
    """The iterates of ``M`` runs, shape ``(K + 1, M, 2)``. Statement: `sgd`.

    The random numbers are the same for all step sizes, and more episodes only add to them. Iterates are
    rounded to a millionth: large steps make chaos of the last digit, in which two machines differ.
    """
    luck = iter(_luck())

    def estimate(theta: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        new = theta + eta * corridor.estimate(theta, next(luck)[:, :N])
        return (np.floor(new * FINE + 0.5) / FINE - theta) / eta

    first, rng = np.tile(start, (M, 1)), np.random.default_rng(0)
    return np.array(list(steps.sgd(first, estimate, steps.constant(eta), K, rng)))


@cache
def _luck() -> np.ndarray:
    """The random numbers of every step, run and episode: those that the page's script draws, too."""
    return draws.uniform(K * M * MOST, STREAM).reshape(K, M, MOST)


@cache
def squares(eta: float, N: int, start: Start = START) -> np.ndarray:
    """Mean of ‖∇J‖² over all runs and over the first 1, …, K iterates, shape ``(K,)``.

    Statement: `sgd_rate`.
    """
    each = (corridor.gradient(runs(eta, N, start)[:-1]) ** 2).sum(axis=-1).mean(axis=-1)
    return np.asarray(each.cumsum() / np.arange(1, K + 1))


def bound(eta: float, N: int, k: np.ndarray, start: Start = START) -> np.ndarray | None:
    """What the theorem promises for that mean after each of ``k`` steps; nothing if η > 1/β.

    Statement: `sgd_rate`.
    """
    top, Delta = hill(), hill().best - float(corridor.J(np.array(start)))
    if eta * top.beta > 1:
        return None
    constants = top.beta, Delta, top.sigma2 / N
    return np.array([steps.sgd_bound(*constants, np.full(n, eta)) for n in k])


def ball(eta: float, N: int) -> np.ndarray | None:
    """The covariance ``(2, 2)`` of the iterates in balance around the maximum; None if there is
    none.

    Statement: `sgd`. There a deviation x becomes (I + ηJ″)x + η · noise, so the covariance solves
    Σ = (I + ηJ″) Σ (I + ηJ″) + η² C / N. For small η it is proportional to η / N.
    """
    shrink = np.eye(2) + eta * corridor.curvature(hill().top)
    if np.linalg.norm(shrink, 2) >= 1:
        return None
    noise = eta**2 * corridor.covariance(hill().top) / N
    return np.linalg.solve(np.eye(4) - np.kron(shrink, shrink), noise.ravel()).reshape(2, 2)


def numbers(eta: float, N: int, k: int, start: Start = START) -> dict[str, np.ndarray]:
    """The runs after ``k`` steps, the mean of ‖∇J‖² so far with its bound, and the noise ball.

    Statement: `sgd_rate`. ``theta`` is ``(M, 2)``, ``path (k + 1, 2)`` the first run's way, ``squares``
    and ``bound`` are ``(K,)``, ``ball (2, 2)`` is a covariance; what there is not is NaN.
    """
    theta = runs(eta, N, start)
    promised, spread = bound(eta, N, np.arange(1, K + 1), start), ball(eta, N)
    return {
        "theta": theta[k],
        "path": theta[: k + 1, 0],
        "J": corridor.J(theta[k]),
        "squares": squares(eta, N, start),
        "bound": np.full(K, np.nan) if promised is None else promised,
        "ball": np.full((2, 2), np.nan) if spread is None else spread,
    }


def constants() -> dict[str, Any]:
    """The ways to the goal, the hill's top and its constants, and curvature and noise there."""
    moves, n = corridor.ways()
    top = hill()
    return {
        "moves": moves.astype(int),
        "ways": n,
        "hill": top._asdict(),
        "curvature": corridor.curvature(top.top),
        "covariance": corridor.covariance(top.top),
        "start": START,
        **{"K": K, "M": M, "most": MOST, "stream": STREAM, "fine": FINE},
    }


def frame(eta: float, N: int, k: int) -> Figure:
    """The runs on the landscape with their noise ball, above the mean of ‖∇J‖² and its bound.

    Statement: `sgd_rate`.
    """
    with style.within():
        fig, (landscape, means) = panels(((LANDSCAPE,), (MEANS,)), 6.2, (1.6, 1.0))
        _draw_landscape(landscape)
        _draw_runs(landscape, runs(eta, N)[: k + 1])
        _draw_ball(landscape, ball(eta, N))
        _draw_bound(means, eta, N)
        _draw_means(means, squares(eta, N), k)
    return fig


def _draw_landscape(ax: Axes) -> None:
    levels, shades = hill().best * np.arange(1, 9) / 8, [(style.SKY, 0.06 * i) for i in range(1, 8)]
    ax.contourf(*_landscape(), levels, colors=shades)
    ax.contour(*_landscape(), levels, colors=style.MUTED, linewidths=0.5, alpha=0.6)
    ax.plot(*hill().top, "+", color=style.INK, ms=10, mew=1.5)


@cache
def _landscape() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    theta1, theta2 = np.meshgrid(np.linspace(-4, 4, 41), np.linspace(-3, 3, 31))
    return theta1, theta2, corridor.J(np.stack([theta1, theta2], axis=-1))


def _draw_runs(ax: Axes, path: np.ndarray) -> None:
    """The first run's whole path, and where all the runs are now."""
    ax.plot(*path[:, 0].T, color=style.VERMILLION, lw=1, alpha=0.8)
    ax.plot(*path[-1].T, "o", color=style.BLUE, ms=4.5, mec=style.PAPER, mew=0.6)
    ax.plot(*path[-1, 0], "o", color=style.VERMILLION, ms=9, mec=style.PAPER, mew=1.5)
    if away := _away(path[-1]):
        say(ax, 1, 1.03, f"{away} of {M} off the map", style.BLUE, "right")


def _draw_ball(ax: Axes, spread: np.ndarray | None) -> None:
    say(ax, 0.01, NOTES, "no noise ball" if spread is None else "noise ball", style.GREEN)
    if spread is not None:
        around = np.linspace(0, 2 * np.pi, 73)
        ellipse = 2 * np.linalg.cholesky(spread) @ [np.cos(around), np.sin(around)]
        ax.plot(*(hill().top[:, None] + ellipse), color=style.GREEN, lw=2)


def _draw_bound(ax: Axes, eta: float, N: int) -> None:
    promised = bound(eta, N, _places())
    if promised is None:
        say(ax, 0.22, NOTES, f"no bound: η > 1/β = {1 / hill().beta:.2f}", style.INK)
    else:
        ax.axhline(_limit(eta, N), color=style.GREEN, lw=1.5, ls="--")
        ax.plot(_places(), promised, color=style.INK, lw=2)
        say(ax, 0.22, NOTES, "bound", style.INK)
        say(ax, 0.38, NOTES, "its limit βησ²/N", style.GREEN)


def _draw_means(ax: Axes, mean: np.ndarray, k: int) -> None:
    """The whole course, pale, and what has happened up to step ``k``."""
    say(ax, 0.01, NOTES, f"{M} runs", style.BLUE)
    past, now = _places(k), _places(k)[-1:]
    for places, look in ((_places(), {"alpha": 0.3, "lw": 4}), (past, {"lw": 2})):
        ax.plot(places, mean[places - 1], color=style.BLUE, **look)
    ax.plot(now, mean[now - 1], "o", color=style.BLUE, ms=9, mec=style.PAPER)


def _places(k: int = K) -> np.ndarray:
    """Numbers of steps up to ``k``, evenly spread on a logarithmic axis."""
    places = np.unique(np.geomspace(1, K, 41).round().astype(int))
    return np.asarray(places[places <= k])


def _limit(eta: float, N: int) -> float:
    return hill().beta * eta * hill().sigma2 / N


def _away(theta: np.ndarray) -> int:
    """How many runs the map does not show."""
    low, high = np.transpose([LANDSCAPE.xlim, LANDSCAPE.ylim])
    return int(((theta < low) | (theta > high)).any(axis=-1).sum())


def describe(eta: float, N: int, k: int) -> str:
    """Where the runs stand, how many the ball holds, and what the mean of ‖∇J‖² is and may be.

    Statement: `sgd_rate`.

    >>> print(describe(eta=1.0, N=4, k=0))
    After 0 steps of size η = 1, with 4 episodes each, 32 runs have J = 0.039 on average; the marked
    one has 0.039, the maximum is 0.240. The noise ball has the half-axes 0.75 and 0.58 and holds 0
    runs. No step is taken yet; the bound after the first is 0.43, and it never falls below 0.028.
    """
    theta = runs(eta, N)[k]
    J = corridor.J(theta)
    lost = f", {away} of them off the map" if (away := _away(theta)) else ""
    return (
        f"After {k} step{'s' * (k != 1)} of size η = {text(eta)}, with {N} "
        f"episode{'s' * (N > 1)} each, {M} runs have J = {J.mean():.3f} on average{lost}; the "
        f"marked one has {J[0]:.3f}, the maximum is {hill().best:.3f}. {_in_ball(eta, N, theta)} {_promise(eta, N, k)}"
    )


def _in_ball(eta: float, N: int, theta: np.ndarray) -> str:
    if (spread := ball(eta, N)) is None:
        return "The step size is too large to settle around the maximum: there is no noise ball."
    x = theta - hill().top
    inside = (np.einsum("mi,ij,mj->m", x, np.linalg.inv(spread), x) <= 4).sum()
    short, long = 2 * np.sqrt(np.linalg.eigvalsh(spread))
    return f"The noise ball has the half-axes {long:.2f} and {short:.2f} and holds {inside} runs."


def _promise(eta: float, N: int, k: int) -> str:
    means = (
        f"The mean of ‖∇J‖² so far is {squares(eta, N)[k - 1]:.2g}" if k else "No step is taken yet"
    )
    promised = bound(eta, N, np.array([max(k, 1)]))
    if promised is None:
        return f"{means}; there is no bound, since η > 1/β = {1 / hill().beta:.2f}."
    when = "bound" if k else "bound after the first"
    return (
        f"{means}; the {when} is {promised[0]:.2g}, and it never falls below {_limit(eta, N):.2g}."
    )
