"""Exercise: the importance sampling estimate of a mean."""

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake
from pgcompanion.exercises.engine.slips import ratio_of_logarithms, trajectory_ratio

STATEMENT = r"""
The mean of $f$ under $p$ is wanted, and all the samples $x_0, \dots, x_{N-1}$ come from another
distribution $q$. A weight for each sample makes up for it.

Write `importance_sampling_mean(f, p, q)`. The three arrays of shape `(N,)` hold the values
$f(x_n)$, $p(x_n)$ and $q(x_n)$ at the samples. Return the plain (unbiased) estimate, one number.
"""


def importance_sampling_mean(f: np.ndarray, p: np.ndarray, q: np.ndarray) -> float:
    """The mean of f under p, estimated from samples of q.

    f, p, q: values at the samples, each (N,). Returns a number.
    """
    return float(np.mean(p / q * f))


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    yield np.array([3.0, 1.0]), np.array([0.5, 0.2]), np.array([0.25, 0.4])
    for N in [2, 3, 4, 5]:
        p, q = rng.choice([1, 2, 3, 5, 6, 7], (2, N)) / 10
        p[0], q[0] = (0.5, 0.3) if rng.integers(2) else (0.2, 0.7)
        yield rng.permutation(2 * N)[:N] - N + 0.5, p, q


