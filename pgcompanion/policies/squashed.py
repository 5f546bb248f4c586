"""The density of a Gaussian action that is squashed into a box."""

from __future__ import annotations

import math

import numpy as np

from pgcompanion import checks

LOG_2, LOG_2PI = math.log(2), math.log(2 * math.pi)


def squashed_gaussian_log_prob(u: np.ndarray, mu: np.ndarray, sigma: float) -> np.ndarray:
    r"""The log-density of the action :math:`a=\tanh u`, :math:`u\sim\mathcal N(\mu,\sigma^2I_n)`, shape ``(...)``.

    Statement: `squashed_gaussian`.
    :math:`\log\mathcal N(u;\mu,\sigma^2I_n)-\sum_i\log(1-\tanh^2u_i)`. It takes :math:`u`, not :math:`a`:
    where :math:`\tanh u` rounds to 1, :math:`u` cannot be had back. The logarithm of the derivative
    is :math:`2(\log2-|u|-\log(1+e^{-2|u|}))`, which loses no digits.

    Args:
        u: what was drawn, before it was squashed, shape ``(..., n)``.
        mu: the mean of ``u``, shape ``(..., n)``.
        sigma: its standard deviation.

    Raises:
        ValueError: ``u`` or ``mu`` is not finite or has another shape, or ``sigma`` is not positive.

    Source: Haarnoja et al. 2018, appendix C.

    Example:
        >>> float(np.exp(squashed_gaussian_log_prob(np.zeros(1), np.zeros(1), sigma=1.0)).round(4))
        0.3989
    """
    u = checks.finite("u", u)
    u = checks.finite("u", u, (*u.shape[:-1], u.shape[-1] if u.ndim else None))
    mu = checks.finite("mu", mu, u.shape)
    log_sigma = math.log(checks.positive("sigma", sigma))
    gaussian = -(((u - mu) / sigma) ** 2) / 2 - log_sigma - LOG_2PI / 2
    slope = 2 * (LOG_2 - np.abs(u) - np.log1p(np.exp(-2 * np.abs(u))))
    return (gaussian - slope).sum(axis=-1)
