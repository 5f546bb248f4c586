"""Exercise: the values of a linear policy in a linear world with quadratic rewards."""

# mypy: disable-error-code="no-any-return"

from collections.abc import Callable, Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake

STATEMENT = r"""
A world has the dynamics $s_{h+1} = A s_h + B a_h + w_h$ with noise of mean zero and pays
$-(s_h^\top Q s_h + a_h^\top R \, a_h)$ at each of $H$ steps. A policy draws actions around
$\Theta s_h$. Its values are quadratic, $V_h(s) = -s^\top P_h s - c_h$. Derive the recursion of the
matrices $P_h$, from the last step to the first.

Write `lqr_values(A, B, Q, R, Theta, H)` for one gain `Theta` of shape `(m, n)`, with `A` and `Q` of
shape `(n, n)`, `B` `(n, m)` and `R` `(m, m)`. Return the array of $P_0, \dots, P_H$, of shape
`(H+1, n, n)`.
"""


def lqr_values(
    A: np.ndarray,
    B: np.ndarray,
    Q: np.ndarray,
    R: np.ndarray,
    Theta: np.ndarray,
    H: int,
) -> np.ndarray:
    """The matrices P_h of the values V_h(s) = -s' P_h s - c_h.

    A, Q: (n, n); B: (n, m); R: (m, m); Theta: (m, n).
    Returns (H+1, n, n).
    """
    C = A + B @ Theta
    P = np.zeros((H + 1, *A.shape))
    for h in reversed(range(H)):
        P[h] = Q + Theta.T @ R @ Theta + C.T @ P[h + 1] @ C
    return P


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    one = np.ones((1, 1))
    yield 2 * one, one, one, 3 * one, -one, 2
    for n, m, H in [(2, 1, 3), (2, 2, 3), (3, 2, 4)]:
        A, B = rng.integers(-2, 3, (n, n)) / 2, rng.integers(-2, 3, (n, m)) / 2
        B[0, 0], A[0, 1] = 1.0, 1.5
        Theta = rng.integers(-2, 3, (m, n)) / 2
        Theta[0, 0] = -1.5
        yield A, B, np.diag(np.arange(1.0, n + 1)), np.diag(np.arange(2.0, m + 2)), Theta, H


def _recursion(
    cost: Callable[..., np.ndarray], loop: Callable[..., np.ndarray]
) -> Callable[..., np.ndarray]:
    """The solution with another cost of a step, or another closed loop."""

    def answer(
        A: np.ndarray, B: np.ndarray, Q: np.ndarray, R: np.ndarray, Theta: np.ndarray, H: int
    ) -> np.ndarray:
        P = np.zeros((H + 1, *A.shape))
        C = loop(A, B, Theta)
        for h in reversed(range(H)):
            P[h] = cost(Q, R, Theta) + C.T @ P[h + 1] @ C
        return P

    return answer


def _cost(Q: np.ndarray, R: np.ndarray, Theta: np.ndarray) -> np.ndarray:
    return Q + Theta.T @ R @ Theta


def _loop(A: np.ndarray, B: np.ndarray, Theta: np.ndarray) -> np.ndarray:
    return A + B @ Theta


def _ends_with_a_cost(
    A: np.ndarray, B: np.ndarray, Q: np.ndarray, R: np.ndarray, Theta: np.ndarray, H: int
) -> np.ndarray:
    return lqr_values(A, B, Q, R, Theta, H + 1)[:-1]


MISTAKES = (
    Mistake(
        "actions_for_free",
        _recursion(lambda Q, R, Theta: Q, _loop),
        "You left out what the actions cost. The mean action is Theta s, and it costs "
        "s' Theta' R Theta s at every step.",
        "lqr_values",
    ),
    Mistake(
        "open_loop",
        _recursion(_cost, lambda A, B, Theta: A),
        "Your next state is A s. The policy acts, too: the next state has the mean A s + B Theta s, "
        "so the matrix on both sides of P is C = A + B Theta.",
        "lqr_values",
    ),
    Mistake(
        "sign_of_the_gain",
        _recursion(_cost, lambda A, B, Theta: A - B @ Theta),
        "Your closed loop is A - B Theta. That is for books on control, which write a = -K s; here "
        "the mean action is Theta s, and the loop is A + B Theta.",
        "lqr",
    ),
    Mistake(
        "transposed_loop",
        _recursion(_cost, lambda A, B, Theta: (A + B @ Theta).T),
        "The closed loop stands on the wrong sides: you have C P C'. That is how second moments are "
        "carried forwards. A value is carried backwards, as C' P C.",
        "lqr_occupancy",
    ),
    Mistake(
        "ends_with_a_cost",
        _ends_with_a_cost,
        "Your P_H is the cost of one more step. After H steps the episode is over and nothing is "
        "left to pay: P_H = 0.",
        "lqr_values",
    ),
    Mistake(
        "forwards",
        lambda A, B, Q, R, Theta, H: lqr_values(A, B, Q, R, Theta, H)[::-1],
        "Your matrices stand in the wrong order: P[0] is the one of the first step, with all of the "
        "episode to come, and P[H] is 0.",
        "lqr_values",
    ),
    Mistake(
        "negated",
        lambda A, B, Q, R, Theta, H: -lqr_values(A, B, Q, R, Theta, H),
        "The sign is the wrong way round. The value is minus s' P s, so P itself collects costs and "
        "has no negative eigenvalue.",
        "lqr_values",
    ),
)

exercise = Exercise(
    title="The values of a gain",
    label="lqr_values",
    statement=STATEMENT.strip(),
    solution=lqr_values,
    hints=(
        "Begin at the end: which matrix belongs to a step after which nothing follows? Then go "
        "backwards, one step at a time.",
        "A step costs s' Q s for the state and (Theta s)' R (Theta s) for the action. Then the state "
        "is C s, which costs (C s)' P (C s) from there on.",
        "`P = np.zeros((H + 1, n, n))`, and in a loop over `reversed(range(H))` the formula for "
        "`P[h]` from `P[h + 1]`.",
    ),
    cases=cases,
    mistakes=MISTAKES,
)
