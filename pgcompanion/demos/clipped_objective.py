"""The clipped objective against the ratio, above the ratios of a batch that was trained on it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pgcompanion import exact, objectives, style
from pgcompanion.batches import Batch, aggregated_batch
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

N, H, END, ETA = 100, 20, 2.4, 0.02
SIGNS = (1, -1)

controls = {
    "eps": Control("clip range ε", (0.1, 0.2, 0.4), default=0.2),
    "u": Control("one ratio u", (0.2, 0.5, 0.8, 1.0, 1.2, 1.5, 2.0), default=1.5),
    "e": Control("epochs e", (0, 1, 2, 5, 10, 20, 40), default=0, time=True),
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
    """The ratios of the batch's rows, the steps that each stands for, and the divergence in nats."""

    ratio: np.ndarray
    kl: float


class Case(NamedTuple):
    """The policy, where it stands, a batch there, and how many steps with an advantage a row has."""

    policy: LinearSoftmax
    theta_k: np.ndarray
    batch: Batch
    steps: np.ndarray

    def side(self, A: int) -> np.ndarray:
        """Which rows have an advantage of the sign of ``A``, round-off left out."""
        return (self.batch.A * A > 0) & (self.steps > 0)


@cache
def case() -> Case:
    """A batch of episodes on a gridworld, and the policy that it is of.

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
    place = 2 * (tau.s * grid.A + tau.a) + (psi > 0)
    counts = np.bincount(place[np.abs(psi) > 1e-9], minlength=2 * grid.S * grid.A)
    return Case(policy, theta_k, batch, counts[2 * (batch.s * grid.A + batch.a) + (batch.A > 0)])


@cache
def trained(eps: float, e: int) -> Trained:
    """The batch after ``e`` epochs of ascent on the clipped objective. Statement: `ppo_clip`."""
    policy, theta_k, batch, _ = case()
    theta = ppo_step(policy, theta_k, batch, eps=eps, eta=ETA, epochs=e)
    ratio = np.exp(policy.log_prob(theta, batch.s, batch.a) - batch.log_prob)
    return Trained(ratio, objectives.kl(policy, theta_k, theta, batch))


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


def numbers(eps: float, u: float, e: int) -> dict[str, np.ndarray]:
    """Both terms at one ratio and whether they are flat, the batch's ratios and their divergence.

    Statement: `ppo_clip`. Of the steps with an advantage above and below 0 each, ``past`` is the share
    beyond the clip, where a term has no gradient, and ``astray`` that beyond it on the wrong side.
    """
    ratio, kl = trained(eps, e)
    return {
        "term": np.array([term(u, A, eps) for A in SIGNS]),
        "flat": np.array([is_flat(u, A, eps) for A in SIGNS], dtype=float),
        "ratio": ratio,
        "kl": np.asarray(kl),
        "past": np.array([_share(ratio, A, A, eps) for A in SIGNS]),
        "astray": np.array([_share(ratio, A, -A, eps) for A in SIGNS]),
    }


def _share(ratio: np.ndarray, side: int, A: int, eps: float) -> float:
    """The share, among the steps of one side, of those whose term would be flat for ``A``."""
    mine = case().side(side)
    weights = case().steps[mine]
    return float(weights @ is_flat(ratio[mine], A, eps) / weights.sum())


def constants() -> dict[str, Any]:
    """The batch by rows, and the features of the policy."""
    policy, _, batch, steps = case()
    rows = {"s": batch.s, "a": batch.a, "w": batch.w, "A": batch.A, "steps": steps}
    return rows | {"features": policy.features, "eta": ETA}


def frame(eps: float, u: float, e: int) -> Figure:
    """The term over the ratio for both signs, above the ratios of the batch.

    Statement: `ppo_clip`.
    """
    ratio, _ = trained(eps, e)
    with style.within():
        fig, axes = panels(ROWS, height=4.8)
        for A, ax, below in zip(SIGNS, axes[:2], axes[2:], strict=True):
            for each in (ax, below):
                each.axvspan(1 - eps, 1 + eps, color=style.SKY, alpha=0.25, lw=0)
            _draw_term(ax, eps, u, A)
            mine = case().side(A)
            _draw_ratios(below, ratio[mine], case().steps[mine], eps, A)
    return fig


def _draw_term(ax: Axes, eps: float, u: float, A: int) -> None:
    corner = np.array([0, 1 - eps, 1 + eps, END])
    ax.plot([0, END], [0, A * END], color=style.MUTED, lw=1, ls="--")
    ax.plot(corner, term(corner, A, eps), color=style.BLUE, lw=2.5)
    colour = style.VERMILLION if is_flat(u, A, eps) else style.BLUE
    ax.plot([u], [term(u, A, eps)], "o", color=colour, ms=10, mec=style.PAPER, mew=1.5)
    words, y = ("no gradient" if is_flat(u, A, eps) else "gradient"), 0.88 if A > 0 else 0.06
    say(ax, 0.04, y, words, colour)


def _draw_ratios(ax: Axes, ratio: np.ndarray, weights: np.ndarray, eps: float, A: int) -> None:
    """The ratios; those without a gradient stand out, and a bar that is cut says how tall it is."""
    flat = is_flat(ratio, A, eps)
    for chosen, colour in ((~flat, style.BLUE), (flat, style.VERMILLION)):
        shares = weights[chosen] / weights.sum()
        counts = np.histogram(ratio[chosen].clip(max=END - 1e-9), BINS, weights=shares)[0]
        ax.stairs(counts.clip(max=TALLEST), BINS, fill=True, color=colour)
        for place in np.flatnonzero(counts > TALLEST):
            x = (BINS[place] + BINS[place + 1]) / 2
            ax.plot([x], [TALLEST], "^", color=colour, ms=7, mec="none")
            ax.text(x + 0.12, 0.9 * TALLEST, f"{counts[place]:.0%}", size=style.FONT - 1)
    words = f"{weights @ flat / weights.sum():.0%} without gradient"
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
    steps, each = case().steps.sum(), numbers(eps, u, e)
    terms = " and ".join(
        f"{text(float(term(u, A, eps)))} for A = {text(A)}"
        f" ({'flat' if is_flat(u, A, eps) else 'with a gradient'})"
        for A in SIGNS
    )
    up, down = (
        f"{past:.1%} are past the clip and {astray:.1%} outside it on the wrong side"
        for past, astray in zip(each["past"], each["astray"], strict=True)
    )
    return (
        f"With ε = {text(eps)} a step of ratio {text(u)} contributes {terms}. After {e} "
        f"epoch{'s' * (e != 1)} on {steps} steps the policy has moved by a KL divergence of "
        f"{each['kl']:.3f} nats. Of the steps with A > 0, {up}; of those with A < 0, {down}."
    )
