"""Exercise: the rewards from each step on."""

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake
from pgcompanion.exercises.engine.slips import discounted, standard, standardised

STATEMENT = r"""
What an action is worth cannot depend on rewards that were paid before it. The sum that matters at
step $h$ is the **reward-to-go** $R_h$: what is paid from step $h$ on, up to the end of the episode.

Write `reward_to_go(r)`. The array `r` has shape `(N, H)`: the rewards of $N$ episodes of $H$ steps.
Return the array of the same shape whose entry $(n, h)$ is $R_h(\tau_n)$. For the rewards
$1, 2, 4$ the answer is $7, 6, 4$.
"""


def reward_to_go(r: np.ndarray) -> np.ndarray:
    """The sum of the rewards from step h on, for each episode n and step h.

    r: (N, H). Returns (N, H).
    """
    return np.cumsum(r[:, ::-1], axis=1)[:, ::-1]


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    yield (np.array([[1.0, 2.0, 4.0]]),)
    for shape in [(2, 2), (2, 3), (3, 4), (3, 5)]:
        yield (rng.integers(-8, 12, shape) / 2 + 0.25,)


def _decayed(r: np.ndarray, gamma: float) -> np.ndarray:
    result = r.copy()
    for h in reversed(range(r.shape[1] - 1)):
        result[:, h] += gamma * result[:, h + 1]
    return result


def _carried_over(r: np.ndarray) -> np.ndarray:
    backwards = np.cumsum(r[:, ::-1].ravel()).reshape(r.shape)
    return np.asarray(backwards[:, ::-1])


