r"""One decision with two outcomes, the smallest problem that tells two gradients apart.

The policy succeeds with probability :math:`\pi(1)=\sigma(\theta)=e^\theta/(1+e^\theta)`. Success
pays ``r1``, failure ``r0``. Every function takes one ``theta`` or an array of them and keeps its
shape; an argument that is no finite number raises `ValueError`. The formulas are written in
logarithms, so that they keep their precision far out, where :math:`\pi(1)` or :math:`\pi(0)` is
tiny.
"""

from __future__ import annotations

import numpy as np

from pgcompanion import checks, steps


def probability(theta: np.ndarray | float) -> np.ndarray:
    r"""The probability of success, :math:`\pi_\theta(1)=\sigma(\theta)`.

    Statement: `natural_simple`.

    >>> probability(np.array([-100.0, 0.0, 100.0]))
    array([3.72007598e-44, 5.00000000e-01, 1.00000000e+00])
    """
    theta = _real("theta", theta)
    p: np.ndarray = np.exp(-np.logaddexp(0, -theta))
    return p


def J(theta: np.ndarray | float, r1: float = 100.0, r0: float = 1.0) -> np.ndarray:
    r"""The objective :math:`J(\theta)=r_1\pi_\theta(1)+r_0\pi_\theta(0)`.

    Statement: `natural_simple`. No finite :math:`\theta` attains the best value, :math:`r_1`.

    >>> J(np.array([-2.0, 0.0, 2.0])).round(2)
    array([12.8, 50.5, 88.2])
    """
    theta, (r1, r0) = _real("theta", theta), _rewards(r1, r0)
    return r1 * probability(theta) + r0 * probability(-theta)


def gradient(theta: np.ndarray | float, r1: float = 100.0, r0: float = 1.0) -> np.ndarray:
    r"""The derivative :math:`J'(\theta)=(r_1-r_0)\,\sigma(\theta)(1-\sigma(\theta))`.

    Statement: `natural_simple`. It vanishes as :math:`\theta\to\pm\infty`, at the worst policy as
    at the best.

    >>> gradient(np.array([-4.0, 0.0, 4.0])).round(2)
    array([ 1.75, 24.75,  1.75])
    """
    r1, r0 = _rewards(r1, r0)
    return (r1 - r0) * fisher(theta)


def fisher(theta: np.ndarray | float) -> np.ndarray:
    r"""The Fisher information
    :math:`F_\theta=\mathbb E_{a\sim\pi_\theta}[(\tfrac{d}{d\theta}\log\pi_\theta(a))^2]=\sigma(\theta)(1-\sigma(\theta))`.

    Statement: `natural_simple`. The rewards have no part in it.

    >>> fisher(np.array([-4.0, 0.0, 4.0])).round(4)
    array([0.0177, 0.25  , 0.0177])
    """
    theta = _real("theta", theta)
    F: np.ndarray = np.exp(-np.logaddexp(0, theta) - np.logaddexp(0, -theta))
    return F


def natural_gradient(theta: np.ndarray | float, r1: float = 100.0, r0: float = 1.0) -> np.ndarray:
    r"""The natural gradient :math:`F_\theta^{-1}J'(\theta)=r_1-r_0`.

    Statement: `natural_simple`. The factor :math:`\sigma(1-\sigma)` cancels, so the step is the
    same everywhere; the quotient itself would be 0/0 where both underflow.

    >>> natural_gradient(np.array([-4.0, 0.0, 1000.0]))
    array([99., 99., 99.])
    """
    r1, r0 = _rewards(r1, r0)
    return (r1 - r0) * np.ones_like(_real("theta", theta), dtype=float)


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
    :math:`\theta^{k+1}=\theta^k+\eta F^{-1}J'(\theta^k)`, so
    :math:`\theta^k=\theta^0+(r_1-r_0)\eta k`.

    Raises:
        ValueError: ``theta0`` or ``eta`` is not one finite number, ``K`` is no positive integer, or
            ``natural`` is neither True nor False.

    >>> path(0.0, 0.01, 3, natural=True)
    array([0.  , 0.99, 1.98, 2.97])
    >>> path(0.0, 0.01, 3, natural=False).round(3)
    array([0.   , 0.248, 0.491, 0.724])
    """
    start, eta_k = _real("theta0", theta0, ()), steps.constant(float(_real("eta", eta, ())))
    direction = natural_gradient if _flag("natural", natural) else gradient
    iterates = steps.ascent(start, lambda theta: direction(theta, r1, r0), eta_k, K)
    return np.array(list(iterates))


def flow(
    theta0: float,
    t: np.ndarray | float,
    natural: bool = False,
    r1: float = 100.0,
    r0: float = 1.0,
) -> np.ndarray:
    r"""Where the gradient flow is at the times ``t``: the limit of small steps, :math:`t=\eta k`.

    Statement: `natural_simple`. Natural: :math:`\theta(t)=\theta^0+(r_1-r_0)t`, as for finite
    steps. Vanilla: :math:`\dot\theta=J'(\theta)` integrates to
    :math:`2\sinh\theta+2\theta=(r_1-r_0)t+\mathrm{const}`, solved for :math:`\theta` by bisection.

    Raises:
        ValueError: ``theta0`` is not one finite number, ``t`` is not finite, the distance
            :math:`(r_1-r_0)t` is too large for a float, or ``natural`` is neither True nor False.

    >>> float(flow(0.0, 200.0, natural=False).round(3))
    9.892
    >>> float(flow(0.0, 0.1, natural=True).round(3))
    9.9
    """
    start, (r1, r0) = _real("theta0", theta0, ()), _rewards(r1, r0)
    with np.errstate(over="ignore"):
        distance = checks.finite("(r1 - r0) t", (r1 - r0) * _real("t", t))
    advance = distance if _flag("natural", natural) else _vanilla_advance(start, distance)
    theta: np.ndarray = start + advance
    return theta


def _vanilla_advance(theta0: np.ndarray, distance: np.ndarray) -> np.ndarray:
    """Solve 2 sinh(theta0 + x) + 2 (theta0 + x) = 2 sinh(theta0) + 2 theta0 + distance for x."""
    # The slope of the left side is at least 4, so |x| <= |distance| / 4. It grows by at least
    # 4 |sinh(x / 2)|, so |x| <= 2 arsinh(|distance| / 4): the closer of the two far out.
    quarter = np.abs(distance) / 4
    far = np.copysign(np.minimum(quarter, 2 * np.arcsinh(quarter)), distance)
    low, high = np.minimum(0, far), np.maximum(0, far)
    for _ in range(100):
        x = (low + high) / 2
        with np.errstate(over="ignore", invalid="ignore"):
            # sinh(a + x) - sinh(a), as a product: a difference would lose a small x.
            grown = 4 * np.cosh(theta0 + x / 2) * np.sinh(x / 2) + 2 * x
        low, high = np.where(grown < distance, x, low), np.where(grown < distance, high, x)
    return x


def _real(name: str, x: np.ndarray | float, shape: tuple[int, ...] | None = None) -> np.ndarray:
    """``x`` as an array of finite real numbers."""
    x = checks.finite(name, x, shape)
    if np.iscomplexobj(x):
        raise ValueError(f"{name} must be real, but its type is {x.dtype}.")
    return x


def _rewards(r1: float, r0: float) -> tuple[float, float]:
    return float(_real("r1", r1, ())), float(_real("r0", r0, ()))


def _flag(name: str, x: bool) -> bool:
    if not isinstance(x, bool | np.bool_):
        raise ValueError(f"{name} must be True or False, but it is {checks.kind(x)}.")
    return bool(x)
