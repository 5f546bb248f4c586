"""One group of responses: what each number of successes does, and the weight that remains on average."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from pgcompanion import language, style
from pgcompanion.demos import Control, Panel, panels
from pgcompanion.demos.engine.controls import text
from pgcompanion.demos.engine.marks import dots, key, outside

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GROUPS = 200
RATES = np.linspace(0.01, 0.99, 50)
MEAN, DIVIDED = "leave one out", "divided by σ"
ADVANTAGES: dict[str, language.GroupAdvantage] = {
    MEAN: language.leave_one_out,
    DIVIDED: partial(language.group_advantage, std=True),
}

controls = {
    "G": Control("responses G", (2, 3, 4, 8, 16), default=8),
    "p": Control("success rate p", (0.05, 0.1, 0.25, 0.5, 0.75, 0.9), default=0.25),
    "kind": Control("advantage", tuple(ADVANTAGES), default=DIVIDED),
}

COUNTS = (0.0, 4.0, 8.0, 12.0, 16.0)
CHANCE = Panel(
    "Chance of k successes", "k", (-0.7, 16.7), (0, 1), COUNTS, (0.0, 0.5, 1.0), numbers="xy"
)
PULL = Panel("What they weigh", "k", (-0.7, 16.7), (0, 6), COUNTS, (0.0, 2.0, 4.0))
WEIGHT = Panel(
    "Weight of a prompt on average",
    "success rate p",
    (0, 1),
    (0, 4.2),
    (0.0, 0.5, 1.0),
    (0.0, 1.0, 2.0, 3.0, 4.0),
    lines=1,
)
ROWS = ((CHANCE, PULL), (WEIGHT,))


def numbers(G: int, p: float, kind: str) -> dict[str, np.ndarray]:
    r"""The picture as arrays: all are of the coefficient of :math:`\nabla p`.

    Statement: `group_std`, `group_baselines`. ``k`` successes have the chance ``chance[k]``, and then
    the estimate has the mean ``pull[k]`` times :math:`\nabla p`. ``weight`` is its mean, ``curve`` the
    mean at every rate of `RATES`, ``drawn`` the successes of sampled groups, ``estimate`` and ``error``
    what they give.
    """
    k = np.arange(G + 1)
    r = (np.arange(G) < k[:, None]) * 1.0
    A = ADVANTAGES[kind](r)
    plus, minus = (A * r).sum(axis=1), (A * (1 - r)).sum(axis=1)

    def pull(rate: np.ndarray) -> np.ndarray:
        return np.asarray((plus / rate - minus / (1 - rate)) / G)

    def chance(rate: np.ndarray) -> np.ndarray:
        choose = np.cumprod(np.append(1.0, (G - k[:-1]) / (k[:-1] + 1)))
        return np.asarray(choose * rate**k * (1 - rate) ** (G - k))

    drawn = np.random.default_rng(0).binomial(G, p, GROUPS)
    sampled = pull(np.array(p))[drawn]
    rates = RATES[:, None]
    return {
        "k": k,
        "chance": chance(np.array(p)),
        "pull": pull(np.array(p)),
        "weight": np.array(chance(np.array(p)) @ pull(np.array(p))),
        "rates": RATES,
        "curve": (chance(rates) * pull(rates)).sum(axis=1),
        "drawn": drawn,
        "estimate": sampled.mean(),
        "error": sampled.std(ddof=1) / np.sqrt(GROUPS),
    }


def frame(G: int, p: float, kind: str) -> Figure:
    """Chance and weight of each number of successes, above the weight at every rate.

    Statement: `group_std`.
    """
    x = numbers(G, p, kind)
    with style.within():
        fig, axes = panels(ROWS, height=4.8)
        axes[0].bar(x["k"], x["chance"], color=style.SKY)
        silent = (x["k"] == 0) | (x["k"] == G)
        axes[0].bar(x["k"][silent], x["chance"][silent], color=style.VERMILLION)
        dots(axes[1], x["k"], x["pull"], style.BLUE, ms=6)
        _weights(axes[2], p, x)
    return fig


def _weights(ax: Axes, p: float, x: dict[str, np.ndarray]) -> None:
    ax.plot(x["rates"], x["curve"], color=style.BLUE)
    key(ax, 0.02, "exact", style.BLUE, marker="o", ms=8)
    key(ax, 0.32, f"{GROUPS} groups, two standard errors", style.VERMILLION, marker="o", ms=5)
    dots(ax, p, x["weight"], style.BLUE, ms=10)
    ends = x["estimate"] + np.array([-2, 2]) * x["error"]
    ax.plot([p, p], ends, color=style.VERMILLION, lw=2)
    dots(ax, p, x["estimate"], style.VERMILLION, ms=5)


def describe(G: int, p: float, kind: str) -> str:
    """The weight on average, and how often a group says nothing.

    Statement: `group_std`, `group_baselines`.

    >>> print(describe(G=2, p=0.5, kind="leave one out"))
    Groups of 2 responses with success rate 0.5, advantage leave one out. With probability 0.500 all
    rewards are equal and the group says nothing (orange). On average the gradient of p has the weight
    1.000; 200 sampled groups say 0.940 ± 0.071.
    """
    x = numbers(G, p, kind)
    silent = x["chance"][0] + x["chance"][-1]
    cut = outside(PULL, x["pull"])
    more = f" {cut} weights lie above their panel." if cut else ""
    return (
        f"Groups of {G} responses with success rate {text(p)}, advantage {kind}. With probability "
        f"{silent:.3f} all rewards are equal and the group says nothing (orange). On average the "
        f"gradient of p has the weight {x['weight']:.3f}; {GROUPS} sampled groups say "
        f"{x['estimate']:.3f} ± {x['error']:.3f}.{more}"
    )