MISTAKES = (
    Mistake(
        "from_the_start",
        lambda r: np.cumsum(r, axis=1),
        "You summed the rewards from the start of the episode up to step h. The action at step h "
        "cannot change what came before it: sum what comes from step h on. A running sum along "
        "axis 1 has to run backwards: `r[:, ::-1]` reverses the steps, `r[::-1]` only the "
        "episodes.",
        "pg_with_q",
    ),
    Mistake(
        "not_flipped_back",
        lambda r: np.cumsum(r[:, ::-1], axis=1),
        "Your running sum runs backwards, as it should, but its result is left in reversed order: "
        "the sum of all rewards stands at the last step and belongs to the first. Flip the steps "
        "once more.",
        "pg_with_q",
    ),
    Mistake(
        "whole_return",
        lambda r: np.broadcast_to(r.sum(axis=1, keepdims=True), r.shape),
        "You gave every step the whole return of its episode. That is the coefficient of "
        "REINFORCE, and it holds rewards that the action at step h could not influence. Keep only "
        "those from step h on.",
        "pg_with_q",
    ),
    Mistake(
        "next_step_on",
        lambda r: reward_to_go(r) - r,
        "Your sum begins at step h + 1. The reward at step h is paid for the action at step h, so "
        "it belongs to the sum.",
        "pg_with_q",
    ),
    Mistake(
        "own_reward_repeated",
        lambda r: r * np.arange(r.shape[1], 0, -1),
        "You added the same reward r[h] once for every step that is left, which gives (H - h) "
        "times r[h]. The index of the sum has to move: r[h] + r[h+1] + ... + r[H-1].",
        "pg_baseline",
    ),
    Mistake(
        "over_episodes",
        lambda r: np.cumsum(r[::-1], axis=0)[::-1],
        "You summed along the first axis, which mixes different episodes. Rows are episodes and "
        "columns are steps: the sum runs along axis 1.",
        "trajectories",
    ),
    Mistake(
        "down_the_columns",
        lambda r: np.cumsum(r, axis=0),
        "You summed down the columns, which adds up different episodes, and from the first one on. "
        "Rows are episodes and columns are steps: the sum runs along axis 1, from step h to the "
        "end.",
        "trajectories",
    ),
    Mistake(
        "mean_to_go",
        lambda r: reward_to_go(r) / np.arange(r.shape[1], 0, -1),
        "You averaged the rewards that are left. The return is a sum: a step with many rewards "
        "ahead of it has more to answer for than the last one.",
        "pg_with_q",
    ),
    Mistake(
        "accumulator_not_reset",
        lambda r: _carried_over(r),
        "Your running sum goes on from one episode into the next. Begin it anew, at 0, for every episode.",
        "pg_with_q",
    ),
    Mistake(
        "two_rewards_only",
        lambda r: r + np.hstack([r[:, 1:], np.zeros((len(r), 1))]),
        "You added each reward and the one after it. Add the sum that you already have for the next step, R[h+1], not the reward r[h+1] alone.",
        "pg_with_q",
    ),
    Mistake(
        "last_step_left_out",
        lambda r: reward_to_go(np.hstack([r[:, :-1], np.zeros((len(r), 1))])),
        "The reward of the last step is missing, from its own entry and from all the earlier ones. Begin the loop at the last step, h = H - 1.",
        "pg_with_q",
    ),
    Mistake(
        "own_reward_only",
        lambda r: r.copy(),
        "You returned the rewards as they came. The entry of step h adds up r[h], r[h+1] and so on to the end.",
        "pg_with_q",
    ),
    Mistake(
        "before_the_step",
        lambda r: np.cumsum(r, axis=1) - r,
        "You summed what was paid before step h. The action at step h cannot change that: sum from step h on, its own reward included.",
        "pg_with_q",
    ),
    Mistake(
        "flattened",
        lambda r: np.cumsum(r[:, ::-1])[::-1].reshape(r.shape),
        "`np.cumsum` without an axis runs through the whole flattened array, from one episode into the next. Say `axis=1`.",
        "pg_with_q",
    ),
    Mistake(
        "one_episode",
        lambda r: reward_to_go(r)[0],
        "You returned the first episode alone. The result has a row for each of the N episodes.",
        "pg_with_q",
    ),
    discounted(lambda r: _decayed(r, 0.99), "pg_with_q"),
    standardised(lambda r: standard(reward_to_go(r)), "pg_with_q"),
    Mistake(
        "mean_over_episodes_removed",
        lambda r: reward_to_go(r) - reward_to_go(r).mean(axis=0),
        "You took the mean over the episodes away. That is a baseline, and a later page does so; the reward-to-go itself is the plain sum.",
        "pg_with_q",
    ),
    Mistake(
        "discounted_more",
        lambda r: _decayed(r, 0.9),
        "You discounted with 0.9. The rewards of this exercise are undiscounted: every one counts in full.",
        "pg_with_q",
    ),
    Mistake(
        "discounted_from_the_start",
        lambda r: reward_to_go(r * 0.99 ** np.arange(r.shape[1])),
        "You discounted the rewards with 0.99 from the start of the episode. They count in full here.",
        "pg_with_q",
    ),
    Mistake(
        "largest_to_come",
        lambda r: np.maximum.accumulate(r[:, ::-1], axis=1)[:, ::-1],
        "You took the largest reward that is to come. It is the sum of them all.",
        "pg_with_q",
    ),
    Mistake(
        "last_reward_everywhere",
        lambda r: np.repeat(r[:, -1:], r.shape[1], axis=1),
        "You put the last reward everywhere. The entry of step h adds up r[h] to r[H-1].",
        "pg_with_q",
    ),
    Mistake(
        "three_rewards_only",
        lambda r: (
            r
            + np.hstack([r[:, 1:], np.zeros((len(r), 1))])
            + np.hstack([r[:, 2:], np.zeros((len(r), min(2, r.shape[1])))])
        ),
        "You added three rewards: your loop looks two steps ahead. The sum runs to the end of the episode.",
        "pg_with_q",
    ),
    Mistake(
        "own_reward_twice",
        lambda r: reward_to_go(r) + r,
        "You counted the reward of step h twice. It is the first term of its own sum, once.",
        "pg_with_q",
    ),
    Mistake(
        "total_of_the_batch",
        lambda r: r.sum() - np.cumsum(r, axis=1) + r,
        "You began with the total of the whole batch. Each episode has a return of its own: `r.sum(axis=1, keepdims=True)`.",
        "pg_with_q",
    ),
    Mistake(
        "first_step_left_zero",
        lambda r: reward_to_go(r) * (np.arange(r.shape[1]) > 0),
        "Your loop stops before step 0, whose entry is left at 0: `range(H - 1, -1, -1)` goes down to 0.",
        "pg_with_q",
    ),
    Mistake(
        "later_sums_only",
        lambda r: np.hstack([reward_to_go(r)[:, 1:], r[:, -1:]]),
        "Your sums begin one step late: the entry of step h lacks r[h].",
        "pg_with_q",
    ),
    Mistake(
        "all_but_the_own_reward",
        lambda r: r.sum(axis=1, keepdims=True) - r,
        "You took the own reward away from the whole return. What is left out is what came before the step, not the step itself.",
        "pg_with_q",
    ),
)

exercise = Exercise(
    title="Rewards-to-go",
    label="pg_with_q",
    statement=STATEMENT.strip(),
    solution=reward_to_go,
    hints=(
        "Ask of each reward in turn: which actions came early enough to have influenced it? What "
        "does the last step of an episode collect, and what does the step before it collect?",
        "R[h] = r[h] + R[h+1]: begin at the last step and walk back. `np.cumsum` makes running "
        "sums, though from the front.",
        "Reverse the steps, take the running sum along axis 1, reverse the steps again: "
        "`r[:, ::-1]` is the reversed array.",
    ),
    cases=cases,
    mistakes=MISTAKES,
)
