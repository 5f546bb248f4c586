r"""Gymnasium's vector environments as algorithms see them: short pieces of episodes, one after the other.

What an episode would have brought after its piece is left to the critic: its value of the last
observation, unless the episode ended there. With these advantages the local problem is made as on a
finite MDP, and the updates are the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from pgcompanion import checks
from pgcompanion.algorithms.critic import Critic, network_inputs
from pgcompanion.algorithms.local import LocalProblem, sampled_problem
from pgcompanion.algorithms.network import NetworkProblem, RaceSampler
from pgcompanion.policies import MLP, NeuralGaussian, NeuralSoftmax
from pgcompanion.rollouts import Stream
from pgcompanion.trajectories import Trajectories


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
        ValueError: ``H`` is not a positive integer, ``envs`` hides its autoreset mode, or no critic is
            given for observations that a network cannot take.
    """

    def __init__(
        self,
        envs: Any,
        policy: Any,
        rng: np.random.Generator,
        H: int = 64,
        coefficient: Callable[[Trajectories], np.ndarray] | None = None,
    ) -> None:
        self.policy, self.rng, self.H = policy, rng, checks.positive_integer("H", H)
        if coefficient is None:
            coefficient = Critic(MLP(network_inputs(envs.single_observation_space), 1), rng)
        self.coefficient, self.stream = coefficient, Stream(envs, rng)
        vectors = len(envs.single_observation_space.shape) == 1
        self._is_network = vectors and isinstance(policy, NeuralSoftmax | NeuralGaussian)
        race = vectors and isinstance(policy, NeuralSoftmax)
        self._sampler = RaceSampler(policy, envs.num_envs) if race else policy
        self._returns: WeakKeyDictionary[LocalProblem, np.ndarray] = WeakKeyDictionary()

    def problem(self, theta: np.ndarray) -> LocalProblem:
        """The local problem around ``theta``, from steps that have not been seen before."""
        tau = self.stream.take(self._sampler, theta, self.H, self.rng)
        psi, taken = self.coefficient(tau), tau.mask
        if self._is_network:
            steps = tau.s[taken], tau.a[taken], psi[taken]
            problem: LocalProblem = NetworkProblem(self.policy, theta, *steps, tau.N)
        else:
            problem = sampled_problem(self.policy, theta, tau, psi)
        self._returns[problem] = self.stream.returns
        return problem

    def J(self, problem: LocalProblem) -> float:
        """The mean return of the episodes that ended while ``problem`` was drawn; NaN where none did."""
        returns = self._returns[problem]
        return float(returns.mean()) if len(returns) else float("nan")

    def kl(self, problem: LocalProblem, theta: np.ndarray) -> float:
        """The estimate of the divergence along a piece, in nats."""
        return problem.kl(theta)
