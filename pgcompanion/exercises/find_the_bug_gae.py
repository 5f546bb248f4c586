"""Exercise: repair advantages along streams of episodes."""

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake

STATEMENT = r"""
A colleague computes advantages along $n$ streams of $T$ steps each, in which one episode follows
another. The agent balances a pole well, and yet the closer the time limit of 500 steps comes, the worse
it thinks of every action. **Two lines are wrong.** Find and repair them.

The function `find_the_bug_gae(r, V, V_next, terminated, truncated, gamma, lam)` takes arrays of shape
`(T, n)`: rewards, the values of the states in which the agent acted, the values of the states that
followed (of the last observation of an episode, where one ended), and two arrays of booleans. An
episode is *terminated* where the pole fell: nothing follows. It is *truncated* where time ran out:
something would have followed. After either, the next row belongs to a new episode. Return the
advantages, of shape `(T, n)`.
"""


def find_the_bug_gae(
    r: np.ndarray,
    V: np.ndarray,
    V_next: np.ndarray,
    terminated: np.ndarray,
    truncated: np.ndarray,
    gamma: float,
    lam: float,
) -> np.ndarray:
    """The generalized advantage estimates along streams of episodes.

    r: (T, n); V: (T, n); V_next: (T, n); terminated: (T, n); truncated: (T, n); gamma, lam: numbers.
    Returns (T, n).
    """
    delta = r + gamma * V_next * ~terminated - V
    A = np.zeros(r.shape)
    running = np.zeros(r.shape[1])
    for t in reversed(range(len(r))):
        running = delta[t] + gamma * lam * running * ~(terminated[t] | truncated[t])
        A[t] = running
    return A


def shown(
    r: np.ndarray,
    V: np.ndarray,
    V_next: np.ndarray,
    terminated: np.ndarray,
    truncated: np.ndarray,
    gamma: float,
    lam: float,
) -> np.ndarray:
    """The generalized advantage estimates along streams of episodes."""
    done = terminated | truncated
    delta = r + gamma * V_next * ~done - V
    A = np.zeros(r.shape)
    running = np.zeros(r.shape[1])
    for t in reversed(range(len(r))):
        running = delta[t] + gamma * lam * running
        A[t] = running
    return A


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    V = np.array([[1.0], [2.0], [3.0]])
    end = np.array([[False], [True], [False]])
    for terminated, truncated in [(end & False, end), (end, end & False)]:
        yield np.ones((3, 1)), V, V + 0.5, terminated, truncated, 0.5, 0.5
    for T, n, gamma, lam in [(4, 2, 0.9, 0.5), (5, 3, 0.8, 0.9), (4, 3, 0.5, 0.8)]:
        kinds = rng.permutation(np.resize([0, 1, 2, 0], T * n)).reshape(T, n)
        kinds[1, 0], kinds[2, 1] = 1, 2  # an end of either kind inside a stream
        V, V_next = rng.integers(2, 9, (2, T, n)) / 2
        yield rng.integers(-3, 5, (T, n)) + 0.5, V, V_next, kinds == 1, kinds == 2, gamma, lam


def _gae(
    r: np.ndarray,
    V: np.ndarray,
    V_next: np.ndarray,
    keep: np.ndarray,
    cut: np.ndarray,
    gamma: float,
    decay: float,
) -> np.ndarray:
    """The recursion with any masks: of the next value, and of what is carried back."""
    delta = r + gamma * V_next * keep - V
    A = np.zeros(r.shape)
    for t in reversed(range(len(r))):
        A[t] = delta[t] + (decay * A[t + 1] * cut[t] if t + 1 < len(r) else 0.0)
    return A


def _late(done: np.ndarray) -> np.ndarray:
    """The ends, one row early: what stands in the row below."""
    return np.vstack([done[1:], np.zeros((1, done.shape[1]), dtype=bool)])


