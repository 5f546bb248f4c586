r"""How far apart two distributions are: the KL divergence, total variation, and the Fisher matrix.

The trajectory versions live in `exact`: `exact.trajectory_kl` and `exact.fisher`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pgcompanion import checks
from pgcompanion.policies import normal

LogProbs = Callable[[np.ndarray], np.ndarray]

COMPLEX_STEP = 1e-30
CENTRAL_STEP = 3e-6


def kl(p: np.ndarray, q: np.ndarray) -> np.ndarray:
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
        >>> round(float(kl([0.5, 0.5], [0.25, 0.75])), 4)
        0.1438
        >>> float(kl([0.5, 0.5], [1.0, 0.0]))
        inf
    """
    p, q = _two_distributions(p, q)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(p == 0, 0.0, p * (np.log(p) - np.log(q)))
    return np.asarray(terms.sum(axis=-1))[()]


def total_variation(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    r"""The total variation distance :math:`\frac12\sum_x|p(x)-q(x)|`, between 0 and 1.

    Statement: `pinsker`. It is the largest difference in probability that an event can have, and by
    Pinsker's inequality at most :math:`\sqrt{\mathrm{KL}(p\,\|\,q)/2}`. Shapes as in `kl`.

    Raises:
        ValueError: ``p`` or ``q`` is not a distribution, or their last axes differ.

    Example:
        >>> float(total_variation([0.5, 0.5], [0.25, 0.75]))
        0.25
    """
    p, q = _two_distributions(p, q)
    return np.asarray(np.abs(p - q).sum(axis=-1) / 2)[()]


def gaussian_kl(
    mu_p: np.ndarray, sigma_p: np.ndarray, mu_q: np.ndarray, sigma_q: np.ndarray
) -> np.ndarray:
    r""":math:`\mathrm{KL}(p\,\|\,q)` between Gaussians with independent coordinates, in nats.

    Statement: `kld`. :math:`\sum_i\Big[\log\frac{\sigma_{q,i}}{\sigma_{p,i}}+\frac{\sigma_{p,i}^2+(\mu_{p,i}-\mu_{q,i})^2}{2\sigma_{q,i}^2}-\frac12\Big]`.

    Args:
        mu_p, mu_q: means, shape ``(..., n)``.
        sigma_p, sigma_q: standard deviations, of a shape that broadcasts with the means.

    Returns:
        One number for each pair of Gaussians, shape ``(...)``.

    Raises:
        ValueError: a mean is not finite, or a standard deviation is not positive.

    Example:
        >>> round(float(gaussian_kl([0.0], 1.0, [1.0], 2.0)), 4)
        0.4431
    """
    mu_p, mu_q = checks.finite("mu_p", mu_p), checks.finite("mu_q", mu_q)
    sigma_p, sigma_q = _positive("sigma_p", sigma_p), _positive("sigma_q", sigma_q)
    divergence = normal.gaussian_kl(mu_p, np.log(sigma_p), mu_q, np.log(sigma_q))
    return np.asarray(divergence)[()]


def gaussian_mean_kl(mu_p: np.ndarray, mu_q: np.ndarray, sigma: float) -> np.ndarray:
    r""":math:`\mathrm{KL}=\|\mu_p-\mu_q\|^2/2\sigma^2` between :math:`\mathcal N(\mu_p,\sigma^2I)` and :math:`\mathcal N(\mu_q,\sigma^2I)`.

    Statement: `kld`. With a shared :math:`\sigma` the divergence is the squared distance of the
    means, in units of the noise. Shapes as in `gaussian_kl`; ``sigma`` is one number.

    Raises:
        ValueError: a mean is not finite, or ``sigma`` is not positive.

    Example:
        >>> float(gaussian_mean_kl([0.0, 0.0], [3.0, 4.0], sigma=5.0))
        0.5
    """
    mu_p, mu_q = checks.finite("mu_p", mu_p), checks.finite("mu_q", mu_q)
    return np.asarray(((mu_p - mu_q) ** 2).sum(axis=-1) / (2 * _positive("sigma", sigma) ** 2))[()]


def score_covariance(log_p: LogProbs, theta: np.ndarray) -> np.ndarray:
    r"""The Fisher matrix as :math:`\mathbb E_{x\sim p_\theta}[\nabla\log p_\theta(x)\,\nabla\log p_\theta(x)^\top]`, shape ``(p, p)``.

    Statement: `fisher_matrix`. The first of three equal forms; the others are
    `negative_hessian_mean` and `kl_hessian`.

    Args:
        log_p: maps ``theta (p,)`` to the finite log-probabilities of all ``n`` outcomes, ``(n,)``.
            It is differentiated by a complex step, so it must take complex parameters.

    Example:
        >>> from pgcompanion.policies import TabularSoftmax
        >>> coin = TabularSoftmax(S=1, A=2)
        >>> score_covariance(lambda theta: coin.log_probs(theta, 0), np.zeros(2))
        array([[ 0.25, -0.25],
               [-0.25,  0.25]])
    """
    scores = _jacobian(log_p, theta)
    return np.asarray(scores.T @ (np.exp(log_p(theta))[:, None] * scores))


def negative_hessian_mean(log_p: LogProbs, theta: np.ndarray) -> np.ndarray:
    r"""The Fisher matrix as :math:`-\mathbb E_{x\sim p_\theta}\nabla^2\log p_\theta(x)`, shape ``(p, p)``.

    Statement: `fisher_matrix`. ``log_p`` as in `score_covariance`. The second derivatives are central
    differences of complex steps, good to about :math:`10^{-10}`.

    Example:
        >>> from pgcompanion.policies import TabularSoftmax
        >>> coin = TabularSoftmax(S=1, A=2)
        >>> negative_hessian_mean(lambda theta: coin.log_probs(theta, 0), np.zeros(2)).round(8)
        array([[ 0.25, -0.25],
               [-0.25,  0.25]])
    """
    p = np.exp(log_p(theta))
    return -_derivative(lambda x: p @ _jacobian(log_p, x), theta)


def kl_hessian(log_p: LogProbs, theta: np.ndarray) -> np.ndarray:
    r"""The Fisher matrix as :math:`\nabla^2_{\theta'}\mathrm{KL}(p_\theta\,\|\,p_{\theta'})` at :math:`\theta'=\theta`, shape ``(p, p)``.

    Statement: `fisher_matrix`. ``log_p`` and the accuracy as in `negative_hessian_mean`.

    Example:
        >>> from pgcompanion.policies import TabularSoftmax
        >>> coin = TabularSoftmax(S=1, A=2)
        >>> kl_hessian(lambda theta: coin.log_probs(theta, 0), np.zeros(2)).round(8)
        array([[ 0.25, -0.25],
               [-0.25,  0.25]])
    """
    p = np.exp(log_p(theta))
    return _derivative(lambda x: _jacobian(lambda y: kl(p, np.exp(log_p(y))), x), theta)


def _jacobian(f: Callable[[np.ndarray], np.ndarray], theta: np.ndarray) -> np.ndarray:
    """The derivative of ``f`` to round-off by complex steps, shape ``(..., p)``."""
    steps = COMPLEX_STEP * 1j * np.eye(len(theta))
    return np.stack([f(theta + step).imag / COMPLEX_STEP for step in steps], axis=-1)


def _derivative(f: Callable[[np.ndarray], np.ndarray], theta: np.ndarray) -> np.ndarray:
    """The derivative of the real function ``f`` by central differences, shape ``(..., p)``."""
    steps = CENTRAL_STEP * np.eye(len(theta))
    columns = [(f(theta + step) - f(theta - step)) / (2 * CENTRAL_STEP) for step in steps]
    return np.stack(columns, axis=-1)


def _two_distributions(p: np.ndarray, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    p, q = checks.distribution("p", p), checks.distribution("q", q)
    if p.shape[-1:] != q.shape[-1:]:
        raise ValueError(
            f"p and q have shapes {p.shape} and {q.shape}: their last axes must agree."
        )
    return p, q


def _positive(name: str, sigma: np.ndarray | float) -> np.ndarray:
    sigma = checks.finite(name, sigma)
    if not (sigma > 0).all():
        raise ValueError(f"{name} must be positive, but it contains {sigma.min():.6g}.")
    return sigma
