"""The book's comparison: what is stored is what the protocol computes, for every learner and world."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion.experiments import sweep
from pgcompanion.experiments.gridworlds import (
    LEARNERS,
    PROBLEMS,
    RUNS,
    SEEDS,
    TRIALS,
    evaluated,
    found,
    learn,
    study,
)


def test_what_is_stored_is_what_the_protocol_asks_for():
    """All learners, all trials, all worlds, from the spaces as they stand, and nothing that failed."""
    stored = found()
    assert list(stored.tuned) == list(stored.mean) == list(stored.last) == list(LEARNERS)
    for name, tuned in stored.tuned.items():
        assert tuned.scores.shape == (TRIALS, len(PROBLEMS))
        assert stored.mean[name].shape == stored.last[name].shape == (RUNS, len(PROBLEMS))
        assert np.isfinite([*tuned.scores, *stored.mean[name], *stored.last[name]]).all()
        assert all(set(setting) == set(LEARNERS[name]) for setting in tuned.settings)
    assert stored.tuned["NPG"].settings != stored.tuned["PPO clip"].settings


@pytest.mark.parametrize("name", ["gradient", "NPG", "PPO clip"])
def test_the_stored_study_is_the_one_that_the_function_runs(name):
    """The first setting of the search and the first two seeds of the evaluation, to within what rounding can do.

    The control: the second setting has other scores.
    """
    stored = found()
    tuned = stored.tuned[name]
    settings = {world: tuned.settings[0] | problem for world, problem in PROBLEMS.items()}
    runs = sweep(learn, SEEDS, settings, root=1).curves
    again = np.array([runs[world].mean() for world in PROBLEMS])
    np.testing.assert_allclose(again, tuned.scores[0], atol=6e-5)
    assert np.abs(again - tuned.scores[1]).max() > 1e-2
    mean, last = evaluated({name: tuned.best}, 2)
    np.testing.assert_allclose(mean[name], stored.mean[name][:2], atol=6e-5)
    np.testing.assert_allclose(last[name], stored.last[name][:2], atol=6e-5)


def test_a_small_study_covers_every_learner():
    result = study(trials=1, seeds=1, runs=1)
    assert list(result.tuned) == list(result.mean) == list(LEARNERS)
    scores = np.array(list(result.mean.values()))
    assert scores.shape == (len(LEARNERS), 1, len(PROBLEMS))
    assert scores.max() <= 1
    assert np.ptp(scores) > 0.1


def test_scores_are_0_for_the_uniform_policy_and_1_for_the_optimum():
    """A start elsewhere, the control, would not be 0."""
    J = learn(np.random.default_rng(0), world="corridor", algorithm="npg", delta=1.0, damping=0.1)
    assert J[0] == 0
    assert 0.95 < J[-1] <= 1
    with pytest.raises(ValueError, match="world must be"):
        learn(np.random.default_rng(0), world="moon", algorithm="npg", delta=1.0)
