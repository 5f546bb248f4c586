"""Exercise: the REINFORCE estimator."""

# mypy: disable-error-code="no-any-return"

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake
from pgcompanion.exercises.engine.slips import (
    discounted,
    first_episode_only,
    last_step_only,
    mean_over_steps,
    negated,
    standard,
    standardised,
    sum_over_episodes,
)

STATEMENT = r"""
REINFORCE weighs the score of a whole trajectory, the sum of the scores of its actions, by its return.
The mean over trajectories is $\nabla J(\theta)$, as the theorem of the chapter says.

Write `reinforce_gradient(scores, r)`, which estimates it from $N$ sampled episodes. The array `scores`
of shape `(N, H, p)` holds the score of each action, `r` of shape `(N, H)` the rewards. Return an array
of shape `(p,)`.
"""


def reinforce_gradient(scores: np.ndarray, r: np.ndarray) -> np.ndarray:
    """The REINFORCE estimate: the mean of score times return.

    scores: (N, H, p); r: (N, H). Returns (p,).
    """
    trajectory_scores = scores.sum(axis=1)
    returns = r.sum(axis=1)
    return (trajectory_scores * returns[:, None]).mean(axis=0)


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    yield np.array([[[1.0], [-2.0]]]), np.array([[3.0, 1.0]])
    yield np.array([[[1.0], [2.0]], [[-1.0], [3.0]]]), np.array([[4.0, 1.0], [2.0, -1.0]])
    for N, H, p in [(2, 2, 2), (3, 2, 3), (3, 4, 2)]:
        yield rng.integers(-4, 5, (N, H, p)) / 2, rng.integers(-3, 6, (N, H)).astype(float)


def _weighted(scores: np.ndarray, psi: np.ndarray) -> np.ndarray:
    return np.einsum("nhp,nh->p", scores, psi) / len(scores)


