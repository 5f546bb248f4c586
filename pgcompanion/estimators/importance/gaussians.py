r"""Gaussians: the moments of the weights in closed form, infinite where the target is too wide."""

from __future__ import annotations

import numpy as np

from pgcompanion import checks


def gaussian_weight_moment(m: np.ndarray, s: np.ndarray) -> np.ndarray:
    r"""Second moment :math:`\mathbb E_q w^2` of the weight from one Gaussian to another.

    Statement: `effective_size`. From the proposal :math:`q=\mathcal N(0,1)` to the target
    :math:`p=\mathcal N(m,s^2)` it is :math:`\dfrac{e^{m^2/(2-s^2)}}{s\sqrt{2-s^2}}` where
    :math:`s^2<2`, and infinite from there on: the tails of the target are then too wide for the
    proposal. The effective sample size divided by ``N`` tends to 1 over this number. Broadcasts.

    Raises:
        ValueError: ``s`` is not positive, or a number is not finite.

    Example:
        >>> gaussian_weight_moment(m=[0.0, 1.0, 0.0], s=[1.0, 1.0, 1.5]).round(4)
        array([1.    , 2.7183,    inf])
    """
    m, s = checks.finite("m", m), checks.finite("s", s)
    if not (s > 0).all():
        raise ValueError(f"s must be positive, but it contains {s.min():.6g}.")
    room = np.maximum(2 - s**2, 0.0)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        moment = np.exp(m**2 / room) / (s * np.sqrt(room))
    return np.where(room > 0, moment, np.inf)[()]


def gaussian_mean_moment(m: np.ndarray, s: np.ndarray) -> np.ndarray:
    r"""Second moment :math:`\mathbb E_q(w\,x)^2` of the terms that estimate a Gaussian mean.

    Statement: `importance_sampling`. The target is :math:`\mathcal N(m,s^2)`, the proposal
    :math:`q=\mathcal N(0,1)`. Weighted by :math:`w^2`, the proposal becomes
    :math:`\mathcal N\big(\tfrac{2m}{2-s^2},\tfrac{s^2}{2-s^2}\big)`, whence
    :math:`\mathbb E_qw^2\cdot\Big[\big(\tfrac{2m}{2-s^2}\big)^2+\tfrac{s^2}{2-s^2}\Big]` where
    :math:`s^2<2`, and infinite from there on. Subtract :math:`m^2` for the variance. Broadcasts.

    Raises:
        ValueError: ``s`` is not positive, or a number is not finite.

    Example:
        >>> gaussian_mean_moment(m=[0.0, 0.0], s=[1.0, 1.5])
        array([ 1., inf])
    """
    moment = gaussian_weight_moment(m, s)
    m, s = np.asarray(m), np.asarray(s)
    room = np.where(s**2 < 2, 2 - s**2, 1.0)
    return np.asarray(moment * ((2 * m / room) ** 2 + s**2 / room))[()]
