"""Exercise: the natural gradient of the two-outcome example."""

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake, Stress

STATEMENT = r"""
One parameter, two outcomes: the policy picks action 1 with probability
$p = e^\theta / (1 + e^\theta)$ and action 0 otherwise. Action 1 pays 100 and action 0 pays 1.

Write `bernoulli_natural_gradient(theta)`, which returns the natural gradient
$F_\theta^{-1} J'(\theta)$ as one number. Derive $J'$ and $F$ on paper first. How does the result
depend on $\theta$?
"""


def bernoulli_natural_gradient(theta: float) -> float:
    """The natural gradient of J(theta) = 1 + 99 sigmoid(theta).

    theta: a number. Returns a number.
    """
    # J' = 99 p (1 - p) and F = p (1 - p): the factor p (1 - p) cancels.
    return 99.0


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    yield (0.0,)
    for theta in rng.integers(-8, 9, 4) / 2:
        yield (float(theta),)


def _p(theta: float) -> float:
    return float(1 / (1 + np.exp(-theta)))


MISTAKES = (
    Mistake(
        "negated",
        lambda theta: -99.0,
        "Your result has the opposite sign. A larger theta makes action 1 more likely, which pays "
        "more, so the gradient is positive.",
        "natural_simple",
    ),
    Mistake(
        "vanilla_gradient",
        lambda theta: 99 * _p(theta) * (1 - _p(theta)),
        "You returned the plain gradient. It fades away on both sides, where p (1 - p) is small; "
        "dividing by the Fisher information takes just this factor out again.",
        "natural_simple",
    ),
    Mistake(
        "multiplied_by_fisher",
        lambda theta: 99 * (_p(theta) * (1 - _p(theta))) ** 2,
        "You multiplied by the Fisher information. The natural gradient divides by it: where a "
        "step in theta hardly changes the policy, the step may be long.",
        "natural_simple",
    ),
    Mistake(
        "failure_pays_nothing",
        lambda theta: 100.0,
        "You counted the reward of action 1 and forgot that action 0 pays 1. What is gained by "
        "moving probability is the difference of the two rewards.",
        "natural_simple",
    ),
    Mistake(
        "theta_is_the_probability",
        lambda theta: 99 * theta * (1 - theta),
        "You took theta itself for the probability. Here theta is any real number, and the "
        "probability is p = e^theta / (1 + e^theta).",
        "natural_simple",
    ),
    Mistake(
        "gradient_in_p",
        lambda theta: 99 / (_p(theta) * (1 - _p(theta))),
        "You took 99, the derivative of J in p, for the derivative in theta. The chain rule "
        "multiplies it by the derivative of p in theta, p (1 - p).",
        "natural_simple",
    ),
    Mistake(
        "fisher_is_p",
        lambda theta: 99 * (1 - _p(theta)),
        "You divided by p. The Fisher information is the mean of the squared score over both "
        "actions, p (1 - p)^2 + (1 - p) p^2 = p (1 - p).",
        "natural_simple",
    ),
    Mistake(
        "fisher_of_one_action",
        lambda theta: 99 * _p(theta) / (1 - _p(theta)),
        "You used the squared score of action 1 alone, (1 - p)^2. The Fisher information is its "
        "mean over both actions; the score of action 0 is -p.",
        "natural_simple",
    ),
    Mistake(
        "root_of_fisher",
        lambda theta: 99 * np.sqrt(_p(theta) * (1 - _p(theta))),
        "You divided by the square root of the Fisher information. The natural gradient divides "
        "by the information itself; its root is the length of a unit of theta.",
        "natural_simple",
    ),
    Mistake(
        "vanilla_and_failure_pays_nothing",
        lambda theta: 100 * _p(theta) * (1 - _p(theta)),
        "Two things: you took the difference of the payments as 100, where it is 100 - 1 = 99, and the Fisher information has not been divided out.",
        "natural_simple",
    ),
    Mistake(
        "derivative_of_p_is_p",
        lambda theta: 99 * _p(theta),
        "You have 99 p, as if one factor 1 - p were left over. The derivative of p is p (1 - p), and so is the Fisher information: all of it cancels.",
        "natural_simple",
    ),
    Mistake(
        "divided_by_p",
        lambda theta: 99 / _p(theta),
        "You divided by p once too often. J' = 99 p (1 - p) and F = p (1 - p): all of it cancels.",
        "natural_simple",
    ),
    Mistake(
        "divided_by_the_other_probability",
        lambda theta: 99 / (1 - _p(theta)),
        "You divided by 1 - p once too often. J' = 99 p (1 - p) and F = p (1 - p): all of it cancels.",
        "natural_simple",
    ),
    Mistake(
        "objective",
        lambda theta: 1 + 99 * _p(theta),
        "You returned the objective J itself. The natural gradient is its derivative, divided by the Fisher information.",
        "natural_simple",
    ),
    Mistake(
        "objective_divided",
        lambda theta: (1 + 99 * _p(theta)) / (_p(theta) * (1 - _p(theta))),
        "You divided the objective by the Fisher information. It is the derivative J' that is divided.",
        "natural_simple",
    ),
    Mistake(
        "fisher",
        lambda theta: _p(theta) * (1 - _p(theta)),
        "You returned the Fisher information p (1 - p). The gradient is divided by it.",
        "natural_simple",
    ),
    Mistake(
        "inverse_fisher",
        lambda theta: 1 / (_p(theta) * (1 - _p(theta))),
        "You returned the inverse of the Fisher information. The derivative J' is still to be multiplied.",
        "natural_simple",
    ),
    Mistake(
        "probability",
        lambda theta: _p(theta),
        "You returned the probability p of action 1. Asked for is the natural gradient of the expected payment.",
        "natural_simple",
    ),
    Mistake(
        "zero",
        lambda theta: 0.0,
        "You returned 0. The expected payment grows with theta wherever you are: action 1 pays more.",
        "natural_simple",
    ),
    Mistake(
        "one",
        lambda theta: 1.0,
        "You returned 1. That is the natural gradient of p itself; the payments differ by 99.",
        "natural_simple",
    ),
    Mistake(
        "sum_of_the_payments",
        lambda theta: 101.0,
        "You added the payments. Raising p takes from action 0 what it gives to action 1: the difference counts, 100 - 1.",
        "natural_simple",
    ),
    Mistake(
        "linear_in_theta",
        lambda theta: 99 * theta,
        "You multiplied by theta. The parameter has gone into p, and p cancels: nothing depends on theta any more.",
        "natural_simple",
    ),
    Mistake(
        "p_times_fisher",
        lambda theta: 99 * _p(theta) ** 2 * (1 - _p(theta)),
        "You have p squared. The score of action 1 is 1 - p and that of action 0 is -p: the mean of their squares is p (1 - p).",
        "natural_simple",
    ),
    Mistake(
        "exponential_for_p",
        lambda theta: 99 * np.exp(theta) * (1 - np.exp(theta)),
        "You took exp(theta) for the probability. It still has to be divided by 1 + exp(theta).",
        "natural_simple",
    ),
    Mistake(
        "over_the_root_of_fisher",
        lambda theta: 99 / np.sqrt(_p(theta) * (1 - _p(theta))),
        "You divided 99 by the root of the Fisher information. J' = 99 p (1 - p) is divided by all of it: nothing is left.",
        "natural_simple",
    ),
    Mistake(
        "odds_inverted",
        lambda theta: 99 * np.exp(-theta),
        "You have 99 (1 - p)/p. J' = 99 p (1 - p) and F = p (1 - p): all of it cancels.",
        "natural_simple",
    ),
    Mistake(
        "payments_weighed",
        lambda theta: 100 * _p(theta) - (1 - _p(theta)),
        "You weighed the payments by their probabilities, with signs. J' is the difference of the payments times p (1 - p).",
        "natural_simple",
    ),
    Mistake(
        "sum_for_difference_vanilla",
        lambda theta: 101 * _p(theta) * (1 - _p(theta)),
        "Two things: the payments are added where they are subtracted, and the Fisher information has not been divided out.",
        "natural_simple",
    ),
    Mistake(
        "half_the_difference",
        lambda theta: 49.5,
        "You returned half of the difference of the payments. With p + (1 - p) = 1 all of it is left: 99.",
        "natural_simple",
    ),
    Mistake(
        "one_too_few",
        lambda theta: 98.0,
        "You returned 98. The payments differ by 100 - 1.",
        "natural_simple",
    ),
    Mistake(
        "squared_difference",
        lambda theta: 99.0**2,
        "You squared the difference of the payments. It enters once, through J'.",
        "natural_simple",
    ),
    Mistake(
        "objective_with_full_payment",
        lambda theta: 1 + 100 * _p(theta),
        "You returned a value, 1 + 100 p, and not a gradient. Asked for is the derivative of 1 + 99 p, divided by the Fisher information.",
        "natural_simple",
    ),
)

exercise = Exercise(
    title="The natural gradient of a coin",
    label="natural_simple",
    statement=STATEMENT.strip(),
    solution=bernoulli_natural_gradient,
    hints=(
        "Write J as 100 p + 1 (1 - p). The derivative of p in theta is p (1 - p).",
        "The scores are 1 - p for action 1 and -p for action 0. The Fisher information is the "
        "mean of their squares.",
        "J' = 99 p (1 - p) and F = p (1 - p). Divide on paper before you write any code.",
    ),
    cases=cases,
    mistakes=MISTAKES,
    stress=(
        Stress(
            (40.0,),
            "at theta = 40 your function breaks down: 1 - p rounds to 0 there, and 0/0 is `nan`. "
            "Cancel p (1 - p) on paper and nothing is left that could round or overflow.",
        ),
    ),
)
