"""The policy gradient, the Fisher matrix and the natural gradient of a linear Gaussian policy."""

from __future__ import annotations

import numpy as np

from pgcompanion import checks
from pgcompanion.lqr.local import whitened
from pgcompanion.lqr.values import advantage_form, evaluate, form, numbers, quiet
from pgcompanion.lqr.world import LQR, deviations, positive_deviations


def lqr_gradient(
    A: np.ndarray, B: np.ndarray, R: np.ndarray, Theta: np.ndarray, P: np.ndarray, M: np.ndarray
) -> np.ndarray:
    r"""The gradient from the values and the moments: :math:`-2\sum_hE_hM_h` for one gain, shape ``(m, n)``.

    Statement: `lqr_gradient`. :math:`E_h=(R+B^\top P_{h+1}B)\Theta_h+B^\top P_{h+1}A`. Gains by step,
    ``Theta (H, m, n)``, have a gradient by step, :math:`-2E_hM_h`.

    Args:
        A, B, R, Theta: as in `lqr_values`.
        P: of the values, shape ``(H+1, n, n)``.
        M: second moments of the states, shape ``(H, n, n)``.

    Raises:
        ValueError: an array of a wrong shape or not finite.

    Example:
        >>> one = np.eye(1)
        >>> lqr_gradient(one, one, one, -one, P=np.array([[[2.0]], [[2.0]], [[0.0]]]), M=np.ones((2, 1, 1)))
        array([[4.]])
    """
    B = checks.finite("B", B, (None, None))
    n, m = B.shape
    A, R = checks.finite("A", A, (n, n)), checks.finite("R", R, (m, m))
    M = checks.finite("M", M, (None, n, n))
    P = checks.finite("P", P, (len(M) + 1, n, n))
    Theta = checks.finite("Theta", Theta)
    if Theta.shape not in ((m, n), (len(M), m, n)):
        raise ValueError(
            f"Theta has shape {Theta.shape}, but {(m, n)} or {(len(M), m, n)} is expected."
        )
    _, E = form(A, B, R, Theta, P)
    g = -2 * E @ M
    return g if Theta.ndim == 3 else g.sum(axis=0)


def gradient(world: LQR, Theta: np.ndarray, sigma: float | np.ndarray) -> np.ndarray:
    r"""The policy gradient :math:`\nabla_\Theta J`, of the shape of ``Theta``.

    Statement: `lqr_gradient`. See the formula of that name, `lqr_gradient`. It holds for
    :math:`\sigma=0`, too.

    Raises:
        ValueError: as `evaluate`.
        TypeError: as `evaluate`.

    Example:
        >>> world = LQR([[1.0]], [[1.0]], [[1.0]], [[1.0]], W=[[0.0]], M0=[[4.0]], H=2)
        >>> gradient(world, Theta=-np.eye(1), sigma=0.0)
        array([[8.]])
    """
    v = evaluate(world, Theta, sigma)
    with quiet():
        g = lqr_gradient(world.A, world.B, world.R, Theta, v.P, v.M)
    return numbers(world, Theta, g)


def log_sigma_gradient(world: LQR, Theta: np.ndarray, sigma: float | np.ndarray) -> np.ndarray:
    r"""The gradient in the :math:`\log\sigma_i`, :math:`-2\sigma_i^2\sum_h(G_h)_{ii}`, shape ``(m,)``.

    Statement: `lqr_noise`. Its sum is the derivative in the logarithm of a common :math:`\sigma`.

    Raises:
        ValueError: as `evaluate`.
        TypeError: as `evaluate`.

    Example:
        >>> world = LQR([[1.0]], [[1.0]], [[1.0]], [[1.0]], W=[[0.0]], M0=[[4.0]], H=2)
        >>> log_sigma_gradient(world, Theta=-np.eye(1), sigma=1.0)
        array([-8.])
    """
    G, _ = advantage_form(world, Theta)
    return -2 * deviations(world, sigma) ** 2 * np.einsum("hii->i", G)


def gaussian_fisher(M: np.ndarray, sigma: float, m: int) -> np.ndarray:
    r"""The Fisher matrix :math:`\sigma^{-2}I_m\otimes\sum_hM_h` of a gain, shape ``(mn, mn)``.

    Statement: `lqr_fisher`. ``M (H, n, n)`` are the second moments of the states, ``m`` the number of
    coordinates of an action. Parameters are ordered as in ``Theta.ravel()``: rows of
    :math:`\Theta` first.

    Raises:
        ValueError: ``M`` is not ``(H, n, n)`` finite numbers, ``sigma`` is not positive, or ``m`` is
            not a positive integer.

    Example:
        >>> gaussian_fisher(np.ones((3, 1, 1)), sigma=0.5, m=2)
        array([[12.,  0.],
               [ 0., 12.]])
    """
    M = checks.finite("M", M, (None, None, None))
    M = checks.finite("M", M, (len(M), M.shape[1], M.shape[1]))
    checks.positive("sigma", sigma)
    return np.kron(np.eye(checks.positive_integer("m", m)), M.sum(axis=0)) / sigma**2


