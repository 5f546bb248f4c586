"""What the picture and the sentence of the demo of the two gradient fields claim is so."""

from __future__ import annotations

import re
from itertools import product

import numpy as np
import pytest
from matplotlib.quiver import Quiver

from pgcompanion import exact, style
from pgcompanion.demos import softmax_geometry as demo
from pgcompanion.demos.engine.controls import grid
from pgcompanion.policies.softmax import softmax

GAPS = demo.controls["gap"].values
SETTINGS = list(product(demo.STARTS, GAPS))


@pytest.fixture
def thetas() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(20, 3))


# --- The fields ---------------------------------------------------------------------------------


@pytest.mark.statement("npg")
@pytest.mark.parametrize("gap", GAPS)
def test_the_arrows_are_the_gradient_and_the_pseudo_inverse_times_the_gradient(
    gap, thetas, measure
):
    mdp = demo.decision(gap)
    worst = []
    for theta in thetas:
        g, F = (f(mdp, demo.POLICY, theta) for f in (exact.gradient, exact.fisher))
        expected = np.linalg.pinv(F, rcond=1e-10, hermitian=True) @ g
        worst += [demo.natural(theta, gap) - expected, demo.vanilla(theta, gap) - 3 * g]
        assert not np.allclose(demo.natural(theta, gap), F @ g, atol=0.01)  # the forgotten inverse
    assert measure(np.array(worst), over=len(thetas), of="policies") < 1e-10


@pytest.mark.parametrize("gap", GAPS)
def test_both_methods_take_the_same_step_from_the_uniform_policy_and_from_no_other(gap, thetas):
    np.testing.assert_allclose(
        demo.vanilla(np.zeros(3), gap), demo.natural(np.zeros(3), gap), atol=1e-10
    )
    for theta in thetas:
        assert not np.allclose(demo.vanilla(theta, gap), demo.natural(theta, gap), atol=0.01)


@pytest.mark.parametrize("gap", GAPS)
def test_in_the_logits_the_natural_field_is_constant_and_the_vanilla_field_dies_at_the_corners(gap):
    lengths = {}
    for method in demo.STEPS:
        tail, head = demo.field(method, gap, "logits")
        lengths[method] = np.linalg.norm(head - tail, axis=1)
        same = np.allclose(head - tail, (1.0, 1 - gap), atol=1e-10)
        assert same == (method == "Natural")
    corner = 1 - softmax(np.column_stack([tail, np.zeros(len(tail))])).max(axis=1)
    assert (lengths["Vanilla"] <= 3 * np.sqrt(8) * corner).all()
    assert not (lengths["Natural"] <= 3 * np.sqrt(8) * corner).all()
    assert corner.min() < 0.003


def test_among_probabilities_near_a_corner_one_field_is_short_of_first_order_and_one_of_second():
    lengths = []
    for rare in (1e-2, 1e-3):
        pi = np.array([rare, 1 - 2 * rare, rare])
        steps = [softmax(np.log(pi) + step(np.log(pi), 0.5)) - pi for step in demo.STEPS.values()]
        lengths.append([abs(step[0]) for step in steps])
    vanilla, natural = np.divide(*lengths)
    assert 80 < vanilla < 120
    assert 8 < natural < 12


# --- The paths ----------------------------------------------------------------------------------


@pytest.mark.statement("gradient_ascent", "npg")
@pytest.mark.parametrize(("start", "gap"), SETTINGS)
def test_the_paths_are_the_iterates_of_both_methods(start, gap):
    r, theta = demo.decision(gap).r[0], np.log(demo.STARTS[start])
    natural = demo.path("Natural", start, gap)
    closed = theta + np.arange(demo.K + 1)[:, None] * (r - r.mean())
    np.testing.assert_allclose(natural, closed, atol=1e-10)
    for iterate in demo.path("Vanilla", start, gap):
        np.testing.assert_allclose(iterate, theta, atol=1e-10)
        pi = softmax(theta)
        theta = theta + 3 * pi * (r - pi @ r)
    assert not np.allclose(demo.path("Vanilla", start, gap), natural, atol=0.1)


@pytest.mark.parametrize(("start", "gap"), SETTINGS)
def test_what_is_missing_is_exact_falls_at_every_step_and_is_least_for_the_natural_gradient(
    start, gap
):
    lacks = {}
    for method in demo.STEPS:
        theta = demo.path(method, start, gap)
        lacks[method] = demo.missing(theta, gap)
        for k in (0, 8, demo.K):
            J = exact.evaluate(demo.decision(gap), demo.POLICY.table(theta[k])).J
            assert abs(lacks[method][k] - (1 - J)) < 1e-10
        assert (np.diff(lacks[method]) < 0).all()
    assert lacks["Natural"][-1] < lacks["Vanilla"][-1]


