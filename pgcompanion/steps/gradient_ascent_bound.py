r"""How small stochastic gradient ascent makes the gradient, and how fast."""

from __future__ import annotations

import numpy as np

from pgcompanion import checks


def sgd_bound(beta: float, Delta: float, sigma2: float, eta: np.ndarray) -> float:
    r"""What SGD guarantees: :math:`\min_{k<K}\mathbb E\|\nabla J(\theta^k)\|^2\le\dfrac{2\Delta+\beta\sigma^2\sum_k\eta_k^2}{\sum_k\eta_k}`.

    Statement: `sgd_rate`. The bound also holds for the mean of these norms with weights
    :math:`\eta_k`.

    Args:
        beta: smoothness: :math:`\nabla J` is Lipschitz with this constant.
        Delta: what is left to gain, :math:`\sup J-J(\theta^0)`.
        sigma2: bound on the mean square error of the gradient estimate.
        eta: the step sizes :math:`\eta_0,\dots,\eta_{K-1}`, each in :math:`(0,1/\beta]`, shape ``(K,)``.

    Raises:
        ValueError: a step size is not in :math:`(0,1/\beta]`, ``beta`` is not positive, or another
            number is negative.

    Source: Ghadimi and Lan 2013.

    Example:
        >>> sgd_bound(beta=1.0, Delta=2.0, sigma2=1.0, eta=np.full(4, 0.5))
        2.5
    """
    _check_problem(beta, Delta, sigma2)
    eta = checks.finite("eta", eta, (None,))
    outside = (eta <= 0) | (eta * beta > 1 + 1e-12)
    if outside.any():
        raise ValueError(
            f"eta must lie in (0, 1/beta] = (0, {1 / beta:.6g}], but eta[{outside.argmax()}] is "
            f"{eta[outside.argmax()]:.6g}."
        )
    return float((2 * Delta + beta * sigma2 * (eta**2).sum()) / eta.sum())


def constant_step(beta: float, Delta: float, sigma2: float, K: int) -> float:
    r"""The step size :math:`\min\{1/\beta,\sqrt{2\Delta/(\beta\sigma^2K)}\}` that minimises `sgd_bound` for ``K`` equal steps.

    Statement: `sgd_rate`. With it
    :math:`\frac1K\sum_{k<K}\mathbb E\|\nabla J(\theta^k)\|^2\le\frac{2\beta\Delta}K+2\sqrt{\frac{2\beta\Delta\sigma^2}K}`.

    Raises:
        ValueError: ``beta`` is not positive, ``Delta`` or ``sigma2`` is negative, or ``K`` is not a
            positive integer.

    Example:
        >>> constant_step(beta=1.0, Delta=2.0, sigma2=1.0, K=100), constant_step(2.0, 2.0, 0.0, 100)
        (0.2, 0.5)
    """
    _check_problem(beta, Delta, sigma2)
    noise = sigma2 * checks.positive_integer("K", K)
    return 1 / beta if noise <= 2 * beta * Delta else float(np.sqrt(2 * Delta / (beta * noise)))


def _check_problem(beta: float, Delta: float, sigma2: float) -> None:
    checks.positive("beta", beta)
    checks.not_negative("Delta", Delta)
    checks.not_negative("sigma2", sigma2)
