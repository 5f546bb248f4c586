"""What an exercise is: its text, its solution, its cases, and the ways in which people go wrong."""

from __future__ import annotations

import ast
import builtins
import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

Function = Callable[..., Any]
Arguments = tuple[Any, ...]
Cases = Callable[[np.random.Generator], Iterable[Arguments]]


@dataclass(frozen=True)
class Mistake:
    """A known wrong answer, and what to say to whoever gave it.

    `function` makes the mistake, `message` names the misconception, and `label` is the statement
    of the book that treats it.
    """

    id: str
    function: Function
    message: str
    label: str


@dataclass(frozen=True)
class Stress:
    """Legal arguments of an extreme size. Whoever fails here still passes, with a remark."""

    arguments: Arguments
    remark: str


@dataclass(frozen=True, eq=False)
class Exercise:
    """One coding exercise.

    `cases` draws the arguments from a generator, from small to large, the first of them small
    enough for paper and pencil. `edges` are legal corner cases, judged once all `cases` are
    right. `statement` is the text of the page (MyST), and `label` the statement that it practises.

    Where many answers are right, `measure(returned, *arguments)` gives the numbers that are compared
    (the objective of the returned parameters, say), `measured` names them, and `tolerance` is how
    far they may be off; `exhibit(returned, *arguments)` gives the rows that are shown with a failure,
    if they are others. An exercise in repair has a function `shown`: its starter is that code.
    """

    title: str
    label: str
    statement: str
    solution: Function
    hints: tuple[str, ...]
    cases: Cases
    mistakes: tuple[Mistake, ...]
    edges: tuple[Arguments, ...] = ()
    stress: tuple[Stress, ...] = ()
    measure: Function | None = None
    measured: str = "measured"
    tolerance: float = 0.0
    shown: Function | None = None
    exhibit: Function | None = None

    @property
    def id(self) -> str:
        return self.solution.__name__

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the arguments."""
        return tuple(inspect.signature(self.solution).parameters)

    @property
    def source(self) -> str:
        """The solution, ready to paste into a cell."""
        return "import numpy as np\n\n\n" + _for_a_cell(self.solution)

    @property
    def starter(self) -> str:
        """The solution's first line and docstring, with `...` where the answer goes.

        In an exercise in repair it is the broken code.
        """
        if self.shown is not None:
            broken = _for_a_cell(self.shown).replace(self.shown.__name__, self.id, 1)
            return "import numpy as np\n\n\n" + broken
        definition = ast.parse(self.source).body[-1]
        assert isinstance(definition, ast.FunctionDef)
        head = self.source.splitlines()[: definition.body[0].end_lineno]
        return "\n".join([*head, "    ...", ""])


def _for_a_cell(function: Function) -> str:
    """The source of a function without annotations that mean nothing where only NumPy is imported."""
    source = inspect.getsource(function)
    definition = ast.parse(source).body[0]
    assert isinstance(definition, ast.FunctionDef)
    lines = source.splitlines(keepends=True)
    for argument in reversed(definition.args.args):
        annotation = argument.annotation
        if annotation is not None and _names(annotation) - {"np", *dir(builtins)}:
            line = lines[argument.lineno - 1]
            name_ends = argument.col_offset + len(argument.arg)
            lines[argument.lineno - 1] = line[:name_ends] + line[argument.end_col_offset :]
    return "".join(lines)


def _names(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
