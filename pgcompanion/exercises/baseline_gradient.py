"""Exercise: the policy gradient with a baseline."""

# mypy: disable-error-code="no-any-return"

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake
from pgcompanion.exercises.engine.slips import (
    discounted,
    first_episode_only,
    first_step_only,
    last_step_only,
    mean_over_steps,
    not_flipped_back,
    standard,
    standardised,
    sum_over_episodes,
)

STATEMENT = r"""
A baseline may be taken from the reward-to-go without changing the mean of the estimator: the score of
each step is weighed by what came from this step on, less what was expected in this state.

Write `baseline_gradient(scores, r, b)`, which estimates $\nabla J(\theta)$ in this way from $N$
episodes. The arrays are `scores` `(N, H, p)`, the rewards `r` `(N, H)`, and `b` `(N, H)`: the value of
the baseline at the states that were visited. Return an array of shape `(p,)`.
"""


def baseline_gradient(scores: np.ndarray, r: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The policy gradient estimated with rewards-to-go and a baseline.

    scores: (N, H, p); r: (N, H); b: (N, H). Returns (p,).
    """
    to_go = np.cumsum(r[:, ::-1], axis=1)[:, ::-1]
    return ((to_go - b)[:, :, None] * scores).sum(axis=1).mean(axis=0)


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    yield np.array([[[1.0], [2.0]]]), np.array([[3.0, 1.0]]), np.array([[2.0, 1.5]])
    for N, H, p in [(2, 2, 1), (2, 3, 2), (3, 4, 2)]:
        scores = rng.integers(-4, 5, (N, H, p)) / 2
        yield scores, rng.integers(-3, 6, (N, H)).astype(float), rng.integers(-4, 9, (N, H)) / 2


def _weighted(scores: np.ndarray, psi: np.ndarray) -> np.ndarray:
    return np.einsum("nhp,nh->p", scores, psi) / len(scores)


def _to_go(r: np.ndarray) -> np.ndarray:
    return np.cumsum(r[:, ::-1], axis=1)[:, ::-1]


def _decayed(r: np.ndarray, gamma: float) -> np.ndarray:
    powers = gamma ** np.arange(r.shape[1])
    return _to_go(powers * r) / powers


MISTAKES = (
    Mistake(
        "baseline_added",
        lambda scores, r, b: _weighted(scores, _to_go(r) + b),
        "You added the baseline. It is what was to be expected in that state, and the score is "
        "weighed by how much better things went than expected: subtract it.",
        "pg_baseline",
    ),
    Mistake(
        "no_baseline",
        lambda scores, r, b: _weighted(scores, _to_go(r)),
        "You left the baseline out. The mean would be the same, but for these N episodes the "
        "estimate is another number, and usually a noisier one.",
        "pg_baseline",
    ),
    Mistake(
        "whole_return",
        lambda scores, r, b: _weighted(scores, r.sum(axis=1, keepdims=True) - b),
        "You took the baseline from the whole return of the episode. The baseline b[h] predicts "
        "what comes from step h on, so it is to be compared with the reward-to-go of step h.",
        "pg_baseline",
    ),
    Mistake(
        "baseline_inside_the_sum",
        lambda scores, r, b: _weighted(scores, _to_go(r - b)),
        "You took the baseline from each reward before summing, so that step h loses the "
        "baselines of all later steps as well. The baseline of step h is subtracted once, from "
        "the finished sum. The later ones depend on later states, and so on the action at h.",
        "pg_baseline",
    ),
    Mistake(
        "own_reward_only",
        lambda scores, r, b: _weighted(scores, r - b),
        "You compared the baseline with the reward of step h alone. The sum runs over all the "
        "rewards from step h to the end.",
        "pg_baseline",
    ),
    Mistake(
        "own_reward_repeated",
        lambda scores, r, b: _weighted(scores, r * np.arange(r.shape[1], 0, -1) - b),
        "You added the same reward r[h] once for every step that is left. The index of the inner "
        "sum has to move: r[h] + r[h+1] + ... + r[H-1]. This slip has been printed in lecture "
        "notes, and it biases the gradient.",
        "pg_baseline",
    ),
    Mistake(
        "from_the_start",
        lambda scores, r, b: _weighted(scores, np.cumsum(r, axis=1) - b),
        "You summed the rewards from the start up to step h. The action at step h cannot change "
        "what came before it: sum from step h to the end. `r[:, ::-1]` "
        "reverses the steps, `r[::-1]` only the episodes.",
        "pg_with_q",
    ),
    mean_over_steps(baseline_gradient, "pg_baseline"),
    sum_over_episodes(baseline_gradient, "pg_baseline"),
    Mistake(
        "negated",
        lambda scores, r, b: -baseline_gradient(scores, r, b),
        "The sign is the wrong way round: either you weighed by b minus the reward-to-go, or you "
        "returned the gradient of a loss. What came less what was expected, R - b, is positive for "
        "an action to be made more likely.",
        "pg_baseline",
    ),
    Mistake(
        "all_scores_with_all_weights",
        lambda scores, r, b: (scores.sum(axis=1) * (r.sum(axis=1) - b.sum(axis=1))[:, None]).mean(
            axis=0
        ),
        "You multiplied the summed scores with summed rewards and baselines. Each score goes with the reward-to-go and the baseline of its own step: multiply first, then sum.",
        "pg_baseline",
    ),
    Mistake(
        "one_baseline_for_all",
        lambda scores, r, b: _weighted(scores, _to_go(r) - b.mean()),
        "You replaced the baseline by its mean over all states and steps. It may depend on the step and the state, and does: subtract b[n, h] itself.",
        "pg_baseline",
    ),
    Mistake(
        "baseline_averaged_over_episodes",
        lambda scores, r, b: _weighted(scores, _to_go(r) - b.mean(axis=0)),
        "You averaged the baseline over the episodes. Each episode passed through states of its own: subtract b[n, h], entry by entry.",
        "pg_baseline",
    ),
    Mistake(
        "baseline_of_your_own",
        lambda scores, r, b: _weighted(scores, _to_go(r) - _to_go(r).mean(axis=0)),
        "You subtracted the mean reward-to-go of the batch and left the given b unused. Such a mean contains the episode's own rewards, which biases the estimate.",
        "pg_baseline",
    ),
    Mistake(
        "first_baseline_only",
        lambda scores, r, b: _weighted(scores, _to_go(r) - b[:, :1]),
        "You subtracted the baseline of the first step at every step. What is expected changes as the episode goes on: step h has b[n, h].",
        "pg_baseline",
    ),
    Mistake(
        "baseline_of_the_next_step",
        lambda scores, r, b: _weighted(
            scores, _to_go(r) - np.hstack([b[:, 1:], np.zeros((len(b), 1))])
        ),
        "Your baseline is one step late: at step h you subtracted b[h+1]. The later state already depends on the action at h, so this baseline biases the gradient.",
        "pg_baseline",
    ),
    Mistake(
        "baseline_of_the_step_before",
        lambda scores, r, b: _weighted(
            scores, _to_go(r) - np.hstack([np.zeros((len(b), 1)), b[:, :-1]])
        ),
        "Your baseline is one step early: at step h you subtracted b[h-1]. What was expected in this state is b[h].",
        "pg_baseline",
    ),
    Mistake(
        "baseline_rolled",
        lambda scores, r, b: _weighted(scores, _to_go(r) - np.roll(b, -1, axis=1)),
        "`np.roll` moved the baseline by one step and wrapped the first entry around to the end. The baseline of step h is b[h], where it stands already.",
        "pg_baseline",
    ),
    Mistake(
        "td_residual",
        lambda scores, r, b: _weighted(
            scores, r + np.hstack([b[:, 1:], np.zeros((len(b), 1))]) - b
        ),
        "You used TD residuals: one reward, and the baseline of the next state for everything after. The formula has the rewards that really came, up to the end of the episode.",
        "pg_baseline",
    ),
    Mistake(
        "strictly_later_rewards",
        lambda scores, r, b: _weighted(scores, _to_go(r) - r - b),
        "The reward of step h itself is missing: your sum begins at h + 1. The action at step h earns r[h] first of all.",
        "pg_baseline",
    ),
    Mistake(
        "baseline_multiplied",
        lambda scores, r, b: _weighted(scores, _to_go(r) * b),
        "You multiplied by the baseline. It is subtracted: the score is weighed by how much better things went than expected.",
        "pg_baseline",
    ),
    Mistake(
        "baseline_only",
        lambda scores, r, b: _weighted(scores, b),
        "You weighed the scores by the baseline alone, without any reward. That term has mean zero: it is what is subtracted from the rewards-to-go.",
        "pg_baseline",
    ),
    Mistake(
        "subtracted_from_the_gradient",
        lambda scores, r, b: _weighted(scores, _to_go(r)) - b.mean(),
        "You subtracted the baseline from the finished gradient. It belongs inside, beside the reward-to-go, where the score multiplies it.",
        "pg_baseline",
    ),
    Mistake(
        "rewards_standardised",
        lambda scores, r, b: _weighted(scores, standard(_to_go(r)) - b),
        "You standardised the rewards-to-go and then subtracted the baseline. The two are in the same units, those of the rewards, only as long as neither is rescaled.",
        "pg_baseline",
    ),
    standardised(lambda scores, r, b: _weighted(scores, standard(_to_go(r) - b)), "pg_baseline"),
    not_flipped_back(
        lambda scores, r, b: _weighted(scores, np.cumsum(r[:, ::-1], axis=1) - b), "pg_baseline"
    ),
    first_step_only(
        lambda scores, r, b: (scores[:, 0] * (r.sum(axis=1) - b[:, 0])[:, None]).mean(axis=0),
        "pg_baseline",
    ),
    last_step_only(
        lambda scores, r, b: (scores[:, -1] * (r[:, -1:] - b[:, -1:])).mean(axis=0), "pg_baseline"
    ),
    first_episode_only(
        lambda scores, r, b: baseline_gradient(scores[:1], r[:1], b[:1]), "pg_baseline"
    ),
    discounted(lambda scores, r, b: _weighted(scores, _decayed(r, 0.99) - b), "pg_baseline"),
    Mistake(
        "whole_return_and_no_baseline",
        lambda scores, r, b: _weighted(
            scores, np.repeat(r.sum(axis=1, keepdims=True), r.shape[1], axis=1)
        ),
        "Two things: the baseline is left out, and every score is weighed by the whole return. That is REINFORCE; here it is the reward-to-go less the baseline.",
        "pg_baseline",
    ),
    Mistake(
        "own_reward_and_no_baseline",
        lambda scores, r, b: _weighted(scores, r),
        "Two things: the baseline is left out, and each score is weighed by its own reward alone. It is the reward-to-go less the baseline.",
        "pg_baseline",
    ),
    Mistake(
        "baseline_reversed_in_time",
        lambda scores, r, b: _weighted(scores, _to_go(r) - b[:, ::-1]),
        "Your baseline runs backwards in time: it was reversed together with the rewards, and not reversed back.",
        "pg_baseline",
    ),
    Mistake(
        "without_sign",
        lambda scores, r, b: _weighted(scores, np.abs(_to_go(r) - b)),
        "You took absolute values. Whether things went better or worse than expected decides in which direction the step goes.",
        "pg_baseline",
    ),
    Mistake(
        "worse_than_expected_dropped",
        lambda scores, r, b: _weighted(scores, np.maximum(_to_go(r) - b, 0)),
        "You dropped what went worse than expected. Such actions are to become less likely: their negative weights belong in the sum.",
        "pg_baseline",
    ),
    Mistake(
        "last_baseline_only",
        lambda scores, r, b: _weighted(scores, _to_go(r) - b[:, -1:]),
        "You subtracted the baseline of the last step at every step. Step h has b[n, h].",
        "pg_baseline",
    ),
    Mistake(
        "baseline_averaged_over_steps",
        lambda scores, r, b: _weighted(scores, _to_go(r) - b.mean(axis=1, keepdims=True)),
        "You averaged the baseline over the steps. What is expected changes as the episode goes on: step h has b[n, h].",
        "pg_baseline",
    ),
    Mistake(
        "standardised_step_by_step",
        lambda scores, r, b: _weighted(
            scores,
            ((_to_go(r) - b) - (_to_go(r) - b).mean(axis=0)) / ((_to_go(r) - b).std(axis=0) + 1e-8),
        ),
        "You standardised the weights step by step over the episodes. Here they are taken as they are.",
        "pg_baseline",
    ),
    Mistake(
        "divided_by_the_baseline",
        lambda scores, r, b: _weighted(scores, _to_go(r) / b),
        "You divided by the baseline. It is subtracted: only what is added or subtracted leaves the mean of the gradient as it is.",
        "pg_baseline",
    ),
    Mistake(
        "weights_squared",
        lambda scores, r, b: _weighted(scores, (_to_go(r) - b) ** 2),
        "You squared the difference. Squares are what a value function is fitted with; here the sign says in which direction to go.",
        "pg_baseline",
    ),
    Mistake(
        "centred_in_each_episode",
        lambda scores, r, b: _weighted(
            scores, _to_go(r) - b - (_to_go(r) - b).mean(axis=1, keepdims=True)
        ),
        "You took the mean over the steps of each episode away from the weights. That mean contains what the actions have brought about, and biases the estimate.",
        "pg_baseline",
    ),
)

exercise = Exercise(
    title="A baseline",
    label="pg_baseline",
    statement=STATEMENT.strip(),
    solution=baseline_gradient,
    hints=(
        "Each score is weighed by an estimate of the advantage: what came from this step on, less "
        "what was expected here. Build the array of estimates first. Which shape has it?",
        "The estimates are the rewards-to-go minus b, of shape (N, H). Then multiply, sum over "
        "the steps, average over the episodes.",
        "With `psi` for the estimates, `psi[:, :, None] * scores` has shape (N, H, p).",
    ),
    cases=cases,
    mistakes=MISTAKES,
)
