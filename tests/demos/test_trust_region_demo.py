"""What the picture and the sentence of the trust region demo claim is so."""

from __future__ import annotations

import re

import numpy as np
import pytest

from pgcompanion import exact, style
from pgcompanion.batches import Exact
from pgcompanion.demos import trust_region as demo
from pgcompanion.demos.engine.controls import grid
from pgcompanion.steps import ppo_step

pytestmark = pytest.mark.statement("trpo")

EVERY = list(grid(demo))
BOLD = {"start": "(1, 3)", "delta": 2.0, "eps": 0.2}


def kl(start: str, d: np.ndarray) -> float:
    """The divergence of the trajectories, which the demo finds from the visits."""
    theta = np.array(demo.STARTS[start])
    return exact.trajectory_kl(
        demo.MDP, demo.POLICY.table(theta), demo.POLICY.table(theta + np.asarray(d))
    )


def model(start: str, d: np.ndarray) -> float:
    F = exact.fisher(demo.MDP, demo.POLICY, np.array(demo.STARTS[start]))
    return float(d @ F @ d / 2)


def drawn_ellipse(values: dict) -> np.ndarray:
    return next(
        np.array(line.get_data()).T
        for line in demo.frame(**values).axes[0].lines
        if line.get_linestyle() == "--"
    )


@pytest.mark.parametrize("start", demo.STARTS)
def test_the_solid_line_is_where_the_true_divergence_is_the_radius(start):
    low, high = np.array([demo.PLANE.xlim, demo.PLANE.ylim]).T
    for delta in (0.1, 1.0):
        ax = demo.frame(start, delta, 0.2).axes[0]
        contour = next(each for each in ax.collections if list(each.levels) == [delta])
        points = np.concatenate([path.vertices for path in contour.get_paths()])
        inner = points[((points > low + 0.01) & (points < high - 0.01)).all(axis=1)]
        assert len(inner) > 20
        found = np.array([kl(start, d) for d in inner])
        np.testing.assert_allclose(found, delta, rtol=0.05)


@pytest.mark.statement("fisher_trajectory")
@pytest.mark.parametrize("start", demo.STARTS)
def test_the_dashed_line_is_where_the_model_is_the_radius(start):
    for delta in (0.05, 2.0):
        ellipse = drawn_ellipse({"start": start, "delta": delta, "eps": 0.2})
        found = [model(start, d) for d in ellipse]
        np.testing.assert_allclose(found, delta, rtol=1e-10)
        assert model(start, 1.1 * ellipse[0]) > 1.2 * delta


@pytest.mark.statement("fisher_trajectory")
@pytest.mark.parametrize("start", demo.STARTS)
def test_the_model_is_good_for_a_small_radius_and_wrong_for_a_large_one(start):
    def worst(delta: float) -> float:
        ellipse = drawn_ellipse({"start": start, "delta": delta, "eps": 0.2})
        return max(abs(kl(start, d) / delta - 1) for d in ellipse)

    errors = [worst(delta) for delta in demo.controls["delta"].values]
    assert errors == sorted(errors)
    assert errors[-1] > max(0.25, 3 * errors[0])


@pytest.mark.statement("trpo_implement")
def test_trpo_stays_in_the_ball_on_the_natural_ray_and_keeps_what_it_can():
    for values in EVERY:
        by, tried = demo.steps(**values)
        start, delta = values["start"], values["delta"]
        assert kl(start, by["TRPO"]) <= delta
        np.testing.assert_allclose(by["TRPO"], tried[-1] * by["NPG"], atol=1e-10)
        assert all(kl(start, part * by["NPG"]) > delta for part in tried[:-1])


@pytest.mark.statement("npg_optimization")
def test_gradient_and_natural_step_are_equally_long_for_the_model_and_point_elsewhere():
    for values in EVERY:
        by, delta = demo.steps(**values).by, values["delta"]
        for name in ("gradient", "NPG"):
            assert model(values["start"], by[name]) == pytest.approx(delta, rel=1e-9)
        g = exact.gradient(demo.MDP, demo.POLICY, np.array(demo.STARTS[values["start"]]))
        np.testing.assert_allclose(
            by["gradient"] / np.linalg.norm(by["gradient"]), g / np.linalg.norm(g), atol=1e-9
        )
        assert g @ by["NPG"] > g @ by["gradient"]


