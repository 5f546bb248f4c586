r"""Gaussian policies for actions in :math:`\mathbb R^n`: a mean that depends on the
state, plus noise.

Everything that a Gaussian policy can do follows from its mean :math:`\mu_\theta(s)` with its two
derivatives, and from :math:`\log\sigma`. A `StateFunction` is the mean; `Gaussian` does the rest.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real

import numpy as np

from pgcompanion import checks
from pgcompanion.divergences import gaussian_kl
from pgcompanion.policies.base import BasePolicy, Pull, Room, cast, precision, root_weights
from pgcompanion.policies.neural import MLP
from pgcompanion.policies.state_function import LinearMap, StateFunction

# A Python number, which leaves single precision single.
LOG_2PI = math.log(2 * math.pi)


def gaussian_score(Theta: np.ndarray, psi: np.ndarray, a: np.ndarray, sigma: float) -> np.ndarray:
    r"""The score :math:`\sigma^{-2}(a-\Theta\psi)\psi^\top` of a Gaussian with a linear mean,
    shape ``(..., n, d)``.

    Statement: `gaussian_policy_score`. ``Theta (n, d)``, ``psi (..., d)``, ``a (..., n)``; ``sigma`` is a
    number.

    Raises:
        ValueError: an argument is not finite, of another shape, or ``sigma`` is not positive.

    Example:
        >>> gaussian_score(np.array([[1.0, 0.0]]), np.array([1.0, 2.0]), np.array([4.0]), sigma=2.0)
        array([[0.75, 1.5 ]])
    """
    Theta = checks.finite("Theta", Theta, (None, None))
    psi = checks.finite("psi", psi)
    psi = checks.shaped("psi", psi, (*psi.shape[:-1], Theta.shape[1]))
    a = checks.finite("a", a, (*psi.shape[:-1], Theta.shape[0]))
    checks.positive("sigma", sigma)
    return (a - psi @ Theta.T)[..., :, None] * psi[..., None, :] / sigma**2


class Gaussian(BasePolicy):
    r"""A Gaussian around any mean: :math:`\pi_\theta(\cdot\mid s)=\mathcal
    N(\mu_\theta(s),\sigma^2I_n)`.

    Statement: `gaussian_policy`. With a number ``sigma`` the noise is fixed and ``theta`` is that
    of the mean. With ``sigma=None`` it is learned: the covariance is
    :math:`\mathrm{diag}(\sigma_1^2,\dots,\sigma_n^2)`, the same in every state, and the last ``n``
    entries of ``theta`` are :math:`\log\sigma_1,\dots,\log\sigma_n`. States are what the mean
    takes, of batch shape ``(...)``; actions have shape ``(..., n)``.

    Source: Williams (1992).

    Raises:
        ValueError: ``sigma`` not positive; ``theta`` or ``a`` of a wrong shape or not finite;
            weights of another shape than the states or not finite.

    Example:
        >>> policy = Gaussian(LinearMap(inputs=1, m=1), sigma=None)
        >>> policy.score(np.zeros(2), s=np.array([2.0]), a=np.array([3.0]))  # Theta, log sigma
        array([6., 8.])
    """

    def __init__(self, mu: StateFunction, sigma: float | None) -> None:
        if not isinstance(mu, StateFunction):
            raise TypeError(f"mu must be a LinearMap or MLP, but it is {checks.kind(mu)}.")
        if sigma is not None and not (isinstance(sigma, Real) and 0 < sigma < np.inf):
            raise ValueError(
                f"sigma must be a positive number or None, but it is {checks.kind(sigma)}."
            )
        self.mu, self.n, self.sigma = mu, mu.m, sigma
        self.S, self.d = mu.S, mu.d
        self.p = mu.p + (self.n if sigma is None else 0)

    def init(self, rng: np.random.Generator) -> np.ndarray:
        r"""The mean's own start, and :math:`\sigma=1` where it is learned; shape ``(p,)``."""
        return self._join(self.mu.init(rng), np.zeros(self.n))

    def room(self, n: int) -> Room | None:
        """The room of the mean, for passes of up to ``n`` states."""
        return self.mu.room(n)

    def mean(self, theta: np.ndarray, s: np.ndarray) -> np.ndarray:
        r"""The mean action :math:`\mu_\theta(s)`, shape ``(..., n)``."""
        return self.mu.value(self._split(theta)[0], s)

    def log_sigma(self, theta: np.ndarray) -> np.ndarray:
        r""":math:`\log\sigma_1,\dots,\log\sigma_n`, shape ``(n,)``."""
        return self._split(theta)[1]

    def log_prob(self, theta: np.ndarray, s: np.ndarray, a: np.ndarray) -> np.ndarray:
        r"""The log-density :math:`\log\pi_\theta(a\mid s)`, shape ``(...)``.

        Statement: `gaussian_policy`.
        :math:`-\frac12\sum_i\big(\frac{a_i-\mu_i}{\sigma_i}\big)^2-\sum_i\log\sigma_i-\frac
        n2\log2\pi`.
        """
        w, log_sigma = self._split(theta)
        return _log_density(_standardised(a, self.mu.value(w, s), log_sigma), log_sigma)

    def log_prob_vjp(
        self, theta: np.ndarray, s: np.ndarray, a: np.ndarray, room: Room | None = None
    ) -> tuple[np.ndarray, Pull]:
        r"""`log_prob`, and the map :math:`w\mapsto\sum_iw_i\nabla\log\pi_\theta(a_i\mid s_i)`.

        Statement: `gaussian_policy_score`, `reinforce_pg`. One pass through the mean and one back. With a
        ``room`` the passes are in single precision, and the map may be used until the next pass
        there.
        """
        w, log_sigma = self._split(theta)
        mu, pull = self.mu.vjp(w, s, room)
        log_sigma = log_sigma.astype(mu.dtype, copy=False)
        z = _standardised(a, mu, log_sigma)

        def pull_weights(w: np.ndarray) -> np.ndarray:
            w = _weights(w, z)
            return self._join(
                pull(w * z * np.exp(-log_sigma)),
                (w * (z * z - 1)).reshape(-1, self.n).sum(axis=0),
            )

        return _log_density(z, log_sigma), pull_weights

    def score(self, theta: np.ndarray, s: np.ndarray, a: np.ndarray) -> np.ndarray:
        r"""The score, shape ``(..., p)``.

        Statement: `gaussian_policy_score`. In the mean's parameters
        :math:`(\partial_\theta\mu_\theta(s))^\top\Sigma^{-1}(a-\mu_\theta(s))`, which for one
        :math:`\sigma` is :math:`\sigma^{-2}(\partial_\theta\mu_\theta(s))^\top(a-\mu_\theta(s))`;
        in :math:`\log\sigma_i` it is :math:`\big(\frac{a_i-\mu_i}{\sigma_i}\big)^2-1`.
        """
        w, log_sigma = self._split(theta)
        z = _standardised(a, self.mu.value(w, s), log_sigma)
        return self._join(self.mu.vjp_each(w, s, z * np.exp(-log_sigma)), z * z - 1)

    def score_sum(
        self, theta: np.ndarray, s: np.ndarray, a: np.ndarray, weights: np.ndarray
    ) -> np.ndarray:
        r""":math:`\sum_iw_i\nabla\log\pi_\theta(a_i\mid s_i)`, shape ``(p,)``.

        Statement: `reinforce_pg`. The scores are never formed one by one.
        """
        return self.log_prob_vjp(theta, s, a)[1](weights)

    def sample(
        self, theta: np.ndarray, s: np.ndarray, rng: np.random.Generator, room: Room | None = None
    ) -> np.ndarray:
        r"""Actions :math:`a=\mu_\theta(s)+\sigma\varepsilon`, :math:`\varepsilon\sim\mathcal
        N(0,I_n)`, shape ``(..., n)``.
        """
        w, log_sigma = self._split(theta)
        mu = self.mu.value(w, s) if room is None else self.mu.vjp(w, s, room)[0]
        noise = checks.generator(rng).standard_normal(mu.shape, dtype=mu.real.dtype)
        return mu + np.exp(log_sigma).astype(mu.dtype, copy=False) * noise

    def kl(self, theta_old: np.ndarray, theta_new: np.ndarray, s: np.ndarray) -> np.ndarray:
        r""":math:`\mathrm{KL}(\pi_{\rm old}(\cdot\mid s)\,\|\,\pi_{\rm new}(\cdot\mid s))` of each
        state, in nats.

        Statement: `kld`. Shape ``(...)``.
        """
        w_old, log_sigma_old = self._split(theta_old, "theta_old")
        w_new, log_sigma_new = self._split(theta_new, "theta_new")
        mu_old, mu_new = self.mu.value(w_old, s), self.mu.value(w_new, s)
        return gaussian_kl(mu_old, np.exp(log_sigma_old), mu_new, np.exp(log_sigma_new))

    def kl_gradient(
        self, theta_old: np.ndarray, theta_new: np.ndarray, s: np.ndarray, weights: np.ndarray
    ) -> np.ndarray:
        r"""The gradient of :math:`\sum_iw_i\mathrm{KL}` (see `kl`) in ``theta_new``, shape
        ``(p,)``.

        Statement: `kld`. With :math:`z=(\mu_{\rm new}-\mu_{\rm old})/\sigma_{\rm new}` it is
        :math:`z/\sigma_{\rm new}` in the mean and
        :math:`1-z^2-\sigma_{\rm old}^2/\sigma_{\rm new}^2` in :math:`\log\sigma_{\rm new}`.
        """
        w_old, log_sigma_old = self._split(theta_old, "theta_old")
        w, log_sigma = self._split(theta_new, "theta_new")
        mu, pull = self.mu.vjp(w, s)
        z = (mu - self.mu.value(w_old, s)) * np.exp(-log_sigma)
        widths = np.exp(2 * (log_sigma_old - log_sigma))
        weights = _weights(weights, z)
        return self._join(
            pull(weights * z * np.exp(-log_sigma)),
            (weights * (1 - z * z - widths)).reshape(-1, self.n).sum(axis=0),
        )

    def entropy(self, theta: np.ndarray, s: np.ndarray) -> np.ndarray:
        r"""Differential entropy :math:`\sum_i\log\sigma_i+\frac n2\log2\pi e` in nats, shape
        ``(...)``.

        Statement: `gaussian_policy`. It can be negative, and is the same in every state.
        """
        entropy = self.log_sigma(theta).sum() + 0.5 * self.n * (LOG_2PI + 1)
        return np.full(self.mu.vectors(s).shape[:-1], entropy)

    def entropy_gradient(self, theta: np.ndarray, s: np.ndarray, weights: np.ndarray) -> np.ndarray:
        r"""The gradient of the weighted sum of `entropy`, shape ``(p,)``: :math:`\sum_iw_i` in
        each :math:`\log\sigma`.

        Statement: `gaussian_policy`. With a fixed ``sigma`` it is 0.
        """
        mean = self._split(theta)[0]
        w = cast(mean, checks.finite("weights", weights, self.mu.vectors(s).shape[:-1]))
        of_mean = np.zeros_like(mean, dtype=w.dtype)
        return self._join(of_mean, np.full(self.n, w.sum()))

    def fisher_product(
        self, theta: np.ndarray, s: np.ndarray, weights: np.ndarray, v: np.ndarray
    ) -> np.ndarray:
        r""":math:`\big(\sum_iw_iF_\theta(s_i)\big)v`, shape ``(p,)``, without a matrix.

        Statement: `fisher_matrix`. The Fisher matrix of one state is
        :math:`(\partial_\theta\mu)^\top\Sigma^{-1}\partial_\theta\mu` in the mean's parameters and
        :math:`2I_n` in :math:`\log\sigma`; mixed entries are 0.
        """
        w, log_sigma = self._split(theta)
        v = cast(theta, checks.theta(v, self.p, "v"))
        u = self.mu.jvp(w, s, v[: self.mu.p]) * np.exp(-2 * log_sigma)
        weights = _weights(weights, u)
        return self._join(self.mu.vjp(w, s)[1](weights * u), 2 * weights.sum() * v[self.mu.p :])

    def fisher(self, theta: np.ndarray, s: np.ndarray, weights: np.ndarray) -> np.ndarray:
        r""":math:`\sum_iw_i\,\mathbb E_{a\sim\pi_\theta(\cdot\mid
        s_i)}\nabla\log\pi_\theta\nabla\log\pi_\theta^\top`, shape ``(p, p)``.

        Statement: `fisher_matrix`. ``s`` and ``weights`` share one batch axis.
        """
        w, log_sigma = self._split(theta)
        roots = cast(theta, root_weights(weights, self.mu.vectors(s).shape[:-1]))
        scaled = roots[:, None, None] * np.diag(np.exp(-log_sigma))
        jacobian = np.concatenate([self.mu.vjp_each(w, s, scaled[:, i]) for i in range(self.n)])
        F = np.zeros((self.p, self.p), jacobian.dtype)
        F[: self.mu.p, : self.mu.p] = jacobian.T @ jacobian
        learned = np.arange(self.mu.p, self.p)
        F[learned, learned] = 2 * (roots * roots).sum()
        return F

    def _split(self, theta: np.ndarray, name: str = "theta") -> tuple[np.ndarray, np.ndarray]:
        r"""The parameters of the mean, and :math:`\log\sigma (n,)`."""
        theta = checks.theta(theta, self.p, name)
        if self.sigma is None:
            return theta[: self.mu.p], theta[self.mu.p :]
        return theta, np.full(self.n, np.log(self.sigma), dtype=precision(theta))

    def _join(self, of_mean: np.ndarray, of_log_sigma: np.ndarray) -> np.ndarray:
        if self.sigma is not None:
            return of_mean
        return np.concatenate([of_mean, of_log_sigma], axis=-1)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(mu={self.mu!r}, sigma={self.sigma})"


