"""Exercise: the policy gradient of a discounted objective."""

# mypy: disable-error-code="no-any-return"

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake
from pgcompanion.exercises.engine.slips import (
    first_episode_only,
    first_step_only,
    last_step_only,
    mean_over_steps,
    negated,
    standard,
    standardised,
    sum_over_episodes,
)

STATEMENT = r"""
The objective is $J_\gamma(\theta) = \mathbb E \sum_h \gamma^h r_h$. Its gradient is a mean over
trajectories of scores, each multiplied by $Q_h(s_h, a_h)$ and by one thing more. Here $Q_h$ looks ahead
from step $h$ and counts its own rewards from $\gamma^0$ on, while $J_\gamma$ looks ahead from step 0.

Write `discounted_gradient(scores, Q, gamma)`, which estimates $\nabla J_\gamma$ from $N$ episodes:
`scores` has shape `(N, H, p)`, and `Q` of shape `(N, H)` holds $Q_h$ at the states and actions that
were visited. Return an array of shape `(p,)`.
"""


def discounted_gradient(scores: np.ndarray, Q: np.ndarray, gamma: float) -> np.ndarray:
    """The gradient of the discounted objective, from Q along episodes.

    scores: (N, H, p); Q: (N, H); gamma: a number. Returns (p,).
    """
    discounts = gamma ** np.arange(Q.shape[1])
    return ((discounts * Q)[:, :, None] * scores).sum(axis=1).mean(axis=0)


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    yield np.array([[[1.0], [2.0]]]), np.array([[3.0, 1.0]]), 0.5
    for N, H, p, gamma in [(2, 2, 1, 0.5), (2, 3, 2, 0.9), (3, 4, 2, 0.8)]:
        yield rng.integers(-4, 5, (N, H, p)) / 2, rng.integers(-3, 6, (N, H)).astype(float), gamma


def _weighted(scores: np.ndarray, psi: np.ndarray) -> np.ndarray:
    return np.einsum("nhp,nh->p", scores, psi) / len(scores)


def _steps(Q: np.ndarray) -> np.ndarray:
    return np.arange(Q.shape[1])


def _to_go(x: np.ndarray) -> np.ndarray:
    return np.cumsum(x[:, ::-1], axis=1)[:, ::-1]


def _decayed(x: np.ndarray, gamma: float) -> np.ndarray:
    powers = gamma ** _steps(x)
    return _to_go(powers * x) / powers


