"""F^+ g in three ways: by elimination, by conjugate gradient, by eigenvectors. The answer is one."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion.algorithms import npg_step
from pgcompanion.algorithms.conjugate_gradient import conjugate_gradient
from pgcompanion.algorithms.pseudo_inverse import least_solution

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
    np.testing.assert_allclose(least_solution(F, g), x, atol=tolerance)
    np.testing.assert_allclose(npg_step(g, F, eta=2.0), 2 * x, atol=2 * tolerance)
    if len(sizes) < p:
        null = U[:, len(sizes) :]
        assert np.abs(null.T @ least_solution(F, g)).max() <= tolerance
    if outside and len(sizes) < p:
        # The negative control: from products alone nobody can tell which part of g lies outside.
        assert np.abs(conjugate_gradient(F.__matmul__, g) - x).max() > tolerance


@pytest.mark.statement("npg_optimization")
def test_elimination_alone_returns_something_for_a_singular_matrix(rng):
    """The negative control: it solves the system, to round-off, and is far from the shortest solution."""
    sizes, p = CASES["singular"]
    F, U = matrix(sizes, p, rng)
    g = F @ rng.normal(size=p)
    solved, shortest = np.linalg.solve(F, g), least_solution(F, g)
    assert np.linalg.norm(F @ shortest - g) < 1e-12 * np.linalg.norm(g)
    null = U[:, len(sizes) :]
    assert np.linalg.norm(null.T @ solved) > 1e6 * np.linalg.norm(null.T @ shortest)


@pytest.mark.statement("npg_optimization")
def test_of_a_vector_outside_the_range_the_part_inside_counts():
    F = [[1, -1], [-1, 1]]
    np.testing.assert_allclose(npg_step([2, 0], F, eta=1), [0.5, -0.5], atol=4 * ROUND_OFF)
    d = npg_step([2, 0], F, delta=0.1)
    assert d @ F @ d / 2 == pytest.approx(0.1, rel=8 * ROUND_OFF)
    np.testing.assert_array_equal(npg_step([1.0, 1.0], F, delta=0.1), 0.0)


@pytest.mark.statement("npg_optimization")
def test_conjugate_gradient_stops_where_there_is_no_curvature(rng):
    """In the null space a step would have no end: without the guard these divide by nothing, or by noise."""
    flat = conjugate_gradient(lambda v: np.array([v[0], 0.0]), np.array([1.0, 1.0]))
    assert np.isfinite(flat).all()
    downhill = conjugate_gradient(lambda v: -v, np.ones(3))
    np.testing.assert_array_equal(downhill, 0.0)
    sizes, p = CASES["singular"]
    F, _ = matrix(sizes, p, rng)
    g = F @ rng.normal(size=p) + rng.normal(size=p)
    x = conjugate_gradient(F.__matmul__, g)
    # The largest step that the guard lets through is 1 / (p round-offs of the largest curvature).
    assert np.linalg.norm(x) < np.linalg.norm(g) / (p * ROUND_OFF * sizes.max())


def test_what_is_no_gradient_or_no_matrix_is_refused():
    F = np.eye(2)
    for g, matrix_, message in (
        ([[1.0, 2.0]], F, r"^g has shape \(1, 2\), but \(any\) is expected\.$"),
        ([1.0, np.nan], F, r"^g must be finite, but it contains NaN or infinity\.$"),
        ([1.0, 2.0, 3.0], F, r"^F has shape \(2, 2\), but \(3, 3\) is expected\.$"),
        ([1.0, 2.0], F + np.inf, r"^F must be finite, but it contains NaN or infinity\.$"),
    ):
        with pytest.raises(ValueError, match=message):
            npg_step(g, matrix_, eta=1.0)
    for x in (np.inf, np.nan, "a", True, -1.0):
        with pytest.raises(
            ValueError, match=r"^delta must be (finite|a number|positive), but it is"
        ):
            npg_step([1.0, 2.0], F, delta=x)
