"""The book's comparison: what is stored is what the protocol computes, for every learner and world."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion.experiments import gridworlds, sweep
from pgcompanion.experiments.gridworlds import (
    FINALISTS,
    LEARNERS,
    PROBLEMS,
    REPORT,
    RUNS,
    SEARCH,
    SECOND,
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
        second = stored.second[name]
        assert tuned.scores.shape == (TRIALS, len(PROBLEMS))
        assert second.scores.shape == (FINALISTS, len(PROBLEMS))
        best = np.argsort(-tuned.scores.mean(axis=1), kind="stable")[:FINALISTS]
        assert second.settings == [tuned.settings[i] for i in best]
        assert stored.mean[name].shape == stored.last[name].shape == (RUNS, len(PROBLEMS))
        scores = [*tuned.scores, *second.scores, *stored.mean[name], *stored.last[name]]
        assert np.isfinite(scores).all()
        assert all(set(setting) == set(LEARNERS[name]) for setting in tuned.settings)
    assert stored.tuned["NPG"].settings != stored.tuned["PPO clip"].settings


CHEAP = {world: PROBLEMS[world] for world in ("corridor", "4x4", "rooms")}
COLUMNS = [list(PROBLEMS).index(world) for world in CHEAP]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gradient", "NPG", "PPO clip"])
def test_the_stored_study_is_the_one_that_the_function_runs(name):
    """The first setting of the search, one finalist of the second round, and the first two seeds of the
    evaluation, to within what rounding can do. The controls: another setting has other scores, and so
    have other seeds.
    """
    stored = found()
    tuned, second = stored.tuned[name], stored.second[name]
    rounds = (tuned, SEEDS[0], SEARCH), (second, SEEDS[1], SECOND)
    for result, seeds, root in rounds:
        settings = {world: result.settings[0] | problem for world, problem in CHEAP.items()}
        runs = sweep(learn, seeds, settings, root=root).curves
        again = np.array([runs[world].mean() for world in CHEAP])
        np.testing.assert_allclose(again, result.scores[0, COLUMNS], atol=6e-5)
        assert np.abs(again - result.scores[1, COLUMNS]).max() > 1e-3
    mean, last = evaluated({name: second.best}, 2)
    np.testing.assert_allclose(mean[name], stored.mean[name][:2], atol=6e-5)
    np.testing.assert_allclose(last[name], stored.last[name][:2], atol=6e-5)
    assert np.abs(mean[name] - stored.mean[name][2:4]).max() > 1e-3
    assert len({SEARCH, SECOND, REPORT}) == 3


def test_a_small_study_covers_every_learner(monkeypatch):
    monkeypatch.setattr(gridworlds, "PROBLEMS", {w: PROBLEMS[w] for w in ("corridor", "4x4")})
    result = study(trials=2, seeds=(1, 1), finalists=1, runs=1)
    assert list(result.tuned) == list(result.second) == list(result.mean) == list(LEARNERS)
    assert all(len(x.settings) == 1 for x in result.second.values())
    scores = np.array(list(result.mean.values()))
    assert scores.shape == (len(LEARNERS), 1, 2)
    assert scores.max() <= 1
    assert np.ptp(scores) > 0.1


def test_scores_are_0_for_the_uniform_policy_and_1_for_the_optimum():
    """A start elsewhere, the control, would not be 0."""
    J = learn(np.random.default_rng(0), world="corridor", algorithm="npg", delta=1.0, damping=0.1)
    assert J[0] == 0
    assert 0.95 < J[-1] <= 1
    with pytest.raises(ValueError, match="world must be"):
        learn(np.random.default_rng(0), world="moon", algorithm="npg", delta=1.0)
