"""Clouds of gradient estimates: every coefficient has the same mean, and its own spread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pgcompanion import estimators, exact, style
from pgcompanion.demos import Control, Panel, panels
from pgcompanion.demos.engine.controls import text
from pgcompanion.demos.engine.marks import key
from pgcompanion.demos.worlds.episodes import drawn
from pgcompanion.estimators import at_pairs, at_states, baselines, reward_to_go, total_return
from pgcompanion.mdp import MDP
from pgcompanion.policies import LinearSoftmax
from pgcompanion.trajectories import Trajectories

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    Coefficient = Callable[[Trajectories], np.ndarray]

PSI = ("return", "reward-to-go", "Q", "reward-to-go − V", "reward-to-go − b*", "advantage A")

#: A constant baseline, which the reader sets.
CONSTANT = "reward-to-go − b"
LEAST, STREAM = 0.01, 18
DOT: dict[str, Any] = {"marker": "o", "ms": 2.5, "ls": "", "mec": "none", "alpha": 0.5}
DIAMOND: dict[str, Any] = {"marker": "D", "mfc": "none", "ms": 10, "mew": 1.5}

controls = {
    "world": Control("world", ("usual", "V does harm"), default="usual"),
    "psi": Control("coefficient ψ", (*PSI, CONSTANT), default="reward-to-go"),
    "b": Control("baseline b", (-1.0, 1.0, 3.0), default=1.0),
    "N": Control("episodes N", (5, 20, 80), default=20, whole=True, log=True),
    "M": Control("estimates M", (25, 100, 400), default=25, time=True),
}

CLOUD = Panel("Estimates of the gradient ∇J", "∂J / ∂θ₁", ylabel="∂J / ∂θ₂", lines=2)
CLOUDS = {
    "usual": replace(
        CLOUD,
        xlim=(-2.9, 2.9),
        ylim=(-2.3, 1.7),
        xticks=(-2.0, -1.0, 0.0, 1.0, 2.0),
        yticks=(-2.0, -1.0, 0.0, 1.0),
    ),
    "V does harm": replace(
        CLOUD,
        xlim=(-0.595, 0.353),
        ylim=(-0.42, 0.177),
        xticks=(-0.4, -0.2, 0.0, 0.2),
        yticks=(-0.4, -0.2, 0.0),
    ),
}
SPREADS = Panel(
    "Exact total variance of one episode’s estimate",
    "",
    (0.00004, 100),
    (6.6, -0.6),
    (LEAST, 0.1, 1.0, 10.0),
    xscale="log",
)


class World(NamedTuple):
    """A small MDP, a policy with two parameters, and the coefficients by name."""

    mdp: MDP
    policy: LinearSoftmax
    theta: np.ndarray
    psi: dict[str, Coefficient]

    def coefficient(self, psi: str, b: float) -> Coefficient:
        """The coefficient of a name; ``b`` is the constant baseline."""
        return (lambda tau: reward_to_go(tau.r) - b) if psi == CONSTANT else self.psi[psi]


@cache
def world_of(name: str) -> World:
    """The world of a name: three random states, or one where the likely action is the good one.

    Statement: `pg_baseline`. In the second, action 3 is almost always taken and alone is paid.
    """
    if name == "usual":
        rng = np.random.default_rng(0)
        P = rng.dirichlet(np.ones(3), size=(3, 3))
        mdp = MDP(P, rng.random((3, 3)), rng.dirichlet(np.ones(3)), H=4)
        policy, theta = LinearSoftmax(rng.normal(size=(3, 3, 2))), np.array([0.3, -0.3])
    else:
        mdp = MDP(np.ones((1, 3, 1)), np.array([[0.0, 0.0, 1.0]]), np.ones(1), H=2)
        policy, theta = LinearSoftmax(np.eye(3)[None, :, :2]), np.array([-2.5, -2.5])
    v, b = exact.evaluate(mdp, policy.table(theta)), baselines.optimal(mdp, policy, theta)
    coefficients: tuple[Coefficient, ...] = (
        lambda tau: total_return(tau.r),
        lambda tau: reward_to_go(tau.r),
        lambda tau: at_pairs(v.Q, tau),
        lambda tau: reward_to_go(tau.r) - at_states(v.V, tau),
        lambda tau: reward_to_go(tau.r) - at_states(b, tau),
        lambda tau: at_pairs(v.A, tau),
    )
    return World(mdp, policy, theta, dict(zip(PSI, coefficients, strict=True)))


@cache
def moments(world: str, psi: str, b: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Exact mean and covariance of one episode's estimate. Statement: `pg_baseline`."""
    it = world_of(world)
    return estimators.moments(it.mdp, it.policy, it.theta, it.coefficient(psi, b))


