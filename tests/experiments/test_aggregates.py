"""Aggregates over tasks: what they are of numbers that can be worked out, and how often their intervals are right."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from pgcompanion.experiments import (
    interquartile_mean,
    performance_profile,
    probability_of_improvement,
    stratified_interval,
)


def test_the_interquartile_mean_is_the_mean_of_the_middle_half(rng):
    """A run that explodes does not move it. It moves the mean, the control."""
    scores = rng.normal(size=(8, 5))
    middle = np.sort(scores.ravel())[10:30].mean()
    assert interquartile_mean(scores) == pytest.approx(middle, abs=1e-12)
    wild = scores.copy()
    wild[np.unravel_index(scores.argmax(), scores.shape)] = 1e6
    assert interquartile_mean(wild) == pytest.approx(middle, abs=1e-12)
    assert wild.mean() > scores.mean() + 1e4


def test_the_probability_of_improvement_is_that_of_mann_and_whitney(rng):
    """The mean over tasks of U / n n'. Pooled over the tasks, the control, it is another number."""
    one, other = rng.normal([0, 5, 0], size=(9, 3)), rng.normal([1, 0, 9], size=(7, 3))
    other[:3, 0] = one[:3, 0]  # ties
    by_task = [stats.mannwhitneyu(one[:, j], other[:, j]).statistic / (9 * 7) for j in range(3)]
    got = probability_of_improvement(one, other)
    assert got == pytest.approx(np.mean(by_task), abs=1e-12)
    assert got + probability_of_improvement(other, one) == pytest.approx(1.0)
    assert probability_of_improvement(one, one) == 0.5
    pooled = stats.mannwhitneyu(one.ravel(), other.ravel()).statistic / (27 * 21)
    assert abs(got - pooled) > 0.01


def test_a_profile_falls_from_all_to_none(rng):
    """Its area over [0, 1] is the mean score there; the profile of other scores, the control, has another."""
    scores, levels = rng.random((20, 4)), np.linspace(0, 1, 2001)
    profile = performance_profile(scores, levels)
    assert profile[0] == 1
    assert profile[-1] == 0
    assert (np.diff(profile) <= 0).all()
    assert np.trapezoid(profile, levels) == pytest.approx(scores.mean(), abs=1e-3)
    assert abs(np.trapezoid(performance_profile(scores**2, levels), levels) - scores.mean()) > 0.05


def test_an_interval_keeps_the_tasks_apart(rng):
    """Two tasks whose scores lie far apart. Drawn without regard to tasks, the control, the interval is wide."""
    scores = rng.normal(loc=[0.0, 100.0], size=(20, 2))
    mean, low, high = stratified_interval(np.mean, scores, rng=rng)
    assert mean == pytest.approx(scores.mean())
    stderr = np.sqrt((scores.var(axis=0) / 20).sum()) / 2
    assert (high - low) / 2 == pytest.approx(1.96 * stderr, rel=0.15)
    pooled = rng.choice(scores.ravel(), size=(2000, scores.size)).mean(axis=1)
    assert np.ptp(np.quantile(pooled, [0.025, 0.975])) > 10 * (high - low)


def test_an_interval_covers_about_as_often_as_it_says(rng):
    """10 runs on 6 tasks, 300 experiments: about 95%. Shrunk to half, the control, far less often."""
    truth, hits, narrow = np.arange(6).mean(), 0, 0
    for _ in range(300):
        scores = rng.normal(loc=np.arange(6.0), size=(10, 6))
        mean, low, high = stratified_interval(np.mean, scores, rng=rng, resamples=200)
        hits += low <= truth <= high
        narrow += (mean + low) / 2 <= truth <= (mean + high) / 2
    stderr = np.sqrt(0.95 * 0.05 / 300)
    assert abs(hits / 300 - 0.93) < 4 * stderr
    assert narrow / 300 < 0.93 - 8 * stderr


def test_of_two_tables_each_is_drawn_for_itself(rng):
    one, other = rng.normal(0.5, size=(12, 3)), rng.normal(size=(10, 3))
    point, low, high = stratified_interval(probability_of_improvement, one, other, rng=rng)
    assert point == probability_of_improvement(one, other)
    assert low < point < high
    curve = stratified_interval(lambda x: performance_profile(x, [0.0, 9.0]), one, rng=rng)
    assert curve.low.shape == curve.high.shape == (2,)
    assert curve.low[0] < curve.high[0]
    assert curve.low[1] == curve.high[1] == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda rng: interquartile_mean(np.ones(3)), "scores has shape"),
        (lambda rng: interquartile_mean([[np.nan]]), "scores must be finite"),
        (
            lambda rng: probability_of_improvement(np.ones((2, 3)), np.ones((2, 2))),
            "other has shape",
        ),
        (lambda rng: performance_profile(np.ones((2, 3)), 0.5), "levels has shape"),
        (lambda rng: stratified_interval(np.mean, np.ones((1, 3)), rng=rng), "at least two rows"),
        (
            lambda rng: stratified_interval(np.mean, np.ones((2, 3)), rng=rng, level=95),
            "level must",
        ),
        (
            lambda rng: stratified_interval(np.mean, np.ones((2, 3)), rng=rng, resamples=0),
            "resamples",
        ),
    ],
)
def test_a_wrong_argument_is_named(call, message, rng):
    with pytest.raises(ValueError, match=message):
        call(rng)
