r"""How small stochastic gradient ascent makes the gradient, how fast, and how long a plateau lasts."""

from __future__ import annotations

import numpy as np

from pgcompanion import checks
from pgcompanion.mdp import MDP


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
    if len(eta) == 0:
        raise ValueError("eta must hold one step size at least, but it is empty.")
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


def softmax_smoothness(mdp: MDP) -> float:
    r"""A smoothness constant of :math:`J` for a stationary softmax table: :math:`\beta=H\max_\tau|R(\tau)|`.

    Statement: `softmax_smoothness`. The maximum is over the trajectories that some policy can produce.

    Raises:
        TypeError: ``mdp`` is no MDP.

    Example:
        >>> softmax_smoothness(MDP(np.ones((1, 2, 1)), r=[[-2.0, 1.0]], mu0=[1.0], H=3))
        18.0
    """
    possible = checks.mdp(mdp).P > 0
    high, low = np.zeros(mdp.S), np.zeros(mdp.S)  # largest and smallest return from each state
    for _ in range(mdp.H):
        high = (mdp.r + np.where(possible, high, -np.inf).max(axis=2)).max(axis=1)
        low = (mdp.r + np.where(possible, low, np.inf).min(axis=2)).min(axis=1)
    start = mdp.mu0 > 0
    return mdp.H * float(max(high[start].max(), -low[start].min()))


def plateau_steps(J0: float, J: float, H: int, eta: float) -> float:
    r"""At least so many steps takes gradient ascent from :math:`J_0` to :math:`J`: :math:`\dfrac{1/J_0-1/J}{2H\eta}`.

    Statement: `exponential_plateau`. The policy is a softmax table, and 1 is paid for the one right
    action in each of ``H`` different states. The uniform start has :math:`J_0=|\mathcal A|^{-H}`.

    Raises:
        ValueError: ``J0`` or ``J`` is not in (0, 1], ``H`` is not a positive integer, or ``eta`` is not
            positive.

    Example:
        >>> round(plateau_steps(J0=4.0**-6, J=0.5, H=6, eta=1.0), 2)
        341.17
    """
    for name, x in {"J0": J0, "J": J}.items():
        if checks.positive(name, x) > 1:
            raise ValueError(f"{name} must lie in (0, 1], but it is {x}.")
    H, eta = checks.positive_integer("H", H), checks.positive("eta", eta)
    return max(0.0, (1 / J0 - 1 / J) / (2 * H * eta))


def _check_problem(beta: float, Delta: float, sigma2: float) -> None:
    checks.positive("beta", beta)
    checks.not_negative("Delta", Delta)
    checks.not_negative("sigma2", sigma2)
