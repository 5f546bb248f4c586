r"""The loop that every algorithm shares, and the record that it yields."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

import numpy as np

from pgcompanion.algorithms import arguments
from pgcompanion.algorithms.local import LocalProblem
from pgcompanion.algorithms.views import View


class Iterate:
    r"""One iterate :math:`\theta^k`, as an algorithm yields it. Everything but ``k`` and ``theta`` waits to be asked for.

    Statement: `gradient_ascent`.

    Attributes:
        k: the iteration, from 0.
        theta: parameters, shape ``(p,)``.
        problem: the local problem around ``theta``, from which the next step will be computed.
        J: the objective, exact where the MDP is finite. On a vector environment it is the mean return of
            the episodes that ended in the batch drawn at ``theta``, NaN where none did.
        kl: trajectory divergence of the step that led here, in nats; 0 for the start. On a vector
            environment it is estimated: the divergence in each state that was visited, summed along a
            trajectory, or along the piece of one that a batch holds, and averaged over these.
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
        ValueError: ``theta`` does not have the shape ``(p,)`` of the policy or is not finite, or ``K`` is
            not a natural number.
    """
    theta = arguments.parameters(theta, source.policy.p).copy()
    return _loop(source, theta, update, arguments.iterations(K))


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
