"""The landscape over the two gains of a cart, with the paths of all methods, and the cart beside it.

`numbers` is all that is drawn, a pure function of the controls, which may be any numbers. With two
gains everything in it is a formula of 2 x 2 matrices.
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

controls = {
    "spring": Control("spring Θ₁", (-0.5, -6.0), default=-0.5),
    "brake": Control("brake Θ₂", (-0.5, -4.0), default=-4.0),
    "sigma": Control("noise σ", (0.3, 1.0), default=0.3),
    "eta": Control("gradient's η", (0.01, 0.1), default=0.1),
    "delta": Control("radius δ", (0.3, 3.0), default=3.0),
    "lam": Control("penalty λ", (0.03, 0.3), default=0.3),
}

WORLD = lqr.LQR.named("double integrator")
K = 20
FARTHEST = 50.0  # a gain on its way to infinity stays there, so that every number is one
PUSHED = np.array([1.0, 0.0])  # where the cart of the phase plane starts
LEAST = 1e-6
LOOKS = {
    "gradient": (style.BLUE, "o"),
    "natural": (style.ORANGE, "s"),
    "penalty": (style.GREEN, "^"),
    "trust region": (style.VERMILLION, "v"),
    "summit": (style.PURPLE, "D"),
}
AXES = (-7.5, 0.5), (-5.5, 0.5)
PLANE = Panel(
    "Gains", "spring Θ₁", *AXES, (-6.0, -4.0, -2.0, 0.0), (-4.0, -2.0, 0.0),
    ylabel="brake Θ₂", width=1.3,
)  # fmt: skip
PHASE = Panel("Cart's velocity", "position", (-0.4, 1.1), (-1.3, 0.5), (0.0, 1.0), (-1.0, 0.0))
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


#: From a gain ``(1, 2)``, the noise and the method's knob to the next gain.
STEPS: dict[str, Callable[[np.ndarray, float, float], np.ndarray]] = {
    "gradient": lambda T, sigma, eta: T + eta * lqr.gradient(WORLD, T, sigma),
    "natural": natural_step,
    "penalty": lambda T, sigma, lam: lqr.penalty_argmax(WORLD, T, sigma, lam),
    "trust region": lambda T, sigma, delta: lqr.trust_region_argmax(WORLD, T, sigma, delta),
    "summit": lambda T, sigma, lam: lqr.penalty_argmax(WORLD, T, sigma, lam),
}


@cache
def path(name: str, knob: float, spring: float, brake: float, sigma: float) -> np.ndarray:
    """The gains of a method, shape ``(K + 1, 2)``. Statement: `gradient_ascent`."""
    gains = [np.array([[spring, brake]])]
    for _ in range(K):
        gains.append(STEPS[name](gains[-1], sigma, knob).clip(-FARTHEST, FARTHEST))
    return np.concatenate(gains)


def best(sigma: float) -> np.ndarray:
    """The best single gain, shape ``(1, 2)``. Statement: `lqr_single_gain`."""
    return path("summit", 0.0, *lqr.optimal(WORLD)[0][0, 0], sigma)[-1:]


def drive(gain: np.ndarray) -> np.ndarray:
    """Position and velocity of the cart without noise, shape ``(H + 1, 2)``. Statement: `lqr`."""
    s = [PUSHED]
    for _ in range(WORLD.H):
        s.append((WORLD.A + WORLD.B @ gain.reshape(1, 2)) @ s[-1])
    return np.array(s)


@cache
def numbers(
    spring: float, brake: float, sigma: float, eta: float, delta: float, lam: float
) -> dict[str, np.ndarray]:
    """All that is drawn: of each method the gains ``(K + 1, 2)`` and what J lacks ``(K + 1,)``.

    Statement: `lqr_gradient`, `lqr_fisher`, `lqr_penalty`, `lqr_single_gain`. With them the best gain, and
    the cart under the first gain and under the last of the trust region, ``(H + 1, 2)``.
    """
    top = best(sigma)
    J = lqr.landscape(WORLD, top, sigma)
    found = {"best": top[0], "cart before": drive(np.array([spring, brake]))}
    knobs = {
        "gradient": eta,
        "natural": delta,
        "penalty": lam,
        "trust region": delta,
        "summit": 0.0,
    }
    for name, knob in knobs.items():
        gains = found[name] = path(name, knob, spring, brake, sigma)
        found[f"{name} lacks"] = J - lqr.landscape(WORLD, gains[:, None], sigma)
    return found | {"cart after": drive(found["trust region"][-1])}


@cache
def ground(sigma: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A grid of gains, and what J lacks at each. Statement: `lqr_values`."""
    x, y = (np.linspace(*limits, 41) for limits in AXES)
    gains = np.stack(np.meshgrid(x, y), axis=-1)[..., None, :]
    top = lqr.landscape(WORLD, best(sigma), sigma)
    return x, y, top - lqr.landscape(WORLD, gains, sigma)


