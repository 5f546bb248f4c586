"""The book's comparison: what is stored is what the protocol computes, for every learner and world."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion.experiments import gridworlds, sweep
from pgcompanion.experiments.gridworlds import (
    LEARNERS,
    PROBLEMS,
    PROTOCOLS,
    STORED,
    TRIALS,
    Protocol,
    Round,
    evaluated,
    found,
    learn,
    study,
)

BOTH = pytest.mark.parametrize(
    ("path", "protocol"), [*zip(STORED, PROTOCOLS, strict=True)], ids=["study", "again"]
)


@BOTH
def test_what_is_stored_is_what_the_protocol_asks_for(path, protocol):
    """All learners, all trials, all worlds, from the spaces as they stand, and nothing that failed."""
    stored = found(path)
    finalists, runs = protocol.finalists, protocol.report.runs
    assert list(stored.tuned) == list(stored.mean) == list(stored.last) == list(LEARNERS)
    for name, tuned in stored.tuned.items():
        second = stored.second[name]
        assert tuned.scores.shape == (TRIALS, len(PROBLEMS))
        assert second.scores.shape == (finalists, len(PROBLEMS))
        best = np.argsort(-tuned.scores.mean(axis=1), kind="stable")[:finalists]
        assert second.settings == [tuned.settings[i] for i in best]
        assert stored.mean[name].shape == stored.last[name].shape == (runs, len(PROBLEMS))
        scores = [*tuned.scores, *second.scores, *stored.mean[name], *stored.last[name]]
        assert np.isfinite(scores).all()
        assert all(set(setting) == set(LEARNERS[name]) for setting in tuned.settings)
    assert stored.tuned["NPG"].settings != stored.tuned["PPO clip"].settings


def test_the_repetition_shares_no_seed_and_no_setting_with_the_study():
    """The control: within a study, learners with the same space draw the same settings."""
    first, again = map(found, STORED)
    rounds = [x for protocol in PROTOCOLS for x in protocol[:3]]
    assert len({x.root for x in rounds}) == len(rounds)
    for name in LEARNERS:
        tried = [{str(setting) for setting in x.tuned[name].settings} for x in (first, again)]
        assert tried[0].isdisjoint(tried[1])
    radii = [[x["delta"] for x in first.tuned[name].settings] for name in ("NPG", "TRPO")]
    assert radii[0] == radii[1]


CHEAP = {world: PROBLEMS[world] for world in ("corridor", "4x4", "rooms")}
COLUMNS = [list(PROBLEMS).index(world) for world in CHEAP]


# Half of the last stored decimal. Adam, which PPO's passes use, lets another processor's round-off grow.
NEAR = {"gradient": 6e-5, "NPG": 6e-5, "PPO clip": 5e-3}


@pytest.mark.slow
@pytest.mark.parametrize("name", NEAR)
@BOTH
def test_the_stored_study_is_the_one_that_the_function_runs(name, path, protocol):
    """The first setting of the search, one finalist of the second round, and the first two seeds of the
    evaluation, to within what rounding can do. The controls: another setting has other scores, and so
    have other seeds.
    """
    near, other = NEAR[name], max(1e-3, 4 * NEAR[name])
    stored = found(path)
    tuned, second = stored.tuned[name], stored.second[name]
    for result, (seeds, root) in (tuned, protocol.search), (second, protocol.second):
        settings = {world: result.settings[0] | problem for world, problem in CHEAP.items()}
        runs = sweep(learn, seeds, settings, root=root).curves
        again = np.array([runs[world].mean() for world in CHEAP])
        np.testing.assert_allclose(again, result.scores[0, COLUMNS], atol=near)
        assert np.abs(again - result.scores[1, COLUMNS]).max() > other
    mean, last = evaluated({name: second.best}, 2, protocol.report.root)
    np.testing.assert_allclose(mean[name], stored.mean[name][:2], atol=near)
    np.testing.assert_allclose(last[name], stored.last[name][:2], atol=near)
    assert np.abs(mean[name] - stored.mean[name][2:4]).max() > other


@pytest.mark.slow
def test_a_small_study_covers_every_learner(monkeypatch):
    monkeypatch.setattr(gridworlds, "PROBLEMS", {w: PROBLEMS[w] for w in ("corridor", "4x4")})
    quick = Protocol(Round(1, 1), Round(1, 2), Round(1, 3), finalists=1)
    result = study(protocol=quick, trials=2)
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
