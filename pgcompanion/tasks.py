r"""Gymnasium tasks, each with the settings that solve it, and PPO or TRPO on any of them.

`TASKS` is the table: a row says what the task is, what counts as solved, and how it is solved.

- Acrobot and MountainCarContinuous are solved **with held actions**: in training and in evaluation alike
  every action is repeated, for 3 and for 8 steps. Rewards and time limits still count single steps, so the
  goal is met in Gymnasium's own task, but by a policy that chooses anew only every few steps. What these
  settings do without is not claimed.
- The goals of the frozen lakes are 90% of the best value of any policy, also of one that looks at the
  clock: 0.744 and 0.913. The exact natural gradient, which does not, ends at 0.893 on the larger lake.
- Along the edge of the cliff an episode takes 13 steps, one row further away 15. A policy that draws its
  actions and, at each of them, goes down by mistake with a small probability :math:`p` earns
  about :math:`-13-1068\,p` at the edge. So the goal, -14, is met there alone, and with :math:`p` below 0.001. PPO
  learns to go further away before it has learned to be so sure, and mostly stays there; TRPO gets to
  the edge.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete
from gymnasium.wrappers import RescaleObservation

from pgcompanion.algorithms import (
    Iterate,
    LocalProblem,
    actor_critic,
    normalised,
    ppo_update,
    trpo_update,
)
from pgcompanion.algorithms.critic import Critic, network_inputs
from pgcompanion.policies import MLP, NeuralGaussian, NeuralSoftmax, TabularSoftmax
from pgcompanion.rollouts import rollout
from pgcompanion.trajectories import Trajectories

FORGET = 0.05  # the part of a table that is forgotten after the first update


@dataclass(frozen=True)
class Task:
    r"""A task of Gymnasium's registry, and the settings with which PPO, or TRPO, solves it.

    Statement: `ppo_clip`, `trpo_implement`.

    Args:
        id: its name in the registry.
        goal: the mean return that counts as solved: of 100 episodes or, where the task is a finite MDP,
            the expected one.
        longest: steps after which an episode is over.
        K: updates that are enough.
        make: further arguments of `gymnasium.make_vec`.
        rescale: whether the observations, which must then be bounded, are rescaled to [-1, 1].
        hold: environment steps for which an action is held. Where the reward is rare, held actions
            explore further than actions that cancel each other. What is solved is the task with held actions.
        num_envs: environments side by side.
        H: steps of each environment between two updates.
        gamma, lam: discount :math:`\gamma` and :math:`\lambda` of the advantages.
        eps: the clip range :math:`\epsilon`.
        eta, epochs, minibatch: first step size, passes and size of a minibatch, of policy and critic alike.
        delta, damping: radius in nats and damping of TRPO, which takes the place of PPO where ``delta`` is
            given.
        hidden: widths of the hidden layers, of policy and critic alike. Where observations are
            discrete both are tables.

    Example:
        >>> TASKS["CartPole-v1"].policy().p
        4610
    """

    id: str
    goal: float
    longest: int
    K: int
    make: dict[str, Any] = field(default_factory=dict)
    rescale: bool = False
    hold: int = 1
    num_envs: int = 64
    H: int = 64
    gamma: float = 0.99
    lam: float = 0.95
    eps: float = 0.2
    eta: float = 5e-3
    epochs: int = 2
    minibatch: int = 128
    delta: float | None = None
    damping: float = 0.0
    hidden: tuple[int, ...] = (64, 64)

    def envs(self, n: int) -> Any:
        """``n`` environments side by side: Gymnasium's own vectorised version where it has one."""
        wrappers: list[Callable[[Any], Any]] = []
        if self.rescale:
            wrappers.append(lambda env: RescaleObservation(env, np.float32(-1), np.float32(1)))
        if self.hold > 1:
            wrappers.append(lambda env: Hold(env, self.hold))
        wrapped: dict[str, Any] = {"vectorization_mode": "sync", "wrappers": wrappers}
        return gymnasium.make_vec(self.id, num_envs=n, **(wrapped if wrappers else {}), **self.make)

    def policy(self) -> TabularSoftmax | NeuralSoftmax | NeuralGaussian:
        """A policy for its spaces: a table, a softmax network, or a Gaussian one with learned noise."""
        env = gymnasium.make(self.id)
        seen, acts = env.observation_space, env.action_space
        if isinstance(acts, Box):
            return NeuralGaussian(network_inputs(seen), acts.shape[0], self.hidden, sigma=None)
        assert isinstance(acts, Discrete)
        if isinstance(seen, Discrete):
            return TabularSoftmax(int(seen.n), int(acts.n))
        return NeuralSoftmax(network_inputs(seen), int(acts.n), self.hidden)

    def critic(self, rng: np.random.Generator) -> Critic:
        """A critic for its observations: a network without hidden layers on unit vectors is a table.

        A table starts from 0. Where rewards are rare, random values would decide where the policy goes.
        """
        seen = gymnasium.make(self.id).observation_space
        table = isinstance(seen, Discrete)
        net = MLP(network_inputs(seen), 1, () if table else self.hidden)
        critic = Critic(net, rng, gamma=self.gamma, lam=self.lam, **self.fit)
        if table:
            critic.w = np.zeros_like(critic.w)
        return critic

    @property
    def fit(self) -> dict[str, Any]:
        """How policy and critic are fitted to a batch."""
        return {"eta": self.eta, "epochs": self.epochs, "minibatch": self.minibatch}


