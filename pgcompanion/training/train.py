"""Training on any vector environment: what the loop needs is made here, and `loop` runs it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from pgcompanion import checks
from pgcompanion.batches import Rollouts
from pgcompanion.estimators.value_function import Critic
from pgcompanion.policies import Policy
from pgcompanion.training.builders import critic_for, policy_for
from pgcompanion.training.loop import updates
from pgcompanion.training.observations import NormalisedObservations, RunningMoments
from pgcompanion.training.progress import shown
from pgcompanion.training.run import Run
from pgcompanion.training.settings import Settings, checked


def train(
    envs: Any,
    settings: Settings = Settings(),  # noqa: B008, a frozen record
    *,
    rng: np.random.Generator,
    policy: Policy | None = None,
    critic: Critic | None = None,
    progress: bool = True,
) -> Run:
    """Train a policy on a vector environment: by PPO or, if the settings say so, by TRPO.

    Statement: `ppo_clip`, `trpo_implement`. `training_iterates` gives the run after every update, to stop
    early or to evaluate on the way. ``envs`` stays open: closing it is the caller's.

    Args:
        envs: a `gymnasium.vector.VectorEnv`: `gymnasium.make_vec` makes one of a registered environment,
            `gymnasium.vector.SyncVectorEnv` of a list of functions that make one of your own.
        settings: what is done, and how often.
        rng: seeds the environments and draws everything else.
        policy: by default what `policy_for` makes.
        critic: by default what `critic_for` makes with these settings. One that is given keeps its own.
        progress: whether a bar is shown, where the standard error is a terminal.

    Raises:
        TypeError: ``envs`` is no vector environment, ``settings`` are none, ``rng`` is no generator,
            ``policy`` no policy or ``critic`` no critic.
        ValueError: the policy does not fit the spaces of ``envs``, no policy is known for them, or
            ``progress`` is neither True nor False.

    Source: Schulman et al. 2017.

    Example:
        >>> import gymnasium
        >>> envs = gymnasium.make_vec("CartPole-v1", num_envs=16)
        >>> run = train(envs, Settings(updates=10), rng=np.random.default_rng(0))
        >>> run.steps[-1], bool(run.J[-1] > 2 * run.J[0])
        (np.int64(10240), True)
    """
    progress = checks.truth("progress", progress)
    iterates = training_iterates(envs, settings, rng=rng, policy=policy, critic=critic)
    *_, run = shown(iterates, settings.updates) if progress else iterates
    return run


def training_iterates(
    envs: Any,
    settings: Settings = Settings(),  # noqa: B008, a frozen record
    *,
    rng: np.random.Generator,
    policy: Policy | None = None,
    critic: Critic | None = None,
) -> Iterator[Run]:
    """Yield the `Run` at its start and after every update: what `train` does, step by step.

    Statement: `ppo_clip`, `trpo_implement`. Arguments and errors as in `train`. No read of what is yielded
    takes a step or draws a number.

    Example:
        >>> import gymnasium
        >>> envs = gymnasium.make_vec("CartPole-v1", num_envs=16)
        >>> for run in training_iterates(envs, Settings(updates=50), rng=np.random.default_rng(0)):
        ...     if run.k and run.J[-1] > 50:
        ...         break
        >>> run.k < 50
        True
    """
    checked(settings)
    checks.generator(rng)
    policy = policy_for(envs, settings.hidden) if policy is None else checks.policy(policy)
    own_critic = critic is not None
    if critic is None:
        critic = critic_for(
            envs,
            rng,
            settings.hidden,
            epochs=settings.value_epochs or settings.epochs,
            minibatch=settings.value_minibatch or settings.minibatch,
        )
    moments = None
    if settings.normalise_observations:
        shape = envs.single_observation_space.shape
        moments = RunningMoments(shape[0] if shape else 1)
        envs = NormalisedObservations(envs, moments, learning=True)
    source = Rollouts(
        envs,
        steps=settings.steps,
        rng=rng,
        critic=critic,
        gamma=settings.gamma,
        lam=settings.lam,
        normalise=settings.normalise_advantages,
    )
    checks.spaces(policy, envs)
    return updates(source, policy, settings, moments, rng, own_critic)