class LinearGaussian(Gaussian):
    r"""A mean that is linear in features: :math:`\pi_\Theta(\cdot\mid s)=\mathcal
    N(\Theta\psi(s),\sigma^2I_n)`.

    Statement: `gaussian_policy`. ``features`` is an array ``(S, d)`` of the :math:`\psi(s)` of a
    finite MDP, or the number ``d`` of entries of an observation, which is then its own feature
    vector (give it an entry that is always 1 for an intercept). ``theta`` begins with
    :math:`\Theta` ``(n, d)`` in row order. The score is `gaussian_score` and the Fisher matrix
    :math:`\sigma^{-2}I_n\otimes\sum_iw_i\psi(s_i)\psi(s_i)^\top`.

    Example:
        >>> policy = LinearGaussian(features=2, n=1, sigma=0.5)
        >>> s, a = np.array([1.0, 3.0]), np.array([0.25])
        >>> policy.score(np.zeros(2), s, a)
        array([1., 3.])
    """

    def __init__(self, features: int | np.ndarray, n: int, sigma: float | None = 1.0) -> None:
        if not isinstance(features, int | np.integer):
            features = checks.finite("features", features, (None, None))
        super().__init__(LinearMap(features, checks.positive_integer("n", n)), sigma)

    def score(self, theta: np.ndarray, s: np.ndarray, a: np.ndarray) -> np.ndarray:
        r"""The `gaussian_score`, shape ``(..., p)``, with that of a learned ``sigma``.

        Statement: `gaussian_policy`.
        """
        if self.sigma is None:
            return super().score(theta, s, a)
        theta, psi = checks.theta(theta, self.p), cast(theta, self.mu.vectors(s))
        a = checks.finite("a", a, (*psi.shape[:-1], self.n))
        score = gaussian_score(theta.reshape(self.n, -1), psi, cast(theta, a), self.sigma)
        return score.reshape(*psi.shape[:-1], self.p)

    def __repr__(self) -> str:
        return f"LinearGaussian(features={self.mu._inputs()}, n={self.n}, sigma={self.sigma})"


