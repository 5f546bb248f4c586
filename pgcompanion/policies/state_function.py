r"""Vector-valued functions of the state :math:`f_\theta(s)\in\mathbb R^m`, with their two derivatives.

A policy needs three things of such a function: its value, its derivative along a direction
(`pushforward`) and the transpose of that derivative (`pullback`). A function supplies them on rows
of numbers ``x (B, d)``; `StateFunction` brings the states of a finite MDP, or observations of any
batch shape, into that form and back.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from pgcompanion import checks
from pgcompanion.policies.inputs import inputs_of


def precision(theta: np.ndarray, *others: np.ndarray) -> np.dtype:
    """The type to compute in: that of ``theta``, made complex where one of ``others`` is.

    Single precision stays single, and a complex step goes through.
    """
    is_complex = any(np.iscomplexobj(x) for x in others)
    return np.result_type(np.asarray(theta), np.complex64 if is_complex else np.float32)


def cast(theta: np.ndarray, x: np.ndarray) -> np.ndarray:
    """``x`` in the precision of ``theta``, without a copy where it is already."""
    return np.asarray(x).astype(precision(theta, x), copy=False)


class StateFunction(ABC):
    r"""A differentiable function :math:`f_\theta(s)\in\mathbb R^m` with ``theta (p,)``.

    Statement: `parameterizations`. ``inputs`` says what a state is: a number ``d`` for observations
    ``(..., d)``, or an array ``(S, d)`` that holds the features of each state of a finite MDP; then
    states are indices. The batch shape of the states is written ``(...)``.

    Raises:
        ValueError: ``inputs`` or ``m`` of a wrong kind; a state out of range, of a wrong shape or
            not finite.
    """

    p: int

    def __init__(self, inputs: int | np.ndarray, m: int) -> None:
        self.inputs = inputs_of(inputs)
        self.d, self.m = self.inputs.d, checks.positive_integer("m", m)

    @abstractmethod
    def init(self, rng: np.random.Generator) -> np.ndarray:
        """A starting point ``theta``, shape ``(p,)``."""

    @abstractmethod
    def apply(self, theta: np.ndarray, x: np.ndarray) -> np.ndarray:
        """The values on the rows ``x (B, d)``, shape ``(B, m)``."""

    @abstractmethod
    def tangent(self, theta: np.ndarray, x: np.ndarray, v: np.ndarray) -> np.ndarray:
        """The derivative of `apply` along ``v (p,)``, shape ``(B, m)``."""

    @abstractmethod
    def cotangent_each(self, theta: np.ndarray, x: np.ndarray, w: np.ndarray) -> np.ndarray:
        r""":math:`\sum_jw_{bj}\nabla f_{\theta,j}(x_b)` of each row, from ``w (B, m)`` to ``(B, p)``."""

    @abstractmethod
    def cotangent(self, theta: np.ndarray, x: np.ndarray, w: np.ndarray) -> np.ndarray:
        """The sum of `cotangent_each` over the rows, shape ``(p,)``, without forming its terms."""

    def batch(self, s: np.ndarray) -> tuple[int, ...]:
        """The batch shape of the states ``s``."""
        return self.inputs.batch(self.inputs.check(s))

    def value(self, theta: np.ndarray, s: np.ndarray) -> np.ndarray:
        r""":math:`f_\theta(s)`, shape ``(..., m)``."""
        theta, s = np.asarray(theta), self.inputs.check(s)
        x = cast(theta, self.inputs.rows(s))
        return self.inputs.spread(s, self.apply(theta, x))

    def pushforward(self, theta: np.ndarray, s: np.ndarray, v: np.ndarray) -> np.ndarray:
        r""":math:`(\partial_\theta f_\theta(s))\,v` for ``v (p,)``, shape ``(..., m)``."""
        theta, s = np.asarray(theta), self.inputs.check(s)
        x = cast(theta, self.inputs.rows(s))
        return self.inputs.spread(s, self.tangent(theta, x, cast(theta, v)))

    def pullback_each(self, theta: np.ndarray, s: np.ndarray, w: np.ndarray) -> np.ndarray:
        r""":math:`(\partial_\theta f_\theta(s))^\top w` of each state: from ``w (..., m)`` to ``(..., p)``."""
        theta, w = np.asarray(theta), np.asarray(w)
        x = cast(theta, self.inputs.each(self.inputs.check(s), w.shape[:-1]))
        rows = cast(theta, w.reshape(-1, self.m))
        return self.cotangent_each(theta, x, rows).reshape(*w.shape[:-1], self.p)

    def pullback(self, theta: np.ndarray, s: np.ndarray, w: np.ndarray) -> np.ndarray:
        r""":math:`\sum_i(\partial_\theta f_\theta(s_i))^\top w_i`, shape ``(p,)``, without its terms."""
        theta, w = np.asarray(theta), np.asarray(w)
        x, rows = self.inputs.collect(self.inputs.check(s), w)
        return self.cotangent(theta, cast(theta, x), cast(theta, rows))


class LinearMap(StateFunction):
    r""":math:`f_\Theta(s)=\Theta\,\psi(s)` with ``theta`` the matrix :math:`\Theta` ``(m, d)`` in row order.

    Statement: `gaussian_policy`.

    Example:
        >>> LinearMap(inputs=2, m=1).value(np.array([2.0, 3.0]), np.array([10.0, 1.0]))
        array([23.])
    """

    def __init__(self, inputs: int | np.ndarray, m: int) -> None:
        super().__init__(inputs, m)
        self.p = self.m * self.d

    def init(self, rng: np.random.Generator) -> np.ndarray:
        """The function that is 0 everywhere."""
        return np.zeros(self.p)

    def apply(self, theta: np.ndarray, x: np.ndarray) -> np.ndarray:
        return x @ theta.reshape(self.m, self.d).T

    def tangent(self, theta: np.ndarray, x: np.ndarray, v: np.ndarray) -> np.ndarray:
        return self.apply(v, x)

    def cotangent_each(self, theta: np.ndarray, x: np.ndarray, w: np.ndarray) -> np.ndarray:
        return (w[:, :, None] * x[:, None, :]).reshape(len(x), self.p)

    def cotangent(self, theta: np.ndarray, x: np.ndarray, w: np.ndarray) -> np.ndarray:
        return (w.T @ x).ravel()
