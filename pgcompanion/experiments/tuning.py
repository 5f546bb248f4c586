"""One tuning budget for every method: random search over all its hyperparameters, and a run-off of the best."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from pgcompanion import checks
from pgcompanion.experiments.border import Setting
from pgcompanion.experiments.sweeps import Sweep, sweep


class LogUniform(NamedTuple):
    """A hyperparameter between two positive ends, whose logarithm is drawn uniformly.

    Example:
        >>> 1 <= LogUniform(1, 100).draw(np.random.default_rng(0)) <= 100
        True
    """

    low: float
    high: float

    def draw(self, rng: np.random.Generator) -> float:
        """One value, to four digits: so that a table of settings can be typed again."""
        low, high = checks.positive("low", self.low), checks.positive("high", self.high)
        rng = checks.generator(rng)
        return float(f"{np.exp(rng.uniform(np.log(low), np.log(high))):.4g}")


class OneOf(NamedTuple):
    """A hyperparameter with some values, all as likely.

    Example:
        >>> OneOf((1, 3, 10)).draw(np.random.default_rng(0)) in (1, 3, 10)
        True
    """

    values: tuple[Any, ...]

    def draw(self, rng: np.random.Generator) -> Any:
        """One of the values."""
        if not isinstance(self.values, tuple | list) or not self.values:
            raise TypeError(
                f"values must be a tuple with a value, but it is {checks.kind(self.values)}."
            )
        return self.values[checks.generator(rng).integers(len(self.values))]


class Tuned(NamedTuple):
    """What was tried for one method: ``settings``, and their ``scores``, a row a setting and a column a problem."""

    settings: list[dict[str, Any]]
    scores: np.ndarray

    @property
    def best(self) -> dict[str, Any]:
        """The setting with the highest mean score over the problems."""
        return self.settings[int(self.scores.mean(axis=1).argmax())]


def tune(
    task: Callable[..., Any],
    spaces: Mapping[str, Setting],
    *,
    problems: Mapping[str, Setting],
    trials: int,
    seeds: int,
    root: int = 1,
    n_jobs: int | None = None,
) -> dict[str, Tuned]:
    r"""Draw ``trials`` settings for every method and score each on all problems: the same budget for all.

    A space maps each argument of the task to a value, or to `LogUniform` or `OneOf`, from which every
    trial draws. However many hyperparameters a method has, it gets as many settings, as many runs and
    the same seeds as any other; one with more of them searches its space more thinly, and that is part
    of its price. The score of a setting on a problem is the mean of what its runs return, over seeds and
    along curves. A setting of which a run fails scores minus infinity.

    The seeds are those of `sweep` with this ``root``. A comparison needs others: the winner of a search
    is also the luckiest on the seeds that chose it. `run_off` tells luck from merit among the best.

    Args:
        task: as in `sweep`; it takes the space's arguments and the problem's.
        spaces: a space for each method, by its name.
        problems: what is added to a setting, by the name of the problem.
        trials: settings for each method.
        seeds: runs of each setting on each problem.
        root, n_jobs: of `sweep`.

    Raises:
        ValueError: ``trials`` or ``seeds`` is not a positive integer, ``spaces`` or ``problems`` is empty;
            otherwise as `sweep`.
        TypeError: as `sweep`.
        ModuleNotFoundError: joblib is not installed.

    Source: Bergstra and Bengio 2012.

    Example:
        >>> def task(rng, peak, x):
        ...     return -(np.log(x / peak) ** 2) + 0.01 * rng.normal()
        >>> problems = {"one": {"peak": 1.0}, "two": {"peak": 2.0}}
        >>> space = {"search": {"x": LogUniform(0.1, 10)}}
        >>> found = tune(task, space, problems=problems, trials=40, seeds=2)["search"]
        >>> found.scores.shape, 1 < found.best["x"] < 2
        ((40, 2), True)
    """
    trials = checks.positive_integer("trials", trials)
    drawn = {
        name: _settings(space, trials, root) for name, space in _mapping("spaces", spaces).items()
    }
    return _scored(task, drawn, problems, seeds, root, n_jobs)


def run_off(
    task: Callable[..., Any],
    tuned: Mapping[str, Tuned],
    *,
    problems: Mapping[str, Setting],
    finalists: int,
    seeds: int,
    root: int = 2,
    n_jobs: int | None = None,
) -> dict[str, Tuned]:
    r"""Score the best ``finalists`` settings of every method once more, on seeds that are new.

    The winner of a search is the best of many noisy scores, and so good in part by luck. A second round with
    more seeds and few settings costs little and removes most of that: choose its ``best``. What that one is
    worth has to be measured on seeds that neither round has used.

    Args:
        task, problems: as in `tune`.
        tuned: what `tune` found.
        finalists: how many settings of each method run again; all, if there are no more.
        seeds: runs of each setting on each problem.
        root, n_jobs: of `sweep`; ``root`` must not be that of the search.

    Raises:
        ValueError: ``finalists`` or ``seeds`` is not a positive integer, ``tuned`` or ``problems`` is empty;
            otherwise as `sweep`.
        TypeError: as `sweep`.
        ModuleNotFoundError: joblib is not installed.

    Source: Jamieson and Talwalkar 2016, with one halving.

    Example:
        >>> def task(rng, peak, x):
        ...     return -(np.log(x / peak) ** 2) + 0.5 * rng.normal()
        >>> problems = {"one": {"peak": 1.0}}
        >>> first = tune(task, {"a": {"x": LogUniform(0.1, 10)}}, problems=problems, trials=20, seeds=1)
        >>> second = run_off(task, first, problems=problems, finalists=4, seeds=10)
        >>> second["a"].scores.shape, all(x in first["a"].settings for x in second["a"].settings)
        ((4, 1), True)
    """
    finalists = checks.positive_integer("finalists", finalists)
    best = {
        name: [x.settings[i] for i in np.argsort(-x.scores.mean(axis=1), kind="stable")[:finalists]]
        for name, x in _mapping("tuned", tuned).items()
    }
    return _scored(task, best, problems, seeds, root, n_jobs)


def _mapping(name: str, x: Any) -> Mapping[str, Any]:
    if not isinstance(x, Mapping) or not x:
        found = "empty" if isinstance(x, Mapping) else checks.kind(x)
        raise ValueError(f"{name} must map names to {_VALUES[name]}, but it is {found}.")
    return x


_VALUES = {"spaces": "dicts", "problems": "dicts", "tuned": "what tune found"}


def _scored(
    task: Callable[..., Any],
    tried: Mapping[str, list[dict[str, Any]]],
    problems: Mapping[str, Setting],
    seeds: int,
    root: int,
    n_jobs: int | None,
) -> dict[str, Tuned]:
    """Every setting of every method on every problem."""
    seeds = checks.positive_integer("seeds", seeds)
    jobs = {
        f"{name}, setting {i}, {problem}": setting | dict(added)
        for name, settings in tried.items()
        for i, setting in enumerate(settings)
        for problem, added in _mapping("problems", problems).items()
    }
    result = sweep(task, seeds, jobs, root=root, n_jobs=n_jobs)
    return {
        name: Tuned(
            settings,
            np.array(
                [[_score(result, f"{name}, setting {i}, {p}", seeds) for p in problems]
                 for i in range(len(settings))]
            ),
        )
        for name, settings in tried.items()
    }  # fmt: skip


def _settings(space: Setting, trials: int, root: int) -> list[dict[str, Any]]:
    """The settings that are tried: every space meets the same stream of numbers."""
    rng = np.random.default_rng(
        np.random.SeedSequence(checks.natural_number("root", root), spawn_key=(0, 0))
    )
    return [
        {k: x.draw(rng) if isinstance(x, LogUniform | OneOf) else x for k, x in space.items()}
        for _ in range(trials)
    ]


def _score(result: Sweep, job: str, seeds: int) -> float:
    curves = result.curves.get(job, np.empty(0))
    return float(curves.mean()) if len(curves) == seeds else -np.inf
