"""Exercise: the performance difference lemma."""

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake

STATEMENT = r"""
The performance difference lemma tells how much better a new policy $\tilde\pi$ is, in terms of the
**old** policy's advantages along the **new** policy's path:

$$J(\tilde\pi) - J(\pi) = \sum_{h=0}^{H-1} \sum_s d_h^{\tilde\pi}(s)
  \sum_a \tilde\pi_h(a \mid s) \, A_h^{\pi}(s, a) .$$

Write `performance_difference(d_new, pi_new, A_old)`, with the occupancies `d_new` `(H, S)`, the
policy `pi_new` `(H, S, A)` and the advantages `A_old` `(H, S, A)`. Return one number.
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
    for H, S, A in [(2, 2, 2), (2, 3, 2), (3, 2, 3)]:
        pi_new = _distribution(rng, H, S, A)
        yield _distribution(rng, H, S), pi_new, rng.integers(-4, 5, (H, S, A)).astype(float)


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