def train(task: Task, rng: np.random.Generator) -> Iterator[Iterate]:
    r"""Yield the iterates of PPO with the clipped objective, or of TRPO: the start and ``task.K`` updates.

    Statement: `ppo_clip`, `trpo_implement`. PPO's step size falls linearly to 0: with a constant one a
    policy that has solved a task keeps wandering, and now and then loses it again. Networks learn in
    single precision.

    Where the policy is a table, every update ends with :math:`\theta\leftarrow(1-c_k)\theta`, where :math:`c_k`
    falls linearly from `FORGET` to 0 at half of the updates. This draws it towards the uniform policy, as a
    bonus on entropy does (Cen et al. 2022, whose regularised natural gradient is such a step): an action
    that looked bad by chance, while the critic knew little, is tried again.

    Example:
        >>> from dataclasses import replace
        >>> short = replace(TASKS["CartPole-v1"], K=2)
        >>> [it.k for it in train(short, np.random.default_rng(0))]
        [0, 1, 2]
    """
    policy, critic = task.policy(), task.critic(rng)
    theta, forget = policy.init(rng), FORGET
    if not isinstance(policy, TabularSoftmax):
        theta, forget = theta.astype(np.float32), 0.0

    def advantages(tau: Trajectories) -> np.ndarray:
        return normalised(tau, critic(tau))

    def update(problem: LocalProblem, k: int) -> np.ndarray:
        kept = 1 - forget * max(0.0, 1 - 2 * k / task.K)
        if task.delta is not None:
            return kept * trpo_update(problem, task.delta, damping=task.damping)
        fit = task.fit | {"eta": task.eta * (1 - k / task.K)}
        return kept * ppo_update(problem, eps=task.eps, rng=rng, **fit)

    return actor_critic(
        task.envs(task.num_envs),
        policy,
        theta,
        update,
        rng=rng,
        H=task.H,
        coefficient=advantages,
        K=task.K,
    )


def evaluate(
    task: Task, theta: np.ndarray, rng: np.random.Generator, episodes: int = 100
) -> np.ndarray:
    """The returns of independent episodes, shape ``(episodes,)``, with actions drawn from the policy.

    Statement: `objective_fn`.

    Example:
        >>> task, rng = TASKS["CartPole-v1"], np.random.default_rng(0)
        >>> bool(evaluate(task, task.policy().init(rng), rng).mean() < 50)
        True
    """
    tau = rollout(task.envs(episodes), task.policy(), theta, task.longest, rng)
    return np.asarray(tau.r.sum(axis=1))


class Hold(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Repeats an action for some steps, or until the episode is over, and adds up the rewards.

    Statement: `objective_fn`.
    """

    def __init__(self, env: gymnasium.Env[Any, Any], steps: int) -> None:
        super().__init__(env)
        self.steps = steps

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        total = 0.0
        for _ in range(self.steps):
            s, r, terminated, truncated, info = self.env.step(action)
            total += float(r)
            if terminated or truncated:
                break
        return s, total, terminated, truncated, info


# Policy and critic are tables.
_TABLE: dict[str, Any] = {"lam": 0.8, "eta": 0.05, "epochs": 10, "minibatch": 1024}

TASKS = {
    task.id: task
    for task in (
        Task("CartPole-v1", goal=475, longest=500, K=20, lam=0.97),
        Task(
            "Acrobot-v1", goal=-100, longest=500, K=25, rescale=True, hold=3,
            num_envs=32, H=128, eta=3e-3, epochs=4, minibatch=256,
        ),
        Task(
            "Pendulum-v1", goal=-250, longest=200, K=40, rescale=True,
            num_envs=16, H=200, gamma=0.9, eta=2e-3, epochs=10, minibatch=256,
        ),
        Task(
            "MountainCarContinuous-v0", goal=90, longest=999, K=20, rescale=True, hold=8,
            num_envs=16, H=125, eta=2e-3, epochs=5,
        ),
        Task("FrozenLake-v1", goal=0.67, longest=100, K=60, **_TABLE),
        Task("FrozenLake8x8-v1", goal=0.822, longest=200, K=160, gamma=0.998, **_TABLE),
        Task(
            "CliffWalking-v1", goal=-14, longest=200, K=60, make={"max_episode_steps": 200},
            delta=0.1, damping=0.01, **_TABLE,
        ),
    )
}  # fmt: skip
