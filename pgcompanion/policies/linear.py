r"""The softmax policy whose logits are linear in features of states and actions."""

from __future__ import annotations

import numpy as np

from pgcompanion import checks
from pgcompanion.policies.base import Pull, Room, cast, sum_by_state
from pgcompanion.policies.softmax import Softmax


def linear_score(phi: np.ndarray, pi: np.ndarray, a: int | np.ndarray) -> np.ndarray:
    r"""The score :math:`\phi(s,a)-\mathbb E_{a'\sim\pi(\cdot\mid s)}\phi(s,a')` of a linear
    softmax policy.

    Statement: `linear_softmax_score`. For one state ``phi[a] - pi @ phi``: ``phi (A, p)`` holds the
    features of its actions, ``pi (A,)`` their probabilities, ``a`` is an integer, and the result
    has shape ``(p,)``. All of them may have batch axes in front.

    Raises:
        ValueError: ``phi`` or ``pi`` is not finite, their shapes differ, or ``a`` is out of range.

    Example:
        >>> linear_score(np.array([[2.0], [4.0]]), np.array([0.25, 0.75]), a=0)
        array([-1.5])
    """
    phi = checks.finite("phi", phi)
    pi = checks.finite("pi", pi)
    if phi.ndim < 2 or pi.shape != phi.shape[:-1]:
        raise ValueError(
            f"phi and pi have shapes {phi.shape} and {pi.shape}, but (..., A, p) and (..., A) are "
            "expected."
        )
    a = checks.shaped("a", checks.indices("a", a, pi.shape[-1]), pi.shape[:-1])
    chosen = np.take_along_axis(phi, a[..., None, None], axis=-2)[..., 0, :]
    return chosen - np.einsum("...a,...ap->...p", pi, phi)


class LinearSoftmax(Softmax):
    r"""Logits that are linear in features :math:`\phi(s,a)\in\mathbb R^p`.

    Statement: `linear_softmax`, `drop_centring`. :math:`\pi_\theta(a\mid s)\propto
    e^{\theta^\top\phi(s,a)}` with the `linear_score`. ``features`` has shape ``(S, A, p)``; states
    are indices.

    Raises:
        ValueError: ``features`` is not finite or of another number of axes; otherwise as `Softmax`.

    Example:
        >>> policy = LinearSoftmax(np.array([[[1.0], [3.0]]]))
        >>> policy.score(np.zeros(1), s=0, a=1)
        array([1.])
    """

    S: int

    def __init__(self, features: np.ndarray) -> None:
        self.features = checks.finite("features", features, (None, None, None)).astype(float)
        self.S, self.A, self.p = self.features.shape

    def logits(self, theta: np.ndarray, s: np.ndarray) -> np.ndarray:
        theta, s = checks.theta(theta, self.p), checks.indices("s", s, self.S)
        return (cast(theta, self.features) @ theta)[s]

    def logits_jvp(self, theta: np.ndarray, s: np.ndarray, v: np.ndarray) -> np.ndarray:
        theta = checks.theta(theta, self.p)
        return self.logits(cast(theta, checks.theta(v, self.p, "v")), s)

    def logits_vjp(
        self, theta: np.ndarray, s: np.ndarray, room: Room | None = None
    ) -> tuple[np.ndarray, Pull]:
        def pull(w: np.ndarray) -> np.ndarray:
            by_state = sum_by_state(s, cast(theta, w), self.S)
            return np.tensordot(by_state, cast(by_state, self.features), axes=2)

        return self.logits(theta, s), pull

    def logits_vjp_each(self, theta: np.ndarray, s: np.ndarray, w: np.ndarray) -> np.ndarray:
        theta, s = checks.theta(theta, self.p), checks.indices("s", s, self.S)
        w = cast(theta, checks.finite("w", w, (*s.shape, self.A)))
        phi = cast(w, self.features)[s]
        return np.einsum("...a,...ap->...p", w, phi)

    def score(self, theta: np.ndarray, s: np.ndarray, a: np.ndarray) -> np.ndarray:
        r"""The score :math:`\phi(s,a)-\mathbb E_{a'\sim\pi_\theta(\cdot\mid s)}\phi(s,a')`, shape
        ``(..., p)``.

        Statement: `linear_softmax_score`.
        """
        pi = self.probs(theta, s)
        return linear_score(cast(pi, self.features)[np.asarray(s)], pi, a)

    def __repr__(self) -> str:
        return f"LinearSoftmax(S={self.S}, A={self.A}, p={self.p})"
