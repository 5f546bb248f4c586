"""The local problem of a softmax policy over finitely many states."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

import numpy as np

from pgcompanion.algorithms.local.problem import LocalProblem
from pgcompanion.algorithms.pseudo_inverse import least_solution
from pgcompanion.policies import Softmax, TabularSoftmax

DENSE = 1000  # up to so many parameters the Fisher matrix is formed


class TableProblem(LocalProblem):
    r"""The local problem of a softmax policy over finitely many states, from three tables.

    Statement: `trpo`. :math:`L_k(\theta)=\sum_{s,a}W(s,a)\,\pi_\theta(a\mid s)` up to a constant.

    Args:
        policy: a softmax policy over the ``S`` states.
        theta_k: the old parameters, shape ``(p,)``.
        n: expected visits of each state in an episode, shape ``(S,)``.
        W: advantages weighted by the visits, :math:`\sum_hd_h(s)A_h(s,a)`, shape ``(S, A)``.
        W_plus: gives the same sum over the positive advantages alone; clipping tells the signs apart.
        pi_k: the old policy as a table, shape ``(S, A)``.
    """

    def __init__(
        self,
        policy: Softmax,
        theta_k: np.ndarray,
        n: np.ndarray,
        W: np.ndarray,
        W_plus: Callable[[], np.ndarray],
        pi_k: np.ndarray,
    ) -> None:
        self.policy, self.theta_k, self.states = policy, theta_k, policy.states
        self.n, self.W, self._W_plus, self.pi_k = n, W, W_plus, pi_k

    @cached_property
    def F(self) -> np.ndarray:
        """The Fisher matrix, shape ``(p, p)``."""
        return self.policy.fisher(self.theta_k, self.states, self.n)

    def fisher_product(self, v: np.ndarray) -> np.ndarray:
        return self.F @ v if self.policy.p <= DENSE else super().fisher_product(v)

    @cached_property
    def W_by_sign(self) -> tuple[np.ndarray, np.ndarray]:
        """``W`` as the sum of a table that is nowhere negative and one that is nowhere positive."""
        W_plus = self._W_plus()
        return W_plus, self.W - W_plus

    @cached_property
    def A(self) -> np.ndarray:
        r"""The advantage averaged over the visits, :math:`\bar A=W/n`, 0 where no visit is; ``(S, A)``."""
        visited = self.n[:, None] > 0
        return np.divide(self.W, self.n[:, None], out=np.zeros_like(self.W), where=visited)

    def surrogate(self, theta: np.ndarray) -> float:
        return (self.W * (self.policy.table(theta) - self.pi_k)).sum()

    def surrogate_gradient(self, theta: np.ndarray) -> np.ndarray:
        return self.policy.score_average(theta, self.states, self.W)

    def clipped(self, theta: np.ndarray, eps: float) -> float:
        pi, (up, down) = self.policy.table(theta), self.W_by_sign
        gain = up * np.minimum(pi, (1 + eps) * self.pi_k)
        gain += down * np.maximum(pi, (1 - eps) * self.pi_k)
        return (gain - self.W * self.pi_k).sum()

    def clipped_gradient(self, theta: np.ndarray, eps: float) -> np.ndarray:
        pi, (up, down) = self.policy.table(theta), self.W_by_sign
        W = up * (pi < (1 + eps) * self.pi_k) + down * (pi > (1 - eps) * self.pi_k)
        return self.policy.score_average(theta, self.states, W)

    def minibatches(self, size: int, rng: np.random.Generator) -> Iterator[LocalProblem]:
        """The whole problem, once: its tables are small however many trajectories went into them."""
        yield self

    def natural_gradient(self, damping: float = 0.0) -> np.ndarray:
        r"""As `LocalProblem.natural_gradient`; for tabular softmax in closed form.

        Statement: `npg`. The Fisher matrix has a block for each state,
        :math:`n(s)(\mathrm{diag}\,\pi-\pi\pi^\top)`, with the constants as its null space, and
        :math:`F^+g` is :math:`\bar A` less its mean over the actions. For other policies the matrix is
        formed and solved with, if it is not too large.
        """
        if not isinstance(self.policy, TabularSoftmax):
            if self.policy.p > DENSE:
                return super().natural_gradient(damping)
            return least_solution(self.F + damping * np.eye(self.policy.p), self.gradient)
        if damping:
            return _solve_blocks(self.n[:, None], self.pi_k, damping, self.gradient)
        return (self.A - self.A.mean(axis=1, keepdims=True)).ravel()


def _solve_blocks(n: np.ndarray, pi: np.ndarray, damping: float, g: np.ndarray) -> np.ndarray:
    r"""Solve :math:`(n\,\mathrm{diag}\,\pi+\epsilon I-n\pi\pi^\top)x=g` in each state (Sherman and Morrison)."""
    diagonal = n * pi + damping
    x, y = g.reshape(pi.shape) / diagonal, pi / diagonal
    along_pi = (pi * x).sum(axis=1, keepdims=True)
    rest = damping * y.sum(axis=1, keepdims=True)  # 1 - n pi.y, without cancellation
    return (x + n * along_pi / rest * y).ravel()
