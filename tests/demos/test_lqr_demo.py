"""The numbers of the cart's demo against the package, at its own controls and at others."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion import lqr
from pgcompanion.demos import lqr as demo
from pgcompanion.demos.engine.controls import defaults, grid

METHODS = ["gradient", "natural", "penalty", "trust region", "summit"]
OTHER = {"spring": -3.1, "brake": -1.7, "sigma": 0.5, "eta": 0.02, "delta": 0.7, "lam": 0.45}


@pytest.fixture(params=["default", "other"])
def controls(request):
    return defaults(demo) if request.param == "default" else OTHER


def test_numbers_are_arrays_of_numbers_everywhere_on_the_grid():
    for values in grid(demo):
        found = demo.numbers(**values)
        assert all(np.isfinite(x).all() for x in found.values())
        assert {x.shape for name, x in found.items() if name in METHODS} == {(demo.K + 1, 2)}


def test_the_paths_are_those_of_the_package(controls):
    found, sigma = demo.numbers(**controls), controls["sigma"]
    for name in METHODS:
        gains = found[name]
        np.testing.assert_array_equal(gains[0], [controls["spring"], controls["brake"]])
        first, second = gains[:2, None]
        kl = lqr.trajectory_kl(demo.WORLD, first, second, sigma)
        if name in ("natural", "trust region"):
            assert kl == pytest.approx(controls["delta"], rel=1e-9)
        if name == "gradient":
            step = controls["eta"] * lqr.gradient(demo.WORLD, first, sigma)
            np.testing.assert_allclose(second - first, step)
        if name == "penalty":
            lam = lqr.multiplier(demo.WORLD, first, sigma, kl)
            assert lam == pytest.approx(controls["lam"], rel=1e-6)
    apart = np.abs(found["natural"][-1] - found["trust region"][-1]).max()
    assert apart > 1e-6  # near the summit the one shortens its step and the other does not


def test_what_is_lacking_is_measured_from_the_best_gain(controls):
    found, sigma = demo.numbers(**controls), controls["sigma"]
    best, J = lqr.best_single_gain(demo.WORLD, sigma)
    np.testing.assert_allclose(found["best"], best[0], rtol=1e-6)
    for name in METHODS:
        last = lqr.evaluate(demo.WORLD, found[name][-1:], sigma).J
        assert found[f"{name} lacks"][-1] == pytest.approx(J - last, abs=1e-9 * abs(J))
        assert found[f"{name} lacks"][0] > found[f"{name} lacks"][-1]


def test_the_cart_follows_its_gain(controls):
    found, (A, B) = demo.numbers(**controls), (demo.WORLD.A, demo.WORLD.B)
    s, gain = found["cart before"], np.array([[controls["spring"], controls["brake"]]])
    np.testing.assert_allclose(s[1:], s[:-1] @ (A + B @ gain).T)
    after = found["trust region"][-1:]
    np.testing.assert_allclose(found["cart after"][1], (A + B @ after) @ demo.PUSHED)
