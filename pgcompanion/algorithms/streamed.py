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
WeighedDraw = Callable[[np.ndarray], tuple[Trajectories, np.ndarray]]
"""From parameters to trajectories of their policy and the coefficients ``psi (N, H)`` of these."""


class Streamed:
    """A vector environment, seen through the next ``H`` steps of each of its environments.

    Statement: `trpo_implement`.

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

    def __init__(
        self,
        envs: Any,
        policy: Any,
        rng: np.random.Generator,
        H: int = 64,
        coefficient: Callable[[Trajectories], np.ndarray] | None = None,
    ) -> None:
        self.policy, self.H = policy, checks.positive_integer("H", H)
        self.rng = arguments.generator(rng, ENVIRONMENTS)
        self.coefficient = coefficient or critic_of(envs, rng)
        self.stream = Stream(envs, rng)
        vectors = len(envs.single_observation_space.shape) == 1
        race = vectors and isinstance(policy, NeuralSoftmax)
        self._sampler = RaceSampler(policy, envs.num_envs) if race else policy
        self._returns: WeakKeyDictionary[LocalProblem, np.ndarray] = WeakKeyDictionary()

    def problem(self, theta: np.ndarray) -> LocalProblem:
        """The local problem around ``theta``, from steps that have not been seen before."""
        tau = self.stream.take(self._sampler, theta, self.H, self.rng)
        problem = observed_problem(self.policy, theta, tau, self.coefficient(tau))
        self._returns[problem] = self.stream.returns
        return problem

    def J(self, problem: LocalProblem) -> float:
        """The mean return of the episodes that ended while ``problem`` was drawn; NaN where none did."""
        returns = self._returns[problem]
        return float(returns.mean()) if len(returns) else float("nan")

    def kl(self, problem: LocalProblem, theta: np.ndarray) -> float:
        """The estimate of the divergence along a piece, in nats."""
        return problem.kl(theta)


class Episodes:
    """A vector environment, seen through whole episodes: one from each of its environments, drawn afresh.

    Statement: `reinforce_pg`. ``draw`` is told the parameters.
    """

    def __init__(self, policy: Any, draw: WeighedDraw) -> None:
        self.policy, self.draw = policy, draw
        self._J: WeakKeyDictionary[LocalProblem, float] = WeakKeyDictionary()

    def problem(self, theta: np.ndarray) -> LocalProblem:
        """The local problem around ``theta``, from fresh episodes."""
        tau, psi = self.draw(theta)
        problem = observed_problem(self.policy, theta, tau, psi)
        self._J[problem] = float((tau.r * tau.mask).sum(axis=1).mean())
        return problem

    def J(self, problem: LocalProblem) -> float:
        """The mean return of the episodes of ``problem``."""
        return self._J[problem]

    def kl(self, problem: LocalProblem, theta: np.ndarray) -> float:
        """The estimate of the divergence along an episode, in nats."""
        return problem.kl(theta)


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
