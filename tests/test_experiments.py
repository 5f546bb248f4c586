"""Sweeps give the same on every backend and lose nothing to a failing run; their intervals cover."""

from __future__ import annotations

import io
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import product
from types import SimpleNamespace
from typing import Any

import joblib
import numpy as np
import pytest
from scipy import stats

from pgcompanion.algorithms import Iterate, npg
from pgcompanion.batches import Sampled
from pgcompanion.experiments import Sweep, interval, sweep
from pgcompanion.gridworld import GridWorld
from pgcompanion.policies import TabularSoftmax

SETTINGS = {"short": {"delta": 0.1, "K": 5}, "long": {"delta": 0.5, "K": 8}}


@pytest.fixture(scope="module")
def task() -> Callable[..., Iterator[Iterate]]:
    """Sampled NPG: what an algorithm of the package yields is what a task may return."""
    world = GridWorld.named("4x4").mdp(H=10)
    policy = TabularSoftmax(world.S, world.A)

    def run(rng: np.random.Generator, delta: float, K: int) -> Iterator[Iterate]:
        source = Sampled(world, N=20, rng=rng)
        return npg(source, policy, np.zeros(policy.p), delta=delta, K=K)

    return run


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A client of a Dask cluster of two processes on this machine."""
    from distributed import Client, LocalCluster

    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with LocalCluster(**options) as local, Client(local) as client:
        yield client


# --- The same everywhere --------------------------------------------------------------------------


def by_hand(task: Callable[..., Iterator[Iterate]], seeds: int) -> dict[str, np.ndarray]:
    children = np.random.SeedSequence(0).spawn(seeds)
    return {
        name: np.array(
            [[it.J for it in task(rng=np.random.default_rng(s), **setting)] for s in children]
        )
        for name, setting in SETTINGS.items()
    }


def assert_the_same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> None:
    assert list(one) == list(other)
    for name in one:
        np.testing.assert_array_equal(one[name], other[name])


@pytest.mark.parametrize("n_jobs", [None, 1, 2])
def test_the_number_of_processes_does_not_change_the_result(task, n_jobs):
    assert_the_same(sweep(task, 4, SETTINGS, n_jobs=n_jobs).curves, by_hand(task, 4))


def test_a_dask_cluster_does_not_change_the_result(task, cluster):
    with joblib.parallel_config(backend="dask"):
        result = sweep(task, 4, SETTINGS)
    assert_the_same(result.curves, by_hand(task, 4))


def test_the_runs_are_where_they_were_sent(cluster):
    def where(rng: np.random.Generator) -> int:
        time.sleep(0.05)
        return os.getpid()

    here = sweep(where, 8, [{}]).curves[""]
    there = sweep(where, 8, [{}], n_jobs=2).curves[""]
    with joblib.parallel_config(backend="dask"):
        far = sweep(where, 8, [{}]).curves[""]
    assert set(here) == {os.getpid()}
    assert os.getpid() not in there
    assert set(far) == set(cluster.run(os.getpid).values())


def test_another_root_gives_other_results_and_so_does_another_seed(task):
    """The negative control of the two tests above: these curves can differ."""
    curves = sweep(task, 4, SETTINGS).curves
    others = sweep(task, 4, SETTINGS, root=1).curves
    assert (curves["long"] != others["long"]).any(axis=1).all()
    assert len(np.unique(curves["long"], axis=0)) == 4


def test_a_single_run_can_be_repeated_by_its_seed(task):
    every = sweep(task, 4, SETTINGS)
    one = sweep(task, [2], {"long": SETTINGS["long"]})
    np.testing.assert_array_equal(one.curves["long"], every.curves["long"][[2]])
    assert one.seeds["long"].tolist() == [2]
    assert every.seeds["short"].tolist() == [0, 1, 2, 3]


def test_all_settings_meet_the_same_streams():
    curves = sweep(lambda rng, scale: scale * rng.normal(), 5, [{"scale": 1}, {"scale": 3}]).curves
    np.testing.assert_array_equal(3 * curves["scale=1"], curves["scale=3"])


# --- Runs that fail -------------------------------------------------------------------------------


def swept_with_failures(**options: Any) -> tuple[Sweep, np.ndarray, float]:
    """A sweep with failing runs, what its runs draw, and the limit below which half of them fail."""
    whole = sweep(lambda rng: rng.random(), 6, [{}]).curves[""]
    limit = float(np.median(whole))

    def task(rng: np.random.Generator, limit: float) -> list[float]:
        x = rng.random()
        if x < limit:
            raise ZeroDivisionError(f"{x} is below the limit")
        return [x, limit]

    settings = {"never": {"limit": -1.0}, "half": {"limit": limit}, "always": {"limit": 2.0}}
    with pytest.warns(RuntimeWarning, match=r"9 of 18 runs failed:\nsetting 'always', seed 0"):
        return sweep(task, 6, settings, **options), whole, limit


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_failing_run_is_reported_and_the_others_are_kept(n_jobs):
    result, whole, limit = swept_with_failures(n_jobs=n_jobs)
    assert list(result.curves) == ["never", "half"]
    np.testing.assert_array_equal(result.curves["never"][:, 0], whole)
    np.testing.assert_array_equal(result.curves["half"][:, 0], whole[whole >= limit])
    np.testing.assert_array_equal(result.seeds["half"], np.flatnonzero(whole >= limit))
    failed = {(failure.setting, failure.seed) for failure in result.failures}
    below = {("half", int(i)) for i in np.flatnonzero(whole < limit)}
    assert failed == below | {("always", i) for i in range(6)}
    for failure in result.failures:
        assert "is below the limit" in str(failure)
        assert "Traceback" in failure.error


def test_a_cluster_reports_the_failing_runs_that_processes_report_and_keeps_the_others(cluster):
    """On either backend the workers, not this process, meet the errors."""
    here, *_ = swept_with_failures(n_jobs=2)
    with joblib.parallel_config(backend="dask"):
        far, *_ = swept_with_failures()
    assert_the_same(far.curves, here.curves)
    assert_the_same(far.seeds, here.seeds)
    assert {failure.setting for failure in far.failures} == {"half", "always"}
    assert list(map(str, far.failures)) == list(map(str, here.failures))
    assert all("ZeroDivisionError" in failure.error for failure in far.failures)


def test_a_worker_that_dies_does_not_take_the_finished_runs_along(tmp_path):
    finished = tmp_path / "finished"

    def task(rng: np.random.Generator, fatal: bool) -> float:
        if not fatal:
            finished.touch()
            return rng.random()
        while not finished.exists():
            time.sleep(0.01)
        time.sleep(1)  # the result is on its way
        os._exit(1)

    settings = {"sound": {"fatal": False}, "fatal": {"fatal": True}}
    with pytest.warns(RuntimeWarning, match="setting 'fatal', seed 0: lost") as caught:
        result = sweep(task, 1, settings, n_jobs=2)
    assert result.curves["sound"].shape == (1,)
    assert len(caught) == 1


def test_an_error_before_the_first_result_is_raised():
    """Not that of a run: here no run can be sent."""
    with pytest.raises(Exception, match="pickle"):
        sweep(lambda rng, lock: 0.0, 2, {"lock": {"lock": threading.Lock()}}, n_jobs=2)


def test_a_run_of_another_shape_is_reported():
    def task(rng: np.random.Generator) -> np.ndarray:
        return np.zeros(3 if rng.random() < threshold else 4)

    threshold = np.median(sweep(lambda rng: rng.random(), 5, [{}]).curves[""])
    with pytest.warns(RuntimeWarning, match=r"returned the shape \(\d,\), but seed 0 returned"):
        result = sweep(task, 5, [{}])
    assert len(result.curves[""]) + len(result.failures) == 5


# --- What it accepts ------------------------------------------------------------------------------


def number(rng: np.random.Generator, x: float = 0.0) -> float:
    return x


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((lambda seed: 0.0, 2, [{}]), "task must take the argument rng, but it takes seed"),
        ((number, 0, [{}]), "seeds must be a positive integer, but it is 0"),
        ((number, 1.5, [{}]), "seeds must be a positive integer, but it is 1.5"),
        ((number, [], [{}]), "seeds must be different numbers"),
        ((number, [1, 1], [{}]), "seeds must be different numbers"),
        ((number, [-1], [{}]), "seeds must be an integer that is not negative, but it is -1"),
        ((number, 2, {}), "settings must hold at least one setting"),
        ((number, 2, [{"rng": 0}]), "settings must be dicts without rng"),
        ((number, 2, [{"x": 1}, {"x": 1}]), "settings must differ in their names, but 'x=1'"),
    ],
)
def test_a_wrong_argument_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        sweep(*arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((3, 2, [{}]), "task must be a function, but it is 3"),
        ((number, 2, None), "settings must be dicts, but it is None"),
        ((number, 2, "eta"), "settings must be dicts, but it is 'eta'"),
        ((number, 2, [3]), "settings must be dicts, but the one of '3' is 3"),
        ((number, 2, {"x": 1.0}), "settings must be dicts, but the one of 'x' is 1.0"),
    ],
)
def test_an_object_of_a_wrong_kind_is_named(arguments, message):
    with pytest.raises(TypeError, match=message):
        sweep(*arguments)


def test_a_wrong_root_is_named():
    with pytest.raises(ValueError, match="root must be an integer that is not negative"):
        sweep(number, 2, [{}], root=-1)


def test_a_run_may_return_a_number_an_array_or_an_iterator():
    results = [2.0, np.ones((2, 3)), [1, 2], iter([1.0, 2.0])]
    shapes = [sweep(lambda rng, x=x: x, 1, [{}]).curves[""].shape for x in results]
    assert shapes == [(1,), (1, 2, 3), (1, 2), (1, 2)]


def test_an_iterate_without_an_objective_is_no_number():
    """Before the first episode has ended, rollouts know no mean return."""
    its = [SimpleNamespace(J=None), SimpleNamespace(J=3.0)]
    curve = sweep(lambda rng: iter(its), 1, [{}]).curves[""]
    np.testing.assert_array_equal(curve, [[np.nan, 3.0]])


@pytest.mark.parametrize("name", ["joblib", "tqdm.auto"])
def test_without_its_packages_a_sweep_says_what_to_install(name, monkeypatch):
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'pgcompanion\[experiments\]'"):
        sweep(number, 2, [{}], progress=True)


def test_without_scipy_an_interval_says_what_to_install(monkeypatch, rng):
    monkeypatch.setitem(sys.modules, "scipy.stats", None)
    with pytest.raises(ModuleNotFoundError, match="needs scipy, which is not installed"):
        interval(np.zeros((2, 2)), rng)


# --- The progress bar -----------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "progress", "shown"),
    [
        (Terminal, None, True),
        (Terminal, True, True),
        (Terminal, False, False),
        (io.StringIO, None, False),
        (io.StringIO, True, True),
    ],
)
def test_the_bar_is_shown_in_a_terminal_or_where_it_is_wanted(
    stream, progress, shown, monkeypatch, capfd
):
    monkeypatch.setattr(sys, "stderr", stream())
    sweep(number, 3, [{}], progress=progress)
    assert ("3/3" in sys.stderr.getvalue()) == shown
    assert shown or not sys.stderr.getvalue()
    assert capfd.readouterr().out == ""


# --- Intervals ------------------------------------------------------------------------------------

REPEATS, RESAMPLES = 4000, 1001  # so many resamples that both ends are order statistics


def coverage(p: float, low: np.ndarray, high: np.ndarray) -> float:
    return float(((low <= p) & (p <= high)).mean())


def chance_to_cover(below: np.ndarray, level: float) -> np.ndarray:
    """How likely an interval covers a truth below which a resample lies with probability ``below``.

    It does where neither too few nor too many of the resamples lie there: their number is binomial.
    """
    outside = round((RESAMPLES - 1) * (1 - level) / 2)
    few, many = stats.binom.cdf([[outside], [RESAMPLES - 1 - outside]], RESAMPLES, below)
    return many - few


def shared_noise(chances: np.ndarray, weights: np.ndarray) -> float:
    """At most so uncertain is the share of many experiments, since all of them meet the same resamples."""
    return float(weights @ np.sqrt(chances * (1 - chances)))


@pytest.mark.parametrize(
    ("n", "p", "level"), [(5, 0.3, 0.95), (10, 0.25, 0.95), (30, 1 / 12, 0.95), (10, 0.45, 0.5)]
)
def test_an_interval_covers_as_often_as_theory_says(n, p, level, rng):
    """A run is 1 with probability p and otherwise 0, so a resample of k ones in n runs is binomial.

    Each column is an experiment of its own. No mean of n runs is p: none lies on the border.
    """
    runs = (rng.random((n, REPEATS)) < p).astype(float)
    mean, low, high = interval(runs, rng, level=level, resamples=RESAMPLES)
    k = np.arange(n + 1)
    chances = chance_to_cover(stats.binom.cdf(np.floor(n * p), n, k / n), level)
    weights = stats.binom.pmf(k, n, p)
    expected = weights @ chances
    stderr = np.sqrt(expected * (1 - expected) / REPEATS) + shared_noise(chances, weights)
    assert abs(coverage(p, low, high) - expected) < 5 * stderr
    narrow = mean - (mean - low) / np.sqrt(n), mean + (high - mean) / np.sqrt(n)
    assert coverage(p, *narrow) < expected - 5 * stderr


def test_of_normal_results_an_interval_covers_a_little_less_than_if_resamples_were_normal(rng):
    """Of 5 runs there are 126 different resamples, so a truth's place among them is exact."""
    n, level = 5, 0.95
    runs = rng.normal(size=(n, 10 * REPEATS))
    counts = np.array([c for c in product(range(n + 1), repeat=n) if sum(c) == n])
    odds = stats.multinomial.pmf(counts, n, np.full(n, 1 / n))
    chances = chance_to_cover(np.minimum(odds @ (counts @ runs <= 0), 1.0), level)
    half = stats.norm.ppf((1 + level) / 2) * runs.std(axis=0) / np.sqrt(n)
    more = (abs(runs.mean(axis=0)) <= half) - chances
    assert more.mean() > 5 * more.std() / np.sqrt(more.size)

    blocks = np.split(runs, 100, axis=1)[:20]  # each meets resamples of its own
    ends = [interval(block, rng, level=level, resamples=RESAMPLES) for block in blocks]
    covered = [coverage(0.0, low, high) for _, low, high in ends]
    few = chances[: sum(block.shape[1] for block in blocks)]
    noise = shared_noise(few, np.full(few.size, 1 / few.size)) / np.sqrt(len(blocks))
    assert abs(np.mean(covered) - few.mean()) < 5 * noise
    narrow = [coverage(0.0, m - (m - low) / 2, m + (high - m) / 2) for m, low, high in ends]
    assert np.mean(narrow) < few.mean() - 5 * noise


