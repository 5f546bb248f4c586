"""The landscape over the two gains of a cart, with the paths of all methods, and the cart beside it.

`numbers` is all that is drawn, a pure function of the controls. With two gains everything in it is a
formula of 2 x 2 matrices.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from pgcompanion import lqr, style
from pgcompanion.demos import Control, Panel, panels
from pgcompanion.demos.engine.controls import text
from pgcompanion.demos.engine.marks import dots, key

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STARTS = {
    "slow cart": (-0.5, -4.0),
    "unstable cart": (-6.0, -0.5),
    "stiff cart": (-6.0, -4.0),
}

#: A start by its name, or the gain itself.
Start = str | tuple[float, float]

controls = {
    "start": Control("start", tuple(STARTS), default="slow cart"),
    "sigma": Control("noise σ", (0.3, 1.0), default=0.3, log=True, more=True),
    "eta": Control("gradient’s η", (0.01, 0.3), default=0.3, log=True, more=True),
    "delta": Control("radius δ", (0.1, 1.0, 10.0), default=1.0, log=True, more=True),
    "lam": Control("penalty λ", (0.001, 0.1), default=0.1, log=True, more=True),
    "k": Control("step k", (0, 5, 20), default=0, time=True),
}

WORLD = lqr.LQR.named("double integrator")
K = 20
FARTHEST = 50.0  # a gain on its way to infinity stays there, so that every number is one
FINE = (
    2.0**20
)  # gains are rounded to a millionth: a natural step over the summit doubles what is below
PUSHED = np.array([1.0, 0.0])  # where the cart of the phase plane starts
LEAST = 1e-6
LOOKS = {
    "gradient": (style.BLUE, "o"),
    "natural step": (style.ORANGE, "s"),
    "penalty": (style.GREEN, "^"),
    "trust region": (style.VERMILLION, "v"),
    "policy iteration": (style.PURPLE, "D"),
}
AXES = (-7.5, 0.5), (-5.5, 0.5)
PLANE = Panel(
    "Gains", "spring Θ₁", *AXES, (-6.0, -4.0, -2.0, 0.0), (-4.0, -2.0, 0.0),
    ylabel="brake Θ₂", width=1.3,
)  # fmt: skip
PHASE = Panel("Cart’s velocity", "position", (-0.4, 1.1), (-1.3, 0.5), (0.0, 1.0), (-1.0, 0.0))
LACKS = Panel(
    "What J lacks of the best gain", "steps", (-1, K + 1), (LEAST / 3, 3e2),
    (0.0, 10.0, 20.0), (1e-4, 1e-2, 1.0, 100.0), yscale="log", lines=2,
)  # fmt: skip
LEVELS = (0.1, 1.0, 10.0, 100.0)


def natural_step(T: np.ndarray, sigma: float, delta: float) -> np.ndarray:
    """The gain a natural step of radius ``delta`` away. Statement: `lqr_fisher`, `npg_optimization`."""
    x = lqr.natural_gradient(WORLD, T, sigma)
    reach = lqr.trajectory_kl(WORLD, T, T + x, sigma)
    return T + np.sqrt(delta / reach) * x if reach > 0 else T


#: From a gain ``(1, 2)``, the noise and the method's knob to the next gain. Policy iteration over
#: single gains is the step without a price on the divergence.
STEPS: dict[str, Callable[[np.ndarray, float, float], np.ndarray]] = {
    "gradient": lambda T, sigma, eta: T + eta * lqr.gradient(WORLD, T, sigma),
    "natural step": natural_step,
    "penalty": lambda T, sigma, lam: lqr.penalty_argmax(WORLD, T, sigma, lam),
    "trust region": lambda T, sigma, delta: lqr.trust_region_argmax(WORLD, T, sigma, delta),
    "policy iteration": lambda T, sigma, lam: lqr.penalty_argmax(WORLD, T, sigma, lam),
}


@cache
def path(name: str, knob: float, start: tuple[float, float], sigma: float) -> np.ndarray:
    """The gains of a method, shape ``(K + 1, 2)``. Statement: `gradient_ascent`."""
    gains = [np.array([start])]
    for _ in range(K):
        T = STEPS[name](gains[-1], sigma, knob).clip(-FARTHEST, FARTHEST)
        gains.append(np.floor(T * FINE + 0.5) / FINE)
    return np.concatenate(gains)


def best(sigma: float) -> np.ndarray:
    """The best single gain, shape ``(1, 2)``. Statement: `lqr_single_gain`."""
    return path("policy iteration", 0.0, STARTS["stiff cart"], sigma)[-1:]


def drive(gain: np.ndarray) -> np.ndarray:
    """Position and velocity of the cart without noise, shape ``(H + 1, 2)``. Statement: `lqr`."""
    s = [PUSHED]
    for _ in range(WORLD.H):
        s.append((WORLD.A + WORLD.B @ gain.reshape(1, 2)) @ s[-1])
    return np.array(s)


def numbers(
    start: Start, sigma: float, eta: float, delta: float, lam: float, k: int
) -> dict[str, np.ndarray]:
    """All that is drawn: of each method the gains ``(K + 1, 2)`` and what J lacks ``(K + 1,)``.

    Statement: `lqr_gradient`, `lqr_fisher`, `lqr_penalty`, `lqr_single_gain`. With them the best gain, and
    the ``cart`` under the start and under the gain of each method after ``k`` steps, ``(H + 1, 2)``.
    """
    top, first = best(sigma), STARTS[start] if isinstance(start, str) else tuple(start)
    J = lqr.landscape(WORLD, top, sigma)
    found = {"best": top[0], "cart": drive(np.array(first))}
    for name, knob in zip(LOOKS, (eta, delta, lam, delta, 0.0), strict=True):
        gains = found[name] = path(name, knob, first, sigma)
        found[f"{name} lacks"] = J - lqr.landscape(WORLD, gains[:, None], sigma)
        found[f"{name} cart"] = drive(gains[k])
    return found


@cache
def edge() -> np.ndarray:
    """The corners ``(3, 2)`` of the triangle of gains with a stable loop. Statement: `lqr`.

    There the two eigenvalues of the loop are 1 and 1, or -1 and -1, or 1 and -1. Their sum and their product
    are linear in the gain.
    """
    A, B = WORLD.A, WORLD.B
    turned = np.array(
        [[A[1, 1], -A[0, 1]], [-A[1, 0], A[0, 0]]]
    )  # det(A + BΘ) = det A + Θ (adj A) B
    rows = np.concatenate([B, turned @ B], axis=1).T
    sums = np.array([[2.0, 1.0], [-2.0, 1.0], [0.0, -1.0]]) - [np.trace(A), np.linalg.det(A)]
    return np.linalg.solve(rows, sums.T).T


def constants() -> dict[str, Any]:
    """The world, the starts, and the triangle of stable loops."""
    world = {name: getattr(WORLD, name) for name in ("A", "B", "Q", "R", "W", "M0", "H")}
    names = {"starts": STARTS, "methods": list(LOOKS), "levels": LEVELS, "edge": edge()}
    return world | names | {"K": K, "farthest": FARTHEST, "fine": FINE, "pushed": PUSHED}


@cache
def ground(sigma: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A grid of gains, and what J lacks at each. Statement: `lqr_values`."""
    x, y = (np.linspace(*limits, 41) for limits in AXES)
    gains = np.stack(np.meshgrid(x, y), axis=-1)[..., None, :]
    top = lqr.landscape(WORLD, best(sigma), sigma)
    return x, y, top - lqr.landscape(WORLD, gains, sigma)


