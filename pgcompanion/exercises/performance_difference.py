"""Exercise: the performance difference lemma."""

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake
from pgcompanion.exercises.engine.slips import last_step_only

STATEMENT = r"""
The performance difference lemma tells how much better a new policy $\tilde\pi$ is, $J(\tilde\pi) -
J(\pi)$, in terms of the **old** policy's advantages along the **new** policy's path: added up over the
steps, averaged over the states and actions of the new policy.

Write `performance_difference(d_new, pi_new, A_old)`, with the occupancies `d_new` `(H, S)` (the
probability of each state at each step), the policy `pi_new` `(H, S, A)` and the advantages `A_old`
`(H, S, A)`. Return one number.
"""


def performance_difference(d_new: np.ndarray, pi_new: np.ndarray, A_old: np.ndarray) -> float:
    """How much better the new policy is: old advantages along its path.

    d_new: (H, S); pi_new: (H, S, A); A_old: (H, S, A). Returns a number.
    """
    gains = (pi_new * A_old).sum(axis=2)
    return float((d_new * gains).sum())


def _distribution(rng: np.random.Generator, *shape: int) -> np.ndarray:
    weights = rng.integers(1, 6, shape)
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    d_new = np.array([[0.25, 0.75]])
    pi_new = np.array([[[0.5, 0.5], [0.25, 0.75]]])
    yield d_new, pi_new, np.array([[[2.0, -4.0], [4.0, 0.0]]])
    for H, S, A in [(2, 2, 2), (2, 3, 2), (3, 2, 4), (4, 2, 3)]:
        pi_new = _distribution(rng, H, S, A)
        A_old = rng.permutation(2 * H * S * A)[: H * S * A].reshape(H, S, A) / 2 - H * A
        yield _distribution(rng, H, S), pi_new, A_old


def _at_likeliest(pi: np.ndarray, A: np.ndarray) -> np.ndarray:
    likeliest = pi.argmax(axis=2)[:, :, None]
    return np.asarray(np.take_along_axis(A, likeliest, axis=2)[:, :, 0])