def test_runs_that_agree_leave_no_doubt(rng):
    mean, low, high = interval(np.full((5, 3), 0.1), rng)
    np.testing.assert_allclose([mean, low, high], 0.1, rtol=0, atol=1e-15)


def test_common_streams_narrow_the_interval_of_a_difference(rng):
    def task(rng: np.random.Generator, gain: float) -> float:
        return gain + rng.normal()

    curves = sweep(task, 20, [{"gain": 0.0}, {"gain": 0.1}]).curves
    paired = interval(curves["gain=0.1"] - curves["gain=0.0"], rng)
    alone = interval(curves["gain=0.1"], rng)
    assert paired.high - paired.low < 1e-10 < alone.high - alone.low


@pytest.mark.parametrize(
    ("curves", "options", "message"),
    [
        (np.zeros((1, 4)), {}, r"curves must have at least two rows, but its shape is \(1, 4\)"),
        (np.array([0.0, np.nan]), {}, "curves must be finite"),
        (np.zeros(4), {"level": 95}, "level must lie between 0 and 1, but it is 95"),
        (np.zeros(4), {"level": None}, "level must be a number, but it is None"),
        (np.zeros(4), {"level": np.nan}, "level must be finite, but it is nan"),
        (np.zeros(4), {"resamples": 0}, "resamples must be a positive integer"),
        (np.zeros(4), {"resamples": 99.5}, "resamples must be a positive integer"),
    ],
)
def test_a_wrong_argument_of_an_interval_is_named(curves, options, message, rng):
    with pytest.raises(ValueError, match=message):
        interval(curves, rng, **options)


@pytest.mark.parametrize("seed", [None, 0, np.random.RandomState(0), np.random.default_rng])
def test_an_interval_needs_a_generator(seed):
    with pytest.raises(TypeError, match=r"rng must be a numpy.random.Generator, .* but it is"):
        interval(np.zeros(4), seed)
