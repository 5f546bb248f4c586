"""Exercise: the divergence of two Gaussians, derived."""

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake

STATEMENT = r"""
Write `derive_kl_gaussian(mu1, s1, mu2, s2)`, the Kullback-Leibler divergence $\mathrm{KL}(\mathcal
N(\mu_1, s_1^2) \,\|\, \mathcal N(\mu_2, s_2^2))$ in nats, for one-dimensional Gaussians with means
`mu1`, `mu2` and standard deviations `s1`, `s2`. Return one number. No formula stands here: derive it,
from the definition and the two densities. What should come out for equal Gaussians, and what happens
when $s_2$ goes to 0?
"""


def derive_kl_gaussian(mu1: float, s1: float, mu2: float, s2: float) -> float:
    """The divergence of N(mu1, s1^2) from N(mu2, s2^2), in nats.

    mu1, mu2: means; s1, s2: standard deviations. Returns a number.
    """
    return float(np.log(s2 / s1) + (s1**2 + (mu1 - mu2) ** 2) / (2 * s2**2) - 0.5)


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    yield 1.0, 1.0, 3.0, 2.0
    for _ in range(4):
        mu = rng.choice([-1.5, 0.25, 1.0, 2.5, 4.0], 2, replace=False)
        s = rng.choice([0.5, 0.8, 1.5, 2.5, 3.0], 2, replace=False)
        yield float(mu[0]), float(s[0]), float(mu[1]), float(s[1])


