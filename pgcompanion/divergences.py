r"""How far apart two distributions are: KL divergence, total variation, and the Fisher matrix.

Distributions are arrays here. Those of trajectories live in `exact`: `exact.trajectory_kl` and
`exact.fisher`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pgcompanion import checks
from pgcompanion.derivatives import central_difference, complex_step

LogProbs = Callable[[np.ndarray], np.ndarray]


def kl_divergence(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    r"""The KL divergence :math:`\mathrm{KL}(p\,\|\,q)=\sum_xp(x)\log\frac{p(x)}{q(x)}`, in nats.

    Statement: `kld`. It is never negative, 0 only for equal distributions, not symmetric, and
    infinite where ``q`` is 0 but ``p`` is not. A point with :math:`p(x)=0` adds nothing.

    Args:
        p, q: distributions along the last axis, shapes ``(..., n)`` that broadcast. Complex numbers
            pass, so that the divergence can be differentiated by a complex step.

    Returns:
        One number for each distribution, shape ``(...)``.

    Raises:
        ValueError: ``p`` or ``q`` is not a distribution, or their last axes differ.

    Example:
        >>> round(float(kl_divergence([0.5, 0.5], [0.25, 0.75])), 4)
        0.1438
        >>> float(kl_divergence([0.5, 0.5], [1.0, 0.0]))
        inf
    """
    p, q = _two_distributions(p, q)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(p == 0, 0.0, p * (np.log(p) - np.log(q)))
    return np.asarray(terms.sum(axis=-1))[()]


def total_variation(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    r"""The total variation distance :math:`\frac12\sum_x|p(x)-q(x)|`, between 0 and 1.

    Statement: `total_variation`, `means_differ`, `pinsker`. It is the largest difference in probability that
    an event can have; two means of a function differ by at most its span times as much; and by
    Pinsker's inequality it is at most :math:`\sqrt{\mathrm{KL}(p\,\|\,q)/2}`. Shapes as in
    `kl_divergence`. Complex numbers pass: the sign of a difference is that of its real part, so
    that a complex step finds the derivative wherever no difference is 0.

    Raises:
        ValueError: ``p`` or ``q`` is not a distribution, or their last axes differ.

    Example:
        >>> float(total_variation([0.5, 0.5], [0.25, 0.75]))
        0.25
    """
    p, q = _two_distributions(p, q)
    difference = p - q
    # The absolute value of a complex number would lose the derivative.
    size = np.where(difference.real < 0, -difference, difference)
    return np.asarray(size.sum(axis=-1) / 2)[()]


def chi_squared(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    r"""The :math:`\chi^2` divergence :math:`\sum_x\frac{p(x)^2}{q(x)}-1`: the variance of a weight :math:`p/q` under ``q``.

    Statement: `effective_size`. Infinite where ``q`` is 0 but ``p`` is not; at least
    :math:`e^{\mathrm{KL}(p\,\|\,q)}-1`. Shapes as in `kl_divergence`.

    Raises:
        ValueError: ``p`` or ``q`` is not a distribution, or their last axes differ.

    Example:
        >>> float(chi_squared([0.5, 0.5], [0.25, 0.75]).round(4))
        0.3333
    """
    p, q = _two_distributions(p, q)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(p == 0, 0.0, p * (p / q))
    return np.asarray(terms.sum(axis=-1) - 1)[()]


def gaussian_kl(
    mu_p: np.ndarray, sigma_p: np.ndarray, mu_q: np.ndarray, sigma_q: np.ndarray
) -> np.ndarray:
    r""":math:`\mathrm{KL}(p\,\|\,q)` between Gaussians with independent coordinates, in nats.

    Statement: `kld`.
    :math:`\sum_i\Big[\log\frac{\sigma_{q,i}}{\sigma_{p,i}}+\frac{\sigma_{p,i}^2+(\mu_{p,i}-\mu_{q,i})^2}{2\sigma_{q,i}^2}-\frac12\Big]`.

    Args:
        mu_p, mu_q: means, shape ``(..., n)``.
        sigma_p, sigma_q: standard deviations, of a shape that broadcasts with the means. Complex
            numbers pass, and arrays of single precision give single precision.

    Returns:
        One number for each pair of Gaussians, shape ``(...)``.

    Raises:
        ValueError: a mean is not finite or a single number, or a standard deviation is not
            positive.

    Example:
        >>> round(float(gaussian_kl([0.0], 1.0, [1.0], 2.0)), 4)
        0.4431
    """
    mu_p, mu_q = _means(mu_p, mu_q)
    sigma_p, sigma_q = _positive("sigma_p", sigma_p), _positive("sigma_q", sigma_q)
    return np.asarray(_gaussian_kl(mu_p, sigma_p, mu_q, sigma_q))[()]


def _gaussian_kl(
    mu_p: np.ndarray, sigma_p: np.ndarray, mu_q: np.ndarray, sigma_q: np.ndarray
) -> np.ndarray:
    r"""`gaussian_kl` of arrays that are known to be right.

    With :math:`\rho=\log(\sigma_p/\sigma_q)` a coordinate adds
    :math:`\frac12\big[\big(\frac{\mu_p-\mu_q}{\sigma_q}\big)^2+(e^{2\rho}-1)-2\rho\big]`, which
    keeps its digits where the two are close.
    """
    z = (mu_p - mu_q) / sigma_q
    rho = np.log(sigma_p) - np.log(sigma_q)
    return 0.5 * (z * z + np.expm1(2 * rho) - 2 * rho).sum(axis=-1)


def gaussian_mean_kl(mu_p: np.ndarray, mu_q: np.ndarray, sigma: float) -> np.ndarray:
    r""":math:`\mathrm{KL}=\|\mu_p-\mu_q\|^2/2\sigma^2` between Gaussians with one :math:`\sigma`.

    Statement: `kld`. With a shared :math:`\sigma` the divergence is the squared distance of the
    means, in units of the noise. Shapes as in `gaussian_kl`; ``sigma`` is one number.

    Raises:
        ValueError: a mean is not finite or a single number, or ``sigma`` is not positive.

    Example:
        >>> float(gaussian_mean_kl([0.0, 0.0], [3.0, 4.0], sigma=5.0))
        0.5
    """
    mu_p, mu_q = _means(mu_p, mu_q)
    sigma = checks.positive("sigma", sigma)
    return np.asarray(((mu_p - mu_q) ** 2).sum(axis=-1) / (2 * sigma**2))[()]


def score_covariance(log_p: LogProbs, theta: np.ndarray) -> np.ndarray:
    r"""The Fisher matrix as the covariance of the score, shape ``(p, p)``.

    Statement: `fisher_matrix`.
    :math:`\mathbb E_{x\sim p_\theta}[\nabla\log p_\theta(x)\,\nabla\log p_\theta(x)^\top]`. The
    first of three equal forms; the others are `negative_hessian_mean` and `kl_hessian`.

    Args:
        log_p: maps ``theta (p,)`` to the finite log-probabilities of all ``n`` outcomes, ``(n,)``.
            It is differentiated by a complex step, so it must take complex parameters.

    Raises:
        ValueError: ``theta`` is not a vector of finite numbers, or the log-probabilities are not
            those of a distribution.
        TypeError: ``log_p`` is not a function.

    Example:
        >>> coin = lambda theta: theta - np.log(np.exp(theta).sum())
        >>> score_covariance(coin, np.zeros(2))
        array([[ 0.25, -0.25],
               [-0.25,  0.25]])
    """
    p, theta = _outcomes(log_p, theta)
    scores = complex_step(log_p, theta)
    return np.asarray(scores.T @ (p[:, None] * scores))


def negative_hessian_mean(log_p: LogProbs, theta: np.ndarray) -> np.ndarray:
    r"""The Fisher matrix as :math:`-\mathbb E_{x\sim p_\theta}\nabla^2\log p_\theta(x)`.

    Statement: `fisher_forms`. Arguments and errors as in `score_covariance`. The second
    derivatives are central differences of complex steps, good to about :math:`10^{-10}`.

    Example:
        >>> coin = lambda theta: theta - np.log(np.exp(theta).sum())
        >>> negative_hessian_mean(coin, np.zeros(2)).round(8)
        array([[ 0.25, -0.25],
               [-0.25,  0.25]])
    """
    p, theta = _outcomes(log_p, theta)
    return -central_difference(lambda x: p @ complex_step(log_p, x), theta)


def kl_hessian(log_p: LogProbs, theta: np.ndarray) -> np.ndarray:
    r"""The Fisher matrix as the Hessian of the KL divergence, shape ``(p, p)``.

    Statement: `fisher_forms`. :math:`\nabla^2_{\theta'}\mathrm{KL}(p_\theta\,\|\,p_{\theta'})` at
    :math:`\theta'=\theta`. Arguments, errors and accuracy as in `negative_hessian_mean`.

    Example:
        >>> coin = lambda theta: theta - np.log(np.exp(theta).sum())
        >>> kl_hessian(coin, np.zeros(2)).round(8)
        array([[ 0.25, -0.25],
               [-0.25,  0.25]])
    """
    p, theta = _outcomes(log_p, theta)

    def gradient(x: np.ndarray) -> np.ndarray:
        return complex_step(lambda y: kl_divergence(p, np.exp(log_p(y))), x)

    return central_difference(gradient, theta)


def _two_distributions(p: np.ndarray, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    p, q = _vectors("p", p, "probabilities"), _vectors("q", q, "probabilities")
    p, q = checks.distribution("p", p), checks.distribution("q", q)
    if p.shape[-1] != q.shape[-1]:
        raise ValueError(
            f"p and q have shapes {p.shape} and {q.shape}: their last axes must agree."
        )
    return p, q


def _means(mu_p: np.ndarray, mu_q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    mu_p, mu_q = _mean("mu_p", mu_p), _mean("mu_q", mu_q)
    if mu_p.shape[-1] != mu_q.shape[-1]:
        raise ValueError(
            f"mu_p and mu_q have shapes {mu_p.shape} and {mu_q.shape}: their last axes must agree."
        )
    return mu_p, mu_q


def _mean(name: str, mu: np.ndarray) -> np.ndarray:
    return checks.finite(name, _vectors(name, mu, "coordinates"))


def _vectors(name: str, x: np.ndarray, entries: str) -> np.ndarray:
    x = checks.array(name, x)
    if x.ndim == 0:
        raise ValueError(f"{name} must be an array of {entries}, but it is {x.item()!r}.")
    return x


def _positive(name: str, sigma: np.ndarray) -> np.ndarray:
    sigma = checks.finite(name, sigma)
    if not (sigma.real > 0).all():
        raise ValueError(f"{name} must be positive, but it contains {sigma.real.min():.6g}.")
    return sigma


def _outcomes(log_p: LogProbs, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The probabilities of all outcomes, ``(n,)``, and ``theta`` as a vector of numbers."""
    theta = checks.finite("theta", theta, (None,)) + 0.0
    log_probabilities = checks.finite(
        "log_p(theta)", checks.function("log_p", log_p)(theta), (None,)
    )
    return checks.distribution("exp(log_p(theta))", np.exp(log_probabilities)), theta
