"""Exercise: how many samples the weighted samples are worth."""

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake, Stress

STATEMENT = r"""
Weighted samples are worth fewer than their number. The **effective sample size** of the weights
$w_0, \dots, w_{N-1}$ compares the square of their sum with the sum of their squares, so that it is $N$
when all the weights are equal, and 1 when one of them has everything. The weights need not add up to 1.

Write `effective_sample_size(w)` for an array of shape `(N,)`. Return one number.
"""


def effective_sample_size(w: np.ndarray) -> float:
    """The effective sample size of importance weights, between 1 and N.

    w: (N,), not negative, not all 0. Returns a number.
    """
    w = w / w.max()  # the scale cancels, and squares stay in range
    return float(w.sum() ** 2 / (w**2).sum())


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    yield (np.array([1.0, 3.0]),)
    for N in [2, 3, 4, 5]:
        yield (rng.permutation(3 * N)[:N] / 2 + 0.25,)


MISTAKES = (
    Mistake(
        "inverted",
        lambda w: (w**2).sum() / w.sum() ** 2,
        "Your fraction is upside down. The result should grow towards N as the weights become "
        "equal; yours shrinks towards 1/N.",
        "importance_sampling",
    ),
    Mistake(
        "assumed_normalised",
        lambda w: 1 / (w**2).sum(),
        "You returned 1 over the sum of squares, which is right for weights that add up to 1. "
        "These need not: the square of their sum belongs in the numerator.",
        "importance_sampling",
    ),
    Mistake(
        "sum_not_squared",
        lambda w: w.sum() / (w**2).sum(),
        "The sum in the numerator is not squared. A test: multiply all the weights by 10. The "
        "samples are worth as much as before, so the result must not change.",
        "importance_sampling",
    ),
    Mistake(
        "fraction",
        lambda w: effective_sample_size(w) / len(w),
        "You returned the effective fraction of the samples, between 1/N and 1. Their number is "
        "asked for: multiply by N. Means in the place of the two sums give this factor.",
        "importance_sampling",
    ),
    Mistake(
        "sum_of_weights",
        lambda w: w.sum(),
        "You returned the sum of the weights. It says nothing about how unequal they are: one "
        "weight of N and N weights of 1 have the same sum.",
        "importance_sampling",
    ),
    Mistake(
        "largest_weight",
        lambda w: w.sum() / w.max(),
        "You compared the sum with the largest weight. That is another measure of the same idea; "
        "the effective sample size takes all weights into account, through their squares.",
        "importance_sampling",
    ),
    Mistake(
        "variance_of_raw_weights",
        lambda w: len(w) / (1 + w.var()),
        "You used N / (1 + variance). That form is right for weights whose mean is 1; these have "
        "any scale, so the variance has to be divided by the squared mean.",
        "importance_sampling",
    ),
    Mistake(
        "squares_summed_first",
        lambda w: (w**2).sum() ** 2 / (w**4).sum(),
        "You squared the weights once too often: the formula is applied to the squares. Sum the "
        "weights themselves, then square that sum.",
        "importance_sampling",
    ),
    Mistake(
        "numerator_equals_denominator",
        lambda w: 1.0,
        "Your numerator and your denominator are the same, so the result is 1 for all weights. One is the square of the sum, the other the sum of the squares.",
        "importance_sampling",
    ),
    Mistake(
        "number_of_samples",
        lambda w: float(len(w)),
        "You returned the number of samples. They are worth that many only when all weights are equal.",
        "importance_sampling",
    ),
    Mistake(
        "square_of_the_sum",
        lambda w: w.sum() ** 2,
        "You returned the numerator alone. Divide it by the sum of the squares: then the scale of the weights cancels.",
        "importance_sampling",
    ),
    Mistake(
        "squares_over_the_sum",
        lambda w: (w**2).sum() / w.sum(),
        "You divided the sum of the squares by the sum. The sum, squared, stands on top, and the squares below.",
        "importance_sampling",
    ),
    Mistake(
        "sample_variance",
        lambda w: len(w) / (1 + w.var(ddof=1) / w.mean() ** 2),
        "You used the variance with N - 1 in its denominator. With the variance that divides by N, N / (1 + var / mean^2) is exactly the formula.",
        "importance_sampling",
    ),
    Mistake(
        "entropy",
        lambda w: np.exp(-(w / w.sum() * np.log(w / w.sum())).sum()),
        "You took the exponential of the entropy. That is another effective number, the perplexity; asked for is the one with squares, which says how the variance grows.",
        "importance_sampling",
    ),
    Mistake(
        "one_less",
        lambda w: 1 - (w**2).sum() / w.sum() ** 2,
        "You subtracted from 1 where a reciprocal is meant. The sum of the squared normalised weights is 1/N for equal weights: turn it upside down.",
        "importance_sampling",
    ),
    Mistake(
        "root_of_the_squares",
        lambda w: w.sum() / np.sqrt((w**2).sum()),
        "You took a root. The sum is squared on top, and the sum of the squares stands below as it is.",
        "importance_sampling",
    ),
    Mistake(
        "largest_and_smallest",
        lambda w: w.min() / w.max() * len(w),
        "You compared the smallest weight with the largest. All the weights enter, by their sum and by the sum of their squares.",
        "importance_sampling",
    ),
    Mistake(
        "inverted_root",
        lambda w: np.sqrt((w**2).sum()) / w.sum(),
        "Your quotient is upside down and has a root too many. The squared sum stands on top, the sum of the squares below.",
        "importance_sampling",
    ),
    Mistake(
        "deviation_for_variance",
        lambda w: len(w) / (1 + w.std() / w.mean()),
        "You used the deviation where its square belongs: N / (1 + var / mean^2).",
        "importance_sampling",
    ),
    Mistake(
        "variance_only",
        lambda w: 1 / w.var() if w.var() > 0 else 0.0,
        "You returned 1 over the variance. The scale has to cancel: compare the squared sum with the sum of the squares.",
        "importance_sampling",
    ),
    Mistake(
        "above_average",
        lambda w: float((w > w.mean()).sum()),
        "You counted the weights above the mean. The number need not be whole: the squared sum over the sum of the squares.",
        "importance_sampling",
    ),
    Mistake(
        "inverse_simpson_of_counts",
        lambda w: (
            w.sum() * (w.sum() - 1) / (w * (w - 1)).sum() if (w * (w - 1)).sum() != 0 else 0.0
        ),
        "You used the form for counts. Weights are not counts: the squared sum over the sum of the squares.",
        "importance_sampling",
    ),
    Mistake(
        "variance_of_normalised",
        lambda w: 1 / np.var(w / w.sum()),
        "You took 1 over the variance of the weights that add up to 1. It is the sum of their squares that stands below: the variance takes their mean away first.",
        "importance_sampling",
    ),
    Mistake(
        "denominator_squared",
        lambda w: w.sum() ** 2 / (w**2).sum() ** 2,
        "You squared the denominator too. A test: multiply all the weights by 10, and the result must not change.",
        "importance_sampling",
    ),
    Mistake(
        "root_below_only",
        lambda w: w.sum() ** 2 / np.sqrt((w**2).sum()),
        "You divided by the length of the weights, the root of their sum of squares. The sum of the squares stands below without a root.",
        "importance_sampling",
    ),
    Mistake(
        "one_power_too_many",
        lambda w: (w**2).sum() / (w**4).sum(),
        "Your powers are too high. The weights themselves are summed and the sum squared; below, their squares are summed.",
        "importance_sampling",
    ),
)

exercise = Exercise(
    title="The effective sample size",
    label="importance_sampling",
    statement=STATEMENT.strip(),
    solution=effective_sample_size,
    hints=(
        "Try three weights by hand: (1, 1, 1) should give 3, (1, 0, 0) should give 1. Which of "
        "your sums tells these two apart?",
        "Two sums are needed: one of the weights, squared afterwards, and one of the squares.",
        "`w.sum() ** 2` squares the sum, `(w ** 2).sum()` sums the squares.",
    ),
    cases=cases,
    mistakes=MISTAKES,
    stress=(
        Stress(
            (np.array([1e200, 1e200]),),
            "with weights near 1e200 your squares overflow to `inf`. The scale of the weights "
            "cancels, so divide them by the largest one first.",
        ),
    ),
)
