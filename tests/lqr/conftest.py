"""Small linear worlds, and brute force beside the recursions: all of a trajectory as one Gaussian vector."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from pgcompanion.lqr import LQR

SIGMA = 0.4


def random_world(rng: np.random.Generator, n: int = 3, m: int = 2, H: int = 6) -> LQR:
    def positive(k: int) -> np.ndarray:
        X = rng.normal(size=(k, k))
        return X @ X.T + 0.1 * np.eye(k)

    A, B = rng.normal(size=(n, n)) / 2, rng.normal(size=(n, m))
    return LQR(A, B, positive(n), positive(m), positive(n) / 5, positive(n), H)


@pytest.fixture
def world(rng: np.random.Generator) -> LQR:
    return random_world(rng)


@pytest.fixture(params=["one gain", "gains by step"])
def Theta(request: pytest.FixtureRequest, world: LQR, rng: np.random.Generator) -> np.ndarray:
    shape = (world.m, world.n) if request.param == "one gain" else (world.H, world.m, world.n)
    return rng.normal(size=shape) / 3


@pytest.fixture
def Theta_new(Theta: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return Theta + rng.normal(size=Theta.shape) / 3


def covariance(world: LQR, Theta: np.ndarray, sigma: float) -> np.ndarray:
    """The covariance of ``(s_0, a_0, s_1, a_1, …)``, from one matrix that makes it of independent noise."""
    n, m, H = world.n, world.m, world.H
    Theta = np.broadcast_to(Theta, (H, m, n))
    roots = [np.linalg.cholesky(X) for X in (world.M0, world.W)]
    columns = n + H * (m + n)
    s, rows, at = np.zeros((n, columns), Theta.dtype), [], n
    s[:, :n] = roots[0]
    for h in range(H):
        a = Theta[h] @ s
        a[:, at : at + m] += sigma * np.eye(m)
        rows += [s, a]
        s = world.A @ s + world.B @ a
        s[:, at + m : at + m + n] += roots[1]
        at += m + n
    L = np.concatenate(rows)
    return L @ L.T


@pytest.fixture
def brute() -> Callable[..., np.ndarray]:
    return covariance


@pytest.fixture
def brute_J() -> Callable[..., float]:
    def J(world: LQR, Theta: np.ndarray, sigma: float) -> float:
        n, m = world.n, world.m
        cost = np.zeros((n + m, n + m))
        cost[:n, :n], cost[n:, n:] = world.Q, world.R
        return -np.sum(np.kron(np.eye(world.H), cost) * covariance(world, Theta, sigma))

    return J


@pytest.fixture
def brute_kl() -> Callable[..., float]:
    def kl(world: LQR, Theta: np.ndarray, Theta_new: np.ndarray, sigma: float) -> float:
        old, new = (covariance(world, x, sigma) for x in (Theta, Theta_new))
        logdet = np.linalg.slogdet(new)[1] - np.linalg.slogdet(old)[1]
        return (np.trace(np.linalg.solve(new, old)) - len(old) + logdet) / 2

    return kl
