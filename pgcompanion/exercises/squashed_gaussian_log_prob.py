"""Exercise: the log-density of a squashed Gaussian action."""

# mypy: disable-error-code="no-any-return"

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake, Stress

STATEMENT = r"""
To keep actions in the box $(-1, 1)^n$, draw $u \sim \mathcal N(\mu, \sigma^2 I_n)$ and act with
$a_i = \tanh u_i$. Derive the log-density $\log \pi(a)$ of the action, as a function of $u$.

Write `squashed_gaussian_log_prob(u, mu, sigma)`, with `u` and `mu` of shape `(n,)` and a number
`sigma`. Return one number. Where $\tanh u$ rounds to 1 the plain formula fails; the last hint says
what to do.
"""


def squashed_gaussian_log_prob(u: np.ndarray, mu: np.ndarray, sigma: float) -> float:
    """The log-density of a = tanh(u) for u from N(mu, sigma^2 I).

    u and mu: (n,); sigma: a number. Returns a number.
    """
    gaussian = -(((u - mu) / sigma) ** 2) / 2 - np.log(sigma) - np.log(2 * np.pi) / 2
    # log(1 - tanh(u)^2), without the difference of two numbers that are nearly equal
    slope = 2 * (np.log(2) - np.abs(u) - np.log1p(np.exp(-2 * np.abs(u))))
    return (gaussian - slope).sum()


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    yield np.array([1.0]), np.array([0.0]), 0.5
    for n, sigma in [(2, 0.5), (3, 2.0), (4, 0.25)]:
        mu = rng.integers(-3, 4, n) / 4
        u = mu + rng.integers(1, 5, n) / 4
        u[0] = -0.75
        yield u, mu, sigma


def _gaussian(x: np.ndarray, mu: np.ndarray, sigma: float) -> float:
    return (-(((x - mu) / sigma) ** 2) / 2 - np.log(sigma) - np.log(2 * np.pi) / 2).sum()


def _slope(u: np.ndarray) -> float:
    return np.log(1 - np.tanh(u) ** 2).sum()


MISTAKES = (
    Mistake(
        "no_derivative",
        lambda u, mu, sigma: _gaussian(u, mu, sigma),
        "You returned the density of u. Squashing crowds the actions near the edges, and their "
        "density is divided by the derivative of tanh.",
        "squashed_gaussian",
    ),
    Mistake(
        "derivative_added",
        lambda u, mu, sigma: _gaussian(u, mu, sigma) + _slope(u),
        "The derivative has the wrong sign. Where tanh is flat, many u share little room, so the "
        "density of the action is larger there: divide by the derivative.",
        "squashed_gaussian",
    ),
    Mistake(
        "gaussian_at_the_action",
        lambda u, mu, sigma: _gaussian(np.tanh(u), mu, sigma) - _slope(u),
        "You took the Gaussian at the action. It is u that is Gaussian: its density is needed at u, "
        "before the squashing.",
        "squashed_gaussian",
    ),
    Mistake(
        "tanh_not_squared",
        lambda u, mu, sigma: _gaussian(u, mu, sigma) - np.log(1 - np.abs(np.tanh(u))).sum(),
        "The derivative of tanh(u) is 1 - tanh(u)**2. You have left out the square.",
        "squashed_gaussian",
    ),
    Mistake(
        "one_coordinate",
        lambda u, mu, sigma: _gaussian(u, mu, sigma) - _slope(u) / len(u),
        "You took the mean of the derivatives' logarithms. The coordinates are squashed one by one, "
        "and the logarithm of a product is a sum.",
        "squashed_gaussian",
    ),
    Mistake(
        "log_sigma_once",
        lambda u, mu, sigma: _gaussian(u, mu, sigma) - _slope(u) + (len(u) - 1) * np.log(sigma),
        "You took log(sigma) once. Every coordinate has its own factor 1/sigma, so log(sigma) is "
        "subtracted n times.",
        "gaussian_policy",
    ),
    Mistake(
        "no_constant",
        lambda u, mu, sigma: _gaussian(u, mu, sigma) - _slope(u) + len(u) * np.log(2 * np.pi) / 2,
        "The constant log(2 pi)/2 of each coordinate is missing. Without it the density does not "
        "integrate to one.",
        "gaussian_policy",
    ),
    Mistake(
        "each_coordinate",
        lambda u, mu, sigma: (
            -(((u - mu) / sigma) ** 2) / 2
            - np.log(sigma)
            - np.log(2 * np.pi) / 2
            - np.log(1 - np.tanh(u) ** 2)
        ),
        "You returned one number for each coordinate. The density of the whole action is their "
        "product: sum the logarithms.",
        "squashed_gaussian",
    ),
)

exercise = Exercise(
    title="The squashed Gaussian",
    label="squashed_gaussian",
    statement=STATEMENT.strip(),
    solution=squashed_gaussian_log_prob,
    hints=(
        "Two parts: the log-density of a Gaussian at u, with all its constants, and the change of "
        "variables from u to tanh(u). Both are sums over the coordinates.",
        "The probability of a short piece is the same before and after the squashing. The piece "
        "becomes shorter by the factor 1 - tanh(u)**2, so the density grows by its inverse.",
        "log(1 - tanh(u)**2) is 2 (log 2 - |u| - log(1 + exp(-2 |u|))), which loses no digits for "
        "large u: `np.log1p(np.exp(-2 * np.abs(u)))`.",
    ),
    cases=cases,
    mistakes=MISTAKES,
    stress=(
        Stress(
            (np.array([25.0, -30.0]), np.array([24.0, -29.0]), 1.0),
            "for |u| above 19, tanh(u) rounds to 1 and the logarithm of 1 - tanh(u)**2 to minus "
            "infinity. The third hint has a form that keeps its digits.",
        ),
    ),
)
