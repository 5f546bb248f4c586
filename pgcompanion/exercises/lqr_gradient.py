"""Exercise: the policy gradient of a gain from its values and the moments of the states."""

# mypy: disable-error-code="no-any-return"

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake

STATEMENT = r"""
In a linear world with quadratic rewards, let $-s^\top P_h s - c_h$ be the values of one gain
$\Theta$, and $M_h = \mathbb E \, s_h s_h^\top$ the second moments of its states. The advantage of the
action $\Theta s + e$ is

$$\begin{gathered}
  A_h = -(e^\top G_h \, e - \sigma^2 \operatorname{tr} G_h + 2 \, e^\top E_h s) , \\
  G_h = R + B^\top P_{h+1} B , \\
  E_h = G_h \Theta + B^\top P_{h+1} A ,
  \end{gathered}$$

and its score is $\sigma^{-2} e \, s^\top$. Derive the policy gradient $\nabla_\Theta J$.

Write `lqr_gradient(A, B, R, Theta, P, M)`, with `A` `(n, n)`, `B` `(n, m)`, `R` `(m, m)`, `Theta`
`(m, n)`, `P` `(H+1, n, n)` and `M` `(H, n, n)`. Return an array of shape `(m, n)`.
"""


def lqr_gradient(
    A: np.ndarray,
    B: np.ndarray,
    R: np.ndarray,
    Theta: np.ndarray,
    P: np.ndarray,
    M: np.ndarray,
) -> np.ndarray:
    """The gradient of the objective in a gain.

    A: (n, n); B: (n, m); R: (m, m); Theta: (m, n); P: (H+1, n, n);
    M: (H, n, n). Returns (m, n).
    """
    G = R + B.T @ P[1:] @ B
    E = G @ Theta + B.T @ P[1:] @ A
    return -2 * (E @ M).sum(axis=0)


def _symmetric(rng: np.random.Generator, H: int, n: int) -> np.ndarray:
    X = rng.integers(-2, 3, (H, n, n)).astype(float)
    return X @ np.swapaxes(X, 1, 2) + np.eye(n)


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    one = np.ones((1, 1))
    yield (
        2 * one,
        one,
        3 * one,
        -one,
        np.array([[[9.0]], [[4.0]], [[0.0]]]),
        np.array([[[1.0]], [[2]]]),
    )
    for n, m, H in [(2, 2, 3), (2, 3, 4), (3, 2, 3)]:
        A, B = rng.integers(-2, 3, (n, n)) / 2, rng.integers(-2, 3, (n, m)) / 2
        A[0, 1], B[0, 0] = 1.5, 1.0
        P = np.concatenate([_symmetric(rng, H, n), np.zeros((1, n, n))])
        Theta = rng.integers(-4, 5, (m, n)) / 4
        yield A, B, np.diag(np.arange(2.0, m + 2)), Theta, P, _symmetric(rng, H, n)


def _step_late(
    A: np.ndarray, B: np.ndarray, R: np.ndarray, Theta: np.ndarray, P: np.ndarray, M: np.ndarray
) -> np.ndarray:
    return lqr_gradient(A, B, R, Theta, np.concatenate([P[:1], P[:-1]]), M)


def _advantage_of_zero(
    A: np.ndarray, B: np.ndarray, R: np.ndarray, Theta: np.ndarray, P: np.ndarray, M: np.ndarray
) -> np.ndarray:
    return -2 * (B.T @ P[1:] @ A @ M).sum(axis=0)


MISTAKES = (
    Mistake(
        "without_the_moments",
        lambda A, B, R, Theta, P, M: lqr_gradient(A, B, R, Theta, P, np.eye(len(A)) + 0 * M),
        "The moments M are missing. A gain matters where the states are: the slope of Q at a state "
        "is -2 E s, and its product with s' has the mean -2 E M.",
        "lqr_gradient",
    ),
    Mistake(
        "a_step_late",
        _step_late,
        "You took P_h where P_{h+1} belongs. An action at step h is paid for by R and by the state "
        "that it leads to, whose value is that of step h + 1.",
        "lqr_advantage",
    ),
    Mistake(
        "half",
        lambda A, B, R, Theta, P, M: lqr_gradient(A, B, R, Theta, P, M) / 2,
        "Your result is half of the gradient. The derivative of a quadratic form x' G x is 2 G x.",
        "lqr_gradient",
    ),
    Mistake(
        "negated",
        lambda A, B, R, Theta, P, M: -lqr_gradient(A, B, R, Theta, P, M),
        "The sign is the wrong way round: you have the gradient of the cost. The objective is its "
        "negative, and the policy gradient goes uphill.",
        "lqr_gradient",
    ),
    Mistake(
        "without_the_gain",
        _advantage_of_zero,
        "The term with G Theta is missing from E. It is the slope of Q at the action Theta s, not at "
        "the action 0.",
        "lqr_advantage",
    ),
    Mistake(
        "free_actions",
        lambda A, B, R, Theta, P, M: lqr_gradient(A, B, 0 * R, Theta, P, M),
        "R is missing from G. An action costs something by itself, and not only through the state "
        "that it leads to.",
        "lqr_advantage",
    ),
    Mistake(
        "mean_over_steps",
        lambda A, B, R, Theta, P, M: lqr_gradient(A, B, R, Theta, P, M) / len(M),
        "You averaged over the steps. One gain acts at every step, and by the chain rule its "
        "gradient is the sum of what it does at each.",
        "lqr_gradient",
    ),
    Mistake(
        "transposed",
        lambda A, B, R, Theta, P, M: lqr_gradient(A, B, R, Theta, P, M).T,
        "Your gradient is transposed. It has the shape of Theta: rows belong to components of the "
        "action, columns to those of the state.",
        "lqr_gradient",
    ),
)

exercise = Exercise(
    title="The gradient of a gain",
    label="lqr_gradient",
    statement=STATEMENT.strip(),
    solution=lqr_gradient,
    hints=(
        "The gradient is the mean of advantage times score, summed over the steps. Terms that are even "
        "in e vanish in the product with e, and the mean of e e' is sigma**2 times the identity.",
        "What is left of a step is -2 E M. `P[1:]` holds the P_{h+1} of the steps h = 0, ..., H-1, and "
        "products of matrices with `@` work on all steps at once.",
        "`G = R + B.T @ P[1:] @ B` has shape (H, m, m), `E = G @ Theta + B.T @ P[1:] @ A` (H, m, n). "
        "Sum `E @ M` over the first axis.",
    ),
    cases=cases,
    mistakes=MISTAKES,
)
