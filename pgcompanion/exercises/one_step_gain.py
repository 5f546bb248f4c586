"""Exercise: what one stochastic gradient step is sure to gain."""

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake

STATEMENT = r"""
The objective $J$ is $\beta$-smooth: along any step $d$ it gains at least
$\nabla J(\theta)^\top d - \frac\beta2 \|d\|^2$. The step is $d = \eta \, \hat g$, where the estimate
$\hat g$ has the mean $\nabla J(\theta)$ and the mean square error $\sigma^2 = \mathbb E \|\hat g -
\nabla J(\theta)\|^2$.

Write `one_step_gain(g, eta, beta, sigma2)`, the gain that is guaranteed on average, from the gradient
`g` of shape `(p,)`, the step size, the smoothness and $\sigma^2$. Derive it on paper first: which part
of it does noise take away? Return one number, which may be negative.
"""


def one_step_gain(g: np.ndarray, eta: float, beta: float, sigma2: float) -> float:
    """The least mean gain of one stochastic gradient step.

    g: (p,), the exact gradient; eta, beta, sigma2: numbers.
    Returns a number.
    """
    # E ||ghat||^2 = ||g||^2 + sigma2, since the error has mean zero.
    square = g @ g
    return float(eta * square - beta * eta**2 / 2 * (square + sigma2))


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    yield np.array([2.0]), 0.5, 0.25, 8.0
    for p in (2, 3, 4):
        g = rng.choice([-3.0, -2.0, 1.5, 2.5, 4.0], p, replace=False)
        eta, beta = rng.choice([0.25, 0.4, 0.8]), rng.choice([0.3, 0.6, 1.5])
        yield g, float(eta), float(beta), float(rng.integers(1, 9)) + 0.5


def _square(g: np.ndarray) -> float:
    return float(g @ g)


