"""Exercise: how often one algorithm beats another."""

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake

STATEMENT = r"""
Two algorithms were run, each with seeds of its own. How likely is it that a run of the first ends
better than a run of the second? The **probability of improvement** counts, over all pairs of one run of
the first and one of the second, those that the first wins, and counts a tie as half a win.

Write `probability_of_improvement(one, other)`: two arrays of final returns, of shape `(n,)` and `(m,)`;
the seeds are not shared, and their numbers may differ. Return one number between 0 and 1.
"""


def probability_of_improvement(one: np.ndarray, other: np.ndarray) -> float:
    """How likely a run of the first is to beat a run of the second.

    one: (n,); other: (m,). Returns a number.
    """
    gap = one[:, None] - other[None, :]
    return float((gap > 0).mean() + (gap == 0).mean() / 2)


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    yield np.array([1.0, 5.0, 4.0]), np.array([2.0, 4.0, 4.5])
    yield np.array([3.0, 2.0, 1.0]), np.array([1.5, 2.0, 0.5, 4.0])
    for n, m in [(3, 5), (4, 6), (5, 3), (6, 4)]:
        one, other = rng.permutation(12)[:n] / 2.0, rng.permutation(12)[:m] / 2.0
        other[0] = one[0]  # a tie in a pair
        one[1] = 7.5 if n < m else one[1]
        yield one, other


def _pairs(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    n = min(len(one), len(other))
    return one[:n], other[:n]


def _paired(one: np.ndarray, other: np.ndarray) -> float:
    x, y = _pairs(one, other)
    return float((x > y).mean() + (x == y).mean() / 2)


I = "ex_common_seeds"
MISTAKES = (
    Mistake(
        "paired",
        _paired,
        "You compared run i with run i. The seeds are not shared, so that the order of the runs means "
        "nothing: compare every run of the first with every run of the second.",
        I,
    ),
    Mistake(
        "paired_without_ties",
        lambda one, other: (np.greater(*_pairs(one, other))).mean(),
        "You compared run i with run i. The seeds are not shared, so that the order of the runs means "
        "nothing: compare all pairs, and count a tie as half a win.",
        I,
    ),
    Mistake(
        "ties_lost",
        lambda one, other: (one[:, None] > other).mean(),
        "You counted ties as losses. Two equal runs are worth half a win: otherwise the answer for an "
        "algorithm against itself is less than 1/2.",
        I,
    ),
    Mistake(
        "ties_won",
        lambda one, other: (one[:, None] >= other).mean(),
        "You counted ties as wins. Two equal runs are worth half a win: otherwise the answer for an "
        "algorithm against itself is more than 1/2.",
        I,
    ),
    Mistake(
        "other_way_round",
        lambda one, other: probability_of_improvement(other, one),
        "You counted the pairs that the second wins. `one` is to beat `other`.",
        I,
    ),
    Mistake(
        "means_compared",
        lambda one, other: float(one.mean() > other.mean()),
        "You compared the means: that is a yes or a no. A probability counts how many pairs of runs come "
        "out each way.",
        I,
    ),
    Mistake(
        "best_of_each",
        lambda one, other: float(one.max() > other.max()),
        "You compared the best runs. The best of many seeds says how lucky the luckiest was; all pairs "
        "count.",
        I,
    ),
    Mistake(
        "against_the_mean",
        lambda one, other: (one > other.mean()).mean(),
        "You compared each run with the mean of the other algorithm. A run is compared with runs, all of "
        "them.",
        I,
    ),
    Mistake(
        "against_the_best",
        lambda one, other: (one > other.max()).mean(),
        "You compared each run with the other algorithm's best one. It is compared with all of them.",
        I,
    ),
    Mistake(
        "against_the_median",
        lambda one, other: (one > np.median(other)).mean(),
        "You compared each run with the median of the other algorithm. It is compared with every run.",
        I,
    ),
    Mistake(
        "mean_gap",
        lambda one, other: one.mean() - other.mean(),
        "You returned the difference of the means: by how much, and not how often. Count the pairs that "
        "the first wins.",
        I,
    ),
    Mistake(
        "count_of_wins",
        lambda one, other: float((one[:, None] > other).sum() + (one[:, None] == other).sum() / 2),
        "You counted the pairs and did not divide by their number, n times m.",
        I,
    ),
    Mistake(
        "wins_over_runs",
        lambda one, other: (
            ((one[:, None] > other).sum() + (one[:, None] == other).sum() / 2) / len(one)
        ),
        "You divided the wins by the number of runs of the first. There are n times m pairs.",
        I,
    ),
    Mistake(
        "normal_approximation",
        lambda one, other: _normal(one, other),
        "You fitted normal distributions. Returns need not be normal: count the pairs of runs that you "
        "have.",
        I,
    ),
    Mistake(
        "wins_less_losses",
        lambda one, other: np.sign(one[:, None] - other).mean(),
        "You subtracted the losses from the wins. That number goes from -1 to 1; the probability is half "
        "of it plus 1/2.",
        I,
    ),
    Mistake(
        "wins_over_all_runs",
        lambda one, other: (
            ((one[:, None] > other).sum() + (one[:, None] == other).sum() / 2)
            / (len(one) + len(other))
        ),
        "You divided the wins by the number of all runs. There are n times m pairs.",
        "ex_common_seeds",
    ),
    Mistake(
        "wins_over_the_other_runs",
        lambda one, other: (
            ((one[:, None] > other).sum() + (one[:, None] == other).sum() / 2) / len(other)
        ),
        "You divided the wins by the number of runs of the second. There are n times m pairs.",
        "ex_common_seeds",
    ),
    Mistake(
        "relative_gain",
        lambda one, other: one.mean() / other.mean() - 1,
        "You returned the relative gain of the mean: by how much, and not how often. Count the pairs that the first wins.",
        "ex_common_seeds",
    ),
    Mistake(
        "sorted_pairs",
        lambda one, other: _paired(np.sort(one), np.sort(other)),
        "You sorted both and compared the smallest with the smallest, and so on. Compare every run of the first with every run of the second.",
        "ex_common_seeds",
    ),
    Mistake(
        "medians_compared",
        lambda one, other: float(np.median(one) > np.median(other)),
        "You compared the medians: that is a yes or a no. A probability counts how many pairs of runs come out each way.",
        "ex_common_seeds",
    ),
)


def _normal(one: np.ndarray, other: np.ndarray) -> float:
    from math import erf, sqrt

    spread = one.var() + other.var()
    return 0.5 * (1 + erf(float(one.mean() - other.mean()) / sqrt(2 * spread)))


exercise = Exercise(
    title="The probability of improvement",
    label=I,
    statement=STATEMENT.strip(),
    solution=probability_of_improvement,
    hints=(
        "How many pairs of one run of the first and one of the second are there? Make a table of all.",
        "The table of differences has shape (n, m). Its positive entries are wins, its zeros half a win.",
        "`gap = one[:, None] - other[None, :]`, then the mean of `gap > 0` plus half the mean of "
        "`gap == 0`.",
    ),
    cases=cases,
    mistakes=MISTAKES,
)
