r"""Vector-valued functions of the state :math:`f_\theta(s)\in\mathbb R^m`, with their derivatives.

Logits and means are such functions: a `LinearMap` or a network (`MLP`). A function computes on rows
of numbers ``x (B, d)``; `StateFunction` brings states of any batch shape into that form and back.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np

from pgcompanion import checks
from pgcompanion.policies.base import Pull, Room, cast, sum_by_state

Map = Callable[[np.ndarray], np.ndarray]


class StateFunction(ABC):
    r"""A differentiable function :math:`f_\theta(s)\in\mathbb R^m` with ``theta (p,)``.

    Statement: `parameterizations`. ``inputs`` says what a state is: a number ``d`` for observations
    ``(..., d)``, or an array ``(S, d)`` that holds the features of each state of a finite MDP; then
    states are indices, and the function is evaluated once a state, however often it occurs. The
    batch shape of the states is written ``(...)``.

    Raises:
        ValueError: ``inputs`` or ``m`` of a wrong kind; a state out of range, of a wrong shape or
            not finite.
    """

    p: int

    def __init__(self, inputs: int | np.ndarray, m: int) -> None:
        self.m = checks.positive_integer("m", m)
        self.features: np.ndarray | None = None
        self.S: int | None = None
        if isinstance(inputs, (int, np.integer)):
            self.d = checks.positive_integer("inputs", inputs)
        else:
            self.features = checks.finite("inputs", inputs, (None, None)).astype(float)
            self.S, self.d = self.features.shape

    @abstractmethod
    def init(self, rng: np.random.Generator) -> np.ndarray:
        """A starting point ``theta``, shape ``(p,)``."""

    def room(self, n: int) -> Room | None:
        """Arrays for passes of up to ``n`` states; None: there is nothing to reuse."""
        checks.positive_integer("n", n)
        return None

    @abstractmethod
    def value(self, theta: np.ndarray, s: np.ndarray) -> np.ndarray:
        r""":math:`f_\theta(s)`, shape ``(..., m)``."""

    @abstractmethod
    def jvp(self, theta: np.ndarray, s: np.ndarray, v: np.ndarray) -> np.ndarray:
        r""":math:`(\partial_\theta f_\theta(s))\,v` for ``v (p,)``, shape ``(..., m)``."""

    @abstractmethod
    def vjp(
        self, theta: np.ndarray, s: np.ndarray, room: Room | None = None
    ) -> tuple[np.ndarray, Pull]:
        r"""`value`, and the map :math:`w\mapsto\sum_i(\partial_\theta f_\theta(s_i))^\top w_i`.

        The map takes ``w (..., m)`` to ``(p,)`` and forms no term of the sum.
        """

    @abstractmethod
    def vjp_each(self, theta: np.ndarray, s: np.ndarray, w: np.ndarray) -> np.ndarray:
        r""":math:`(\partial_\theta f_\theta(s))^\top w` of each state: from ``w (..., m)`` to
        ``(..., p)``.
        """

    def batch(self, s: np.ndarray) -> tuple[int, ...]:
        """The batch shape of the states ``s``."""
        s, index = np.asarray(s), self.features is not None
        if not (s.dtype.kind in "iu" if index else s.shape[-1:] == (self.d,)):
            self.vectors(s)  # says what is wrong with them
        return s.shape if index else s.shape[:-1]

    def vectors(self, s: np.ndarray) -> np.ndarray:
        """What the states are to the function: observations or features, shape ``(..., d)``."""
        if self.features is not None:
            return self.features[checks.indices("s", s, len(self.features))]
        s = checks.finite("s", s)
        if s.ndim == 0 or s.shape[-1] != self.d:
            raise ValueError(f"s has shape {s.shape}, but (..., {self.d}) is expected.")
        return s

    def rows(self, s: np.ndarray) -> tuple[np.ndarray, Map, Map]:
        """Rows ``x (B, d)`` that stand for the states ``s``, and two maps, each the
        transpose of the other.

        The first takes values ``(B, m)`` on the rows to the states, ``(..., m)``; the second adds
        up weights ``(..., m)`` of the states to weights ``(B, m)`` of the rows.
        """
        if self.features is None:
            s = self.vectors(s)
            shape = (*s.shape[:-1], self.m)
            return s.reshape(-1, self.d), lambda y: y.reshape(shape), self._flat
        features, S = self.features, len(self.features)
        s = checks.indices("s", s, S)
        return features, lambda y: y[s], lambda w: sum_by_state(s, w, S)

    def _flat(self, w: np.ndarray) -> np.ndarray:
        return w.reshape(-1, self.m)

    def _inputs(self) -> str:
        """For the repr of a policy."""
        return str(self.d) if self.features is None else f"({self.S}, {self.d})"


class LinearMap(StateFunction):
    r""":math:`f_\Theta(s)=\Theta\,\psi(s)` with ``theta`` the matrix :math:`\Theta` ``(m, d)`` in
    row order.

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
        checks.generator(rng)
        return np.zeros(self.p)

    def value(self, theta: np.ndarray, s: np.ndarray) -> np.ndarray:
        return self._apply(checks.theta(theta, self.p), s)

    def jvp(self, theta: np.ndarray, s: np.ndarray, v: np.ndarray) -> np.ndarray:
        theta = checks.theta(theta, self.p)
        return self._apply(cast(theta, checks.theta(v, self.p, "v")), s)

    def vjp(
        self, theta: np.ndarray, s: np.ndarray, room: Room | None = None
    ) -> tuple[np.ndarray, Pull]:
        x, _, collect = self.rows(s)

        def pull(w: np.ndarray) -> np.ndarray:
            rows = cast(theta, collect(np.asarray(w)))
            return (rows.T @ cast(rows, x)).ravel()

        return self.value(theta, s), pull

    def vjp_each(self, theta: np.ndarray, s: np.ndarray, w: np.ndarray) -> np.ndarray:
        theta, x = checks.theta(theta, self.p), self.vectors(s)
        w = cast(theta, checks.finite("w", w, (*x.shape[:-1], self.m)))
        each = w[..., :, None] * cast(theta, x)[..., None, :]
        return each.reshape(*w.shape[:-1], self.p)

    def _apply(self, theta: np.ndarray, s: np.ndarray) -> np.ndarray:
        x, spread, _ = self.rows(s)
        return spread(cast(theta, x) @ theta.reshape(self.m, self.d).T)

    def __repr__(self) -> str:
        return f"LinearMap(inputs={self._inputs()}, m={self.m})"
