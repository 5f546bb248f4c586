"""Exercise: the score of the tabular softmax policy."""

# mypy: disable-error-code="no-any-return"

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake, Stress

STATEMENT = r"""
The **score** is the gradient of the log-likelihood of an action. For the tabular softmax policy,

$$\frac{\partial \log \pi_\theta(a \mid s)}{\partial \theta_{s',a'}}
  = \mathbf 1[s = s'] \, \bigl( \mathbf 1[a = a'] - \pi_\theta(a' \mid s) \bigr) .$$

Write `softmax_score(theta, s, a)` for one state `s` and one action `a` (integers). The array
`theta` has shape `(S, A)`, and so has the result: one derivative for each parameter.
"""


def softmax_score(theta: np.ndarray, s: int, a: int) -> np.ndarray:
    """The gradient of log pi(a | s) in theta, for the tabular softmax policy.

    theta: (S, A); s and a: integers. Returns (S, A).
    """
    weights = np.exp(theta[s] - theta[s].max())
    score = np.zeros(theta.shape)
    score[s] = -weights / weights.sum()
    score[s, a] += 1.0
    return score


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    yield np.zeros((1, 2)), 0, 0
    yield np.array([[0.0, 0.0], [0.0, 1.0]]), 1, 0
    for S, A in [(2, 3), (3, 2), (3, 4)]:
        yield rng.integers(-4, 5, (S, A)) / 2, int(rng.integers(S)), int(rng.integers(A))


def _one_hot(theta: np.ndarray, s: int, a: int) -> np.ndarray:
    chosen = np.zeros(theta.shape)
    chosen[s, a] = 1.0
    return chosen


def _pi(theta: np.ndarray) -> np.ndarray:
    weights = np.exp(theta)
    return weights / weights.sum(axis=1, keepdims=True)


MISTAKES = (
    Mistake(
        "not_centred",
        _one_hot,
        "You returned 1 for the chosen action and 0 elsewhere: the gradient of theta[s, a] alone. "
        "The parameters of the state also enter through the normaliser, and its derivative takes "
        "pi(a' | s) away from every action a' of that state. Without it the score does not "
        "average to zero.",
        "tabular_softmax",
    ),
    Mistake(
        "all_rows",
        lambda theta, s, a: _one_hot(theta, s, a) - _pi(theta),
        "You took the probabilities away in every row. The policy in state s depends on row s "
        "alone, so the derivatives in all other rows are zero.",
        "tabular_softmax",
    ),
    Mistake(
        "likelihood",
        lambda theta, s, a: _pi(theta)[s, a] * softmax_score(theta, s, a),
        "You returned the gradient of the probability pi(a | s). The score is the gradient of its "
        "logarithm: divide by pi(a | s).",
        "reinforce_pg",
    ),
    Mistake(
        "negated",
        lambda theta, s, a: -softmax_score(theta, s, a),
        "The sign is the wrong way round: you have the probabilities minus the chosen action. "
        "Raising theta[s, a] makes the action a more likely, so its own entry is positive.",
        "tabular_softmax",
    ),
    Mistake(
        "chosen_action_only",
        lambda theta, s, a: _one_hot(theta, s, a) * (1 - _pi(theta)[s, a]),
        "You filled the entry of the chosen action, 1 - pi(a | s), and left the others of the row "
        "at zero. Raising the parameter of another action makes the chosen one less likely: the "
        "entry of a' is -pi(a' | s).",
        "tabular_softmax",
    ),
    Mistake(
        "one_row",
        lambda theta, s, a: softmax_score(theta, s, a)[s],
        "You returned the row of state s alone, and its numbers are right. The score has one "
        "entry for every parameter: put this row into an array of zeros of the shape of theta.",
        "tabular_softmax",
    ),
    Mistake(
        "normalised_over_the_table",
        lambda theta, s, a: _one_hot(theta, s, a) - np.exp(theta) / np.exp(theta).sum(),
        "Your probabilities add up to 1 over the whole table instead of over the actions of one "
        "state. Normalise each row by itself; then only row s is left in the score.",
        "tabular_softmax",
    ),
)

exercise = Exercise(
    title="The softmax score",
    label="tabular_softmax",
    statement=STATEMENT.strip(),
    solution=softmax_score,
    hints=(
        "Write log pi(a | s) as theta[s, a] minus the logarithm of a sum. Which parameters does "
        "each of the two parts depend on?",
        "The derivative of the log of the sum in theta[s, a'] is pi(a' | s). Rows other than s do "
        "not occur at all.",
        "Begin with `score = np.zeros(theta.shape)`, set row s to minus the probabilities of "
        "state s, and add 1 to the entry of the chosen action.",
    ),
    cases=cases,
    mistakes=MISTAKES,
    stress=(
        Stress(
            (np.array([[1000.0, 999.0]]), 0, 1),
            "at theta = 1000 your function overflows, since `exp(1000)` is `inf`. Take the largest "
            "entry of the row away before the exponential: the probabilities stay the same.",
        ),
    ),
)
