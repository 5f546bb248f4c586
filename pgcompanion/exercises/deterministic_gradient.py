"""Exercise: the deterministic policy gradient from slopes of Q."""

# mypy: disable-error-code="no-any-return"

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake
from pgcompanion.exercises.engine.slips import mean_over_steps, negated, sum_over_episodes

STATEMENT = r"""
A policy without noise acts with $a = \Theta s$. Its gradient needs no score, but the slope of $Q$ in
the action:

$$\nabla_\Theta J = \mathbb E \Bigl[ \sum_{h=0}^{H-1} \nabla_a Q_h(s_h, a) \big|_{a = \Theta s_h} \,
  s_h^\top \Bigr] .$$

Write `deterministic_gradient(dQ, s)`, which estimates it from $N$ episodes. The array `dQ` of shape
`(N, H, m)` holds the slopes and `s` of shape `(N, H, n)` the states. Return an array of shape
`(m, n)`.
"""


def deterministic_gradient(dQ: np.ndarray, s: np.ndarray) -> np.ndarray:
    """The deterministic gradient of a gain, estimated from N episodes.

    dQ: (N, H, m); s: (N, H, n). Returns (m, n).
    """
    outer_products = dQ[..., :, None] * s[..., None, :]
    return outer_products.sum(axis=1).mean(axis=0)


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    yield np.array([[[1.0], [2.0]]]), np.array([[[3.0], [4.0]]])
    yield np.array([[[1.0], [2.0]], [[0.0], [1.0]]]), np.array([[[3.0], [4]], [[1], [-1]]])
    for N, H, m, n in [(2, 2, 2, 2), (3, 2, 2, 3), (5, 4, 3, 2)]:
        yield rng.integers(-4, 5, (N, H, m)) / 2, rng.integers(1, 6, (N, H, n)) / 2


def _product_of_sums(dQ: np.ndarray, s: np.ndarray) -> np.ndarray:
    return deterministic_gradient(dQ.sum(axis=1, keepdims=True), s.sum(axis=1, keepdims=True))


MISTAKES = (
    Mistake(
        "without_the_state",
        lambda dQ, s: dQ.sum(axis=1).mean(axis=0),
        "You returned the mean slope of Q and stopped there. The action is Theta @ s: by the chain "
        "rule the derivative in Theta is the slope times the state, an outer product.",
        "deterministic_gradient",
    ),
    Mistake(
        "transposed",
        lambda dQ, s: deterministic_gradient(dQ, s).T,
        "Your gradient is transposed. It has the shape of Theta: rows belong to components of the "
        "action, columns to those of the state.",
        "deterministic_gradient",
    ),
    Mistake(
        "product_of_sums",
        _product_of_sums,
        "You summed slopes and states over the steps before multiplying them. The slope of a step "
        "belongs to the state of that same step.",
        "deterministic_gradient",
    ),
    Mistake(
        "first_step_only",
        lambda dQ, s: deterministic_gradient(dQ[:, :1], s[:, :1]),
        "You kept the first step only. A gain that is used at every step gets a share of its "
        "gradient from each.",
        "deterministic_gradient",
    ),
    mean_over_steps(deterministic_gradient, "deterministic_gradient"),
    sum_over_episodes(deterministic_gradient, "deterministic_gradient"),
    negated(deterministic_gradient, "deterministic_gradient"),
)

exercise = Exercise(
    title="The deterministic gradient",
    label="deterministic_gradient",
    statement=STATEMENT.strip(),
    solution=deterministic_gradient,
    hints=(
        "One step of one episode gives an outer product: the slope of Q, times the state. Over what "
        "are these summed, over what averaged?",
        "Sum over the steps, average over the episodes. The result has the shape of Theta.",
        "`np.einsum('thi,thj->ij', dQ, s)` sums all the outer products; what is left is a division.",
    ),
    cases=cases,
    mistakes=MISTAKES,
)
