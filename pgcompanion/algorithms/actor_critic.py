"""Any policy update on a vector environment, with advantages from a critic that learns along."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from pgcompanion.algorithms.iterate import Iterate, iterate
from pgcompanion.algorithms.local import LocalProblem
from pgcompanion.algorithms.observed import PIECE, pieces
from pgcompanion.algorithms.views import Coefficient


def actor_critic(
    envs: Any,
    policy: Any,
    theta: np.ndarray,
    update: Callable[[LocalProblem, int], np.ndarray],
    *,
    rng: np.random.Generator,
    H: int = PIECE,
    coefficient: Coefficient | None = None,
    K: int | None = None,
) -> Iterator[Iterate]:
    r"""Yield the iterates of ``update`` on a vector environment.

    Statement: `ppo_clip`. ``update`` maps the local problem around :math:`\theta^k`, and ``k``, to
    :math:`\theta^{k+1}`: `ppo_update`, `trpo_update` or a natural step, the very functions that work on
    a finite MDP. `ppo`, `trpo` and `npg` take a vector environment too; here the update is free, its
    settings may depend on ``k``. ``it.J`` is the mean return of the episodes that ended in the batch
    drawn at ``it.theta``, or NaN where none did; `rollout` measures better.

    Args:
        envs: a `gymnasium.vector.VectorEnv`.
        policy: a policy over its observations.
        H: steps of each environment between two updates.
        coefficient: maps trajectories to their advantages; a new `Critic` by default.

    Raises:
        ValueError: as `pieces`; ``theta`` does not have the shape ``(p,)`` of the policy, or ``K`` is
            not a natural number.

    Example:
        >>> import gymnasium
        >>> from pgcompanion.algorithms import ppo_update
        >>> from pgcompanion.policies import NeuralSoftmax
        >>> rng, policy = np.random.default_rng(0), NeuralSoftmax(inputs=4, A=2)
        >>> def update(problem, k):
        ...     return ppo_update(problem, eps=0.2, eta=5e-3, epochs=2, minibatch=128, rng=rng)
        >>> envs = gymnasium.make_vec("CartPole-v1", num_envs=16)
        >>> path = list(actor_critic(envs, policy, policy.init(rng), update, rng=rng, K=8))
        >>> path[-1].J > 2 * path[0].J
        True
    """
    return iterate(pieces(envs, policy, rng, H, coefficient), theta, update, K)
