r"""Gaussian policies for actions in :math:`\mathbb R^n`: a mean that depends on the state, plus noise.

Everything that a Gaussian policy can do follows from its mean :math:`\mu_\theta(s)` with its two
derivatives, and from :math:`\log\sigma`. A `StateFunction` is the mean; `Gaussian` does the rest.
"""

from __future__ import annotations

from numbers import Real

import numpy as np

from pgcompanion import checks
from pgcompanion.policies.normal import gaussian_entropy, gaussian_kl, gaussian_log_density
from pgcompanion.policies.state_function import LinearMap, StateFunction, cast, precision


class Gaussian:
    r"""A Gaussian around any mean: :math:`\pi_\theta(\cdot\mid s)=\mathcal N(\mu_\theta(s),\sigma^2I_n)`.

    Statement: `gaussian_policy`. With a number ``sigma`` the noise is fixed and ``theta`` is that of
    the mean. With ``sigma=None`` it is learned: the covariance is
    :math:`\mathrm{diag}(\sigma_1^2,\dots,\sigma_n^2)`, the same in every state, and the last ``n``
    entries of ``theta`` are :math:`\log\sigma_1,\dots,\log\sigma_n`. States are what the mean takes,
    of batch shape ``(...)``; actions have shape ``(..., n)``.

    Source: Williams (1992).

    Raises:
        ValueError: ``sigma`` not positive; ``theta`` or ``a`` of a wrong shape or not finite; weights of
            another shape than the states.
    """

    def __init__(self, mu: StateFunction, sigma: float | None) -> None:
        if sigma is not None and not (isinstance(sigma, Real) and 0 < sigma < np.inf):
            raise ValueError(f"sigma must be a positive number or None, but it is {sigma!r}.")
        self.mu, self.n, self.sigma = mu, mu.m, sigma
        self.p = mu.p + (self.n if sigma is None else 0)

    @property
    def states(self) -> np.ndarray:
        """The states of a finite MDP in their order."""
        return self.mu.inputs.states

    def init(self, rng: np.random.Generator) -> np.ndarray:
        r"""The mean's own start, and :math:`\sigma=1` where it is learned; shape ``(p,)``."""
        theta = self.mu.init(rng)
        return self._join(theta, np.zeros(self.n))

    def mean(self, theta: np.ndarray, s: np.ndarray) -> np.ndarray:
        r"""The mean action :math:`\mu_\theta(s)`, shape ``(..., n)``."""
        return self.mu.value(self._split(theta)[0], s)

    def log_sigma(self, theta: np.ndarray) -> np.ndarray:
        r""":math:`\log\sigma_1,\dots,\log\sigma_n`, shape ``(n,)``."""
        return self._split(theta)[1]

    def log_prob(self, theta: np.ndarray, s: np.ndarray, a: np.ndarray) -> np.ndarray:
        r"""The log-density :math:`\log\pi_\theta(a\mid s)`, shape ``(...)``. Statement: `gaussian_policy`."""
        mu = self.mean(theta, s)
        return gaussian_log_density(_actions(theta, a, mu), mu, self.log_sigma(theta))

    def score(self, theta: np.ndarray, s: np.ndarray, a: np.ndarray) -> np.ndarray:
        r"""The score, shape ``(..., p)``.

        Statement: `gaussian_policy`. In the mean's parameters
        :math:`(\partial_\theta\mu_\theta(s))^\top\Sigma^{-1}(a-\mu_\theta(s))`, which for one
        :math:`\sigma` is :math:`\sigma^{-2}(\partial_\theta\mu_\theta(s))^\top(a-\mu_\theta(s))`; in
        :math:`\log\sigma_i` it is :math:`\big(\frac{a_i-\mu_i}{\sigma_i}\big)^2-1`.
        """
        w, log_sigma, z = self._standardised(theta, s, a)
        return self._join(self.mu.pullback_each(w, s, z * np.exp(-log_sigma)), z * z - 1)

    def score_sum(
        self, theta: np.ndarray, s: np.ndarray, a: np.ndarray, weights: np.ndarray
    ) -> np.ndarray:
        r""":math:`\sum_iw_i\nabla\log\pi_\theta(a_i\mid s_i)`, shape ``(p,)``.

        Statement: `reinforce_pg`. The scores are never formed one by one.
        """
        w, log_sigma, z = self._standardised(theta, s, a)
        weights = cast(theta, checks.shaped("weights", weights, z.shape[:-1]))[..., None]
        return self._join(
            self.mu.pullback(w, s, weights * z * np.exp(-log_sigma)),
            (weights * (z * z - 1)).reshape(-1, self.n).sum(axis=0),
        )

    def sample(self, theta: np.ndarray, s: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        r"""Actions :math:`a=\mu_\theta(s)+\sigma\varepsilon`, :math:`\varepsilon\sim\mathcal N(0,I_n)`, shape ``(..., n)``."""
        mu = self.mean(theta, s)
        noise = rng.standard_normal(mu.shape, dtype=mu.real.dtype)
        return mu + np.exp(self.log_sigma(theta)) * noise

    def kl(self, theta_old: np.ndarray, theta_new: np.ndarray, s: np.ndarray) -> np.ndarray:
        r""":math:`\mathrm{KL}(\pi_{\rm old}(\cdot\mid s)\,\|\,\pi_{\rm new}(\cdot\mid s))` of each state, in nats.

        Statement: `kld`. Shape ``(...)``.
        """
        w_old, log_sigma_old = self._split(theta_old, "theta_old")
        w_new, log_sigma_new = self._split(theta_new, "theta_new")
        mu_old, mu_new = self.mu.value(w_old, s), self.mu.value(w_new, s)
        return gaussian_kl(mu_old, log_sigma_old, mu_new, log_sigma_new)

    def kl_gradient(
        self, theta_old: np.ndarray, theta_new: np.ndarray, s: np.ndarray, weights: np.ndarray
    ) -> np.ndarray:
        r"""The gradient of :math:`\sum_iw_i\mathrm{KL}` (see `kl`) in ``theta_new``, shape ``(p,)``.

        Statement: `kld`. With :math:`z=(\mu_{\rm new}-\mu_{\rm old})/\sigma_{\rm new}` it is
        :math:`z/\sigma_{\rm new}` in the mean and
        :math:`1-z^2-\sigma_{\rm old}^2/\sigma_{\rm new}^2` in :math:`\log\sigma_{\rm new}`.
        """
        w_old, log_sigma_old = self._split(theta_old, "theta_old")
        w, log_sigma = self._split(theta_new, "theta_new")
        z = (self.mu.value(w, s) - self.mu.value(w_old, s)) * np.exp(-log_sigma)
        widths = np.exp(2 * (log_sigma_old - log_sigma))
        weights = cast(theta_new, checks.shaped("weights", weights, z.shape[:-1]))[..., None]
        return self._join(
            self.mu.pullback(w, s, weights * z * np.exp(-log_sigma)),
            (weights * (1 - z * z - widths)).reshape(-1, self.n).sum(axis=0),
        )

    def entropy(self, theta: np.ndarray, s: np.ndarray) -> np.ndarray:
        r"""Differential entropy of :math:`\pi_\theta(\cdot\mid s)` in nats, shape ``(...)``: the same in every state."""
        entropy = gaussian_entropy(self.log_sigma(theta))
        return np.full(self.mu.batch(s), entropy)

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
        u = self.mu.pushforward(w, s, v[: self.mu.p]) * np.exp(-2 * log_sigma)
        weights = cast(theta, checks.shaped("weights", weights, u.shape[:-1]))
        return self._join(
            self.mu.pullback(w, s, weights[..., None] * u), 2 * weights.sum() * v[self.mu.p :]
        )

    def fisher(self, theta: np.ndarray, s: np.ndarray, weights: np.ndarray) -> np.ndarray:
        r""":math:`\sum_iw_i\,\mathbb E_{a\sim\pi_\theta(\cdot\mid s_i)}\nabla\log\pi_\theta\nabla\log\pi_\theta^\top`, shape ``(p, p)``.

        Statement: `fisher_matrix`. ``s`` and ``weights`` share one batch axis.
        """
        w, log_sigma = self._split(theta)
        weights = checks.shaped("weights", weights, self.mu.batch(s))
        scaled = np.sqrt(weights)[:, None, None] * np.diag(np.exp(-log_sigma))
        jacobian = np.concatenate(
            [self.mu.pullback_each(w, s, scaled[:, i]) for i in range(self.n)]
        )
        F = np.zeros((self.p, self.p), dtype=jacobian.dtype)
        F[: self.mu.p, : self.mu.p] = jacobian.T @ jacobian
        learned = np.arange(self.mu.p, self.p)
        F[learned, learned] = 2 * weights.sum()
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

    def _standardised(
        self, theta: np.ndarray, s: np.ndarray, a: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        r"""The two parts of ``theta``, and :math:`z=(a-\mu)/\sigma`."""
        w, log_sigma = self._split(theta)
        mu = self.mu.value(w, s)
        return w, log_sigma, (_actions(theta, a, mu) - mu) * np.exp(-log_sigma)


class LinearGaussian(Gaussian):
    r"""A mean that is linear in features: :math:`\pi_\Theta(\cdot\mid s)=\mathcal N(\Theta\psi(s),\sigma^2I_n)`.

    Statement: `gaussian_policy`. ``features`` is an array ``(S, d)`` of the :math:`\psi(s)` of a finite
    MDP, or the number ``d`` of entries of an observation, which is then its own feature vector (give it
    an entry that is always 1 for an intercept). ``theta`` begins with :math:`\Theta` ``(n, d)`` in row
    order. The score is :math:`\sigma^{-2}(a-\Theta\psi(s))\psi(s)^\top` and the Fisher matrix
    :math:`\sigma^{-2}I_n\otimes\sum_iw_i\psi(s_i)\psi(s_i)^\top`.

    Example:
        >>> policy = LinearGaussian(features=2, n=1, sigma=0.5)
        >>> s, a = np.array([1.0, 3.0]), np.array([0.25])
        >>> policy.score(np.zeros(2), s, a)
        array([1., 3.])
    """

    def __init__(self, features: int | np.ndarray, n: int, sigma: float | None = 1.0) -> None:
        super().__init__(LinearMap(features, checks.positive_integer("n", n)), sigma)


def _actions(theta: np.ndarray, a: np.ndarray, mu: np.ndarray) -> np.ndarray:
    return cast(theta, checks.finite("a", a, mu.shape))
