"""What a local problem can be asked."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np

from pgcompanion.algorithms.conjugate_gradient import conjugate_gradient


class LocalProblem(ABC):
    r"""A surrogate objective, a divergence and a Fisher matrix around :math:`\theta^k`.

    Statement: `trpo`. The states :math:`s_j` carry weights :math:`n_j`, the expected number of visits
    in an episode, and the divergence of the trajectory distributions is
    :math:`\sum_jn_j\mathrm{KL}(\pi^k(\cdot\mid s_j)\,\|\,\pi_\theta(\cdot\mid s_j))`: analytic in every
    state. A subclass adds the surrogate.
    """

    policy: Any
    theta_k: np.ndarray
    states: np.ndarray
    n: np.ndarray
    cg_steps: int | None = None

    @abstractmethod
    def surrogate(self, theta: np.ndarray) -> float:
        r""":math:`L_k(\theta)-L_k(\theta^k)`."""

    @abstractmethod
    def surrogate_gradient(self, theta: np.ndarray) -> np.ndarray:
        r""":math:`\nabla L_k(\theta)`, shape ``(p,)``."""

    @abstractmethod
    def clipped(self, theta: np.ndarray, eps: float) -> float:
        r"""The clipped surrogate, 0 at :math:`\theta^k`. Statement: `ppo_clip`.

        Each term :math:`uA` with the ratio :math:`u=\pi_\theta/\pi^k` is replaced by
        :math:`\min\{uA,\mathrm{clip}(u,1-\epsilon,1+\epsilon)A\}`.
        """

    @abstractmethod
    def clipped_gradient(self, theta: np.ndarray, eps: float) -> np.ndarray:
        """The gradient of `clipped`, shape ``(p,)``: a term beyond its bound adds nothing."""

    @abstractmethod
    def minibatches(self, size: int, rng: np.random.Generator) -> Iterator[LocalProblem]:
        """One epoch: the problem in shuffled parts of ``size`` steps."""

    @cached_property
    def gradient(self) -> np.ndarray:
        r""":math:`\nabla L_k(\theta^k)`, which is :math:`\nabla J(\theta^k)` or its estimate, shape ``(p,)``."""
        return self.surrogate_gradient(self.theta_k)

    def kl(self, theta: np.ndarray) -> float:
        r""":math:`\mathrm{KL}(\rho^k\,\|\,\rho_\theta)` in nats, or its estimate. Statement: `kld`."""
        return (self.n * self.policy.kl(self.theta_k, theta, self.states)).sum()

    def kl_gradient(self, theta: np.ndarray) -> np.ndarray:
        r"""The gradient of `kl`, shape ``(p,)``; 0 at :math:`\theta^k`."""
        return self.policy.kl_gradient(self.theta_k, theta, self.states, self.n)

    def fisher_product(self, v: np.ndarray) -> np.ndarray:
        r""":math:`F_{\theta^k}v`, shape ``(p,)``. Statement: `fisher_matrix`."""
        return self.policy.fisher_product(self.theta_k, self.states, self.n, v)

    def natural_gradient(self, damping: float = 0.0) -> np.ndarray:
        r""":math:`F^+g`, or :math:`(F+\epsilon I)^{-1}g` with ``damping`` :math:`\epsilon`; shape ``(p,)``.

        Statement: `npg_optimization`. By conjugate gradient, in ``cg_steps`` steps at most.
        """

        def product(v: np.ndarray) -> np.ndarray:
            return self.fisher_product(v) + damping * v

        return conjugate_gradient(product, self.gradient, steps=self.cg_steps)
