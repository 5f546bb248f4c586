"""Exercise: repair a clipped objective."""

# mypy: disable-error-code="no-any-return"

import numpy as np

from pgcompanion.exercises import ppo_clip_objective as whole
from pgcompanion.exercises.engine.exercise import Exercise, Mistake

STATEMENT = r"""
A colleague's PPO learns for a while. Then the policy drifts away: actions with *negative* advantages
become ever less likely, far beyond the clip range, and nothing stops them. **One line is wrong.** Find
and repair it.

The function `find_the_bug_clip(logp_new, logp_old, A, eps)` takes three arrays of shape `(N, H)`: the
logarithms of the two likelihoods of the actions that were taken, and the advantages. It returns one
number, the clipped objective: summed over the steps, averaged over the episodes. Which sign of $A$ did
the colleague think of?
"""


def find_the_bug_clip(
    logp_new: np.ndarray, logp_old: np.ndarray, A: np.ndarray, eps: float
) -> float:
    """The clipped surrogate of N old episodes.

    logp_new, logp_old, A: (N, H); eps: a number. Returns a number.
    """
    ratio = np.exp(logp_new - logp_old)
    clipped = np.clip(ratio, 1 - eps, 1 + eps)
    terms = np.minimum(ratio * A, clipped * A)
    return float(terms.sum(axis=1).mean())


def shown(logp_new: np.ndarray, logp_old: np.ndarray, A: np.ndarray, eps: float) -> float:
    """The clipped surrogate of N old episodes."""
    ratio = np.exp(logp_new - logp_old)
    clipped = np.clip(ratio, 1 - eps, 1 + eps)
    terms = np.minimum(ratio, clipped) * A
    return float(terms.sum(axis=1).mean())


AS_SHOWN = Mistake(
    "as_shown",
    shown,
    "Follow these few numbers by hand, once for the step with A > 0 and once for the one with A < 0. In "
    "which direction does the objective reward a move beyond the clip range?",
    "ppo_clip",
)

exercise = Exercise(
    title="Find the bug: the clip",
    label="ppo_clip",
    statement=STATEMENT.strip(),
    solution=find_the_bug_clip,
    hints=(
        "Take A = -1 and a ratio that falls below 1 - eps. What does the objective do when the ratio falls "
        "further, in the code and in the formula?",
        "A negative factor turns smaller into larger: the minimum of the ratios, times A, is then the "
        "larger of the two products.",
        "Compare the products: `np.minimum(ratio * A, clipped * A)`.",
    ),
    cases=whole.cases,
    mistakes=(
        AS_SHOWN,
        *(each for each in whole.MISTAKES if each.id != "min_before_the_advantage"),
    ),
    shown=shown,
)
