"""Two learners and a few seeds each: the interval that one sees, and who wins."""

from __future__ import annotations

from functools import cache
from math import comb, erfc, sqrt
from typing import TYPE_CHECKING

import numpy as np

from pgcompanion import style
from pgcompanion.demos import Control, Panel, panels
from pgcompanion.demos.engine import draws
from pgcompanion.demos.engine.controls import text
from pgcompanion.demos.engine.marks import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST, COMPARISONS, STREAM = 40, 200, 17

#: The steady learner's results, and those of the other when it learns and when it does not: mean and
#: standard deviation.
STEADY, LEARNS, FAILS = (0.55, 0.05), (0.70, 0.04), (0.05, 0.03)

controls = {
    "fail": Control("runs of B that fail", (0.0, 0.3, 0.6), default=0.3),
    "n": Control("seeds each n", (2, 5, 10, 20, MOST), default=2, time=True),
    "c": Control("comparison number c", (1, 2, 20, COMPARISONS), default=1, whole=True),
}

LEARNERS = Panel("Results of the seeds", "J at the end", (-0.1, 0.9), (-0.6, 1.6), (0.0, 0.5), ())
WINS = Panel(
    "How often B looks better",
    "seeds each",
    (0, MOST),
    (0, 1),
    (1.0, 10.0, 20.0, 30.0, 40.0),
    (0.0, 0.5, 1.0),
)


@cache
def _luck() -> tuple[np.ndarray, np.ndarray]:
    """For every comparison, learner and seed a normal number and a uniform one, each ``(C, 2, MOST)``."""
    shape = (COMPARISONS, 2, MOST)
    n = COMPARISONS * 2 * MOST
    return draws.normal(n, STREAM).reshape(shape), draws.uniform(n, 4 * STREAM).reshape(shape)


def results(fail: float, n: int) -> np.ndarray:
    """What ``n`` seeds of A and of B end at, in every comparison, ``(C, 2, n)``.

    A is steady. B learns more, but a share ``fail`` of its runs fails.
    """
    z, u = (luck[:, :, :n] for luck in _luck())
    mean, spread = (
        np.where(u[:, 1] < fail, failed, learned)
        for failed, learned in zip(FAILS, LEARNS, strict=True)
    )
    steady = STEADY[0] + STEADY[1] * z[:, 0]
    return np.stack([steady, mean + spread * z[:, 1]], axis=1)


def looks_better(fail: float, n: int) -> float:
    """The chance that the mean of ``n`` seeds of B is above that of A, exactly.

    Given how many runs of B fail, the difference of the means is normal.
    """
    chance = 0.0
    for j in range(n + 1):
        gap = (j * FAILS[0] + (n - j) * LEARNS[0]) / n - STEADY[0]
        variance = (j * FAILS[1] ** 2 + (n - j) * LEARNS[1] ** 2 + n * STEADY[1] ** 2) / n**2
        chance += comb(n, j) * fail**j * (1 - fail) ** (n - j) * erfc(-gap / sqrt(2 * variance)) / 2
    return chance


def numbers(fail: float, n: int, c: int) -> dict[str, np.ndarray]:
    """The results of one comparison with their means, standard errors and exact means; who wins.

    ``won`` is the share of the first ``c`` comparisons in which B looked
    better, ``chance (MOST,)`` the exact one for 1, …, ``MOST`` seeds.
    """
    x = results(fail, n)
    mean = x.mean(axis=-1)
    return {
        "results": x[c - 1],
        "mean": mean[c - 1],
        "stderr": x[c - 1].std(axis=-1, ddof=1) / np.sqrt(n),
        "exact": np.array([STEADY[0], fail * FAILS[0] + (1 - fail) * LEARNS[0]]),
        "won": (mean[:c, 1] > mean[:c, 0]).mean(),
        "chance": np.array([looks_better(fail, each) for each in range(1, MOST + 1)]),
    }


def constants() -> dict[str, object]:
    """The three kinds of results, and how much luck there is."""
    kinds = {"steady": STEADY, "learns": LEARNS, "fails": FAILS}
    return kinds | {"most": MOST, "comparisons": COMPARISONS, "stream": STREAM}


def frame(fail: float, n: int, c: int) -> Figure:
    """The results of both learners with their intervals, above the chance that B looks better."""
    seen = numbers(fail, n, c)
    with style.within():
        fig, (learners, wins) = panels(((LEARNERS,), (WINS,)), 5.2, (1.0, 1.2))
        for row, colour in enumerate((style.BLUE, style.VERMILLION)):
            learners.plot(seen["results"][row], np.full(n, row), "o", color=colour, ms=5, alpha=0.5)
            reach = 1.96 * seen["stderr"][row]
            learners.errorbar(seen["mean"][row], row + 0.3, xerr=reach, color=colour, fmt="D", ms=6)
            learners.vlines(seen["exact"][row], row - 0.25, row + 0.25, color=style.INK)
            say(learners, 0.02, 0.24 + 0.46 * row, f"learner {'AB'[row]}", colour)
        _draw_wins(wins, seen, n, c)
    return fig


def _draw_wins(ax: Axes, seen: dict[str, np.ndarray], n: int, c: int) -> None:
    ax.plot(np.arange(1, MOST + 1), seen["chance"], color=style.VERMILLION)
    ax.plot([n], [seen["won"]], "o", color=style.INK, ms=8, mec=style.PAPER)
    say(ax, 0.98, 0.88, f"so far in {seen['won']:.0%} of {c}", ha="right")


def describe(fail: float, n: int, c: int) -> str:
    """Who looks better here, who is, and how often the comparison errs.

    >>> print(describe(fail=0.3, n=5, c=1))
    With 5 seeds each A has the mean 0.55 ± 0.03 and B 0.71 ± 0.03: B looks better. Exactly they are 0.55
    and 0.505, so A is. In 1 comparison B looked better in 100%, among all it does in 44%.
    """
    seen = numbers(fail, n, c)
    (a, b), (da, db) = seen["mean"], 1.96 * seen["stderr"]
    exact = seen["exact"]
    return (
        f"With {n} seeds each A has the mean {a:.2f} ± {da:.2f} and B {text(float(b), '.2f')} ± "
        f"{db:.2f}: {'B' if b > a else 'A'} looks better. Exactly they are {exact[0]:.3g} and "
        f"{exact[1]:.3g}, so {'B' if exact[1] > exact[0] else 'A'} is. In {c} "
        f"comparison{'s' * (c > 1)} B looked better in {seen['won']:.0%}, among all it does in "
        f"{seen['chance'][n - 1]:.0%}."
    )