MISTAKES = (
    Mistake(
        "noise_forgotten",
        lambda g, eta, beta, sigma2: eta * _square(g) * (1 - beta * eta / 2),
        "You left the noise out: this is the gain of an exact gradient step. The squared length of the "
        "estimate has the mean ||g||^2 + sigma^2, and smoothness charges for all of it.",
        "sgd_rate",
    ),
    Mistake(
        "only_noise_charged",
        lambda g, eta, beta, sigma2: eta * _square(g) - beta * eta**2 / 2 * sigma2,
        "You charged for the noise alone. The step is long even without noise: "
        "E ||ghat||^2 = ||g||^2 + sigma^2.",
        "sgd_rate",
    ),
    Mistake(
        "half_forgotten",
        lambda g, eta, beta, sigma2: eta * _square(g) - beta * eta**2 * (_square(g) + sigma2),
        "The factor 1/2 of the quadratic term is missing: smoothness charges beta/2 times the squared "
        "length of the step.",
        "sgd_rate",
    ),
    Mistake(
        "step_size_not_squared",
        lambda g, eta, beta, sigma2: eta * _square(g) - beta * eta / 2 * (_square(g) + sigma2),
        "The step is eta times the estimate, so its squared length has eta squared.",
        "sgd_rate",
    ),
    Mistake(
        "norm_not_squared",
        lambda g, eta, beta, sigma2: (
            eta * np.sqrt(_square(g)) - beta * eta**2 / 2 * (np.sqrt(_square(g)) + sigma2)
        ),
        "You used the length of g where its square stands: the mean of g . ghat is ||g||^2.",
        "sgd_rate",
    ),
    Mistake(
        "noise_helps",
        lambda g, eta, beta, sigma2: eta * _square(g) - beta * eta**2 / 2 * (_square(g) - sigma2),
        "You subtracted the noise from the squared length. Noise makes the step longer: "
        "E ||ghat||^2 = ||g||^2 + sigma^2.",
        "sgd_rate",
    ),
    Mistake(
        "noise_squared",
        lambda g, eta, beta, sigma2: (
            eta * _square(g) - beta * eta**2 / 2 * (_square(g) + sigma2**2)
        ),
        "You squared `sigma2`, which is a square already: the mean square error of the estimate.",
        "sgd_rate",
    ),
    Mistake(
        "linear_term_only",
        lambda g, eta, beta, sigma2: eta * _square(g),
        "You kept the linear term alone. A step that is too long overshoots: smoothness takes beta/2 "
        "times the squared length of the step away.",
        "sgd_rate",
    ),
    Mistake(
        "loss_added",
        lambda g, eta, beta, sigma2: eta * _square(g) + beta * eta**2 / 2 * (_square(g) + sigma2),
        "You added the quadratic term. That bounds the gain from above; what is guaranteed has a minus.",
        "sgd_rate",
    ),
    Mistake(
        "noise_in_the_linear_term",
        lambda g, eta, beta, sigma2: (eta - beta * eta**2 / 2) * (_square(g) + sigma2),
        "You put the noise into the linear term too. There the estimate meets the exact gradient, and the "
        "error has mean zero: only its square survives.",
        "sgd_rate",
    ),
    Mistake(
        "beta_forgotten",
        lambda g, eta, beta, sigma2: eta * _square(g) - eta**2 / 2 * (_square(g) + sigma2),
        "The smoothness beta is missing. It says how fast the gradient may turn, and so how much a long "
        "step can lose.",
        "sgd_rate",
    ),
    Mistake(
        "root_of_the_noise",
        lambda g, eta, beta, sigma2: (
            eta * _square(g) - beta * eta**2 / 2 * (_square(g) + np.sqrt(sigma2))
        ),
        "You took the root of `sigma2`. The squared length of the step has the mean square error itself.",
        "sgd_rate",
    ),
    Mistake(
        "smoothness_squared",
        lambda g, eta, beta, sigma2: (
            eta * _square(g) - beta**2 * eta**2 / 2 * (_square(g) + sigma2)
        ),
        "You squared the smoothness. The quadratic term has beta/2 as its factor; it is the step size that is squared.",
        "sgd_rate",
    ),
    Mistake(
        "lengths_added",
        lambda g, eta, beta, sigma2: (
            eta * _square(g) - beta * eta**2 / 2 * (np.sqrt(_square(g)) + np.sqrt(sigma2)) ** 2
        ),
        "You added the lengths of gradient and noise and squared the sum. The cross term has mean zero: it is their squares that add.",
        "sgd_rate",
    ),
    Mistake(
        "mean_of_the_squares",
        lambda g, eta, beta, sigma2: (
            eta * (g**2).mean() - beta * eta**2 / 2 * ((g**2).mean() + sigma2)
        ),
        "You averaged the squared entries of g. The squared length is their sum.",
        "sgd_rate",
    ),
    Mistake(
        "entry_by_entry",
        lambda g, eta, beta, sigma2: eta * g**2 - beta * eta**2 / 2 * (g**2 + sigma2),
        "You computed a gain for each entry. The gain of J is one number: sum the squares, and count the noise once.",
        "sgd_rate",
    ),
    Mistake(
        "best_step_size",
        lambda g, eta, beta, sigma2: _square(g) ** 2 / (2 * beta * (_square(g) + sigma2)),
        "You returned the gain of the best step size. Asked for is that of the given eta.",
        "sgd_rate",
    ),
)

exercise = Exercise(
    title="The gain of one step",
    label="sgd_rate",
    statement=STATEMENT.strip(),
    solution=one_step_gain,
    hints=(
        "Insert d = eta ghat into the inequality and take the mean. Two means are needed: that of "
        "g . ghat and that of the squared length of ghat.",
        "The mean of ghat is g. Write ghat = g + error: the cross term has mean zero, so the mean "
        "squared length is ||g||^2 + sigma^2.",
        "eta ||g||^2 minus beta eta^2 / 2 times (||g||^2 + sigma^2), with `g @ g` for ||g||^2.",
    ),
    cases=cases,
    mistakes=MISTAKES,
)
