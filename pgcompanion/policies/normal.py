r"""The normal distribution with a diagonal covariance: log-density, divergence, entropy.

Standard deviations enter by their logarithm, ``log_sigma (n,)``, as a policy learns them.
"""

from __future__ import annotations

import math

import numpy as np

# A Python number, which leaves single precision single.
LOG_2PI = math.log(2 * math.pi)


def gaussian_log_density(a: np.ndarray, mu: np.ndarray, log_sigma: np.ndarray) -> np.ndarray:
    r"""Log-density of :math:`\mathcal N(\mu,\mathrm{diag}(\sigma_1^2,\dots,\sigma_n^2))` at ``a (..., n)``.

    Statement: `gaussian_policy`.
    :math:`-\frac12\sum_i\big(\frac{a_i-\mu_i}{\sigma_i}\big)^2-\sum_i\log\sigma_i-\frac n2\log2\pi`.
    ``mu (..., n)``, ``log_sigma (n,)``; shape ``(...)``.

    >>> gaussian_log_density(np.zeros(1), np.zeros(1), np.zeros(1)).round(4)
    np.float64(-0.9189)
    """
    z = (a - mu) * np.exp(-log_sigma)
    n = mu.shape[-1]
    return -0.5 * (z * z).sum(axis=-1) - log_sigma.sum(axis=-1) - 0.5 * n * LOG_2PI


def gaussian_kl(
    mu_old: np.ndarray, log_sigma_old: np.ndarray, mu_new: np.ndarray, log_sigma_new: np.ndarray
) -> np.ndarray:
    r""":math:`\mathrm{KL}(\mathcal N_{\rm old}\,\|\,\mathcal N_{\rm new})` of Gaussians with diagonal covariance, in nats.

    Statement: `kld`. Shape ``(...)``; with :math:`\rho_i=\log(\sigma_i^{\rm old}/\sigma_i^{\rm new})`,
    :math:`\frac12\sum_i\Big[\big(\tfrac{\mu_i^{\rm old}-\mu_i^{\rm new}}{\sigma_i^{\rm new}}\big)^2+e^{2\rho_i}-1-2\rho_i\Big]`.
    For one :math:`\sigma` it is :math:`\|\mu^{\rm old}-\mu^{\rm new}\|^2/2\sigma^2`.

    >>> gaussian_kl(np.array([3.0]), np.zeros(1), np.array([1.0]), np.zeros(1))
    np.float64(2.0)
    """
    z = (mu_old - mu_new) * np.exp(-log_sigma_new)
    rho = log_sigma_old - log_sigma_new
    return 0.5 * (z * z + np.expm1(2 * rho) - 2 * rho).sum(axis=-1)


def gaussian_entropy(log_sigma: np.ndarray) -> np.ndarray:
    r"""Differential entropy :math:`\sum_i\log\sigma_i+\frac n2\log2\pi e` in nats, from ``log_sigma (..., n)``.

    Statement: `gaussian_policy`. It can be negative.

    >>> gaussian_entropy(np.zeros(1)).round(4)
    np.float64(1.4189)
    """
    return log_sigma.sum(axis=-1) + 0.5 * log_sigma.shape[-1] * (LOG_2PI + 1)