K = "kld"
MISTAKES = (
    Mistake(
        "swapped",
        lambda mu1, s1, mu2, s2: derive_kl_gaussian(mu2, s2, mu1, s1),
        "You took the two Gaussians the other way round. The expectation is under the first: its mean and "
        "variance stand in the numerator, the second's variance divides.",
        K,
    ),
    Mistake(
        "half_missing",
        lambda mu1, s1, mu2, s2: derive_kl_gaussian(mu1, s1, mu2, s2) + 0.5,
        "The 1/2 that is subtracted is missing: the mean of (x - mu1)^2 / (2 s1^2). Check with two equal "
        "Gaussians, whose divergence is 0.",
        K,
    ),
    Mistake(
        "logarithm_missing",
        lambda mu1, s1, mu2, s2: derive_kl_gaussian(mu1, s1, mu2, s2) - np.log(s2 / s1),
        "The logarithm of s2/s1 is missing. The densities have 1/s in front, and the two do not cancel "
        "unless the widths are equal.",
        K,
    ),
    Mistake(
        "logarithm_inverted",
        lambda mu1, s1, mu2, s2: derive_kl_gaussian(mu1, s1, mu2, s2) - 2 * np.log(s2 / s1),
        "Your logarithm is upside down. log of the first density over the second brings 1/s1 above and "
        "1/s2 below: log(s2/s1).",
        K,
    ),
    Mistake(
        "logarithm_of_the_variances",
        lambda mu1, s1, mu2, s2: derive_kl_gaussian(mu1, s1, mu2, s2) + np.log(s2 / s1),
        "You took the logarithm of the ratio of the variances without its factor 1/2. In front of a "
        "density stands 1/s, not 1/s^2.",
        K,
    ),
    Mistake(
        "logarithm_halved",
        lambda mu1, s1, mu2, s2: derive_kl_gaussian(mu1, s1, mu2, s2) - np.log(s2 / s1) / 2,
        "Your logarithm has a factor 1/2 too many: half the logarithm of the ratio of the variances is "
        "the logarithm of the ratio of the standard deviations.",
        K,
    ),
    Mistake(
        "equal_widths",
        lambda mu1, s1, mu2, s2: (mu1 - mu2) ** 2 / (2 * s2**2),
        "You kept the term of the means alone. That is the divergence of Gaussians of equal width; "
        "different widths add to it.",
        K,
    ),
    Mistake(
        "own_variance_missing",
        lambda mu1, s1, mu2, s2: np.log(s2 / s1) + (mu1 - mu2) ** 2 / (2 * s2**2) - 0.5,
        "The variance s1^2 is missing from the numerator. Under the first Gaussian the mean of "
        "(x - mu2)^2 is s1^2 + (mu1 - mu2)^2.",
        K,
    ),
    Mistake(
        "divided_by_the_first",
        lambda mu1, s1, mu2, s2: np.log(s2 / s1) + (s2**2 + (mu1 - mu2) ** 2) / (2 * s1**2) - 0.5,
        "You exchanged the variances in the quotient. It comes from the second density: s2^2 divides.",
        K,
    ),
    Mistake(
        "means_over_the_first",
        lambda mu1, s1, mu2, s2: (
            np.log(s2 / s1) + s1**2 / (2 * s2**2) + (mu1 - mu2) ** 2 / (2 * s1**2) - 0.5
        ),
        "You divided the distance of the means by s1^2. Both parts of the quotient come from the second "
        "density, and s2^2 divides both.",
        K,
    ),
    Mistake(
        "two_missing",
        lambda mu1, s1, mu2, s2: np.log(s2 / s1) + (s1**2 + (mu1 - mu2) ** 2) / s2**2 - 0.5,
        "The 2 in the denominator is missing: the exponent of a Gaussian is -(x - mu)^2 / (2 s^2).",
        K,
    ),
    Mistake(
        "deviations_for_variances",
        lambda mu1, s1, mu2, s2: np.log(s2 / s1) + (s1 + (mu1 - mu2) ** 2) / (2 * s2) - 0.5,
        "You used the standard deviations where their squares belong, in the quotient.",
        K,
    ),
    Mistake(
        "variances_for_deviations",
        lambda mu1, s1, mu2, s2: derive_kl_gaussian(mu1, np.sqrt(s1), mu2, np.sqrt(s2)),
        "You took `s1` and `s2` for variances. They are standard deviations: square them in the quotient.",
        K,
    ),
    Mistake(
        "means_not_squared",
        lambda mu1, s1, mu2, s2: np.log(s2 / s1) + (s1**2 + np.abs(mu1 - mu2)) / (2 * s2**2) - 0.5,
        "The distance of the means is squared: it comes from the square in the exponent.",
        K,
    ),
    Mistake(
        "negated",
        lambda mu1, s1, mu2, s2: -derive_kl_gaussian(mu1, s1, mu2, s2),
        "Your result is right but for its sign. A divergence is never negative: the first density stands "
        "above the second.",
        K,
    ),
    Mistake(
        "symmetrised",
        lambda mu1, s1, mu2, s2: (
            derive_kl_gaussian(mu1, s1, mu2, s2) + derive_kl_gaussian(mu2, s2, mu1, s1)
        ),
        "You added the divergences of both directions. One is asked for: the expectation is under the "
        "first Gaussian.",
        K,
    ),
    Mistake(
        "equal_widths_of_the_first",
        lambda mu1, s1, mu2, s2: (mu1 - mu2) ** 2 / (2 * s1**2),
        "You kept the term of the means, over the first variance. The widths differ too, and it is the second variance that divides.",
        "kld",
    ),
    Mistake(
        "at_the_mean",
        lambda mu1, s1, mu2, s2: np.log(s2 / s1) + (mu1 - mu2) ** 2 / (2 * s2**2),
        "You took the log-ratio at the mean of the first Gaussian. It is averaged over x: both squares have means of their own, s1^2 / (2 s2^2) and 1/2.",
        "kld",
    ),
    Mistake(
        "means_added",
        lambda mu1, s1, mu2, s2: np.log(s2 / s1) + (s1**2 + (mu1 + mu2) ** 2) / (2 * s2**2) - 0.5,
        "You added the means. It is their distance that counts: shifting both Gaussians changes nothing.",
        "kld",
    ),
    Mistake(
        "one_for_a_half",
        lambda mu1, s1, mu2, s2: derive_kl_gaussian(mu1, s1, mu2, s2) - 0.5,
        "You subtract 1 where 1/2 belongs. Check with two equal Gaussians, whose divergence is 0.",
        "kld",
    ),
    Mistake(
        "logarithm_base_two",
        lambda mu1, s1, mu2, s2: (
            derive_kl_gaussian(mu1, s1, mu2, s2) + (1 / np.log(2) - 1) * np.log(s2 / s1)
        ),
        "Your logarithm is to base 2, and the rest is in nats. The natural logarithm belongs there, `np.log`.",
        "kld",
    ),
)

exercise = Exercise(
    title="The divergence of two Gaussians",
    label=K,
    statement=STATEMENT.strip(),
    solution=derive_kl_gaussian,
    hints=(
        "The divergence is the mean of log p1(x) - log p2(x) for x drawn from the first. Write both "
        "logarithms down. Which three means do you need?",
        "log p(x) is -log s - (x - mu)^2 / (2 s^2) and a constant that cancels. Under the first Gaussian "
        "(x - mu1)^2 has the mean s1^2, and (x - mu2)^2 has the mean s1^2 + (mu1 - mu2)^2.",
        "log(s2/s1), plus (s1^2 + (mu1 - mu2)^2) / (2 s2^2), minus 1/2.",
    ),
    cases=cases,
    mistakes=MISTAKES,
)