class NeuralGaussian(Gaussian):
    r"""A Gaussian whose mean is a tanh network: :math:`\pi_\theta(\cdot\mid s)=\mathcal
    N(\mu_\theta(s),\sigma^2I_n)`.

    Statement: `gaussian_policy`. ``inputs`` and ``hidden`` are as in `NeuralSoftmax`, ``sigma`` as
    in `Gaussian`; ``n`` is the dimension of an action. ``theta`` begins with the network's
    parameters.

    Raises:
        ValueError: ``inputs``, ``n``, ``hidden`` or ``sigma`` of a wrong kind; otherwise as
            `Gaussian`.

    Example:
        >>> policy = NeuralGaussian(inputs=3, n=2, hidden=(8,), sigma=None)
        >>> theta = policy.init(np.random.default_rng(0))
        >>> policy.p, policy.entropy(theta, np.zeros((5, 3)))[0].round(4)
        (52, np.float64(2.8379))
    """

    def __init__(
        self,
        inputs: int | np.ndarray,
        n: int,
        hidden: Sequence[int] = (64, 64),
        sigma: float | None = 1.0,
    ) -> None:
        self.network = MLP(inputs, checks.positive_integer("n", n), hidden)
        super().__init__(self.network, sigma)

    def __repr__(self) -> str:
        net = self.network
        return (
            f"NeuralGaussian(inputs={net._inputs()}, n={self.n}, hidden={net.hidden}, "
            f"sigma={self.sigma})"
        )


def _standardised(a: np.ndarray, mu: np.ndarray, log_sigma: np.ndarray) -> np.ndarray:
    r""":math:`z=(a-\mu)/\sigma` in the precision of the mean, shape ``(..., n)``."""
    return (cast(mu, checks.finite("a", a, mu.shape)) - mu) * np.exp(-log_sigma)


def _log_density(z: np.ndarray, log_sigma: np.ndarray) -> np.ndarray:
    return -0.5 * (z * z).sum(axis=-1) - log_sigma.sum() - 0.5 * z.shape[-1] * LOG_2PI


def _weights(w: np.ndarray, of: np.ndarray) -> np.ndarray:
    """One weight for each row of ``of (..., n)`` and in its precision, shape ``(..., 1)``."""
    return cast(of, checks.finite("weights", w, of.shape[:-1]))[..., None]
