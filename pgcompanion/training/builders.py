"""A policy and a critic for the spaces of any Gymnasium vector environment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pgcompanion.estimators.value_function import Critic
from pgcompanion.policies import (
    MLP,
    LinearGaussian,
    NeuralGaussian,
    NeuralSoftmax,
    TabularSoftmax,
)


def policy_for(
    envs: Any, hidden: Sequence[int] = (64, 64)
) -> TabularSoftmax | NeuralSoftmax | NeuralGaussian | LinearGaussian:
    """A policy for the observations and actions of a vector environment.

    Statement: `tabular_softmax`, `neural_softmax`, `gaussian_policy`. Discrete actions get a softmax,
    a box of actions a Gaussian with learned noise; observations that are vectors get a tanh network of
    the widths ``hidden``, discrete ones a table.

    Raises:
        TypeError: ``envs`` is no vector environment.
        ValueError: its observations are neither discrete nor vectors, or its actions neither discrete nor
            vectors; or ``hidden`` is no sequence of widths.

    Example:
        >>> import gymnasium
        >>> policy_for(gymnasium.make_vec("CartPole-v1", num_envs=2))
        NeuralSoftmax(inputs=4, A=2, hidden=(64, 64))
        >>> policy_for(gymnasium.make_vec("FrozenLake-v1", num_envs=2))
        TabularSoftmax(S=16, A=4)
    """
    S, d = _observations(envs)
    A, n = _actions(envs)
    if A is not None:
        return TabularSoftmax(S, A) if S is not None else NeuralSoftmax(d, A, hidden)
    if S is not None:
        return LinearGaussian(np.eye(S), n, sigma=None)
    return NeuralGaussian(d, n, hidden, sigma=None)


def critic_for(
    envs: Any,
    rng: np.random.Generator,
    hidden: Sequence[int] = (64, 64),
    *,
    eta: float = 5e-3,
    epochs: int = 2,
    minibatch: int = 128,
) -> Critic:
    """A critic for the observations of a vector environment, fitted with these settings.

    Statement: `gae`. For vectors it is a tanh network. For discrete observations it is a table: a
    network without hidden layers on unit vectors. A table starts at 0, since where rewards are rare,
    random values would decide where the policy goes.

    Raises:
        TypeError: ``envs`` is no vector environment, or ``rng`` no generator.
        ValueError: its observations are neither discrete nor vectors, or a setting is out of its range.

    Example:
        >>> import gymnasium
        >>> rng, envs = np.random.default_rng(0), gymnasium.make_vec("FrozenLake-v1", num_envs=2)
        >>> critic_for(envs, rng).value(np.array([0, 15]))
        array([0., 0.], dtype=float32)
    """
    S, d = _observations(envs)
    net = MLP(d, 1, hidden) if S is None else MLP(np.eye(S), 1, ())
    critic = Critic(net, rng, eta=eta, epochs=epochs, minibatch=minibatch)
    if S is not None:
        critic.w = np.zeros_like(critic.w)
    return critic


def _observations(envs: Any) -> tuple[int | None, int]:
    """``S`` of discrete observations, or None and the length ``d`` of vectors."""
    seen = _space(envs, "single_observation_space")
    if hasattr(seen, "start") and hasattr(seen, "n") and seen.start == 0:
        return int(seen.n), 0
    if hasattr(seen, "low") and len(seen.shape) == 1:
        return None, int(seen.shape[0])
    raise ValueError(
        "envs must have observations in Discrete(n), from 0, or in a Box of one axis, but they are in "
        f"{seen}: gymnasium.wrappers.FlattenObservation makes a vector of most others."
    )


def _actions(envs: Any) -> tuple[int | None, int]:
    """``A`` of discrete actions, or None and the length ``n`` of vectors."""
    acts = _space(envs, "single_action_space")
    if hasattr(acts, "start") and hasattr(acts, "n"):
        return int(acts.n), 0
    if hasattr(acts, "low") and len(acts.shape) == 1 and np.issubdtype(acts.dtype, np.floating):
        return None, int(acts.shape[0])
    raise ValueError(
        "envs must have actions in Discrete(n), or real ones in a Box of one axis, but they are in "
        f"{acts}: write a wrapper that numbers them, or a policy of your own."
    )


def _space(envs: Any, name: str) -> Any:
    if not hasattr(envs, name):
        raise TypeError(
            "envs must be a vector environment, as gymnasium.make_vec or "
            f"gymnasium.vector.SyncVectorEnv gives it, but it is of type {type(envs).__name__}."
        )
    return getattr(envs, name)
