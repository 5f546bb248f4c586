"""Exercise: the score of a linear Gaussian policy."""

# mypy: disable-error-code="no-any-return"

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake

STATEMENT = r"""
For continuous actions, take a Gaussian whose mean is linear in features of the state:
$\pi_\Theta(\cdot \mid s) = \mathcal N(\Theta \psi(s), \sigma^2 I_n)$. Derive its score, the gradient
$\nabla_\Theta \log \pi_\Theta(a \mid s)$ of the log-density in the matrix $\Theta$.

Write `gaussian_score(Theta, psi, a, sigma)`, with `Theta` `(n, p)`, the features `psi` `(p,)`, the
action `a` `(n,)` and the standard deviation `sigma`. Return an array of shape `(n, p)`.
"""


def gaussian_score(Theta: np.ndarray, psi: np.ndarray, a: np.ndarray, sigma: float) -> np.ndarray:
    """The gradient in Theta of log N(a; Theta psi, sigma^2 I).

    Theta: (n, p); psi: (p,); a: (n,); sigma: a number. Returns (n, p).
    """
    return np.outer(a - Theta @ psi, psi) / sigma**2


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    yield np.array([[1.0]]), np.array([2.0]), np.array([5.0]), 0.5
    yield np.array([[1.0, 0.0]]), np.array([1.0, 2.0]), np.array([4.0]), 2.0
    for n, p, sigma in [(2, 2, 0.5), (2, 3, 2.0), (3, 2, 1.5), (3, 4, 0.5)]:
        Theta = rng.integers(-2, 3, (n, p)).astype(float)
        psi = rng.choice([-2.0, -1.0, 1.0, 2.0, 3.0], p, replace=False)
        yield Theta, psi, Theta @ psi + rng.choice([-4, -3, -1, 2, 3], n, replace=False) / 4, sigma


def _density(Theta: np.ndarray, psi: np.ndarray, a: np.ndarray, sigma: float) -> np.ndarray:
    density = np.exp(-((a - Theta @ psi) ** 2).sum() / (2 * sigma**2))
    return density / (sigma * np.sqrt(2 * np.pi)) ** len(a) * gaussian_score(Theta, psi, a, sigma)


