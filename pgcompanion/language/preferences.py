r"""Preferences in place of rewards: Bradley-Terry, DPO, best of n, and a frontier of reward against KL."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pgcompanion import checks
from pgcompanion.language.divergence import gibbs


def preference_probability(r: np.ndarray, r_other: np.ndarray) -> np.ndarray:
    r""":math:`\Pr(y\succ y')=\sigma(r(x,y)-r(x,y'))`, entry by entry: the Bradley-Terry model.

    Statement: `bradley_terry`. Only differences of rewards within a prompt count.

    Raises:
        ValueError: a reward is not finite.

    Source: Bradley and Terry 1952.

    Example:
        >>> float(preference_probability(np.log(3.0), 0.0).round(4))
        0.75
    """
    r, r_other = checks.finite("r", r), checks.finite("r_other", r_other)
    return np.exp(-_softplus(r_other - r))


def dpo_loss(
    log_ratio_chosen: np.ndarray, log_ratio_rejected: np.ndarray, beta: float
) -> np.ndarray:
    r""":math:`-\log\sigma\big(\beta\log\frac{\pi(y^+)}{\pi_{\rm ref}(y^+)}-\beta\log\frac{\pi(y^-)}{\pi_{\rm ref}(y^-)}\big)` of each pair.

    Statement: `dpo`. Shapes broadcast; complex numbers pass.

    Args:
        log_ratio_chosen, log_ratio_rejected: :math:`\log\pi-\log\pi_{\rm ref}` of the preferred
            response and of the other: sums over their tokens.
        beta: the price of the divergence, positive.

    Raises:
        ValueError: ``beta`` is not a positive number, or a ratio is NaN or no number.

    Source: Rafailov et al. 2023.

    Example:
        >>> dpo_loss(np.array([0.0, 1.0]), np.array([0.0, -1.0]), beta=0.5).round(4)
        array([0.6931, 0.3133])
    """
    chosen = _ratio("log_ratio_chosen", log_ratio_chosen)
    rejected = _ratio("log_ratio_rejected", log_ratio_rejected)
    beta = checks.positive("beta", beta)
    return _softplus(beta * (rejected - chosen))


def best_of_n(p_ref: np.ndarray, r: np.ndarray, n: int) -> np.ndarray:
    r"""The law of the best of ``n`` independent responses, over the last axis, ``(..., R)``.

    Statement: `best_of_n`. Of equally good ones any is as likely as another. With
    :math:`F(v)=\Pr(r\le v)` and :math:`F(v^-)=\Pr(r<v)` a response has the probability
    :math:`p(y)\,\frac{F(r(y))^n-F(r(y)^-)^n}{F(r(y))-F(r(y)^-)}`.

    Args:
        p_ref: probabilities of the responses, shape ``(..., R)``.
        r: their rewards, of the same shape or one that broadcasts.
        n: how many are drawn.

    Raises:
        ValueError: ``p_ref`` is no distribution, ``r`` is not finite or does not fit, or ``n`` is no
            positive integer.

    Example:
        >>> best_of_n([0.5, 0.25, 0.25], [0.0, 1.0, 1.0], n=2)
        array([0.25 , 0.375, 0.375])
    """
    p = checks.distribution("p_ref", p_ref)
    r, n = _beside(p, r), checks.positive_integer("n", n)
    others = r[..., None, :]
    up_to = (p[..., None, :] * (others <= r[..., :, None])).sum(axis=-1)
    below = (p[..., None, :] * (others < r[..., :, None])).sum(axis=-1)
    # The quotient as the sum that it is: nothing is divided or cancels.
    return p * sum(up_to**j * below ** (n - 1 - j) for j in range(n))


class Frontier(NamedTuple):
    r"""Points on the way from the reference, each array ``(B,)`` for as many prices :math:`\beta`.

    Statement: `overoptimization`.
    """

    kl: np.ndarray
    proxy: np.ndarray
    truth: np.ndarray


def frontier(
    log_prob_ref: np.ndarray,
    r_hat: np.ndarray,
    r: np.ndarray,
    betas: np.ndarray,
) -> Frontier:
    r"""Along :math:`\pi_\beta\propto\pi_{\rm ref}e^{\hat r/\beta}`: the KL, the reward that was climbed, and the true one.

    Statement: `overoptimization`. With ``r_hat = r`` it is the frontier: no policy has more reward
    at that divergence.

    Args:
        log_prob_ref, r_hat, r: of the responses to one prompt, shape ``(R,)``.
        betas: prices, positive, shape ``(B,)``.

    Raises:
        ValueError: an array of another shape or not finite, or a price that is not positive.

    Source: Gao et al. 2023.

    Example:
        >>> kl, proxy, truth = frontier(np.log([0.5, 0.5]), [1.0, 0.0], [0.0, 1.0], [1.0, 0.5])
        >>> kl.round(3), proxy.round(3), truth.round(3)
        (array([0.111, 0.328]), array([0.731, 0.881]), array([0.269, 0.119]))
    """
    log_prob_ref = checks.finite("log_prob_ref", log_prob_ref, (None,))
    r_hat = checks.finite("r_hat", r_hat, log_prob_ref.shape)
    r = checks.finite("r", r, log_prob_ref.shape)
    betas = checks.finite("betas", betas, (None,))
    for beta in betas:
        checks.positive("betas", float(beta))
    path = [gibbs(log_prob_ref, r_hat, float(beta)) for beta in betas]
    log_pi = np.array(path).reshape(-1, len(r))
    pi = np.exp(log_pi)
    kl = (pi * (log_pi - log_prob_ref)).sum(axis=1)
    return Frontier(kl, proxy=pi @ r_hat, truth=pi @ r)


def _softplus(z: np.ndarray) -> np.ndarray:
    r""":math:`\log(1+e^z)`, whatever the size of ``z``, complex numbers included."""
    sign = np.where(z.real > 0, 1.0, -1.0)
    return np.asarray(np.where(z.real > 0, z, 0.0) + np.log1p(np.exp(-sign * z)))[()]


def _ratio(name: str, x: np.ndarray) -> np.ndarray:
    x = checks.numbers(name, x)
    if np.isnan(x).any():
        raise ValueError(f"{name} must hold logarithms of ratios, but it contains NaN.")
    return x


def _beside(p: np.ndarray, r: np.ndarray) -> np.ndarray:
    r = checks.finite("r", r)
    try:
        return np.broadcast_to(r, p.shape)
    except ValueError:
        raise ValueError(
            f"r has shape {r.shape}, but {p.shape} is expected, that of p_ref."
        ) from None
