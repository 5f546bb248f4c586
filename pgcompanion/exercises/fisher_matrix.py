"""Exercise: the Fisher information matrix from sampled scores."""

# mypy: disable-error-code="no-any-return"

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake
from pgcompanion.exercises.engine.slips import mean_over_steps, negated, sum_over_episodes

STATEMENT = r"""
The Fisher information matrix of the trajectory distribution is

$$F_\theta = \mathbb E_{\tau \sim \rho_\theta} \Bigl[ \sum_{h=0}^{H-1}
  \nabla \log \pi_\theta(a_h \mid s_h) \, \nabla \log \pi_\theta(a_h \mid s_h)^\top \Bigr] .$$

Write `fisher_matrix(scores)`, which estimates it in this form from $N$ sampled episodes. The array
`scores` of shape `(N, H, p)` holds the score of each action. Return an array of shape `(p, p)`.
"""


def fisher_matrix(scores: np.ndarray) -> np.ndarray:
    """The Fisher matrix of the trajectory distribution, estimated step by step.

    scores: (N, H, p). Returns (p, p).
    """
    outer_products = scores[..., :, None] * scores[..., None, :]
    return outer_products.sum(axis=1).mean(axis=0)


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    yield (np.array([[[1.0], [2.0]]]),)
    yield (np.array([[[1.0, 2.0], [0.0, -1.0]]]),)
    for N, H, p in [(2, 2, 2), (3, 2, 2), (3, 4, 3)]:
        yield (rng.integers(-3, 4, (N, H, p)) / 2,)


def _outer_of_sums(scores: np.ndarray) -> np.ndarray:
    return fisher_matrix(scores.sum(axis=1, keepdims=True))


def _centred(scores: np.ndarray) -> np.ndarray:
    return fisher_matrix(scores - scores.mean(axis=(0, 1)))


def _outer_of_mean(scores: np.ndarray) -> np.ndarray:
    mean = scores.sum(axis=1).mean(axis=0)
    return np.outer(mean, mean)


MISTAKES = (
    Mistake(
        "outer_of_the_sum",
        _outer_of_sums,
        "You summed the scores of an episode before taking the outer product, which brings in "
        "products of different steps. Their mean is zero, because a score has mean zero given the "
        "past, so your estimate is right on average, and usually noisier. The form asked for "
        "leaves them out.",
        "fisher_matrix",
    ),
    Mistake(
        "outer_of_the_mean",
        _outer_of_mean,
        "You averaged the scores first and took the outer product of the mean. The mean of the "
        "score is zero in theory, so this measures noise. The Fisher matrix is the mean of the "
        "outer products.",
        "fisher_matrix",
    ),
    Mistake(
        "diagonal_only",
        lambda scores: np.diag((scores**2).sum(axis=1).mean(axis=0)),
        "You squared each component by itself and left the rest of the matrix at zero. How two "
        "parameters act together is in the entries off the diagonal: take outer products.",
        "fisher_matrix",
    ),
    Mistake(
        "inner_product",
        lambda scores: (scores**2).sum(axis=(1, 2)).mean(),
        "You took the inner product of the score with itself, which is one number: the trace of "
        "the matrix. The outer product, score times its transpose, has shape (p, p).",
        "fisher_matrix",
    ),
    Mistake(
        "steps_not_summed",
        lambda scores: (scores[..., :, None] * scores[..., None, :]).mean(axis=0),
        "Your result still has one matrix for each step. The information of the steps of an "
        "episode adds up: sum over the steps.",
        "fisher_matrix",
    ),
    Mistake(
        "mean_score_removed",
        _centred,
        "You took the mean of the sampled scores away first. Their true mean is zero, so nothing "
        "has to be removed, and removing the sample mean makes the estimate too small.",
        "fisher_matrix",
    ),
    mean_over_steps(fisher_matrix, "fisher_matrix"),
    sum_over_episodes(fisher_matrix, "fisher_matrix"),
    negated(fisher_matrix, "fisher_matrix"),
)

exercise = Exercise(
    title="The Fisher matrix",
    label="fisher_matrix",
    statement=STATEMENT.strip(),
    solution=fisher_matrix,
    hints=(
        "One action gives one score of length p and one matrix of shape (p, p). What is that "
        "matrix, and over what is it summed, over what averaged?",
        "Take the outer product of every single score with itself, sum over the steps, average "
        "over the episodes. The order matters.",
        "`np.einsum('nhi,nhj->ij', scores, scores)` sums all the outer products at once.",
    ),
    cases=cases,
    mistakes=MISTAKES,
)
