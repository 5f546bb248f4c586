"""Exercise: a cautious step of policy iteration."""

# mypy: disable-error-code="no-any-return"

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake

STATEMENT = r"""
Policy iteration jumps to the greedy policy, and with wrong values it may fall. Conservative policy
iteration goes a part of the way: in every state the new policy acts greedily with probability
$\alpha$, and as the old one otherwise.

Write `mixture_step(pi, Q, alpha)` for a policy `pi` and action values `Q`, both of shape `(S, A)`, and
a number `alpha` between 0 and 1. No two values of a state are equal. Return the new policy, of shape
`(S, A)`.
"""


def mixture_step(pi: np.ndarray, Q: np.ndarray, alpha: float) -> np.ndarray:
    """The mixture of a policy with the greedy one.

    pi: (S, A); Q: (S, A); alpha: a number. Returns (S, A).
    """
    greedy = np.eye(Q.shape[1])[Q.argmax(axis=1)]
    return (1 - alpha) * pi + alpha * greedy


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    yield np.array([[0.9, 0.1]]), np.array([[1.0, 3.0]]), 0.2
    for S, A, alpha in [(2, 3, 0.3), (3, 2, 0.6), (3, 4, 0.1), (4, 3, 0.8)]:
        weights = rng.integers(1, 6, (S, A))
        Q = np.array([rng.permutation(2 * A)[:A] - A + 0.5 for _ in range(S)])
        Q[0] = -np.arange(1, A + 1.0)  # all negative
        yield weights / weights.sum(axis=1, keepdims=True), Q, alpha


def _greedy(Q: np.ndarray) -> np.ndarray:
    return np.eye(Q.shape[1])[Q.argmax(axis=1)]


def _softmax(Q: np.ndarray) -> np.ndarray:
    weights = np.exp(Q - Q.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


P = "policy_iteration"
MISTAKES = (
    Mistake(
        "weights_exchanged",
        lambda pi, Q, alpha: alpha * pi + (1 - alpha) * _greedy(Q),
        "You exchanged the weights: alpha is the part of the greedy policy. With alpha = 0 nothing should "
        "change.",
        P,
    ),
    Mistake(
        "greedy_only",
        lambda pi, Q, alpha: _greedy(Q),
        "You jumped to the greedy policy. The step goes there a part alpha of the way.",
        P,
    ),
    Mistake(
        "softmax_for_greedy",
        lambda pi, Q, alpha: (1 - alpha) * pi + alpha * _softmax(Q),
        "You mixed with a softmax of the values. The greedy policy takes the best action with "
        "probability 1.",
        P,
    ),
    Mistake(
        "added_without_shrinking",
        lambda pi, Q, alpha: pi + alpha * _greedy(Q),
        "You added to the best action and took nothing from the others: the rows add up to 1 + alpha. The "
        "old policy shrinks to 1 - alpha.",
        P,
    ),
    Mistake(
        "added_and_normalised",
        lambda pi, Q, alpha: (pi + alpha * _greedy(Q)) / (1 + alpha),
        "You added alpha to the best action and normalised. Then the greedy part is alpha / (1 + alpha): "
        "mix with 1 - alpha and alpha.",
        P,
    ),
    Mistake(
        "values_added",
        lambda pi, Q, alpha: (1 - alpha) * pi + alpha * Q,
        "You mixed with the values themselves. They are no probabilities: it is the greedy policy that is "
        "mixed in.",
        P,
    ),
    Mistake(
        "best_over_states",
        lambda pi, Q, alpha: (1 - alpha) * pi + alpha * (Q.max(axis=0) == Q),
        "You looked for the best state of each action: `axis=0` goes over the states. Every state has a "
        "best action of its own, along axis 1.",
        P,
    ),
    Mistake(
        "best_of_the_table",
        lambda pi, Q, alpha: (1 - alpha) * pi + alpha * (Q.max() == Q),
        "You looked for the largest value of the whole table. Every state has a best action of its own.",
        P,
    ),
    Mistake(
        "worst_action",
        lambda pi, Q, alpha: (1 - alpha) * pi + alpha * _greedy(-Q),
        "You took the action with the smallest value. `Q` holds values, not costs: the largest is the best.",
        P,
    ),
    Mistake(
        "epsilon_greedy",
        lambda pi, Q, alpha: (1 - alpha) / Q.shape[1] + alpha * _greedy(Q),
        "You mixed with the uniform policy. The rest of the time the agent acts as the old policy does.",
        P,
    ),
    Mistake(
        "old_likeliest",
        lambda pi, Q, alpha: (1 - alpha) * pi + alpha * _greedy(pi),
        "You mixed with the old policy's likeliest action. Greedy means the action of the largest value.",
        P,
    ),
    Mistake(
        "weighed_values",
        lambda pi, Q, alpha: (1 - alpha) * pi + alpha * _greedy(pi * Q),
        "You took the action with the largest pi times Q. The greedy action has the largest value, "
        "however rarely the old policy takes it.",
        P,
    ),
    Mistake(
        "multiplied",
        lambda pi, Q, alpha: (
            pi * np.exp(alpha * Q) / (pi * np.exp(alpha * Q)).sum(axis=1, keepdims=True)
        ),
        "You multiplied by exp(alpha Q). That is the natural gradient's step; here the greedy policy is "
        "mixed in.",
        P,
    ),
    Mistake(
        "unchanged",
        lambda pi, Q, alpha: pi.copy(),
        "You returned the old policy. A part alpha of each row goes to the best action.",
        P,
    ),
    Mistake(
        "epsilon_greedy_with_exchanged_weights",
        lambda pi, Q, alpha: alpha / Q.shape[1] + (1 - alpha) * _greedy(Q),
        "You mixed the greedy policy with the uniform one, and gave alpha to the latter. alpha is the part of the greedy policy, and the rest of the time the agent acts as the old one does.",
        "policy_iteration",
    ),
    Mistake(
        "index_for_policy",
        lambda pi, Q, alpha: (1 - alpha) * pi + alpha * Q.argmax(axis=1)[:, None],
        "You mixed with the index of the best action. Make a table of it: 1 at that action, 0 elsewhere.",
        "policy_iteration",
    ),
    Mistake(
        "best_action_set",
        lambda pi, Q, alpha: np.where(_greedy(Q) > 0, alpha, (1 - alpha) * pi),
        "You set the probability of the best action to alpha. It keeps its old part as well: (1 - alpha) pi + alpha.",
        "policy_iteration",
    ),
    Mistake(
        "greedy_part_only",
        lambda pi, Q, alpha: alpha * _greedy(Q),
        "You returned the greedy part alone. The old policy keeps 1 - alpha.",
        "policy_iteration",
    ),
)

exercise = Exercise(
    title="A cautious step",
    label=P,
    statement=STATEMENT.strip(),
    solution=mixture_step,
    hints=(
        "Build the greedy policy first: a table with a single 1 in each row. Where?",
        "The new policy is (1 - alpha) times the old one plus alpha times the greedy one.",
        "`np.eye(A)[Q.argmax(axis=1)]` has the 1 of row s at the best action of state s.",
    ),
    cases=cases,
    mistakes=MISTAKES,
)
