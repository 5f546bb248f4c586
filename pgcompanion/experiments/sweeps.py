"""All the runs of a task, over seeds and settings, wherever there is a core for them."""

from __future__ import annotations

import sys
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from pgcompanion import checks
from pgcompanion.experiments.border import Setting, by_name, check_task, extra, numbers, workers

Outcome = np.ndarray | str  # what a run returned, or the traceback of its error


class Failure(NamedTuple):
    """A run that failed: the name of its setting, its seed, and the traceback of its error."""

    setting: str
    seed: int
    error: str

    def __str__(self) -> str:
        return f"setting {self.setting!r}, seed {self.seed}: {self.error.splitlines()[-1]}"


class Sweep(NamedTuple):
    """What the runs of a sweep returned.

    ``curves`` maps the name of a setting to an array with one row a run, ``(n, ...)``, and ``seeds`` to
    the seeds of these rows, ``(n,)``. A setting all of whose runs failed is in neither.
    """

    curves: dict[str, np.ndarray]
    seeds: dict[str, np.ndarray]
    failures: tuple[Failure, ...]


def sweep(
    task: Callable[..., Any],
    seeds: int | Iterable[int],
    settings: Mapping[str, Setting] | Iterable[Setting],
    *,
    root: int = 0,
    n_jobs: int | None = None,
    progress: bool | None = None,
) -> Sweep:
    r"""Run ``task(rng=rng, **setting)`` for every setting and every seed.

    A run returns a number, an array, or an iterator; of an iterator of `Iterate` it keeps every
    :math:`J`, and NaN where there is none yet. The :math:`J` of sampled batches is the mean return of
    each; a task that wants the exact one computes it from ``it.theta``.

    Seed :math:`i` stands for the :math:`i`-th child of ``SeedSequence(root)``: the streams of two seeds are
    independent, and all settings meet the same ones. The result depends neither on the backend nor on
    the number of workers; to the last bit where linear algebra runs on one thread.

    A run that fails, or whose shape is not that of the first run of its setting, is reported in a
    ``RuntimeWarning`` and in ``failures``. The other runs are kept.

    Args:
        task: takes ``rng`` and the setting by keyword. Other processes must be able to unpickle it.
        seeds: how many, or which ones: ``5`` means ``range(5)``.
        settings: a mapping from names to settings, or settings that are named after their values.
        root: what all seeds are spawned from.
        n_jobs: processes; -1 takes all cores. ``None`` leaves it to `joblib.parallel_config`, which also
            chooses a cluster (``backend="dask"``), and otherwise means 1.
        progress: whether to show a bar; ``None`` shows it in a terminal and nowhere else.

    Raises:
        ValueError: ``task`` takes no ``rng``, there are no seeds or no settings, a seed is negative or
            appears twice, or two settings have the same name.
        TypeError: ``task`` is no function, or a setting no dict.
        ModuleNotFoundError: joblib is not installed, or tqdm where a bar is to be shown.

    Example:
        >>> import pgcompanion as pg
        >>> coin = pg.MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> def task(rng, delta):
        ...     source = pg.Sampled(coin, N=50, rng=rng)
        ...     return pg.npg(source, pg.TabularSoftmax(1, 2), np.zeros(2), delta=delta, K=10)
        >>> result = sweep(task, 4, [{"delta": 0.1}, {"delta": 0.5}])
        >>> {name: J.shape for name, J in result.curves.items()}
        {'delta=0.1': (4, 11), 'delta=0.5': (4, 11)}
    """
    joblib = extra("joblib")
    check_task(task)
    named, root = by_name(settings), checks.natural_number("root", root)
    jobs = [(name, seed) for seed in numbers(seeds) for name in named]
    runs = (
        joblib.delayed(_run)(i, task, named[name], root, seed)
        for i, (name, seed) in enumerate(jobs)
    )
    shown = sys.stderr.isatty() if progress is None else checks.truth("progress", progress)
    finished = joblib.Parallel(n_jobs=workers(n_jobs), return_as="generator_unordered")(runs)
    if shown:
        finished = extra("tqdm.auto").tqdm(finished, total=len(jobs), unit="run")
    result = _gathered(list(named), jobs, _in_order(finished, len(jobs)))
    if result.failures:
        listed = "\n".join(map(str, result.failures))
        message = f"{len(result.failures)} of {len(jobs)} runs failed:\n{listed}"
        warnings.warn(message, RuntimeWarning, stacklevel=2)
    return result


def _run(
    i: int, task: Callable[..., Any], setting: Setting, root: int, seed: int
) -> tuple[int, Outcome]:
    """One run, with its place in the list of jobs. It never raises."""
    rng = np.random.default_rng(np.random.SeedSequence(root, spawn_key=(seed,)))
    try:
        result = task(rng=rng, **setting)
        if isinstance(result, Iterator):
            result = [getattr(it, "J", it) for it in result]
        return i, np.asarray(result, dtype=float)
    except Exception as error:
        return i, "".join(traceback.format_exception(error))


def _in_order(finished: Iterable[tuple[int, Outcome]], n: int) -> list[Outcome]:
    """The outcomes of ``n`` jobs. A worker that dies takes along the runs that had not come back."""
    outcomes: dict[int, Outcome] = {}
    lost = ""
    try:
        for i, outcome in finished:
            outcomes[i] = outcome
    except Exception as error:
        if not outcomes:
            raise
        lost = f"lost, since the workers stopped: {type(error).__name__}"
    return [outcomes.get(i, lost) for i in range(n)]


def _gathered(
    names: list[str], jobs: Iterable[tuple[str, int]], outcomes: Iterable[Outcome]
) -> Sweep:
    rows: dict[str, dict[int, np.ndarray]] = {name: {} for name in names}
    failures = []
    for (name, seed), outcome in zip(jobs, outcomes, strict=True):
        error = outcome if isinstance(outcome, str) else _misfit(outcome, rows[name])
        if error:
            failures.append(Failure(name, seed, error))
        else:
            rows[name][seed] = np.asarray(outcome)
    return Sweep(
        {name: np.stack([*found.values()]) for name, found in rows.items() if found},
        {name: np.array([*found]) for name, found in rows.items() if found},
        tuple(failures),
    )


def _misfit(curve: np.ndarray, rows: Mapping[int, np.ndarray]) -> str:
    """Why a run does not fit those of its setting; nothing if it does."""
    seed, first = next(iter(rows.items()), (0, curve))
    if curve.shape == first.shape:
        return ""
    return f"returned the shape {curve.shape}, but seed {seed} returned {first.shape}."
