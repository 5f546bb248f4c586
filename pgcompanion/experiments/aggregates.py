"""What many runs on many tasks say together: aggregates, and intervals that keep the tasks apart."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pgcompanion import checks
from pgcompanion.experiments.border import extra
from pgcompanion.experiments.intervals import Interval


def interquartile_mean(scores: np.ndarray) -> float:
    r"""The mean of the middle half of all scores, ``(n, m)``: runs as rows, tasks as columns.

    A quarter of the scores is cut off at either end, rounded down. A few runs that fail, or shine, move
    it less than the mean, and it needs fewer runs than the median.

    Raises:
        ValueError: ``scores`` is not a finite table ``(n, m)``.

    Source: Agarwal et al. 2021, section 4.3.

    Example:
        >>> interquartile_mean(np.array([[0.0, 1.0], [2.0, 90.0]]))
        1.5
    """
    scores = checks.finite("scores", scores, (None, None))
    return float(extra("scipy.stats").trim_mean(scores, 0.25, axis=None))


def probability_of_improvement(one: np.ndarray, other: np.ndarray) -> float:
    r"""How likely a run of ``one`` beats a run of ``other`` on a task that is drawn at random.

    :math:`\frac1m\sum_j\frac1{n n'}\sum_{i,i'}\big(\mathbf 1[x_{ij}>y_{i'j}]+\tfrac12\mathbf 1[x_{ij}=y_{i'j}]\big)`
    for scores ``(n, m)`` and ``(n', m)``. It says how often, and not by how much.

    Raises:
        ValueError: an argument is not a finite table, or they are not over equally many tasks.

    Source: Agarwal et al. 2021, section 4.3; Mann and Whitney 1947.

    Example:
        >>> probability_of_improvement(np.array([[1.0], [3.0]]), np.array([[2.0], [0.0]]))
        0.75
    """
    one = checks.finite("one", one, (None, None))
    other = checks.finite("other", other, (None, one.shape[1]))
    x, y = one[:, None], other[None]
    return float(((x > y) + 0.5 * (x == y)).mean())


def performance_profile(scores: np.ndarray, levels: np.ndarray) -> np.ndarray:
    r"""The share of all runs ``(n, m)`` whose score exceeds each level, shape ``(len(levels),)``.

    The whole distribution at a glance: a curve that lies above another everywhere is better at every level.

    Raises:
        ValueError: ``scores`` is not a finite table, or ``levels`` not one axis of finite numbers.

    Source: Agarwal et al. 2021, section 4.2; Dolan and Moré 2002.

    Example:
        >>> performance_profile(np.array([[0.2, 0.6], [0.8, 1.0]]), levels=[0.0, 0.5, 0.8])
        array([1.  , 0.75, 0.25])
    """
    scores = checks.finite("scores", scores, (None, None))
    levels = checks.finite("levels", levels, (None,))
    return (scores > levels[:, None, None]).mean(axis=(1, 2))


def stratified_interval(
    statistic: Callable[..., float | np.ndarray],
    *scores: np.ndarray,
    rng: np.random.Generator,
    level: float = 0.95,
    resamples: int = 2000,
) -> Interval:
    r"""A statistic of one or several tables of scores, with a stratified bootstrap interval.

    The runs of *each task* are drawn again with replacement, so that a resample has as many runs of
    every task as the table; the tasks themselves are not drawn. The interval is the middle ``level`` of
    the statistic over ``resamples`` such tables. Of several tables each is drawn for itself.

    Args:
        statistic: maps tables ``(n, m)`` to a number or an array.
        scores: one or more tables, runs as rows and tasks as columns.
        rng: draws the runs again.
        level: how much of the draws the interval takes in, between 0 and 1.
        resamples: how many draws.

    Raises:
        ValueError: a table is not finite or has fewer than two rows, ``level`` is not between 0 and 1, or
            ``resamples`` is not a positive integer.
        TypeError: ``statistic`` is no function, or ``rng`` no generator.

    Source: Agarwal et al. 2021, section 4.1.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> scores = rng.normal(loc=[0.0, 100.0], size=(50, 2))
        >>> mean, low, high = stratified_interval(np.mean, scores, rng=rng)
        >>> bool(low < 50 < high), bool(high - low < 1)               # the tasks' gap adds nothing
        (True, True)
    """
    checks.function("statistic", statistic)
    checks.generator(rng)
    level, resamples = (
        checks.fraction("level", level),
        checks.positive_integer("resamples", resamples),
    )
    tables = [checks.finite("scores", x, (None, None)) for x in scores]
    for x in tables:
        if len(x) < 2:
            raise ValueError(f"scores must have at least two rows, but its shape is {x.shape}.")
    draws = np.array(
        [statistic(*(_resample(x, rng) for x in tables)) for _ in range(resamples)], dtype=float
    )
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return Interval(np.asarray(statistic(*tables)), low, high)


def _resample(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """As many runs of each task, drawn with replacement."""
    return np.take_along_axis(x, rng.integers(len(x), size=x.shape), axis=0)
