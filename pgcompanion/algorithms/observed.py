r"""Gymnasium's vector environments as algorithms see them: pieces of episodes, or whole ones.

What an episode would have brought after a piece of it is left to the critic: its value of the last
observation, unless the episode ended there. With these advantages the local problem is made as on a
finite MDP, and the updates are the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from pgcompanion import checks
from pgcompanion.algorithms import arguments
from pgcompanion.algorithms.critic import Critic, network_inputs
from pgcompanion.algorithms.local import LocalProblem, coefficients, sampled_problem
from pgcompanion.algorithms.network import NetworkProblem, RaceSampler
from pgcompanion.policies import MLP, NeuralGaussian, NeuralSoftmax
from pgcompanion.rollouts import Stream
from pgcompanion.trajectories import Trajectories

ENVIRONMENTS = "a vector environment"  # as error messages call it
PIECE = 64  # steps of each environment between two updates
WeighedDraw = Callable[[np.ndarray], tuple[Trajectories, np.ndarray]]
"""From parameters to trajectories of their policy and the coefficients ``psi (N, H)`` of these."""


class Observed:
    r"""A vector environment, seen through trajectories that are drawn from it.

    Statement: `trpo_implement`.

    Args:
        policy: a policy over its observations.
        draw: is told the parameters; brings trajectories that have not been seen before.
        mean_return: what the last of them say of the objective.
    """

    def __init__(
        self, policy: Any, draw: WeighedDraw, mean_return: Callable[[Trajectories], float]
    ) -> None:
        self.policy, self.draw, self.mean_return = policy, draw, mean_return
        self._J: WeakKeyDictionary[LocalProblem, float] = WeakKeyDictionary()

    def problem(self, theta: np.ndarray) -> LocalProblem:
        """The local problem around ``theta``, from fresh trajectories."""
        tau, psi = self.draw(theta)
        problem = observed_problem(self.policy, theta, tau, psi)
        self._J[problem] = self.mean_return(tau)
        return problem

    def J(self, problem: LocalProblem) -> float:
        """The mean return that was observed when ``problem`` was drawn."""
        return self._J[problem]

    def kl(self, problem: LocalProblem, theta: np.ndarray) -> float:
        """The estimate of the divergence along a trajectory, in nats."""
        return problem.kl(theta)


def episodes(policy: Any, draw: WeighedDraw) -> Observed:
    """A vector environment through whole episodes.

    Statement: `reinforce_pg`. The mean return is that of the episodes drawn.
    """
    return Observed(policy, draw, lambda tau: float((tau.r * tau.mask).sum(axis=1).mean()))


def pieces(
    envs: Any,
    policy: Any,
    rng: np.random.Generator,
    H: int = PIECE,
    coefficient: Callable[[Trajectories], np.ndarray] | None = None,
) -> Observed:
    """A vector environment through the next ``H`` steps of each of its environments.

    Statement: `trpo_implement`. The mean return is that of the episodes that ended in these steps, NaN
    where none did.

    Args:
        envs: a `gymnasium.vector.VectorEnv`.
        policy: a policy over its observations.
        rng: draws the start, the actions, and the critic where none is given.
        H: steps of each environment that go into one local problem.
        coefficient: maps trajectories to their advantages; a new `Critic` by default.

    Raises:
        ValueError: ``H`` is not a positive integer, ``rng`` is no generator, ``envs`` hides its
            autoreset mode, or no critic is given for observations that a network cannot take.
    """
    H, rng = checks.positive_integer("H", H), arguments.generator(rng, ENVIRONMENTS)
    weigh, stream = coefficient or critic_of(envs, rng), Stream(envs, rng)
    vectors = len(envs.single_observation_space.shape) == 1
    race = vectors and isinstance(policy, NeuralSoftmax)
    actor = RaceSampler(policy, envs.num_envs) if race else policy

    def draw(theta: np.ndarray) -> tuple[Trajectories, np.ndarray]:
        tau = stream.take(actor, theta, H, rng)
        return tau, weigh(tau)

    def mean_return(tau: Trajectories) -> float:
        return float(stream.returns.mean()) if len(stream.returns) else float("nan")

    return Observed(policy, draw, mean_return)


def observed_problem(
    policy: Any, theta: np.ndarray, tau: Trajectories, psi: np.ndarray
) -> LocalProblem:
    """`sampled_problem`, but faster where a network takes vectors: a `NetworkProblem`."""
    if tau.s.ndim == 3 and isinstance(policy, NeuralSoftmax | NeuralGaussian):
        taken, psi = tau.mask, coefficients(tau, psi)
        return NetworkProblem(policy, theta, tau.s[taken], tau.a[taken], psi[taken], tau.N)
    return sampled_problem(policy, theta, tau, psi)


def critic_of(envs: Any, rng: np.random.Generator) -> Critic:
    """A new critic for the observations of ``envs``, of `MLP`'s default size."""
    return Critic(MLP(network_inputs(envs.single_observation_space), 1), rng)
