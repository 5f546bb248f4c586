"""Modules that are not in the sandbox, so that a cell which imports them goes on.

Pictures and controls do nothing. The book's own package is not there either: an answer is the
reader's own.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

SILENT = ("matplotlib", "IPython", "ipywidgets", "seaborn", "plotly", "pgcompanion.exercises")
ROOTS = {"matplotlib", "IPython", "ipywidgets", "seaborn", "plotly", "pgcompanion"}


class Absent:
    """Something of a module that is not there: a call does nothing, or says that it is missing."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Absent(f"{self._name}.{name}")

    def __call__(self, *arguments: object, **named: object) -> Any:
        if self._name.startswith(SILENT):
            return self
        raise ImportError(f"`{self._name}` is not there while answers are graded.")

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *error: object) -> None: ...


class AbsentModule(ModuleType):
    """A module of which every name is `Absent`."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Absent(f"{self.__name__}.{name}")


class Finder:
    """Finds the modules of `ROOTS`, and what lies below them."""

    @classmethod
    def find_spec(cls, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        return ModuleSpec(name, cls(), is_package=True) if name.split(".")[0] in ROOTS else None  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return AbsentModule(spec.name)

    def exec_module(self, module: ModuleType) -> None: ...


def install() -> None:
    """From now on, these modules are found before all others. For the sandbox alone."""
    sys.meta_path.insert(0, Finder)
