r"""Gradient ascent and its stochastic version, as iterates; the schedules of their step sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from pgcompanion import checks
from pgcompanion._numerics.adam import Adam

#: From the iteration :math:`k` to the step size :math:`\eta_k`.
Schedule = Callable[[int], float]


def constant(eta: float) -> Schedule:
    r"""The schedule :math:`\eta_k=\eta`.

    Statement: `gradient_ascent`.

    Example:
        >>> [constant(0.5)(k) for k in range(3)]
        [0.5, 0.5, 0.5]
    """
    checks.positive("eta", eta)
    return lambda k: eta


def inverse_sqrt(c: float) -> Schedule:
    r"""The schedule :math:`\eta_k=c/\sqrt{k+1}`, for :math:`k=0,1,\dots`

    Statement: `sgd_rate`.

    Example:
        >>> [inverse_sqrt(1.0)(k) for k in (0, 3, 8)]
        [1.0, 0.5, 0.3333333333333333]
    """
    checks.positive("c", c)
    return lambda k: c / (k + 1) ** 0.5


def gradient_step(eta: float | Schedule | Adam, k: int, g: np.ndarray) -> np.ndarray:
    r"""The step :math:`\eta_kg_k` of gradient ascent, or Adam's in its place, shape ``(p,)``.

    Statement: `gradient_ascent`, `adam`.

    Args:
        eta: a step size, a schedule that maps :math:`k` to :math:`\eta_k`, or `Adam`.
        k: the iteration.
        g: the gradient or its estimate, shape ``(p,)``.

    Raises:
        ValueError: ``eta`` is not positive, ``k`` is not a natural number, or ``g`` is not finite.

    Example:
        >>> gradient_step(inverse_sqrt(1.0), 3, np.array([2.0, 4.0]))
        array([1., 2.])
    """
    g, k = checks.finite("g", g, (None,)), checks.natural_number("k", k)
    if isinstance(eta, Adam):
        return eta.step(g)
    return (eta(k) if callable(eta) else checks.positive("eta", eta)) * g


def ascent(
    theta: np.ndarray, gradient: Callable[[np.ndarray], np.ndarray], eta: Schedule, K: int
) -> Iterator[np.ndarray]:
    r"""Yield the ``K + 1`` iterates :math:`\theta^0,\dots,\theta^K` of :math:`\theta^{k+1}=\theta^k+\eta_k\nabla J(\theta^k)`.

    Statement: `gradient_ascent`. ``gradient`` maps ``theta`` to an array of the same shape; ``eta``
    maps :math:`k` to the step size :math:`\eta_k`.

    Raises:
        ValueError: ``theta`` is not finite, or ``K`` is not a positive integer.

    Example:
        >>> hill = lambda theta: -theta                       # the gradient of J = -theta² / 2
        >>> [float(theta[0]) for theta in ascent([4.0], hill, constant(0.5), K=3)]
        [4.0, 2.0, 1.0, 0.5]
    """
    theta = np.array(checks.finite("theta", theta), dtype=float)
    checks.function("gradient", gradient)
    checks.function("eta", eta)
    return _iterates(theta, gradient, eta, checks.positive_integer("K", K))


def sgd(
    theta: np.ndarray,
    estimate: Callable[[np.ndarray, np.random.Generator], np.ndarray],
    eta: Schedule,
    K: int,
    rng: np.random.Generator,
) -> Iterator[np.ndarray]:
    r"""Stochastic gradient ascent: `ascent` with an estimate :math:`g_k` in place of the gradient.

    Statement: `sgd`. ``estimate(theta, rng)`` must be unbiased given the current iterate,
    :math:`\mathbb E[g_k\mid\theta^k]=\nabla J(\theta^k)`. Yields ``K + 1`` iterates.

    Raises:
        ValueError: ``theta`` is not finite, or ``K`` is not a positive integer.

    Example:
        >>> noisy = lambda theta, rng: -theta + rng.normal(size=theta.shape)
        >>> path = list(sgd(np.zeros(2), noisy, constant(0.1), K=10, rng=np.random.default_rng(0)))
        >>> len(path), path[-1].shape
        (11, (2,))
    """
    checks.function("estimate", estimate)
    checks.generator(rng)
    return ascent(theta, lambda theta: estimate(theta, rng), eta, K)


def minibatch_gradient(g: np.ndarray, n: int) -> np.ndarray:
    r"""The estimate :math:`\frac nB\sum_{i\in\text{batch}}\nabla J_i` of :math:`\nabla\sum_{i<n}J_i`, shape ``(p,)``.

    Statement: `sgd`. ``g (B, p)`` holds the gradients of ``B`` of the ``n`` terms, drawn
    uniformly. Without the factor :math:`n/B` the estimate is biased.

    Raises:
        ValueError: ``g`` is not a finite ``(B, p)`` array, or ``n`` is smaller than ``B``.

    Example:
        >>> minibatch_gradient(np.array([[1.0, 0.0], [3.0, 2.0]]), n=6)
        array([12.,  6.])
    """
    g, n = checks.finite("g", g, (None, None)), checks.positive_integer("n", n)
    if not len(g) <= n:
        raise ValueError(f"n must be at least the size of the batch, {len(g)}, but it is {n}.")
    return np.asarray(n * g.mean(axis=0))


def _iterates(
    theta: np.ndarray, gradient: Callable[[np.ndarray], np.ndarray], eta: Schedule, K: int
) -> Iterator[np.ndarray]:
    yield theta
    for k in range(K):
        theta = theta + eta(k) * gradient(theta)
        yield theta
