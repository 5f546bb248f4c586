"""Print which files of the package one PPO update on CartPole executes, and how long they are.

The update is that of `train` with the settings of the table of tasks, from the first step of the
rollout to the new parameters; what is set up before it is not counted. Lines are those beside
docstrings, comments and blank ones: of the whole file, and of its functions that were executed.
"""

from __future__ import annotations

import ast
import sys
from contextlib import closing
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

import numpy as np

import pgcompanion
from pgcompanion.training import TASKS, training_iterates

PACKAGE = Path(pgcompanion.__file__).parent
LAST = "training/loop.py", "step"  # when it returns, the update is over
BORDER = "checks.py"  # the checks of arguments, which a reader of the mathematics passes over


class Count(NamedTuple):
    """A file, its lines, those of its functions that were executed, and how many these are."""

    file: str
    lines: int
    executed: int
    functions: int


def one_update() -> dict[str, set[int]]:
    """The files that an update executes, and the first lines of the functions that it calls."""
    task = TASKS["CartPole-v1"]
    called: dict[str, set[int]] = {}
    over = False  # what is yielded afterwards is no part of the update

    def note(frame: FrameType, event: str, _: Any) -> None:
        nonlocal over
        code: CodeType = frame.f_code
        if over or not code.co_filename.startswith(str(PACKAGE)):
            return
        name = Path(code.co_filename).relative_to(PACKAGE).as_posix()
        if event == "call":
            called.setdefault(name, set()).add(code.co_firstlineno)
        over = event == "return" and (name, code.co_name) == LAST

    with closing(task.envs()) as envs:
        runs = training_iterates(envs, task.settings, rng=np.random.default_rng(0))
        # The first update also makes what is made once: the second is the one that is traced.
        next(runs), next(runs)
        sys.setprofile(note)
        try:
            next(runs)
        finally:
            sys.setprofile(None)
    return called


def counts(called: dict[str, set[int]]) -> list[Count]:
    """The files in the order of their length."""
    return sorted((count(name, firsts) for name, firsts in called.items()), key=lambda c: -c.lines)


def count(name: str, firsts: set[int]) -> Count:
    text = (PACKAGE / name).read_text(encoding="utf-8")
    code = code_lines(text)
    executed: set[int] = set()
    functions = 0
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            if first in firsts:
                executed.update(range(first, (node.end_lineno or first) + 1))
                functions += 1
    return Count(name, len(code), len(code & executed), functions)


def code_lines(text: str) -> set[int]:
    """The numbers of the lines that are neither blank nor comment nor part of a docstring."""
    numbered = enumerate(text.splitlines(), start=1)
    kept = {n for n, line in numbered if line.strip() and not line.lstrip().startswith("#")}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            kept -= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return kept


def main() -> None:
    found = counts(one_update())
    print(f"{'lines':>6} {'executed':>9} {'functions':>10}")
    for c in found:
        print(f"{c.lines:6} {c.executed:9} {c.functions:10}  {c.file}")
    aside = [c for c in found if c.file != BORDER]
    for what, rows in (("files", found), (f"files beside {BORDER}", aside)):
        lines, executed, functions = (
            sum(getattr(c, key) for c in rows) for key in ("lines", "executed", "functions")
        )
        print(f"{lines:6} {executed:9} {functions:10}  {len(rows)} {what}")


if __name__ == "__main__":
    main()
