"""A notebook's cell as Python: without the lines that only IPython understands."""

from __future__ import annotations

import ast
import re

#: Cell magics below which the cell is Python; all others speak another language.
PYTHON = {"capture", "prun", "time", "timeit", "python", "python3", "pypy", "memit", "matplotlib"}

CELL = re.compile(r"\s*%%(\w+)[^\n]*")
MOST = 10  # cell magics above each other
TIMED = re.compile(r"^([ \t]*)%time[ \t]+(\S.*)$")
ASSIGNED = re.compile(r"^([\w, \t]*)=[ \t]*(?:!|%\w).*$")
LINE = re.compile(r"^([ \t]*)(?:%\w|!|\?|[\w.]+\?{1,2}[ \t]*$).*$")


def parse(cell: str) -> ast.Module:
    """The cell's syntax tree. Magics are taken out only where the cell is no Python with them.

    >>> [type(node).__name__ for node in parse("%matplotlib inline\\n!ls\\nx = 1").body]
    ['Pass', 'Pass', 'Assign']
    """
    try:
        return ast.parse(cell)
    except SyntaxError:
        return ast.parse(without(cell))


def without(cell: str) -> str:
    """The cell with its magics replaced, line by line.

    >>> without("%%bash\\nrm -r /")
    ''
    >>> print(without("%%time\\nfiles = !ls\\nif files:\\n    !rm x\\n%time y = 2"))
    <BLANKLINE>
    files = None
    if files:
        pass
    y = 2
    """
    for _ in range(MOST):
        if magic := CELL.match(cell):
            if magic[1] not in PYTHON:
                return ""
            cell = re.sub(r"[^\n]", "", magic[0]) + cell[magic.end() :]  # lines keep their numbers
    lines, goes_on = [], False
    for line in cell.split("\n"):
        python = "" if goes_on else _python(line)
        goes_on = line.endswith("\\") and python != line  # a shell command of several lines
        lines.append(python)
    return "\n".join(lines)


def _python(line: str) -> str:
    line = TIMED.sub(r"\1\2", line)
    line = ASSIGNED.sub(r"\1= None", line)
    return LINE.sub(r"\1pass", line)


def defined(statement: ast.stmt) -> list[str]:
    """The functions and classes that are defined in a statement.

    >>> defined(ast.parse("if x:\\n    def f(): ...").body[0])
    ['f']
    """
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return [node.name for node in ast.walk(statement) if isinstance(node, kinds)]


def imported(statement: ast.stmt) -> list[tuple[str, str]]:
    """The names that an import gives, and what they stand for.

    >>> imported(ast.parse("import torch.nn, jax.numpy as jnp").body[0])
    [('torch', 'torch'), ('jnp', 'jax.numpy')]
    >>> imported(ast.parse("from torch import nn as n").body[0])
    [('n', 'torch.nn')]
    """
    if not isinstance(statement, ast.Import | ast.ImportFrom):
        return []
    room = f"{statement.module}." if isinstance(statement, ast.ImportFrom) else ""
    pairs = []
    for each in statement.names:
        name = each.name if each.asname else each.name.split(".")[0]
        pairs.append((each.asname or name, room + name))
    return pairs


def module(statement: ast.stmt) -> ast.Module:
    """One statement, ready to be compiled."""
    return ast.Module([statement], [])


def harmless(statement: ast.stmt) -> bool:
    """Whether a statement imports, defines, or gives a name to a value without calling anything.

    >>> [harmless(node) for node in ast.parse("import os; x = 2 * 3; y = f(); g()").body]
    [True, True, False, False]
    """
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        return not any(
            isinstance(node, ast.Call | ast.comprehension) for node in ast.walk(statement)
        )
    kinds = ast.Import | ast.ImportFrom | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return isinstance(statement, kinds)
