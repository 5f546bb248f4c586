r"""Trajectories from Gymnasium's vector environments, whichever way these begin an episode anew.

When an episode is over, a vector environment starts the next one by itself, and its observations
run on. Two things must not be mixed up. An episode that **terminated** has no future: nothing
follows its last step. One that was **truncated** was only cut off, and its last observation still
has a value. And where the environment spends a step on starting anew, that step is no transition:
its action was ignored, and it leads from one episode into another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple, Protocol

import numpy as np

from pgcompanion import checks
from pgcompanion.trajectories import Trajectories


class Sampler(Protocol):
    """What a rollout asks of a policy."""

    def sample(self, theta: np.ndarray, s: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Actions for the observations ``s (n, ...)``, shape ``(n, ...)``."""


class _Step(NamedTuple):
    """One step of ``n`` environments, each field an array of ``n``."""

    s: np.ndarray
    a: np.ndarray
    r: np.ndarray
    after: np.ndarray
    terminated: np.ndarray
    done: np.ndarray
    taken: np.ndarray


def rollout(
    vector_env: Any, policy: Sampler, theta: np.ndarray, H: int, rng: np.random.Generator
) -> Trajectories:
    r"""One episode from every environment, from its start to its end or to step ``H``.

    Statement: `trajectories`. The rows of the result are independent episodes, as those of `sample`:
    where ``N`` environments run, there are ``N`` of them. ``tau.mask`` is True for the steps that were
    taken; ``tau.terminated`` tells the episodes that reached a terminal state from those that the
    environment's time limit, or ``H``, cut off; ``tau.last`` holds the observation after the last step.

    ``tau.a`` holds the actions as the policy drew them. An environment with a bounded box of actions
    is given the nearest action in the box.

    Args:
        vector_env: a `gymnasium.vector.VectorEnv`, in any autoreset mode. It is reset, with a seed
            drawn from ``rng``.
        policy: anything with ``sample(theta, s, rng)``.
        theta: its parameters.
        H: the largest number of steps.

    Raises:
        ValueError: ``H`` is not a positive integer, or ``vector_env`` is a single environment or does
            not state its autoreset mode.

    Example:
        >>> import gymnasium
        >>> from pgcompanion.policies import NeuralSoftmax
        >>> rng, policy = np.random.default_rng(0), NeuralSoftmax(inputs=4, A=2)
        >>> envs = gymnasium.make_vec("CartPole-v1", num_envs=8)
        >>> tau = rollout(envs, policy, policy.init(rng), H=500, rng=rng)
        >>> tau.s.shape, bool(tau.terminated.all()), bool((tau.r.sum(axis=1) == tau.mask.sum(axis=1)).all())
        ((8, 500, 4), True, True)
    """
    H = checks.positive_integer("H", H)
    steps: list[_Step] = []
    stream = Stream(vector_env, rng)
    open_episode = np.ones(vector_env.num_envs, dtype=bool)
    for step in islice(stream._steps(policy, theta, rng), H):
        steps.append(step._replace(taken=step.taken & open_episode))
        open_episode = open_episode & ~step.done
        if not open_episode.any():
            break
    return _pieces(steps, H)[0]


