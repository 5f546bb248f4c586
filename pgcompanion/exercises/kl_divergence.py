"""Exercise: the Kullback-Leibler divergence of two distributions."""

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake
from pgcompanion.exercises.engine.slips import ratio_of_logarithms

STATEMENT = r"""
The Kullback-Leibler divergence $\mathrm{KL}(p \,\|\, q)$ of two distributions on $n$ points is the mean,
under $p$, of the natural logarithm of $p / q$. A point with $p_i = 0$ adds nothing, and a point with
$p_i > 0 = q_i$ makes the divergence infinite.

Write `kl_divergence(p, q)` for two arrays of shape `(n,)`. Return one number, `inf` where $q$ does
not cover the support of $p$.
"""


def kl_divergence(p: np.ndarray, q: np.ndarray) -> float:
    """The divergence KL(p || q), in nats; `inf` where q lacks support.

    p: (n,); q: (n,). Returns a number.
    """
    support = p > 0
    if np.any(q[support] == 0):
        return float("inf")
    return float(np.sum(p[support] * np.log(p[support] / q[support])))


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    yield np.array([0.5, 0.5]), np.array([0.25, 0.75])
    for n in [2, 3, 4, 5]:
        p, q = (rng.permutation(2 * n)[:n] + 1.0 for _ in range(2))
        p[0] += 4 * n  # never equal to q, nor a permutation of it
        yield p / p.sum(), q / q.sum()


EDGES = (
    (np.array([0.0, 1.0]), np.array([0.5, 0.5])),
    (np.array([0.5, 0.5]), np.array([1.0, 0.0])),
    (np.array([0.25, 0.75, 0.0]), np.array([0.5, 0.5, 0.0])),
)


def _formula(p: np.ndarray, q: np.ndarray) -> float:
    return float(np.sum(p * np.log(p / q)))


def _where_both(p: np.ndarray, q: np.ndarray) -> float:
    both = (p > 0) & (q > 0)
    return kl_divergence(p[both], q[both])