@cache
def estimates(world: str, psi: str, N: int, b: float = 0.0) -> np.ndarray:
    """Independent estimates from ``N`` episodes each, shape ``(M, 2)``.

    Statement: `pg_baseline`. The episodes are the same for all coefficients.
    """
    it, M = world_of(world), int(controls["M"].values[-1])
    tau = _episodes(world, M * N)
    terms = estimators.per_trajectory_gradients(
        it.policy, it.theta, tau, it.coefficient(psi, b)(tau)
    )
    return np.asarray(terms.reshape(M, N, it.policy.p).mean(axis=1))


@cache
def _episodes(world: str, n: int) -> Trajectories:
    """Episodes from the random numbers that the page's script draws, too."""
    mdp, policy, theta, _ = world_of(world)
    return drawn(mdp, policy.table(theta), n, STREAM)


def numbers(world: str, psi: str, b: float, N: int, M: int) -> dict[str, np.ndarray]:
    """The estimates with their mean, the exact gradient and covariance, all exact variances.

    Statement: `pg_baseline`. ``points`` is ``(M, 2)``; ``totals (6,)`` belong to ``PSI``, ``parabola``
    to a constant baseline at 41 places between -1 and 3.
    """
    g, covariance = moments(world, psi, b if psi == CONSTANT else 0.0)
    points = estimates(world, psi, N, b if psi == CONSTANT else 0.0)[:M]
    mean, stderr = _mean(points)
    return {
        "points": points,
        "mean": mean,
        "stderr": stderr,
        "gradient": g,
        "covariance": covariance,
        "totals": np.array([np.trace(moments(world, each)[1]) for each in PSI]),
        "parabola": np.array(
            [np.trace(moments(world, CONSTANT, float(x))[1]) for x in np.linspace(-1, 3, 41)]
        ),
    }


def constants() -> dict[str, Any]:
    """Both worlds: the tables, the scores, the baselines, and the exact moments."""
    return {"stream": STREAM, **{name: _tables(name) for name in CLOUDS}}


def _tables(name: str) -> dict[str, Any]:
    mdp, policy, theta, _ = world_of(name)
    pi, (s, a) = policy.table(theta), np.indices((mdp.S, mdp.A))
    v = exact.evaluate(mdp, pi)
    return {
        **{"P": mdp.P, "r": mdp.r, "mu0": mdp.mu0, "H": mdp.H, "pi": pi, "V": v.V[:-1], "Q": v.Q},
        "score": policy.score(theta, s, a),
        "best": baselines.optimal(mdp, policy, theta),
        "gradient": moments(name, "return")[0],
        "covariances": {psi: moments(name, psi)[1] for psi in PSI},
        "constant": [moments(name, CONSTANT, b)[1] for b in (-1.0, 0.0, 1.0)],
        "limits": [CLOUDS[name].xlim, CLOUDS[name].ylim],
    }


def frame(world: str, psi: str, b: float, N: int, M: int) -> Figure:
    """The cloud with its exact ellipse and its mean, above the exact variances of all coefficients.

    Statement: `pg_baseline`. The ellipse is two standard deviations wide in every direction, the
    arms of the mean are two standard errors long.
    """
    with style.within():
        fig, (cloud, spreads) = panels(((CLOUDS[world],), (SPREADS,)), 6.2, (1.6, 1.0))
        _draw_cloud(cloud, numbers(world, psi, b, N, M), world, N)
        _draw_spreads(spreads, world, psi, b)
    return fig


