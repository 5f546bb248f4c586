"""Exercise: the natural gradient update of a softmax table, in closed form."""

# mypy: disable-error-code="no-any-return"

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake, Stress

STATEMENT = r"""
For the tabular softmax policy the natural gradient step has a closed form. With the advantages
$\bar A(s, a)$, averaged over the steps by the occupancies,

$$\pi^{k+1}(a \mid s) = \frac{\pi^k(a \mid s) \, e^{\eta \bar A(s, a)}}
  {\sum_{a'} \pi^k(a' \mid s) \, e^{\eta \bar A(s, a')}} .$$

Write `tabular_npg_update(pi, A_bar, eta)` for two arrays of shape `(S, A)` and a step size. Return
the new policy, of shape `(S, A)`.
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
    for S, A, eta in [(2, 2, 1.0), (2, 3, 0.5), (3, 3, 2.0)]:
        weights = rng.integers(1, 6, (S, A))
        A_bar = rng.integers(-3, 4, (S, A)) / 2
        yield weights / weights.sum(axis=1, keepdims=True), A_bar, eta


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
