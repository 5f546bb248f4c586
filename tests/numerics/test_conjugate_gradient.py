"""Conjugate gradient: the minimum-norm solution from products alone, and where it has to stop."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion._numerics.conjugate_gradient import conjugate_gradient

ROUND_OFF = np.finfo(float).eps


def semidefinite(sizes: np.ndarray, p: int, rng: np.random.Generator) -> np.ndarray:
    """A symmetric ``(p, p)`` matrix with these eigenvalues and otherwise 0."""
    U, _ = np.linalg.qr(rng.normal(size=(p, p)))
    F = (U[:, : len(sizes)] * sizes) @ U[:, : len(sizes)].T
    return (F + F.T) / 2


class Counted:
    """Products with a matrix, counted."""

    def __init__(self, F: np.ndarray) -> None:
        self.F, self.count = F, 0

    def __call__(self, v: np.ndarray) -> np.ndarray:
        self.count += 1
        return self.F @ v


@pytest.mark.statement("npg_optimization")
def test_of_a_singular_system_it_finds_the_shortest_solution(rng):
    """In as many products as there are different eigenvalues. One product is not enough."""
    F = semidefinite(np.repeat([1.0, 2.0, 5.0], 4), 30, rng)
    g = F @ rng.normal(size=30)
    x = np.linalg.pinv(F, hermitian=True) @ g
    product = Counted(F)
    np.testing.assert_allclose(conjugate_gradient(product, g), x, atol=1e-10)
    assert product.count in (3, 4)  # a fourth where round-off leaves a residual
    assert np.abs(conjugate_gradient(product, g, steps=1) - x).max() > 1e-3


@pytest.mark.statement("npg_optimization")
@pytest.mark.parametrize("steps", [1, 2, 7])
def test_it_takes_no_more_products_than_it_may(steps, rng):
    """By default ten for each dimension, of a system too ill-conditioned to be solved sooner."""
    p = 12
    F = np.diag(np.geomspace(1.0, 1e-14, p))
    product = Counted(F)
    x = conjugate_gradient(product, F @ np.ones(p) + 1e-9, steps=steps)
    assert product.count == steps
    assert x.any()
    unlimited = Counted(F)
    conjugate_gradient(unlimited, F @ np.ones(p) + 1e-9, tolerance=0.0)
    assert steps < unlimited.count <= 10 * p


@pytest.mark.statement("npg_optimization")
def test_the_tolerance_is_of_the_residual_beside_the_right_hand_side(rng):
    F = semidefinite(np.geomspace(1.0, 1e-3, 20), 20, rng)
    for scale in (1e-20, 1.0, 1e20):
        g = scale * (F @ rng.normal(size=20))
        residuals = [
            np.linalg.norm(F @ conjugate_gradient(F.__matmul__, g, tolerance=t) - g)
            for t in (1e-1, 1e-6)
        ]
        assert residuals[1] <= 2e-6 * np.linalg.norm(g) < residuals[0] <= 0.1 * np.linalg.norm(g)


def unguarded(product, b: np.ndarray, steps: int) -> np.ndarray:
    """The iteration without a look at the curvature."""
    x, residual, direction = np.zeros_like(b), b, b
    for _ in range(steps):
        image = product(direction)
        alpha = residual @ residual / (direction @ image)
        x, new = x + alpha * direction, residual - alpha * image
        residual, direction = new, new + (new @ new) / (residual @ residual) * direction
    return x


@pytest.mark.statement("npg_optimization")
def test_it_stops_where_there_is_no_curvature(rng):
    """In the null space a step has no end. Without the guard, the control, it divides by 0."""

    def half(v):
        return np.array([v[0], 0.0])

    assert np.isfinite(conjugate_gradient(half, np.array([1.0, 1.0]))).all()
    with np.errstate(divide="ignore", invalid="ignore"):
        assert not np.isfinite(unguarded(half, np.array([1.0, 1.0]), steps=2)).any()
    np.testing.assert_array_equal(conjugate_gradient(np.negative, np.ones(3)), 0.0)
    assert np.abs(unguarded(np.negative, np.ones(3), steps=1)).min() > 0.5
    sizes, p = np.geomspace(1.0, 1e-2, 5), 30
    F = semidefinite(sizes, p, rng)
    g = F @ rng.normal(size=p) + rng.normal(size=p)
    x = conjugate_gradient(F.__matmul__, g)
    # The largest step that the guard lets through is 1 / (p round-offs of the largest curvature).
    assert np.linalg.norm(x) < np.linalg.norm(g) / (p * ROUND_OFF * sizes.max())


def test_nothing_to_solve_needs_no_product():
    product = Counted(np.eye(3))
    np.testing.assert_array_equal(conjugate_gradient(product, np.zeros(3)), 0.0)
    assert product.count == 0
