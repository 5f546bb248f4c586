"""The form of a function that is left when its own names, its comments and its texts are gone."""

from __future__ import annotations

import ast
from typing import Any

Definition = ast.FunctionDef | ast.AsyncFunctionDef


def form(function: Definition) -> str:
    """Two functions have the same form if they differ in the names of their variables alone.

    >>> one, other, third = ast.parse(
    ...     "def f(r): x = r + 1; return x\\n"
    ...     "def f(rewards: list): 'Text.'; y = rewards + 1; return y\\n"
    ...     "def f(r): x = 1 + r; return x"
    ... ).body
    >>> form(one) == form(other), form(one) == form(third)
    (True, False)
    """
    tree = ast.parse(ast.unparse(function)).body[0]
    assert isinstance(tree, Definition)
    tree.body = _body(tree)
    tree.decorator_list, tree.returns = [], None
    own = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    own |= {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    return ast.dump(_Renamed(own).visit(tree))


class _Renamed(ast.NodeTransformer):
    """Numbers in the place of a function's own names, in the order of their appearance."""

    def __init__(self, own: set[str]) -> None:
        self.own, self.numbers = own, dict[str, str]()

    def _name(self, name: str) -> str:
        return self.numbers.setdefault(name, f"_{len(self.numbers)}") if name in self.own else name

    def visit_arg(self, node: ast.arg) -> Any:
        return ast.arg(self._name(node.arg), None)

    def visit_Name(self, node: ast.Name) -> Any:
        return ast.Name(self._name(node.id), node.ctx)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:
        if node.value is None:
            return ast.Pass()
        return self.visit(ast.Assign([node.target], node.value))


def is_stub(function: Definition) -> bool:
    """Whether the body is empty: `...`, `pass`, a docstring alone, or an error that says so.

    >>> [is_stub(node) for node in ast.parse(
    ...     "def f(r): 'Text.'; ...\\ndef f(r): return 0\\ndef f(r): raise NotImplementedError"
    ... ).body]
    [True, False, True]
    """
    return all(_idle(statement) for statement in _body(function))


def _idle(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Raise):
        return "NotImplemented" in ast.dump(statement)
    value = getattr(statement, "value", None)
    empty = value is None or (isinstance(value, ast.Constant) and value.value in (None, ...))
    return isinstance(statement, ast.Pass | ast.Expr | ast.Return) and empty


def _body(function: Definition) -> list[ast.stmt]:
    """The statements below the docstring."""
    return function.body[1:] if ast.get_docstring(function) is not None else function.body
