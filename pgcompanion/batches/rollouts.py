r"""Batches from Gymnasium's vector environments, whichever way these begin an episode anew.

When an episode is over, a vector environment starts the next one by itself, and its observations
run on. An episode that **terminated** has no future: nothing follows its last step. One that was
**truncated** was only cut off, and its last observation still has a value. Where the environment
spends a step on starting anew, that step is no transition: its action was ignored.
"""

from __future__ import annotations

from collections import deque
from typing import Any, NamedTuple

import numpy as np

from pgcompanion import checks
from pgcompanion.batches.batch import Batch, unchecked
from pgcompanion.estimators.gae import gae_steps, normalised
from pgcompanion.estimators.value_function import Critic
from pgcompanion.policies import Policy
from pgcompanion.policies.base import Room

EPISODES = 100  # the returns of so many finished episodes are averaged


class Steps(NamedTuple):
    """``T`` steps of ``n`` environments, each field ``(T, n, ...)`` (statement: `trajectories`).

    ``after`` is what the step led to, ``taken`` False for a step that only began an episode anew.
    """

    s: np.ndarray
    a: np.ndarray
    r: np.ndarray
    after: np.ndarray
    terminated: np.ndarray
    done: np.ndarray
    taken: np.ndarray


class Rollouts:
    r"""The next ``steps`` of each environment, with advantages from a critic that learns along.

    Statement: `ppo_practice`, `gae`, `trpo_implement`. A rollout may begin and end within episodes; what follows it is
    left to the critic. In this order: its values along the rollout, `gae_steps`, then its fit to
    :math:`\hat A+V`, so that no target of the fit has a part in the advantages; then, if asked for, these
    are normalised. A row is a step, of weight :math:`1/B`: divergences are mean nats of a visited state.
    ``batch.J`` is the mean return of the last 100 finished episodes, ``None`` before the first.

    Args:
        envs: a `gymnasium.vector.VectorEnv`, in any autoreset mode. It is reset with a seed from ``rng``.
        steps: steps of each environment.
        rng: draws the actions.
        critic: a `Critic`, as `critic_for` makes it.
        gamma, lam: :math:`\gamma` and :math:`\lambda` of the advantages.
        normalise: whether advantages are shifted and scaled to mean 0 and standard deviation 1. It is
            part of no gradient identity; it makes step sizes comparable across tasks.

    Raises:
        TypeError: ``envs`` is no vector environment, ``rng`` no generator, ``critic`` has no ``value`` and
            ``fit``; when called, the policy's actions or states are none of the environment's.
        ValueError: ``steps`` is not a positive integer, ``gamma`` or ``lam`` not in [0, 1], ``normalise``
            neither True nor False, or ``envs`` does not state its autoreset mode.

    Example:
        >>> import gymnasium
        >>> from pgcompanion.policies import MLP, NeuralSoftmax
        >>> rng, policy = np.random.default_rng(0), NeuralSoftmax(inputs=4, A=2)
        >>> envs, critic = gymnasium.make_vec("CartPole-v1", num_envs=8), Critic(MLP(4, 1), rng)
        >>> source = Rollouts(envs, steps=32, rng=rng, critic=critic)
        >>> source(policy, policy.init(rng)).A.shape[0] > 200
        True
    """

    def __init__(
        self,
        envs: Any,
        *,
        steps: int,
        rng: np.random.Generator,
        critic: Critic,
        gamma: float = 0.99,
        lam: float = 0.95,
        normalise: bool = False,
    ) -> None:
        self.steps, self.rng = checks.positive_integer("steps", steps), checks.generator(rng)
        self.gamma, self.lam = checks.discount(gamma), checks.unit_interval("lam", lam)
        if not (hasattr(critic, "value") and hasattr(critic, "fit")):
            raise TypeError(f"critic must be a Critic, but it is of type {type(critic).__name__}.")
        self.critic, self.normalise = critic, checks.truth("normalise", normalise)
        self.stream = Stream(envs, rng)
        self._room: tuple[Policy, Room | None] | None = None

    def __call__(self, policy: Policy, theta: np.ndarray) -> Batch:
        """The batch of the next steps at ``theta``."""
        room, theta = self._room_of(policy), checks.theta(theta, policy.p)
        x = self.stream.take(policy, theta, self.steps, self.rng, room)
        if (
            not x.taken.any()
        ):  # a single step that began every episode anew: the next is none of these
            x = self.stream.take(policy, theta, self.steps, self.rng, room)
        V, V_next = self._values(x)
        # A step that begins an episode anew belongs to none: nothing passes through it.
        A = gae_steps(x.r, V, V_next, x.done | ~x.taken, self.gamma, self.lam)[x.taken]
        s, a = x.s[x.taken], x.a[x.taken]
        self.critic.fit(s, A + V[x.taken])
        log_prob = policy.log_prob(theta, s, a)
        A = (normalised(A) if self.normalise else A).astype(log_prob.dtype, copy=False)
        w = np.full(len(A), 1 / len(A), log_prob.dtype)
        return unchecked(s, a, w, A, log_prob, self.stream.mean_return)

    def _values(self, x: Steps) -> tuple[np.ndarray, np.ndarray]:
        r"""The critic's :math:`V(s_t)` and what follows each step, both ``(T, n)``: 0 where it terminated."""
        V = self.critic.value(np.concatenate([x.s, self.stream.s[None]]))
        V, V_next = V[:-1], V[1:].copy()
        # What comes next is the first observation of another episode, unless a step begins it anew.
        cut = x.done & ~x.terminated & (self.stream.mode != "NextStep")
        if cut.any():
            V_next[cut] = self.critic.value(x.after[cut])
        return V, np.where(x.terminated, 0.0, V_next)

    def _room_of(self, policy: Policy) -> Room | None:
        """Room for the passes of this policy, made once; its states and actions are checked then."""
        if self._room is None or self._room[0] is not policy:
            checks.spaces(policy, self.stream.envs)
            self._room = policy, policy.room(self.stream.envs.num_envs)
        return self._room[1]


