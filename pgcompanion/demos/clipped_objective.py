"""The clipped objective against the ratio, above the ratios of a batch that was trained on it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pgcompanion import exact, objectives, style
from pgcompanion.batches import aggregated_batch
from pgcompanion.demos import Control, Panel, panels
from pgcompanion.demos.engine.controls import text
from pgcompanion.demos.engine.marks import say
from pgcompanion.estimators import at_pairs
from pgcompanion.gridworld import GridWorld
from pgcompanion.policies import LinearSoftmax
from pgcompanion.steps import ppo_step
from pgcompanion.trajectories import sample

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

N, H, END = 100, 20, 2.4
SIGNS = (1, -1)

controls = {
    "eps": Control("clip range ε", (0.1, 0.2, 0.4), default=0.2),
    "u": Control("one ratio u", (0.2, 0.5, 0.8, 1.0, 1.2, 1.5, 2.0), default=1.5),
    "e": Control("epochs e", (0, 1, 2, 5, 10, 20, 40), default=10, time=True),
}

BINS, TALLEST = np.linspace(0, END, 49), 0.55
RATIOS = (0.0, 0.5, 1.0, 1.5, 2.0)
ROWS = (
    (
        Panel("Term, A = +1", "", (0, END), (-0.1, 2.5), RATIOS, (0.0, 1.0, 2.0), numbers="y"),
        Panel("Term, A = −1", "", (0, END), (-2.5, 0.1), RATIOS, (-2.0, -1.0, 0.0), numbers="y"),
    ),
    (
        Panel("Steps with A > 0", "ratio u", (0, END), (0, 0.75), RATIOS, (0.0, 0.2, 0.4)),
        Panel("Steps with A < 0", "ratio u", (0, END), (0, 0.75), RATIOS, (0.0, 0.2, 0.4)),
    ),
)


class Trained(NamedTuple):
    """The ratios of the steps with an advantage above and below 0, and the divergence in nats."""

    up: np.ndarray
    down: np.ndarray
    kl: float


@cache
def trained(eps: float, e: int) -> Trained:
    """A batch of episodes on a gridworld, after ``e`` epochs of ascent on the clipped objective.

    Statement: `ppo_clip`. The policy is linear in each cell's row and column, so its few parameters
    are shared by all steps. The advantages are exact.
    """
    grid = GridWorld.named("4x4", slip=0.2)
    mdp, policy = grid.mdp(H), LinearSoftmax(_features(grid))
    theta_k = np.zeros(policy.p)
    pi_k = policy.table(theta_k)
    tau = sample(mdp, pi_k, N, np.random.default_rng(0))
    psi = at_pairs(exact.evaluate(mdp, pi_k).A, tau)
    batch = aggregated_batch(policy, theta_k, tau, psi)
    theta = ppo_step(policy, theta_k, batch, eps=eps, eta=0.02, epochs=e)
    ratio = (policy.table(theta) / pi_k)[tau.s, tau.a]
    kl = objectives.kl(policy, theta_k, theta, batch)
    return Trained(ratio[psi > 1e-9], ratio[psi < -1e-9], kl)


def _features(grid: GridWorld) -> np.ndarray:
    """For each action a constant, the row and the column: ``(S, A, 3 A)``."""
    place = np.column_stack([np.ones(grid.S), grid.cells - grid.cells.mean(axis=0)])
    features = np.einsum("si,ab->sabi", place, np.eye(grid.A))
    return np.asarray(features.reshape(grid.S, grid.A, -1))


def term(u: np.ndarray | float, A: int, eps: float) -> np.ndarray:
    r"""One term of the clipped objective,
    :math:`\min\{uA,\mathrm{clip}(u,1-\epsilon,1+\epsilon)A\}`.

    Statement: `ppo_clip`.

    >>> term(1.5, 1, eps=0.2).item(), term(1.5, -1, eps=0.2).item()
    (1.2, -1.5)
    """
    return objectives.clipped(np.asarray(u), np.asarray(A), eps)


def is_flat(u: np.ndarray | float, A: int, eps: float) -> np.ndarray:
    """Whether a term has no gradient any more; at the corner it counts as having none.

    Statement: `ppo_clip`.

    >>> is_flat(1.5, 1, eps=0.2).item(), is_flat(1.5, -1, eps=0.2).item()
    (True, False)
    """
    return np.asarray(u >= 1 + eps if A > 0 else u <= 1 - eps)


def frame(eps: float, u: float, e: int) -> Figure:
    """The term over the ratio for both signs, above the ratios of the batch.

    Statement: `ppo_clip`.
    """
    with style.within():
        fig, axes = panels(ROWS, height=4.8)
        for A, ax, below, ratio in zip(SIGNS, axes[:2], axes[2:], trained(eps, e)[:2], strict=True):
            for each in (ax, below):
                each.axvspan(1 - eps, 1 + eps, color=style.SKY, alpha=0.25, lw=0)
            _draw_term(ax, eps, u, A)
            _draw_ratios(below, ratio, eps, A)
    return fig


def _draw_term(ax: Axes, eps: float, u: float, A: int) -> None:
    corner = np.array([0, 1 - eps, 1 + eps, END])
    ax.plot([0, END], [0, A * END], color=style.MUTED, lw=1, ls="--")
    ax.plot(corner, term(corner, A, eps), color=style.BLUE, lw=2.5)
    colour = style.VERMILLION if is_flat(u, A, eps) else style.BLUE
    ax.plot([u], [term(u, A, eps)], "o", color=colour, ms=10, mec=style.PAPER, mew=1.5)
    words, y = ("no gradient" if is_flat(u, A, eps) else "gradient"), 0.88 if A > 0 else 0.06
    say(ax, 0.04, y, words, colour)


def _draw_ratios(ax: Axes, ratio: np.ndarray, eps: float, A: int) -> None:
    """The ratios; those without a gradient stand out, and a bar that is cut says how tall it is."""
    flat = is_flat(ratio, A, eps)
    for chosen, colour in ((~flat, style.BLUE), (flat, style.VERMILLION)):
        counts = np.histogram(ratio[chosen].clip(max=END - 1e-9), BINS)[0] / len(ratio)
        ax.stairs(counts.clip(max=TALLEST), BINS, fill=True, color=colour)
        for place in np.flatnonzero(counts > TALLEST):
            x = (BINS[place] + BINS[place + 1]) / 2
            ax.plot([x], [TALLEST], "^", color=colour, ms=7, mec="none")
            ax.text(x + 0.12, 0.9 * TALLEST, f"{counts[place]:.0%}", size=style.FONT - 1)
    words = f"{flat.mean():.0%} without gradient"
    say(ax, 0.97, 0.88, words, ha="right")


def describe(eps: float, u: float, e: int) -> str:
    """Both terms at one ratio, and where the ratios of the batch have gone.

    Statement: `ppo_clip`.

    >>> print(describe(eps=0.2, u=1.5, e=0))
    With ε = 0.2 a step of ratio 1.5 contributes 1.2 for A = 1 (flat) and −1.5 for A = −1 (with a
    gradient). After 0 epochs on 1429 steps the policy has moved by a KL divergence of 0.000 nats.
    Of the steps with A > 0, 0.0% are past the clip and 0.0% outside it on the wrong side; of
    those with A < 0, 0.0% are past the clip and 0.0% outside it on the wrong side.
    """
    up, down, kl = trained(eps, e)
    terms = " and ".join(
        f"{text(float(term(u, A, eps)))} for A = {text(A)}"
        f" ({'flat' if is_flat(u, A, eps) else 'with a gradient'})"
        for A in SIGNS
    )
    return (
        f"With ε = {text(eps)} a step of ratio {text(u)} contributes {terms}. After {e} "
        f"epoch{'s' * (e != 1)} on {len(up) + len(down)} steps the policy has moved by a KL "
        f"divergence of {kl:.3f} nats. Of the steps with A > 0, {_outside(up, 1, eps)}; of those "
        f"with A < 0, {_outside(down, -1, eps)}."
    )


def _outside(ratio: np.ndarray, A: int, eps: float) -> str:
    flat = is_flat(ratio, A, eps).mean()
    wrong = is_flat(ratio, -A, eps).mean()
    return f"{flat:.1%} are past the clip and {wrong:.1%} outside it on the wrong side"
