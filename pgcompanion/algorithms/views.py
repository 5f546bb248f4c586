r"""What an algorithm sees of the world at :math:`\theta^k`: exact, sampled, or a vector environment.

The updates ask for a local problem and never where it comes from: here it is decided, once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from pgcompanion import checks, exact
from pgcompanion.algorithms import arguments
from pgcompanion.algorithms.local import LocalProblem, exact_problem, sampled_problem
from pgcompanion.algorithms.observed import (
    ENVIRONMENTS,
    PIECE,
    WeighedDraw,
    critic_of,
    episodes,
    pieces,
)
from pgcompanion.baselines import leave_one_out
from pgcompanion.estimators import minus, reward_to_go
from pgcompanion.mdp import MDP
from pgcompanion.policies import Softmax
from pgcompanion.rollouts import rollout
from pgcompanion.tables import of_policy
from pgcompanion.trajectories import Trajectories, sample

Coefficient = Callable[[Trajectories], np.ndarray]
Scale = Callable[[Trajectories, np.ndarray], np.ndarray]
Draw = Callable[[np.ndarray], Trajectories]
"""From parameters to fresh trajectories of their policy."""


class View(Protocol):
    r"""What an algorithm sees at :math:`\theta^k`, and what its record reports."""

    @property
    def policy(self) -> Any:
        """The policy that is learned."""

    def problem(self, theta: np.ndarray) -> LocalProblem:
        """The local problem around ``theta``; trajectories are drawn here."""

    def J(self, problem: LocalProblem) -> float:
        """The objective at the centre of ``problem``."""

    def kl(self, problem: LocalProblem, theta: np.ndarray) -> float:
        """The divergence from the centre of ``problem`` to ``theta``."""


@dataclass(frozen=True)
class Exact:
    """A finite MDP, seen through dynamic programming."""

    mdp: MDP
    policy: Softmax

    def problem(self, theta: np.ndarray) -> LocalProblem:
        return exact_problem(self.mdp, self.policy, theta)

    def J(self, problem: LocalProblem) -> float:
        return _objective(self.mdp, self.policy.table(problem.theta_k), problem.n)

    def kl(self, problem: LocalProblem, theta: np.ndarray) -> float:
        return problem.kl(theta)


@dataclass(frozen=True)
class Sampled:
    r"""A finite MDP, seen through fresh trajectories; only the record looks behind them.

    ``draw`` maps parameters to trajectories of their policy and the coefficients ``psi`` of these.
    """

    mdp: MDP
    policy: Softmax
    draw: WeighedDraw

    def problem(self, theta: np.ndarray) -> LocalProblem:
        return sampled_problem(self.policy, theta, *self.draw(theta))

    def J(self, problem: LocalProblem) -> float:
        pi = self.policy.table(problem.theta_k)
        return _objective(self.mdp, pi, exact.expected_visits(self.mdp, pi))

    def kl(self, problem: LocalProblem, theta: np.ndarray) -> float:
        n = exact.expected_visits(self.mdp, self.policy.table(problem.theta_k))
        return float(n @ self.policy.kl(problem.theta_k, theta, self.policy.states))


def advantage_estimate(tau: Trajectories) -> np.ndarray:
    r"""The coefficient that is used where none is given: :math:`R_h` less the mean over the other trajectories.

    Statement: `pg_baseline_algorithm`. Shape ``(N, H)``. It asks nothing of the states and keeps the
    gradient unbiased.

    >>> tau = Trajectories(np.zeros((2, 1), int), np.zeros((2, 1), int), np.array([[1.0], [3.0]]))
    >>> advantage_estimate(tau).ravel()
    array([-2.,  2.])
    """
    return minus(reward_to_go(tau), leave_one_out(tau))


def view(
    mdp: MDP | Any,
    policy: Any,
    N: int | None,
    rng: np.random.Generator | None,
    coefficient: Coefficient | None = None,
    H: int | None = None,
    scale: Scale | None = None,
) -> View:
    """A vector environment as the next ``H`` steps of each of its environments; a finite MDP as `episodic`.

    ``scale`` is applied to the coefficients, whoever gives them.
    """
    if not is_vector(mdp):
        return episodic(mdp, policy, N, rng, scaled(coefficient or advantage_estimate, scale), H)
    _refuse("N", N, f"{ENVIRONMENTS}, which brings H steps of each of its environments")
    rng = arguments.generator(rng, ENVIRONMENTS)
    psi = scaled(coefficient or critic_of(mdp, rng), scale)
    return pieces(mdp, policy, rng, PIECE if H is None else H, psi)


def episodic(
    mdp: MDP | Any,
    policy: Any,
    N: int | None,
    rng: np.random.Generator | None,
    coefficient: Coefficient,
    H: int | None = None,
) -> View:
    """A finite MDP, exact without ``N`` and sampled with it, or whole episodes of a vector environment."""
    if exactly(mdp, N, H):
        return Exact(mdp, policy)
    draw = sampler(mdp, policy, N, rng, H)

    def weighed(theta: np.ndarray) -> tuple[Trajectories, np.ndarray]:
        tau = draw(theta)
        return tau, coefficient(tau)

    return estimated(mdp, policy, weighed)


def estimated(mdp: MDP | Any, policy: Any, draw: WeighedDraw) -> View:
    """The view through trajectories and coefficients that ``draw`` makes."""
    return episodes(policy, draw) if is_vector(mdp) else Sampled(mdp, policy, draw)


def sampler(
    mdp: MDP | Any,
    policy: Any,
    N: int | None,
    rng: np.random.Generator | None,
    H: int | None = None,
    name: str = "N",
) -> Draw:
    """Draws fresh whole trajectories each time: ``N`` of an MDP, or one from each environment to step ``H``."""
    if is_vector(mdp):
        _refuse(name, N, f"{ENVIRONMENTS}, which brings one episode of each environment")
        source, steps = arguments.generator(rng, ENVIRONMENTS), checks.positive_integer("H", H)
        return lambda theta: rollout(mdp, policy, theta, steps, source)
    source, count = arguments.generator(rng, "N"), checks.positive_integer(name, N)
    return lambda theta: sample(mdp, of_policy(mdp, policy, theta), count, source)


def exactly(mdp: MDP | Any, N: int | None, H: int | None = None) -> bool:
    """Whether the algorithm is exact: on a finite MDP, whose horizon is its own, without ``N``."""
    if is_vector(mdp):
        return False
    _refuse("H", H, "a finite MDP, which has its own horizon")
    return N is None


def is_vector(mdp: MDP | Any) -> bool:
    """Whether the world is a vector environment of Gymnasium, and not a finite MDP."""
    if isinstance(mdp, MDP):
        return False
    if hasattr(mdp, "num_envs"):
        return True
    raise ValueError(
        "mdp must be a finite MDP or a vector environment as gymnasium.make_vec gives it, "
        f"but it is of type {type(mdp).__name__}."
    )


def scaled(coefficient: Coefficient, scale: Scale | None) -> Coefficient:
    """The coefficient, followed by ``scale`` where there is one."""
    return coefficient if scale is None else lambda tau: scale(tau, coefficient(tau))


def _refuse(name: str, x: int | None, world: str) -> None:
    if x is not None:
        raise ValueError(f"{name} must not be given for {world}, but it is {x!r}.")


def _objective(mdp: MDP, pi: np.ndarray, n: np.ndarray) -> float:
    r""":math:`J=\sum_{s,a}n(s)\pi(a\mid s)r(s,a)`."""
    return float(n @ (pi * mdp.r).sum(axis=1))
