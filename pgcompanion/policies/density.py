r"""Policies of which no more than a log-density is known."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NoReturn

import numpy as np

from pgcompanion import checks
from pgcompanion.derivatives import complex_step, vjp
from pgcompanion.policies.base import BasePolicy, Pull, Room


class Density(BasePolicy, ABC):
    r"""Any policy of which no more than :math:`\log\pi_\theta(a\mid s)` is known.

    Statement: `score_lemma`. A subclass has ``p`` and `log_prob`; scores are complex steps of it,
    so it must compute with a complex ``theta``. That is enough for REINFORCE and for the
    surrogate, clipped or not; a divergence, an entropy, a Fisher matrix need an integral over the
    actions, which a subclass has to write down.

    Raises:
        NotImplementedError: a method is called that a log-density alone does not give.

    Example:
        >>> class Exponential(Density):                            # a > 0 with rate exp(theta)
        ...     p = 1
        ...     def log_prob(self, theta, s, a):
        ...         return theta[0] - np.exp(theta[0]) * a
        >>> Exponential().score(np.zeros(1), s=0, a=3.0)
        array([-2.])
    """

    @abstractmethod
    def log_prob(self, theta: np.ndarray, s: np.ndarray, a: np.ndarray) -> np.ndarray:
        r"""The log-density :math:`\log\pi_\theta(a\mid s)`, shape ``(...)``."""

    def log_prob_vjp(
        self, theta: np.ndarray, s: np.ndarray, a: np.ndarray, room: Room | None = None
    ) -> tuple[np.ndarray, Pull]:
        r"""`log_prob`, and the map :math:`w\mapsto\sum_iw_i\nabla\log\pi_\theta(a_i\mid s_i)`."""
        theta = checks.theta(theta, self.p)
        value = np.asarray(self.log_prob(theta, s, a))

        def pull(w: np.ndarray) -> np.ndarray:
            w = checks.finite("weights", w, value.shape)
            return vjp(lambda t: self.log_prob(t, s, a), theta, w)

        return value, pull

    def score(self, theta: np.ndarray, s: np.ndarray, a: np.ndarray) -> np.ndarray:
        r""":math:`\nabla\log\pi_\theta(a\mid s)`, shape ``(..., p)``."""
        return complex_step(lambda t: self.log_prob(t, s, a), checks.theta(theta, self.p))

    def score_sum(
        self, theta: np.ndarray, s: np.ndarray, a: np.ndarray, weights: np.ndarray
    ) -> np.ndarray:
        r""":math:`\sum_iw_i\nabla\log\pi_\theta(a_i\mid s_i)`, shape ``(p,)``.

        Statement: `reinforce_pg`.
        """
        return self.log_prob_vjp(theta, s, a)[1](weights)

    def sample(
        self, theta: np.ndarray, s: np.ndarray, rng: np.random.Generator, room: Room | None = None
    ) -> np.ndarray:
        """Not given by a log-density alone: a subclass that wants it has to write it."""
        self._missing("sample(theta, s, rng, room=None)")

    def kl(self, theta_old: np.ndarray, theta_new: np.ndarray, s: np.ndarray) -> np.ndarray:
        """Not given by a log-density alone: a subclass that wants it has to write it."""
        self._missing("kl(theta_old, theta_new, s)")

    def kl_gradient(
        self, theta_old: np.ndarray, theta_new: np.ndarray, s: np.ndarray, weights: np.ndarray
    ) -> np.ndarray:
        """Not given by a log-density alone: a subclass that wants it has to write it."""
        self._missing("kl_gradient(theta_old, theta_new, s, weights)")

    def entropy(self, theta: np.ndarray, s: np.ndarray) -> np.ndarray:
        """Not given by a log-density alone: a subclass that wants it has to write it."""
        self._missing("entropy(theta, s)")

    def entropy_gradient(self, theta: np.ndarray, s: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Not given by a log-density alone: a subclass that wants it has to write it."""
        self._missing("entropy_gradient(theta, s, weights)")

    def fisher(self, theta: np.ndarray, s: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Not given by a log-density alone: a subclass that wants it has to write it."""
        self._missing("fisher(theta, s, weights)")

    def fisher_product(
        self, theta: np.ndarray, s: np.ndarray, weights: np.ndarray, v: np.ndarray
    ) -> np.ndarray:
        """Not given by a log-density alone: a subclass that wants it has to write it."""
        self._missing("fisher_product(theta, s, weights, v)")

    def _missing(self, signature: str) -> NoReturn:
        raise NotImplementedError(
            f"A log-density alone does not give it: {type(self).__name__} must have a method "
            f"{signature}."
        )
