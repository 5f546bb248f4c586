"""F^+ g in three ways: by elimination, by conjugate gradient, by eigenvectors. The answer is one."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion._numerics.conjugate_gradient import conjugate_gradient
from pgcompanion._numerics.minimum_norm import minimum_norm_solution

ROUND_OFF = np.finfo(float).eps


def matrix(sizes: list[float], p: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A symmetric ``(p, p)`` matrix with these eigenvalues and otherwise 0, and its eigenvectors."""
    U, _ = np.linalg.qr(rng.normal(size=(p, p)))
    F = (U[:, : len(sizes)] * sizes) @ U[:, : len(sizes)].T
    return (F + F.T) / 2, U


def solution(sizes: list[float], U: np.ndarray, g: np.ndarray) -> np.ndarray:
    kept = U[:, : len(sizes)]
    return kept @ ((kept.T @ g) / sizes)


CASES = {
    "definite": (np.geomspace(1.0, 1e-6, 30), 30),
    "singular": (np.geomspace(1.0, 1e-2, 5), 30),
    "singular and ill-conditioned": (np.geomspace(1.0, 1e-8, 20), 30),
    "of rank one": (np.array([3.0]), 30),
}


@pytest.mark.statement("npg_optimization")
@pytest.mark.parametrize("outside", [0.0, 1.0])
@pytest.mark.parametrize("case", CASES)
def test_it_is_the_pseudo_inverse_whatever_the_rank_and_wherever_g_lies(case, outside, rng):
    """The tolerance is that of a linear system: the condition of what counts, times p round-offs."""
    sizes, p = CASES[case]
    F, U = matrix(sizes, p, rng)
    g = F @ rng.normal(size=p) + outside * rng.normal(size=p)
    x = solution(sizes, U, g)
    tolerance = p * ROUND_OFF * (sizes.max() / sizes.min()) * np.linalg.norm(x)
    np.testing.assert_allclose(minimum_norm_solution(F, g), x, atol=tolerance)
    if len(sizes) < p:
        null = U[:, len(sizes) :]
        assert np.abs(null.T @ minimum_norm_solution(F, g)).max() <= tolerance
    if outside and len(sizes) < p:
        # The negative control: from products alone nobody can tell which part of g lies outside.
        assert np.abs(conjugate_gradient(F.__matmul__, g) - x).max() > tolerance


@pytest.mark.statement("npg_optimization")
def test_elimination_alone_returns_something_for_a_singular_matrix(rng):
    """The negative control: it solves the system, to round-off, and is far from the shortest solution."""
    sizes, p = CASES["singular"]
    F, U = matrix(sizes, p, rng)
    g = F @ rng.normal(size=p)
    solved, shortest = np.linalg.solve(F, g), minimum_norm_solution(F, g)
    assert np.linalg.norm(F @ shortest - g) < 1e-12 * np.linalg.norm(g)
    null = U[:, len(sizes) :]
    assert np.linalg.norm(null.T @ solved) > 1e6 * np.linalg.norm(null.T @ shortest)
