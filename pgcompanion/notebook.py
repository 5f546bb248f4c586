"""What a page shows of the package: the source of a function, as it runs."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pgcompanion import checks

Definition = ast.FunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Source:
    """The text of some functions; a notebook shows it as highlighted code."""

    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_markdown_(self) -> str:
        return f"```python\n{self.text}\n```"


def source(*functions: Callable[..., Any] | property | cached_property[Any]) -> Source:
    """The source of functions of the package without their docstrings: the code that runs.

    Args:
        functions: functions, methods (of a class or of an object), properties and classes. They
            stand at the left margin, wherever they are written.

    Raises:
        TypeError: something that has no source in Python.

    Example:
        >>> from pgcompanion.gridworld import GridWorld
        >>> source(GridWorld.mdp)
        def mdp(self, H: int) -> MDP:
            r = np.where(self.terminal[:, None], 0.0, self.step_reward + self.P @ self.entry)
            return MDP(self.P, r, self.mu0, H)
    """
    return Source("\n\n\n".join(_without_docstrings(_text(f)) for f in functions))


def _text(function: object) -> str:
    if isinstance(function, property):
        function = function.fget
    elif isinstance(function, cached_property):
        function = function.func
    try:
        return textwrap.dedent(inspect.getsource(function))  # type: ignore[arg-type]
    except (TypeError, OSError):
        raise TypeError(
            f"functions must be functions, methods or classes written in Python, but one of them "
            f"is {checks.kind(function)}."
        ) from None


def _without_docstrings(text: str) -> str:
    lines = text.rstrip().split("\n")
    definitions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, Definition)]
    # From the last to the first, so that the lines above keep their numbers.
    for node in sorted(definitions, key=lambda node: node.lineno, reverse=True):
        if ast.get_docstring(node) is not None:
            _cut(lines, node)
    return "\n".join(lines)


def _cut(lines: list[str], node: Definition) -> None:
    """Take the docstring of a definition out of the lines, and the blank ones that follow it."""
    docstring = node.body[0]
    first, last = docstring.lineno - 1, docstring.end_lineno or docstring.lineno
    if len(node.body) == 1:
        lines[first:last] = [" " * docstring.col_offset + "..."]
        return
    while not lines[last].strip():
        last += 1
    del lines[first:last]
