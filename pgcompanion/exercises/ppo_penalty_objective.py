"""Exercise: the penalised objective of PPO from samples."""

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake, Stress
from pgcompanion.exercises.engine.slips import (
    centred,
    first_step_only,
    last_step_only,
    mean_over_steps,
    negated,
    new_likelihood_only,
    no_weights,
    ratio_of_logarithms,
    standard,
    standardised,
    sum_over_episodes,
    trajectory_ratio,
)

STATEMENT = r"""
PPO moves the KL constraint into the objective as a penalty with the price $\lambda$. The divergence of
the trajectories, from the old policy to the new, is the mean under the old policy of $\sum_h \log
\bigl( \pi^k(a_h \mid s_h) / \pi_\theta(a_h \mid s_h) \bigr)$, so that episodes of the old policy estimate it
together with the surrogate of TRPO. What does not depend on $\theta$ is left out.

Write `ppo_penalty_objective(logp_new, logp_old, A, lam)`, the penalised objective that is to be
maximised, without this constant. The three arrays have shape `(N, H)`: the logarithms of the two
likelihoods of the actions that were taken, and the advantages. Return one number.
"""


def ppo_penalty_objective(
    logp_new: np.ndarray, logp_old: np.ndarray, A: np.ndarray, lam: float
) -> float:
    """The surrogate of N episodes less the KL penalty, up to a constant.

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
    Mistake(
        "log_ratio_penalised",
        lambda logp_new, logp_old, A, lam: _mean(
            np.exp(logp_new - logp_old) * A - lam * (logp_new - logp_old)
        ),
        "You subtracted the log-ratio of new and old. The divergence is log(old/new), averaged under the old policy; without the part that does not depend on theta, minus lam times it is lam log pi.",
        "ppo",
    ),
    Mistake(
        "divided_by_lambda",
        lambda logp_new, logp_old, A, lam: _mean(np.exp(logp_new - logp_old) * A + logp_new / lam),
        "You divided the penalty by lam. It is the price of the divergence: it multiplies.",
        "ppo",
    ),
    Mistake(
        "likelihood_penalised",
        lambda logp_new, logp_old, A, lam: _mean(
            np.exp(logp_new - logp_old) * A + lam * np.exp(logp_new)
        ),
        "Your penalty has the new likelihood without its logarithm. minus log(1/pi) is log pi, which is `logp_new` as it is given.",
        "ppo",
    ),
    Mistake(
        "one_over_the_likelihood",
        lambda logp_new, logp_old, A, lam: _mean(
            np.exp(logp_new - logp_old) * A - lam / np.exp(logp_new)
        ),
        "Your penalty has 1/pi without its logarithm. log(1/pi) is minus log pi.",
        "ppo",
    ),
    Mistake(
        "penalty_averaged_over_steps",
        lambda logp_new, logp_old, A, lam: (
            _mean(np.exp(logp_new - logp_old) * A) + lam * logp_new.mean()
        ),
        "You averaged the penalty over the steps as well. It stands inside the sum: both terms are summed over the steps and averaged over the episodes.",
        "ppo",
    ),
    Mistake(
        "penalty_summed_over_episodes",
        lambda logp_new, logp_old, A, lam: (
            _mean(np.exp(logp_new - logp_old) * A) + lam * logp_new.sum()
        ),
        "You summed the penalty over the episodes. Both terms are averaged over them: 1/N stands in front of everything.",
        "ppo",
    ),
    Mistake(
        "entropy_like",
        lambda logp_new, logp_old, A, lam: _mean(
            np.exp(logp_new - logp_old) * A - lam * np.exp(logp_new) * logp_new
        ),
        "You weighed the log-likelihood by the likelihood, as in an entropy. The episodes are samples of the old policy already: the mean over them is the expectation.",
        "ppo",
    ),
    Mistake(
        "surrogate_weighed_down",
        lambda logp_new, logp_old, A, lam: _mean(
            (1 - lam) * np.exp(logp_new - logp_old) * A + lam * logp_new
        ),
        "You multiplied the surrogate by 1 - lam. lam is no mixing weight but a price: the surrogate counts in full.",
        "ppo",
    ),
    Mistake(
        "quadratic_penalty",
        lambda logp_new, logp_old, A, lam: _mean(
            np.exp(logp_new - logp_old) * A - lam * (logp_new - logp_old) ** 2 / 2
        ),
        "You used the squared log-ratio. That is another estimate of the divergence; the formula has log(1/pi).",
        "ppo",
    ),
    Mistake(
        "penalty_only",
        lambda logp_new, logp_old, A, lam: lam * _mean(logp_new),
        "The surrogate is missing: this is the penalty alone.",
        "ppo",
    ),
    Mistake(
        "logarithm_of_a_logarithm",
        lambda logp_new, logp_old, A, lam: _mean(
            np.exp(logp_new - logp_old) * A - lam * np.log(1 / np.abs(logp_new))
        ),
        "You took the logarithm of `logp_new`, which already is one. log(1/pi) is `-logp_new`.",
        "ppo",
    ),
    no_weights(lambda logp_new, logp_old, A, lam: _mean(A + lam * logp_new), "ppo"),
    ratio_of_logarithms(
        lambda logp_new, logp_old, A, lam: _mean(logp_new / logp_old * A + lam * logp_new), "ppo"
    ),
    new_likelihood_only(
        lambda logp_new, logp_old, A, lam: _mean(np.exp(logp_new) * A + lam * logp_new), "ppo"
    ),
    trajectory_ratio(
        lambda logp_new, logp_old, A, lam: (
            np.exp((logp_new - logp_old).sum(axis=1)) * A.sum(axis=1) + lam * logp_new.sum(axis=1)
        ).mean(),
        "ppo",
    ),
    centred(
        lambda logp_new, logp_old, A, lam: _mean(
            np.exp(logp_new - logp_old) * (A - A.mean()) + lam * logp_new
        ),
        "ppo",
    ),
    standardised(
        lambda logp_new, logp_old, A, lam: _mean(
            np.exp(logp_new - logp_old) * standard(A) + lam * logp_new
        ),
        "ppo",
    ),
    first_step_only(
        lambda logp_new, logp_old, A, lam: (np.exp(logp_new - logp_old) * A + lam * logp_new)[
            :, 0
        ].mean(),
        "ppo",
    ),
    last_step_only(
        lambda logp_new, logp_old, A, lam: (np.exp(logp_new - logp_old) * A + lam * logp_new)[
            :, -1
        ].mean(),
        "ppo",
    ),
    Mistake(
        "gain_only",
        lambda logp_new, logp_old, A, lam: _mean(
            (np.exp(logp_new - logp_old) - 1) * A + lam * logp_new
        ),
        "You took 1 away from the ratios. The surrogate that is asked for keeps it.",
        "ppo",
    ),
    Mistake(
        "lambda_squared",
        lambda logp_new, logp_old, A, lam: _mean(
            np.exp(logp_new - logp_old) * A + lam**2 * logp_new
        ),
        "You squared lam. It is a price, and multiplies once.",
        "ppo",
    ),
    Mistake(
        "positive_estimate",
        lambda logp_new, logp_old, A, lam: _mean(
            np.exp(logp_new - logp_old) * A
            - lam * (np.exp(logp_new - logp_old) - 1 - logp_new + logp_old)
        ),
        "You used another estimate of the divergence, ratio - 1 - log ratio. The one that is asked for is the plain log(1/pi).",
        "ppo",
    ),
    Mistake(
        "weighed_by_the_old_likelihood",
        lambda logp_new, logp_old, A, lam: _mean(
            np.exp(logp_new - logp_old) * A - lam * np.exp(logp_old) * (logp_old - logp_new)
        ),
        "You weighed the log-ratio by the old likelihood. The episodes are samples of the old policy already, and the constant part is left out.",
        "ppo",
    ),
    Mistake(
        "clipped",
        lambda logp_new, logp_old, A, lam: _mean(
            np.minimum(
                np.exp(logp_new - logp_old) * A, np.clip(np.exp(logp_new - logp_old), 0.8, 1.2) * A
            )
            + lam * logp_new
        ),
        "You clipped the ratios as well. The penalty takes the place of the clip.",
        "ppo",
    ),
    Mistake(
        "sign_and_no_exponential",
        lambda logp_new, logp_old, A, lam: _mean((logp_new - logp_old) * A - lam * logp_new),
        "Two things: the exponential of the log-ratio is missing, and the penalty has the wrong sign.",
        "ppo",
    ),
    Mistake(
        "inverted_and_sign",
        lambda logp_new, logp_old, A, lam: _mean(np.exp(logp_old - logp_new) * A - lam * logp_new),
        "Two things: the ratio is upside down, and the penalty has the wrong sign.",
        "ppo",
    ),
    Mistake(
        "reward_and_old_policy",
        lambda logp_new, logp_old, A, lam: _mean(A + lam * logp_old),
        "Two things: the ratio is missing, and the penalty has the old likelihood. Nothing depends on theta any more.",
        "ppo",
    ),
    Mistake(
        "penalty_on_the_ratio",
        lambda logp_new, logp_old, A, lam: _mean(
            np.exp(logp_new - logp_old) * A - lam * np.exp(logp_new - logp_old)
        ),
        "You penalised the ratio itself. The divergence has its logarithm.",
        "ppo",
    ),
    Mistake(
        "ratio_in_the_penalty",
        lambda logp_new, logp_old, A, lam: _mean(np.exp(logp_new - logp_old) * (A + lam)),
        "Your penalty holds the ratio, whose mean is 1 whatever the new policy. The divergence is a mean of logarithms: lam times log pi.",
        "ppo",
    ),
    Mistake(
        "squared_log_ratio",
        lambda logp_new, logp_old, A, lam: _mean(
            np.exp(logp_new - logp_old) * A - lam * (logp_new - logp_old) ** 2
        ),
        "Your penalty is the squared logarithm of the ratio. It is of the same order near the old policy and another quantity; the divergence is the mean of the logarithm itself.",
        "ppo",
    ),
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
