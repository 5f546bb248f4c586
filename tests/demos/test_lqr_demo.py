"""The numbers of the cart's demo against the package, at its own controls and at others."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from pgcompanion import lqr
from pgcompanion.demos import lqr as demo
from pgcompanion.demos.engine.controls import defaults, grid

METHODS = list(demo.LOOKS)
OTHER = {"start": (-3.1, -1.7), "sigma": 0.5, "eta": 0.02, "delta": 0.7, "lam": 0.45, "k": 3}
#: What rounding may do to a gain.
ROUNDED = 1 / demo.FINE


@pytest.fixture(params=["default", "other"])
def controls(request):
    return defaults(demo) if request.param == "default" else OTHER


def test_numbers_are_arrays_of_numbers_everywhere_on_the_grid():
    for values in grid(demo):
        found = demo.numbers(**values)
        assert all(np.isfinite(x).all() for x in found.values())
        assert {x.shape for name, x in found.items() if name in METHODS} == {(demo.K + 1, 2)}


def test_each_step_of_a_path_is_one_of_the_package(controls):
    sigma, world, found = controls["sigma"], demo.WORLD, demo.numbers(**controls)
    start = demo.STARTS.get(controls["start"], controls["start"])
    steps = {
        "gradient": lambda T: T + controls["eta"] * lqr.gradient(world, T, sigma),
        "penalty": lambda T: lqr.penalty_argmax(world, T, sigma, controls["lam"]),
        "trust region": lambda T: lqr.trust_region_argmax(world, T, sigma, controls["delta"]),
        "policy iteration": lambda T: lqr.penalty_argmax(world, T, sigma, 0.0),
    }
    for name in METHODS:
        np.testing.assert_array_equal(found[name][0], start)
    for name, step in steps.items():
        gains = found[name][:6, None]
        for T, T_new in pairwise(gains):
            np.testing.assert_allclose(T_new, step(T), atol=ROUNDED, rtol=0)


def test_a_natural_step_points_along_the_natural_gradient_and_has_its_radius(controls):
    sigma, gains = controls["sigma"], demo.numbers(**controls)["natural step"][:2, None]
    x, d = lqr.natural_gradient(demo.WORLD, gains[0], sigma), gains[1] - gains[0]
    size = np.linalg.norm(d)
    # Rounding turns a step by at most ROUNDED / size, and a cosine feels the square of it.
    assert (x * d).sum() / np.linalg.norm(x) / size == pytest.approx(1, abs=(ROUNDED / size) ** 2)
    reach = lqr.trajectory_kl(demo.WORLD, *gains, sigma)
    assert reach == pytest.approx(controls["delta"], rel=4 * ROUNDED / size)
    euclidean = lqr.gradient(demo.WORLD, gains[0], sigma)
    assert (euclidean * d).sum() < 0.999 * np.linalg.norm(euclidean) * size


def test_late_a_natural_step_goes_on_and_a_trust_region_ends(controls):
    found = demo.numbers(**controls | {"delta": 10.0})
    last = {name: np.abs(np.diff(found[name][-2:], axis=0)).max() for name in METHODS}
    assert last["trust region"] <= ROUNDED < 1e-3 < last["natural step"]


def test_what_is_lacking_is_measured_from_the_best_gain(controls):
    found, sigma = demo.numbers(**controls), controls["sigma"]
    best, J = lqr.best_single_gain(demo.WORLD, sigma)
    np.testing.assert_allclose(found["best"], best[0], rtol=1e-6)
    for name in METHODS:
        last = lqr.evaluate(demo.WORLD, found[name][-1:], sigma).J
        assert found[f"{name} lacks"][-1] == pytest.approx(J - last, abs=1e-9 * abs(J))
        assert found[f"{name} lacks"][0] > found[f"{name} lacks"][-1]


@pytest.mark.parametrize("sigma", [0.3, 0.55, 1.0])
def test_the_best_gain_is_reached_in_the_steps_that_lead_to_it(sigma):
    way = demo.path("policy iteration", 0.0, demo.STARTS["stiff cart"], sigma)
    best, _ = lqr.best_single_gain(demo.WORLD, sigma)
    np.testing.assert_allclose(way[-1:], best, atol=2 * ROUNDED)
    assert np.abs(way[1] - best).max() > 0.01


def test_the_cart_follows_its_gain(controls):
    found, (A, B) = demo.numbers(**controls), (demo.WORLD.A, demo.WORLD.B)
    for name in ["cart", *(f"{method} cart" for method in METHODS)]:
        gain = found["gradient"][:1] if name == "cart" else found[name[:-5]][[controls["k"]]]
        s = found[name]
        np.testing.assert_array_equal(s[0], demo.PUSHED)
        np.testing.assert_allclose(s[1:], s[:-1] @ (A + B @ gain).T)
    assert np.abs(s[1:] - s[:-1] @ (A + B @ found["best"][None] * 1.01).T).max() > 1e-3


def test_a_loop_is_stable_inside_the_triangle_and_on_no_other_side_of_its_edges():
    def radius(gain: np.ndarray) -> float:
        return np.abs(np.linalg.eigvals(demo.WORLD.A + demo.WORLD.B @ gain[None])).max()

    corners = demo.edge()
    middle = corners.mean(axis=0)
    assert radius(middle) < 1
    for one, other in zip(corners, np.roll(corners, 1, axis=0), strict=True):
        for part in (0.2, 0.5, 0.8):
            place = part * one + (1 - part) * other
            assert radius(place) == pytest.approx(1, abs=1e-9)
            assert (
                radius(place + 0.01 * (middle - place)) < 1 < radius(1.01 * place - 0.01 * middle)
            )
