r"""Softmax policies :math:`\pi_\theta(a\mid s)\propto e^{f_\theta(s,a)}`, whatever the logits.

Everything that a softmax policy can do follows from its logits :math:`f_\theta(s,\cdot)`, their
derivative along a direction (`logits_jvp`) and its transpose (`logits_vjp`). Both follow from the
logits by complex steps; a parameterization that knows them better says so.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from pgcompanion import checks
from pgcompanion.derivatives import complex_step, jvp, vjp
from pgcompanion.policies.base import BasePolicy, Pull, Room, cast, root_weights


def softmax(z: np.ndarray) -> np.ndarray:
    r"""Probabilities :math:`e^{z_a}/\sum_{a'}e^{z_{a'}}` along the last axis.

    Statement: `tabular_softmax`. The largest entry is taken from all: no exponential overflows.

    >>> softmax(np.array([0.0, np.log(3.0)])).round(2)
    array([0.25, 0.75])
    """
    e = np.exp(z - z.real.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def log_softmax(z: np.ndarray) -> np.ndarray:
    r"""Log-probabilities :math:`z_a-\log\sum_{a'}e^{z_{a'}}` along the last axis.

    Statement: `tabular_softmax`. The logarithm of `softmax`, finite where that has become 0.

    >>> log_softmax(np.array([0.0, 1000.0]))
    array([-1000.,     0.])
    """
    z = z - z.real.max(axis=-1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))


class Softmax(BasePolicy, ABC):
    r"""The softmax of any logits :math:`f_\theta(s,a)`.

    Statement: `neural_softmax`. :math:`\pi_\theta(a\mid s)=e^{f_\theta(s,
    a)}/\sum_{a'}e^{f_\theta(s,a')}`. A subclass needs ``p``, ``A`` and `logits`, and ``S`` over a
    finite MDP; its logits must compute with a complex ``theta``. States are what the logits take:
    indices in a finite MDP, observations elsewhere. ``theta`` has shape ``(p,)``; ``s`` and ``a``
    share a batch shape, written ``(...)``.

    Raises:
        ValueError: ``theta`` of a wrong shape or not finite, a state or an action out of range,
            weights of another shape than the states or not finite.

    Example:
        >>> class Temperature(Softmax):
        ...     p, A, S = 1, 2, 1
        ...     def logits(self, theta, s):
        ...         return np.exp(theta[0]) * np.array([[0.0, 1.0]])[s]
        >>> Temperature().score(np.zeros(1), s=0, a=1).round(4)
        array([0.2689])
    """

    A: int

    @abstractmethod
    def logits(self, theta: np.ndarray, s: np.ndarray) -> np.ndarray:
        r"""The logits :math:`f_\theta(s,\cdot)`, shape ``(..., A)``."""

    def logits_jvp(self, theta: np.ndarray, s: np.ndarray, v: np.ndarray) -> np.ndarray:
        r"""The derivative of the logits along ``v (p,)``, shape ``(..., A)``."""
        theta, v = checks.theta(theta, self.p), checks.theta(v, self.p, "v")
        return jvp(lambda t: self.logits(t, s), theta, v)

    def logits_vjp(
        self, theta: np.ndarray, s: np.ndarray, room: Room | None = None
    ) -> tuple[np.ndarray, Pull]:
        r"""The logits, and the map :math:`w\mapsto\sum_{i,a}w_{ia}\nabla f_\theta(s_i,a)`.

        The map takes ``w (..., A)`` to ``(p,)``; with a ``room``, until the next pass in that room.
        """
        theta = checks.theta(theta, self.p)
        return self.logits(theta, s), lambda w: vjp(lambda t: self.logits(t, s), theta, w)

    def logits_vjp_each(self, theta: np.ndarray, s: np.ndarray, w: np.ndarray) -> np.ndarray:
        r"""Per state :math:`\sum_aw_a\nabla f_\theta(s,a)`: from ``w (..., A)`` to ``(..., p)``."""
        each = complex_step(lambda t: self.logits(t, s), checks.theta(theta, self.p))
        return np.einsum("...a,...ap->...p", checks.finite("w", w, each.shape[:-1]), each)

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
        log_pi = self.log_probs(theta, s)
        a = self._actions(a, log_pi)
        return np.take_along_axis(log_pi, a[..., None], axis=-1)[..., 0]

    def log_prob_vjp(
        self, theta: np.ndarray, s: np.ndarray, a: np.ndarray, room: Room | None = None
    ) -> tuple[np.ndarray, Pull]:
        r"""`log_prob`, and the map :math:`w\mapsto\sum_iw_i\nabla\log\pi_\theta(a_i\mid s_i)`.

        Statement: `neural_softmax_score`, `reinforce_pg`. One pass through the logits and one back: in
        the logits of one state the score is :math:`\mathbf 1[a'=a]-\pi_\theta(a'\mid s)`. With a
        ``room`` the passes are in single precision, and the map may be used until the next pass in
        that room.

        Example:
            >>> class Logits(Softmax):
            ...     p, A, S = 2, 2, 1
            ...     def logits(self, theta, s):
            ...         return np.zeros((*np.shape(s), 1)) + theta
            >>> log_pi, pull = Logits().log_prob_vjp(np.zeros(2), s=[0, 0], a=[0, 1])
            >>> log_pi.round(4), pull(np.array([1.0, 3.0]))
            (array([-0.6931, -0.6931]), array([-1.,  1.]))
        """
        f, pull = self.logits_vjp(theta, s, room)
        checked = room is None  # a room is for the inner loop, whose batch has been seen
        taken = _one_hot(self._actions(a, f) if checked else np.asarray(a), f)
        z = f - f.real.max(axis=-1, keepdims=True)
        pi = np.exp(z)
        total = pi.sum(axis=-1, keepdims=True)
        pi /= total

        def pull_weights(w: np.ndarray) -> np.ndarray:
            w = _weights(w, f) if checked else np.asarray(w)[..., None]
            return pull(w * (taken - pi))

        z *= taken
        return z.sum(axis=-1) - np.log(total[..., 0]), pull_weights

    def score(self, theta: np.ndarray, s: np.ndarray, a: np.ndarray) -> np.ndarray:
        r"""The score, shape ``(..., p)``.

        Statement: `neural_softmax_score`, `score_lemma`.
        :math:`\nabla\log\pi_\theta(a\mid s)=\nabla f_\theta(s,a)-\mathbb
        E_{a'\sim\pi_\theta(\cdot\mid s)}\nabla f_\theta(s,a')`.
        """
        pi = self.probs(theta, s)
        return self.logits_vjp_each(theta, s, _one_hot(self._actions(a, pi), pi) - pi)

    def score_sum(
        self, theta: np.ndarray, s: np.ndarray, a: np.ndarray, weights: np.ndarray
    ) -> np.ndarray:
        r""":math:`\sum_i w_i\nabla\log\pi_\theta(a_i\mid s_i)`, shape ``(p,)``.

        Statement: `reinforce_pg`. The scores are never formed one by one.
        """
        return self.log_prob_vjp(theta, s, a)[1](weights)

    def score_average(self, theta: np.ndarray, s: np.ndarray, W: np.ndarray) -> np.ndarray:
        r""":math:`\sum_i\sum_a\pi_\theta(a\mid s_i)\,W_{ia}\,\nabla\log\pi_\theta(a\mid s_i)`,
        shape ``(p,)``.

        Statement: `pg_advantage`. ``W`` has shape ``(..., A)``.
        """
        f, pull = self.logits_vjp(theta, s)
        return pull(_covariance(softmax(f), checks.finite("W", W, f.shape)))

    def sample(
        self, theta: np.ndarray, s: np.ndarray, rng: np.random.Generator, room: Room | None = None
    ) -> np.ndarray:
        r"""Actions :math:`a\sim\pi_\theta(\cdot\mid s)`, shape ``(...)``."""
        cdf = self.probs(theta, s).cumsum(axis=-1)
        u = checks.generator(rng).random(cdf.shape[:-1]) * cdf[..., -1]
        return (u[..., None] >= cdf).sum(axis=-1)

    def kl(self, theta_old: np.ndarray, theta_new: np.ndarray, s: np.ndarray) -> np.ndarray:
        r""":math:`\mathrm{KL}(\pi_{\rm old}(\cdot\mid s)\,\|\,\pi_{\rm new}(\cdot\mid s))` of each
        state, in nats.

        Statement: `kld`. Shape ``(...)``.
        """
        old, new = self._two(theta_old, theta_new)
        log_old, log_new = log_softmax(self.logits(old, s)), log_softmax(self.logits(new, s))
        return (np.exp(log_old) * (log_old - log_new)).sum(axis=-1)

    def kl_gradient(
        self, theta_old: np.ndarray, theta_new: np.ndarray, s: np.ndarray, weights: np.ndarray
    ) -> np.ndarray:
        r"""The gradient of :math:`\sum_iw_i\mathrm{KL}` (see `kl`) in ``theta_new``, shape
        ``(p,)``.

        Statement: `kld`. In the logits of one state it is :math:`\pi_{\rm new}-\pi_{\rm old}`.
        """
        old, new = self._two(theta_old, theta_new)
        f, pull = self.logits_vjp(new, s)
        return pull(_weights(weights, f) * (softmax(f) - softmax(self.logits(old, s))))

    def entropy(self, theta: np.ndarray, s: np.ndarray) -> np.ndarray:
        r"""Entropy :math:`-\sum_a\pi_\theta(a\mid s)\log\pi_\theta(a\mid s)` in nats, shape
        ``(...)``.

        Statement: `ppo_objective`.
        """
        log_pi = self.log_probs(theta, s)
        return -(np.exp(log_pi) * log_pi).sum(axis=-1)

    def entropy_gradient(self, theta: np.ndarray, s: np.ndarray, weights: np.ndarray) -> np.ndarray:
        r"""The gradient of :math:`\sum_iw_i\mathcal H(\pi_\theta(\cdot\mid s_i))`, shape ``(p,)``.

        Statement: `ppo_objective`. In the logits of one state it is
        :math:`-\pi(a)\big(\log\pi(a)+\mathcal H(\pi)\big)`.
        """
        f, pull = self.logits_vjp(theta, s)
        return pull(-_weights(weights, f) * _covariance(softmax(f), log_softmax(f)))

    def fisher_product(
        self, theta: np.ndarray, s: np.ndarray, weights: np.ndarray, v: np.ndarray
    ) -> np.ndarray:
        r""":math:`\big(\sum_i w_iF_\theta(s_i)\big)v`, shape ``(p,)``, without a matrix.

        Statement: `fisher_matrix`. The Fisher matrix of one state's logits is
        :math:`\mathrm{diag}(\pi)-\pi\pi^\top`.
        """
        f, pull = self.logits_vjp(theta, s)
        return pull(_weights(weights, f) * _covariance(softmax(f), self.logits_jvp(theta, s, v)))

    def fisher(self, theta: np.ndarray, s: np.ndarray, weights: np.ndarray) -> np.ndarray:
        r""":math:`\sum_iw_i\sum_a\pi_\theta(a\mid s_i)
        \nabla\log\pi_\theta\nabla\log\pi_\theta^\top`, shape ``(p, p)``.

        Statement: `fisher_matrix`. ``s`` and ``weights`` share one batch axis.
        """
        pi = self.probs(theta, s)
        roots = cast(pi, root_weights(weights, pi.shape[:-1]))[:, None] * np.sqrt(pi)
        scores = [roots[:, [a]] * self.score(theta, s, np.full(len(pi), a)) for a in range(self.A)]
        stacked = np.concatenate(scores)
        return stacked.T @ stacked

    def _actions(self, a: np.ndarray, of: np.ndarray) -> np.ndarray:
        """The actions, one for each row of the array ``of (..., A)``."""
        return checks.shaped("a", checks.indices("a", a, self.A), of.shape[:-1])

    def _two(self, theta_old: np.ndarray, theta_new: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The parameters of two policies, each of which an error calls by its own name."""
        return (
            checks.theta(theta_old, self.p, "theta_old"),
            checks.theta(theta_new, self.p, "theta_new"),
        )


def _covariance(pi: np.ndarray, W: np.ndarray) -> np.ndarray:
    r""":math:`(\mathrm{diag}(\pi)-\pi\pi^\top)W` for each state of the batch."""
    return pi * (W - (pi * W).sum(axis=-1, keepdims=True))


def _one_hot(a: np.ndarray, of: np.ndarray) -> np.ndarray:
    """The shape and real type of ``of (..., A)``; in memory an action is a row, as in a network."""
    taken = np.arange(of.shape[-1])[:, None] == a.ravel()
    return taken.T.astype(of.real.dtype).reshape(of.shape)


def _weights(w: np.ndarray, of: np.ndarray) -> np.ndarray:
    """One weight for each row of ``of (..., A)`` and in its precision, shape ``(..., 1)``."""
    return cast(of, checks.finite("weights", w, of.shape[:-1]))[..., None]
