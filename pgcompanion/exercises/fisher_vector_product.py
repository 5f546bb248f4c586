"""Exercise: a product with the Fisher matrix, without the matrix."""

# mypy: disable-error-code="no-any-return"

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake
from pgcompanion.exercises.engine.slips import mean_over_steps, negated, sum_over_episodes

STATEMENT = r"""
A network has a million parameters, and its Fisher matrix a million million entries. Solving $F x = g$
by conjugate gradients needs only products $F v$. Those cost no more than the scores themselves: $F$
is a mean, over the episodes, of sums of outer products $g_h g_h^\top$ of the scores of single steps.

Write `fisher_vector_product(scores, v)`, which returns $F v$, of shape `(p,)`, and forms no matrix of
shape `(p, p)`. The array `scores` has shape `(N, H, p)`, and `v` has shape `(p,)`.
"""


def fisher_vector_product(scores: np.ndarray, v: np.ndarray) -> np.ndarray:
    """The product of the Fisher matrix with a vector.

    scores: (N, H, p); v: (p,). Returns (p,).
    """
    along = scores @ v
    return (along[:, :, None] * scores).sum(axis=1).mean(axis=0)


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    yield np.array([[[1.0, 2.0], [0.0, -1.0]]]), np.array([1.0, 3.0])
    for N, H, p in [(2, 3, 2), (3, 2, 4), (4, 2, 3)]:
        scores = rng.choice([-2.0, -1.0, 0.5, 1.5, 2.5], (N, H, p))
        yield scores, rng.choice([-2.0, -1.0, 0.5, 1.5, 3.0], p, replace=False)


def _outer_of_sums(scores: np.ndarray, v: np.ndarray) -> np.ndarray:
    total = scores.sum(axis=1)
    return total.T @ (total @ v) / len(scores)


F = "fisher_matrix"
MISTAKES = (
    Mistake(
        "outer_of_the_sum",
        _outer_of_sums,
        "You summed the scores of an episode before you multiplied. On average that gives the same "
        "matrix, with more variance; asked for is the sum over the single steps.",
        "fisher_trajectory",
    ),
    Mistake(
        "squares",
        lambda scores, v: (scores**2).sum(axis=1).mean(axis=0) * v,
        "You squared the scores entry by entry: that is the diagonal of F times v. Each score first meets "
        "all of v, in a scalar product, and the number that comes out multiplies the score.",
        F,
    ),
    Mistake(
        "scalar_product_only",
        lambda scores, v: (scores @ v).sum(axis=1).mean(),
        "You stopped after the scalar products of the scores with v. Each of these numbers multiplies its "
        "own score once more.",
        F,
    ),
    Mistake(
        "quadratic_form",
        lambda scores, v: ((scores @ v) ** 2).sum(axis=1).mean(),
        "You returned v F v, one number. F v is a vector: multiply each scalar product with its score.",
        F,
    ),
    Mistake(
        "means_multiplied",
        lambda scores, v: (scores @ v).sum(axis=1).mean() * scores.sum(axis=1).mean(axis=0),
        "You averaged the scalar products and the scores separately. Each number belongs to its own score: "
        "multiply first, then sum and average.",
        F,
    ),
    Mistake(
        "mean_score_removed",
        lambda scores, v: fisher_vector_product(scores - scores.mean(axis=(0, 1)), v),
        "You subtracted the mean score. It is zero in expectation already; the estimate takes the scores "
        "as they are.",
        F,
    ),
    Mistake(
        "without_v",
        lambda scores, v: (scores.sum(axis=2)[:, :, None] * scores).sum(axis=1).mean(axis=0),
        "You summed the entries of each score, which is a product with a vector of ones. It is v that "
        "weighs the entries: `scores @ v`.",
        F,
    ),
    Mistake(
        "absolute_products",
        lambda scores, v: (np.abs(scores @ v)[:, :, None] * scores).sum(axis=1).mean(axis=0),
        "You took absolute values of the scalar products. Their signs count.",
        F,
    ),
    Mistake(
        "inverse_product",
        lambda scores, v: (
            np.linalg.pinv(np.einsum("nhi,nhj->ij", scores, scores) / len(scores)) @ v
        ),
        "You returned the product with the inverse. Conjugate gradients find that one, from products with "
        "F itself.",
        F,
    ),
    Mistake(
        "damped",
        lambda scores, v: fisher_vector_product(scores, v) + 0.1 * v,
        "You added a damping of 0.1. It may help to solve a system; the product with F has none.",
        F,
    ),
    Mistake(
        "last_step_only",
        lambda scores, v: fisher_vector_product(scores[:, -1:], v),
        "Only the last step is left in your result: add up over the steps with `+=`.",
        F,
    ),
    Mistake(
        "first_episode_only",
        lambda scores, v: fisher_vector_product(scores[:1], v),
        "You used the first episode alone. All N of them are samples: average over them.",
        F,
    ),
    mean_over_steps(fisher_vector_product, F),
    sum_over_episodes(fisher_vector_product, F),
    negated(fisher_vector_product, F),
    Mistake(
        "projections",
        lambda scores, v: (
            ((scores @ v)[:, :, None] * scores / (scores**2).sum(axis=2)[:, :, None])
            .sum(axis=1)
            .mean(axis=0)
        ),
        "You divided by the squared lengths of the scores, which projects v onto them. F is the mean of the outer products themselves.",
        "fisher_matrix",
    ),
    Mistake(
        "v_entry_by_entry",
        lambda scores, v: scores.sum(axis=1).mean(axis=0) * v,
        "You multiplied the mean score with v, entry by entry. Each score meets v in a scalar product, and is then multiplied by that number.",
        "fisher_matrix",
    ),
)

exercise = Exercise(
    title="Products with the Fisher matrix",
    label=F,
    statement=STATEMENT.strip(),
    solution=fisher_vector_product,
    hints=(
        "Put the brackets elsewhere: (g g^T) v = g (g^T v). What is g^T v, and how many of them are there?",
        "First the scalar products, of shape (N, H). Each multiplies its own score. Then sum over the "
        "steps and average over the episodes.",
        "`scores @ v` has shape (N, H), and `(scores @ v)[:, :, None] * scores` has shape (N, H, p).",
    ),
    cases=cases,
    mistakes=MISTAKES,
)