def frame(
    spring: float, brake: float, sigma: float, eta: float, delta: float, lam: float
) -> Figure:
    """The landscape with the paths, the cart in its phase plane, and what each method lacks.

    Statement: `lqr_penalty`.
    """
    found = numbers(spring, brake, sigma, eta, delta, lam)
    with style.within():
        fig, (plane, phase, lacks) = panels(((PLANE, PHASE), (LACKS,)), 5.6, (1.25, 1.0))
        plane.contour(*ground(sigma), levels=LEVELS, colors=[style.MUTED], linewidths=0.7)
        for name, (colour, marker) in LOOKS.items():
            _draw_path(plane, found[name], colour, marker)
            y = found[f"{name} lacks"].clip(LEAST)
            lacks.plot(y, color=colour, lw=1.2)
            dots(lacks, np.arange(K + 1)[::4], y[::4], colour, ms=4, mew=0)
        for x, line, name in zip(
            (0.02, 0.32, 0.62, 0.02, 0.42), (1, 1, 1, 0, 0), LOOKS, strict=True
        ):
            words = "surrogate's summit" if name == "summit" else name
            key(lacks, x, words, LOOKS[name][0], line, marker=LOOKS[name][1], ms=6)
        plane.plot(*found["best"], "*", color=style.INK, ms=11)
        _draw_cart(phase, found["cart before"], found["cart after"])
    return fig


def _draw_path(ax: Axes, gains: np.ndarray, colour: str, marker: str) -> None:
    look: dict[str, Any] = {"color": colour, "mec": style.PAPER, "mew": 0.5}
    ax.plot(*gains.T, lw=1.3, color=colour)
    ax.plot(*gains[:6].T, marker, ms=4.5, ls="", **look)


def _draw_cart(ax: Axes, before: np.ndarray, after: np.ndarray) -> None:
    for way, colour in ((before, style.MUTED), (after, style.VERMILLION)):
        ax.plot(*way.T, "o-", color=colour, lw=1.2, ms=2.5)
    ax.plot(*PUSHED, "o", color=style.INK, ms=5)


def describe(
    spring: float, brake: float, sigma: float, eta: float, delta: float, lam: float
) -> str:
    """Where the paths start, and what each lacks after 5 and after 20 steps.

    Statement: `lqr_penalty`.

    >>> print(describe(spring=-0.5, brake=-4.0, sigma=0.3, eta=0.1, delta=3.0, lam=0.3))
    From the gain (−0.5, −4), σ = 0.3; the best is (−2.40, −2.31), and the lines around it
    are where J lacks 0.1, 1, 10 and 100. What J lacks after 5 and after 20 steps: 0.44 and
    0.044 (gradient, η = 0.1); 2.7 and 0.0043 (natural step, δ = 3); 2.7 and 0.15 (penalty,
    λ = 0.3); 2.7 and less than 0.000001 (trust region, δ = 3); less than 0.000001 and less
    than 0.000001 (the surrogate's summit). The cart, pushed to 1, is at 0.47 in the end
    with the first gain, and at 0.00 with the last of the trust region.
    """
    found = numbers(spring, brake, sigma, eta, delta, lam)
    x, y = found["best"]
    knobs = {
        "gradient": f"gradient, η = {text(eta)}",
        "natural": f"natural step, δ = {text(delta)}",
        "penalty": f"penalty, λ = {text(lam)}",
        "trust region": f"trust region, δ = {text(delta)}",
        "summit": "the surrogate's summit",
    }
    lacking = "; ".join(
        f"{_lack(found[f'{name} lacks'][5])} and {_lack(found[f'{name} lacks'][K])} ({knob})"
        for name, knob in knobs.items()
    )
    before, after = (text(found[f"cart {when}"][-1, 0], ".2f") for when in ("before", "after"))
    return (
        f"From the gain ({text(spring)}, {text(brake)}), σ = {text(sigma)}; the best is "
        f"({text(x, '.2f')}, {text(y, '.2f')}), and the lines around it are where J lacks 0.1, 1, 10 "
        f"and 100. What J lacks after 5 and after {K} steps: {lacking}. The cart, pushed to 1, is at "
        f"{before} in the end with the first gain, and at {after} with the last of the trust region."
    )


def _lack(x: float) -> str:
    if not x < 1e6:
        return "more than a million"
    return f"{x:.2g}" if x > LEAST else "less than 0.000001"
