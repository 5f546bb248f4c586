r"""One decision with two outcomes, the smallest problem that tells two gradients apart.

The policy succeeds with probability :math:`\pi(1)=\sigma(\theta)=e^\theta/(1+e^\theta)`. Success pays
``r1``, failure ``r0``. Every function takes one ``theta`` or an array of them and keeps its shape. The
formulas are written in logarithms, so that they hold their precision far out, where
:math:`\pi(1)` or :math:`\pi(0)` is tiny.
"""

from __future__ import annotations

import numpy as np

from pgcompanion import ascent, checks


def probability(theta: np.ndarray | float) -> np.ndarray:
    r"""The probability of success, :math:`\pi_\theta(1)=\sigma(\theta)`.

    Statement: `natural_simple`.

    >>> probability(np.array([-100.0, 0.0, 100.0]))
    array([3.72007598e-44, 5.00000000e-01, 1.00000000e+00])
    """
    theta = checks.finite("theta", theta)
    p: np.ndarray = np.exp(-np.logaddexp(0, -theta))
    return p


def J(theta: np.ndarray | float, r1: float = 100.0, r0: float = 1.0) -> np.ndarray:
    r"""The objective :math:`J(\theta)=r_1\pi_\theta(1)+r_0\pi_\theta(0)`.

    Statement: `natural_simple`. No finite :math:`\theta` attains the best value, :math:`r_1`.

    >>> J(np.array([-2.0, 0.0, 2.0])).round(2)
    array([12.8, 50.5, 88.2])
    """
    return r1 * probability(theta) + r0 * probability(-np.asarray(theta))


def gradient(theta: np.ndarray | float, r1: float = 100.0, r0: float = 1.0) -> np.ndarray:
    r"""The derivative :math:`J'(\theta)=(r_1-r_0)\,\sigma(\theta)(1-\sigma(\theta))`.

    Statement: `natural_simple`. It vanishes as :math:`\theta\to\pm\infty`, at the worst policy as at
    the best.

    >>> gradient(np.array([-4.0, 0.0, 4.0])).round(2)
    array([ 1.75, 24.75,  1.75])
    """
    return (r1 - r0) * fisher(theta)


def fisher(theta: np.ndarray | float) -> np.ndarray:
    r"""The Fisher information :math:`F_\theta=\mathbb E_{a\sim\pi_\theta}[(\tfrac{d}{d\theta}\log\pi_\theta(a))^2]=\sigma(\theta)(1-\sigma(\theta))`.

    Statement: `natural_simple`. The rewards have no part in it.

    >>> fisher(np.array([-4.0, 0.0, 4.0])).round(4)
    array([0.0177, 0.25  , 0.0177])
    """
    theta = checks.finite("theta", theta)
    F: np.ndarray = np.exp(-np.logaddexp(0, theta) - np.logaddexp(0, -theta))
    return F


def natural_gradient(theta: np.ndarray | float, r1: float = 100.0, r0: float = 1.0) -> np.ndarray:
    r"""The natural gradient :math:`F_\theta^{-1}J'(\theta)=r_1-r_0`.

    Statement: `natural_simple`. The factor :math:`\sigma(1-\sigma)` cancels, so the step is the same
    everywhere; the quotient itself would be 0/0 where both underflow.

    >>> natural_gradient(np.array([-4.0, 0.0, 1000.0]))
    array([99., 99., 99.])
    """
    return (r1 - r0) * np.ones_like(checks.finite("theta", theta), dtype=float)


def path(
    theta0: float,
    eta: float,
    K: int,
    natural: bool = False,
    r1: float = 100.0,
    r0: float = 1.0,
) -> np.ndarray:
    r"""The iterates :math:`\theta^0,\dots,\theta^K` of gradient ascent, shape ``(K + 1,)``.

    Statement: `natural_simple`. Vanilla: :math:`\theta^{k+1}=\theta^k+\eta J'(\theta^k)`. Natural:
    :math:`\theta^{k+1}=\theta^k+\eta F^{-1}J'(\theta^k)`, so :math:`\theta^k=\theta^0+(r_1-r_0)\eta k`.

    Raises:
        ValueError: ``theta0`` or ``eta`` is not one finite number, ``K`` is no positive integer.

    >>> path(0.0, 0.01, 3, natural=True)
    array([0.  , 0.99, 1.98, 2.97])
    >>> path(0.0, 0.01, 3, natural=False).round(3)
    array([0.   , 0.248, 0.491, 0.724])
    """
    start, eta_k = checks.finite("theta0", theta0, ()), checks.finite("eta", eta, ())
    direction = natural_gradient if natural else gradient
    iterates = ascent.ascent(
        start, lambda theta: direction(theta, r1, r0), ascent.constant(float(eta_k)), K
    )
    return np.array(list(iterates))


def flow(
    theta0: float,
    t: np.ndarray | float,
    natural: bool = False,
    r1: float = 100.0,
    r0: float = 1.0,
) -> np.ndarray:
    r"""Where the gradient flow is at the times ``t``: the limit of small steps, :math:`t=\eta k`.

    Statement: `natural_simple`. Natural: :math:`\theta(t)=\theta^0+(r_1-r_0)t`, as for finite steps.
    Vanilla: :math:`\dot\theta=J'(\theta)` integrates to
    :math:`2\sinh\theta+2\theta=(r_1-r_0)t+\mathrm{const}`, solved for :math:`\theta` by bisection.

    Raises:
        ValueError: ``theta0`` is not one finite number, or ``t`` is not finite.

    >>> float(flow(0.0, 200.0, natural=False).round(3))
    9.892
    >>> float(flow(0.0, 0.1, natural=True).round(3))
    9.9
    """
    start = checks.finite("theta0", theta0, ())
    distance = (r1 - r0) * checks.finite("t", t)
    theta: np.ndarray = start + (distance if natural else _vanilla_advance(start, distance))
    return theta


def _vanilla_advance(theta0: np.ndarray, distance: np.ndarray) -> np.ndarray:
    """Solve 2 sinh(theta0 + x) + 2 (theta0 + x) = 2 sinh(theta0) + 2 theta0 + distance for x."""
    # The slope of the left side is at least 4, which brackets x.
    low, high = np.minimum(0, distance / 4), np.maximum(0, distance / 4)
    for _ in range(100):
        x = (low + high) / 2
        with np.errstate(over="ignore", invalid="ignore"):
            # sinh(a + x) - sinh(a), as a product: a difference would lose a small x.
            grown = 4 * np.cosh(theta0 + x / 2) * np.sinh(x / 2) + 2 * x
        low, high = np.where(grown < distance, x, low), np.where(grown < distance, high, x)
    return x
