"""Modules that are not in the sandbox, so that a cell which imports them goes on.

Pictures and controls do nothing. The book's own package is not there either: an answer is the
reader's own.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, ClassVar

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

    def __instancecheck__(self, thing: object) -> bool:
        return False

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


class Neighbours:
    """Finds the other `.py` files of the same student, after all that Python knows itself."""

    sources: ClassVar[dict[str, str]] = {}

    def __init__(self, source: str = "") -> None:
        self.source = source

    @classmethod
    def find_spec(cls, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        source = cls.sources.get(name)
        return None if source is None else ModuleSpec(name, cls(source))  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> None: ...

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self.source, f"{module.__name__}.py", "exec"), module.__dict__)


def install() -> None:
    """From now on, these modules are found before all others. For the sandbox alone."""
    sys.meta_path.insert(0, Finder)
    sys.meta_path.append(Neighbours)
