r"""What a policy is, and what every policy has in common.

`Policy` says what batches, objectives and steps ask of a policy. A policy of your own need not
derive from anything; it is shorter if it does: from `Softmax` it needs its logits alone, from
`Density` its log-density alone.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from pgcompanion.policies.base import Pull, Room


class Rows(Protocol):
    """The rows of a batch: states, actions, how often each occurs, advantages; all ``(B, ...)``."""

    @property
    def s(self) -> np.ndarray: ...
    @property
    def a(self) -> np.ndarray: ...
    @property
    def w(self) -> np.ndarray: ...
    @property
    def A(self) -> np.ndarray: ...


class Policy(Protocol):
    r"""A stochastic policy :math:`\pi_\theta(a\mid s)`, differentiable in ``theta (p,)``.

    Statement: `parameterizations`. States and actions share a batch shape, written ``(...)``;
    weights have it too. With a ``room`` a pass is in single precision and reuses the room's
    arrays, without one it is in the precision of ``theta``, complex numbers included.
    """

    @property
    def p(self) -> int:
        """Number of parameters."""

    def init(self, rng: np.random.Generator) -> np.ndarray:
        """A starting point ``theta``, shape ``(p,)``."""

    def row(self, h: int | np.ndarray, s: np.ndarray) -> np.ndarray:
        """The states ``s`` at the steps ``h`` as the policy takes them: ``s`` itself, or rows."""

    def room(self, n: int) -> Room | None:
        """Arrays for passes of up to ``n`` states; None where there is nothing to reuse."""

    def sample(
        self, theta: np.ndarray, s: np.ndarray, rng: np.random.Generator, room: Room | None = None
    ) -> np.ndarray:
        r"""Actions :math:`a\sim\pi_\theta(\cdot\mid s)`, shape ``(...)`` or ``(..., n)``."""

    def log_prob(self, theta: np.ndarray, s: np.ndarray, a: np.ndarray) -> np.ndarray:
        r""":math:`\log\pi_\theta(a\mid s)`, shape ``(...)``."""

    def log_prob_vjp(
        self, theta: np.ndarray, s: np.ndarray, a: np.ndarray, room: Room | None = None
    ) -> tuple[np.ndarray, Pull]:
        r"""`log_prob`, and the map :math:`w\mapsto\sum_iw_i\nabla\log\pi_\theta(a_i\mid s_i)`."""

    def score(self, theta: np.ndarray, s: np.ndarray, a: np.ndarray) -> np.ndarray:
        r""":math:`\nabla\log\pi_\theta(a\mid s)`, shape ``(..., p)``."""

    def score_sum(
        self, theta: np.ndarray, s: np.ndarray, a: np.ndarray, weights: np.ndarray
    ) -> np.ndarray:
        r""":math:`\sum_iw_i\nabla\log\pi_\theta(a_i\mid s_i)`, shape ``(p,)``."""

    def kl(self, theta_old: np.ndarray, theta_new: np.ndarray, s: np.ndarray) -> np.ndarray:
        r""":math:`\mathrm{KL}(\pi_{\rm old}(\cdot\mid s)\,\|\,\pi_{\rm new}(\cdot\mid s))`,
        ``(...)``.
        """

    def kl_gradient(
        self, theta_old: np.ndarray, theta_new: np.ndarray, s: np.ndarray, weights: np.ndarray
    ) -> np.ndarray:
        r"""The gradient of :math:`\sum_iw_i\mathrm{KL}` in ``theta_new``, shape ``(p,)``."""

    def entropy(self, theta: np.ndarray, s: np.ndarray) -> np.ndarray:
        r"""The entropy of :math:`\pi_\theta(\cdot\mid s)` in nats, shape ``(...)``."""

    def entropy_gradient(self, theta: np.ndarray, s: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """The gradient of the weighted sum of `entropy`, shape ``(p,)``."""

    def fisher(self, theta: np.ndarray, s: np.ndarray, weights: np.ndarray) -> np.ndarray:
        r""":math:`\sum_iw_iF_\theta(s_i)`, shape ``(p, p)``, for states ``(B, ...)``."""

    def fisher_product(
        self, theta: np.ndarray, s: np.ndarray, weights: np.ndarray, v: np.ndarray
    ) -> np.ndarray:
        r""":math:`\sum_iw_iF_\theta(s_i)\,v`, shape ``(p,)``, without a matrix."""


class FinitePolicy(Policy, Protocol):
    r"""A policy over the ``S`` states and ``A`` actions of a finite MDP, given as indices.

    Statement: `tabular_softmax`. A time-dependent policy has a row for each step and state, and its
    methods take rows where those of a stationary one take states.
    """

    @property
    def S(self) -> int | None:
        """Number of states, ``None`` where states are vectors."""

    @property
    def A(self) -> int:
        """Number of actions."""

    @property
    def H(self) -> int | None:
        """The horizon of a time-dependent policy, None for a stationary one."""

    @property
    def states(self) -> np.ndarray:
        """All rows in their order."""

    def row(self, h: int | np.ndarray, s: np.ndarray) -> np.ndarray:
        """The rows of the states ``s`` at the steps ``h``."""

    def table(self, theta: np.ndarray) -> np.ndarray:
        r""":math:`\pi_\theta`, shape ``(S, A)``, or ``(H, S, A)`` if it depends on time."""

    def probs(self, theta: np.ndarray, s: np.ndarray) -> np.ndarray:
        r""":math:`\pi_\theta(\cdot\mid s)`, shape ``(..., A)``."""

    def log_probs(self, theta: np.ndarray, s: np.ndarray) -> np.ndarray:
        r""":math:`\log\pi_\theta(\cdot\mid s)`, shape ``(..., A)``."""

    def score_average(self, theta: np.ndarray, s: np.ndarray, W: np.ndarray) -> np.ndarray:
        r""":math:`\sum_i\sum_a\pi_\theta(a\mid s_i)W_{ia}\nabla\log\pi_\theta(a\mid s_i)`,
        ``(p,)``.
        """
