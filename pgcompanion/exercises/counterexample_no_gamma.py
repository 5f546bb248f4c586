"""Exercise: where the usual discounted gradient goes downhill."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from pgcompanion.exercises.engine import given
from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake
from pgcompanion.exercises.engine.worlds import softmax

STATEMENT = r"""
The gradient of $J_\gamma = \mathbb E \sum_h \gamma^h r_h$ weighs step $h$ by $\gamma^h$. Nearly every
implementation drops that factor and climbs along

$$\mathbb E \Bigl[ \sum_{h=0}^{H-1} \nabla \log \pi_\theta(a_h \mid s_h) \, Q_h(s_h, a_h) \Bigr] ,$$

where $Q_h$ is discounted as usual. Is that at least always uphill? It is not: write
`counterexample_no_gamma()`, which returns a world and a policy where this direction and
$\nabla J_\gamma(\theta)$ have a *negative* scalar product. Take $\gamma = \frac12$, horizon $H = 2$ and
state 0 as the start, and return three arrays `P, r, theta`, of shape `(S, A, S)`, `(S, A)` and
`(S, A)`, with at most four states and actions; `theta` are the parameters of a tabular softmax. Both
gradients are computed exactly. When is an action good at step 0 and bad at step 1, in the same state?
"""

GAMMA, H = 0.5, 2


def counterexample_no_gamma() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A world and a policy where dropping gamma**h goes downhill.

    Returns P (S, A, S), r (S, A) and theta (S, A).
    """
    # In state 0, action 1 costs 1 and leads to state 1, which pays 2.25. That is worth while at step 0
    # and not at step 1, the last. Counted in full, step 1 outweighs step 0.
    P = np.zeros((2, 2, 2))
    P[0, 0, 0] = P[0, 1, 1] = P[1, 0, 1] = P[1, 1, 1] = 1.0
    r = np.array([[0.0, -1.0], [2.25, 2.25]])
    return P, r, np.zeros((2, 2))


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    yield ()


def gradients(P: np.ndarray, r: np.ndarray, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The gradient of the discounted objective, and the direction without gamma**h."""
    pi, d = softmax(theta), [np.eye(len(P))[0]]
    for _ in range(H - 1):
        d.append(np.einsum("s,sa,sat->t", d[-1], pi, P))
    V = np.zeros(len(P))
    parts: list[np.ndarray] = []
    for h in reversed(range(H)):
        Q = r + GAMMA * P @ V
        V = (pi * Q).sum(axis=1)
        parts.insert(0, d[h][:, None] * pi * (Q - V[:, None]))
    return np.asarray(sum(GAMMA**h * x for h, x in enumerate(parts))), np.asarray(sum(parts))


def _checked(returned: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    P, r, theta = given.world(returned, ("P", "r", "theta"))
    if theta.shape != r.shape or not np.isfinite(theta).all():
        raise ValueError(
            f"`theta` has shape {theta.shape}. It is a finite table of shape {r.shape}."
        )
    return P, r, theta


def measure(returned: Any) -> float:
    """1 for a counterexample, other numbers for what is none, by the reason."""
    true, without = gradients(*_checked(returned))
    scale = max(1e-300, float(np.abs(true).max()), float(np.abs(without).max()))
    if max(np.abs(true).max(), np.abs(without).max()) < 1e-9:
        return 2.0
    if np.allclose(true, without, atol=1e-9 * scale):
        return 3.0
    product = float((true * without).sum())
    if abs(product) < 1e-9 * scale**2:
        return 5.0
    return 1.0 if product < 0 else 4.0


def exhibit(returned: Any) -> list[tuple[str, Any]]:
    P, r, theta = _checked(returned)
    true, without = gradients(P, r, theta)
    rows = [("P", P), ("r", r), ("theta", theta), ("gradient", true), ("without gamma", without)]
    return [*rows, ("scalar product", float((true * without).sum()))]


def _world(P: Any, r: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return np.array(P, dtype=float), np.array(r, dtype=float), np.zeros(np.shape(r))


D = "pg_discounted"
MOVE = [[[1, 0], [0, 1]], [[0, 1], [0, 1]]]
MISTAKES = (
    Mistake(
        "no_gradient",
        lambda: _world(MOVE, [[1, 1], [1, 1]]),
        "Both gradients are zero here: no action is better than another, at any step. Let the actions "
        "differ in what they pay or where they lead.",
        D,
    ),
    Mistake(
        "no_difference",
        lambda: _world([[[0, 1], [0, 1]], [[0, 1], [0, 1]]], [[1, 0], [2, 2]]),
        "The two directions are the same: only step 0 has a choice to make, and there gamma**0 is 1. The "
        "agent has to be able to come to a choice at step 1 as well.",
        D,
    ),
    Mistake(
        "still_uphill",
        lambda: _world(MOVE, [[0, -1], [1, 1]]),
        "The two directions differ, and their scalar product is positive: without gamma**h it still goes "
        "uphill. The state needs an action that is good at step 0 and bad at step 1, by so much that the "
        "bad wins when step 1 counts in full, and the good when it counts half.",
        D,
    ),
    Mistake(
        "orthogonal",
        lambda: _world(MOVE, [[0, -1], [2.0, 2.0]]),
        "The scalar product is exactly zero. A little more, or a little less, of what makes the action "
        "good at step 0 tips it over.",
        D,
    ),
)

exercise = Exercise(
    title="A counterexample",
    label=D,
    statement=STATEMENT.strip(),
    solution=counterexample_no_gamma,
    hints=(
        "In separate states the factor only rescales, so that the signs stay. What if one and the same "
        "state is visited at step 0 and at step 1?",
        "Let action 1 in state 0 cost something now and lead to a state that pays next time. It is good at "
        "step 0; at step 1, the last, only the cost is left. Action 0 stays.",
        "With cost 1, reward R in state 1 and theta = 0, the entries of the gradient have the sign of "
        "R/2 - 1 (with gamma**h) and of R/2 - 5/4 (without): choose R between the two.",
    ),
    cases=cases,
    mistakes=MISTAKES,
    measure=measure,
    exhibit=exhibit,
)