G = "gae"
MISTAKES = (
    Mistake(
        "as_shown",
        shown,
        "Follow these few numbers by hand. Which value stands for what would have followed a truncated "
        "episode, and from which episode does the running sum come where a new one begins?",
        G,
    ),
    Mistake(
        "truncation_still_terminates",
        lambda r, V, V_next, terminated, truncated, gamma, lam: _gae(
            r, V, V_next, ~(terminated | truncated), ~(terminated | truncated), gamma, gamma * lam
        ),
        "The running sum now begins anew with each episode. The other bug is still there: at a truncation "
        "the next value counts as 0, although something would have followed.",
        G,
    ),
    Mistake(
        "sum_still_runs_on",
        lambda r, V, V_next, terminated, truncated, gamma, lam: _gae(
            r, V, V_next, ~terminated, np.ones_like(r), gamma, gamma * lam
        ),
        "The next value is now masked where an episode truly ended, and only there. The other bug is still "
        "there: the running sum goes on from one episode into the one before it.",
        G,
    ),
    Mistake(
        "cut_at_terminations_only",
        lambda r, V, V_next, terminated, truncated, gamma, lam: _gae(
            r, V, V_next, ~terminated, ~terminated, gamma, gamma * lam
        ),
        "You cut the running sum at terminations alone. After a truncation, too, the next row belongs to "
        "another episode: its residuals say nothing about this one.",
        G,
    ),
    Mistake(
        "cut_at_truncations_only",
        lambda r, V, V_next, terminated, truncated, gamma, lam: _gae(
            r, V, V_next, ~terminated, ~truncated, gamma, gamma * lam
        ),
        "You cut the running sum at truncations alone. After a termination, too, the next row belongs to "
        "another episode.",
        G,
    ),
    Mistake(
        "never_masked",
        lambda r, V, V_next, terminated, truncated, gamma, lam: _gae(
            r, V, V_next, np.ones_like(r), ~(terminated | truncated), gamma, gamma * lam
        ),
        "You use the next value after a true ending as well. Nothing follows a fallen pole: there the "
        "value counts as 0, and only there.",
        G,
    ),
    Mistake(
        "neither",
        lambda r, V, V_next, terminated, truncated, gamma, lam: _gae(
            r, V, V_next, np.ones_like(r), np.ones_like(r), gamma, gamma * lam
        ),
        "You removed the mask of the next value and never cut the running sum. A true ending makes the "
        "value 0, and every ending cuts the sum.",
        G,
    ),
    Mistake(
        "flags_exchanged",
        lambda r, V, V_next, terminated, truncated, gamma, lam: _gae(
            r, V, V_next, ~truncated, ~(terminated | truncated), gamma, gamma * lam
        ),
        "You exchanged the flags: the next value is dropped where time ran out and used where the pole "
        "fell.",
        G,
    ),
    Mistake(
        "cut_one_step_early",
        lambda r, V, V_next, terminated, truncated, gamma, lam: _gae(
            r, V, V_next, ~terminated, ~_late(terminated | truncated), gamma, gamma * lam
        ),
        "You cut the running sum with the flag of the next row. A flag speaks of its own step: the sum that "
        "comes from row t + 1 is cut where row t ended an episode.",
        G,
    ),
    Mistake(
        "own_residual_cut",
        lambda r, V, V_next, terminated, truncated, gamma, lam: (
            find_the_bug_gae(r, V, V_next, terminated, truncated, gamma, lam)
            * ~(terminated | truncated)
        ),
        "You set the whole advantage to 0 at the end of an episode. Its own residual stays; what is cut is "
        "the sum that comes from the next episode.",
        G,
    ),
    Mistake(
        "truncated_steps_dropped",
        lambda r, V, V_next, terminated, truncated, gamma, lam: (
            find_the_bug_gae(r, V, V_next, terminated, truncated, gamma, lam) * ~truncated
        ),
        "You set the advantage to 0 where time ran out. That step is as good as any: its residual has the "
        "value of the last observation.",
        G,
    ),
    Mistake(
        "gamma_lost",
        lambda r, V, V_next, terminated, truncated, gamma, lam: _gae(
            r, V, V_next, ~terminated, ~(terminated | truncated), gamma, lam
        ),
        "Both bugs are repaired, and the factor gamma of the recursion has got lost on the way.",
        G,
    ),
    Mistake(
        "lambda_lost",
        lambda r, V, V_next, terminated, truncated, gamma, lam: _gae(
            r, V, V_next, ~terminated, ~(terminated | truncated), gamma, gamma
        ),
        "Both bugs are repaired, and the factor lam of the recursion has got lost on the way.",
        G,
    ),
    Mistake(
        "residuals",
        lambda r, V, V_next, terminated, truncated, gamma, lam: (
            r + gamma * V_next * ~terminated - V
        ),
        "You returned the residuals alone. Within an episode later ones are still carried back, discounted "
        "by gamma lam.",
        G,
    ),
    Mistake(
        "next_row_for_next_value",
        lambda r, V, V_next, terminated, truncated, gamma, lam: _gae(
            r,
            V,
            np.vstack([V[1:], V_next[-1:]]),
            ~terminated,
            ~(terminated | truncated),
            gamma,
            gamma * lam,
        ),
        "You took the next value from the next row of V. Where an episode ended, that row is the start of "
        "another one; `V_next` has the right value.",
        G,
    ),
    Mistake(
        "decay_lost",
        lambda r, V, V_next, terminated, truncated, gamma, lam: _gae(
            r, V, V_next, ~terminated, ~(terminated | truncated), gamma, 1.0
        ),
        "Both bugs are repaired, and the decay of the recursion has got lost on the way: gamma times lam.",
        "gae",
    ),
    Mistake(
        "lambda_return",
        lambda r, V, V_next, terminated, truncated, gamma, lam: (
            find_the_bug_gae(r, V, V_next, terminated, truncated, gamma, lam) + V
        ),
        "You added the values: that is the target of a value function. The advantages are asked for.",
        "gae",
    ),
    Mistake(
        "masked_and_cut_at_terminations",
        lambda r, V, V_next, terminated, truncated, gamma, lam: _gae(
            r, V, V_next, ~(terminated | truncated), ~terminated, gamma, gamma * lam
        ),
        "The running sum is now cut at terminations. It has to be cut at truncations as well, and at a truncation the next value still counts as 0, although something would have followed.",
        "gae",
    ),
    Mistake(
        "masked_and_cut_at_truncations",
        lambda r, V, V_next, terminated, truncated, gamma, lam: _gae(
            r, V, V_next, ~(terminated | truncated), ~truncated, gamma, gamma * lam
        ),
        "The running sum is now cut at truncations. It has to be cut at terminations as well, and at a truncation the next value still counts as 0, although something would have followed.",
        "gae",
    ),
)

exercise = Exercise(
    title="Find the bug: advantages",
    label=G,
    statement=STATEMENT.strip(),
    solution=find_the_bug_gae,
    hints=(
        "Two questions are asked of each step: does anything follow it, and does the next row belong to "
        "the same episode? `done` answers only one of them.",
        "The next value counts as 0 after a termination alone. The running sum is cut after a termination "
        "and after a truncation.",
        "`delta = r + gamma * V_next * ~terminated - V`, and in the loop `running = delta[t] + gamma * lam "
        "* running * ~done[t]`.",
    ),
    cases=cases,
    mistakes=MISTAKES,
    shown=shown,
)
