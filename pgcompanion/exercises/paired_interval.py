"""Exercise: an interval for the difference of two algorithms."""

# mypy: disable-error-code="no-any-return"

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake

STATEMENT = r"""
Two algorithms were run on the same $n$ seeds: run $i$ of both had the same world and the same luck. By
how much does the first end better, on average over all seeds there could be?

Write `paired_interval(one, other)`, a 95% interval for the mean difference from the final returns `one`
and `other`, both of shape `(n,)`. Take the normal approximation: the mean of the differences, 1.96
standard errors to either side, where the variance of the differences has $n - 1$ in its denominator.
Return two numbers, the lower and the upper end, as an array of shape `(2,)`.
"""


def paired_interval(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The 95% interval for the mean of one - other, over shared seeds.

    one: (n,); other: (n,). Returns (2,).
    """
    gap = one - other
    error = gap.std(ddof=1) / np.sqrt(len(gap))
    return gap.mean() + np.array([-1.96, 1.96]) * error


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    yield np.array([3.0, 5.0, 10.0]), np.array([2.0, 4.5, 7.0])
    for n in (3, 4, 5, 7):
        luck = rng.permutation(4 * n)[:n] * 1.0
        yield luck + rng.permutation(2 * n)[:n] / 2 + 0.5, luck + rng.permutation(n)[:n] / 4


def _around(mean: float, error: float) -> np.ndarray:
    return mean + np.array([-1.96, 1.96]) * error


def _mean(one: np.ndarray, other: np.ndarray) -> float:
    return float(one.mean() - other.mean())


I = "ex_common_seeds"
MISTAKES = (
    Mistake(
        "unpaired",
        lambda one, other: _around(
            _mean(one, other), np.sqrt((one.var(ddof=1) + other.var(ddof=1)) / len(one))
        ),
        "You treated the runs as independent. They share their seeds, and the luck that both had cancels "
        "in the differences: take those first, and the interval is much narrower.",
        I,
    ),
    Mistake(
        "unpaired_without_correction",
        lambda one, other: _around(
            _mean(one, other), np.sqrt((one.var() + other.var()) / len(one))
        ),
        "Two things: you treated the runs as independent, although they share their seeds, and the "
        "variances have n in the denominator instead of n - 1.",
        I,
    ),
    Mistake(
        "deviation_for_error",
        lambda one, other: _around(_mean(one, other), (one - other).std(ddof=1)),
        "You used the standard deviation of single differences. The mean of n of them is known better: "
        "its standard error is smaller by the root of n.",
        I,
    ),
    Mistake(
        "divided_by_n",
        lambda one, other: _around(_mean(one, other), (one - other).std(ddof=1) / len(one)),
        "You divided the deviation by n. The variance of a mean falls with n, so its deviation falls with "
        "the root of n.",
        I,
    ),
    Mistake(
        "no_correction",
        lambda one, other: _around(_mean(one, other), (one - other).std() / np.sqrt(len(one))),
        "Your variance has n in its denominator, as `np.std` has by default. The mean was estimated from "
        "the same differences: n - 1, `ddof=1`.",
        I,
    ),
    Mistake(
        "percentiles_of_the_runs",
        lambda one, other: np.percentile(one - other, [2.5, 97.5]),
        "You took percentiles of the single differences. They say where a run falls; the interval is "
        "about the mean, which is known better.",
        I,
    ),
    Mistake(
        "smallest_and_largest",
        lambda one, other: np.array([(one - other).min(), (one - other).max()]),
        "You returned the smallest and the largest difference. They say where the runs fall, and move "
        "apart with more seeds; the interval of a mean shrinks.",
        I,
    ),
    Mistake(
        "best_runs",
        lambda one, other: _around(
            one.max() - other.max(), (one - other).std(ddof=1) / np.sqrt(len(one))
        ),
        "Your interval lies around the difference of the best runs. The best of n says how lucky the "
        "luckiest was: take the mean.",
        I,
    ),
    Mistake(
        "other_way_round",
        lambda one, other: -paired_interval(one, other)[::-1],
        "Your difference is the wrong way round: `one` less `other`.",
        I,
    ),
    Mistake(
        "ends_exchanged",
        lambda one, other: paired_interval(one, other)[::-1],
        "The upper end comes first in your result. The lower one is to stand first.",
        I,
    ),
    Mistake(
        "one_standard_error",
        lambda one, other: _mean(one, other) + np.array([-1, 1]) * _error(one, other),
        "You went one standard error to either side, which covers 68%. For 95% it takes 1.96.",
        I,
    ),
    Mistake(
        "two_standard_errors",
        lambda one, other: _mean(one, other) + np.array([-2, 2]) * _error(one, other),
        "You went 2 standard errors to either side. Asked for is 1.96.",
        I,
    ),
    Mistake(
        "ninety_percent",
        lambda one, other: _mean(one, other) + np.array([-1.645, 1.645]) * _error(one, other),
        "You used 1.645, which leaves 5% on one side, 10% on both. For 95% it takes 1.96.",
        I,
    ),
    Mistake(
        "of_the_first_alone",
        lambda one, other: _around(one.mean(), one.std(ddof=1) / np.sqrt(len(one))),
        "You returned the interval of the first algorithm alone. Two overlapping intervals decide "
        "nothing: it is the difference whose interval is wanted.",
        I,
    ),
    Mistake(
        "around_zero",
        lambda one, other: _around(0.0, _error(one, other)),
        "Your interval lies around 0. It lies around the mean of the differences.",
        I,
    ),
    Mistake(
        "median_difference",
        lambda one, other: _around(float(np.median(one - other)), _error(one, other)),
        "Your interval lies around the median of the differences. It is their mean that is asked for.",
        I,
    ),
    Mistake(
        "variance_for_deviation",
        lambda one, other: _around(_mean(one, other), (one - other).var(ddof=1) / len(one)),
        "You forgot the root: this is the variance of the mean, and its standard error is the root of it.",
        I,
    ),
    Mistake(
        "ends_of_both",
        lambda one, other: np.array(
            [
                _around(one.mean(), one.std(ddof=1) / np.sqrt(len(one)))[0]
                - _around(other.mean(), other.std(ddof=1) / np.sqrt(len(other)))[1],
                _around(one.mean(), one.std(ddof=1) / np.sqrt(len(one)))[1]
                - _around(other.mean(), other.std(ddof=1) / np.sqrt(len(other)))[0],
            ]
        ),
        "You subtracted the ends of two separate intervals, or added their errors. That is wider than even independent runs "
        "deserve: take the differences of the paired runs first.",
        I,
    ),
    Mistake(
        "deviation_without_correction",
        lambda one, other: _around(_mean(one, other), (one - other).std()),
        "Two things: you used the deviation of single differences where the standard error of their mean belongs, and its variance has n in the denominator.",
        "ex_common_seeds",
    ),
    Mistake(
        "corrected_twice",
        lambda one, other: _around(
            _mean(one, other), (one - other).std(ddof=1) / np.sqrt(len(one) - 1)
        ),
        "You corrected twice: n - 1 stands in the variance, and the root that divides is that of n.",
        "ex_common_seeds",
    ),
    Mistake(
        "mean_and_width",
        lambda one, other: np.array([_mean(one, other), 1.96 * _error(one, other)]),
        "You returned the middle and the half width. The two ends are asked for.",
        "ex_common_seeds",
    ),
    Mistake(
        "upper_end_only",
        lambda one, other: _mean(one, other) + 1.96 * _error(one, other),
        "You returned the upper end alone. An interval has two ends.",
        "ex_common_seeds",
    ),
)


def _error(one: np.ndarray, other: np.ndarray) -> float:
    return float((one - other).std(ddof=1) / np.sqrt(len(one)))


exercise = Exercise(
    title="An interval for a difference",
    label=I,
    statement=STATEMENT.strip(),
    solution=paired_interval,
    hints=(
        "Run i of both algorithms had the same luck. What can you do before anything else so that it "
        "cancels?",
        "Subtract run by run: n differences. Their mean is the middle; its standard error is their "
        "standard deviation over the root of n.",
        "`gap = one - other`, and `gap.std(ddof=1) / np.sqrt(len(gap))` is the standard error.",
    ),
    cases=cases,
    mistakes=MISTAKES,
)
