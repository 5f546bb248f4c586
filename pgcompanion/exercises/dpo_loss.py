"""Exercise: the loss of direct preference optimization."""

# mypy: disable-error-code="no-any-return"

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake, Stress

STATEMENT = r"""
Somebody preferred the response $y^+$ to the response $y^-$. Direct preference optimization fits the
policy to such pairs without a reward, by the loss

$$\begin{gathered}
  -\log \sigma \Bigl( \beta \log \frac{\pi_\theta(y^+)}{\pi_{\text{ref}}(y^+)}
  - \beta \log \frac{\pi_\theta(y^-)}{\pi_{\text{ref}}(y^-)} \Bigr) , \\
  \sigma(z) = \frac{1}{1 + e^{-z}} .
  \end{gathered}$$

Write `dpo_loss(log_ratio_chosen, log_ratio_rejected, beta)`. The first two have shape `(N,)`: the
logarithms of the two ratios of each pair, summed over the tokens of the response. Return the loss of
each pair, of shape `(N,)`. Before you run it: what is the loss at the start, when the policy is the
reference?
"""


def dpo_loss(
    log_ratio_chosen: np.ndarray,
    log_ratio_rejected: np.ndarray,
    beta: float,
) -> np.ndarray:
    """The DPO loss of each of N pairs.

    log_ratio_chosen, log_ratio_rejected: (N,); beta: a number.
    Returns (N,).
    """
    margin = beta * (log_ratio_chosen - log_ratio_rejected)
    return np.logaddexp(0.0, -margin)


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    yield np.array([0.0, 1.0]), np.array([0.0, -1.0]), 0.5
    for N, beta in [(3, 0.1), (4, 2.0)]:
        chosen, rejected = rng.integers(-6, 7, (2, N)) / 4
        chosen[0], rejected[0] = 1.5, -0.5  # a pair that is told apart, either way
        chosen[1], rejected[1] = -0.75, 0.5
        yield chosen, rejected, beta


def _loss(margin: np.ndarray) -> np.ndarray:
    return np.logaddexp(0.0, -margin)


MISTAKES = (
    Mistake(
        "chosen_and_rejected_swapped",
        lambda chosen, rejected, beta: _loss(beta * (rejected - chosen)),
        "The loss falls when the *rejected* response becomes more likely. The chosen one's log-ratio "
        "comes first, the other is subtracted.",
        "dpo",
    ),
    Mistake(
        "no_beta",
        lambda chosen, rejected, beta: _loss(chosen - rejected),
        "You left beta out. It is the price of the divergence: beta times a log-ratio is the reward that "
        "the policy stands for.",
        "dpo",
    ),
    Mistake(
        "divided_by_beta",
        lambda chosen, rejected, beta: _loss((chosen - rejected) / beta),
        "You divided by beta. The optimum is the reference times exp(reward / beta); solved for the "
        "reward, beta multiplies the log-ratio.",
        "dpo",
    ),
    Mistake(
        "beta_outside",
        lambda chosen, rejected, beta: beta * _loss(chosen - rejected),
        "You multiplied the loss by beta. It belongs inside the logistic function: there it decides where "
        "the minimum lies, outside it is a step size.",
        "dpo",
    ),
    Mistake(
        "no_logarithm",
        lambda chosen, rejected, beta: -1 / (1 + np.exp(-beta * (chosen - rejected))),
        "You left the logarithm out. The loss is the negative log-likelihood of the preference, not "
        "minus its probability.",
        "bradley_terry",
    ),
    Mistake(
        "likelihood_not_loss",
        lambda chosen, rejected, beta: -_loss(beta * (chosen - rejected)),
        "The sign is turned. This is the log-likelihood; the loss is minus it, and never negative.",
        "bradley_terry",
    ),
    Mistake(
        "margin_only",
        lambda chosen, rejected, beta: -beta * (chosen - rejected),
        "You return minus the margin. It has no minimum even with preferences that go both ways; the "
        "logistic function makes a probability of it first.",
        "bradley_terry",
    ),
    Mistake(
        "chosen_only",
        lambda chosen, rejected, beta: _loss(beta * chosen),
        "The rejected response does not occur in your loss. Only the difference of the two log-ratios is "
        "the difference of two rewards.",
        "dpo",
    ),
    Mistake(
        "averaged",
        lambda chosen, rejected, beta: np.full(
            len(chosen), _loss(beta * (chosen - rejected)).mean()
        ),
        "You averaged over the pairs. Return the loss of each.",
        "dpo",
    ),
)

exercise = Exercise(
    title="Direct preference optimization",
    label="dpo",
    statement=STATEMENT.strip(),
    solution=dpo_loss,
    hints=(
        "Compute the margin first: beta times the difference of the two log-ratios. What is the loss "
        "where it is 0?",
        "It is -log sigma(z) = log(1 + exp(-z)).",
        "`np.logaddexp(0.0, -margin)` is log(exp(0) + exp(-margin)), and does not overflow.",
    ),
    cases=cases,
    mistakes=MISTAKES,
    stress=(
        Stress(
            (np.array([-3000.0]), np.array([1000.0]), 1.0),
            "with log-ratios of long responses, which may be thousands of nats, `exp` overflows. Use "
            "`np.logaddexp`.",
        ),
    ),
)
