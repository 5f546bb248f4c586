"""Exercise: the Fisher information matrix from sampled scores."""

# mypy: disable-error-code="no-any-return"

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake
from pgcompanion.exercises.engine.slips import mean_over_steps, sum_over_episodes

STATEMENT = r"""
The Fisher information matrix of the trajectory distribution has several forms. The one with the least
noise adds up, over the steps of a trajectory, the outer product of each single score with itself; the
mean over trajectories is $F_\theta$.

Write `fisher_matrix(scores)`, which estimates it in this form from $N$ sampled episodes. The array
`scores` of shape `(N, H, p)` holds the score of each action. Return an array of shape `(p, p)`.
"""


def fisher_matrix(scores: np.ndarray) -> np.ndarray:
    """The Fisher matrix of the trajectories, estimated step by step.

    scores: (N, H, p). Returns (p, p).
    """
    outer_products = scores[..., :, None] * scores[..., None, :]
    return outer_products.sum(axis=1).mean(axis=0)


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    yield (np.array([[[1.0], [2.0]]]),)
    yield (np.array([[[1.0, -2.0], [0.0, -1.0]]]),)
    for N, H, p in [(2, 2, 2), (3, 2, 2), (2, 4, 3)]:
        yield (rng.integers(-3, 4, (N, H, p)) / 2,)


def _outer_of_sums(scores: np.ndarray) -> np.ndarray:
    return fisher_matrix(scores.sum(axis=1, keepdims=True))


def _centred(scores: np.ndarray) -> np.ndarray:
    return fisher_matrix(scores - scores.mean(axis=(0, 1)))


def _outer_of_mean(scores: np.ndarray) -> np.ndarray:
    mean = scores.sum(axis=1).mean(axis=0)
    return np.outer(mean, mean)


def _summed(scores: np.ndarray) -> np.ndarray:
    return scores.sum(axis=1, keepdims=True)


def _correlation(F: np.ndarray) -> np.ndarray:
    spread = np.sqrt(np.diag(F))
    return F / np.outer(spread, spread)


def _covariance(scores: np.ndarray) -> np.ndarray:
    rows = scores.reshape(-1, scores.shape[2])
    centred = rows - rows.mean(axis=0)
    return centred.T @ centred / (len(rows) - 1)


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
    Mistake(
        "negated",
        lambda scores: -fisher_matrix(scores),
        "Your matrix has negative numbers on its diagonal. The Fisher matrix is a mean of squares "
        "there: no entry of its diagonal is negative. The minus belongs to the other form, the "
        "mean of the second derivatives of log pi.",
        "fisher_matrix",
    ),
    Mistake(
        "covariance_of_sums",
        lambda scores: fisher_matrix(_summed(scores) - _summed(scores).mean(axis=0)),
        "You took the covariance of the summed scores. Written in this form it is a sum over steps, without subtracting a mean: the score has mean zero by itself, and subtracting the sample's own mean makes the estimate too small.",
        "fisher_matrix",
    ),
    Mistake(
        "inverted",
        lambda scores: np.linalg.pinv(fisher_matrix(scores)),
        "You inverted the matrix. Asked for is F itself; the natural gradient solves a system with it.",
        "fisher_matrix",
    ),
    Mistake(
        "first_episode_only",
        lambda scores: fisher_matrix(scores[:1]),
        "You used the first episode alone. All N of them are samples of the same expectation: average over them.",
        "fisher_matrix",
    ),
    Mistake(
        "last_step_only",
        lambda scores: fisher_matrix(scores[:, -1:]),
        "Only the last step is left in your result. Add up the matrices of all steps, with `+=`.",
        "fisher_matrix",
    ),
    Mistake(
        "first_step_only",
        lambda scores: fisher_matrix(scores[:, :1]),
        "You kept the first step alone. The sum runs over all H steps.",
        "fisher_matrix",
    ),
    Mistake(
        "between_episodes",
        lambda scores: np.einsum("nhi,mhi->nm", scores, scores) / len(scores),
        "Your product sums over the parameters and leaves the episodes. It is the episodes and the steps that are summed over; the two axes of F are parameters.",
        "fisher_matrix",
    ),
    Mistake(
        "between_steps",
        lambda scores: np.einsum("nhi,nki->hk", scores, scores) / len(scores),
        "Your product sums over the parameters and leaves the steps. It is the episodes and the steps that are summed over; the two axes of F are parameters.",
        "fisher_matrix",
    ),
    Mistake(
        "damped",
        lambda scores: fisher_matrix(scores) + 0.01 * np.eye(scores.shape[2]),
        "You added a small multiple of the identity. Damping helps to solve systems with F; the estimate of F itself has none.",
        "fisher_matrix",
    ),
    Mistake(
        "absolute_values",
        lambda scores: np.abs(fisher_matrix(scores)),
        "You lost the signs. Two parameters that push the log-likelihood in opposite directions have a negative entry.",
        "fisher_matrix",
    ),
    Mistake(
        "upper_triangle",
        lambda scores: np.triu(fisher_matrix(scores)),
        "You filled the upper triangle alone. The matrix is symmetric: both halves belong to it.",
        "fisher_matrix",
    ),
    Mistake(
        "first_with_last",
        lambda scores: np.einsum("ni,nj->ij", scores[:, 0], scores[:, -1]) / len(scores),
        "You multiplied scores of different steps. Each score meets itself.",
        "fisher_matrix",
    ),
    Mistake(
        "neighbouring_steps",
        lambda scores: np.einsum("nhi,nhj->ij", scores[:, 1:], scores[:, :-1]) / len(scores),
        "You multiplied the scores of neighbouring steps. Each score meets itself.",
        "fisher_matrix",
    ),
    Mistake(
        "gradient_squared_entries",
        lambda scores: fisher_matrix(scores) ** 2,
        "You squared the entries of the matrix. The products of two scores are already of second order.",
        "fisher_matrix",
    ),
    Mistake(
        "last_episode_only",
        lambda scores: fisher_matrix(scores[-1:]),
        "Only the last episode is left in your result. Add up over the episodes, with `+=`, and divide by N.",
        "fisher_matrix",
    ),
    Mistake(
        "correlation",
        lambda scores: _correlation(fisher_matrix(scores)),
        "You divided by the diagonal, as for a correlation. The Fisher matrix keeps its units.",
        "fisher_matrix",
    ),
    Mistake(
        "sample_covariance",
        lambda scores: _covariance(scores),
        "You computed a sample covariance, less the mean and with one sample less in the denominator. The score has mean zero by itself: sum the outer products over the steps, and average over the episodes.",
        "fisher_matrix",
    ),
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
