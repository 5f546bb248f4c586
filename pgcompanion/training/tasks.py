r"""Gymnasium tasks, each with the settings that solve it.

`TASKS` is the table: a row says what the task is, what counts as solved, and how it is solved.

- Acrobot and MountainCarContinuous are solved **with action repeat**: in training and in evaluation alike
  every action is repeated, for 3 and for 8 steps. Rewards and time limits still count single steps, so
  the goal is met in Gymnasium's own task, but by a policy that chooses anew only every few steps. What
  these settings do without is not claimed.
- The goals of the frozen lakes are 90% of the best value of any policy, also of one that looks at the
  clock: 0.744 and 0.913. The exact natural gradient, which does not, ends at 0.893 on the larger lake.
- Along the edge of the cliff an episode takes 13 steps, one row further away 15. A policy that draws its
  actions and, at each of them, goes down by mistake with a small probability :math:`p` earns
  about :math:`-13-1068\,p` at the edge. So the goal, -14, is met there alone, and with :math:`p` below
  0.001. PPO learns to go further away before it has learned to be so sure, and mostly stays there;
  TRPO gets to the edge.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pgcompanion import checks
from pgcompanion.training.evaluation import evaluate
from pgcompanion.training.run import Run
from pgcompanion.training.settings import Settings, checked
from pgcompanion.training.train import train


@dataclass(frozen=True)
class Task:
    r"""A task of Gymnasium's registry, and the settings with which PPO, or TRPO, solves it.

    Statement: `ppo_clip`, `trpo_implement`.

    Args:
        id: its name in the registry.
        goal: the mean return that counts as solved: of 100 episodes or, where the task is a finite MDP,
            the expected one.
        longest: steps after which an episode is over.
        settings: how it is trained.
        num_envs: environments side by side.
        make: further arguments of `gymnasium.make_vec`.
        rescale: whether the observations, which must then be bounded, are rescaled to [-1, 1].
        action_repeat: environment steps for which an action is repeated. Where the reward is rare,
            repeated actions explore further than actions that cancel each other.

    Raises:
        ValueError: ``longest``, ``num_envs`` or ``action_repeat`` is not a positive integer, ``goal`` no
            number, or ``rescale`` neither True nor False.
        TypeError: ``id`` is no text, ``make`` no dict, or ``settings`` are none.

    Example:
        >>> from dataclasses import replace
        >>> task = TASKS["CartPole-v1"]
        >>> short = replace(task, settings=replace(task.settings, updates=2))
        >>> short.train(np.random.default_rng(0)).k
        2
    """

    id: str
    goal: float
    longest: int
    settings: Settings
    num_envs: int = 64
    make: dict[str, Any] = field(default_factory=dict)
    rescale: bool = False
    action_repeat: int = 1

    def __post_init__(self) -> None:
        for name in ("longest", "num_envs", "action_repeat"):
            checks.positive_integer(name, getattr(self, name))
        for name, kind in {"id": str, "make": dict}.items():
            x = getattr(self, name)
            if not isinstance(x, kind):
                raise TypeError(f"{name} must be a {kind.__name__}, but it is {checks.kind(x)}.")
        checks.number("goal", self.goal)
        checks.truth("rescale", self.rescale)
        checked(self.settings)

    def envs(self, n: int | None = None) -> Any:
        """``n`` environments side by side, by default as many as it is trained on.

        Gymnasium's own vectorised version where it has one. Who asks for them closes them.
        """
        import gymnasium

        n = self.num_envs if n is None else checks.positive_integer("n", n)
        arguments = dict(self.make)
        if wrappers := self._wrappers():
            arguments |= {"vectorization_mode": "sync", "wrappers": wrappers}
        return gymnasium.make_vec(self.id, num_envs=n, **arguments)

    def train(self, rng: np.random.Generator, progress: bool = False) -> Run:
        """Train with the settings of the table. Statement: `ppo_clip`, `trpo_implement`."""
        with closing(self.envs()) as envs:
            return train(envs, self.settings, rng=rng, progress=progress)

    def evaluate(self, run: Run, rng: np.random.Generator, episodes: int = 100) -> np.ndarray:
        """The returns of whole episodes, as `evaluate`, shape ``(episodes,)``. Statement: `objective_fn`."""
        with closing(self.envs(min(100, checks.positive_integer("episodes", episodes)))) as envs:
            return evaluate(envs, run, rng, episodes=episodes, steps=self.longest)

    def _wrappers(self) -> list[Callable[[Any], Any]]:
        from gymnasium.wrappers import RescaleObservation

        from pgcompanion.training.action_repeat import ActionRepeat

        wrappers: list[Callable[[Any], Any]] = []
        if self.rescale:
            wrappers.append(lambda env: RescaleObservation(env, np.float32(-1), np.float32(1)))
        if self.action_repeat > 1:
            wrappers.append(lambda env: ActionRepeat(env, self.action_repeat))
        return wrappers


# Policy and critic are tables.
_TABLE: dict[str, Any] = {
    "lam": 0.8, "eta": 0.05, "epochs": 10, "minibatch": 1024, "weight_decay": 0.05,
}  # fmt: skip

#: Tasks of Gymnasium by their names, each with the settings that solve it.
TASKS = {
    task.id: task
    for task in (
        Task("CartPole-v1", 475, 500, Settings(updates=20, lam=0.97)),
        Task(
            "Acrobot-v1", -100, 500,
            Settings(updates=25, steps=128, eta=3e-3, epochs=4, minibatch=256),
            num_envs=32, rescale=True, action_repeat=3,
        ),
        Task(
            "Pendulum-v1", -250, 200,
            Settings(updates=40, steps=200, gamma=0.9, eta=2e-3, epochs=10, minibatch=256),
            num_envs=16, rescale=True,
        ),
        Task(
            "MountainCarContinuous-v0", 90, 999,
            Settings(updates=20, steps=125, eta=2e-3, epochs=5),
            num_envs=16, rescale=True, action_repeat=8,
        ),
        Task("FrozenLake-v1", 0.67, 100, Settings(updates=60, **_TABLE)),
        Task(
            "FrozenLake8x8-v1", 0.822, 200,
            Settings(updates=160, gamma=0.998, **_TABLE | {"weight_decay": 0.1}),
        ),
        Task(
            "CliffWalking-v1", -14, 200,
            Settings(method="trpo", updates=60, delta=0.005, damping=0.0005, **_TABLE),
            make={"max_episode_steps": 200},
        ),
    )
}  # fmt: skip
"""Gymnasium's tasks are solved with the settings that stand beside them."""
