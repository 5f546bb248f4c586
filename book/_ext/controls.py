"""The negative control of a test: the lines that say what must *not* hold.

A test of a statement that only agrees would pass for a wrong statement, too. What counts as a control
is read from the source: an assertion of a difference, an excess or a failure.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Control:
    """One line of a test that must refute a wrong variant, or why there is none."""

    line: int
    text: str
    excuse: bool = False
    weak: bool = False  # it may say no more than that the case is not empty


def statement_tests(source: str) -> Iterator[tuple[ast.FunctionDef, ast.Call]]:
    """The tests of a file that carry ``pytest.mark.statement``, each with its marker.

    A marker may stand above a test, or belong to all tests of the file: ``pytestmark = …``.
    """
    tree = ast.parse(source)
    assigned = [node for node in tree.body if isinstance(node, ast.Assign)]
    common = [node.value for node in assigned if ast.unparse(node.targets[0]) == "pytestmark"]
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            for mark in [*node.decorator_list, *common]:
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.statement":
                    yield node, mark


def is_refutation(node: ast.AST) -> bool:
    """Whether a piece of code asserts that something does *not* hold: a difference, an excess, a failure."""
    if isinstance(node, ast.Assert):
        parts = list(ast.walk(node.test))
        excess = (ast.Gt, ast.GtE, ast.NotEq)
        return any(
            (isinstance(part, ast.Compare) and any(isinstance(op, excess) for op in part.ops))
            or (isinstance(part, ast.Compare) and len(part.ops) > 1)  # right < bound < wrong
            or (isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.Not))
            for part in parts
        )
    if isinstance(node, ast.With):
        return any("AssertionError" in ast.unparse(item.context_expr) for item in node.items)
    return isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "refuted"


def is_weak(node: ast.AST) -> bool:
    """Whether all that is refuted is a sign: at least, or more than nothing."""
    parts = [part for part in ast.walk(node) if isinstance(part, ast.Compare)]
    zero = [ast.unparse(part.comparators[-1]) == "0" for part in parts]
    order = [isinstance(part.ops[0], ast.GtE) for part in parts]
    negated = any(isinstance(part, ast.Not) for part in ast.walk(node))
    return bool(parts) and not negated and all(map(max, zero, order))


def shown(node: ast.AST) -> str:
    """What a refuting line asserts, in the words of the test."""
    if isinstance(node, ast.Assert):
        return ast.unparse(node.test)
    first = node.items[0].context_expr if isinstance(node, ast.With) else node
    return ast.unparse(first)


def excuse(mark: ast.Call) -> str | None:
    """Why a test need not refute anything: ``no_control="…"``."""
    found = [k.value for k in mark.keywords if k.arg == "no_control"]
    return ast.literal_eval(found[0]) if found else None


def controls(source: str) -> dict[str, list[Control]]:
    """For each statement test of a file the lines that refute something, the most telling first.

    Of equals the last: what stands before it often makes sure that the case is no empty one.
    """
    result: dict[str, list[Control]] = {}
    for test, mark in statement_tests(source):
        found = [
            Control(node.lineno, shown(node), weak=is_weak(node))
            for node in ast.walk(test)
            if is_refutation(node)
        ]
        reason = excuse(mark)
        if reason is not None:
            found.append(Control(mark.lineno, reason, excuse=True))
        every = {*result.get(test.name, []), *found}
        result[test.name] = sorted(every, key=lambda control: (control.weak, -control.line))
    return result


@cache
def controls_of(path: Path) -> dict[str, list[Control]]:
    """`controls` of a file; none where it is not there."""
    return controls(path.read_text(encoding="utf-8")) if path.exists() else {}
