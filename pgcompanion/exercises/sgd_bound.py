"""Exercise: how small stochastic gradient ascent makes the gradient."""

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake

STATEMENT = r"""
Add up what the steps of stochastic gradient ascent are sure to gain. The $k$-th step, of size
$\eta_k \le 1/\beta$, gains on average at least $\frac{\eta_k}2 \mathbb E \|\nabla J(\theta^k)\|^2 -
\frac\beta2 \eta_k^2 \sigma^2$, and all of them together cannot gain more than $\Delta = \sup J -
J(\theta^0)$.

Write `sgd_bound(beta, Delta, sigma2, eta)`, the bound that follows on the smallest of the mean squared
gradient norms $\mathbb E \|\nabla J(\theta^k)\|^2$. The array `eta` of shape `(K,)` holds the step
sizes. Return one number.
"""


def sgd_bound(beta: float, Delta: float, sigma2: float, eta: np.ndarray) -> float:
    """What SGD guarantees for the smallest mean squared gradient norm.

    beta, Delta, sigma2: numbers; eta: (K,). Returns a number.
    """
    return float((2 * Delta + beta * sigma2 * (eta**2).sum()) / eta.sum())


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    yield 0.25, 3.0, 4.0, np.array([1.0, 0.5])
    for K in (2, 3, 5):
        beta, Delta = rng.choice([0.25, 0.4, 0.8]), rng.choice([1.5, 2.5, 6.0])
        yield float(beta), float(Delta), float(rng.integers(2, 9)), rng.permutation(6)[:K] / 8 + 0.2


MISTAKES = (
    Mistake(
        "two_forgotten",
        lambda beta, Delta, sigma2, eta: (Delta + beta * sigma2 * (eta**2).sum()) / eta.sum(),
        "The 2 in front of Delta is missing. Each step counts eta_k / 2 times the squared norm: "
        "multiplying everything by 2 doubles Delta as well.",
        "sgd_rate",
    ),
    Mistake(
        "not_doubled",
        lambda beta, Delta, sigma2, eta: (Delta + beta * sigma2 * (eta**2).sum() / 2) / eta.sum(),
        "The factor 1/2 in front of the squared norms has got lost: solving for the norm multiplies "
        "everything by 2.",
        "sgd_rate",
    ),
    Mistake(
        "square_of_the_sum",
        lambda beta, Delta, sigma2, eta: (2 * Delta + beta * sigma2 * eta.sum() ** 2) / eta.sum(),
        "You squared the sum of the step sizes. The noise of each step comes with its own eta_k squared: "
        "sum the squares.",
        "sgd_rate",
    ),
    Mistake(
        "divided_by_the_steps",
        lambda beta, Delta, sigma2, eta: (2 * Delta + beta * sigma2 * (eta**2).sum()) / len(eta),
        "You divided by the number of steps. The norms come with the weights eta_k: their sum divides.",
        "sgd_rate",
    ),
    Mistake(
        "no_noise",
        lambda beta, Delta, sigma2, eta: 2 * Delta / eta.sum(),
        "You left the noise out: this is the bound of exact gradient ascent.",
        "sgd_rate",
    ),
    Mistake(
        "step_sizes_not_squared",
        lambda beta, Delta, sigma2, eta: (2 * Delta + beta * sigma2 * eta.sum()) / eta.sum(),
        "The step sizes in the noise term are squared: a step half as long feels a quarter of it.",
        "sgd_rate",
    ),
    Mistake(
        "gain_and_noise_subtracted",
        lambda beta, Delta, sigma2, eta: (2 * Delta - beta * sigma2 * (eta**2).sum()) / eta.sum(),
        "You subtracted the noise. It makes the guarantee worse: brought to the other side it is added.",
        "sgd_rate",
    ),
    Mistake(
        "noise_squared",
        lambda beta, Delta, sigma2, eta: (
            (2 * Delta + beta * sigma2**2 * (eta**2).sum()) / eta.sum()
        ),
        "You squared `sigma2`, which is a square already.",
        "sgd_rate",
    ),
    Mistake(
        "smoothness_forgotten",
        lambda beta, Delta, sigma2, eta: (2 * Delta + sigma2 * (eta**2).sum()) / eta.sum(),
        "The smoothness beta is missing from the noise term: it says how much a step off course costs.",
        "sgd_rate",
    ),
    Mistake(
        "norm_not_squared",
        lambda beta, Delta, sigma2, eta: np.sqrt(sgd_bound(beta, Delta, sigma2, eta)),
        "You took the root, as for the norm. The squared norm is asked for.",
        "sgd_rate",
    ),
    Mistake(
        "divided_by_the_squares",
        lambda beta, Delta, sigma2, eta: (
            (2 * Delta + beta * sigma2 * (eta**2).sum()) / (eta**2).sum()
        ),
        "You divided by the sum of the squares. The norms come with the weights eta_k, not squared.",
        "sgd_rate",
    ),
    Mistake(
        "noise_only",
        lambda beta, Delta, sigma2, eta: beta * sigma2 * (eta**2).sum() / eta.sum(),
        "You kept the noise alone. What is left to gain, Delta, bounds how long large gradients can last: 2 Delta stands above as well.",
        "sgd_rate",
    ),
    Mistake(
        "mean_step_for_squares",
        lambda beta, Delta, sigma2, eta: 2 * Delta / eta.sum() + beta * sigma2 * eta.mean(),
        "You replaced the weighted mean of the step sizes by their plain mean. The noise of each step comes with eta squared: a long step counts more.",
        "sgd_rate",
    ),
    Mistake(
        "first_step_for_all",
        lambda beta, Delta, sigma2, eta: (
            (2 * Delta + beta * sigma2 * len(eta) * eta[0] ** 2) / (len(eta) * eta[0])
        ),
        "You used the first step size for all steps. Each has its own: sum over them.",
        "sgd_rate",
    ),
    Mistake(
        "largest_step",
        lambda beta, Delta, sigma2, eta: 2 * Delta / eta.sum() + beta * sigma2 * eta.max(),
        "You bounded all step sizes by the largest one. The sharper bound has the sum of their squares over their sum.",
        "sgd_rate",
    ),
    Mistake(
        "noise_doubled",
        lambda beta, Delta, sigma2, eta: (
            (2 * Delta + 2 * beta * sigma2 * (eta**2).sum()) / eta.sum()
        ),
        "You doubled the noise. It comes with beta/2, and solving for the norm multiplies it by 2: the factor is 1.",
        "sgd_rate",
    ),
    Mistake(
        "not_divided",
        lambda beta, Delta, sigma2, eta: 2 * Delta + beta * sigma2 * (eta**2).sum(),
        "You did not divide by the sum of the step sizes, the weights with which the norms come.",
        "sgd_rate",
    ),
)

exercise = Exercise(
    title="The rate of stochastic gradient ascent",
    label="sgd_rate",
    statement=STATEMENT.strip(),
    solution=sgd_bound,
    hints=(
        "Add the inequality over all steps. On the left stands a gain that Delta bounds. Which weighted "
        "sum of squared norms stands on the right?",
        "The sum of eta_k / 2 times the norms is at most Delta plus beta/2 sigma^2 times the sum of the "
        "eta_k squared. A weighted mean is at least the smallest of its values.",
        "Multiply by 2 and divide by `eta.sum()`.",
    ),
    cases=cases,
    mistakes=MISTAKES,
)
