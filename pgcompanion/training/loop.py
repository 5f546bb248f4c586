r"""The loop of `train`: a rollout, a step of PPO or TRPO, and again."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pgcompanion.batches import Batch, Rollouts
from pgcompanion.policies import Policy
from pgcompanion.steps import Adam, ppo_step, trpo_step
from pgcompanion.training.observations import RunningMoments
from pgcompanion.training.run import Run
from pgcompanion.training.settings import Settings


def updates(
    source: Rollouts,
    policy: Policy,
    settings: Settings,
    moments: RunningMoments | None,
    rng: np.random.Generator,
    own_critic: bool = False,
) -> Iterator[Run]:
    """The run at its start and after every update; what the public function checked stays unchecked."""
    theta = policy.init(rng)
    if policy.room(1) is not None:  # passes in single precision want such parameters
        theta = theta.astype(np.float32)
    adam = new_adam(theta, settings)
    batch_steps, J = settings.steps * source.stream.envs.num_envs, np.full(settings.updates, np.nan)
    steps = batch_steps * np.arange(1, settings.updates + 1)
    yield Run(policy, theta, settings, steps[:0], J[:0], moments)
    for k in range(settings.updates):
        left = 1 - k / settings.updates
        if not own_critic:
            eta = settings.eta if settings.value_eta is None else settings.value_eta
            source.critic.eta = eta * (left if settings.value_anneal else 1.0)
        batch = source(policy, theta)
        adam = adam if settings.keep_adam else new_adam(theta, settings)
        theta = step(policy, theta, batch, settings, left, adam, rng)
        # From the whole at the first update to nothing at half of them.
        theta = (1 - settings.weight_decay * max(0.0, 2 * left - 1)) * theta
        J[k] = np.nan if batch.J is None else batch.J
        yield Run(policy, theta, settings, steps[: k + 1], J[: k + 1], moments)


def step(
    policy: Policy,
    theta: np.ndarray,
    batch: Batch,
    settings: Settings,
    left: float,
    adam: Adam,
    rng: np.random.Generator,
) -> np.ndarray:
    """One update as the settings want it, when the part ``left`` of them is to come: ``(p,)``."""
    if settings.method == "trpo":
        return trpo_step(policy, theta, batch, settings.delta, damping=settings.damping)
    adam.eta = settings.eta * (left if settings.anneal else 1.0)
    return ppo_step(
        policy,
        theta,
        batch,
        eps=settings.eps * (left if settings.anneal_eps else 1.0),
        eta=adam,
        epochs=settings.epochs,
        minibatch=settings.minibatch,
        rng=rng,
        bonus=settings.bonus,
        max_norm=settings.max_norm or np.inf,
        stop_kl=settings.stop_kl or np.inf,
    )


def new_adam(theta: np.ndarray, settings: Settings) -> Adam:
    """Adam that remembers nothing."""
    return Adam(len(theta), settings.eta, eps=settings.adam_eps, dtype=theta.dtype)