MISTAKES = (
    Mistake(
        "own_reward_only",
        _weighted,
        "You weighed the score of step h by the reward of step h alone. An action also brings "
        "about the rewards that come later: REINFORCE gives each score the return of the whole "
        "episode.",
        "reinforce_pg",
    ),
    Mistake(
        "reward_to_go",
        lambda scores, r: _weighted(scores, np.cumsum(r[:, ::-1], axis=1)[:, ::-1]),
        "You weighed each score by the reward-to-go. That estimator has the same mean and is the "
        "next idea of the chapter; this exercise asks for REINFORCE itself, where every score of "
        "an episode gets the whole return.",
        "pg_with_q",
    ),
    Mistake(
        "product_of_means",
        lambda scores, r: scores.sum(axis=1).mean(axis=0) * r.sum(axis=1).mean(),
        "You averaged the scores and the returns separately and multiplied the two means. The "
        "gradient lies in how they vary together: multiply within each episode first, then take "
        "the mean over the episodes.",
        "reinforce_pg",
    ),
    Mistake(
        "steps_not_summed",
        lambda scores, r: (scores * r.sum(axis=1)[:, None, None]).mean(axis=0),
        "Your result still has one row for each step. The score of a trajectory is the sum of the "
        "scores of its actions: sum over the steps too, which leaves shape (p,).",
        "reinforce_pg",
    ),
    Mistake(
        "first_score_only",
        lambda scores, r: (scores[:, 0] * r.sum(axis=1)[:, None]).mean(axis=0),
        "You used the score of the first action alone. The likelihood of a trajectory is a "
        "product over all steps, so its score is a sum over all steps.",
        "reinforce_pg",
    ),
    Mistake(
        "return_normalised",
        lambda scores, r: _weighted(
            scores, np.broadcast_to(r.sum(axis=1, keepdims=True) - r.sum(axis=1).mean(), r.shape)
        ),
        "You took the mean return of the batch away from each return. That is a baseline, and one "
        "that reuses the very episodes it is applied to: it shrinks the mean of the estimate by "
        "the factor 1 - 1/N. This exercise asks for the plain return.",
        "pg_baseline_algorithm",
    ),
    mean_over_steps(reinforce_gradient, "reinforce_pg"),
    sum_over_episodes(reinforce_gradient, "reinforce_pg"),
    negated(reinforce_gradient, "reinforce_pg"),
    Mistake(
        "from_the_start",
        lambda scores, r: _weighted(scores, np.cumsum(r, axis=1)),
        "You weighed the score of step h by the rewards up to step h. An action cannot change what came before it; the formula has the whole return, and what may be left out is the past, not the future.",
        "pg_with_q",
    ),
    Mistake(
        "last_reward_only",
        lambda scores, r: _weighted(scores, np.repeat(r[:, -1:], r.shape[1], axis=1)),
        "You used the reward of the last step as the return. The return of an episode is the sum of all its rewards.",
        "reinforce_pg",
    ),
    Mistake(
        "episodes_and_steps_exchanged",
        lambda scores, r: (scores.sum(axis=0) * r.sum(axis=0)[:, None]).mean(axis=0),
        "You summed over axis 0 and averaged over axis 1. Axis 0 counts the episodes, which are averaged; axis 1 counts the steps of an episode, which are summed.",
        "reinforce_pg",
    ),
    Mistake(
        "mean_over_episodes_and_their_returns",
        lambda scores, r: scores.sum(axis=(0, 1)) * r.sum() / len(r),
        "You summed the scores and the rewards over the whole batch before you multiplied. Each trajectory has a score and a return of its own: multiply within the episode, then average.",
        "reinforce_pg",
    ),
    last_step_only(
        lambda scores, r: (scores[:, -1] * r.sum(axis=1)[:, None]).mean(axis=0), "reinforce_pg"
    ),
    first_episode_only(lambda scores, r: reinforce_gradient(scores[:1], r[:1]), "reinforce_pg"),
    standardised(
        lambda scores, r: (scores.sum(axis=1) * standard(r.sum(axis=1))[:, None]).mean(axis=0),
        "reinforce_pg",
    ),
    discounted(
        lambda scores, r: reinforce_gradient(scores, r * 0.99 ** np.arange(r.shape[1])),
        "reinforce_pg",
    ),
    Mistake(
        "last_episode_only",
        lambda scores, r: reinforce_gradient(scores[-1:], r[-1:]),
        "Only the last episode is left in your result. Add up over the episodes, with `+=`, and divide by N.",
        "reinforce_pg",
    ),
    Mistake(
        "returns_squared",
        lambda scores, r: reinforce_gradient(scores, r * r.sum(axis=1, keepdims=True)),
        "You multiplied by the return twice. The score is weighed by it once.",
        "reinforce_pg",
    ),
    Mistake(
        "last_reward_missing",
        lambda scores, r: reinforce_gradient(scores, r * (np.arange(r.shape[1]) < r.shape[1] - 1)),
        "The last reward is missing from your return: a slice `:-1` stops before it.",
        "reinforce_pg",
    ),
    Mistake(
        "strictly_later_rewards",
        lambda scores, r: _weighted(scores, r.sum(axis=1, keepdims=True) - np.cumsum(r, axis=1)),
        "You weighed each score by the rewards after its step, without its own. The formula has the whole return; what may be left out is the past.",
        "pg_with_q",
    ),
    Mistake(
        "averaged_over_episodes_first",
        lambda scores, r: (scores.mean(axis=0) * r.mean(axis=0)[:, None]).sum(axis=0),
        "You averaged over the episodes before you multiplied, and paired each step with its own reward. Each trajectory has a score and a return of its own: multiply within the episode, then average.",
        "reinforce_pg",
    ),
)

exercise = Exercise(
    title="REINFORCE",
    label="reinforce_pg",
    statement=STATEMENT.strip(),
    solution=reinforce_gradient,
    hints=(
        "Take one episode first. It has one return, and one score of length p for the whole "
        "trajectory. What is that score made of?",
        "Sum the scores over the steps, sum the rewards over the steps, multiply the two within "
        "each episode, and take the mean over the episodes at the very end.",
        "`scores.sum(axis=1)` has shape (N, p), and `r.sum(axis=1)[:, None]` has shape (N, 1).",
    ),
    cases=cases,
    mistakes=MISTAKES,
)
