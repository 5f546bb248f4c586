"""Exercise: a world in which a wrong baseline shows."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from pgcompanion.exercises.engine import given
from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake

STATEMENT = r"""
A colleague subtracts the value of the *next* state from the reward-to-go, as a baseline:

$$\hat g = \sum_{h=0}^{1} \nabla \log \pi_\theta(a_h \mid s_h) \bigl( R_h - V_{h+1}(s_{h+1}) \bigr)$$

with $V_2 = 0$. It trains well in the colleague's world, and you say that it is biased. Prove it: write
`find_the_bug_baseline()`, which returns a world with horizon 2 in which the bias $\mathbb E[\hat g] -
\nabla J(\theta)$ has a length of more than 0.1. Return three arrays `P, r, mu0`, of shape `(S, A, S)`,
`(S, A)` and `(S,)`, with at most four states and actions, and rewards between $-1$ and $1$. The policy is
the tabular softmax with $\theta = 0$, and the expectation is computed exactly.
"""

ENOUGH, H = 0.1, 2


def find_the_bug_baseline() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A world in which the value of the next state is no baseline.

    Returns P (S, A, S), r (S, A) and mu0 (S,).
    """
    # In state 0 the action chooses the next state; state 1 pays 1, state 2 nothing.
    P = np.zeros((3, 2, 3))
    P[0, 0, 1] = P[0, 1, 2] = 1.0
    P[1, :, 1] = P[2, :, 2] = 1.0
    r = np.array([[0.0, 0.0], [1.0, 1.0], [0.0, 0.0]])
    mu0 = np.array([1.0, 0.0, 0.0])
    return P, r, mu0


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    yield ()


def _checked(returned: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    P, r, mu0 = given.world(returned, ("P", "r", "mu0"))
    if mu0.shape != P.shape[:1] or (mu0 < 0).any() or not np.isclose(mu0.sum(), 1):
        raise ValueError(
            "`mu0` holds the probability of each state to be the first: they add up to 1."
        )
    if np.abs(r).max() > 1:
        raise ValueError("The rewards lie between -1 and 1: larger ones would make any bias large.")
    return P, r, mu0


def _next_values(P: np.ndarray, r: np.ndarray) -> np.ndarray:
    """The mean value of the state that follows each state and action, `(S, A)`."""
    return np.asarray(P @ r.mean(axis=1))


def bias(P: np.ndarray, r: np.ndarray, mu0: np.ndarray) -> np.ndarray:
    """The bias of the colleague's estimate, `(S, A)`; only step 0 has a next value."""
    value = _next_values(P, r)
    return np.asarray(-mu0[:, None] * (value - value.mean(axis=1, keepdims=True)) / P.shape[1])


def measure(returned: Any) -> float:
    """1 for a proof, other numbers for worlds that prove nothing, by their reason."""
    P, r, mu0 = _checked(returned)
    length = float(np.linalg.norm(bias(P, r, mu0)))
    if length > ENOUGH:
        return 1.0
    if P.shape[1] == 1:
        return 2.0
    if np.ptp(r.mean(axis=1)) < 1e-9:
        return 3.0
    if np.allclose(P[mu0 > 0], P[mu0 > 0][:, :1]):
        return 4.0
    return 5.0 if length > 1e-9 else 6.0


def exhibit(returned: Any) -> list[tuple[str, Any]]:
    P, r, mu0 = _checked(returned)
    rows = [("P", P), ("r", r), ("mu0", mu0), ("V_1", r.mean(axis=1)), ("bias", bias(P, r, mu0))]
    return [*rows, ("its length", float(np.linalg.norm(bias(P, r, mu0))))]


def _world(P: Any, r: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return (
        np.array(P, dtype=float),
        np.array(r, dtype=float),
        np.array([1.0] + [0.0] * (len(P) - 1)),
    )


B = "pg_baseline"
TO_1, TO_2 = [0, 1, 0], [0, 0, 1]
MISTAKES = (
    Mistake(
        "one_action",
        lambda: _world([[[0, 1]], [[0, 1]]], [[0], [1]]),
        "In your world there is one action, so that every score is zero and nothing can be biased. Give "
        "the agent a choice.",
        B,
    ),
    Mistake(
        "equal_values",
        lambda: _world([[[1, 0], [0, 1]], [[1, 0], [0, 1]]], [[1, 0], [0, 1]]),
        "In your world all states have the same value, the mean of their rewards. Then the baseline is a "
        "constant, and constants are harmless. Make one state better than another.",
        B,
    ),
    Mistake(
        "next_state_independent_of_the_action",
        lambda: _world([[[0, 1], [0, 1]], [[0, 1], [0, 1]]], [[0, 1], [1, 1]]),
        "In your world the first action does not decide about the next state. Then V(s') is independent "
        "of it, and a baseline that is independent of the action is harmless. Let the action choose the "
        "next state.",
        B,
    ),
    Mistake(
        "bias_too_small",
        lambda: _world([[TO_1, TO_2], [TO_1, TO_1], [TO_2, TO_2]], [[0, 0], [0.2, 0.2], [0, 0]]),
        "Your world shows a bias, and a small one: its length is at most 0.1. The states that the first "
        "action chooses between should differ more in value, or be reached more surely.",
        B,
    ),
    Mistake(
        "action_decides_nothing_of_worth",
        lambda: _world(
            [[TO_1, TO_2], [TO_1, TO_1], [TO_2, TO_2]], [[-1, -1], [0.5, 0.5], [0, 1.0]]
        ),
        "The first action chooses the next state, and the states that it chooses between have the same "
        "value. Make one of them better than the other.",
        B,
    ),
)

exercise = Exercise(
    title="Find the bug: a baseline",
    label=B,
    statement=STATEMENT.strip(),
    solution=find_the_bug_baseline,
    hints=(
        "A baseline is harmless if the action does not influence it. What of the next state's value?",
        "The bias is minus the mean of score times V(s_1). Make two states of different value, and let the "
        "first action decide between them.",
        "Three states: from state 0 action 0 leads to state 1, which pays 1, and action 1 to state 2, "
        "which pays 0.",
    ),
    cases=cases,
    mistakes=MISTAKES,
    measure=measure,
    exhibit=exhibit,
)
