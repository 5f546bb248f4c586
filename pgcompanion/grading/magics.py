"""A notebook's cell as Python: without the lines that only IPython understands."""

from __future__ import annotations

import ast
import re

#: Cell magics below which the cell is Python; all others speak another language.
PYTHON = {"capture", "prun", "time", "timeit", "python", "python3", "pypy", "memit", "matplotlib"}

CELL = re.compile(r"\s*%%(\w+)[^\n]*")
TIMED = re.compile(r"^(\s*)%time\s+(\S.*)$")
ASSIGNED = re.compile(r"^(\s*)([\w, ]+?)\s*=\s*(?:!|%\w).*$")
LINE = re.compile(r"^(\s*)(?:%\w|!|\?|[\w.]+\?{1,2}\s*$).*$")


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
    while magic := CELL.match(cell):
        if magic[1] not in PYTHON:
            return ""
        cell = re.sub(r"[^\n]", "", magic[0]) + cell[magic.end() :]  # lines keep their numbers
    return "\n".join(_python(line) for line in cell.split("\n"))


def _python(line: str) -> str:
    line = TIMED.sub(r"\1\2", line)
    line = ASSIGNED.sub(r"\1\2 = None", line)
    return LINE.sub(r"\1pass", line)


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
