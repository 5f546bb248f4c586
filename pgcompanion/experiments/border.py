"""What a sweep accepts, and the packages that it needs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any

from pgcompanion import checks

Setting = Mapping[str, Any]


def extra(name: str) -> Any:
    """A module of the extra ``experiments``."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"pgcompanion.experiments needs {name.split('.')[0]}, which is not installed: run "
            "`pip install 'pgcompanion[experiments]'`."
        ) from error


def check_task(task: Callable[..., Any]) -> None:
    parameters = inspect.signature(checks.function("task", task)).parameters.values()
    if not any(x.name == "rng" or x.kind is x.VAR_KEYWORD for x in parameters):
        names = ", ".join(x.name for x in parameters) or "nothing"
        raise ValueError(f"task must take the argument rng, but it takes {names}.")


def by_name(settings: Mapping[str, Setting] | Iterable[Setting]) -> dict[str, Setting]:
    """Settings by their names; one that has none is named after its values.

    >>> by_name([{"eta": 0.1, "K": 5}])
    {'eta=0.1, K=5': {'eta': 0.1, 'K': 5}}
    """
    if not isinstance(settings, Iterable) or isinstance(settings, str):
        raise TypeError(f"settings must be dicts, but it is {checks.kind(settings)}.")
    items = list(settings.items() if isinstance(settings, Mapping) else map(_with_name, settings))
    if not items:
        raise ValueError("settings must hold at least one setting, but it is empty.")
    for name, setting in items:
        if not isinstance(setting, Mapping):
            raise TypeError(
                f"settings must be dicts, but the one of {name!r} is {checks.kind(setting)}."
            )
        if "rng" in setting:
            raise ValueError(
                f"settings must be dicts without rng, but the one of {name!r} is {setting!r}."
            )
    names = [name for name, _ in items]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise ValueError(f"settings must differ in their names, but {twice[0]!r} appears twice.")
    return dict(items)


def _with_name(setting: Setting) -> tuple[str, Setting]:
    if not isinstance(setting, Mapping):
        return repr(setting), setting
    return ", ".join(f"{name}={x}" for name, x in setting.items()), setting


def numbers(seeds: int | Iterable[int]) -> list[int]:
    """The numbers of the seeds.

    >>> numbers(3), numbers([7])
    ([0, 1, 2], [7])
    """
    if not isinstance(seeds, Iterable):
        return list(range(checks.positive_integer("seeds", seeds)))
    result = [checks.natural_number("seeds", seed) for seed in seeds]
    if not result or len(set(result)) < len(result):
        raise ValueError(f"seeds must be different numbers, at least one, but found {result}.")
    return result


def workers(n_jobs: int | None) -> int | None:
    """What joblib takes as a number of workers; negative ones count down from the number of processors."""
    if n_jobs is not None and (
        isinstance(n_jobs, bool) or not isinstance(n_jobs, int) or not n_jobs
    ):
        raise ValueError(
            f"n_jobs must be an integer other than 0, or None, but it is {checks.kind(n_jobs)}."
        )
    return n_jobs
