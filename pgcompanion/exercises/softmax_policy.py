"""Exercise: the tabular softmax policy."""

# mypy: disable-error-code="no-any-return"

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake, Stress

STATEMENT = r"""
The tabular softmax policy has one parameter for each state and action, and takes action $a$ in state
$s$ with a probability proportional to $\exp(\theta_{s,a})$.

Write `softmax_policy(theta)`. The array `theta` has shape `(S, A)`. Return the array of the same
shape whose row $s$ holds the probabilities of the actions in state $s$.
"""


def softmax_policy(theta: np.ndarray) -> np.ndarray:
    """The probabilities pi(a | s) of the tabular softmax policy.

    theta: (S, A). Returns (S, A).
    """
    weights = np.exp(theta - theta.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    yield (np.array([[0.0, 1.0]]),)
    yield (np.array([[0.0, 1.0], [2.0, -1.0]]),)
    for S, A in [(2, 3), (3, 4), (4, 2)]:
        rows = [rng.permutation(2 * A + 1)[:A] - A for _ in range(S)]  # no ties
        yield (np.array(rows) / 2 + 0.25,)


def _softmax(theta: np.ndarray, axis: int | None) -> np.ndarray:
    weights = np.exp(theta)
    return weights / weights.sum(axis=axis, keepdims=True)


def _rows(weights: np.ndarray) -> np.ndarray:
    return weights / weights.sum(axis=1, keepdims=True)


MISTAKES = (
    Mistake(
        "over_the_table",
        lambda theta: _softmax(theta, None),
        "You divided by the sum over the whole table, so only all the entries together add up to "
        "1. A policy is one distribution for each state: each row needs its own sum, over its "
        "actions alone.",
        "tabular_softmax",
    ),
    Mistake(
        "over_the_states",
        lambda theta: _softmax(theta, 0),
        "You normalised along axis 0, so that the probabilities of one action add up to 1 over "
        "the states. The agent is in one state and chooses among actions: it is each row, along "
        "axis 1, that must add up to 1.",
        "tabular_softmax",
    ),
    Mistake(
        "no_exponential",
        lambda theta: theta / theta.sum(axis=1, keepdims=True),
        "You divided the parameters themselves by their sum. Parameters may be negative or zero, "
        "and probabilities may not be negative: take the exponential first.",
        "tabular_softmax",
    ),
    Mistake(
        "not_normalised",
        np.exp,
        "You took the exponential and stopped there. The rows are positive now but do not add up "
        "to 1: divide each row by its sum.",
        "tabular_softmax",
    ),
    Mistake(
        "log_probabilities",
        lambda theta: np.log(_softmax(theta, 1)),
        "You returned the logarithms of the probabilities. They are what the score is made of; "
        "the policy itself is their exponential.",
        "tabular_softmax",
    ),
    Mistake(
        "greedy",
        lambda theta: np.eye(theta.shape[1])[theta.argmax(axis=1)],
        "You put all probability on the action with the largest parameter. That policy is "
        "deterministic, and its gradient in theta is zero almost everywhere. Softmax keeps some "
        "probability on every action.",
        "tabular_softmax",
    ),
    Mistake(
        "negative_exponent",
        lambda theta: _softmax(-theta, 1),
        "You used the exponential of minus theta, so that a larger parameter makes its action "
        "less likely. An energy enters with a minus; a preference enters with a plus.",
        "tabular_softmax",
    ),
    Mistake(
        "parameters_returned",
        lambda theta: theta.copy(),
        "You returned the parameters themselves. They may be negative and need not add up to 1: exponentials, divided by their sum, make a distribution of them.",
        "tabular_softmax",
    ),
    Mistake(
        "uniform",
        lambda theta: np.ones_like(theta) / theta.shape[1],
        "You returned equal probabilities. That is the policy for equal parameters; an action with a larger parameter is more likely.",
        "tabular_softmax",
    ),
    Mistake(
        "sigmoid",
        lambda theta: 1 / (1 + np.exp(-theta)),
        "You took the sigmoid of each parameter. That is a softmax of two actions whose other parameter is 0; with a parameter for every action, divide by the sum of their exponentials.",
        "tabular_softmax",
    ),
    Mistake(
        "base_two",
        lambda theta: _rows(2.0**theta),
        "You raised 2 to the power of theta. The formula has e: use `np.exp`.",
        "tabular_softmax",
    ),
    Mistake(
        "absolute_values",
        lambda theta: _rows(np.abs(theta)),
        "You took absolute values to get rid of negative numbers. Then -3 would be as likely as 3; the exponential is positive and keeps the order.",
        "tabular_softmax",
    ),
    Mistake(
        "squares",
        lambda theta: _rows(theta**2),
        "You took squares to get rid of negative numbers. Then -3 would be as likely as 3; the exponential is positive and keeps the order.",
        "tabular_softmax",
    ),
    Mistake(
        "largest_taken_above_only",
        lambda theta: (
            np.exp(theta - theta.max(axis=1, keepdims=True))
            / np.exp(theta).sum(axis=1, keepdims=True)
        ),
        "You took the largest entry away in the numerator and not in the denominator. It cancels only if both are made of the same weights.",
        "tabular_softmax",
    ),
    Mistake(
        "rounded",
        lambda theta: softmax_policy(theta).round(2),
        "You rounded the probabilities. Return them as they are: a printed number may be rounded, one to compute with may not.",
        "tabular_softmax",
    ),
    Mistake(
        "normalised_before_the_exponential",
        lambda theta: np.exp(theta / theta.sum(axis=1, keepdims=True)),
        "You divided by the sum before the exponential. Take the exponential first: it is the weights that are divided by their sum.",
        "tabular_softmax",
    ),
    Mistake(
        "divided_by_the_largest",
        lambda theta: np.exp(theta - theta.max(axis=1, keepdims=True)),
        "You divided by the largest weight. A distribution adds up to 1: divide by the sum.",
        "tabular_softmax",
    ),
    Mistake(
        "logarithm_of_the_sum",
        lambda theta: theta / np.log(np.exp(theta).sum(axis=1, keepdims=True)),
        "You divided theta by the logarithm of the sum. On the scale of logarithms a division is a difference: the log-probabilities are theta minus that logarithm, and the exponential comes last.",
        "tabular_softmax",
    ),
    Mistake(
        "states_and_actions_exchanged",
        lambda theta: _softmax(theta, 0).T,
        "You normalised the columns and transposed the result. Rows are states: normalise along axis 1 and leave the axes where they are.",
        "tabular_softmax",
    ),
    Mistake(
        "exponential_twice",
        lambda theta: _softmax(np.exp(theta), 1),
        "You took the exponential twice. Once makes the weights positive; then divide by their sum.",
        "tabular_softmax",
    ),
    Mistake(
        "softplus",
        lambda theta: _rows(np.log1p(np.exp(theta))),
        "You used log(1 + e^theta) as weights. The weights are e^theta.",
        "tabular_softmax",
    ),
    Mistake(
        "shifted_by_the_smallest",
        lambda theta: _rows(theta - theta.min(axis=1, keepdims=True) + 1e-8),
        "You subtracted the smallest entry to get rid of negative numbers. The exponential does, and keeps every action possible.",
        "tabular_softmax",
    ),
    Mistake(
        "divided_by_the_norm",
        lambda theta: theta / np.linalg.norm(theta, axis=1, keepdims=True),
        "You divided each row by its length. A distribution adds up to 1 and has no negative entries: exponentials, divided by their sum.",
        "tabular_softmax",
    ),
    Mistake(
        "negative_cut_off",
        lambda theta: _rows(np.maximum(theta, 0) + 1e-8),
        "You cut negative parameters off at 0. A softmax policy gives every action a positive probability: the exponential does.",
        "tabular_softmax",
    ),
    Mistake(
        "doubled",
        lambda theta: _softmax(2 * theta, 1),
        "You doubled the parameters, as with a temperature of 1/2. The exponent is theta itself.",
        "tabular_softmax",
    ),
    Mistake(
        "exponential_of_the_sum",
        lambda theta: np.exp(theta - theta.sum(axis=1, keepdims=True)),
        "You divided by the exponential of a sum. It is the exponentials that are added: first `np.exp`, then the sum of each row.",
        "tabular_softmax",
    ),
    Mistake(
        "first_row_for_all",
        lambda theta: np.exp(theta) / np.exp(theta[0]).sum(),
        "You divided every row by the sum of the first. Each state has a sum of its own.",
        "tabular_softmax",
    ),
)

exercise = Exercise(
    title="The softmax policy",
    label="tabular_softmax",
    statement=STATEMENT.strip(),
    solution=softmax_policy,
    hints=(
        "Two things make a distribution: no entry is negative, and the entries add up to 1. Which "
        "operation brings about the first, and which the second? Within which group of entries?",
        "Take the exponential of the whole table, then divide each row by the sum of that row.",
        "`weights.sum(axis=1, keepdims=True)` has shape (S, 1), so that `weights` can be divided "
        "by it row by row.",
    ),
    cases=cases,
    mistakes=MISTAKES,
    stress=(
        Stress(
            (np.array([[1000.0, 999.0]]),),
            "at theta = 1000 your function overflows, since `exp(1000)` is `inf` and inf/inf is "
            "`nan`. A constant can be taken from a row without changing its probabilities: take "
            "away the largest entry first, and no exponent is above 0.",
        ),
        Stress(
            (np.array([[0.0, 1.0], [1000.0, 1001.0]]),),
            "in a table with the rows (0, 1) and (1000, 1001) one row becomes 0/0, which is `nan`. "
            "Take from each row its own largest entry, not the largest of the whole table.",
        ),
    ),
)
