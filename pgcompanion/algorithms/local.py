r"""The local problem around :math:`\theta^k`: all that a policy update sees of the world.

It is made of weighted states and of advantages, exact or estimated from trajectories. The updates
of the natural gradient, TRPO and PPO take it as it is and never ask which: exact and sampled
algorithms share every line.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

import numpy as np

from pgcompanion import exact
from pgcompanion.algorithms.conjugate_gradient import conjugate_gradient
from pgcompanion.mdp import MDP, TimedMDP
from pgcompanion.policies import Softmax, TabularSoftmax
from pgcompanion.trajectories import Trajectories

DENSE = 1000


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


class TableProblem(LocalProblem):
    r"""The local problem of a softmax policy over finitely many states, from three tables.

    Statement: `trpo`. :math:`L_k(\theta)=\sum_{s,a}W(s,a)\,\pi_\theta(a\mid s)` up to a constant.

    Args:
        policy: a softmax policy over the ``S`` states.
        theta_k: the old parameters, shape ``(p,)``.
        n: expected visits of each state in an episode, shape ``(S,)``.
        W: advantages weighted by the visits, :math:`\sum_hd_h(s)A_h(s,a)`, shape ``(S, A)``.
        W_plus: gives the same sum over the positive advantages alone; clipping tells the signs apart.
    """

    def __init__(
        self,
        policy: Softmax,
        theta_k: np.ndarray,
        n: np.ndarray,
        W: np.ndarray,
        W_plus: Callable[[], np.ndarray],
    ) -> None:
        self.policy, self.theta_k, self.states = policy, theta_k, policy.states
        self.n, self.W, self._W_plus = n, W, W_plus

    @cached_property
    def pi_k(self) -> np.ndarray:
        """The old policy, shape ``(S, A)``."""
        return self.policy.table(self.theta_k)

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
        :math:`F^+g` is :math:`\bar A` less its mean over the actions.
        """
        if not isinstance(self.policy, TabularSoftmax):
            return super().natural_gradient(damping)
        if damping:
            return _solve_blocks(self.n[:, None], self.pi_k, damping, self.gradient)
        return (self.A - self.A.mean(axis=1, keepdims=True)).ravel()


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
        self.policy, self.theta_k, self.states, self.a = policy, theta_k, s, a
        self.psi, self.N = psi, N
        self.n = np.full(len(psi), 1.0 / N)
        self.log_prob_k = policy.log_prob(theta_k, s, a) if log_prob_k is None else log_prob_k

    def ratio(self, theta: np.ndarray) -> np.ndarray:
        r""":math:`\pi_\theta(a_i\mid s_i)/\pi^k(a_i\mid s_i)`, shape ``(B,)``."""
        return np.exp(self.policy.log_prob(theta, self.states, self.a) - self.log_prob_k)

    def surrogate(self, theta: np.ndarray) -> float:
        return (self.psi * (self.ratio(theta) - 1)).sum() / self.N

    def surrogate_gradient(self, theta: np.ndarray) -> np.ndarray:
        return self._score_sum(theta, self.psi * self.ratio(theta))

    def clipped(self, theta: np.ndarray, eps: float) -> float:
        u = self.ratio(theta)
        terms = np.minimum(u * self.psi, u.clip(1 - eps, 1 + eps) * self.psi)
        return (terms - self.psi).sum() / self.N

    def clipped_gradient(self, theta: np.ndarray, eps: float) -> np.ndarray:
        u = self.ratio(theta)
        inside = np.where(self.psi > 0, u < 1 + eps, u > 1 - eps)
        return self._score_sum(theta, self.psi * u * inside)

    def minibatches(self, size: int, rng: np.random.Generator) -> Iterator[LocalProblem]:
        B = len(self.psi)
        order = rng.permutation(B)
        for start in range(0, B, size):
            i = order[start : start + size]
            parts = self.states[i], self.a[i], self.psi[i], self.N * len(i) / B, self.log_prob_k[i]
            yield StepProblem(self.policy, self.theta_k, *parts)

    def _score_sum(self, theta: np.ndarray, weights: np.ndarray) -> np.ndarray:
        return self.policy.score_sum(theta, self.states, self.a, weights) / self.N