def fisher(world: LQR, Theta: np.ndarray, sigma: float | np.ndarray) -> np.ndarray:
    r"""The Fisher matrix of the trajectories, shape ``(mn, mn)``: rows of ``Theta`` first.

    Statement: `lqr_fisher`. :math:`\Sigma^{-1}\otimes\sum_hM_h` with
    :math:`\Sigma=\mathrm{diag}(\sigma^2)`. Gains of different steps do not interact: for ``Theta (H, m, n)``
    the matrix is block-diagonal, and its blocks :math:`\Sigma^{-1}\otimes M_h` are returned, shape
    ``(H, mn, mn)``.

    Raises:
        ValueError: ``sigma`` is 0, or so small that the matrix exceeds the largest number; otherwise as
            `evaluate`.
        TypeError: as `evaluate`.

    Example:
        >>> world = LQR([[1.0]], [[1.0]], [[1.0]], [[1.0]], W=[[0.0]], M0=[[4.0]], H=2)
        >>> fisher(world, Theta=-np.eye(1), sigma=2.0)
        array([[2.]])
    """
    sigma = positive_deviations(world, sigma)
    M = evaluate(world, Theta, sigma).M
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        precision = np.diag(sigma**-2.0)
        F = [np.kron(precision, x) for x in (M if np.ndim(Theta) == 3 else [M.sum(axis=0)])]
    if not np.isfinite(F).all():
        raise ValueError(
            f"sigma is {sigma.min():g}, so small that the Fisher matrix exceeds the largest number."
        )
    return np.array(F) if np.ndim(Theta) == 3 else F[0]


def natural_gradient(world: LQR, Theta: np.ndarray, sigma: float | np.ndarray) -> np.ndarray:
    r"""The natural gradient :math:`F^+\nabla J`, of the shape of ``Theta``.

    Statement: `lqr_fisher`. For one gain :math:`-2\sigma^2\big(\sum_hE_hM_h\big)\big(\sum_hM_h\big)^+`, for
    gains by step :math:`-2\sigma^2E_hM_hM_h^+`, where the occupancy cancels but for directions that no
    state has. An eigenvalue of the moments, scaled to a unit diagonal, counts as 0 where it is below
    round-off.

    Raises:
        ValueError: ``sigma`` is 0; otherwise as `evaluate`.
        TypeError: as `evaluate`.

    Example:
        >>> world = LQR([[1.0]], [[1.0]], [[1.0]], [[1.0]], W=[[0.0]], M0=[[4.0]], H=2)
        >>> natural_gradient(world, Theta=-np.eye(1), sigma=2.0)
        array([[8.]])
    """
    sigma = positive_deviations(world, sigma)
    steps = [-2 * x.scale * x.g @ x.T.T for x in whitened(world, Theta, sigma)]
    return sigma.max() ** 2 * (np.stack(steps) if np.ndim(Theta) == 3 else steps[0])


def deterministic_gradient(dQ: np.ndarray, s: np.ndarray) -> np.ndarray:
    r"""The mean over episodes of :math:`\sum_h\nabla_aQ_h(s_h,a)\,s_h^\top`, shape ``(m, n)``.

    Statement: `deterministic_gradient`. The gradient of a gain without noise, from states of its
    trajectories and the slopes of :math:`Q` at its own actions :math:`\Theta s_h`. In a world of this
    room these are :math:`-2E_hs_h`.

    Args:
        dQ: :math:`\nabla_aQ_h(s_h,a)` at :math:`a=\Theta s_h`, shape ``(N, H, m)``.
        s: states, shape ``(N, H, n)``.

    Raises:
        ValueError: ``dQ`` or ``s`` does not have its shape or is not finite.

    Source: Silver et al. 2014.

    Example:
        >>> deterministic_gradient(dQ=np.array([[[1.0], [2.0]]]), s=np.array([[[3.0], [4.0]]]))
        array([[11.]])
    """
    dQ = checks.finite("dQ", dQ, (None, None, None))
    s = checks.finite("s", s, (*dQ.shape[:2], None))
    return np.einsum("thi,thj->ij", dQ, s) / len(s)
