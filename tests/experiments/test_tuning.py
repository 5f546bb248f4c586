"""The search gives every method the same budget, finds what is there, and its winner is too lucky."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from pgcompanion.experiments import LogUniform, OneOf, run_off, sweep, tune

HILL = {"one": {"peak": 1.0}, "ten": {"peak": 10.0}}


def hill(rng: np.random.Generator, peak: float, x: float, y: float = 1.0) -> np.ndarray:
    """A curve of two points whose mean is highest at x = peak, whatever y is."""
    return np.array([-1.0, 1.0]) - np.log(x / peak) ** 2 + 0.0 * y * rng.normal()


def test_every_method_gets_as_many_settings_and_runs_as_any_other():
    """However many hyperparameters it has. A grid over both, the control, would give the second four times as many."""
    calls: list[str] = []

    def counted(rng, name, **setting):
        calls.append(name)
        return 0.0

    spaces = {
        "one": {"name": "one", "x": LogUniform(0.1, 10)},
        "two": {"name": "two", "x": LogUniform(0.1, 10), "y": OneOf((1, 2, 3, 4))},
    }
    result = tune(counted, spaces, problems={"a": {}, "b": {}}, trials=5, seeds=3)
    runs = {name: calls.count(name) for name in spaces}
    assert runs == {"one": 5 * 3 * 2, "two": 5 * 3 * 2}
    assert {len(x.settings) for x in result.values()} == {5}
    assert len({x["y"] for x in result["two"].settings}) > 1


def test_it_finds_the_setting_that_is_best_on_all_problems_together():
    """Between two peaks it is the middle of the logarithms. The best on one of them, the control, is another."""
    result = tune(hill, {"m": {"x": LogUniform(0.1, 100)}}, problems=HILL, trials=200, seeds=1)["m"]
    assert result.scores.shape == (200, 2)
    assert result.best["x"] == pytest.approx(np.sqrt(10), rel=0.1)
    of_one = result.settings[int(result.scores[:, 0].argmax())]["x"]
    assert of_one == pytest.approx(1.0, rel=0.1)
    assert abs(of_one - result.best["x"]) > 1


def test_draws_cover_their_range_evenly_in_the_logarithm(rng):
    """Between 1 and 100 half of the draws lie below 10; were they uniform, the control, a tenth would."""
    x = np.array([LogUniform(1, 100).draw(rng) for _ in range(2000)])
    below = (x < 10).mean()
    assert x.min() >= 1
    assert x.max() <= 100
    assert abs(below - 0.5) < 4 * np.sqrt(0.25 / len(x)) < abs(below - 0.1)
    counts = np.bincount([OneOf((0, 1, 2)).draw(rng) for _ in range(3000)])
    assert np.abs(counts - 1000).max() < 4 * np.sqrt(3000 * 2 / 9)


def test_the_same_space_is_searched_at_the_same_points():
    """So that two methods with one space differ in nothing but the method. Another root gives other points."""
    space = {"x": LogUniform(0.1, 10), "y": LogUniform(0.1, 10)}
    same = tune(hill, {"a": space, "b": space}, problems=HILL, trials=4, seeds=1)
    other = tune(hill, {"a": space}, problems=HILL, trials=4, seeds=1, root=2)
    assert same["a"].settings == same["b"].settings != other["a"].settings


def test_the_winner_of_a_search_is_too_lucky():
    """Pure noise: the best of 50 settings looks good on the seeds that chose it and is not, on new ones."""

    def noise(rng, x):
        return rng.normal() + 0.0 * x

    lucky = [
        tune(noise, {"m": {"x": LogUniform(1, 2)}}, problems={"a": {}}, trials=50, seeds=1, root=r)
        for r in range(1, 21)
    ]
    # All settings meet the same seeds here, so that one draw decides them all: no luck is left to choose.
    assert all(np.ptp(x["m"].scores) == 0 for x in lucky)

    def own_noise(rng, x):
        return np.random.default_rng(int(1e6 * x) + int(rng.integers(2**31))).normal()

    best = [
        tune(own_noise, {"m": {"x": LogUniform(1, 2)}}, problems={"a": {}}, trials=50, seeds=1, root=r)
        ["m"].scores.max()
        for r in range(1, 21)
    ]  # fmt: skip
    again = sweep(own_noise, 20, {"best": {"x": 1.5}}).curves["best"]
    assert np.mean(best) > 1.5 > abs(np.mean(again))


def foggy_hill(rng: np.random.Generator, x: float) -> float:
    """Highest at x = 1, with luck of its own for each setting and seed."""
    luck = np.random.default_rng([int(1e6 * x), int(rng.integers(2**31))]).normal()
    return float(-(np.log(x) ** 2) + luck)


def test_a_second_round_removes_most_of_the_luck_of_the_first():
    """Its winner is the better one, and promises less that it does not keep; on the old seeds, the control, it is
    the same one, and as lucky."""
    space, problems = {"m": {"x": LogUniform(0.1, 10)}}, {"a": {}}
    truth, promise = np.zeros((2, 15)), np.zeros((2, 15))
    for r in range(15):
        first = tune(foggy_hill, space, problems=problems, trials=30, seeds=1, root=r)
        options = {"problems": problems, "finalists": 8}
        second = run_off(foggy_hill, first, seeds=20, root=100 + r, **options)
        again = run_off(foggy_hill, first, seeds=1, root=r, **options)
        assert again["m"].best == first["m"].best
        assert again["m"].scores.max() == first["m"].scores.max()
        for i, found in enumerate((first["m"], second["m"])):
            truth[i, r], promise[i, r] = -(np.log(found.best["x"]) ** 2), found.scores.max()
    gain, luck = truth[1] - truth[0], promise - truth
    assert gain.mean() > 2 * gain.std(ddof=1) / np.sqrt(15)
    assert luck[1].mean() < 0.4 < 1 < luck[0].mean()


def test_the_finalists_of_every_method_are_its_best_and_get_as_many_runs():
    """On all problems together. Those that are best on one of them, the control, are others."""
    calls: list[tuple[float, float]] = []

    def counted(rng, peak, x):
        calls.append((peak, x))
        return float(-(np.log(x / peak) ** 2))

    space = {"x": LogUniform(0.1, 100)}
    first = tune(counted, {"a": space, "b": space}, problems=HILL, trials=50, seeds=1)
    calls.clear()
    second = run_off(counted, first, problems=HILL, finalists=3, seeds=4)
    assert len(calls) == 2 * 3 * 2 * 4
    for name, found in second.items():
        x = np.array([setting["x"] for setting in first[name].settings])
        middle = x[np.argsort(np.abs(np.log(x / np.sqrt(10))))[:3]]
        assert {setting["x"] for setting in found.settings} == set(middle)
        assert {setting["x"] for setting in found.settings} != set(
            x[np.argsort(np.abs(np.log(x)))[:3]]
        )
    assert len(run_off(counted, first, problems=HILL, finalists=99, seeds=1)["a"].settings) == 50


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"finalists": 0}, "finalists must be a positive integer"),
        ({"seeds": 0}, "seeds must be a positive integer"),
        ({"tuned": {}}, "tuned must map names to what tune found"),
        ({"problems": {}}, "problems must map names to dicts"),
    ],
)
def test_a_wrong_argument_of_the_second_round_is_named(change, message):
    first = tune(hill, {"m": {"x": 1.0}}, problems=HILL, trials=1, seeds=1)
    arguments = {"tuned": first, "problems": HILL, "finalists": 1, "seeds": 1} | change
    with pytest.raises(ValueError, match=message):
        run_off(hill, **arguments)


def test_a_setting_that_fails_never_wins():
    def fragile(rng, x):
        if x > 3:
            raise FloatingPointError("too far")
        return x

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        result = tune(
            fragile, {"m": {"x": LogUniform(0.1, 10)}}, problems={"a": {}}, trials=40, seeds=2
        )
    x = np.array([setting["x"] for setting in result["m"].settings])
    assert (x > 3).any()
    np.testing.assert_array_equal(np.isneginf(result["m"].scores[:, 0]), x > 3)
    assert result["m"].best["x"] == x[x <= 3].max() < x.max()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"trials": 0}, "trials must be a positive integer"),
        ({"seeds": 0}, "seeds must be a positive integer"),
        ({"spaces": {}}, "spaces must map names to dicts"),
        ({"problems": None}, "problems must map names to dicts"),
        ({"spaces": {"m": {"x": LogUniform(0, 1)}}}, "low must be positive"),
    ],
)
def test_a_wrong_argument_is_named(change, message):
    arguments = {"spaces": {"m": {"x": 1.0}}, "problems": HILL, "trials": 1, "seeds": 1} | change
    with pytest.raises(ValueError, match=message):
        tune(hill, **arguments)
