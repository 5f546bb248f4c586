r"""The loop that every algorithm shares, the record that it yields, and its view of the world."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from pgcompanion import checks, exact
from pgcompanion.algorithms.local import LocalProblem, exact_problem, sampled_problem
from pgcompanion.baselines import leave_one_out
from pgcompanion.estimators import minus, reward_to_go
from pgcompanion.mdp import MDP
from pgcompanion.policies import Softmax
from pgcompanion.trajectories import Trajectories, sample

Coefficient = Callable[[Trajectories], np.ndarray]


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

    ``draw`` maps a policy's table to trajectories of it and their coefficients ``psi``.
    """

    mdp: MDP
    policy: Softmax
    draw: Callable[[np.ndarray], tuple[Trajectories, np.ndarray]]

    def problem(self, theta: np.ndarray) -> LocalProblem:
        return sampled_problem(self.policy, theta, *self.draw(self.policy.table(theta)))

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
    mdp: MDP,
    policy: Any,
    N: int | None,
    rng: np.random.Generator | None,
    coefficient: Coefficient = advantage_estimate,
) -> View:
    if N is None:
        return Exact(mdp, policy)
    draw_tau = sampler(mdp, rng, N)

    def draw(pi: np.ndarray) -> tuple[Trajectories, np.ndarray]:
        tau = draw_tau(pi)
        return tau, coefficient(tau)

    return Sampled(mdp, policy, draw)


def sampler(
    mdp: MDP, rng: np.random.Generator | None, N: int
) -> Callable[[np.ndarray], Trajectories]:
    """Draws ``N`` fresh trajectories of a policy's table, each time it is called."""
    if rng is None:
        raise ValueError("rng must be given together with N, but it is None.")
    N = checks.positive_integer("N", N)
    return lambda pi: sample(mdp, pi, N, rng)


class Iterate:
    r"""One iterate :math:`\theta^k`, as an algorithm yields it. Everything but ``k`` and ``theta`` waits to be asked for.

    Statement: `gradient_ascent`.

    Attributes:
        k: the iteration, from 0.
        theta: parameters, shape ``(p,)``.
        problem: the local problem around ``theta``, from which the next step will be computed.
        J: the objective, exact where the MDP is finite.
        kl: trajectory divergence of the step that led here, in nats; 0 for the start.
        grad_norm: norm of the gradient, or of its estimate, at ``theta``.
        lam: the penalty of the next step, where the algorithm has one.
    """

    lam: float | None = None

    def __init__(
        self, source: View, k: int, theta: np.ndarray, previous: LocalProblem | None
    ) -> None:
        self.k, self.theta = k, theta
        self._source, self._previous = source, previous

    @cached_property
    def problem(self) -> LocalProblem:
        return self._source.problem(self.theta)

    @cached_property
    def J(self) -> float:
        return self._source.J(self.problem)

    @cached_property
    def kl(self) -> float:
        return 0.0 if self._previous is None else self._source.kl(self._previous, self.theta)

    @cached_property
    def grad_norm(self) -> float:
        return float(np.linalg.norm(self.problem.gradient))


def iterate(
    source: View,
    theta: np.ndarray,
    update: Callable[[LocalProblem, int], np.ndarray],
    K: int | None = None,
) -> Iterator[Iterate]:
    r"""Yield the start and then every iterate; after ``K`` of them it ends, without ``K`` it never does.

    Statement: `gradient_ascent`. ``update`` maps the local problem around :math:`\theta^k`, and ``k``,
    to :math:`\theta^{k+1}`.

    Raises:
        ValueError: ``theta`` does not have the shape ``(p,)`` of the policy or is not finite.
    """
    theta = checks.theta(theta, source.policy.p)
    theta = theta.astype(np.result_type(theta, np.float32))
    return _loop(source, theta, update, K)


def _loop(
    source: View,
    theta: np.ndarray,
    update: Callable[[LocalProblem, int], np.ndarray],
    K: int | None,
) -> Iterator[Iterate]:
    here = Iterate(source, 0, theta, None)
    yield here
    while here.k != K:
        here = Iterate(source, here.k + 1, update(here.problem, here.k), here.problem)
        yield here


def one_of(**options: float | None) -> tuple[str, float]:
    """The name and the value of the one option that is given; it must be positive.

    Statement: `npg_optimization`.

    >>> one_of(eta=None, delta=0.5)
    ('delta', 0.5)
    """
    given = {name: x for name, x in options.items() if x is not None}
    names = " and ".join(options)
    if len(given) != 1:
        found = " and ".join(given) or "none"
        raise ValueError(f"Exactly one of {names} must be given, but found {found}.")
    name, x = given.popitem()
    if not x > 0:
        raise ValueError(f"{name} must be positive, but it is {x}.")
    return name, x


def _objective(mdp: MDP, pi: np.ndarray, n: np.ndarray) -> float:
    r""":math:`J=\sum_{s,a}n(s)\pi(a\mid s)r(s,a)`."""
    return float(n @ (pi * mdp.r).sum(axis=1))