MISTAKES = (
    Mistake(
        "inverted_ratio",
        lambda f, p, q: np.mean(q / p * f),
        "Your ratio is upside down. A point that p visits often and q seldom is rare among the "
        "samples, so it must count for more: its weight is p/q.",
        "importance_sampling",
    ),
    Mistake(
        "no_weights",
        lambda f, p, q: np.mean(f),
        "You took the plain mean of f. The samples come from q, so this estimates the mean under "
        "q: weigh each value by p/q.",
        "importance_sampling",
    ),
    Mistake(
        "self_normalised",
        lambda f, p, q: np.sum(p / q * f) / np.sum(p / q),
        "You divided by the sum of the weights. That is the self-normalised estimate: often less "
        "noisy, and biased for finite N. The plain estimate asked for here divides by N.",
        "importance_sampling",
    ),
    Mistake(
        "sum",
        lambda f, p, q: np.sum(p / q * f),
        "You summed over the samples. The weights make up for the wrong distribution, not for the "
        "number of samples: divide by N.",
        "importance_sampling",
    ),
    Mistake(
        "target_without_ratio",
        lambda f, p, q: np.mean(p * f),
        "You weighed by p alone. The samples already favour what q favours; dividing by q undoes "
        "that before p is put in its place.",
        "importance_sampling",
    ),
    Mistake(
        "summed_like_an_expectation",
        lambda f, p, q: np.sum(p * f),
        "You summed p times f, as if the samples were all the points there are. They are draws, "
        "some repeated and many missing: an average over draws from q needs the weights p/q.",
        "importance_sampling",
    ),
    Mistake(
        "product_of_means",
        lambda f, p, q: np.mean(p / q) * np.mean(f),
        "You averaged the weights and the values separately and multiplied the means. The weight "
        "belongs to its own sample: multiply first, then average. The same number comes out where "
        "arrays of shape (N, 1) and (N,) meet: they make a table of all N * N pairs.",
        "importance_sampling",
    ),
    Mistake(
        "log_ratio",
        lambda f, p, q: np.mean(np.log(p / q) * f),
        "You used the logarithm of the ratio as the weight. The weight is the ratio p/q itself; "
        "its logarithm belongs to the KL divergence.",
        "importance_sampling",
    ),
    Mistake(
        "weighed_by_q",
        lambda f, p, q: (q * f).sum(),
        "You weighed the samples by q. They were drawn from q, so likely points come more often already: p/q is what corrects for that.",
        "importance_sampling",
    ),
    Mistake(
        "mean_weighed_by_q",
        lambda f, p, q: (q * f).mean(),
        "You weighed the samples by q and averaged. They were drawn from q, so likely points come more often already: p/q is what corrects for that.",
        "importance_sampling",
    ),
    Mistake(
        "target_forgotten",
        lambda f, p, q: (f / q).mean(),
        "You divided by q and did not multiply by p. The estimate would then be a plain sum of f over all points.",
        "importance_sampling",
    ),
    Mistake(
        "multiplied",
        lambda f, p, q: (p * q * f).mean(),
        "You multiplied by q where it divides. A point that q draws twice as often should count half as much each time.",
        "importance_sampling",
    ),
    Mistake(
        "ratio_of_the_means",
        lambda f, p, q: p.mean() / q.mean() * f.mean(),
        "You averaged p, q and f one by one. Each sample has a weight of its own: form p/q f for each, and average last.",
        "importance_sampling",
    ),
    Mistake(
        "difference",
        lambda f, p, q: ((p - q) * f).mean(),
        "You took a difference where a ratio belongs. Multiplying a mean under q by p/q makes it a mean under p.",
        "importance_sampling",
    ),
    Mistake(
        "ratio_up_to_n",
        lambda f, p, q: (np.cumprod(p / q) * f).mean(),
        "You multiplied the ratios of all the samples so far. The samples are independent of each other: sample n has the weight p(x_n)/q(x_n) alone.",
        "importance_sampling",
    ),
    Mistake(
        "clipped",
        lambda f, p, q: (np.minimum(p / q, 1) * f).mean(),
        "You clipped the weights at 1. That lowers the variance and biases the estimate; the plain one is asked for.",
        "importance_sampling",
    ),
    Mistake(
        "weights_only",
        lambda f, p, q: (p / q).mean(),
        "You averaged the weights alone: f is missing. Their mean is near 1, which is a useful check and no estimate of f.",
        "importance_sampling",
    ),
    Mistake(
        "inverted_and_normalised",
        lambda f, p, q: (q / p * f).sum() / (q / p).sum(),
        "Two things: the ratio is upside down, and you divided by the sum of the weights. The plain estimate is the mean of p/q f.",
        "importance_sampling",
    ),
    Mistake(
        "median",
        lambda f, p, q: np.median(p / q * f),
        "You took the median. An expectation is estimated by the mean; large weights are rare, and they count.",
        "importance_sampling",
    ),
    Mistake(
        "negated",
        lambda f, p, q: -(p / q * f).mean(),
        "Your result has the opposite sign. Nothing is minimised here: the mean itself is asked for.",
        "importance_sampling",
    ),
    Mistake(
        "difference_of_exponentials",
        lambda f, p, q: (np.exp(p - q) * f).mean(),
        "You took the exponential of p - q. That is the ratio where p and q are logarithms; here they are probabilities: divide.",
        "importance_sampling",
    ),
    ratio_of_logarithms(lambda f, p, q: (np.log(p) / np.log(q) * f).mean(), "importance_sampling"),
    trajectory_ratio(lambda f, p, q: np.prod(p / q) * f.mean(), "importance_sampling"),
    Mistake(
        "ratio_of_sums",
        lambda f, p, q: (p * f).sum() / (q * f).sum(),
        "You divided two sums. Each sample has a weight of its own, p/q: divide first, then average.",
        "importance_sampling",
    ),
    Mistake(
        "divided_by_the_sum_of_q",
        lambda f, p, q: (p * f).sum() / q.sum(),
        "You divided by the sum of q. Each sample has a weight of its own, p/q: divide first, then average.",
        "importance_sampling",
    ),
    Mistake(
        "normalised_target",
        lambda f, p, q: (p * f).sum() / p.sum(),
        "You weighed the samples by p. They came from q: the weight is p/q, and N divides.",
        "importance_sampling",
    ),
    Mistake(
        "ratio_squared",
        lambda f, p, q: ((p / q) ** 2 * f).mean(),
        "You squared the ratio. Its square gives the second moment; the mean needs the ratio itself.",
        "importance_sampling",
    ),
    Mistake(
        "root_of_the_ratio",
        lambda f, p, q: (np.sqrt(p / q) * f).mean(),
        "You took the root of the ratio. The weight is p/q itself.",
        "importance_sampling",
    ),
    Mistake(
        "one_less_ratio",
        lambda f, p, q: ((1 - p / q) * f).mean(),
        "You used 1 - p/q. The weight is p/q itself.",
        "importance_sampling",
    ),
    Mistake(
        "largest_weight_divided",
        lambda f, p, q: (p / q / (p / q).max() * f).mean(),
        "You divided by the largest weight. The plain estimate uses the weights as they are.",
        "importance_sampling",
    ),
    Mistake(
        "plus_ratio",
        lambda f, p, q: (p / q + f).mean(),
        "You added the ratio to f. It multiplies.",
        "importance_sampling",
    ),
    Mistake(
        "weights_divided_by_the_sum_of_q",
        lambda f, p, q: (p / q * f).sum() / q.sum(),
        "You divided by the sum of the q(x). The samples are counted, not weighed once more: divide by N.",
        "importance_sampling",
    ),
)

exercise = Exercise(
    title="Importance sampling",
    label="importance_sampling",
    statement=STATEMENT.strip(),
    solution=importance_sampling_mean,
    hints=(
        "If p draws a point twice as often as q does, how much should each sample of it count?",
        "Give sample n the weight p(x_n)/q(x_n), multiply with f(x_n), and average.",
        "All three arrays have the same shape: `p / q * f` works entry by entry, and `np.mean` "
        "does the rest.",
    ),
    cases=cases,
    mistakes=MISTAKES,
)