MISTAKES = (
    Mistake(
        "no_policy",
        lambda d_new, pi_new, A_old: (d_new[:, :, None] * A_old).sum(),
        "You summed the advantages over the actions without weights. The new policy takes each "
        "action with its own probability: multiply by `pi_new`.",
        "pdl",
    ),
    Mistake(
        "no_occupancy",
        lambda d_new, pi_new, A_old: (pi_new * A_old).sum(),
        "You summed over the states as if each were visited for certain. The new policy is in "
        "state s at step h with probability d_new[h, s]: a gain where it never goes is worth "
        "nothing.",
        "pdl",
    ),
    Mistake(
        "uniform_states",
        lambda d_new, pi_new, A_old: (pi_new * A_old).sum(axis=2).mean(axis=1).sum(),
        "You gave every state the same weight. The states are those that the new policy visits, "
        "and how often it does so is in `d_new`.",
        "pdl",
    ),
    Mistake(
        "mean_over_steps",
        lambda d_new, pi_new, A_old: performance_difference(d_new, pi_new, A_old) / len(d_new),
        "You averaged over the steps. The return is a sum over the steps, and so is the "
        "difference of two returns.",
        "pdl",
    ),
    Mistake(
        "steps_not_summed",
        lambda d_new, pi_new, A_old: (d_new[:, :, None] * pi_new * A_old).sum(axis=(1, 2)),
        "Your result still has one entry for each step. The gains of all the steps add up to one "
        "number.",
        "pdl",
    ),
    Mistake(
        "first_step_only",
        lambda d_new, pi_new, A_old: (d_new[0, :, None] * pi_new[0] * A_old[0]).sum(),
        "You counted the first step alone. The new policy goes on differing from the old one at "
        "every later step, and each of them adds its gain.",
        "pdl",
    ),
    Mistake(
        "greedy",
        lambda d_new, pi_new, A_old: (d_new * A_old.max(axis=2)).sum(),
        "You took the best advantage in each state. That would be the gain of a greedy choice; "
        "the new policy takes its actions with the probabilities in `pi_new`.",
        "pdl",
    ),
    Mistake(
        "negated",
        lambda d_new, pi_new, A_old: -performance_difference(d_new, pi_new, A_old),
        "The sign is the wrong way round. A new policy that prefers actions of positive advantage "
        "is better, and the difference is new minus old.",
        "pdl",
    ),
    Mistake(
        "likeliest_action",
        lambda d_new, pi_new, A_old: (d_new * _at_likeliest(pi_new, A_old)).sum(),
        "You took the advantage of the new policy's likeliest action. The new policy draws its actions: weigh all of them by pi_new.",
        "pdl",
    ),
    Mistake(
        "start_at_every_step",
        lambda d_new, pi_new, A_old: (d_new[0] * (pi_new * A_old).sum(axis=2)).sum(),
        "You used the occupancy of step 0 at every step. The states change as the episode goes on: step h has its own row, d_new[h].",
        "pdl",
    ),
    Mistake(
        "last_occupancy_at_every_step",
        lambda d_new, pi_new, A_old: (d_new[-1] * (pi_new * A_old).sum(axis=2)).sum(),
        "You used the occupancy of the last step at every step. Step h has its own row, d_new[h].",
        "pdl",
    ),
    Mistake(
        "mean_occupancy",
        lambda d_new, pi_new, A_old: (d_new.mean(axis=0) * (pi_new * A_old).sum(axis=2)).sum(),
        "You averaged the occupancies over the steps. The advantages depend on the step as well: multiply d_new[h] with the advantages of step h.",
        "pdl",
    ),
    Mistake(
        "occupancy_of_another_step",
        lambda d_new, pi_new, A_old: (
            np.roll(d_new, 1, axis=0) * (pi_new * A_old).sum(axis=2)
        ).sum(),
        "Your occupancies and advantages belong to different steps. Both are indexed by h: the row h of one goes with the row h of the other.",
        "pdl",
    ),
    Mistake(
        "last_step_missing",
        lambda d_new, pi_new, A_old: (d_new * (pi_new * A_old).sum(axis=2))[:-1].sum(),
        "The last step is missing. The sum runs from 0 to H - 1: H steps in all.",
        "pdl",
    ),
    Mistake(
        "policy_squared",
        lambda d_new, pi_new, A_old: (d_new * (pi_new**2 * A_old).sum(axis=2)).sum(),
        "The policy enters twice. Each action is weighed once by its probability.",
        "pdl",
    ),
    Mistake(
        "occupancy_squared",
        lambda d_new, pi_new, A_old: (d_new**2 * (pi_new * A_old).sum(axis=2)).sum(),
        "The occupancy enters twice. Each state is weighed once by its probability.",
        "pdl",
    ),
    Mistake(
        "without_sign",
        lambda d_new, pi_new, A_old: (d_new * np.abs((pi_new * A_old).sum(axis=2))).sum(),
        "You took absolute values. A new policy may be worse in some states, and worse altogether: the signs count.",
        "pdl",
    ),
    Mistake(
        "mean_over_states",
        lambda d_new, pi_new, A_old: (
            (pi_new * A_old).sum(axis=2).mean(axis=1) * d_new.mean(axis=1)
        ).sum(),
        "You averaged over the states twice. The occupancy already weighs them, and its weights add up to 1: sum.",
        "pdl",
    ),
    Mistake(
        "mean_of_the_advantages",
        lambda d_new, pi_new, A_old: (d_new * A_old.mean(axis=2)).sum(),
        "You averaged the advantages over the actions with equal weights. The new policy weighs them by pi_new.",
        "pdl",
    ),
    Mistake(
        "old_policy_at_zero",
        lambda d_new, pi_new, A_old: 0.0,
        "You returned 0. That is what the old policy's own actions would give; the new policy's give its lead or its lag.",
        "pdl",
    ),
    last_step_only(
        lambda d_new, pi_new, A_old: (d_new * (pi_new * A_old).sum(axis=2))[-1].sum(), "pdl"
    ),
    Mistake(
        "discounted",
        lambda d_new, pi_new, A_old: (
            0.99 ** np.arange(len(d_new))[:, None] * d_new * (pi_new * A_old).sum(axis=2)
        ).sum(),
        "You discounted with 0.99. The objective is undiscounted: every step counts in full.",
        "pdl",
    ),
    Mistake(
        "steps_multiplied",
        lambda d_new, pi_new, A_old: np.prod((d_new * (pi_new * A_old).sum(axis=2)).sum(axis=1)),
        "You multiplied over the steps. The gains of the steps add up.",
        "pdl",
    ),
    Mistake(
        "losses_dropped",
        lambda d_new, pi_new, A_old: (d_new * np.maximum(pi_new * A_old, 0).sum(axis=2)).sum(),
        "You dropped the negative advantages. What the new policy does worse counts as well.",
        "pdl",
    ),
    Mistake(
        "first_state_only",
        lambda d_new, pi_new, A_old: (pi_new * A_old).sum(axis=2)[:, 0].sum(),
        "You used the first state alone. All states count, weighed by d_new.",
        "pdl",
    ),
    Mistake(
        "likeliest_state",
        lambda d_new, pi_new, A_old: sum(
            ((pi_new * A_old).sum(axis=2))[h, d_new[h].argmax()] for h in range(len(d_new))
        ),
        "You used the likeliest state of each step alone. All states count, weighed by d_new.",
        "pdl",
    ),
    Mistake(
        "steps_cumulated",
        lambda d_new, pi_new, A_old: np.cumsum(
            (d_new * (pi_new * A_old).sum(axis=2)).sum(axis=1)
        ).sum(),
        "You summed running sums, so that early steps count many times. Every step counts once.",
        "pdl",
    ),
    Mistake(
        "occupancy_of_the_next_step",
        lambda d_new, pi_new, A_old: (
            np.roll(d_new, -1, axis=0) * (pi_new * A_old).sum(axis=2)
        ).sum(),
        "Your occupancies are one step ahead of the advantages. Both are indexed by h.",
        "pdl",
    ),
    Mistake(
        "uniform_policy_subtracted",
        lambda d_new, pi_new, A_old: (
            d_new * ((pi_new - 1 / pi_new.shape[2]) * A_old).sum(axis=2)
        ).sum(),
        "You compared the new policy with the uniform one. The advantages are already measured from the old policy: nothing is subtracted.",
        "pdl",
    ),
    Mistake(
        "no_occupancy_and_mean",
        lambda d_new, pi_new, A_old: (pi_new * A_old).sum(axis=2).mean(),
        "Two things: the occupancies are left out, and you averaged where the steps are summed.",
        "pdl",
    ),
    Mistake(
        "old_occupancy_like_start",
        lambda d_new, pi_new, A_old: (d_new[0] * (pi_new * A_old).sum(axis=2).mean(axis=0)).sum(),
        "You averaged the gains over the steps and weighed them by the start. Step h has its own occupancy, and the steps are summed.",
        "pdl",
    ),
    Mistake(
        "best_action_weighed",
        lambda d_new, pi_new, A_old: (
            d_new * np.take_along_axis(pi_new * A_old, A_old.argmax(axis=2)[:, :, None], 2)[:, :, 0]
        ).sum(),
        "You kept the best action of each state alone. The sum runs over all actions.",
        "pdl",
    ),
    Mistake(
        "occupancies_one_step_late",
        lambda d_new, pi_new, A_old: np.einsum("hs,hsa,hsa->", d_new[1:], pi_new[:-1], A_old[:-1]),
        "You weighed step h by the states of step h + 1. Occupancies, policy and advantages all belong to the same step, and there are H of them.",
        "pdl",
    ),
)

exercise = Exercise(
    title="The performance difference",
    label="pdl",
    statement=STATEMENT.strip(),
    solution=performance_difference,
    hints=(
        "Follow the new policy for an episode, and at every step ask the old policy how much "
        "better this action was than its own habit. Add up the answers.",
        "There are three sums: over actions with weight pi_new, over states with weight d_new, "
        "and over steps with no weight at all.",
        "`(pi_new * A_old).sum(axis=2)` is the gain in each state at each step, of shape (H, S).",
    ),
    cases=cases,
    mistakes=MISTAKES,
)