MISTAKES = (
    Mistake(
        "no_discount",
        lambda scores, Q, gamma: _weighted(scores, Q),
        "The factor gamma**h is missing. Q counts its rewards from step h as if the episode began "
        "there; seen from the start they are worth gamma**h times as much. Much published code "
        "leaves the factor out, and what is left is in general the gradient of no function.",
        "pg_discounted",
    ),
    Mistake(
        "one_step_too_many",
        lambda scores, Q, gamma: _weighted(scores, gamma ** (_steps(Q) + 1) * Q),
        "Your powers of gamma begin at gamma**1. Steps are counted from 0, and nothing is "
        "discounted at step 0.",
        "pg_discounted",
    ),
    Mistake(
        "gamma_once",
        lambda scores, Q, gamma: _weighted(scores, gamma * Q),
        "You multiplied every step by the same gamma. The discount grows with the time that has "
        "passed: step h has gamma to the power h.",
        "pg_discounted",
    ),
    Mistake(
        "reversed_powers",
        lambda scores, Q, gamma: _weighted(scores, gamma ** _steps(Q)[::-1] * Q),
        "Your powers of gamma run the wrong way, so that the last step counts in full and the "
        "first is discounted most. Distance is measured from the start of the episode, not from "
        "its end.",
        "pg_discounted",
    ),
    Mistake(
        "normalised_visits",
        lambda scores, Q, gamma: (1 - gamma) * discounted_gradient(scores, Q, gamma),
        "Your result carries a factor 1 - gamma. It turns the discounted visits into a "
        "probability distribution, and a formula written with that distribution divides by it "
        "again. Here the sum over the steps is plain.",
        "pg_discounted",
    ),
    mean_over_steps(discounted_gradient, "pg_discounted"),
    sum_over_episodes(discounted_gradient, "pg_discounted"),
    negated(discounted_gradient, "pg_discounted"),
    Mistake(
        "multiplied_by_the_step",
        lambda scores, Q, gamma: _weighted(scores, gamma * _steps(Q) * Q),
        "You multiplied by h where h is an exponent: `gamma ** h`, not `gamma * h`. Already at h = 0 the factor is 1.",
        "pg_discounted",
    ),
    Mistake(
        "divided_by_the_discount",
        lambda scores, Q, gamma: _weighted(scores, Q / gamma ** _steps(Q)),
        "You divided by the discounts. A reward that comes later is worth less at the start: multiply by gamma ** h.",
        "pg_discounted",
    ),
    Mistake(
        "discounted_twice",
        lambda scores, Q, gamma: _weighted(scores, gamma ** (2 * _steps(Q)) * Q),
        "You discounted twice, by gamma to the power 2 h. Q counts its own rewards from gamma ** 0 on, so one factor gamma ** h takes them to the start.",
        "pg_discounted",
    ),
    Mistake(
        "q_summed_again",
        lambda scores, Q, gamma: _weighted(scores, gamma ** _steps(Q) * _to_go(Q)),
        "You summed Q over the later steps. Q already is a sum of what follows: it is rewards that are summed, and Q[h] stands alone.",
        "pg_discounted",
    ),
    Mistake(
        "discounted_q_summed_again",
        lambda scores, Q, gamma: _weighted(scores, _to_go(gamma ** _steps(Q) * Q)),
        "You discounted Q and summed it over the later steps. Q already is the sum of what follows step h: multiply it by gamma ** h and leave it alone.",
        "pg_discounted",
    ),
    Mistake(
        "q_as_rewards",
        lambda scores, Q, gamma: _weighted(scores, _decayed(Q, gamma)),
        "You treated Q as rewards and made discounted sums of them. Q already holds those sums.",
        "pg_discounted",
    ),
    Mistake(
        "all_scores_with_all_values",
        lambda scores, Q, gamma: (
            scores.sum(axis=1) * (gamma ** _steps(Q) * Q).sum(axis=1)[:, None]
        ).mean(axis=0),
        "You multiplied the summed scores with the summed values. Each score goes with the Q of its own step: multiply first, then sum over the steps.",
        "pg_discounted",
    ),
    Mistake(
        "weights_normalised",
        lambda scores, Q, gamma: _weighted(
            scores, gamma ** _steps(Q) * Q / (gamma ** _steps(Q)).sum()
        ),
        "You divided by the sum of the discounts, as for a weighted mean. The gradient is a sum with the weights gamma ** h themselves.",
        "pg_discounted",
    ),
    Mistake(
        "values_centred",
        lambda scores, Q, gamma: _weighted(scores, gamma ** _steps(Q) * (Q - Q.mean())),
        "You took the mean of Q away. That is a baseline of your own, made from the same samples; the formula has Q itself.",
        "pg_discounted",
    ),
    Mistake(
        "same_power_everywhere",
        lambda scores, Q, gamma: _weighted(scores, gamma ** Q.shape[1] * Q),
        "You used one power of gamma, that of the horizon, at every step. The power is the index of the step.",
        "pg_discounted",
    ),
    Mistake(
        "last_power_everywhere",
        lambda scores, Q, gamma: _weighted(scores, gamma ** (Q.shape[1] - 1) * Q),
        "You used the power of the last step at every step. Each step h has its own factor, gamma ** h.",
        "pg_discounted",
    ),
    Mistake(
        "power_of_the_episode",
        lambda scores, Q, gamma: _weighted(scores, gamma ** np.arange(len(Q))[:, None] * Q),
        "You discounted by the number of the episode. The episodes are equally good samples; it is the steps, along axis 1, that are discounted.",
        "pg_discounted",
    ),
    standardised(
        lambda scores, Q, gamma: _weighted(scores, gamma ** _steps(Q) * standard(Q)),
        "pg_discounted",
    ),
    first_step_only(
        lambda scores, Q, gamma: (scores[:, 0] * Q[:, :1]).mean(axis=0), "pg_discounted"
    ),
    last_step_only(
        lambda scores, Q, gamma: (
            gamma ** (Q.shape[1] - 1) * (scores[:, -1] * Q[:, -1:]).mean(axis=0)
        ),
        "pg_discounted",
    ),
    first_episode_only(
        lambda scores, Q, gamma: discounted_gradient(scores[:1], Q[:1], gamma), "pg_discounted"
    ),
    Mistake(
        "one_minus_gamma",
        lambda scores, Q, gamma: _weighted(scores, (1 - gamma) ** _steps(Q) * Q),
        "You used powers of 1 - gamma. The weight of a reward at step h is gamma ** h.",
        "pg_discounted",
    ),
    Mistake(
        "td_residuals",
        lambda scores, Q, gamma: _weighted(
            scores, gamma ** _steps(Q) * (Q - gamma * np.hstack([Q[:, 1:], np.zeros((len(Q), 1))]))
        ),
        "You took differences of successive values. Q[h] stands alone: it already looks ahead to the end.",
        "pg_discounted",
    ),
    Mistake(
        "mean_over_episodes_removed",
        lambda scores, Q, gamma: _weighted(scores, gamma ** _steps(Q) * (Q - Q.mean(axis=0))),
        "You took the mean over the episodes away from Q. That is a baseline of your own, made from the same samples; the formula has Q itself.",
        "pg_discounted",
    ),
    Mistake(
        "first_value_for_all",
        lambda scores, Q, gamma: _weighted(scores, gamma ** _steps(Q) * Q[:, :1]),
        "You used the value of the first step for all steps. Step h has its own, Q[:, h].",
        "pg_discounted",
    ),
    Mistake(
        "exponential_discount",
        lambda scores, Q, gamma: _weighted(scores, np.exp(-gamma * _steps(Q)) * Q),
        "You discounted by exp(-gamma h). The weight is the power gamma ** h.",
        "pg_discounted",
    ),
    Mistake(
        "all_scores_with_the_first_value",
        lambda scores, Q, gamma: (scores.sum(axis=1) * Q[:, :1]).mean(axis=0),
        "You multiplied the summed scores with the value of the first step. Each score goes with the Q of its own step, discounted to the start.",
        "pg_discounted",
    ),
    Mistake(
        "discounted_scores_with_all_values",
        lambda scores, Q, gamma: (
            (scores * (gamma ** _steps(Q))[:, None]).sum(axis=1) * Q.sum(axis=1)[:, None]
        ).mean(axis=0),
        "You multiplied the discounted scores, summed, with the summed values. Multiply first, step by step, then sum.",
        "pg_discounted",
    ),
)

exercise = Exercise(
    title="The discounted gradient",
    label="pg_discounted",
    statement=STATEMENT.strip(),
    solution=discounted_gradient,
    hints=(
        "Q at step h looks ahead from step h. The objective looks ahead from step 0. How much is "
        "a reward at step h worth, seen from the start?",
        "Weigh the score of step h by gamma**h times Q, sum over the steps, average over the "
        "episodes.",
        "`gamma ** np.arange(H)` holds the H factors, and multiplies the columns of `Q`.",
    ),
    cases=cases,
    mistakes=MISTAKES,
)
