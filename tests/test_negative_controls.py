"""Every test of a statement refutes something, too, or says why it need not."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent


def statement_tests(source: str) -> Iterator[tuple[ast.FunctionDef, ast.Call]]:
    """The tests of a file that carry ``pytest.mark.statement``, each with its marker."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            for mark in node.decorator_list:
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


def without_control(source: str) -> list[str]:
    """The names of the statement tests that neither refute anything nor say why (``no_control="…"``)."""
    return [
        test.name
        for test, mark in statement_tests(source)
        if not any(keyword.arg == "no_control" for keyword in mark.keywords)
        and not any(is_refutation(node) for node in ast.walk(test))
    ]


@pytest.mark.parametrize(
    "path", sorted(TESTS.rglob("test_*.py")), ids=lambda path: path.relative_to(TESTS).as_posix()
)
def test_every_statement_test_has_a_negative_control(path):
    assert without_control(path.read_text(encoding="utf-8")) == []


def test_the_check_finds_a_test_that_only_agrees():
    agrees = "@pytest.mark.statement('x')\ndef test_a():\n    assert abs(f() - g()) < 1e-9\n"
    refutes = agrees + "    assert abs(wrong() - g()) > 1e-3\n"
    excused = agrees.replace("'x'", "'x', no_control='a definition'")
    assert without_control(agrees) == ["test_a"]
    assert without_control(refutes) == without_control(excused) == []
