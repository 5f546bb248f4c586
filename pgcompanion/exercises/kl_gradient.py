"""Exercise: the gradient of a divergence from samples."""

# mypy: disable-error-code="no-any-return"

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake

STATEMENT = r"""
The policy is to be kept near a reference, so the gradient of
$\mathrm{KL}(\pi_\theta \,\|\, \pi_{\text{ref}})$ is wanted, from $N$ responses $y_n$ that were sampled from
$\pi_\theta$. It is

$$\mathbb E_{y \sim \pi_\theta} \Bigl[ \log \frac{\pi_\theta(y)}{\pi_{\text{ref}}(y)} \,
  \nabla \log \pi_\theta(y) \Bigr] .$$

Write `kl_gradient(scores, log_prob, log_prob_ref)`, which estimates it. The scores
$\nabla \log \pi_\theta(y_n)$ have shape `(N, p)`, the two arrays of log-probabilities of whole responses
`(N,)`. Return an array of shape `(p,)`. Before you run it: what does automatic differentiation give
for the mean of $\log \pi_\theta(y_n) - \log \pi_{\text{ref}}(y_n)$?
"""


def kl_gradient(scores: np.ndarray, log_prob: np.ndarray, log_prob_ref: np.ndarray) -> np.ndarray:
    """The gradient of KL(pi_theta || pi_ref), from samples of pi_theta.

    scores: (N, p); log_prob, log_prob_ref: (N,). Returns (p,).
    """
    coefficient = log_prob - log_prob_ref
    return (coefficient[:, None] * scores).mean(axis=0)


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    yield np.array([[1.0], [-3.0]]), np.log([0.75, 0.25]), np.log([0.5, 0.5])
    for N, p in [(3, 2), (4, 3)]:
        own, ref = np.log(rng.integers(1, 10, (2, N)) / 10)
        ref[0] = own[0] - 0.5  # the two differ somewhere
        scores = rng.integers(-4, 5, (N, p)) / 2
        scores[0] += 3.0
        yield scores, own, ref


def _mean(scores: np.ndarray, c: np.ndarray) -> np.ndarray:
    return c @ scores / len(scores)


MISTAKES = (
    Mistake(
        "k1_as_a_loss",
        lambda scores, own, ref: scores.mean(axis=0),
        "You differentiated the estimate k1 with the samples held fixed, and what is left is the mean of "
        "the scores. Its expectation is 0: the reference has dropped out. The log-ratio is a coefficient of "
        "the score, as a reward is.",
        "kl_loss_gradient",
    ),
    Mistake(
        "k3_as_a_loss",
        lambda scores, own, ref: _mean(scores, 1 - np.exp(ref - own)),
        "This is the derivative of the estimate k3. On average it is the gradient of the *other* "
        "divergence, KL(pi_ref || pi): a good estimate of the value, and not of the gradient.",
        "kl_loss_gradient",
    ),
    Mistake(
        "k3_as_a_coefficient",
        lambda scores, own, ref: _mean(scores, np.exp(ref - own) - 1 - (ref - own)),
        "You used k3 as the coefficient of the score. Its mean is the divergence, but its mean *times the "
        "score* is not the gradient: the coefficient is the log-ratio, k1.",
        "kl_loss_gradient",
    ),
    Mistake(
        "k2_as_a_coefficient",
        lambda scores, own, ref: _mean(scores, (own - ref) ** 2 / 2),
        "You used k2 as the coefficient of the score. k2 as a *loss* has the right gradient; its "
        "derivative is the log-ratio times the score.",
        "kl_loss_gradient",
    ),
    Mistake(
        "other_direction",
        lambda scores, own, ref: _mean(scores, -np.exp(ref - own)),
        "This is the gradient of KL(pi_ref || pi), estimated with importance weights. The divergence that "
        "is asked for is the other one.",
        "kl_loss_gradient",
    ),
    Mistake(
        "plus_one",
        lambda scores, own, ref: _mean(scores, own - ref + 1),
        "You differentiated the logarithm as well and kept the term, the mean of the scores. Its "
        "expectation is 0, so it is nothing but noise.",
        "kl_regularised_gradient",
    ),
    Mistake(
        "negated",
        lambda scores, own, ref: _mean(scores, ref - own),
        "The sign is turned: a step along this vector brings the policy nearer. The gradient points to "
        "where the divergence grows.",
        "kl_loss_gradient",
    ),
    Mistake(
        "sum_over_samples",
        lambda scores, own, ref: (own - ref) @ scores,
        "You summed over the samples. An expectation is estimated by their mean.",
        "kl_loss_gradient",
    ),
)

exercise = Exercise(
    title="The gradient of the KL",
    label="kl_loss_gradient",
    statement=STATEMENT.strip(),
    solution=kl_gradient,
    hints=(
        "It is REINFORCE with a reward of its own. Which number takes the place of the reward?",
        "The coefficient of each score is log_prob - log_prob_ref. It is not differentiated.",
        "`(coefficient[:, None] * scores)` has shape (N, p). Average over the samples.",
    ),
    cases=cases,
    mistakes=MISTAKES,
)