def test_without_the_check_the_natural_step_leaves_the_ball():
    natural = demo.steps(**BOLD).by["NPG"]
    assert kl("(1, 3)", natural) > 1.8 * BOLD["delta"]
    assert demo.gain("(1, 3)", natural) < demo.gain("(1, 3)", demo.steps(**BOLD).by["TRPO"])
    timid = demo.steps("(2, 0)", 2.0, 0.2)
    assert kl("(2, 0)", timid.by["NPG"]) < 0.6 * 2.0
    assert len(timid.tried) == 1


@pytest.mark.statement("ppo_clip")
def test_ppo_knows_its_clip_range_and_not_the_radius():
    for start in demo.STARTS:
        ends = {
            (values["delta"], values["eps"]): demo.steps(**values).by["PPO"]
            for values in EVERY
            if values["start"] == start
        }
        for (_, eps), end in ends.items():
            np.testing.assert_array_equal(end, ends[0.05, eps])
            theta = np.array(demo.STARTS[start])
            batch = Exact(demo.MDP)(demo.POLICY, theta)
            update = ppo_step(demo.POLICY, theta, batch, eps=eps, epochs=20)
            np.testing.assert_allclose(end, update - theta, atol=1e-12)
        assert kl(start, ends[0.05, 0.4]) > kl(start, ends[0.05, 0.1])


@pytest.mark.statement("surrogate")
@pytest.mark.parametrize("start", demo.STARTS)
def test_the_smaller_the_step_the_better_the_promise(start):
    def broken(delta: float) -> float:
        d, theta = demo.steps(start, delta, 0.2).by["NPG"], np.array(demo.STARTS[start])
        return abs(
            demo.gain(start, d) / exact.surrogate(demo.MDP, demo.POLICY, theta, theta + d) - 1
        )

    # The error is of second order and the promise of first, so their ratio falls as the length
    # does.
    assert broken(5e-6) == pytest.approx(broken(5e-4) / 10, rel=0.1)
    assert broken(5e-4) < broken(0.05) < 0.2


def marks(ax, name: str) -> np.ndarray:
    """Where the marks of a method stand."""
    colour, shape = demo.LOOKS[name]
    found = [line for line in ax.lines if (line.get_color(), line.get_marker()) == (colour, shape)]
    return np.array([np.ravel(line.get_data()) for line in found if line.get_markersize() > 6])


def test_marks_stand_at_the_steps_and_bars_are_the_shares():
    for values in ({**BOLD, "start": start} for start in demo.STARTS):
        plane, along, gains = demo.frame(**values).axes
        by, tried = demo.steps(**values)
        theta = np.array(demo.STARTS[values["start"]])
        low, high = np.array([demo.PLANE.xlim, demo.PLANE.ylim]).T
        bars = [line.get_xdata()[1] for line in gains.lines if line.get_linewidth() == 6]
        for bar, (name, d) in zip(bars, by.items(), strict=True):
            np.testing.assert_allclose(marks(plane, name), [d], atol=1e-12)
            assert ((low < d) & (d < high)).all()
            promised = exact.surrogate(demo.MDP, demo.POLICY, theta, theta + d)
            assert bar == pytest.approx(demo.gain(values["start"], d) / promised, rel=1e-9)
        for name in ("NPG", "TRPO"):
            assert marks(along, name)[0, 1] == pytest.approx(kl(values["start"], by[name]) / 2.0)
        dots = next(line for line in along.lines if line.get_color() == style.VERMILLION)
        expected = [kl(values["start"], part * by["NPG"]) / 2.0 for part in tried]
        np.testing.assert_allclose(dots.get_ydata(), expected, rtol=1e-9)


def test_the_sentence_states_divergences_and_gains():
    words = demo.describe(**BOLD)
    by = demo.steps(**BOLD).by
    found = re.findall(
        r"divergence (\S+)\. .*: (\S+)\. The .* has (\S+); PPO .* has (\S+)\. G", words
    )
    expected = [kl("(1, 3)", by[name]) for name in ("NPG", "TRPO", "gradient", "PPO")]
    np.testing.assert_allclose([float(x) for x in found[0]], expected, atol=5e-4)
    for name, stated in re.findall(r"(gradient|NPG|TRPO|PPO) (\d\.\d+)", words.split("Gains")[1]):
        assert float(stated) == pytest.approx(demo.gain("(1, 3)", by[name]), abs=5e-4)