def frame(start: Start, sigma: float, eta: float, delta: float, lam: float, k: int) -> Figure:
    """The landscape with the paths, the cart in its phase plane, and what each method lacks.

    Statement: `lqr_penalty`.
    """
    found = numbers(start, sigma, eta, delta, lam, k)
    with style.within():
        fig, (plane, phase, lacks) = panels(((PLANE, PHASE), (LACKS,)), 5.6, (1.25, 1.0))
        plane.contour(*ground(sigma), levels=LEVELS, colors=[style.MUTED], linewidths=0.7)
        plane.plot(*edge()[[1, 0, 2]].T, color=style.INK, lw=1, ls="--")
        phase.plot(*found["cart"].T, "--", color=style.INK, lw=1)
        for name, look in LOOKS.items():
            _draw_path(plane, found[name], k, *look)
            phase.plot(*found[f"{name} cart"].T, color=look[0], lw=1.2)
            _draw_lack(lacks, found[f"{name} lacks"].clip(LEAST), k, *look)
        phase.plot(*PUSHED, "o", color=style.INK, ms=5)
        for x, line, name in zip((0.0, 0.3, 0.63, 0.0, 0.38), (1, 1, 1, 0, 0), LOOKS, strict=True):
            key(lacks, x, name, LOOKS[name][0], line, marker=LOOKS[name][1], ms=6)
        plane.plot(*found["best"], "*", color=style.INK, ms=11)
        plane.plot(*found["gradient"][0], "o", color=style.INK, ms=6)
    return fig