def test_from_the_centre_one_falls_exponentially_and_the_other_like_one_over_k():
    k, gap = np.array([32, 64, 128]), 0.5
    natural, vanilla = (
        demo.missing(demo.path(method, "in the centre", gap), gap)[k]
        for method in ("Natural", "Vanilla")
    )
    np.testing.assert_allclose(np.log(natural[1:] / natural[:-1]), -gap * np.diff(k), rtol=1e-3)
    np.testing.assert_allclose(vanilla[1:] / vanilla[:-1], 0.5, rtol=0.15)
    assert not np.allclose(natural[1:] / natural[:-1], 0.5, rtol=0.15)


def test_beside_the_second_best_the_vanilla_gradient_stands_still_and_the_natural_leaves():
    gap, k = 0.2, 32
    pi = {
        method: softmax(demo.path(method, "near the second best", gap)[k]) for method in demo.STEPS
    }
    assert pi["Vanilla"].argmax() == 1
    assert pi["Natural"].argmax() == 0


# --- The picture and the sentence ---------------------------------------------------------------


def test_corners_of_the_triangle_are_the_actions():
    certain = np.log(np.eye(3).clip(1e-300))
    np.testing.assert_allclose(demo.place(certain, "probabilities"), demo.CORNERS, atol=1e-10)
    middle = demo.place(np.zeros(3), "probabilities")
    np.testing.assert_allclose(middle, demo.CORNERS.mean(axis=0), atol=1e-10)
    np.testing.assert_allclose(np.diff(demo.CORNERS[[0, 1, 2, 0]], axis=0) ** 2 @ [1, 1], 1)


@pytest.mark.parametrize("view", demo.VIEWS)
@pytest.mark.parametrize("k", [0, 1, 32, demo.K])
def test_arrows_paths_and_curves_are_the_fields_the_iterates_and_what_they_lack(view, k):
    start, gap = "near the worst", 0.2
    *fields, lacks = demo.frame(start, gap, view, k).axes
    for ax, (method, colour) in zip(fields, demo.COLOURS.items(), strict=True):
        tail, head = demo.field(method, gap, view)
        (arrows,) = [each for each in ax.collections if isinstance(each, Quiver)]
        drawn = np.column_stack([arrows.U, arrows.V])
        np.testing.assert_allclose(arrows.XY, tail, atol=1e-10)
        np.testing.assert_allclose(drawn, head - tail, atol=1e-10)
        theta = demo.path(method, start, gap)
        line, dots, now = [each for each in ax.lines if each.get_color() == colour]
        np.testing.assert_allclose(line.get_xydata(), demo.place(theta, view)[: k + 1], atol=1e-10)
        np.testing.assert_allclose(now.get_xydata()[0], demo.place(theta, view)[k], atol=1e-10)
        assert len(dots.get_xydata()) == sum(int(stop) <= k for stop in demo.controls["k"].values)
        curve, past, *_ = [each for each in lacks.lines if each.get_color() == colour]
        np.testing.assert_allclose(curve.get_ydata(), demo.missing(theta, gap), atol=1e-10)
        np.testing.assert_allclose(past.get_xdata(), range(k + 1))


def test_what_is_too_small_for_the_panel_is_a_triangle_at_its_edge():
    for k, marker, y in ((1, "o", None), (demo.K, "v", demo.LEAST)):
        lacks = demo.frame("far from the best", 0.5, "probabilities", k).axes[2]
        current = [each for each in lacks.lines if each.get_color() == style.VERMILLION][-2]
        assert (current.get_marker(), current.get_xdata()[0]) == (marker, k)
        assert y is None or current.get_ydata()[0] == y
    assert demo.missing(demo.path("Natural", "far from the best", 0.5)[-1], 0.5) < demo.LEAST


def test_the_picture_says_when_a_path_has_left_it():
    def absent(view: str, k: int) -> list[str]:
        axes = demo.frame("in the centre", 0.2, view, k).axes
        return [words.get_color() for ax in axes for words in ax.texts if "off" in words.get_text()]

    assert absent("logits", 2) == []
    assert absent("logits", 64) == [style.words(style.VERMILLION)]
    assert absent("probabilities", 128) == []


def test_the_sentence_states_where_both_methods_are():
    number = r"([\d.]+)"
    pattern = (
        rf"π = \({number}, {number}, {number}\), J lacks (?:{number}|less than 0.0001), "
        rf"and the next step moves the logits by {number}\."
    )
    for values in grid(demo):
        start, gap, _, k = values.values()
        found = re.findall(pattern, demo.describe(**values))
        for (method, step), (*pi, lack, length) in zip(demo.STEPS.items(), found, strict=True):
            theta = demo.path(method, start, gap)[k]
            np.testing.assert_allclose(np.array(pi, float), softmax(theta), atol=6e-4)
            expected = demo.missing(theta, gap)
            assert float(lack) == pytest.approx(expected, rel=0.06) if lack else expected < 1.1e-4
            assert float(length) == pytest.approx(np.linalg.norm(step(theta, gap)), rel=0.06)
