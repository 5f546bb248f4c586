"""Reward against divergence: what climbing a wrong reward gives, and the best of n."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from pgcompanion import language, style
from pgcompanion.demos import Control, Panel, panels
from pgcompanion.demos.engine.controls import text
from pgcompanion.demos.engine.marks import dots, key

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RESPONSES = 60
BETAS = 1 / np.geomspace(0.02, 50, 90)
DRAWS = (1, 2, 4, 8, 16)

controls = {
    "beta": Control("price β", (0.1, 0.25, 0.5, 1.0, 2.0, 4.0), default=4.0, log=True),
    "wrong": Control("error of the proxy", (0.0, 0.5, 1.0, 2.0), default=1.0),
}

OVER_KL = Panel(
    "Reward against divergence",
    "KL to the reference, nats",
    (-0.1, 5.1),
    (-1.4, 4.4),
    (0.0, 1.0, 2.0, 3.0, 4.0, 5.0),
    (0.0, 1.0, 2.0, 3.0, 4.0),
    lines=2,
)


@cache
def _model() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log-probabilities of the reference, true rewards, and an error of size 1."""
    rng = np.random.default_rng(3)
    ref = np.log(rng.dirichlet(np.ones(RESPONSES)))
    # An error with a heavy tail: most responses are judged well, a few are far overrated.
    return ref, rng.normal(size=RESPONSES), rng.standard_t(3, size=RESPONSES)


def numbers(beta: float, wrong: float) -> dict[str, np.ndarray]:
    r"""The picture as arrays: the curves over all prices, the point at one, and the best of n.

    Statement: `overoptimization`, `best_of_n`. ``kl``, ``proxy`` and ``truth`` along the policies that
    climb the proxy; ``best_kl`` and ``best`` the frontier of the true reward; ``point`` KL, proxy and
    truth at ``beta``, ``pi`` the policy there; ``n_kl`` and ``n_truth`` those of the best of ``n`` by
    the proxy.
    """
    ref, r, error = _model()
    r_hat = r + wrong * error
    kl, proxy, truth = language.frontier(ref, r_hat, r, BETAS)
    best_kl, best, _ = language.frontier(ref, r, r, BETAS)
    point = language.frontier(ref, r_hat, r, np.array([beta]))
    laws = np.array([language.best_of_n(np.exp(ref), r_hat, n) for n in DRAWS])
    log_ratio = np.log(np.where(laws > 0, laws, 1.0)) - np.where(laws > 0, ref, 0.0)
    return {
        "kl": kl,
        "proxy": proxy,
        "truth": truth,
        "best_kl": best_kl,
        "best": best,
        "point": np.concatenate(point),
        "pi": np.exp(language.gibbs(ref, r_hat, beta)),
        "n": np.array(DRAWS),
        "n_kl": (laws * log_ratio).sum(axis=1),
        "n_truth": laws @ r,
    }


def constants() -> dict[str, Any]:
    """The model, the prices of the curves, and how many are drawn for the best of them."""
    ref, r, error = _model()
    return {"ref": ref, "r": r, "error": error, "betas": BETAS, "draws": DRAWS}


def frame(beta: float, wrong: float) -> Figure:
    """Proxy and true reward along the way from the reference, and the frontier above.

    Statement: `overoptimization`.
    """
    x = numbers(beta, wrong)
    highest = max(OVER_KL.ylim[1], 1.06 * x["proxy"].max())
    panel = replace(OVER_KL, ylim=(OVER_KL.ylim[0], highest))
    if highest > 6:
        panel = replace(panel, yticks=tuple(np.arange(0.0, highest, 2.0).tolist()))
    with style.within():
        fig, (ax,) = panels(((panel,),), height=3.8)
        ax.plot(x["best_kl"], x["best"], color=style.MUTED, ls="--", lw=1.5)
        ax.plot(x["kl"], x["proxy"], color=style.ORANGE)
        ax.plot(x["kl"], x["truth"], color=style.BLUE)
        dots(ax, x["n_kl"], x["n_truth"], style.GREEN, ms=5)
        kl, proxy, truth = x["point"]
        ax.plot([kl, kl], [truth, proxy], color=style.MUTED, lw=1)
        dots(ax, kl, proxy, style.ORANGE, ms=9)
        dots(ax, kl, truth, style.BLUE, ms=9)
        for place, (words, colour) in enumerate(
            (
                ("proxy that is climbed", style.ORANGE),
                ("true reward", style.BLUE),
                ("frontier (dashed)", style.MUTED),
                ("best of 1, 2, 4, 8, 16", style.GREEN),
            )
        ):
            key(ax, 0.02 + 0.5 * (place // 2), words, colour, line=place % 2, marker="o", ms=6)
    return fig


def describe(beta: float, wrong: float) -> str:
    """KL, proxy and truth at this price, where the truth is highest, and the frontier there.

    Statement: `overoptimization`, `best_of_n`.

    >>> print(describe(beta=0.5, wrong=0.0))
    At price β = 0.5 and error 0 of the proxy: KL 1.062 nats, proxy 1.469, true reward 1.469; the
    frontier at this divergence is 1.469. The proxy is the truth, and its curve the frontier.
    """
    x = numbers(beta, wrong)
    kl, proxy, truth = x["point"]
    there = np.interp(kl, x["best_kl"], x["best"])
    top = x["truth"].argmax()
    if wrong == 0:
        end = "The proxy is the truth, and its curve the frontier."
    elif top == len(x["kl"]) - 1:
        end = "The true reward rises all the way."
    else:
        end = (
            f"The true reward is highest, {text(x['truth'][top], '.3f')}, at a KL of "
            f"{x['kl'][top]:.3f}, and falls to {text(x['truth'][-1], '.3f')} from there."
        )
    return (
        f"At price β = {text(beta)} and error {text(wrong)} of the proxy: KL {kl:.3f} nats, proxy "
        f"{text(proxy, '.3f')}, true reward {text(truth, '.3f')}; the frontier at this divergence is "
        f"{text(there, '.3f')}. {end}"
    )
