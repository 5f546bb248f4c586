"""Steps from one gain to another: divergence, surrogate, penalty and trust region, in closed form."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pgcompanion import checks
from pgcompanion._numerics.root import decreasing_root
from pgcompanion.lqr.values import advantage_form, evaluate, form, numbers, quiet
from pgcompanion.lqr.world import LQR, gains, positive_deviations


def trajectory_kl(
    world: LQR, Theta: np.ndarray, Theta_new: np.ndarray, sigma: float | np.ndarray
) -> float:
    r""":math:`\mathrm{KL}(\rho_\Theta\,\|\,\rho_{\Theta'})` between trajectory distributions, in nats.

    Statement: `lqr_kl`. :math:`\frac1{2\sigma^2}\sum_h\mathrm{tr}(D_hM_hD_h^\top)` with
    :math:`D=\Theta'-\Theta`: quadratic, whatever the size of the step.

    Raises:
        ValueError: ``sigma`` is 0, ``Theta`` or ``Theta_new`` is no gain of ``world``; otherwise as
            `evaluate`.
        TypeError: as `evaluate`.

    Example:
        >>> world = LQR([[1.0]], [[1.0]], [[1.0]], [[1.0]], W=[[0.0]], M0=[[4.0]], H=2)
        >>> float(trajectory_kl(world, Theta=-np.eye(1), Theta_new=np.zeros((1, 1)), sigma=2.0))
        1.0
    """
    sigma = positive_deviations(world, sigma)
    D = gains(world, Theta_new, "Theta_new") - gains(world, Theta)
    M = evaluate(world, Theta, sigma).M
    with quiet():
        z = D / sigma[:, None]
        kl = np.sum((z @ M) * z) / 2
    return numbers(world, Theta, kl)


def surrogate(
    world: LQR, Theta_k: np.ndarray, Theta: np.ndarray, sigma: float | np.ndarray
) -> float:
    r"""The local objective :math:`L_k(\Theta)=-\sum_h\mathrm{tr}\big(D_h^\top(G_hD_h+2E_h)M_h\big)`.

    Statement: `lqr_pdl`. States come from ``Theta_k``, actions from ``Theta``, and
    :math:`D=\Theta-\Theta^k`.

    Raises:
        ValueError: ``Theta_k`` or ``Theta`` is no gain of ``world``; otherwise as `evaluate`.
        TypeError: as `evaluate`.

    Example:
        >>> world = LQR([[1.0]], [[1.0]], [[1.0]], [[1.0]], W=[[0.0]], M0=[[4.0]], H=2)
        >>> float(surrogate(world, Theta_k=-np.eye(1), Theta=np.array([[-0.5]]), sigma=0.0))
        1.0
    """
    D = gains(world, Theta) - gains(world, Theta_k, "Theta_k")
    return _along(world, Theta_k, D, evaluate(world, Theta_k, sigma).M)


def performance_difference(
    world: LQR, Theta: np.ndarray, Theta_new: np.ndarray, sigma: float | np.ndarray
) -> float:
    r""":math:`J(\Theta')-J(\Theta)=-\sum_h\mathrm{tr}\big(D_h^\top(G_hD_h+2E_h)M'_h\big)`.

    Statement: `lqr_pdl`. :math:`G` and :math:`E` are the old gain's, the moments :math:`M'_h` the new
    one's, and :math:`D=\Theta'-\Theta`. With the old moments it is the `surrogate`.

    Raises:
        ValueError: ``Theta`` or ``Theta_new`` is no gain of ``world``; otherwise as `evaluate`.
        TypeError: as `evaluate`.

    Example:
        >>> world = LQR([[1.0]], [[1.0]], [[1.0]], [[1.0]], W=[[0.0]], M0=[[4.0]], H=2)
        >>> float(performance_difference(world, -np.eye(1), np.array([[-0.5]]), sigma=0.0))
        1.75
    """
    Theta_new = gains(world, Theta_new, "Theta_new")
    D = Theta_new - gains(world, Theta)
    return _along(world, Theta, D, evaluate(world, Theta_new, sigma).M)


def _along(world: LQR, Theta: np.ndarray, D: np.ndarray, M: np.ndarray) -> float:
    """The advantages of ``Theta`` under actions that differ by ``D``, where the states have moments ``M``."""
    G, E = advantage_form(world, Theta)
    with quiet():
        L = -np.sum(D * ((G @ D + 2 * E) @ M))
    return numbers(world, Theta, L)


class Whitened(NamedTuple):
    r"""One quadratic problem in coordinates in which the divergence is a squared length.

    Statement: `lqr_penalty`. A step is :math:`D=\mathrm{diag}(\text{scale})\,X\,T^\top` with
    :math:`T^\top\big(\sum_hM_h\big)T=I`, so that :math:`\mathrm{KL}=\|X\|^2/2\bar\sigma^2` with the largest
    :math:`\bar\sigma`; the surrogate is :math:`-\langle X,KX\rangle-2\langle X,g\rangle`, where
    :math:`K` has the eigenvalues ``size`` and the eigenvectors ``U``.
    """

    scale: np.ndarray
    T: np.ndarray
    g: np.ndarray
    size: np.ndarray
    U: np.ndarray

    def step(self, price: float) -> np.ndarray:
        """The maximiser ``D (m, n)`` of the surrogate less ``price`` times the squared length."""
        x = self.U @ ((self.U.T @ -self.g.ravel()) / (self.size + price))
        return self.scale * x.reshape(self.g.shape) @ self.T.T

    def length2(self, price: float) -> float:
        """The squared length of that step."""
        return float((((self.U.T @ self.g.ravel()) / (self.size + price)) ** 2).sum())


def whitened(world: LQR, Theta: np.ndarray, sigma: np.ndarray) -> list[Whitened]:
    """The problem of one gain, or the ``H`` independent problems of gains by step.

    Statement: `lqr_penalty`.
    """
    if np.iscomplexobj(Theta) or np.iscomplexobj(sigma):
        raise ValueError("Theta and sigma must be real here, but they are complex.")
    v = evaluate(world, Theta, sigma)
    with quiet():
        G, E = form(world.A, world.B, world.R, gains(world, Theta), v.P)
        numbers(world, Theta, (E @ v.M).sum(axis=0))
        numbers(world, Theta, v.M.sum(axis=0))
    if np.ndim(Theta) == 3:
        each = (slice(h, h + 1) for h in range(world.H))
        return [_whiten(G[h], E[h], v.M[h], sigma) for h in each]
    return [_whiten(G, E, v.M, sigma)]


def _whiten(G: np.ndarray, E: np.ndarray, M: np.ndarray, sigma: np.ndarray) -> Whitened:
    scale = (sigma / sigma.max())[:, None]
    T = inverse_root(M.sum(axis=0))
    g = scale * (E @ M).sum(axis=0) @ T
    K = np.einsum("hij,hkl->ikjl", scale * G * scale.T, T.T @ M @ T)
    return Whitened(scale, T, g, *np.linalg.eigh(K.reshape(g.size, g.size)))


def inverse_root(M: np.ndarray) -> np.ndarray:
    r"""``T (n, r)`` in the range of ``M``, of rank ``r``, with :math:`T^\top MT=I` and :math:`TT^\top=M^+`.

    Statement: `lqr_fisher`. What is small is judged after scaling to a unit diagonal: a state in
    millimetres is no nearer to singular than one in metres.
    """
    scale = np.sqrt(np.diag(M))
    scale = np.where(scale > 0, scale, 1.0)
    size, U = np.linalg.eigh(M / scale / scale[:, None])
    kept = size > len(M) * np.finfo(float).eps * size.max()
    basis = np.linalg.qr(scale[:, None] * U[:, kept])[0]
    T = U[:, kept] / np.sqrt(size[kept]) / scale[:, None]
    return basis @ (basis.T @ T)


def penalty_argmax(
    world: LQR, Theta: np.ndarray, sigma: float | np.ndarray, lam: float
) -> np.ndarray:
    r"""The maximiser of :math:`L_k-\lambda\,\mathrm{KL}`, of the shape of ``Theta``: PPO's penalty step.

    Statement: `lqr_penalty`. The step :math:`D` solves
    :math:`\sum_hG_hDM_h+\frac\lambda{2\sigma^2}D\sum_hM_h=-\sum_hE_hM_h`, by gains of a step each its
    own. With ``lam=0`` it is the maximiser of the surrogate. Directions that no state has are left
    as they are.

    Raises:
        ValueError: ``lam`` is negative, ``sigma`` is 0; otherwise as `evaluate`.
        TypeError: as `evaluate`.

    Example:
        >>> world = LQR([[1.0]], [[1.0]], [[1.0]], [[1.0]], W=[[0.0]], M0=[[4.0]], H=2)
        >>> penalty_argmax(world, Theta=-np.eye(1), sigma=1.0, lam=0.0).round(3)
        array([[-0.615]])
    """
    sigma = positive_deviations(world, sigma)
    with np.errstate(over="ignore", divide="ignore"):
        price = checks.not_negative("lam", lam) / sigma.max() / sigma.max() / 2
    return _stepped(Theta, [x.step(price) for x in whitened(world, Theta, sigma)])


def _stepped(Theta: np.ndarray, steps: list[np.ndarray]) -> np.ndarray:
    return Theta + (np.stack(steps) if np.ndim(Theta) == 3 else steps[0])


def multiplier(world: LQR, Theta: np.ndarray, sigma: float | np.ndarray, delta: float) -> float:
    r"""The multiplier :math:`\lambda\ge0` of the trust region of radius ``delta``, in nats.

    Statement: `lqr_penalty`. It is the penalty whose step (`penalty_argmax`) lies on the boundary, and 0
    where the maximiser of the surrogate lies inside.

    Raises:
        ValueError: ``delta`` is not positive, ``sigma`` is 0; otherwise as `evaluate`.
        TypeError: as `evaluate`.
    """
    sigma = positive_deviations(world, sigma)
    problems = whitened(world, Theta, sigma)
    return 2 * sigma.max() ** 2 * _price(problems, sigma.max(), checks.positive("delta", delta))


def _price(problems: list[Whitened], sigma: float, delta: float) -> float:
    """The price of length at which the steps have the divergence ``delta`` together."""
    radius = sigma * np.sqrt(2 * delta)

    def excess(log_price: float) -> float:
        price = np.exp(log_price)
        reached = np.sqrt(sum(x.length2(price) for x in problems)) / radius
        return np.log(max(reached, np.finfo(float).tiny))

    if np.sqrt(sum(x.length2(0.0) for x in problems)) <= radius:
        return 0.0
    steepness = np.sqrt(sum((x.g**2).sum() for x in problems))
    return float(np.exp(decreasing_root(excess, float(np.log(steepness / radius)))))


def trust_region_argmax(
    world: LQR, Theta: np.ndarray, sigma: float | np.ndarray, delta: float
) -> np.ndarray:
    r"""The maximiser of :math:`L_k` where :math:`\mathrm{KL}\le\delta`, of the shape of ``Theta``: TRPO's step.

    Statement: `lqr_penalty`. It is the step of the penalty that `multiplier` finds. Gains by step
    share one radius.

    Raises:
        ValueError: ``delta`` is not positive, ``sigma`` is 0; otherwise as `evaluate`.
        TypeError: as `evaluate`.

    Example:
        >>> world = LQR([[1.0]], [[1.0]], [[1.0]], [[1.0]], W=[[0.0]], M0=[[4.0]], H=2)
        >>> new = trust_region_argmax(world, Theta=-np.eye(1), sigma=1.0, delta=0.01)
        >>> round(float(trajectory_kl(world, -np.eye(1), new, sigma=1.0)), 9)
        0.01
    """
    sigma = positive_deviations(world, sigma)
    problems = whitened(world, Theta, sigma)
    price = _price(problems, sigma.max(), checks.positive("delta", delta))
    return _stepped(Theta, [x.step(price) for x in problems])
