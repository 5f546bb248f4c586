"""Targets with a shift and a scale, estimates of their means from the proposal, and exact
moments."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import erfc, sqrt
from typing import NamedTuple

import numpy as np

from pgcompanion.batches import Exact
from pgcompanion.demos.engine import draws
from pgcompanion.estimators import importance
from pgcompanion.gridworld import GridWorld
from pgcompanion.policies import TabularSoftmax
from pgcompanion.steps import natural_gradient

BATCHES, MOST, STREAM, H, NORMAL = 20, 3000, 3, 30, 1.96

GRID = GridWorld.named("4x4", slip=0.1)

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

    Statement: `importance_sampling`. ``draw(n)`` are ``n`` samples ``x`` of the proposal,
    ``f(x)`` is what is averaged, ``p(x, m, s)`` a target at the samples; ``mean(m, s)`` and
    ``variance(m, s)`` (of one sample's term) are exact. ``unseen(x, m, s)`` is the target's chance of
    what lies beyond all samples ``x``: what an estimate knows nothing of.
    """

    f: Callable[[np.ndarray], np.ndarray]
    p: Callable[..., np.ndarray]
    draw: Callable[[int], np.ndarray]
    mean: Callable[[float, float], float]
    variance: Callable[[float, float], float]
    unseen: Callable[[np.ndarray, float, float], float]


def _beyond(x: np.ndarray, m: float, s: float) -> float:
    """The chance of the target outside the range of the samples."""
    low, high = (float(end) for end in (x.min(), x.max()))
    return (erfc((m - low) / (s * sqrt(2))) + erfc((high - m) / (s * sqrt(2)))) / 2


CASES = {
    "Gaussian": Case(
        f=lambda x: x,
        p=density,
        draw=lambda n: draws.normal(n, STREAM),
        mean=lambda m, s: m,
        variance=lambda m, s: float(
            importance.gaussian_mean_moment(np.asarray(m), np.asarray(s)) - m**2
        ),
        unseen=_beyond,
    ),
    "categorical": Case(
        f=lambda x: VALUES[x],
        p=lambda x, m=0.0, s=1.0: probabilities(m, s)[x],
        draw=lambda n: np.searchsorted(probabilities().cumsum(), draws.uniform(n, STREAM)),
        mean=lambda m, s: float(VALUES @ probabilities(m, s)),
        variance=lambda m, s: importance.variance(VALUES, probabilities(m, s), probabilities()),
        unseen=lambda x, m, s: float(np.delete(probabilities(m, s), np.unique(x)).sum()),
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
    """The weights of the first batch; of all batches the means, their standard errors, and how much of
    the target lies where no sample fell."""

    w: np.ndarray
    ess: float
    mean: np.ndarray
    stderr: np.ndarray
    exact: float
    unseen: np.ndarray

    @property
    def hold(self) -> np.ndarray:
        """Which of the intervals hold the exact mean."""
        return np.abs(self.mean - self.exact) <= NORMAL * self.stderr


@cache
def batches(kind: str, m: float, s: float, N: int) -> Batches:
    """Estimates of a target's mean from samples of the proposal.

    Statement: `importance_sampling`.
    """
    case = CASES[kind]
    samples = _samples(kind)[:, :N]
    at = [(case.f(x), case.p(x, m, s), case.p(x)) for x in samples]
    w = importance.importance_weights(*at[0][1:])
    ess = importance.effective_sample_size(w)
    mean = np.array([importance.importance_sampling_mean(*each) for each in at])
    stderr = np.array([importance.standard_error(*each) for each in at])
    unseen = np.array([case.unseen(x, m, s) for x in samples])
    return Batches(w, ess, mean, stderr, case.mean(m, s), unseen)


@cache
def _samples(kind: str) -> np.ndarray:
    """All samples, ``(BATCHES, MOST)``: more of them only add to a batch."""
    return CASES[kind].draw(BATCHES * MOST).reshape(BATCHES, MOST)


@cache
def moments(eta: float) -> tuple[np.ndarray, np.ndarray]:
    """Exact second moments of the ratio of the first steps, ``(H + 1,)``, and of each step,
    ``(H,)``.

    Statement: `importance_sampling`. The old policy is uniform on a gridworld, the new one a
    natural gradient step away.
    """
    mdp, policy = GRID.mdp(H), TabularSoftmax(GRID.S, GRID.A)
    pi_old, pi = policy.table(np.zeros(policy.p)), policy.table(eta * direction())
    return (
        importance.trajectory_second_moment(mdp, pi, pi_old),
        importance.per_step_second_moment(mdp, pi, pi_old),
    )


@cache
def direction() -> np.ndarray:
    """The natural gradient at the uniform policy, ``(p,)``. Statement: `npg`."""
    policy = TabularSoftmax(GRID.S, GRID.A)
    start = np.zeros(policy.p)
    return natural_gradient(policy, start, Exact(GRID.mdp(H))(policy, start))
