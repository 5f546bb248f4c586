"""Softmax policies over finitely many states: a logit for each state and action, or logits linear in features."""

from __future__ import annotations

import numpy as np

from pgcompanion import checks
from pgcompanion.policies.counts import sum_by_state, weighted_counts
from pgcompanion.policies.softmax import Softmax


class _LinearLogits(Softmax):
    """States are the indices from 0 to ``S - 1``, and logits are linear in ``theta``."""

    S: int

    @property
    def states(self) -> np.ndarray:
        return np.arange(self.S)

    def init(self, rng: np.random.Generator) -> np.ndarray:
        """The uniform policy, ``theta = 0``: every action is tried equally often."""
        return np.zeros(self.p)

    def pushforward(self, theta: np.ndarray, s: np.ndarray, v: np.ndarray) -> np.ndarray:
        return self.logits(v, s)


class TabularSoftmax(_LinearLogits):
    r"""One logit :math:`\theta_{s,a}` for each state and action.

    Statement: `tabular_softmax`. :math:`\pi_\theta(a\mid s)=e^{\theta_{s,a}}/\sum_{a'}e^{\theta_{s,a'}}`
    with ``theta`` the table ``(S, A)`` in row order; the score is
    :math:`\partial\log\pi_\theta(a\mid s)/\partial\theta_{s',a'}=\mathbf 1[s=s'](\mathbf 1[a=a']-\pi_\theta(a'\mid s))`.

    Example:
        >>> policy = TabularSoftmax(S=1, A=2)
        >>> policy.score(np.zeros(2), s=0, a=1)
        array([-0.5,  0.5])
    """

    def __init__(self, S: int, A: int) -> None:
        self.S = checks.positive_integer("S", S)
        self.A = checks.positive_integer("A", A)
        self.p = S * A

    def logits(self, theta: np.ndarray, s: np.ndarray) -> np.ndarray:
        return np.asarray(theta).reshape(self.S, self.A)[checks.indices("s", s, self.S)]

    def pullback_each(self, theta: np.ndarray, s: np.ndarray, w: np.ndarray) -> np.ndarray:
        w = np.asarray(w)
        each = np.zeros((*w.shape[:-1], self.S, self.A), dtype=w.dtype)
        np.put_along_axis(
            each, np.broadcast_to(s, w.shape[:-1])[..., None, None], w[..., None, :], -2
        )
        return each.reshape(*w.shape[:-1], self.p)

    def pullback(self, theta: np.ndarray, s: np.ndarray, w: np.ndarray) -> np.ndarray:
        return sum_by_state(s, np.asarray(w), self.S).ravel()

    def score_sum(
        self, theta: np.ndarray, s: np.ndarray, a: np.ndarray, weights: np.ndarray
    ) -> np.ndarray:
        r""":math:`\sum_iw_i\nabla\log\pi_\theta(a_i\mid s_i)` from weighted counts of (s, a), shape ``(p,)``.

        Statement: `tabular_softmax`.
        """
        weights = checks.shaped("weights", weights, np.shape(s))
        W = weighted_counts(s, a, weights, self.S, self.A)
        return (W - W.sum(axis=1, keepdims=True) * self.table(theta)).ravel()

    def fisher(self, theta: np.ndarray, s: np.ndarray, weights: np.ndarray) -> np.ndarray:
        r"""A block :math:`\big(\sum_{i:s_i=s}w_i\big)(\mathrm{diag}(\pi)-\pi\pi^\top)` for each state.

        Statement: `fisher_matrix`. Shape ``(p, p)``.
        """
        pi = self.table(theta)
        blocks = np.eye(self.A) * pi[:, :, None] - pi[:, :, None] * pi[:, None, :]
        weights = checks.shaped("weights", weights, np.shape(s))
        blocks *= np.bincount(s, weights, self.S)[:, None, None]
        F = np.zeros((self.S, self.A, self.S, self.A))
        F[np.arange(self.S), :, np.arange(self.S)] = blocks
        return F.reshape(self.p, self.p)


class LinearSoftmax(_LinearLogits):
    r"""Logits that are linear in features :math:`\phi(s,a)\in\mathbb R^p`.

    Statement: `linear_softmax`, `drop_centring`. :math:`\pi_\theta(a\mid s)\propto e^{\theta^\top\phi(s,a)}` with score
    :math:`\phi(s,a)-\mathbb E_{a'\sim\pi_\theta(\cdot\mid s)}\phi(s,a')`. ``features`` has shape
    ``(S, A, p)``.

    Example:
        >>> policy = LinearSoftmax(np.array([[[1.0], [3.0]]]))
        >>> policy.score(np.zeros(1), s=0, a=1)
        array([1.])
    """

    def __init__(self, features: np.ndarray) -> None:
        self.features = checks.finite("features", features, (None, None, None)).astype(float)
        self.S, self.A, self.p = self.features.shape

    def logits(self, theta: np.ndarray, s: np.ndarray) -> np.ndarray:
        return (self.features @ theta)[checks.indices("s", s, self.S)]

    def pullback_each(self, theta: np.ndarray, s: np.ndarray, w: np.ndarray) -> np.ndarray:
        return np.einsum("...a,...ap->...p", w, self.features[s])

    def pullback(self, theta: np.ndarray, s: np.ndarray, w: np.ndarray) -> np.ndarray:
        return np.tensordot(sum_by_state(s, np.asarray(w), self.S), self.features, axes=2)
