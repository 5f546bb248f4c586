r"""Softmax policies :math:`\pi_\theta(a\mid s)\propto e^{f_\theta(s,a)}`, whatever the logits.

Everything that a softmax policy can do follows from its logits :math:`f_\theta(s,\cdot)`, their
derivative along a direction (`pushforward`) and the transpose of that derivative (`pullback`).
A parameterization supplies these; `Softmax` does the rest.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from pgcompanion import checks


def softmax(z: np.ndarray) -> np.ndarray:
    r"""Probabilities :math:`e^{z_a}/\sum_{a'}e^{z_{a'}}` along the last axis.

    Statement: `tabular_softmax`.

    >>> softmax(np.array([0.0, np.log(3.0)])).round(2)
    array([0.25, 0.75])
    """
    e = np.exp(z - z.real.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def log_softmax(z: np.ndarray) -> np.ndarray:
    r"""Log-probabilities :math:`z_a-\log\sum_{a'}e^{z_{a'}}` along the last axis.

    Statement: `tabular_softmax`.

    >>> log_softmax(np.array([0.0, 1000.0]))
    array([-1000.,     0.])
    """
    z = z - z.real.max(axis=-1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))


class Softmax(ABC):
    r"""The softmax of any logits :math:`f_\theta(s,a)`.

    Statement: `neural_softmax`. :math:`\pi_\theta(a\mid s)=e^{f_\theta(s,a)}/\sum_{a'}e^{f_\theta(s,a')}`.
    States are what the logits take: indices in a finite MDP, observations elsewhere. ``theta`` has
    shape ``(p,)``; ``s`` and ``a`` share a batch shape, written ``(...)``.

    Raises:
        ValueError: ``theta`` of a wrong shape or not finite, a state or an action out of range, weights
            of another shape than the states.
    """

    p: int
    A: int

    @property
    @abstractmethod
    def states(self) -> np.ndarray:
        """The states of a finite MDP in their order, as the logits take them."""

    @abstractmethod
    def init(self, rng: np.random.Generator) -> np.ndarray:
        """A starting point ``theta``, shape ``(p,)``."""

    @abstractmethod
    def logits(self, theta: np.ndarray, s: np.ndarray) -> np.ndarray:
        r"""The logits :math:`f_\theta(s,\cdot)`, shape ``(..., A)``."""

    @abstractmethod
    def pushforward(self, theta: np.ndarray, s: np.ndarray, v: np.ndarray) -> np.ndarray:
        r"""The derivative of the logits along ``v (p,)``, shape ``(..., A)``."""

    @abstractmethod
    def pullback_each(self, theta: np.ndarray, s: np.ndarray, w: np.ndarray) -> np.ndarray:
        r"""Per state :math:`\sum_a w_a\nabla f_\theta(s,a)`: from ``w (..., A)`` to ``(..., p)``."""

    @abstractmethod
    def pullback(self, theta: np.ndarray, s: np.ndarray, w: np.ndarray) -> np.ndarray:
        """The sum of `pullback_each` over the batch, shape ``(p,)``, without forming its terms."""

    def table(self, theta: np.ndarray) -> np.ndarray:
        r""":math:`\pi_\theta` over the states of a finite MDP, shape ``(S, A)``."""
        return self.probs(theta, self.states)

    def probs(self, theta: np.ndarray, s: np.ndarray) -> np.ndarray:
        r"""Probabilities :math:`\pi_\theta(\cdot\mid s)`, shape ``(..., A)``."""
        return softmax(self.logits(checks.theta(theta, self.p), s))

    def log_probs(self, theta: np.ndarray, s: np.ndarray) -> np.ndarray:
        r"""Log-probabilities :math:`\log\pi_\theta(\cdot\mid s)`, shape ``(..., A)``."""
        return log_softmax(self.logits(checks.theta(theta, self.p), s))

    def log_prob(self, theta: np.ndarray, s: np.ndarray, a: np.ndarray) -> np.ndarray:
        r""":math:`\log\pi_\theta(a\mid s)`, shape ``(...)``."""
        a = checks.indices("a", a, self.A)
        return np.take_along_axis(self.log_probs(theta, s), a[..., None], axis=-1)[..., 0]

    def score(self, theta: np.ndarray, s: np.ndarray, a: np.ndarray) -> np.ndarray:
        r"""The score, shape ``(..., p)``.

        Statement: `neural_softmax`, `score_lemma`.
        :math:`\nabla\log\pi_\theta(a\mid s)=\nabla f_\theta(s,a)-\mathbb E_{a'\sim\pi_\theta(\cdot\mid s)}\nabla f_\theta(s,a')`.
        """
        return self.pullback_each(theta, s, self._centred(theta, s, a))

    def score_sum(
        self, theta: np.ndarray, s: np.ndarray, a: np.ndarray, weights: np.ndarray
    ) -> np.ndarray:
        r""":math:`\sum_i w_i\nabla\log\pi_\theta(a_i\mid s_i)`, shape ``(p,)``.

        Statement: `reinforce_pg`. The scores are never formed one by one.
        """
        centred = self._centred(theta, s, a)
        weights = checks.shaped("weights", weights, centred.shape[:-1])
        return self.pullback(theta, s, weights[..., None] * centred)

    def score_average(self, theta: np.ndarray, s: np.ndarray, W: np.ndarray) -> np.ndarray:
        r""":math:`\sum_i\sum_a\pi_\theta(a\mid s_i)\,W_{ia}\,\nabla\log\pi_\theta(a\mid s_i)`, shape ``(p,)``.

        Statement: `pg_advantage`. ``W`` has shape ``(..., A)``.
        """
        pi = self.probs(theta, s)
        return self.pullback(theta, s, _tilt(pi, checks.shaped("W", W, pi.shape)))

    def sample(self, theta: np.ndarray, s: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        r"""Actions :math:`a\sim\pi_\theta(\cdot\mid s)`, shape ``(...)``."""
        cdf = self.probs(theta, s).cumsum(axis=-1)
        u = rng.random(cdf.shape[:-1]) * cdf[..., -1]
        return (u[..., None] >= cdf).sum(axis=-1)

    def kl(self, theta_old: np.ndarray, theta_new: np.ndarray, s: np.ndarray) -> np.ndarray:
        r""":math:`\mathrm{KL}(\pi_{\rm old}(\cdot\mid s)\,\|\,\pi_{\rm new}(\cdot\mid s))` of each state, in nats.

        Statement: `kld`. Shape ``(...)``.
        """
        log_old, log_new = (log_softmax(f) for f in self._two_logits(theta_old, theta_new, s))
        return (np.exp(log_old) * (log_old - log_new)).sum(axis=-1)

    def kl_gradient(
        self, theta_old: np.ndarray, theta_new: np.ndarray, s: np.ndarray, weights: np.ndarray
    ) -> np.ndarray:
        r"""The gradient of :math:`\sum_iw_i\mathrm{KL}` (see `kl`) in ``theta_new``, shape ``(p,)``.

        Statement: `kld`. In the logits of one state it is :math:`\pi_{\rm new}-\pi_{\rm old}`.
        """
        pi_old, pi_new = (softmax(f) for f in self._two_logits(theta_old, theta_new, s))
        weights = checks.shaped("weights", weights, pi_new.shape[:-1])
        return self.pullback(theta_new, s, weights[..., None] * (pi_new - pi_old))

    def entropy(self, theta: np.ndarray, s: np.ndarray) -> np.ndarray:
        r"""Entropy of :math:`\pi_\theta(\cdot\mid s)` in nats, shape ``(...)``."""
        log_pi = self.log_probs(theta, s)
        return -(np.exp(log_pi) * log_pi).sum(axis=-1)

    def fisher_product(
        self, theta: np.ndarray, s: np.ndarray, weights: np.ndarray, v: np.ndarray
    ) -> np.ndarray:
        r""":math:`\big(\sum_i w_iF_\theta(s_i)\big)v`, shape ``(p,)``, without a matrix.

        Statement: `fisher_matrix`. The Fisher matrix of one state's logits is
        :math:`\mathrm{diag}(\pi)-\pi\pi^\top`.
        """
        pi, v = self.probs(theta, s), checks.theta(v, self.p, "v")
        weights = checks.shaped("weights", weights, pi.shape[:-1])
        u = _tilt(pi, self.pushforward(theta, s, v))
        return self.pullback(theta, s, weights[..., None] * u)

    def fisher(self, theta: np.ndarray, s: np.ndarray, weights: np.ndarray) -> np.ndarray:
        r""":math:`\sum_iw_i\sum_a\pi_\theta(a\mid s_i)\nabla\log\pi_\theta\nabla\log\pi_\theta^\top`, shape ``(p, p)``.

        Statement: `fisher_matrix`. ``s`` and ``weights`` share one batch axis.
        """
        pi = self.probs(theta, s)
        weights = checks.shaped("weights", weights, pi.shape[:-1])
        scores = [
            self.pullback_each(theta, s, np.eye(self.A)[a] - pi)
            * np.sqrt(weights * pi[:, a])[:, None]
            for a in range(self.A)
        ]
        stacked = np.concatenate(scores)
        return stacked.T @ stacked

    def _centred(self, theta: np.ndarray, s: np.ndarray, a: np.ndarray) -> np.ndarray:
        return np.eye(self.A)[checks.indices("a", a, self.A)] - self.probs(theta, s)

    def _two_logits(
        self, theta_old: np.ndarray, theta_new: np.ndarray, s: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The logits of two policies, each of which an error calls by its own name."""
        old = checks.theta(theta_old, self.p, "theta_old")
        new = checks.theta(theta_new, self.p, "theta_new")
        return self.logits(old, s), self.logits(new, s)


def _tilt(pi: np.ndarray, W: np.ndarray) -> np.ndarray:
    r""":math:`(\mathrm{diag}(\pi)-\pi\pi^\top)W` for each state of the batch."""
    return pi * (W - (pi * W).sum(axis=-1, keepdims=True))
