r"""Recipes of training code, side by side on a verifiable task: equal samples, equal tuning.

``python -m pgcompanion.language reverse --seeds 10`` runs it with settings of your own.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from pgcompanion import checks
from pgcompanion.algorithms import reinforce
from pgcompanion.batches import Exact
from pgcompanion.language.groups import GroupAdvantage, group_advantage, leave_one_out
from pgcompanion.language.ratios import ResponseWeight, per_response, whole
from pgcompanion.language.sources import Groups
from pgcompanion.language.tasks import Task
from pgcompanion.language.worlds import every_response, sequence_log_prob
from pgcompanion.policies import Policy
from pgcompanion.steps import Adam
from pgcompanion.trajectories import Trajectories

_divided = partial(group_advantage, std=True)

#: What training code does with a group: advantages, and the weight of a response.
RECIPES: dict[str, tuple[GroupAdvantage, ResponseWeight]] = {
    "leave one out": (leave_one_out, whole),
    "group mean": (group_advantage, whole),
    "group mean, over length": (group_advantage, per_response),
    "deviation": (_divided, whole),
    "deviation, over length": (_divided, per_response),
}


class Setting(NamedTuple):
    """How a run is made (statement: `group_baselines`).

    ``prompts`` and ``G`` are those of a batch, ``K`` the updates, ``every`` how many of them lie between
    two looks at the success rate, ``hidden`` the width of the network.
    """

    prompts: int = 4
    G: int = 8
    K: int = 60
    every: int = 10
    hidden: int = 32


DEFAULT = Setting()


def learning_curve(
    task: Task, recipe: str, eta: float, seed: int, setting: Setting = DEFAULT
) -> np.ndarray:
    r"""A run from scratch, seen exactly every few updates, shape ``(2, points)``.

    Statement: `group_baselines`, `group_std`, `length_weights`. The first row is the success rate,
    the second the mean number of tokens of a wrong response. The steps are Adam's with the size
    ``eta``. The recipe ``exact`` ascends the exact gradient instead of samples.

    Raises:
        ValueError: ``recipe`` is none of `RECIPES`, ``eta`` is not positive, or ``seed`` is no natural
            number.
        TypeError: ``task`` is no task.

    Example:
        >>> from pgcompanion.language.tasks import reverse
        >>> success, tokens = learning_curve(reverse(2, 2), "leave one out", eta=0.03, seed=0)
        >>> success.shape, bool(success[-1] > success[0])
        ((7,), True)
    """
    if not isinstance(task, Task):
        raise TypeError(f"task must be a Task, but it is {checks.kind(task)}.")
    if not isinstance(setting, Setting):
        raise TypeError(f"setting must be a Setting, but it is {checks.kind(setting)}.")
    for name, n in setting._asdict().items():
        checks.positive_integer(name, n)
    checks.choice("recipe", recipe, (*RECIPES, "exact"))
    rng = np.random.default_rng(checks.natural_number("seed", seed))
    policy, world = task.policy(setting.hidden), task.world()
    finite, theta = task.finite(policy), policy.init(rng)
    source: Any = Exact(world)  # its policies are over finitely many states, as `finite` is
    speaker: Policy = finite
    if recipe != "exact":
        source, speaker = _groups(task, recipe, rng, setting), policy
    its = reinforce(source, speaker, theta, eta=Adam(policy.p, eta), K=setting.K)
    looks = [it.theta for it in its if it.k % setting.every == 0]
    every = every_response(world)
    return np.array([_seen(every, finite, theta) for theta in looks]).T


def _groups(task: Task, recipe: str, rng: np.random.Generator, setting: Setting) -> Groups:
    advantage, weight = RECIPES[recipe]
    M, G = setting.prompts, setting.G
    return Groups(task, prompts=M, G=G, rng=rng, advantage=advantage, weight=weight)


def _seen(every: Trajectories, policy: Policy, theta: np.ndarray) -> tuple[float, float]:
    """The success rate, and the mean number of tokens of a wrong response, both exact."""
    X = len(np.unique(every.s[:, 0]))
    chance = np.exp(sequence_log_prob(policy, theta, every)) / X
    wrong = chance * (1 - every.r.sum(axis=1))
    return 1 - wrong.sum(), wrong @ every.mask.sum(axis=1) / max(wrong.sum(), np.finfo(float).tiny)


def curves(
    task: Task, recipe: str, eta: float, seeds: Sequence[int], setting: Setting = DEFAULT
) -> np.ndarray:
    """`learning_curve` of several seeds, ``(n, 2, points)``.

    Statement: `group_baselines`. Raises as `learning_curve`.
    """
    each = checks.finite("seeds", seeds, (None,))
    return np.array([learning_curve(task, recipe, eta, int(i), setting) for i in each])


def tuned(
    task: Task,
    recipe: str,
    etas: Sequence[float],
    seeds: Sequence[int],
    setting: Setting = DEFAULT,
) -> float:
    """The step size with the highest mean success rate along the run, over some seeds.

    Statement: `group_baselines`. Use other seeds than those that are reported. Raises as
    `learning_curve`.
    """
    each = checks.finite("etas", etas, (None,))
    means = [curves(task, recipe, float(eta), seeds, setting)[:, 0].mean() for eta in each]
    return float(each[int(np.argmax(means))])