def _draw_cloud(ax: Axes, seen: dict[str, np.ndarray], world: str, N: int) -> None:
    g, covariance, points = (seen[key] for key in ("gradient", "covariance", "points"))
    mean, stderr = seen["mean"], seen["stderr"]
    around = np.linspace(0, 2 * np.pi, 73)
    circle = np.array([np.cos(around), np.sin(around)])
    ellipse = g[:, None] + 2 * np.linalg.cholesky(covariance / N) @ circle
    ax.plot(*points.T, color=style.BLUE, **DOT)
    ax.plot(*ellipse, color=style.BLUE, lw=1.5)
    ax.errorbar(mean[0], mean[1], 2 * stderr[1], 2 * stderr[0], color=style.VERMILLION, lw=2)
    ax.plot(*g, color=style.INK, **DIAMOND)
    out = _outside(world, points)
    key(
        ax,
        0.02,
        f"estimates{f', {out} outside' if out else ''}",
        style.BLUE,
        1,
        **(DOT | {"ms": 4, "alpha": 1}),
    )
    key(
        ax,
        0.45,
        "2 exact standard deviations",
        style.BLUE,
        1,
        marker="o",
        mfc="none",
        ms=9,
        mew=1.5,
    )
    key(ax, 0.02, "exact gradient", style.INK, **(DIAMOND | {"ms": 7}))
    key(ax, 0.45, "mean ± 2 standard errors", style.VERMILLION, marker="+", ms=10, mew=2)


def _draw_spreads(ax: Axes, world: str, chosen: str, b: float) -> None:
    for row, psi in enumerate((*PSI, CONSTANT)):
        total = np.trace(moments(world, psi, b if psi == CONSTANT else 0.0)[1])
        colour = style.BLUE if psi == chosen else style.MUTED
        weight = "bold" if psi == chosen else "normal"
        ax.plot([LEAST, total], [row, row], color=colour, lw=4, solid_capstyle="butt")
        look: dict[str, Any] = {"size": style.FONT - 1, "va": "center_baseline", "weight": weight}
        ax.text(0.000044, row, psi, **look)
        ax.text(1.15 * total, row, f"{total:.3g}", **look)


def _mean(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean of the estimates and its standard error, each ``(2,)``."""
    return points.mean(axis=0), points.std(axis=0, ddof=1) / np.sqrt(len(points))


def _outside(world: str, points: np.ndarray) -> int:
    """How many estimates the panel does not show."""
    low, high = np.transpose([CLOUDS[world].xlim, CLOUDS[world].ylim])
    return int(((points < low) | (points > high)).any(axis=1).sum())


def describe(world: str, psi: str, b: float, N: int, M: int) -> str:
    """The mean against the exact gradient, and the variance against that without a baseline.

    Statement: `pg_baseline`.

    >>> print(describe(world="V does harm", psi="reward-to-go − V", b=1.0, N=20, M=400))
    A world in which V does harm, ψ = reward-to-go − V: 400 estimates from 20 episodes each have
    the mean (−0.1198, −0.1267), with the standard errors (0.0033, 0.0035); the exact gradient is
    (−0.1211, −0.1211). The exact total variance of one episode’s estimate is 0.182, 1.4 times
    that of the reward-to-go. With a constant baseline of 1 it is 0.132.
    """
    seen = numbers(world, psi, b, N, M)
    g, covariance, points = (seen[key] for key in ("gradient", "covariance", "points"))
    mean, stderr = seen["mean"], seen["stderr"]
    psi = f"{psi} with b = {text(b)}" if psi == CONSTANT else psi
    out = f" ({out} outside the panel)" if (out := _outside(world, points)) else ""
    total, plain = (np.trace(each) for each in (covariance, moments(world, "reward-to-go")[1]))
    against = (
        "" if psi == "reward-to-go" else f", {total / plain:.2g} times that of the reward-to-go"
    )
    return (
        f"{'The usual case' if world == 'usual' else 'A world in which V does harm'}, ψ = {psi}: "
        f"{M} estimates{out} from {N} episodes each have the mean {_pair(mean)}, with the standard "
        f"errors {_pair(stderr)}; the exact gradient is {_pair(g)}. The exact total variance of one "
        f"episode’s estimate is {total:.3g}{against}. With a constant baseline of {text(b)} it is "
        f"{np.trace(moments(world, CONSTANT, b)[1]):.3g}."
    )


def _pair(x: np.ndarray) -> str:
    return f"({', '.join(text(round(float(each), 4)) for each in x)})"
