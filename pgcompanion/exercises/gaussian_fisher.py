"""Exercise: the Fisher matrix of a linear Gaussian policy."""

# mypy: disable-error-code="no-any-return"

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake

STATEMENT = r"""
A policy draws actions with $m$ components from $\mathcal N(\Theta s, \sigma^2 I_m)$. Let
$M_h = \mathbb E \, s_h s_h^\top$ be the second moments of its states. The score of an action
$a = \Theta s + e$ is $\sigma^{-2} e \, s^\top$. Derive the Fisher matrix of the trajectories.

Write `gaussian_fisher(M, sigma, m)`, with `M` of shape `(H, n, n)`. Return an array of shape
`(mn, mn)` in which parameters are ordered as in `Theta.ravel()`: rows of $\Theta$ first.
"""


def gaussian_fisher(M: np.ndarray, sigma: float, m: int) -> np.ndarray:
    """The Fisher matrix of the trajectories of a linear Gaussian policy.

    M: (H, n, n); sigma: a number; m: an integer.
    Returns (mn, mn), rows of Theta first.
    """
    return np.kron(np.eye(m), M.sum(axis=0)) / sigma**2


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    yield np.array([[[1.0]], [[2.0]]]), 0.5, 2
    for H, n, m, sigma in [(2, 2, 2, 0.5), (3, 2, 3, 2.0), (3, 3, 2, 0.25)]:
        X = rng.integers(-2, 3, (H, n, n)).astype(float)
        yield X @ np.swapaxes(X, 1, 2) + np.diag(np.arange(1.0, n + 1)), sigma, m


MISTAKES = (
    Mistake(
        "mean_over_steps",
        lambda M, sigma, m: gaussian_fisher(M, sigma, m) / len(M),
        "You averaged over the steps. The information of the steps of a trajectory adds up: the "
        "matrix is a sum over h, and H times as large.",
        "fisher_trajectory",
    ),
    Mistake(
        "sigma_not_squared",
        lambda M, sigma, m: sigma * gaussian_fisher(M, sigma, m),
        "You divided by sigma. The score holds 1/sigma**2, its square 1/sigma**4, and the mean of "
        "e e' is sigma**2 times the identity: 1/sigma**2 is left.",
        "lqr_fisher",
    ),
    Mistake(
        "sigma_to_the_fourth",
        lambda M, sigma, m: gaussian_fisher(M, sigma, m) / sigma**2,
        "You divided by the fourth power of sigma. The square of the score does hold it, but the "
        "mean of e e' gives back a factor sigma**2.",
        "lqr_fisher",
    ),
    Mistake(
        "multiplied",
        lambda M, sigma, m: sigma**4 * gaussian_fisher(M, sigma, m),
        "You multiplied by the variance. The narrower a policy, the more a change of its mean is "
        "noticed: the matrix grows as sigma falls.",
        "lqr_fisher",
    ),
    Mistake(
        "columns_first",
        lambda M, sigma, m: np.kron(M.sum(axis=0), np.eye(m)) / sigma**2,
        "Your order of the parameters is by columns of Theta. With rows first, the entries of one "
        "row are neighbours: the blocks on the diagonal are the sum of the moments.",
        "lqr_fisher",
    ),
    Mistake(
        "one_block",
        lambda M, sigma, m: M.sum(axis=0) / sigma**2,
        "You returned one block of shape (n, n). Every component of the action has such a block of "
        "its own, so that the matrix has shape (mn, mn).",
        "lqr_fisher",
    ),
    Mistake(
        "full_of_blocks",
        lambda M, sigma, m: np.kron(np.ones((m, m)), M.sum(axis=0)) / sigma**2,
        "Your blocks off the diagonal are not 0. The components of the noise are independent, so "
        "the scores of different rows of Theta are uncorrelated.",
        "lqr_fisher",
    ),
    Mistake(
        "last_step",
        lambda M, sigma, m: gaussian_fisher(M[-1:], sigma, m),
        "You kept the last step only. Every step of a trajectory tells something about Theta: sum "
        "the moments over all of them.",
        "lqr_fisher",
    ),
)

exercise = Exercise(
    title="The Fisher matrix of a gain",
    label="lqr_fisher",
    statement=STATEMENT.strip(),
    solution=gaussian_fisher,
    hints=(
        "Write the score as a long vector: every component of e times every component of s. What is "
        "the mean of its outer product with itself?",
        "Components of e are independent of each other and of s, with variance sigma**2. So the mean "
        "is block-diagonal, with a block for each component of the action.",
        "`np.kron(np.eye(m), X)` has m blocks X on its diagonal.",
    ),
    cases=cases,
    mistakes=MISTAKES,
)
