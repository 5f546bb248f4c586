"""Policy iteration and the optimum: by Riccati's recursion, and the best of the single gains."""

from __future__ import annotations

import numpy as np

from pgcompanion import checks
from pgcompanion.lqr.local import penalty_argmax
from pgcompanion.lqr.values import advantage_form, evaluate, landscape
from pgcompanion.lqr.world import LQR, checked, deviations, gains


def policy_iteration(world: LQR, Theta: np.ndarray, sigma: float | np.ndarray = 0.0) -> np.ndarray:
    r"""The greedy gains :math:`\Theta_h-G_h^{-1}E_h`, one for each step, shape ``(H, m, n)``.

    Statement: `lqr_policy_iteration`. They are the best actions under the values of ``Theta``, so
    :math:`J` does not decrease; :math:`\sigma` changes them not at all. The greedy gains of a single
    gain depend on the step, too. From gains whose last :math:`k` steps are optimal come gains
    whose last :math:`k+1` are: ``H`` iterations reach `optimal`.

    Raises:
        ValueError: as `evaluate`.
        TypeError: as `evaluate`.

    Source: Kleinman 1968; Fazel et al. 2018, who call it the Gauss-Newton step.

    Example:
        >>> world = LQR([[1.0]], [[1.0]], [[1.0]], [[1.0]], W=[[0.0]], M0=[[4.0]], H=2)
        >>> policy_iteration(world, Theta=-np.eye(1)).ravel().round(3)
        array([-0.667,  0.   ])
    """
    deviations(world, sigma)
    G, E = advantage_form(world, Theta)
    return gains(world, Theta) - np.linalg.solve(G, E)


def optimal(world: LQR) -> tuple[np.ndarray, float]:
    r"""The best gains ``(H, m, n)`` and their objective without noise, by Riccati's recursion.

    Statement: `lqr_policy_iteration`. :math:`\Theta_h=-(R+B^\top P_{h+1}B)^{-1}B^\top P_{h+1}A`: the
    greedy gain, found backwards, so that :math:`P_{h+1}` is already that of the best gains. The
    noise :math:`W` changes the objective and not the gains.

    Raises:
        TypeError: ``world`` is no `LQR`.
        ValueError: an uncontrolled part of the world is so unstable that no gain has finite values.

    Example:
        >>> world = LQR([[1.0]], [[1.0]], [[1.0]], [[1.0]], W=[[0.0]], M0=[[4.0]], H=2)
        >>> Theta, J = optimal(world)
        >>> Theta.ravel(), float(J)
        (array([-0.5, -0. ]), -6.0)
    """
    A, B, Q, R = checked(world).A, world.B, world.Q, world.R
    Theta, P = np.empty((world.H, world.m, world.n)), np.zeros((world.n, world.n))
    with np.errstate(over="ignore", invalid="ignore"):
        for h in reversed(range(world.H)):
            Theta[h] = -np.linalg.solve(R + B.T @ P @ B, B.T @ P @ A)
            C = A + B @ Theta[h]
            P = Q + Theta[h].T @ R @ Theta[h] + C.T @ P @ C
    if not np.isfinite(Theta).all():
        raise ValueError("world is so unstable that no gain has finite values over its H steps.")
    return Theta, evaluate(world, Theta, 0.0).J


def best_single_gain(
    world: LQR, sigma: float | np.ndarray, Theta: np.ndarray | None = None, K: int = 200
) -> tuple[np.ndarray, float]:
    r"""A gain ``(m, n)`` that no small change improves at all steps at once, and its objective.

    Statement: `lqr_single_gain`. It climbs with the maximisers of the surrogate, halved until :math:`J`
    increases, until round-off hides an increase; the landscape may have more than one summit. The
    start is ``Theta``, by default the first of the `optimal` gains.

    Raises:
        ValueError: ``Theta`` is not ``(m, n)``, ``K`` is not a natural number, ``sigma`` is 0;
            otherwise as `evaluate`.
        TypeError: as `evaluate`.

    Example:
        >>> world = LQR([[1.0]], [[1.0]], [[1.0]], [[1.0]], W=[[0.0]], M0=[[4.0]], H=2)
        >>> Theta, J = best_single_gain(world, sigma=1.0)
        >>> Theta.round(3), round(float(J), 3)
        (array([[-0.429]]), -9.464)
    """
    start = optimal(world)[0][0] if checked(world) and Theta is None else Theta
    best = checks.finite("Theta", start, (world.m, world.n)).astype(float)
    J = evaluate(world, best, sigma).J
    for _ in range(checks.natural_number("K", K)):
        step = penalty_argmax(world, best, sigma, 0.0) - best
        tries = best + 0.5 ** np.arange(30)[:, None, None] * step
        better = np.flatnonzero(landscape(world, tries, sigma) > J)
        if not len(better):
            break
        best = tries[better[0]]
        J = evaluate(world, best, sigma).J
    return best, J
