"""Whole episodes from Gymnasium's vector environments, begun afresh each time."""

from __future__ import annotations

from typing import Any

import numpy as np

from pgcompanion import checks
from pgcompanion.batches.batch import Batch
from pgcompanion.batches.rollouts import Steps, Stream, autoreset_mode
from pgcompanion.batches.sampled import Psi, advantage_estimate, trajectory_batch
from pgcompanion.policies import Policy
from pgcompanion.trajectories import Trajectories


class Episodes:
    r"""One whole episode from every environment, begun afresh each time: what REINFORCE learns from.

    Statement: `reinforce_pg`. A row is a step, of weight :math:`1/N` with ``N`` environments; the
    advantages are ``psi(tau)``. ``batch.J`` is the mean return of the episodes.

    Args:
        envs: a `gymnasium.vector.VectorEnv`.
        steps: after so many steps an episode is cut off.
        rng: draws the starts and the actions.
        psi: maps trajectories to the coefficients ``(N, H)``; by default `advantage_estimate`.

    Raises:
        TypeError: ``envs`` is no vector environment, ``rng`` no generator, ``psi`` no function; when
            called, the policy's actions or states are none of the environment's.
        ValueError: ``steps`` is not a positive integer.

    Example:
        >>> import gymnasium
        >>> from pgcompanion.policies import NeuralSoftmax
        >>> rng, policy = np.random.default_rng(0), NeuralSoftmax(inputs=4, A=2)
        >>> source = Episodes(gymnasium.make_vec("CartPole-v1", num_envs=8), steps=500, rng=rng)
        >>> batch = source(policy, policy.init(rng))
        >>> batch.J == batch.B / 8                 # a reward of 1 for each step
        True
    """

    def __init__(
        self,
        envs: Any,
        *,
        steps: int,
        rng: np.random.Generator,
        psi: Psi = advantage_estimate,
    ) -> None:
        autoreset_mode(envs)
        self.envs, self.steps = envs, checks.positive_integer("steps", steps)
        self.rng, self.psi = checks.generator(rng), checks.function("psi", psi)

    def __call__(self, policy: Policy, theta: np.ndarray) -> Batch:
        """The batch of fresh episodes at ``theta``."""
        tau = rollout(self.envs, policy, theta, self.steps, self.rng)
        return trajectory_batch(policy, theta, tau, self.psi(tau))


def rollout(
    envs: Any, policy: Policy, theta: np.ndarray, steps: int, rng: np.random.Generator
) -> Trajectories:
    r"""One episode from every environment, from its start to its end or to ``steps``.

    Statement: `trajectories`. The rows of the result are independent episodes, as those of `sample`.
    ``tau.mask`` is True for the steps that were taken; ``tau.terminated`` tells the episodes that reached
    a terminal state from those that the time limit, or ``steps``, cut off; ``tau.last`` holds the
    observation after the last step. An environment with a bounded box of actions is given the nearest
    action in the box; ``tau.a`` holds the actions as the policy drew them.

    Raises:
        TypeError: ``envs`` is no vector environment, ``rng`` no generator, or the policy's actions or
            states are none of the environment's.
        ValueError: ``steps`` is not a positive integer, ``theta`` none of the policy's parameters, or
            ``envs`` does not state its autoreset mode.

    Example:
        >>> import gymnasium
        >>> from pgcompanion.policies import NeuralSoftmax
        >>> rng, policy = np.random.default_rng(0), NeuralSoftmax(inputs=4, A=2)
        >>> tau = rollout(gymnasium.make_vec("CartPole-v1", num_envs=8), policy, policy.init(rng), 500, rng)
        >>> bool(tau.terminated.all()), bool((tau.r.sum(axis=1) == tau.mask.sum(axis=1)).all())
        (True, True)
    """
    steps, rng = checks.positive_integer("steps", steps), checks.generator(rng)
    stream = Stream(envs, rng)
    checks.spaces(policy, envs)
    theta = checks.parameters(theta, policy.p)
    room, going = policy.room(envs.num_envs), np.ones(envs.num_envs, bool)
    taken: list[Steps] = []
    while going.any() and len(taken) < steps:
        step = stream.step(policy, theta, rng, room)
        taken.append(step._replace(taken=going))
        going = going & ~step.done
    x = Steps(*(np.stack(field, axis=1) for field in zip(*taken, strict=True)))
    row, end = np.arange(len(x.r)), x.taken.sum(axis=1) - 1
    return Trajectories(x.s, x.a, x.r, x.taken, x.terminated[row, end], x.after[row, end])
