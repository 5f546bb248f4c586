"""The local problem of any policy, from the steps of sampled trajectories."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from pgcompanion.algorithms.local.problem import LocalProblem

Pullback = Callable[[np.ndarray], np.ndarray]
"""From a weight for each step, ``(B,)``, to a sum of scores, ``(p,)``."""


class StepProblem(LocalProblem):
    r"""The local problem of any policy, from the steps of sampled trajectories.

    Statement: `trpo_implement`.
    :math:`L_k(\theta)=\frac1N\sum_i\frac{\pi_\theta(a_i\mid s_i)}{\pi^k(a_i\mid s_i)}\psi_i` up to a constant.
    The natural gradient takes 20 steps of conjugate gradient: noise is not worth solving further.

    Args:
        policy: any policy with ``log_prob``, ``score_sum``, ``kl``, ``kl_gradient``, ``fisher_product``.
        theta_k: the parameters that drew the actions, shape ``(p,)``.
        s, a: states and actions of ``B`` steps, shapes ``(B, ...)``.
        psi: their advantages, shape ``(B,)``.
        N: the number of trajectories that the steps stand for.
        log_prob_k: :math:`\log\pi^k(a_i\mid s_i)`, shape ``(B,)``; computed where it is not given.
    """

    cg_steps = 20

    def __init__(
        self,
        policy: Any,
        theta_k: np.ndarray,
        s: np.ndarray,
        a: np.ndarray,
        psi: np.ndarray,
        N: float,
        log_prob_k: np.ndarray | None = None,
    ) -> None:
        self.policy, self.theta_k, self.states, self.a = policy, np.asarray(theta_k), s, a
        self.psi, self.N = psi, N
        self.n = np.full(len(psi), 1.0 / N)
        self.log_prob_k = policy.log_prob(theta_k, s, a) if log_prob_k is None else log_prob_k

    def ratio(self, theta: np.ndarray) -> np.ndarray:
        r""":math:`\pi_\theta(a_i\mid s_i)/\pi^k(a_i\mid s_i)`, shape ``(B,)``."""
        return np.exp(self.policy.log_prob(theta, self.states, self.a) - self.log_prob_k)

    def surrogate(self, theta: np.ndarray) -> float:
        return (self.psi * (self.ratio(theta) - 1)).sum() / self.N

    def surrogate_gradient(self, theta: np.ndarray) -> np.ndarray:
        u, pull = self.ratio_pullback(theta)
        return pull(self.psi * u)

    def clipped(self, theta: np.ndarray, eps: float) -> float:
        u = self.ratio(theta)
        terms = np.minimum(u * self.psi, u.clip(1 - eps, 1 + eps) * self.psi)
        return (terms - self.psi).sum() / self.N

    def clipped_gradient(self, theta: np.ndarray, eps: float) -> np.ndarray:
        u, pull = self.ratio_pullback(theta)
        inside = (u - 1) * np.sign(self.psi) < eps
        return pull(self.psi * u * inside)

    def minibatches(self, size: int, rng: np.random.Generator) -> Iterator[LocalProblem]:
        B = len(self.psi)
        order = rng.permutation(B)
        for start in range(0, B, size):
            i = order[start : start + size]
            parts = self.states[i], self.a[i], self.psi[i], self.N * len(i) / B, self.log_prob_k[i]
            yield StepProblem(self.policy, self.theta_k, *parts)

    def ratio_pullback(self, theta: np.ndarray) -> tuple[np.ndarray, Pullback]:
        r"""`ratio`, and the map :math:`w\mapsto\frac1N\sum_iw_i\nabla\log\pi_\theta(a_i\mid s_i)`."""

        def pull(w: np.ndarray) -> np.ndarray:
            return self.policy.score_sum(theta, self.states, self.a, w) / self.N

        return self.ratio(theta), pull