MISTAKES = (
    Mistake(
        "swapped",
        lambda p, q: kl_divergence(q, p),
        "You computed KL(q || p). The divergence is not symmetric: its first argument draws the "
        "points and weighs the logarithms, and stands in the numerator.",
        "kld",
    ),
    Mistake(
        "negated",
        lambda p, q: -kl_divergence(p, q),
        "Your ratio is q/p inside the logarithm, which turns the sign: a divergence is never "
        "negative. With the weights p it is the logarithm of p/q.",
        "kld",
    ),
    Mistake(
        "weighted_by_q",
        lambda p, q: -kl_divergence(q, p),
        "You weighed the logarithm of p/q by q. The expectation is under p, the distribution in "
        "the numerator; with the other weights the sum is never positive.",
        "kld",
    ),
    Mistake(
        "cross_entropy",
        lambda p, q: -np.sum(p * np.log(q)),
        "You returned the cross-entropy. It is the divergence plus the entropy of p, and it is "
        "not zero when p and q are the same.",
        "kld",
    ),
    Mistake(
        "mean",
        lambda p, q: kl_divergence(p, q) / len(p),
        "You averaged over the points. The probabilities p are the weights of the average "
        "already: sum.",
        "kld",
    ),
    Mistake(
        "base_two",
        lambda p, q: kl_divergence(p, q) / np.log(2),
        "You used the logarithm to base 2, which measures in bits. This book uses natural "
        "logarithms throughout, so that the second derivative of the divergence is the Fisher "
        "information.",
        "kld",
    ),
    Mistake(
        "no_logarithm",
        lambda p, q: np.sum(p * (p / q)),
        "The logarithm is missing: you have the mean of the ratio p/q, which is 1, not 0, for "
        "equal distributions.",
        "kld",
    ),
    Mistake(
        "symmetrised",
        lambda p, q: (kl_divergence(p, q) + kl_divergence(q, p)) / 2,
        "You averaged the two directions. That is a symmetric divergence of its own; trust regions "
        "use one direction, with the old policy first.",
        "kld",
    ),
    Mistake(
        "nan_at_zero",
        _formula,
        "Your formula is right wherever p > 0, and gives `nan` where p is 0: there Python computes "
        "0 times the logarithm of 0. Such a point adds nothing, since it is never drawn: sum over "
        "the points with p > 0.",
        "kld",
    ),
    Mistake(
        "infinite_at_every_zero",
        lambda p, q: np.inf if np.any(q == 0) else kl_divergence(p, q),
        "You return infinity wherever q has a zero. A zero of q does harm only where p is positive; "
        "where both are 0 the point never occurs and adds nothing.",
        "kld",
    ),
    Mistake(
        "support_ignored",
        _where_both,
        "You left out the points where q is 0. If p is positive there, q calls impossible what "
        "does happen, and the divergence is infinite. Only the points with p = 0 may be left out.",
        "kld",
    ),
    Mistake(
        "unweighted",
        lambda p, q: np.sum(np.log(p / q)),
        "You summed the log-ratios without weights. The divergence is an expectation under p: weigh each by p_i.",
        "kld",
    ),
    Mistake(
        "unweighted_mean",
        lambda p, q: np.mean(np.log(p / q)),
        "You averaged the log-ratios with equal weights. The divergence is an expectation under p: weigh each by p_i and sum.",
        "kld",
    ),
    Mistake(
        "entropy",
        lambda p, q: -np.sum(p * np.log(p)),
        "You returned the entropy of p. The divergence also has the cross-entropy: it is -sum p log q less the entropy of p.",
        "kld",
    ),
    Mistake(
        "negative_entropy",
        lambda p, q: np.sum(p * np.log(p)),
        "You left q out. The divergence compares two distributions: sum p log(p/q).",
        "kld",
    ),
    Mistake(
        "difference_of_entropies",
        lambda p, q: np.sum(p * np.log(p)) - np.sum(q * np.log(q)),
        "You weighed log q by q. Both logarithms are averaged under p: sum p (log p - log q).",
        "kld",
    ),
    Mistake(
        "total_variation",
        lambda p, q: np.abs(p - q).sum() / 2,
        "You returned the total variation distance. It is another distance: the divergence is the mean under p of log(p/q).",
        "kld",
    ),
    Mistake(
        "squared_distance",
        lambda p, q: ((p - q) ** 2).sum(),
        "You returned a squared distance. The divergence is the mean under p of log(p/q).",
        "kld",
    ),
    Mistake(
        "absolute_terms",
        lambda p, q: np.sum(np.abs(p * np.log(p / q))),
        "You took absolute values. Single terms may be negative; only their sum never is.",
        "kld",
    ),
    Mistake(
        "absolute_log_ratio_both",
        lambda p, q: np.sum((p - q) * np.log(p / q)),
        "You weighed the log-ratio by p - q. That is the sum of both divergences, KL(p || q) + KL(q || p); one is asked for.",
        "kld",
    ),
    Mistake(
        "chi_squared",
        lambda p, q: np.sum((p - q) ** 2 / q),
        "You returned the chi-squared divergence. Asked for is the one with the logarithm.",
        "kld",
    ),
    Mistake(
        "base_ten",
        lambda p, q: kl_divergence(p, q) / np.log(10),
        "You used the logarithm to base 10. The natural one, `np.log`, gives nats.",
        "kld",
    ),
    Mistake(
        "huge_for_infinite",
        lambda p, q: np.nan_to_num(p * np.log(p / q)).sum(),
        "`np.nan_to_num` turned infinity into the largest number there is. It is meant for the points with p = 0; where q is 0 and p is not, the divergence is infinite.",
        "kld",
    ),
    Mistake(
        "zero_for_infinite",
        lambda p, q: 0.0 if np.any(q[p > 0] == 0) else kl_divergence(p, q),
        "You returned 0 where q lacks support. That would call the two distributions equal; a point that q never draws makes the divergence infinite.",
        "kld",
    ),
    Mistake(
        "infinite_at_zeros_of_p",
        lambda p, q: float("inf") if np.any(p == 0) else kl_divergence(p, q),
        "You returned infinity where p is 0. Such a point is never drawn and adds nothing; it is a 0 of q under a positive p that makes the divergence infinite.",
        "kld",
    ),
    ratio_of_logarithms(lambda p, q: np.sum(p * np.log(p) / np.log(q)), "kld"),
    Mistake(
        "logarithm_of_the_mean",
        lambda p, q: np.log(np.sum(p * p / q)),
        "You took the logarithm of the mean ratio. The divergence is the mean of the logarithms.",
        "kld",
    ),
    Mistake(
        "jensen_shannon",
        lambda p, q: (
            0.5 * np.sum(p * np.log(2 * p / (p + q))) + 0.5 * np.sum(q * np.log(2 * q / (p + q)))
        ),
        "You computed the Jensen-Shannon divergence, with the mixture of both. Here q itself stands below.",
        "kld",
    ),
    Mistake(
        "largest_term",
        lambda p, q: np.max(p * np.log(p / q)),
        "You took the largest term. They are summed.",
        "kld",
    ),
    Mistake(
        "one_added_to_the_ratio",
        lambda p, q: np.sum(p * np.log1p(p / q)),
        "`np.log1p` adds 1 to the ratio before the logarithm. Use `np.log`.",
        "kld",
    ),
    Mistake(
        "squared_log_ratio",
        lambda p, q: np.sum(p * np.log(p / q) ** 2),
        "You squared the log-ratio. The divergence is the mean of the log-ratio itself.",
        "kld",
    ),
    Mistake(
        "exponentiated",
        lambda p, q: np.exp(kl_divergence(p, q)),
        "You took the exponential of the divergence. The sum is the answer.",
        "kld",
    ),
    Mistake(
        "variance_like",
        lambda p, q: np.sum(p * (p - q)),
        "You weighed the differences. It is the logarithm of the ratio that is averaged.",
        "kld",
    ),
    Mistake(
        "hellinger",
        lambda p, q: 1 - np.sqrt(p * q).sum(),
        "You computed the Hellinger distance. The divergence has a logarithm.",
        "kld",
    ),
)

exercise = Exercise(
    title="The Kullback-Leibler divergence",
    label="kld",
    statement=STATEMENT.strip(),
    solution=kl_divergence,
    hints=(
        "It is an expectation: draw a point, take the logarithm of a ratio. Which distribution "
        "draws the point, and which stands on top of the ratio?",
        "Sum p log(p/q) over the points with p > 0 only. If q is 0 at one of them, the answer is "
        "infinite.",
        "`support = p > 0` is a mask: `p[support]` and `q[support]` are what the sum needs, and "
        "`float('inf')` is infinity.",
    ),
    cases=cases,
    mistakes=MISTAKES,
    edges=EDGES,
)
