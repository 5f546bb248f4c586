"""Trajectories of a linear world, and batches of them for the package's own objectives and steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pgcompanion import checks
from pgcompanion.batches import Batch, Psi, advantage_estimate, trajectory_batch
from pgcompanion.lqr.values import advantage, evaluate
from pgcompanion.lqr.world import LQR, checked, root
from pgcompanion.policies import LinearGaussian
from pgcompanion.trajectories import Trajectories


def sample(
    world: LQR, policy: Any, theta: np.ndarray, N: int, rng: np.random.Generator
) -> Trajectories:
    r"""``N`` independent trajectories of a policy over the states: ``tau.s (N, H, n)``, ``tau.a (N, H, m)``.

    Statement: `lqr`. The law is that of ``world.env()``; here the episodes run side by side. The policy
    may be any over vectors with ``n`` entries: `LinearGaussian` with ``theta=Theta.ravel()``, or a
    network.

    Raises:
        ValueError: ``policy`` is over other states or actions than the world's, ``N`` is not a
            positive integer, or the loop is so unstable that a reward exceeds the largest number.
        TypeError: ``world`` is no `LQR`, ``policy`` no policy, or ``rng`` no generator.

    Example:
        >>> world, rng = LQR.named("double integrator"), np.random.default_rng(0)
        >>> sample(world, LinearGaussian(2, 1, sigma=0.3), np.array([-2.0, -2.0]), N=100, rng=rng)
        Trajectories(N=100, H=30)
    """
    _fits(checked(world), policy)
    N, rng = checks.positive_integer("N", N), checks.generator(rng)
    first, noise = root(world.M0), root(world.W)
    s, a = np.empty((world.H, N, world.n)), np.empty((world.H, N, world.m))
    now = rng.standard_normal((N, world.n)) @ first.T
    with np.errstate(over="ignore", invalid="ignore"):
        for h in range(world.H):
            s[h], a[h] = now, policy.sample(theta, now, rng)
            w = rng.standard_normal((N, world.n)) @ noise.T
            now = s[h] @ world.A.T + a[h] @ world.B.T + w
        r = -np.einsum("hti,ij,htj->th", s, world.Q, s)
        r -= np.einsum("hti,ij,htj->th", a, world.R, a)
    return Trajectories(s.swapaxes(0, 1), a.swapaxes(0, 1), r)


def _fits(world: LQR, policy: Any) -> None:
    checks.policy(policy, "sample", "log_prob", "n", "d")
    if policy.S is not None or (policy.d, policy.n) != (world.n, world.m):
        raise ValueError(
            f"policy must take vectors of {world.n} numbers to actions of {world.m}, as world has them, "
            f"but it is {policy!r}."
        )


@dataclass(frozen=True)
class Sampled:
    r"""A linear world, seen through ``N`` fresh trajectories each time: a source of sampled batches.

    Statement: `lqr`. A row is a step, of weight :math:`1/N`, and ``batch.J`` the mean return, as in the
    source of that name for a finite MDP.

    Args:
        world: the world.
        N: trajectories of a batch.
        rng: draws them.
        psi: gives the advantages: maps trajectories to ``(N, H)``.

    Raises:
        TypeError: ``world`` is no `LQR`, ``rng`` no generator, ``psi`` no function.
        ValueError: ``N`` is not a positive integer; when called, as `sample`.

    Example:
        >>> source = Sampled(LQR.named("pendulum"), N=10, rng=np.random.default_rng(0))
        >>> source(LinearGaussian(2, 1, sigma=0.3), np.array([-10.0, -3.0])).B
        2000
    """

    world: LQR
    N: int
    rng: np.random.Generator
    psi: Psi = advantage_estimate

    def __post_init__(self) -> None:
        checked(self.world)
        checks.positive_integer("N", self.N)
        checks.generator(self.rng)
        checks.function("psi", self.psi)

    def __call__(self, policy: Any, theta: np.ndarray) -> Batch:
        """The batch of fresh trajectories at ``theta``."""
        tau = sample(self.world, policy, theta, self.N, self.rng)
        return trajectory_batch(policy, theta, tau, self.psi(tau))


@dataclass(frozen=True)
class Exact:
    r"""A linear world, seen through quadrature: a source of exact batches for `LinearGaussian`.

    Statement: `lqr_gradient`, `lqr_fisher`. States stand at :math:`\pm\sqrt n` times the columns of a root of
    :math:`M_h`, and around each mean the actions at the nodes of Gauss and Hermite. The gradient, also
    in a learned :math:`\log\sigma`, the Fisher matrix and the divergence are of low degree, so the sums
    over the rows are the integrals. The ratio in the surrogate is no polynomial: there the error falls
    geometrically with ``points`` while steps are no longer than some :math:`\sigma`. ``batch.J``
    is :math:`J`.

    Args:
        world: the world.
        points: nodes for each coordinate of an action, at least 3.

    Raises:
        TypeError: ``world`` is no `LQR`; when called, ``policy`` is no `LinearGaussian`.
        ValueError: ``points`` is not an integer of at least 3; when called, ``policy`` is over other
            states or actions, or as `evaluate`.

    Example:
        >>> from pgcompanion.objectives import gradient
        >>> world = LQR([[1.0]], [[1.0]], [[1.0]], [[1.0]], W=[[0.0]], M0=[[4.0]], H=2)
        >>> policy, theta = LinearGaussian(1, 1, sigma=0.5), np.array([-1.0])
        >>> gradient(policy, theta, Exact(world)(policy, theta)).round(9)
        array([8.5])
    """

    world: LQR
    points: int = 12

    def __post_init__(self) -> None:
        checked(self.world)
        if checks.positive_integer("points", self.points) < 3:
            raise ValueError(f"points must be at least 3, but it is {self.points}.")

    def __call__(self, policy: LinearGaussian, theta: np.ndarray) -> Batch:
        """The batch at ``theta``."""
        world = self.world
        if not isinstance(policy, LinearGaussian):
            raise TypeError(f"policy must be a LinearGaussian, but it is {checks.kind(policy)}.")
        _fits(world, policy)
        sigma = np.exp(policy.log_sigma(theta))
        Theta = np.asarray(theta)[: world.m * world.n].reshape(world.m, world.n)
        v = evaluate(world, Theta, sigma)
        e, w = _normal_nodes(self.points, world.m)
        s = np.sqrt(world.n) * np.swapaxes([root(M) for M in v.M], 1, 2)
        s = np.concatenate([s, -s], axis=1)  # (H, 2n, n)
        s = np.repeat(s.swapaxes(0, 1), len(e), axis=0)  # a row for each pair of nodes, (2nk, H, n)
        w = np.tile(w, 2 * world.n) / (2 * world.n)
        a = s @ Theta.T + sigma * np.tile(e, (2 * world.n, 1))[:, None]
        A = advantage(world, Theta, sigma, s, a)
        s, a = s.reshape(-1, world.n), a.reshape(-1, world.m)
        log_prob = policy.log_prob(theta, s, a)
        return Batch(s, a, np.repeat(w, world.H), A.ravel(), log_prob, float(v.J))


def _normal_nodes(points: int, m: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes ``(points**m, m)`` and weights of a standard normal distribution."""
    x, w = np.polynomial.hermite_e.hermegauss(points)
    grid = np.stack(np.meshgrid(*[x] * m, indexing="ij"), axis=-1).reshape(-1, m)
    weights = np.stack(np.meshgrid(*[w / w.sum()] * m, indexing="ij"), axis=-1).reshape(-1, m)
    return grid, weights.prod(axis=1)