def _solve_blocks(n: np.ndarray, pi: np.ndarray, damping: float, g: np.ndarray) -> np.ndarray:
    r"""Solve :math:`(n\,\mathrm{diag}\,\pi+\epsilon I-n\pi\pi^\top)x=g` in each state (Sherman and Morrison)."""
    diagonal = n * pi + damping
    x, y = g.reshape(pi.shape) / diagonal, pi / diagonal
    along_pi = (pi * x).sum(axis=1, keepdims=True)
    return (x + n * along_pi / (1 - n * (pi * y).sum(axis=1, keepdims=True)) * y).ravel()


def exact_problem(mdp: MDP, policy: Softmax, theta: np.ndarray) -> TableProblem:
    r"""The local problem with visits and advantages by dynamic programming.

    Statement: `trpo`. Its surrogate is `exact.surrogate`, its gradient at :math:`\theta^k`
    `exact.gradient`, its divergence `exact.trajectory_kl`.

    Example:
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> exact_problem(coin, TabularSoftmax(1, 2), np.zeros(2)).gradient
        array([-0.75,  0.75])
    """
    pi = policy.table(theta)
    n, W = exact.visits_and_advantages(mdp, pi)

    def W_plus() -> np.ndarray:
        if isinstance(mdp, TimedMDP):
            return np.maximum(W, 0.0)
        v = exact.evaluate(mdp, pi)
        return np.einsum("hs,hsa->sa", v.d, np.maximum(v.A, 0.0))

    return TableProblem(policy, theta, n, W, W_plus)


def sampled_problem(
    policy: Any, theta: np.ndarray, tau: Trajectories, psi: np.ndarray
) -> LocalProblem:
    r"""The local problem estimated from trajectories of :math:`\pi_\theta` and their advantages ``psi (N, H)``.

    Statement: `trpo_implement`. Where the states are indices, sums by state and action say all that the
    steps do, so the result is a `TableProblem`, however many the trajectories; otherwise it is a
    `StepProblem`. Its gradient at ``theta`` is `estimators.policy_gradient`.

    Raises:
        ValueError: ``psi`` does not have the shape ``(N, H)`` of the trajectories.

    Example:
        >>> tau = Trajectories(np.zeros((1, 2), int), np.array([[1, 1]]), np.array([[0.0, 3]]))
        >>> sampled_problem(TabularSoftmax(1, 2), np.zeros(2), tau, np.array([[3.0, 3]])).gradient
        array([-3.,  3.])
    """
    psi = np.asarray(psi)
    if psi.shape != tau.r.shape:
        raise ValueError(f"psi has shape {psi.shape}, but (N, H) = {tau.r.shape} is expected.")
    if isinstance(policy, Softmax) and tau.s.ndim == 2 and tau.s.dtype.kind in "iu":
        return _counted(policy, theta, tau, psi * tau.mask)
    steps = tau.mask
    return StepProblem(policy, theta, tau.s[steps], tau.a[steps], psi[steps], tau.N)


def _counted(
    policy: Softmax, theta: np.ndarray, tau: Trajectories, psi: np.ndarray
) -> TableProblem:
    pi = policy.table(theta)
    S, A = pi.shape
    s, psi = tau.s.T.astype(np.intp), psi.T
    by_sign = np.bincount((2 * (s * A + tau.a.T) + (psi > 0)).ravel(), psi.ravel(), 2 * S * A)
    drawn = tau.N * np.where(pi > 0, pi, 1.0)
    down, up = by_sign.reshape(S, A, 2).transpose(2, 0, 1) / drawn
    n = np.bincount(s.ravel(), tau.mask.T.ravel(), S) / tau.N
    return TableProblem(policy, theta, n, up + down, lambda: up)
