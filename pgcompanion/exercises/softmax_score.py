"""Exercise: the score of the tabular softmax policy."""

# mypy: disable-error-code="no-any-return"

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake, Stress

STATEMENT = r"""
The **score** is the gradient of the log-likelihood of an action, $\nabla \log \pi_\theta(a \mid s)$.
Derive it for the tabular softmax policy, where $\pi_\theta(a \mid s)$ is proportional to
$\exp(\theta_{s,a})$. Which entries are not zero?

Write `softmax_score(theta, s, a)` for one state `s` and one action `a` (integers). The array
`theta` has shape `(S, A)`, and so has the result: one derivative for each parameter.
"""


def softmax_score(theta: np.ndarray, s: int, a: int) -> np.ndarray:
    """The gradient of log pi(a | s) for the tabular softmax policy.

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
    yield np.array([[1.0, 0.0, 0.5], [0.0, 2.0, -1.0]]), 1, 0
    for S, A in [(2, 3), (3, 2), (3, 4)]:
        rows = [rng.permutation(2 * A + 1)[:A] - A for _ in range(S)]  # no ties
        yield np.array(rows) / 2 + 0.25, int(rng.integers(1, S)), int(rng.integers(A))


def _one_hot(theta: np.ndarray, s: int, a: int) -> np.ndarray:
    chosen = np.zeros(theta.shape)
    chosen[s, a] = 1.0
    return chosen


def _pi(theta: np.ndarray) -> np.ndarray:
    weights = np.exp(theta)
    return weights / weights.sum(axis=1, keepdims=True)


def _in_row(theta: np.ndarray, s: int, row: np.ndarray) -> np.ndarray:
    table = np.zeros(theta.shape)
    table[s] = row
    return table


def _exchanged(theta: np.ndarray, s: int, a: int) -> np.ndarray:
    """The score with s and a in each other's place, where the table is large enough for it."""
    inside = a < theta.shape[0] and s < theta.shape[1]
    return softmax_score(theta, a, s) if inside else np.full(theta.shape, np.nan)


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
    Mistake(
        "one_set_instead_of_added",
        lambda theta, s, a: np.where(_one_hot(theta, s, a) > 0, 1.0, softmax_score(theta, s, a)),
        "You set the entry of the chosen action to 1. It is 1 minus its probability: add 1 to what stands there, with `+=`.",
        "tabular_softmax",
    ),
    Mistake(
        "one_set_in_every_row",
        lambda theta, s, a: np.where(_one_hot(theta, s, a) > 0, 1.0, -_pi(theta)),
        "Two things: you took the probabilities away in every row, and you set the entry of the chosen action to 1 where 1 is to be added. Only row s is not zero, and its entry of a is 1 - pi(a | s).",
        "tabular_softmax",
    ),
    Mistake(
        "table_normaliser_in_the_row",
        lambda theta, s, a: _in_row(
            theta, s, np.eye(theta.shape[1])[a] - (np.exp(theta) / np.exp(theta).sum())[s]
        ),
        "Your probabilities add up to 1 over the whole table instead of over the actions of one state: divide row s by its own sum.",
        "tabular_softmax",
    ),
    Mistake(
        "normalised_over_the_states",
        lambda theta, s, a: _in_row(
            theta, s, np.eye(theta.shape[1])[a] - (np.exp(theta) / np.exp(theta).sum(axis=0))[s]
        ),
        "Your probabilities add up to 1 over the states: `axis=0` sums down the columns. The actions of one state make a distribution.",
        "tabular_softmax",
    ),
    Mistake(
        "chosen_action_forgotten",
        lambda theta, s, a: _in_row(theta, s, -_pi(theta)[s]),
        "The 1 of the chosen action is missing. Its entry is 1 - pi(a | s), those of the other actions are -pi(a' | s).",
        "tabular_softmax",
    ),
    Mistake(
        "probabilities",
        lambda theta, s, a: _in_row(theta, s, _pi(theta)[s]),
        "You returned the probabilities of the state. They are what the normaliser contributes, with a minus; the chosen action adds 1 to its own entry.",
        "tabular_softmax",
    ),
    Mistake(
        "probabilities_added",
        lambda theta, s, a: _in_row(theta, s, np.eye(theta.shape[1])[a] + _pi(theta)[s]),
        "You added the probabilities where they are subtracted. The logarithm of the sum of exponentials stands in the denominator, so its derivative comes with a minus.",
        "tabular_softmax",
    ),
    Mistake(
        "probability_of_the_chosen_one",
        lambda theta, s, a: _in_row(theta, s, np.eye(theta.shape[1])[a] - _pi(theta)[s, a]),
        "You subtracted the probability of the chosen action in every entry of the row. The entry of a' has its own probability, pi(a' | s).",
        "tabular_softmax",
    ),
    Mistake(
        "parameters_for_probabilities",
        lambda theta, s, a: _in_row(theta, s, np.eye(theta.shape[1])[a] - theta[s]),
        "You subtracted the parameters of the state. It is the probabilities that are subtracted: the softmax of row s.",
        "tabular_softmax",
    ),
    Mistake(
        "not_normalised",
        lambda theta, s, a: _in_row(theta, s, np.eye(theta.shape[1])[a] - np.exp(theta[s])),
        "You subtracted exponentials that are not divided by their sum. Probabilities are: the entries of row s of the score add up to 0.",
        "tabular_softmax",
    ),
    Mistake(
        "divided_by_the_probability",
        lambda theta, s, a: softmax_score(theta, s, a) / _pi(theta)[s, a],
        "You divided by pi(a | s) once too often. The gradient of log pi is the gradient of pi divided by pi, and 1 - pi(a' | s) already is that.",
        "tabular_softmax",
    ),
    Mistake(
        "log_probabilities",
        lambda theta, s, a: np.log(_pi(theta)),
        "You returned the logarithms of the probabilities. The score is their gradient: one derivative for each parameter.",
        "tabular_softmax",
    ),
    Mistake(
        "variances",
        lambda theta, s, a: _in_row(theta, s, _pi(theta)[s] * (1 - _pi(theta)[s])),
        "You returned pi (1 - pi) for each action. That is the derivative of each probability in its own parameter; the score is the derivative of one log-probability in all the parameters.",
        "tabular_softmax",
    ),
    Mistake(
        "uniform",
        lambda theta, s, a: _in_row(theta, s, np.eye(theta.shape[1])[a] - 1 / theta.shape[1]),
        "You subtracted equal probabilities. They are the policy's own: the softmax of row s.",
        "tabular_softmax",
    ),
    Mistake(
        "state_and_action_exchanged",
        lambda theta, s, a: _exchanged(theta, s, a),
        "You exchanged s and a: rows are states, columns are actions, `theta[s, a]`.",
        "tabular_softmax",
    ),
    Mistake(
        "jacobian_of_the_probabilities",
        lambda theta, s, a: _in_row(theta, s, _pi(theta)[s] * softmax_score(theta, s, a)[s]),
        "You weighed each entry by the probability of its own action. The score of one action is not averaged: its entries are 1[a = a'] - pi(a' | s).",
        "tabular_softmax",
    ),
    Mistake(
        "one_less_probabilities",
        lambda theta, s, a: _in_row(theta, s, 1 - _pi(theta)[s]),
        "You gave every action of the state 1 minus its probability. The 1 belongs to the chosen action alone.",
        "tabular_softmax",
    ),
    Mistake(
        "likeliest_subtracted",
        lambda theta, s, a: _in_row(
            theta, s, np.eye(theta.shape[1])[a] - np.eye(theta.shape[1])[theta[s].argmax()]
        ),
        "You subtracted 1 at the likeliest action. The policy's probabilities are subtracted, all of them.",
        "tabular_softmax",
    ),
    Mistake(
        "squared_probabilities",
        lambda theta, s, a: _in_row(theta, s, np.eye(theta.shape[1])[a] - _pi(theta)[s] ** 2),
        "You subtracted squared probabilities. The derivative of the normaliser's logarithm is the probability itself.",
        "tabular_softmax",
    ),
    Mistake(
        "column_for_row",
        lambda theta, s, a: np.outer(
            np.eye(len(theta))[s] - _pi(theta)[:, a], np.eye(theta.shape[1])[a]
        ),
        "You filled the column of action a. It is the row of state s that matters: all actions of one state.",
        "tabular_softmax",
    ),
    Mistake(
        "same_row_everywhere",
        lambda theta, s, a: np.ones_like(theta) * (np.eye(theta.shape[1])[a] - _pi(theta)[s]),
        "You wrote the row of state s into every row. The other states' parameters do not occur: their entries are 0.",
        "tabular_softmax",
    ),
    Mistake(
        "no_exponential",
        lambda theta, s, a: _in_row(
            theta, s, np.eye(theta.shape[1])[a] - theta[s] / theta[s].sum()
        ),
        "You normalised the parameters themselves. The probabilities are their exponentials, divided by the sum.",
        "tabular_softmax",
    ),
    Mistake(
        "log_probabilities_subtracted",
        lambda theta, s, a: _in_row(theta, s, np.eye(theta.shape[1])[a] - np.log(_pi(theta)[s])),
        "You subtracted log-probabilities. It is the probabilities themselves that are subtracted.",
        "tabular_softmax",
    ),
    Mistake(
        "log_probabilities_of_the_row",
        lambda theta, s, a: _in_row(theta, s, np.log(_pi(theta)[s])),
        "You returned the logarithms of the probabilities. The score is the gradient of one of them, log pi(a | s), in every parameter.",
        "tabular_softmax",
    ),
    Mistake(
        "chosen_in_every_row",
        lambda theta, s, a: (np.arange(theta.shape[1]) == a) - _pi(theta),
        "You filled every row as if its state had been visited. log pi(a | s) depends on row s alone: the other rows are zero.",
        "tabular_softmax",
    ),
    Mistake(
        "added_to_the_parameters",
        lambda theta, s, a: theta + softmax_score(theta, s, a),
        "You added the score to the parameters. That is a step of an algorithm; asked for is the score alone: begin with zeros.",
        "tabular_softmax",
    ),
    Mistake(
        "one_over_the_probability",
        lambda theta, s, a: (
            softmax_score(theta, s, a) * 0
            + _in_row(theta, s, (np.arange(theta.shape[1]) == a) / _pi(theta)[s])
        ),
        "You returned 1 / pi(a | s), the derivative of the logarithm. The chain rule multiplies it by the derivative of pi(a | s) in theta.",
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
