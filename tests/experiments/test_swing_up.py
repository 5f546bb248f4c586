"""Pendulum with and without its model: what is stored is what the functions compute."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion import lqr
from pgcompanion.experiments import swing_up
from pgcompanion.policies import NeuralGaussian

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def rng():
    return np.random.default_rng(swing_up.SEEDS[0])


@pytest.fixture(scope="module")
def played(rng):
    return swing_up.receding(swing_up.starts(16, rng), rng)


def test_the_plans_are_those_that_are_stored_and_the_model_plays_them(played):
    first, second = swing_up.found()["plans"][:2]
    assert played.J.mean() == pytest.approx(first, abs=0.5)
    assert abs(played.J.mean() - second) > 1
    step = lqr.pendulum().step(played.s[:, :-1], played.a[:, :-1])
    np.testing.assert_allclose(step, played.s[:, 1:], atol=1e-9)
    assert np.abs(step - played.s[:, :-1]).max() > 0.1


def test_the_clone_has_learned_the_torques_and_one_that_has_not_does_not_know_them(played, rng):
    cloned, torque = swing_up.clone(played, rng), 2 * np.tanh(played.a).ravel()
    s = played.s.reshape(-1, 2)
    seen = np.stack([np.cos(s[:, 0]), np.sin(s[:, 0]), s[:, 1] / 8], axis=1)
    theta, left = cloned.init(rng), {}
    for name, w in (("clone", theta[:-1]), ("start", cloned.network.init(rng))):
        left[name] = ((cloned.network.value(w, seen).ravel() - torque) ** 2).mean() / torque.var()
    assert left["clone"] < 0.5 < 0.9 < left["start"]
    np.testing.assert_array_equal(theta, cloned.init(np.random.default_rng(5)))


def test_the_calm_start_differs_from_the_usual_one_in_its_noise_alone():
    usual = NeuralGaussian(3, n=1, sigma=None).init(np.random.default_rng(3))
    calm = swing_up.calm(np.random.default_rng(3)).init(np.random.default_rng(4))
    np.testing.assert_array_equal(calm[:-1], usual[:-1].astype(np.float32))
    assert usual[-1] == 0
    assert np.exp(calm[-1]) == pytest.approx(swing_up.SIGMA)


def test_every_seed_has_a_number_in_every_row():
    stored = swing_up.found()
    assert list(stored) == ["plans", "imitation", *swing_up.STARTS]
    assert {len(J) for J in stored.values()} == {len(swing_up.SEEDS)}
    assert len({J for row in stored.values() for J in row}) > 40
