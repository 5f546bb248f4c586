"""Groups of responses: what each number of successes says, and the weight that remains on average."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from pgcompanion import language, style
from pgcompanion.demos import Control, Panel, panels
from pgcompanion.demos.engine.controls import text
from pgcompanion.demos.engine.draws import uniform
from pgcompanion.demos.engine.marks import dots, key

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GROUPS, MOST, STREAM = 200, 16, 21
RATES = np.linspace(0.01, 0.99, 50)
MEAN, DIVIDED = "leave one out", "divided by σ"
ADVANTAGES: dict[str, language.GroupAdvantage] = {
    MEAN: language.leave_one_out,
    DIVIDED: partial(language.group_advantage, std=True),
}

controls = {
    "G": Control("responses G", (2, 4, 8, MOST), default=8, whole=True),
    "p": Control("success rate p", (0.05, 0.25, 0.5, 0.95), default=0.25),
    "kind": Control("advantage", tuple(ADVANTAGES), default=DIVIDED),
    "N": Control("groups N", (2, 20, GROUPS), default=2, time=True),
}

COUNTS = (0.0, 4.0, 8.0, 12.0, 16.0)
CHANCE = Panel(
    "Chance of k right", "k", (-0.7, 16.7), (0, 1), COUNTS, (0.0, 0.5, 1.0), numbers="xy"
)
SAYS = Panel("What they say", "k", (-0.7, 16.7), (-0.03, 0.55), COUNTS, (0.0, 0.25, 0.5))
WEIGHT = Panel(
    "Weight of a prompt on average",
    "success rate p",
    (0, 1),
    (0, 4.2),
    (0.0, 0.5, 1.0),
    (0.0, 1.0, 2.0, 3.0, 4.0),
    lines=1,
)
ROWS = ((CHANCE, SAYS), (WEIGHT,))


def numbers(G: int, p: float, kind: str, N: int) -> dict[str, np.ndarray]:
    r"""The picture as arrays, of a policy with one logit, where :math:`\nabla p=p(1-p)`.

    Statement: `group_std`, `group_baselines`. ``k`` successes have the chance ``chance[k]``, and the
    estimate of the gradient is then ``says[k]``. ``weight`` is its mean over :math:`\nabla p`, ``curve``
    the same at every rate of `RATES`. ``drawn`` holds the successes of ``N`` sampled groups,
    ``estimate`` and ``error`` the weight that they give and its standard error.
    """
    k = np.arange(G + 1)
    r = (np.arange(G) < k[:, None]) * 1.0
    # The score of a success less that of a failure is 1, and advantages have the sum 0.
    says = (ADVANTAGES[kind](r) * r).mean(axis=1)

    def chance(rate: np.ndarray) -> np.ndarray:
        choose = np.cumprod(np.append(1.0, (G - k[:-1]) / (k[:-1] + 1)))
        return np.asarray(choose * rate**k * (1 - rate) ** (G - k))

    def weight(rate: np.ndarray) -> np.ndarray:
        return np.asarray(chance(rate[..., None]) @ says / (rate * (1 - rate)))

    drawn = (_luck()[:N, :G] < p).sum(axis=1)
    sampled = says[drawn] / (p * (1 - p))
    return {
        "k": k,
        "chance": chance(np.array(p)),
        "says": says,
        "weight": weight(np.array(p)),
        "rates": RATES,
        "curve": weight(RATES),
        "drawn": drawn,
        "estimate": sampled.mean(),
        "error": sampled.std(ddof=1) / np.sqrt(N),
    }


@cache
def _luck() -> np.ndarray:
    """A number for each response: it is right where the success rate is larger, ``(GROUPS, MOST)``."""
    return uniform(GROUPS * MOST, STREAM).reshape(GROUPS, MOST)


def constants() -> dict[str, Any]:
    """How many groups and responses there are, the rates of the curve, and the luck."""
    return {
        "groups": GROUPS,
        "most": MOST,
        "rates": RATES,
        "stream": STREAM,
        "kinds": [*ADVANTAGES],
    }


def frame(G: int, p: float, kind: str, N: int) -> Figure:
    """Chance and estimate of each number of successes, above the weight at every rate.

    Statement: `group_std`.
    """
    x = numbers(G, p, kind, N)
    with style.within():
        fig, axes = panels(ROWS, height=4.8)
        axes[0].bar(x["k"], x["chance"], color=style.SKY)
        silent = (x["k"] == 0) | (x["k"] == G)
        axes[0].bar(x["k"][silent], x["chance"][silent], color=style.VERMILLION)
        dots(axes[1], x["k"], x["says"], style.BLUE, ms=6)
        _weights(axes[2], p, N, x)
    return fig


def _weights(ax: Axes, p: float, N: int, x: dict[str, np.ndarray]) -> None:
    ax.plot(x["rates"], x["curve"], color=style.BLUE)
    key(ax, 0.02, "exact", style.BLUE, marker="o", ms=8)
    key(ax, 0.32, f"{N} groups, two standard errors", style.VERMILLION, marker="o", ms=5)
    dots(ax, p, x["weight"], style.BLUE, ms=10)
    ends = x["estimate"] + np.array([-2, 2]) * x["error"]
    ax.plot([p, p], ends, color=style.VERMILLION, lw=2)
    dots(ax, p, x["estimate"], style.VERMILLION, ms=5)


def describe(G: int, p: float, kind: str, N: int) -> str:
    """The weight on average, and how often a group says nothing.

    Statement: `group_std`, `group_baselines`.

    >>> print(describe(G=2, p=0.5, kind="leave one out", N=20))
    Groups of 2 responses with success rate 0.5, advantage leave one out. With probability 0.500 all
    rewards are equal and the group says nothing (orange). On average the gradient of p has the weight
    1.000; 20 sampled groups say 0.800 ± 0.225.
    """
    x = numbers(G, p, kind, N)
    silent = x["chance"][0] + x["chance"][-1]
    return (
        f"Groups of {G} responses with success rate {text(p)}, advantage {kind}. With probability "
        f"{silent:.3f} all rewards are equal and the group says nothing (orange). On average the "
        f"gradient of p has the weight {x['weight']:.3f}; {N} sampled groups say "
        f"{x['estimate']:.3f} ± {x['error']:.3f}."
    )
