r"""A value network: its fit by least squares, and the critic that keeps one.

A network is a baseline like any other. Fitted to rewards-to-go,

    w = fit_value(net, w, tau.s[tau.mask], reward_to_go(tau.r)[tau.mask], rng=rng)

its values along trajectories are ``net.value(w, tau.s)[..., 0]``.
"""

from __future__ import annotations

import numpy as np

from pgcompanion import checks
from pgcompanion._numerics.adam import Adam
from pgcompanion.policies import MLP


def fit_value(
    net: MLP,
    w: np.ndarray,
    s: np.ndarray,
    target: np.ndarray,
    *,
    eta: float = 3e-3,
    epochs: int = 10,
    minibatch: int = 64,
    rng: np.random.Generator,
) -> np.ndarray:
    r"""Fit a value network to targets by least squares; the new parameters, shape ``(p,)``.

    Statement: `pg_baseline_algorithm`. Passes of Adam over minibatches lower
    :math:`\frac1B\sum_i\frac12(V_w(s_i)-y_i)^2`. The passes through the network are in single
    precision, the steps in that of ``w``.

    Args:
        net: a network with one output.
        w: where to start, shape ``(p,)``; an earlier fit is a good place.
        s: states, shape ``(B, ...)``.
        target: the targets :math:`y_i`, shape ``(B,)``.
        eta: step size of Adam.
        epochs: how often each state is met.
        minibatch: how many states a step sees.
        rng: shuffles the states before each epoch.

    Raises:
        ValueError: ``net`` has more than one output, there are no states, an array has another
            shape or is not finite, or a setting is not positive.
        TypeError: ``net`` is no network, or ``rng`` no generator.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> net = MLP(inputs=np.array([[0.0], [1.0]]), m=1, hidden=(8,))
        >>> s, y = np.array([0, 1]), np.array([3.0, 2.0])
        >>> w = fit_value(net, net.init(rng), s, y, eta=1e-2, epochs=500, rng=rng)
        >>> net.value(w, s)[:, 0].round(1)
        array([3., 2.])
    """
    net, rng = _network(net), checks.generator(rng)
    w, (x, y) = checks.parameters(w, net.p, "w"), _examples(net, s, target)
    adam = Adam(net.p, checks.positive("eta", eta), dtype=w.dtype)
    epochs, size = checks.positive_integer("epochs", epochs), _size(minibatch, len(y))
    w, room = w.copy(), net.room(size)
    for _ in range(epochs):
        order = rng.permutation(len(y))
        x, y = x[order], y[order]
        for start in range(0, len(y), size):
            x_part, y_part = x[start : start + size], y[start : start + size]
            single = w.astype(np.float32, copy=False)
            trace = net.forward(single, x_part, room)
            error = (y_part - trace[-1]) / np.float32(len(y_part))
            w += adam.step(net.backward(single, trace, error))
    return w


class Critic:
    r"""A value network :math:`V_w` that keeps its parameters, and how they are fitted.

    Statement: `gae`, `pg_baseline_algorithm`. Whoever uses it decides the order: values first, then
    advantages, then the fit to :math:`\hat A+V`, so that no target of the fit has a part in the
    advantages.

    Args:
        net: a network with one output.
        rng: draws the start ``w`` and the minibatches.
        eta, epochs, minibatch: of `fit_value`.

    Attributes:
        w: the parameters, shape ``(p,)``, in single precision.

    Raises:
        ValueError: ``net`` has more than one output, or a setting is not positive.
        TypeError: ``net`` is no network, or ``rng`` no generator.

    Example:
        >>> critic = Critic(MLP(inputs=1, m=1), np.random.default_rng(0), eta=1e-2, epochs=50)
        >>> s = np.array([[0.0], [1.0]])
        >>> critic.fit(s, target=np.array([1.5, 1.0]))
        >>> critic.value(s).round(1)
        array([1.5, 1. ], dtype=float32)
    """

    def __init__(
        self,
        net: MLP,
        rng: np.random.Generator,
        *,
        eta: float = 5e-3,
        epochs: int = 2,
        minibatch: int = 128,
    ) -> None:
        self.net, self.rng = _network(net), checks.generator(rng)
        self.eta = checks.positive("eta", eta)
        self.epochs = checks.positive_integer("epochs", epochs)
        self.minibatch = checks.positive_integer("minibatch", minibatch)
        self.w = net.init(rng, gain=1.0).astype(np.float32)

    def __repr__(self) -> str:
        settings = f"eta={self.eta}, epochs={self.epochs}, minibatch={self.minibatch}"
        return f"Critic({self.net!r}, {settings})"

    def value(self, s: np.ndarray) -> np.ndarray:
        r""":math:`V_w(s)`, of the batch shape of ``s``."""
        return self.net.value(self.w, s)[..., 0]

    def fit(self, s: np.ndarray, target: np.ndarray) -> None:
        r"""Move :math:`V_w` by `fit_value` to the targets ``(B,)`` of the states ``s (B, ...)``."""
        self.w = fit_value(
            self.net,
            self.w,
            s,
            target,
            eta=self.eta,
            epochs=self.epochs,
            minibatch=self.minibatch,
            rng=self.rng,
        )


def _network(net: MLP) -> MLP:
    if not isinstance(net, MLP):
        raise TypeError(f"net must be an MLP with m=1, but it is of type {type(net).__name__}.")
    if net.m != 1:
        raise ValueError(f"net must have one output, but it has m = {net.m}.")
    return net


def _examples(net: MLP, s: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Inputs ``(B, d)`` and targets ``(B,)`` in single precision."""
    y = checks.finite("target", target, (None,)).astype(np.float32)
    if len(y) == 0:
        raise ValueError("target must hold one number at least, but it is empty.")
    if net.batch(s) != y.shape:
        raise ValueError(
            f"s must hold one state for each of the {len(y)} targets, "
            f"but its shape is {np.shape(s)}."
        )
    return net.vectors(s).reshape(-1, net.d).astype(np.float32), y


def _size(minibatch: int, B: int) -> int:
    return min(checks.positive_integer("minibatch", minibatch), B)
