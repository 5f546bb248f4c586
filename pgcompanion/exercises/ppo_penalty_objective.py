"""Exercise: the penalised objective of PPO from samples."""

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake, Stress
from pgcompanion.exercises.engine.slips import mean_over_steps, negated, sum_over_episodes

STATEMENT = r"""
PPO moves the KL constraint into the objective as a penalty. What does not depend on $\theta$ may be
left out, and then

$$\frac1N \sum_{n=0}^{N-1} \sum_{h=0}^{H-1} \Bigl(
  \frac{\pi_\theta(a_h^n \mid s_h^n)}{\pi^k(a_h^n \mid s_h^n)} \, A_h^n
  - \lambda \log \frac{1}{\pi_\theta(a_h^n \mid s_h^n)} \Bigr)$$

is to be maximised. Write `ppo_penalty_objective(logp_new, logp_old, A, lam)`, without the constant
$c$. The three arrays have shape `(N, H)`: the logarithms of the two likelihoods of the actions that
were taken, and the advantages. Return one number.
"""


def ppo_penalty_objective(
    logp_new: np.ndarray, logp_old: np.ndarray, A: np.ndarray, lam: float
) -> float:
    """The surrogate of N old episodes less the KL penalty, up to a constant.

    logp_new, logp_old, A: (N, H); lam: a number. Returns a number.
    """
    ratio = np.exp(logp_new - logp_old)
    return float((ratio * A + lam * logp_new).sum(axis=1).mean())


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    yield np.log([[0.5, 0.2]]), np.log([[0.25, 0.4]]), np.array([[1.0, 6.0]]), 2.0
    for N, H, lam in [(2, 2, 0.5), (2, 3, 2.0), (3, 4, 3.0)]:
        new, old = np.log(rng.integers(1, 10, (2, N, H)) / 10)
        yield new, old, rng.integers(-4, 5, (N, H)).astype(float), lam


def _mean(values: np.ndarray) -> float:
    return float(values.sum(axis=1).mean())


MISTAKES = (
    Mistake(
        "penalty_sign",
        lambda new, old, A, lam: _mean(np.exp(new - old) * A - lam * new),
        "Your penalty has the wrong sign. What is subtracted is lam log(1/pi), and minus the "
        "logarithm of 1/pi is plus the logarithm of pi. As written, you reward the new policy "
        "for giving up the old one's actions.",
        "ppo",
    ),
    Mistake(
        "constant_kept",
        lambda new, old, A, lam: _mean(np.exp(new - old) * A - lam * (old - new)),
        "You kept the old policy's log-likelihood in the penalty. It estimates the whole "
        "divergence and has the same maximiser, so nothing is wrong with it as an objective; this "
        "exercise leaves out the part that does not depend on theta.",
        "ppo",
    ),
    Mistake(
        "no_penalty",
        lambda new, old, A, lam: _mean(np.exp(new - old) * A),
        "The penalty is missing: this is the surrogate of TRPO, which needs a constraint beside "
        "it. Here the penalty takes the constraint's place.",
        "ppo",
    ),
    Mistake(
        "old_policy_penalised",
        lambda new, old, A, lam: _mean(np.exp(new - old) * A + lam * old),
        "Your penalty holds the log-likelihood of the old policy. It is a constant, so it holds "
        "nothing back: the part that depends on theta is the new one.",
        "ppo",
    ),
    Mistake(
        "reverse_kl",
        lambda new, old, A, lam: _mean(np.exp(new - old) * (A - lam * (new - old))),
        "Your penalty estimates KL(new || old). The trust region of this chapter uses "
        "KL(old || new): the expectation is under the old policy, from which the samples come, so "
        "the penalty needs no ratio.",
        "kld",
    ),
    Mistake(
        "no_exponential",
        lambda new, old, A, lam: _mean((new - old) * A + lam * new),
        "You weighed the advantages by the logarithm of the ratio. The weight is the ratio "
        "itself: take the exponential of the difference.",
        "ppo",
    ),
    Mistake(
        "inverted_ratio",
        lambda new, old, A, lam: _mean(np.exp(old - new) * A + lam * new),
        "Your ratio is upside down. The episodes come from the old policy, so the old likelihood "
        "divides.",
        "importance_sampling",
    ),
    Mistake(
        "penalty_without_lambda",
        lambda new, old, A, lam: _mean(np.exp(new - old) * A + new),
        "The factor lam is missing from the penalty. It sets the price of moving away from the "
        "old policy.",
        "ppo",
    ),
    mean_over_steps(ppo_penalty_objective, "ppo"),
    sum_over_episodes(ppo_penalty_objective, "ppo"),
    negated(ppo_penalty_objective, "ppo"),
)

exercise = Exercise(
    title="PPO with a penalty",
    label="ppo",
    statement=STATEMENT.strip(),
    solution=ppo_penalty_objective,
    hints=(
        "There are two parts: the surrogate of TRPO, and a price for moving away from the old "
        "policy. What is minus log(1/x)?",
        "Add lam times the new log-likelihood to the weighted advantage of each step, then sum "
        "over the steps and average over the episodes.",
        "The term of one step is `np.exp(logp_new - logp_old) * A + lam * logp_new`.",
    ),
    cases=cases,
    mistakes=MISTAKES,
    stress=(
        Stress(
            (np.array([[-800.0]]), np.array([[-801.0]]), np.array([[1.0]]), 0.5),
            "with log-likelihoods near -800, as joint densities in many dimensions have, your "
            "likelihoods underflow. Subtract the logarithms before the exponential, and use "
            "`logp_new` as it is given.",
        ),
    ),
)
