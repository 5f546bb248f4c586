"""Values, occupancies and advantages of a linear Gaussian policy, by two recursions."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

import numpy as np

from pgcompanion import checks
from pgcompanion.lqr.world import LQR, deviations, gains

T = TypeVar("T")


class Values(NamedTuple):
    r"""What `evaluate` finds (statements: `lqr_values`, `lqr_occupancy`).

    Attributes:
        P: :math:`V_h(s)=-s^\top P_hs-c_h`, shape ``(H+1, n, n)``; ``P[H]`` is 0.
        c: shape ``(H+1,)``; ``c[H]`` is 0.
        M: second moments :math:`\mathbb E\,s_hs_h^\top` of the states, shape ``(H, n, n)``.
        J: the objective.
    """

    P: np.ndarray
    c: np.ndarray
    M: np.ndarray
    J: float


def lqr_values(
    A: np.ndarray, B: np.ndarray, Q: np.ndarray, R: np.ndarray, Theta: np.ndarray, H: int
) -> np.ndarray:
    r"""The matrices :math:`P_h` of the values, backwards from :math:`P_H=0`, shape ``(H+1, n, n)``.

    Statement: `lqr_values`. :math:`P_h=Q+\Theta_h^\top R\Theta_h+C_h^\top P_{h+1}C_h` with the closed
    loop :math:`C_h=A+B\Theta_h`.

    Args:
        A, B, Q, R, H: as in `LQR`.
        Theta: one gain ``(m, n)``, or one for each step ``(H, m, n)``.

    Raises:
        ValueError: an array of a wrong shape or not finite, or ``H`` is not a positive integer.

    Example:
        >>> one = np.eye(1)
        >>> lqr_values(one, one, one, one, Theta=-one, H=2).ravel()
        array([2., 2., 0.])
    """
    A, B, Q, R, Theta, H = _matrices(A, B, Q, R, Theta, H)
    P = np.zeros((H + 1, *A.shape), Theta.dtype)
    for h in reversed(range(H)):
        C = A + B @ Theta[h]
        P[h] = Q + Theta[h].T @ R @ Theta[h] + C.T @ P[h + 1] @ C
    return P


def _matrices(
    A: object, B: object, Q: object, R: object, Theta: object, H: object
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, int]:
    B = checks.finite("B", B, (None, None))
    n, m = B.shape
    A, Q = checks.finite("A", A, (n, n)), checks.finite("Q", Q, (n, n))
    R, H = checks.finite("R", R, (m, m)), checks.positive_integer("H", H)
    Theta = checks.finite("Theta", Theta)
    if Theta.shape not in ((m, n), (H, m, n)):
        raise ValueError(f"Theta has shape {Theta.shape}, but {(m, n)} or {(H, m, n)} is expected.")
    Theta = np.broadcast_to(Theta.astype(np.result_type(Theta, float)), (H, m, n))
    return A, B, Q, R, Theta, H


def second_moments(world: LQR, Theta: np.ndarray, sigma: float | np.ndarray) -> np.ndarray:
    r"""The second moments :math:`M_h=\mathbb E\,s_hs_h^\top` of the states, shape ``(H, n, n)``.

    Statement: `lqr_occupancy`. :math:`M_{h+1}=C_hM_hC_h^\top+W+\sigma^2BB^\top`.

    Raises:
        ValueError: ``Theta`` is no gain of ``world``, or ``sigma`` is negative.
        TypeError: ``world`` is no `LQR`.

    Example:
        >>> world = LQR([[1.0]], [[1.0]], [[1.0]], [[1.0]], W=[[0.5]], M0=[[4.0]], H=3)
        >>> second_moments(world, Theta=-np.eye(1), sigma=1.0).ravel()
        array([4. , 1.5, 1.5])
    """
    Theta, sigma = gains(world, Theta), deviations(world, sigma)
    noise = world.W + (world.B * sigma**2) @ world.B.T
    M = np.empty((world.H, world.n, world.n), np.result_type(Theta, noise))
    M[0] = world.M0
    with quiet():
        for h in range(world.H - 1):
            C = world.A + world.B @ Theta[h]
            M[h + 1] = C @ M[h] @ C.T + noise
    return numbers(world, Theta, M)


def evaluate(world: LQR, Theta: np.ndarray, sigma: float | np.ndarray) -> Values:
    r"""Values, occupancies and the objective :math:`J=-\mathrm{tr}(P_0M_0)-c_0`.

    Statement: `lqr_values`, `lqr_occupancy`. :math:`P_h` is from `lqr_values`, :math:`M_h` from
    `second_moments`, and
    :math:`c_h=c_{h+1}+\mathrm{tr}(P_{h+1}W)+\sigma^2\mathrm{tr}(R+B^\top P_{h+1}B)`. Complex
    ``Theta`` and ``sigma`` pass, for a complex step.

    Args:
        world: the world.
        Theta: one gain ``(m, n)``, or one for each step ``(H, m, n)``.
        sigma: standard deviation of the actions, a number or ``(m,)``; 0 is none.

    Raises:
        ValueError: ``Theta`` is no gain of ``world``, ``sigma`` is negative, or the loop is so unstable
            that the values exceed the largest number.
        TypeError: ``world`` is no `LQR`.

    Example:
        >>> world = LQR([[1.0]], [[1.0]], [[1.0]], [[1.0]], W=[[0.0]], M0=[[4.0]], H=2)
        >>> float(evaluate(world, Theta=-np.eye(1), sigma=0.0).J)
        -8.0
    """
    Theta_h, sigma = gains(world, Theta), deviations(world, sigma)
    M = second_moments(world, Theta_h, sigma)
    with quiet():
        P = lqr_values(world.A, world.B, world.Q, world.R, Theta_h, world.H)
        G = world.R + world.B.T @ P[1:] @ world.B
        each = np.einsum("hij,ji->h", P[1:], world.W) + np.einsum("hii,i->h", G, sigma**2)
        c = np.append(each[::-1].cumsum()[::-1], 0.0)
        J = -np.sum(P[0] * world.M0) - c[0]
    numbers(world, Theta_h, P)
    return Values(P, c, M, numbers(world, Theta_h, J))


def quiet() -> Any:
    """A context in which what exceeds the largest number becomes infinite without a word."""
    return np.errstate(over="ignore", invalid="ignore")


def numbers(world: LQR, Theta: np.ndarray, x: T) -> T:
    """Return ``x`` after checking that the loop has not made it exceed the largest number.

    Statement: `lqr_values`.
    """
    if not np.isfinite(np.asarray(x)).all():
        loops = world.A + world.B @ gains(world, Theta)
        radius = max(np.abs(np.linalg.eigvals(C)).max() for C in loops)
        raise ValueError(
            f"Theta lets the values of H = {world.H} steps exceed the largest number: the spectral "
            f"radius of A + B Theta is {radius:.4g}."
        )
    return x


def advantage_form(world: LQR, Theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    r"""The matrices :math:`G_h` ``(H, m, m)`` and :math:`E_h` ``(H, m, n)`` of the advantage.

    Statement: `lqr_advantage`. :math:`G_h=R+B^\top P_{h+1}B` and
    :math:`E_h=G_h\Theta_h+B^\top P_{h+1}A`; no noise enters them.

    Raises:
        ValueError: as `evaluate`.
        TypeError: as `evaluate`.

    Example:
        >>> world = LQR([[1.0]], [[1.0]], [[1.0]], [[1.0]], W=[[0.0]], M0=[[4.0]], H=2)
        >>> G, E = advantage_form(world, Theta=-np.eye(1))
        >>> G.ravel(), E.ravel()
        (array([3., 1.]), array([-1., -1.]))
    """
    Theta = gains(world, Theta)
    with quiet():
        P = lqr_values(world.A, world.B, world.Q, world.R, Theta, world.H)
    return form(world.A, world.B, world.R, Theta, numbers(world, Theta, P))


def form(
    A: np.ndarray, B: np.ndarray, R: np.ndarray, Theta: np.ndarray, P: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """`advantage_form` of matrices. Statement: `lqr_advantage`."""
    G = R + B.T @ P[1:] @ B
    return G, G @ Theta + B.T @ P[1:] @ A


def value(world: LQR, Theta: np.ndarray, sigma: float | np.ndarray, s: np.ndarray) -> np.ndarray:
    r"""The values :math:`V_h(s_h)=-s_h^\top P_hs_h-c_h` along trajectories, shape ``(N, H)``.

    Statement: `lqr_values`. ``s`` has shape ``(N, H, n)``, as ``tau.s``.

    Raises:
        ValueError: ``s`` does not have its shape or is not finite; otherwise as `evaluate`.
        TypeError: as `evaluate`.
    """
    P, c, _, _ = evaluate(world, Theta, sigma)
    s = checks.finite("s", s, (None, world.H, world.n))
    return -np.einsum("thi,hij,thj->th", s, P[:-1], s) - c[:-1]


def advantage(
    world: LQR, Theta: np.ndarray, sigma: float | np.ndarray, s: np.ndarray, a: np.ndarray
) -> np.ndarray:
    r"""The advantages :math:`A_h(s_h,a_h)` along trajectories, shape ``(N, H)``.

    Statement: `lqr_advantage`, `lqr_variance`. With :math:`e=a-\Theta_hs`,
    :math:`A_h(s,a)=-(e^\top G_he-\sigma^2\mathrm{tr}\,G_h+2e^\top E_hs)`. As coefficients of the score
    they keep the variance of an estimate bounded as :math:`\sigma\to0`.

    Args:
        world, Theta, sigma: as in `evaluate`.
        s: states, shape ``(N, H, n)``, as ``tau.s``.
        a: actions, shape ``(N, H, m)``, as ``tau.a``.

    Raises:
        ValueError: ``s`` or ``a`` does not have its shape or is not finite; otherwise as `evaluate`.
        TypeError: as `evaluate`.

    Example:
        >>> world = LQR([[1.0]], [[1.0]], [[1.0]], [[1.0]], W=[[0.0]], M0=[[4.0]], H=1)
        >>> advantage(world, -np.eye(1), 0.0, s=np.ones((1, 1, 1)), a=np.zeros((1, 1, 1)))
        array([[1.]])
    """
    G, E = advantage_form(world, Theta)
    sigma = deviations(world, sigma)
    s = checks.finite("s", s, (None, world.H, world.n))
    a = checks.finite("a", a, (len(s), world.H, world.m))
    e = a - np.einsum("hij,thj->thi", gains(world, Theta), s)
    mean = np.einsum("hii,i->h", G, sigma**2)
    quadratic = np.einsum("thi,hij,thj->th", e, G, e) - mean
    return -(quadratic + 2 * np.einsum("thi,hij,thj->th", e, E, s))


def landscape(world: LQR, Theta: np.ndarray, sigma: float | np.ndarray) -> np.ndarray:
    r"""The objective of many single gains at once: from ``Theta (..., m, n)`` to ``(...)``.

    Statement: `lqr_values`. Where the loop is so unstable that :math:`J` exceeds the largest number,
    it is minus infinity.

    Raises:
        ValueError: ``Theta`` is not ``(..., m, n)`` finite numbers, or ``sigma`` is negative.
        TypeError: ``world`` is no `LQR`.

    Example:
        >>> world = LQR([[1.0]], [[1.0]], [[1.0]], [[1.0]], W=[[0.0]], M0=[[4.0]], H=2)
        >>> landscape(world, np.array([[[-1.0]], [[0.0]]]), sigma=0.0)
        array([-8., -8.])
    """
    sigma = deviations(world, sigma)
    Theta = checks.finite("Theta", Theta)
    Theta = checks.finite("Theta", Theta, (*Theta.shape[:-2], world.m, world.n))
    Theta_t = np.swapaxes(Theta, -1, -2)
    P, c = np.zeros((world.n, world.n)), np.zeros(Theta.shape[:-2])
    with quiet():
        C = world.A + world.B @ Theta
        now = world.Q + Theta_t @ world.R @ Theta
        for _ in range(world.H):
            G = world.R + world.B.T @ P @ world.B
            c = c + (P * world.W).sum((-1, -2)) + np.einsum("...ii,i->...", G, sigma**2)
            P = now + np.swapaxes(C, -1, -2) @ P @ C
        J = -(P * world.M0).sum((-1, -2)) - c
    return np.where(np.isnan(J), -np.inf, J)