class Stream:
    """Vector environments that run on, over the ends of episodes.

    Statement: `trajectories`.

    Attributes:
        s: the observation that each environment waits at, shape ``(n, ...)``.
        mode: how an episode begins anew: ``NextStep``, ``SameStep`` or ``Disabled``.
        mean_return: mean return of the last finished episodes (`EPISODES`), ``None`` before the first.
    """

    def __init__(self, envs: Any, rng: np.random.Generator) -> None:
        self.mode, self.envs = autoreset_mode(envs), envs
        self.s = np.array(envs.reset(seed=int(checks.generator(rng).integers(2**31)))[0])
        self._live = np.ones(envs.num_envs, dtype=bool)
        self._so_far = np.zeros(envs.num_envs)
        self._returns: deque[float] = deque(maxlen=EPISODES)

    @property
    def mean_return(self) -> float | None:
        return float(np.mean(self._returns)) if self._returns else None

    def take(
        self,
        policy: Policy,
        theta: np.ndarray,
        T: int,
        rng: np.random.Generator,
        room: Room | None = None,
    ) -> Steps:
        """The next ``T`` steps of every environment."""
        steps = [self.step(policy, theta, rng, room) for _ in range(T)]
        x = Steps(*map(np.array, zip(*steps, strict=True)))
        total = self._so_far + (x.r * x.taken).cumsum(axis=0)
        carried = np.zeros(len(self._so_far))  # what the episodes before had earned
        for t, i in np.argwhere(x.done & x.taken):
            self._returns.append(float(total[t, i] - carried[i]))
            carried[i] = total[t, i]
        self._so_far = total[-1] - carried
        return x

    def step(
        self, policy: Policy, theta: np.ndarray, rng: np.random.Generator, room: Room | None = None
    ) -> Steps:
        """One step, each field ``(n, ...)``.

        What an environment returns is copied, since it may write its next answer to the same arrays.
        """
        s, taken = self.s, self._live
        a = policy.sample(theta, s, rng, room)
        *answer, info = self.envs.step(_admissible(self.envs.action_space, a))
        after, r, terminated, truncated = map(np.array, answer)
        done = terminated | truncated
        self.s = after
        if self.mode == "NextStep":
            self._live = ~done
        elif done.any() and self.mode == "SameStep":
            after = after.copy()
            after[done] = np.stack(info["final_obs"][done])
        elif done.any():
            self.s = np.array(self.envs.reset(options={"reset_mask": done})[0])
        return Steps(s, a, r, after, terminated, done, taken)


def autoreset_mode(envs: Any) -> str:
    if not hasattr(envs, "num_envs"):
        raise TypeError(
            "envs must be a vector environment, as gymnasium.make_vec or "
            f"gymnasium.vector.SyncVectorEnv gives it, but it is of type {type(envs).__name__}."
        )
    mode = envs.metadata.get("autoreset_mode")
    if mode is None:
        raise ValueError(
            "envs must state its autoreset mode, but its metadata has no 'autoreset_mode'."
        )
    return str(getattr(mode, "value", mode))


def _admissible(space: Any, a: np.ndarray) -> np.ndarray:
    """The actions in ``space``, of its type: numbered as it numbers them, or the nearest in its box."""
    if hasattr(space, "low"):
        a = a.reshape(space.shape).clip(space.low, space.high)
    elif hasattr(space, "start"):
        a = a + space.start
    return a.astype(space.dtype, copy=False)
