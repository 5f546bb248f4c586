"""Five algorithms on exact gradients and divergences, each with the one knob that a reader
turns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from itertools import count, islice
from typing import Any, NamedTuple

import numpy as np

from pgcompanion import exact, objectives
from pgcompanion.algorithms import Iterate, Source, iterate, npg, ppo, reinforce
from pgcompanion.batches import Batch, Exact, aggregated_batch
from pgcompanion.demos import Control
from pgcompanion.demos.worlds.episodes import drawn
from pgcompanion.estimators import at_states, reward_to_go
from pgcompanion.gridworld import GridWorld
from pgcompanion.mdp import MDP
from pgcompanion.policies import Policy, TabularSoftmax
from pgcompanion.steps import natural_step, trpo_argmax

H, K, STREAM = 30, 16, 23

#: Of PPO's clip, which has no exact step: the size of Adam's steps, and how often it passes the batch.
ETA, EPOCHS = 0.1, 20

#: A gain of J that the picture hardly shows, and so not worth a step of TRPO.
LEAST = 1e-2


class Algorithm(NamedTuple):
    """A generator of iterates, and its knob: the argument, its symbol, and its three values."""

    run: Callable[..., Any]
    argument: str
    symbol: str
    values: tuple[float, float, float]


def _trpo(source: Source, policy: Policy, theta: np.ndarray, *, delta: float) -> Iterator[Iterate]:
    """The exact arg max of `trpo`, for as long as the natural step promises anything.

    At an optimum the boundary of the region is out of reach, and what is left to gain is round-off.
    """

    def update(it: Iterate) -> tuple[np.ndarray, None]:
        step = natural_step(policy, it.theta, it.batch, delta=delta)
        if objectives.gradient(policy, it.theta, it.batch) @ step < LEAST:
            return it.theta, None
        return trpo_argmax(policy, it.theta, it.batch, delta)[0], None

    return iterate(source, policy, theta, update)


ALGORITHMS = {
    "policy gradient": Algorithm(reinforce, "eta", "η", (1.0, 4.0, 16.0)),
    "NPG": Algorithm(npg, "eta", "η", (1.0, 4.0, 16.0)),
    "TRPO": Algorithm(_trpo, "delta", "δ", (0.03, 0.3, 3.0)),
    "PPO penalty": Algorithm(partial(ppo, solver="exact"), "lam", "λ", (1.0, 0.1, 0.01)),
    "PPO clip": Algorithm(partial(ppo, eta=ETA, epochs=EPOCHS), "eps", "ε", (0.1, 0.3, 0.9)),
}


#: The controls that page and kernel share; the page has fewer iterations to choose from.
ALGORITHM = Control("algorithm", tuple(ALGORITHMS), default="PPO clip")
ITERATION = Control("iteration k", tuple(range(K + 1)), default=0, time=True)


@dataclass(frozen=True)
class Course:
    """The start and ``K`` iterates of an algorithm on a map, and the optimum over all policies."""

    grid: GridWorld
    policy: TabularSoftmax
    algorithm: str
    x: float
    iterates: list[Iterate]
    optimum: float

    @cached_property
    def J(self) -> list[float]:
        """The exact objectives."""
        mdp = self.grid.mdp(H)
        return [float(exact.evaluate(mdp, self.policy.table(it.theta)).J) for it in self.iterates]

    @property
    def knob(self) -> str:
        """The algorithm and its knob in words."""
        return f"{self.algorithm}, {ALGORITHMS[self.algorithm].symbol} = {self.x:.3g}"


@lru_cache(maxsize=64)
def train(map: str, algorithm: str, x: float, N: int = 0, luck: int = 0) -> Course:
    """A course from the uniform policy with the knob at ``x``. Statement: `ppo`.

    Every step sees ``N`` new episodes, or, where that is 0, the exact batch; other ``luck`` draws others.

    Raises:
        ValueError: the map is no gridworld.

    >>> course = train("S.G", "NPG", 4.0)
    >>> course.knob, course.iterates[-1].J > course.iterates[0].J
    ('NPG, η = 4', True)
    """
    grid = world(map)
    mdp, (run, argument, *_) = grid.mdp(H), ALGORITHMS[algorithm]
    policy = TabularSoftmax(mdp.S, mdp.A)
    iterates = list(
        islice(run(_source(mdp, N, luck), policy, np.zeros(policy.p), **{argument: x}), K + 1)
    )
    return Course(grid, policy, algorithm, x, iterates, optimum(map))


def _source(mdp: MDP, N: int, luck: int) -> Callable[..., Batch]:
    """Exact batches, or those of ``N`` episodes whose luck the page's script has as well.

    Then the advantages are rewards-to-go less the exact values.
    """
    if N == 0:
        return Exact(mdp)
    turns = count(STREAM + 2 * K * luck)

    def seen(policy: TabularSoftmax, theta: np.ndarray) -> Batch:
        pi = policy.table(theta)
        tau = drawn(mdp, pi, N, next(turns))
        psi = reward_to_go(tau.r) - at_states(exact.evaluate(mdp, pi).V, tau)
        return aggregated_batch(policy, theta, tau, psi)

    return seen


@lru_cache(maxsize=64)
def world(map: str) -> GridWorld:
    """The gridworld of a map, a little slippery, where every step costs.

    Statement: `objective_fn`.
    """
    return GridWorld(map, slip=0.1, step_reward=-0.02)


@lru_cache(maxsize=64)
def optimum(map: str) -> float:
    """The exact optimum over all policies. Statement: `objective_fn`."""
    return exact.optimal(world(map).mdp(H))[1].J
