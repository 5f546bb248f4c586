"""The critic: a value network that learns from the trajectories whose advantages it estimates."""

from __future__ import annotations

from typing import Any

import numpy as np

from pgcompanion.ascent import Adam
from pgcompanion.estimators import gae
from pgcompanion.policies import MLP
from pgcompanion.trajectories import Trajectories


class Critic:
    r"""A value network :math:`V_w` as a gradient coefficient: from trajectories to advantages.

    Statement: `gae`. Called with trajectories, it returns `estimators.gae` for its present values, shape
    ``(N, H)``, and then fits :math:`V_w` to :math:`\hat A_h+V_w(s_h)`. In this order no target of the fit
    has a part in the advantages that are returned.

    Args:
        net: a network with one output.
        rng: draws the start ``w`` and the minibatches.
        gamma, lam: discount :math:`\gamma` and :math:`\lambda` of the advantages.
        eta, epochs, minibatch: of `fit_value`.

    Attributes:
        w: the parameters, shape ``(p,)``.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> critic = Critic(MLP(inputs=1, m=1), rng, gamma=0.5, lam=1.0, eta=1e-2, epochs=50)
        >>> s, one = np.array([[[0.0], [1.0]]]), np.ones((1, 2))
        >>> tau = Trajectories(s, np.zeros((1, 2), int), one, terminated=np.array([True]))
        >>> critic(tau).shape
        (1, 2)
        >>> critic.value(s).round(1)
        array([[1.5, 1. ]], dtype=float32)
    """

    def __init__(
        self,
        net: MLP,
        rng: np.random.Generator,
        *,
        gamma: float = 0.99,
        lam: float = 0.95,
        eta: float = 5e-3,
        epochs: int = 2,
        minibatch: int = 128,
    ) -> None:
        self.net, self.rng, self.w = net, rng, net.init(rng, gain=1.0).astype(np.float32)
        self.gamma, self.lam = gamma, lam
        self.eta, self.epochs, self.minibatch = eta, epochs, minibatch

    def value(self, s: np.ndarray) -> np.ndarray:
        r""":math:`V_w(s)`, of the batch shape of ``s``."""
        return self.net.value(self.w, s)[..., 0]

    def __call__(self, tau: Trajectories) -> np.ndarray:
        s, v = tau.s[tau.mask], np.zeros(tau.r.shape, np.float32)
        v[tau.mask] = self.value(s)
        # Asked for the values along tau, answer with those of the steps taken: no other is used.
        psi = gae(tau, lambda x: v if x is tau.s else self.value(x), self.lam, self.gamma)
        self.w = fit_value(
            self.net,
            self.w,
            s,
            (psi + v)[tau.mask],
            eta=self.eta,
            epochs=self.epochs,
            minibatch=self.minibatch,
            rng=self.rng,
        )
        return psi


def fit_value(
    net: MLP,
    w: np.ndarray,
    s: np.ndarray,
    target: np.ndarray,
    *,
    eta: float,
    epochs: int,
    minibatch: int,
    rng: np.random.Generator,
) -> np.ndarray:
    r"""Least squares :math:`\min_w\frac1B\sum_i\frac12(V_w(s_i)-y_i)^2`: ``epochs`` passes of Adam; the new ``w (p,)``.

    Statement: `pg_baseline_algorithm`. ``s (B, ...)`` are states and ``target (B,)`` the :math:`y_i`.
    The passes through the network are in single precision, the steps in that of ``w``.
    """
    x, y = net.inputs.each(s, target.shape).astype(np.float32), target.astype(np.float32)
    w, adam, size = w.copy(), Adam(net.p, eta, dtype=w.dtype), min(minibatch, len(y))
    room, g = net.buffers(size, x.dtype), np.empty(net.p, x.dtype)
    for _ in range(epochs):
        order = rng.permutation(len(y))
        x, y = x[order], y[order]
        for start in range(0, len(y), size):
            x_part, y_part = x[start : start + size], y[start : start + size]
            single = w.astype(np.float32, copy=False)
            trace = net.forward(single, x_part, room)
            error = (y_part - trace[-1]) / np.float32(len(y_part))
            w += adam.step(net.backward(single, trace, error, g))
    return w


def network_inputs(space: Any) -> int | np.ndarray:
    """What an `MLP` takes as ``inputs`` for the observations of a Gymnasium space.

    Statement: `neural_softmax`. A box of vectors gives their length; ``n`` discrete observations give
    the identity matrix, so that each is a unit vector.

    Raises:
        ValueError: the space is neither.

    Example:
        >>> import gymnasium
        >>> network_inputs(gymnasium.spaces.Discrete(2))
        array([[1., 0.],
               [0., 1.]])
    """
    n = number_of_states(space)
    if n is not None:
        return np.eye(n)
    if hasattr(space, "low") and len(space.shape) == 1:
        return int(space.shape[0])
    raise ValueError(f"space must be a box of vectors or discrete from 0, but it is {space}.")


def number_of_states(space: Any) -> int | None:
    """How many observations a Gymnasium space has, if they are the indices from 0; else ``None``.

    Statement: `tabular_softmax`.

    Example:
        >>> import gymnasium
        >>> number_of_states(gymnasium.spaces.Discrete(2))
        2
    """
    indices = space.shape == () and getattr(space, "start", None) == 0
    return int(space.n) if indices else None
