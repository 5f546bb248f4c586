"""Exercise: advantages from a group, each against the others."""

# mypy: disable-error-code="no-any-return"

from collections.abc import Iterable

import numpy as np

from pgcompanion.exercises.engine.exercise import Arguments, Exercise, Mistake

STATEMENT = r"""
A model wrote $G$ responses to one prompt, and a checker gave them the rewards $r_1, \dots, r_G$. The
baseline of each is the mean of the *others*:

$$A_i = r_i - \frac{1}{G - 1} \sum_{j \ne i} r_j .$$

Write `leave_one_out(r)`. The rewards have shape `(..., G)`: the last axis is a group, and there may be
many groups in front of it. Return an array of the same shape. Before you run it: by which factor does
$A_i$ differ from $r_i$ less the mean of the whole group?
"""


def leave_one_out(r: np.ndarray) -> np.ndarray:
    """Each reward less the mean of the others of its group.

    r: (..., G). Returns (..., G).
    """
    G = r.shape[-1]
    others = (r.sum(axis=-1, keepdims=True) - r) / (G - 1)
    return r - others


def cases(rng: np.random.Generator) -> Iterable[Arguments]:
    yield (np.array([3.0, 1.0]),)
    yield (np.array([[1.0, 0.0, 0.0], [1.0, 1.0, 0.0]]),)
    for shape in [(3, 4), (2, 2, 3)]:
        yield (rng.integers(-3, 6, shape).astype(float),)


def _others(r: np.ndarray) -> np.ndarray:
    return (r.sum(axis=-1, keepdims=True) - r) / (r.shape[-1] - 1)


MISTAKES = (
    Mistake(
        "own_reward_in_the_mean",
        lambda r: r - r.mean(axis=-1, keepdims=True),
        "You took the mean over the whole group, the response's own reward included. A baseline must "
        "not depend on what it is subtracted from: this one makes the estimate (G - 1)/G of the "
        "gradient. Leave the own reward out of the mean.",
        "group_baselines",
    ),
    Mistake(
        "sum_less_own_over_g",
        lambda r: r - (r.sum(axis=-1, keepdims=True) - r) / r.shape[-1],
        "You left the own reward out of the sum and divided by G all the same. There are G - 1 others.",
        "group_baselines",
    ),
    Mistake(
        "divided_by_the_deviation",
        lambda r: np.nan_to_num(
            (r - r.mean(axis=-1, keepdims=True)) / r.std(axis=-1, keepdims=True)
        ),
        "You divided by the standard deviation of the group. That is no matter of scale: each group is "
        "divided by another number, so that another objective is climbed.",
        "group_std",
    ),
    Mistake(
        "one_mean_for_all_groups",
        lambda r: r - (r.sum() - r) / (r.size - 1),
        "You took the mean over all groups. A hard prompt and an easy one have different baselines: "
        "compare a response with the others to its own prompt, along the last axis.",
        "group_baselines",
    ),
    Mistake(
        "across_the_groups",
        lambda r: r - (r.sum(axis=0, keepdims=True) - r) / (max(2, r.shape[0]) - 1),
        "You summed along the first axis, over different prompts. A group is the last axis.",
        "group_baselines",
    ),
    Mistake(
        "baseline_only",
        _others,
        "This is the baseline. The advantage is the reward less it.",
        "group_baselines",
    ),
    Mistake(
        "negated",
        lambda r: _others(r) - r,
        "The sign is turned: a response that did better than the others must have a positive "
        "advantage.",
        "group_baselines",
    ),
)

exercise = Exercise(
    title="Leave one out",
    label="group_baselines",
    statement=STATEMENT.strip(),
    solution=leave_one_out,
    hints=(
        "The sum over the others is the sum over all, less the own reward. How many others are there?",
        "Sum along the last axis and keep it: `r.sum(axis=-1, keepdims=True)` has shape (..., 1) and "
        "goes together with r.",
        "With `G = r.shape[-1]` the baseline is `(r.sum(axis=-1, keepdims=True) - r) / (G - 1)`.",
    ),
    cases=cases,
    mistakes=MISTAKES,
)