MISTAKES = (
    Mistake(
        "sigma_not_squared",
        lambda Theta, psi, a, sigma: sigma * gaussian_score(Theta, psi, a, sigma),
        "You divided by sigma. The exponent of the Gaussian holds the squared distance over "
        "2 sigma**2, and differentiating leaves 1/sigma**2: it is the variance that divides.",
        "gaussian_policy",
    ),
    Mistake(
        "no_sigma",
        lambda Theta, psi, a, sigma: sigma**2 * gaussian_score(Theta, psi, a, sigma),
        "The division by sigma**2 is missing. The narrower the policy, the more a small shift of "
        "its mean changes the likelihood of an action.",
        "gaussian_policy",
    ),
    Mistake(
        "not_centred",
        lambda Theta, psi, a, sigma: np.outer(a, psi) / sigma**2,
        "You used the action itself instead of its distance from the mean. The score compares "
        "what was drawn with what was expected: take `Theta @ psi` away.",
        "gaussian_policy",
    ),
    Mistake(
        "negated",
        lambda Theta, psi, a, sigma: -gaussian_score(Theta, psi, a, sigma),
        "The sign is the wrong way round: you have the mean minus the action. To make an action "
        "more likely, the mean has to move towards it.",
        "gaussian_policy",
    ),
    Mistake(
        "mean_only",
        lambda Theta, psi, a, sigma: (a - Theta @ psi) / sigma**2,
        "You returned the derivative in the mean and stopped there. The mean is Theta @ psi, so "
        "the chain rule multiplies by the features: an outer product of shape (n, p).",
        "gaussian_policy",
    ),
    Mistake(
        "transposed",
        lambda Theta, psi, a, sigma: gaussian_score(Theta, psi, a, sigma).T,
        "Your outer product is transposed. Rows belong to components of the action and columns to "
        "features, as in `Theta`.",
        "gaussian_policy",
    ),
    Mistake(
        "half_forgotten",
        lambda Theta, psi, a, sigma: 2 * gaussian_score(Theta, psi, a, sigma),
        "Your result is twice too large. The exponent is the squared distance over 2 sigma**2: "
        "the 2 of the derivative cancels the 2 of the denominator.",
        "gaussian_policy",
    ),
    Mistake(
        "likelihood",
        _density,
        "You returned the gradient of the density. The score is the gradient of its logarithm, "
        "and the density itself is no factor of it.",
        "reinforce_pg",
    ),
    Mistake(
        "mean_for_the_residual",
        lambda Theta, psi, a, sigma: np.outer(Theta @ psi, psi) / sigma**2,
        "You used the mean where its distance from the action belongs: a - Theta psi.",
        "gaussian_policy",
    ),
    Mistake(
        "residual_squared",
        lambda Theta, psi, a, sigma: np.outer((a - Theta @ psi) ** 2, psi) / sigma**2,
        "You kept the square of the distance. Differentiating the square brings its power down to 1.",
        "gaussian_policy",
    ),
    Mistake(
        "without_sign",
        lambda Theta, psi, a, sigma: np.abs(np.outer((a - Theta @ psi), psi)) / sigma**2,
        "You lost the signs. Whether the action lies above or below the mean decides in which direction the mean should move.",
        "gaussian_policy",
    ),
    Mistake(
        "parameters_for_features",
        lambda Theta, psi, a, sigma: (a - Theta @ psi)[:, None] * Theta / sigma**2,
        "You multiplied by the parameters. The mean Theta psi has the derivative psi in Theta: it is the features that stand there.",
        "gaussian_policy",
    ),
    Mistake(
        "mean_added",
        lambda Theta, psi, a, sigma: np.outer(a + Theta @ psi, psi) / sigma**2,
        "You added the mean where it is subtracted: the score is about how far the action lies from it.",
        "gaussian_policy",
    ),
    Mistake(
        "two_in_the_denominator",
        lambda Theta, psi, a, sigma: np.outer((a - Theta @ psi), psi) / (2 * sigma**2),
        "The 2 of the density's exponent is still there. Differentiating the square cancels it: 1/sigma**2.",
        "gaussian_policy",
    ),
    Mistake(
        "sigma_multiplied",
        lambda Theta, psi, a, sigma: np.outer((a - Theta @ psi), psi) * sigma**2,
        "You multiplied by the variance. A narrow Gaussian reacts strongly to a shift of its mean: divide by it.",
        "gaussian_policy",
    ),
    Mistake(
        "sigma_to_the_fourth",
        lambda Theta, psi, a, sigma: np.outer((a - Theta @ psi), psi) / sigma**4,
        "You divided by sigma to the power 4. `sigma` is the standard deviation, and its square, the variance, divides once.",
        "gaussian_policy",
    ),
    Mistake(
        "density_without_its_constant",
        lambda Theta, psi, a, sigma: (
            np.exp(-((a - Theta @ psi) ** 2).sum() / (2 * sigma**2))
            * gaussian_score(Theta, psi, a, sigma)
        ),
        "You multiplied by the exponential of the density. The score is the gradient of the logarithm: the density itself has cancelled.",
        "gaussian_policy",
    ),
    Mistake(
        "features_forgotten",
        lambda Theta, psi, a, sigma: (
            np.repeat((a - Theta @ psi)[:, None], len(psi), axis=1) / sigma**2
        ),
        "The features are missing. The mean is Theta psi, and its derivative in Theta[i, j] is psi[j].",
        "gaussian_policy",
    ),
    Mistake(
        "log_density",
        lambda Theta, psi, a, sigma: -((a - Theta @ psi) ** 2).sum() / (2 * sigma**2),
        "You returned the exponent of the log-density. The score is its gradient in Theta: one derivative for each entry.",
        "gaussian_policy",
    ),
    Mistake(
        "parameters_subtracted",
        lambda Theta, psi, a, sigma: np.outer(a, psi) / sigma**2 - Theta,
        "You subtracted Theta itself. It is the mean Theta psi that is subtracted from the action, before the outer product.",
        "gaussian_policy",
    ),
    Mistake(
        "features_squared",
        lambda Theta, psi, a, sigma: np.outer((a - Theta @ psi), psi**2) / sigma**2,
        "You squared the features. The mean is linear in them, and so is its derivative.",
        "gaussian_policy",
    ),
    Mistake(
        "signs_only",
        lambda Theta, psi, a, sigma: np.outer(np.sign(a - Theta @ psi), psi) / sigma**2,
        "You kept only the sign of the distance. How far the action lies from the mean counts too.",
        "gaussian_policy",
    ),
    Mistake(
        "distances_summed",
        lambda Theta, psi, a, sigma: (
            np.outer(np.full(len(a), (a - Theta @ psi).sum()), psi) / sigma**2
        ),
        "You summed the distances of all components. Row i of Theta moves component i alone.",
        "gaussian_policy",
    ),
    Mistake(
        "features_normalised",
        lambda Theta, psi, a, sigma: (
            np.outer((a - Theta @ psi), psi) / (sigma**2 * np.linalg.norm(psi))
        ),
        "You divided by the length of the features. The derivative of the mean in Theta[i, j] is psi[j].",
        "gaussian_policy",
    ),
    Mistake(
        "one_component",
        lambda Theta, psi, a, sigma: np.outer((a - Theta @ psi), psi)[0] / sigma**2,
        "You returned the first row alone. There is one for each component of the action.",
        "gaussian_policy",
    ),
    Mistake(
        "mean_not_scaled",
        lambda Theta, psi, a, sigma: np.outer(a, psi) / sigma**2 - np.outer(Theta @ psi, psi),
        "You divided the action by the variance and not the mean. The whole distance a - Theta psi is divided.",
        "gaussian_policy",
    ),
    Mistake(
        "divided_by_squared_features",
        lambda Theta, psi, a, sigma: gaussian_score(Theta, psi, a, sigma) / (psi @ psi),
        "You divided by the squared length of the features, as a projection does. The derivative of the mean in Theta[i, j] is psi[j] as it stands.",
        "gaussian_policy",
    ),
    Mistake(
        "mean_not_summed",
        lambda Theta, psi, a, sigma: (a[:, None] - Theta * psi) * psi / sigma**2,
        "Your mean is not summed over the features: `Theta * psi` multiplies entry by entry, and the mean is `Theta @ psi`.",
        "gaussian_policy",
    ),
)

exercise = Exercise(
    title="The Gaussian score",
    label="gaussian_policy",
    statement=STATEMENT.strip(),
    solution=gaussian_score,
    hints=(
        "Write the log-density of a Gaussian and cross out what does not depend on Theta. What is "
        "left is a squared distance.",
        "Differentiate in the mean first, which gives (a - mean)/sigma**2, then use the chain "
        "rule for mean = Theta @ psi.",
        "The derivative of component i of the mean in Theta[i, j] is psi[j]: the result is an "
        "outer product, `np.outer`.",
    ),
    cases=cases,
    mistakes=MISTAKES,
)