class Stream:
    """Vector environments that run on from one batch of steps to the next, over the ends of episodes.

    Statement: `trajectories`.

    Args:
        vector_env: a `gymnasium.vector.VectorEnv`. It is reset, with a seed drawn from ``rng``.

    Attributes:
        returns: undiscounted returns of the episodes that ended during the last `take`, shape ``(n,)``.

    Raises:
        ValueError: ``vector_env`` is a single environment or does not state its autoreset mode.
    """

    def __init__(self, vector_env: Any, rng: np.random.Generator) -> None:
        self.envs, self._mode = vector_env, _autoreset_mode(vector_env)
        self._s = np.array(vector_env.reset(seed=int(rng.integers(2**31)))[0])
        self._live = np.ones(vector_env.num_envs, dtype=bool)
        self._return = np.zeros(vector_env.num_envs)
        self.returns = np.zeros(0)

    def take(
        self, policy: Sampler, theta: np.ndarray, H: int, rng: np.random.Generator
    ) -> Trajectories:
        r"""``H`` steps of every environment, as trajectories: one row for each piece of an episode.

        Statement: `gae`. An episode that goes on beyond the batch is cut off there: its row is not
        ``terminated``, and ``last`` holds the observation to bootstrap from. The next batch goes on from
        that observation. Since an episode may begin in one batch and end in another, the rows are not
        samples of whole episodes: use them with a value function, and `rollout` without one.
        """
        H = checks.positive_integer("H", H)
        steps = list(islice(self._steps(policy, theta, rng), H))
        tau, row = _pieces(steps, H)
        total, goes_on = tau.r.sum(axis=1), steps[0].taken
        total[: goes_on.sum()] += self._return[goes_on]
        unfinished = row >= 0
        self.returns = np.delete(total, row[unfinished])
        self._return[:] = 0.0
        self._return[unfinished] = total[row[unfinished]]
        return tau

    def _steps(
        self, policy: Sampler, theta: np.ndarray, rng: np.random.Generator
    ) -> Iterator[_Step]:
        """Act on and on."""
        while True:
            s, taken = self._s, self._live
            a = policy.sample(theta, s, rng)
            yield _Step(s, a, *self._advance(a), taken)

    def _advance(self, a: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Rewards, the observations that the step led to, whether it ended in a terminal state, or at all.

        What an environment returns is copied, since it may write its next answer to the same arrays.
        """
        *answer, info = self.envs.step(_admissible(self.envs.action_space, a))
        after, r, terminated, truncated = map(np.array, answer)
        done = terminated | truncated
        self._s = after
        if self._mode == "NextStep":
            self._live = ~done
        elif done.any() and self._mode == "SameStep":
            after = after.copy()
            after[done] = np.stack(info["final_obs"][done])
        elif done.any():
            self._s = np.array(self.envs.reset(options={"reset_mask": done})[0])
        return r, after, terminated, done


def _pieces(steps: Sequence[_Step], H: int) -> tuple[Trajectories, np.ndarray]:
    """Cut consecutive steps at the ends of episodes: trajectories with one row a piece, ``(N, H)``.

    A piece begins with the first step, or after an end, and is over with an episode or with the last
    step. Its row is filled from the left and masked on the right. Rows are in the order in which the
    pieces begin. Also the row of each environment's episode that is not over yet, ``(n,)``, or -1.
    """
    # Arrays of a row a step, and a column an environment, until they are placed.
    s, a, r, after, terminated, done, taken = map(np.array, zip(*steps, strict=True))
    h = np.arange(len(steps))[:, None]
    begins = taken & ((h == 0) | np.roll(done | ~taken, 1, axis=0))
    ends = taken & (done | (h == h[-1]))
    piece = np.maximum.accumulate(np.where(begins, begins.cumsum().reshape(begins.shape), 0)) - 1
    first = np.maximum.accumulate(np.where(begins, h, 0))
    source, N = np.flatnonzero(taken), int(begins.sum())
    target = (piece * H + h - first).ravel()[source]

    def place(x: np.ndarray) -> np.ndarray:
        table = np.zeros((N * H, *x.shape[2:]), x.dtype)
        table[target] = x.reshape(-1, *x.shape[2:])[source]
        return table.reshape(N, H, *x.shape[2:])

    def at_the_end(x: np.ndarray) -> np.ndarray:
        return x[ends][piece[ends].argsort()]

    arrays = place(s), place(a), place(r), place(taken), at_the_end(terminated), at_the_end(after)
    return Trajectories(*arrays), np.where(taken[-1] & ~done[-1], piece[-1], -1)


def _autoreset_mode(vector_env: Any) -> str:
    """How a vector environment begins an episode anew: ``NextStep``, ``SameStep`` or ``Disabled``."""
    if not hasattr(vector_env, "num_envs"):
        raise ValueError(
            f"vector_env must be a vector environment, as gymnasium.make_vec gives it, "
            f"but it is of type {type(vector_env).__name__}."
        )
    mode = vector_env.metadata.get("autoreset_mode")
    if mode is None:
        raise ValueError(
            "vector_env must state its autoreset mode, but its metadata has no 'autoreset_mode'."
        )
    return str(getattr(mode, "value", mode))


def _admissible(space: Any, a: np.ndarray) -> np.ndarray:
    """The actions in ``space``, of its type, that are nearest to ``a``."""
    if hasattr(space, "low"):
        a = a.reshape(space.shape).clip(space.low, space.high)
    return a.astype(space.dtype, copy=False)
