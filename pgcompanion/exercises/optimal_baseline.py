"""Exercise: the constant baseline of least variance."""

# mypy: disable-error-code="no-any-return"

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake

STATEMENT = r"""
With any constant $b$ the estimate $\frac1N \sum_n g_n (R_n - b)$ has the right mean, where $g_n$ is
the score of episode $n$ and $R_n$ its return. Its variance depends on $b$: it is smallest where
$\mathbb E \bigl[ \|g\|^2 (R - b)^2 \bigr]$ is.

Write `optimal_baseline(scores, R)`, the best $b$ for a sample: `scores` has shape `(N, p)`, `R` has
shape `(N,)`, and the expectation is the mean over the sample. Derive the formula. Is it the mean of the
returns? Return one number.
"""


def optimal_baseline(scores: np.ndarray, R: np.ndarray) -> float:
    """The constant b that minimises the mean of ||score||^2 (R - b)^2.

    scores: (N, p); R: (N,). Returns a number.
    """
    weights = (scores**2).sum(axis=1)
    return float((weights * R).sum() / weights.sum())


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    yield np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([5.0, 10.0])
    for N, p in [(2, 3), (3, 2), (4, 3), (5, 2)]:
        scores = rng.choice([-2.0, -1.5, -1.0, 0.5, 1.0, 2.5, 3.0], (N, p))
        scores[0] *= 2
        R = rng.permutation(3 * N)[:N] - N + 0.5
        R[0] += 4 * N  # mean and median lie apart
        yield scores, R


def _weighted(weights: np.ndarray, R: np.ndarray) -> float:
    return float((weights * R).sum() / weights.sum())


MISTAKES = (
    Mistake(
        "mean_return",
        lambda scores, R: R.mean(),
        "You returned the mean return. It is a good baseline and not the best: an episode with a long "
        "score adds more variance, and counts more.",
        "optimal_baseline",
    ),
    Mistake(
        "norms_not_squared",
        lambda scores, R: _weighted(np.sqrt((scores**2).sum(axis=1)), R),
        "You weighed by the length of the scores. What is minimised has the squared length: so have the "
        "weights.",
        "optimal_baseline",
    ),
    Mistake(
        "not_divided",
        lambda scores, R: ((scores**2).sum(axis=1) * R).mean(),
        "You did not divide by the mean of the squared lengths. A weighted mean of the returns lies among "
        "them: its weights add up to 1.",
        "optimal_baseline",
    ),
    Mistake(
        "one_for_each_parameter",
        lambda scores, R: (scores**2 * R[:, None]).sum(axis=0) / (scores**2).sum(axis=0),
        "You computed a baseline for each parameter. They would lower the variance further; here one "
        "constant is asked for, from the whole squared length of a score.",
        "optimal_baseline",
    ),
    Mistake(
        "sum_of_scores_squared",
        lambda scores, R: _weighted(scores.sum(axis=1) ** 2, R),
        "You summed the entries of a score and squared the sum. The squared length is the sum of the "
        "squares.",
        "optimal_baseline",
    ),
    Mistake(
        "returns_squared",
        lambda scores, R: _weighted((scores**2).sum(axis=1), R**2),
        "You averaged the squared returns. Differentiate the square (R - b)^2 in b: what is left is "
        "linear in R.",
        "optimal_baseline",
    ),
    Mistake(
        "likelihood_ratio_signs",
        lambda scores, R: (scores.sum(axis=1) * R).sum() / scores.sum(),
        "You weighed by the scores with their signs. It is their squared lengths that multiply (R - b)^2.",
        "optimal_baseline",
    ),
    Mistake(
        "means_multiplied",
        lambda scores, R: (scores**2).sum(axis=1).mean() * R.mean(),
        "You averaged the squared lengths and the returns separately. They depend on each other, and this "
        "is the point: multiply within the episode.",
        "optimal_baseline",
    ),
    Mistake(
        "mean_over_parameters",
        lambda scores, R: ((scores**2).mean(axis=1) * R).sum() / (scores**2).sum(),
        "You averaged over the parameters above and summed below. The same weights stand in both places.",
        "optimal_baseline",
    ),
    Mistake(
        "inverse_weights",
        lambda scores, R: _weighted(1 / (scores**2).sum(axis=1), R),
        "You divided by the squared lengths. An episode with a long score adds more variance, and counts "
        "more.",
        "optimal_baseline",
    ),
    Mistake(
        "median_return",
        lambda scores, R: np.median(R),
        "You took the median. What is minimised is a sum of squares, and a mean minimises those.",
        "optimal_baseline",
    ),
    Mistake(
        "smallest_value",
        lambda scores, R: ((scores**2).sum(axis=1) * (R - optimal_baseline(scores, R)) ** 2).mean(),
        "You returned the smallest value of the expectation. Asked for is the b where it is reached.",
        "optimal_baseline",
    ),
    Mistake(
        "squares_squared",
        lambda scores, R: _weighted((scores**2).sum(axis=1) ** 2, R),
        "You weighed by the fourth power of the length of the scores. The squared length stands before (R - b)^2: so do the weights.",
        "optimal_baseline",
    ),
    Mistake(
        "longest_score",
        lambda scores, R: R[(scores**2).sum(axis=1).argmax()],
        "You returned the return of the episode with the longest score. All of them count, by their squared lengths.",
        "optimal_baseline",
    ),
    Mistake(
        "absolute_entries",
        lambda scores, R: _weighted(np.abs(scores).sum(axis=1), R),
        "You weighed by the sum of the absolute entries. The weights are the squared lengths: sums of squares.",
        "optimal_baseline",
    ),
    Mistake(
        "upside_down",
        lambda scores, R: (scores**2).sum() / ((scores**2).sum(axis=1) * R).sum(),
        "Your quotient is upside down: the weighted returns stand above, the weights below.",
        "optimal_baseline",
    ),
    Mistake(
        "summed_and_not_divided",
        lambda scores, R: ((scores**2).sum(axis=1) * R).sum(),
        "You summed the weighted returns and did not divide by the sum of the weights.",
        "optimal_baseline",
    ),
    Mistake(
        "gradient_returned",
        lambda scores, R: (scores * R[:, None]).mean(axis=0),
        "You returned an estimate of the gradient. Asked for is the constant b that lowers its variance.",
        "optimal_baseline",
    ),
)

exercise = Exercise(
    title="The best constant baseline",
    label="optimal_baseline",
    statement=STATEMENT.strip(),
    solution=optimal_baseline,
    hints=(
        "The expectation is a parabola in b. Where is its derivative zero?",
        "The derivative is -2 times the mean of ||g||^2 (R - b). Solve for b: a weighted mean of the "
        "returns.",
        "`weights = (scores**2).sum(axis=1)`, then divide the sum of `weights * R` by that of `weights`.",
    ),
    cases=cases,
    mistakes=MISTAKES,
)
