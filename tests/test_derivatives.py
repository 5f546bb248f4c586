"""Derivatives by complex steps and by central differences, against derivatives that are known."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion.derivatives import central_difference, complex_step, jvp, vjp

EXACT = 1e-12


def f(x):
    """From ``(2, 3)`` to ``(2,)``."""
    return np.exp(x[0]) @ x[1] * np.stack([np.tanh(x[1, 2]), x[0, 0] ** 3])


def jacobian(x):
    """By hand, shape ``(2, 2, 3)``."""
    e, t = np.exp(x[0]), np.tanh(x[1, 2])
    inner, factors = e @ x[1], np.array([t, x[0, 0] ** 3])
    d = factors[:, None, None] * np.stack([e * x[1], e])
    d[0, 1, 2] += inner * (1 - t**2)
    d[1, 0, 0] += inner * 3 * x[0, 0] ** 2
    return d


@pytest.mark.statement("parameterizations")
def test_a_complex_step_is_the_derivative_to_round_off(rng):
    x, v, w = rng.normal(size=(2, 3)), rng.normal(size=(2, 3)), rng.normal(size=2)
    J = jacobian(x)
    np.testing.assert_allclose(complex_step(f, x), J, rtol=EXACT, atol=EXACT)
    np.testing.assert_allclose(jvp(f, x, v), (J * v).sum(axis=(1, 2)), rtol=EXACT)
    np.testing.assert_allclose(vjp(f, x, w), np.tensordot(w, J, 1), rtol=EXACT, atol=EXACT)
    differences = central_difference(f, x)
    np.testing.assert_allclose(differences, J, rtol=1e-7, atol=1e-8)
    assert np.abs(differences - J).max() > EXACT
    assert np.abs(jvp(f, x, -v) - jvp(f, x, v)).max() > 1e-2


def test_a_derivative_is_differentiated_once_more(rng):
    """At complex points a difference takes the place of the step; a small imaginary part goes
    through it.
    """
    x, v, u = rng.normal(size=(3, 2, 3))
    z = x + 1j * u
    np.testing.assert_allclose(jvp(f, z, v), (jacobian(z) * v).sum(axis=(1, 2)), rtol=1e-9)
    second = complex_step(lambda y: jvp(f, y, v), x)
    by_difference = central_difference(lambda y: jvp(f, y, v), x)
    np.testing.assert_allclose(second, by_difference, rtol=1e-7, atol=1e-7)
    np.testing.assert_array_equal(jvp(f, z, 0 * v), 0)


def test_shapes_and_precision():
    assert complex_step(lambda x: x.sum(), np.ones((2, 3))).shape == (2, 3)
    assert complex_step(lambda x: np.outer(x, x), np.ones(3)).shape == (3, 3, 3)
    assert central_difference(lambda x: 2 * x, np.ones(3)).shape == (3, 3)
    single = complex_step(lambda x: np.exp(x), np.zeros(2, np.float32))
    assert single.dtype == np.float32
    np.testing.assert_array_equal(single, np.eye(2))
    assert float(complex_step(lambda x: x**2, 3)) == 6.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: complex_step(np.abs, np.ones(2)), "f must return complex numbers for a complex x"),
        (lambda: jvp(np.exp, [np.nan], [1.0]), "x must be finite, but it contains NaN"),
        (
            lambda: jvp(np.exp, [1.0], [1.0, 2.0]),
            r"v and x must have one shape, but found \(2,\) and",
        ),
        (
            lambda: vjp(np.exp, [1.0], [1.0, 2.0]),
            r"w has shape \(2,\), but \(1,\), that of f\(x\), is",
        ),
        (lambda: central_difference(np.exp, [np.inf]), "x must be finite, but it contains NaN"),
    ],
)
def test_a_value_that_cannot_be_right_is_refused(call, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        call()
