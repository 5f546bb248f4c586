"""Exercise: the natural gradient update of a softmax table, in closed form."""

# mypy: disable-error-code="no-any-return"

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake, Stress

STATEMENT = r"""
For the tabular softmax policy the natural gradient step has a closed form: up to a constant in each
state it adds $\eta \bar A(s, a)$ to $\theta_{s,a}$, where $\bar A$ are the advantages, averaged over the
steps by the occupancies. What does that do to the probabilities? The parameters themselves are not
needed any more.

Write `tabular_npg_update(pi, A_bar, eta)` for the old policy and the averaged advantages, two arrays of
shape `(S, A)`, and a step size. Return the new policy, of shape `(S, A)`.
"""


def tabular_npg_update(pi: np.ndarray, A_bar: np.ndarray, eta: float) -> np.ndarray:
    """The policy after one natural gradient step of size eta.

    pi: (S, A); A_bar: (S, A); eta: a number. Returns (S, A).
    """
    exponents = eta * A_bar
    weights = pi * np.exp(exponents - exponents.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    yield np.array([[0.25, 0.75]]), np.array([[3.0, -1.0]]), 0.5
    for S, A, eta in [(2, 2, 1.5), (2, 3, 0.5), (3, 4, 2.0)]:
        weights = rng.integers(1, 6, (S, A))
        rows = [rng.permutation(2 * A + 1)[:A] - A for _ in range(S)]  # no ties
        yield weights / weights.sum(axis=1, keepdims=True), np.array(rows) / 2 + 0.25, eta


def _rows(weights: np.ndarray) -> np.ndarray:
    return weights / weights.sum(axis=1, keepdims=True)


MISTAKES = (
    Mistake(
        "not_normalised",
        lambda pi, A_bar, eta: pi * np.exp(eta * A_bar),
        "Your rows no longer add up to 1. Divide each row by its sum.",
        "npg",
    ),
    Mistake(
        "old_policy_forgotten",
        lambda pi, A_bar, eta: _rows(np.exp(eta * A_bar)),
        "You built the new policy from the advantages alone. The step starts from the old policy, "
        "whose probabilities are multiplied by exp(eta A_bar).",
        "npg",
    ),
    Mistake(
        "vanilla_step",
        lambda pi, A_bar, eta: _rows(pi * np.exp(eta * pi * A_bar)),
        "Your exponent is eta pi A_bar. That is the step of the plain gradient, in which an "
        "action that is seldom taken hardly moves. The natural gradient takes the factor pi out: "
        "the exponent is eta A_bar.",
        "npg",
    ),
    Mistake(
        "negated",
        lambda pi, A_bar, eta: _rows(pi * np.exp(-eta * A_bar)),
        "Your exponent has a minus sign, so that good actions become less likely. The gradient "
        "is climbed: the exponent is plus eta A_bar.",
        "npg",
    ),
    Mistake(
        "linearised",
        lambda pi, A_bar, eta: _rows(pi * (1 + eta * A_bar)),
        "You multiplied by 1 + eta A_bar, the first two terms of the exponential. For a large "
        "step they become negative, and so would the probabilities.",
        "npg",
    ),
    Mistake(
        "added_to_the_policy",
        lambda pi, A_bar, eta: pi + eta * A_bar,
        "You added the step to the probabilities. The step is made in theta, the logarithm of "
        "the weights, so the probabilities are multiplied by its exponential.",
        "npg",
    ),
    Mistake(
        "over_the_states",
        lambda pi, A_bar, eta: pi * np.exp(eta * A_bar) / (pi * np.exp(eta * A_bar)).sum(axis=0),
        "You normalised over the states. Each state has a distribution over actions of its own: "
        "sum along axis 1 and keep the dimension.",
        "npg",
    ),
    Mistake(
        "over_the_table",
        lambda pi, A_bar, eta: pi * np.exp(eta * A_bar) / (pi * np.exp(eta * A_bar)).sum(),
        "You divided by the sum over the whole table. Each state has a distribution over actions "
        "of its own: each row needs its own sum.",
        "npg",
    ),
    Mistake(
        "greedy",
        lambda pi, A_bar, eta: np.eye(pi.shape[1])[A_bar.argmax(axis=1)],
        "You put all probability on the action of largest averaged advantage. That is the limit of "
        "the step as eta grows without bound, not the step.",
        "npg",
    ),
    Mistake(
        "added_inside_the_softmax",
        lambda pi, A_bar, eta: _rows(np.exp(pi + eta * A_bar)),
        "You took a softmax of pi + eta A_bar. It is the logarithm of the old policy to which the step adds: softmax of log(pi) + eta A_bar, or pi times an exponential.",
        "npg",
    ),
    Mistake(
        "no_step_size",
        lambda pi, A_bar, eta: _rows(pi * np.exp(A_bar)),
        "The step size is not in the exponent. A factor eta in front of the weights cancels in the division: only in `np.exp(eta * A_bar)` does it count.",
        "npg",
    ),
    Mistake(
        "denominator_without_the_policy",
        lambda pi, A_bar, eta: (
            pi * np.exp(eta * A_bar) / np.exp(eta * A_bar).sum(axis=1, keepdims=True)
        ),
        "The denominator lacks the old policy. It is the sum of the numerators, pi exp(eta A_bar) over the actions: otherwise the rows do not add up to 1.",
        "npg",
    ),
    Mistake(
        "divided_by_the_step_size",
        lambda pi, A_bar, eta: _rows(pi * np.exp(A_bar / eta)),
        "You divided by the step size. A longer step changes the policy more: the exponent is eta times the advantage. What is divided by is the penalty of the same step, 1 / eta.",
        "npg",
    ),
    Mistake(
        "logits_returned",
        lambda pi, A_bar, eta: np.log(pi) + eta * A_bar,
        "You returned the new logits. Their softmax is the new policy: exponentials, divided by the sum of their row.",
        "npg",
    ),
    Mistake(
        "policy_to_the_power",
        lambda pi, A_bar, eta: _rows(pi**eta * np.exp(eta * A_bar)),
        "You raised the old policy to the power eta. It enters as it is, and the step size multiplies the advantage alone.",
        "npg",
    ),
    Mistake(
        "unchanged",
        lambda pi, A_bar, eta: pi.copy(),
        "You returned the old policy. The step multiplies it by exp(eta A_bar) and makes each row a distribution again.",
        "npg",
    ),
    Mistake(
        "advantage_weighed_in_the_exponent",
        lambda pi, A_bar, eta: _rows(np.exp(eta * A_bar * pi)),
        "You put the old policy into the exponent. It stands in front: pi times exp(eta A_bar).",
        "npg",
    ),
    Mistake(
        "mixture",
        lambda pi, A_bar, eta: (1 - eta) * pi + eta * _rows(np.exp(A_bar)),
        "You mixed the old policy with a softmax of the advantages. That is the step of conservative policy iteration; the natural step multiplies.",
        "npg",
    ),
    Mistake(
        "advantage_as_weight",
        lambda pi, A_bar, eta: _rows(pi * eta * A_bar),
        "You weighed the old policy by the advantages, which may be negative. Their exponentials are positive.",
        "npg",
    ),
    Mistake(
        "downhill_without_the_policy",
        lambda pi, A_bar, eta: _rows(np.exp(-eta * A_bar)),
        "Two things: the sign in the exponent is the wrong way round, and the old policy is missing in front of the exponential.",
        "npg",
    ),
    Mistake(
        "policy_twice",
        lambda pi, A_bar, eta: _rows(pi**2 * np.exp(eta * A_bar)),
        "The old policy enters twice. Once: pi times exp(eta A_bar).",
        "npg",
    ),
    Mistake(
        "exponential_less_one",
        lambda pi, A_bar, eta: _rows(pi * (np.exp(eta * A_bar) - 1)),
        "You subtracted 1 from the exponential. The weights are pi exp(eta A_bar).",
        "npg",
    ),
    Mistake(
        "exponential_added",
        lambda pi, A_bar, eta: _rows(pi + np.exp(eta * A_bar)),
        "You added the exponential to the old policy. It multiplies.",
        "npg",
    ),
    Mistake(
        "largest_taken_and_not_divided",
        lambda pi, A_bar, eta: pi * np.exp(eta * A_bar - (eta * A_bar).max()),
        "You took the largest exponent away, which is safe, and did not divide by the sum of the row.",
        "npg",
    ),
    Mistake(
        "worst_action",
        lambda pi, A_bar, eta: np.eye(pi.shape[1])[A_bar.argmin(axis=1)],
        "You jumped to the action with the smallest advantage. The step moves towards large ones, and only a part of the way.",
        "npg",
    ),
    Mistake(
        "advantages_standardised",
        lambda pi, A_bar, eta: _rows(
            pi * np.exp(eta * (A_bar - A_bar.mean()) / (A_bar.std() + 1e-8))
        ),
        "You standardised the advantages. They are taken as they are: their scale is part of the step.",
        "npg",
    ),
    Mistake(
        "added_and_weighed",
        lambda pi, A_bar, eta: pi + eta * pi * A_bar,
        "You made the step to first order, pi (1 + eta A_bar), without exponential and without making the rows distributions.",
        "npg",
    ),
    Mistake(
        "no_step_size_over_the_table",
        lambda pi, A_bar, eta: pi * np.exp(A_bar) / (pi * np.exp(A_bar)).sum(),
        "Two things: the step size is not in the exponent, and the whole table is normalised instead of each row.",
        "npg",
    ),
    Mistake(
        "no_policy_over_the_states",
        lambda pi, A_bar, eta: np.exp(eta * A_bar) / np.exp(eta * A_bar).sum(axis=0),
        "Two things: the old policy is missing in front of the exponential, and the columns are normalised instead of the rows.",
        "npg",
    ),
    Mistake(
        "no_policy_and_no_step_size",
        lambda pi, A_bar, eta: _rows(np.exp(A_bar)),
        "Two things: the old policy is missing in front of the exponential, and the step size inside it.",
        "npg",
    ),
    Mistake(
        "added_inside_without_step_size",
        lambda pi, A_bar, eta: _rows(np.exp(pi + A_bar)),
        "Two things: you took a softmax of pi + A_bar, where the logarithm of the policy belongs, and the step size is missing.",
        "npg",
    ),
    Mistake(
        "added_and_normalised",
        lambda pi, A_bar, eta: _rows(pi + eta * A_bar),
        "You added the step to the probabilities and divided by the sum. The step is made in theta, the logarithm of the weights: multiply by its exponential, then divide.",
        "npg",
    ),
    Mistake(
        "added_and_cut_off",
        lambda pi, A_bar, eta: _rows(np.maximum(pi + eta * A_bar, 0)),
        "You added the step to the probabilities and cut off below 0. Multiplying by an exponential keeps them positive without a cut.",
        "npg",
    ),
    Mistake(
        "plain_gradient_step",
        lambda pi, A_bar, eta: _rows(
            pi * np.exp(eta * pi * (A_bar - (pi * A_bar).sum(axis=1, keepdims=True)))
        ),
        "You made the step of the plain gradient, which weighs each advantage by its probability. The natural gradient divides this factor out again.",
        "npg",
    ),
)

exercise = Exercise(
    title="The natural update of a table",
    label="npg",
    statement=STATEMENT.strip(),
    solution=tabular_npg_update,
    hints=(
        "In theta the step adds eta times the advantage. What happens to a probability when "
        "something is added to its logarithm?",
        "Multiply the old policy by exp(eta A_bar), entry by entry, and make each row a "
        "distribution again.",
        "`weights = pi * np.exp(eta * A_bar)`, then divide by `weights.sum(axis=1, "
        "keepdims=True)`.",
    ),
    cases=cases,
    mistakes=MISTAKES,
    stress=(
        Stress(
            (np.array([[0.5, 0.5]]), np.array([[800.0, 799.0]]), 1.0),
            "with eta A_bar = 800 your exponential overflows, and inf/inf is `nan`. Take the "
            "largest exponent of each row away first: it cancels in the division.",
        ),
    ),
)