def _draw_path(ax: Axes, gains: np.ndarray, k: int, colour: str, marker: str) -> None:
    ax.plot(*gains.T, lw=1.3, color=colour, alpha=0.4)
    ax.plot(*gains[: k + 1].T, lw=1.5, color=colour)
    ax.plot(*gains[k], marker, ms=6, color=colour, mec=style.PAPER, mew=0.6)


def _draw_lack(ax: Axes, lack: np.ndarray, k: int, colour: str, marker: str) -> None:
    ax.plot(lack, color=colour, lw=1.2, alpha=0.4)
    ax.plot(lack[: k + 1], color=colour, lw=1.5)
    dots(ax, k, lack[k], colour, ms=6, mec=style.PAPER, mew=0.6)


def describe(start: Start, sigma: float, eta: float, delta: float, lam: float, k: int) -> str:
    """Where the paths start, and what each lacks after ``k`` and after all steps.

    Statement: `lqr_penalty`.

    >>> print(describe("slow cart", sigma=0.3, eta=0.3, delta=1.0, lam=0.1, k=5))
    From the gain (−0.5, −4), σ = 0.3; the best is (−2.40, −2.31), and the lines around it are
    where J lacks 0.1, 1, 10 and 100. What J lacks after 5 and after 20 steps: gradient (η =
    0.3) 1.1 and 0.014; natural step (δ = 1) 5.5 and 0.00044; penalty (λ = 0.1) 0.49 and 0.0002;
    trust region (δ = 1) 5.5 and less than 0.000001; policy iteration (λ = 0) less than 0.000001
    and less than 0.000001. The cart, pushed to 1, ends at 0.47 with the start, and at 0.18 with
    the trust region’s gain after 5 steps.
    """
    found = numbers(start, sigma, eta, delta, lam, k)
    x, y = found["best"]
    spring, brake = found["gradient"][0]
    knobs = (
        f"η = {text(eta)}", f"δ = {text(delta)}", f"λ = {text(lam)}", f"δ = {text(delta)}", "λ = 0",
    )  # fmt: skip
    lacking = "; ".join(
        f"{name} ({knob}) {_lack(found[f'{name} lacks'][k])} and {_lack(found[f'{name} lacks'][K])}"
        for name, knob in zip(LOOKS, knobs, strict=True)
    )
    before, after = (text(found[x][-1, 0], ".2f") for x in ("cart", "trust region cart"))
    return (
        f"From the gain ({text(spring)}, {text(brake)}), σ = {text(sigma)}; the best is "
        f"({text(x, '.2f')}, {text(y, '.2f')}), and the lines around it are where J lacks 0.1, 1, 10 "
        f"and 100. What J lacks after {k} and after {K} steps: {lacking}. The cart, pushed to 1, ends at "
        f"{before} with the start, and at {after} with the trust region’s gain after {k} steps."
    )


def _lack(x: float) -> str:
    if not x < 1e6:
        return "more than a million"
    return f"{x:.2g}" if x > LEAST else "less than 0.000001"
