"""Targets with a shift and a scale, estimates of their means from the proposal, and exact moments."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np

from pgcompanion import importance
from pgcompanion.algorithms import exact_problem
from pgcompanion.gridworld import GridWorld
from pgcompanion.importance.points import Function
from pgcompanion.policies import TabularSoftmax

BATCHES, H, NORMAL = 20, 30, 1.96

#: The values of the categorical variable.
VALUES = np.arange(-4.0, 5.0)


def density(x: np.ndarray, m: float = 0.0, s: float = 1.0) -> np.ndarray:
    r"""The density of :math:`\mathcal N(m, s^2)`. Statement: `importance_sampling`."""
    return np.asarray(np.exp(-(((x - m) / s) ** 2) / 2) / (s * np.sqrt(2 * np.pi)))


def probabilities(m: float = 0.0, s: float = 1.0) -> np.ndarray:
    r"""The categorical distribution in proportion to that density at ``VALUES``.

    Statement: `importance_sampling`.

    >>> probabilities(m=3.0, s=0.5).round(3)
    array([0.   , 0.   , 0.   , 0.   , 0.   , 0.   , 0.106, 0.787, 0.106])
    """
    shares = density(VALUES, m, s)
    return np.asarray(shares / shares.sum())


class Case(NamedTuple):
    """A family of targets; the proposal is its member of shift 0 and scale 1.

    Statement: `importance_sampling`. ``f`` is what is averaged, ``p(m, s)`` a target as
    `importance.estimate` takes it, ``draw(rng, shape)`` samples of the proposal; ``mean(m, s)`` and
    ``variance(m, s)`` (of one sample's term) are exact.
    """

    f: Function
    p: Callable[..., Function]
    draw: Callable[[np.random.Generator, tuple[int, int]], np.ndarray]
    mean: Callable[[float, float], float]
    variance: Callable[[float, float], float]


CASES = {
    "Gaussian": Case(
        f=lambda x: x,
        p=lambda m=0.0, s=1.0: lambda x: density(x, m, s),
        draw=lambda rng, shape: rng.normal(size=shape),
        mean=lambda m, s: m,
        variance=lambda m, s: float(
            importance.gaussian_mean_moment(np.asarray(m), np.asarray(s)) - m**2
        ),
    ),
    "categorical": Case(
        f=VALUES,
        p=probabilities,
        draw=lambda rng, shape: rng.choice(len(VALUES), size=shape, p=probabilities()),
        mean=lambda m, s: float(VALUES @ probabilities(m, s)),
        variance=lambda m, s: importance.variance(VALUES, probabilities(m, s), probabilities()),
    ),
}


#: The scales over which the variance is drawn; between two bells they end where it does.
NARROWEST, WIDEST = 0.4, 1.7
SCALES = {
    "Gaussian": np.linspace(NARROWEST, np.sqrt(2) - 1e-3, 80),
    "categorical": np.linspace(NARROWEST, WIDEST, 80),
}


@cache
def variances(kind: str, m: float) -> np.ndarray:
    """The exact variance of a term at each of the ``SCALES``. Statement: `importance_sampling`."""
    return np.array([CASES[kind].variance(m, s) for s in SCALES[kind]])


class Batches(NamedTuple):
    """The weights of the first batch, and of all batches the means and standard errors."""

    w: np.ndarray
    ess: float
    mean: np.ndarray
    stderr: np.ndarray
    exact: float

    @property
    def hold(self) -> np.ndarray:
        """Which of the intervals hold the exact mean."""
        return np.abs(self.mean - self.exact) <= NORMAL * self.stderr


@cache
def batches(kind: str, m: float, s: float, N: int) -> Batches:
    """Estimates of a target's mean from samples of the proposal. Statement: `importance_sampling`."""
    case = CASES[kind]
    samples = case.draw(np.random.default_rng(3), (BATCHES, N))
    found = [importance.estimate(case.f, case.p(m, s), case.p(), x) for x in samples]
    mean, stderr = np.array([(each.mean, each.stderr) for each in found]).T
    return Batches(found[0].weights, found[0].ess, mean, stderr, case.mean(m, s))


@cache
def moments(eta: float) -> tuple[np.ndarray, np.ndarray]:
    """Exact second moments of the ratio of the first steps, ``(H + 1,)``, and of each step, ``(H,)``.

    Statement: `importance_sampling`. The old policy is uniform on a gridworld, the new one a natural
    gradient step away.
    """
    mdp = GridWorld.named("4x4", slip=0.1).mdp(H)
    policy = TabularSoftmax(mdp.S, mdp.A)
    start = np.zeros(policy.p)
    problem = exact_problem(mdp, policy, start)
    pi_old, pi = policy.table(start), policy.table(eta * problem.natural_gradient())
    return (
        importance.trajectory_second_moment(mdp, pi, pi_old),
        importance.per_step_second_moment(mdp, pi, pi_old),
    )
