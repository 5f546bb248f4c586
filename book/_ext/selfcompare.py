"""Cells that compare a function with itself: checks that cannot fail.

An assertion of equality has two sides. Each is followed, through the names of the page, to the functions
of the package that its value comes from. Where both come from the same function, or the one only hands
on what the other returns, the cell proves nothing. One function of two different arguments, whose
answers must agree, is legitimate, and says so in a comment: ``# same function: why``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(.*?)^```", re.DOTALL | re.MULTILINE)
OPTIONS = re.compile(r"\A(?:---\n.*?^---\n|(?::[^\n]*\n)+)", re.DOTALL | re.MULTILINE)
EXCUSE = "# same function:"
EQUAL = {"isclose", "allclose", "array_equal", "assert_allclose", "assert_array_equal"}
SIZE = {"abs", "norm", "max"}  # of a difference that is to be small
CASTS = {"asarray", "array", "float", "item", "reshape", "copy", "astype"}

Origins = frozenset[str]
NONE: Origins = frozenset()


def called(node: ast.Call) -> str:
    """The last part of the name that is called: `evaluate` of `exact.evaluate(...)`."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def spelled(node: ast.Call) -> str:
    """The last two parts of the name that is called: `exact.evaluate` of `pg.exact.evaluate(...)`."""
    return ".".join(ast.unparse(node.func).split(".")[-2:])


def inside(node: ast.Call) -> list[ast.AST]:
    """What a call computes with: its arguments, and what its method belongs to."""
    own = [node.func.value] if isinstance(node.func, ast.Attribute) else []
    return [*own, *node.args, *(keyword.value for keyword in node.keywords)]


class Reader:
    """Follows names through a piece of code to the functions that their values come from.

    A strict reader follows what is handed on unchanged, and no arithmetic.
    """

    def __init__(self, functions: Origins, strict: bool = False) -> None:
        self.functions, self.strict = functions, strict
        self.names: dict[str, Origins] = {}
        self.parts: dict[str, list[Origins]] = {}  # of a name that is a list, each entry's

    def origins(self, node: ast.AST) -> Origins:
        """The outermost functions behind a value."""
        if isinstance(node, ast.Name):
            return self.names.get(node.id, NONE)
        if isinstance(node, ast.Call):
            if called(node) in self.functions:
                return frozenset({spelled(node)})
            return self.union(inside(node)) if not self.strict or called(node) in CASTS else NONE
        if isinstance(node, ast.Subscript):
            return self.entry(node)
        if isinstance(node, ast.ListComp | ast.GeneratorExp):
            for loop in node.generators:
                self.bind(loop.target, loop.iter)
            return self.origins(node.elt)
        if isinstance(node, ast.Lambda) or (self.strict and isinstance(node, ast.BinOp)):
            return NONE
        return self.union(list(ast.iter_child_nodes(node)))

    def entry(self, node: ast.Subscript) -> Origins:
        """One entry of a list that was written out, or whatever it may be."""
        known = self.parts.get(node.value.id, []) if isinstance(node.value, ast.Name) else []
        try:
            return known[ast.literal_eval(node.slice)]
        except (ValueError, TypeError, IndexError):
            return self.origins(node.value)

    def union(self, nodes: list[ast.AST]) -> Origins:
        return NONE.union(*map(self.origins, nodes))

    def bind(self, target: ast.AST, value: ast.AST) -> None:
        """Note where the names of an assignment come from."""
        parts = value.elts if isinstance(value, ast.Tuple | ast.List) else []
        if isinstance(target, ast.Name):
            self.names[target.id] = self.origins(value)
            self.parts[target.id] = [self.origins(part) for part in parts]
        elif isinstance(target, ast.Tuple | ast.List):
            each = parts if len(parts) == len(target.elts) else [value] * len(target.elts)
            for name, part in zip(target.elts, each, strict=True):
                self.bind(name, part)

    def read(self, node: ast.AST) -> Iterator[ast.AST]:
        """Every part of a piece of code in order, after the names before it are known."""
        if isinstance(node, ast.Assign):
            for target in node.targets:
                self.bind(target, node.value)
        elif isinstance(node, ast.For):
            self.bind(node.target, node.iter)
        elif isinstance(node, ast.Call) and called(node) == "append":
            name = getattr(getattr(node.func, "value", None), "id", "")
            self.names[name] = self.names.get(name, NONE) | self.union(list(node.args))
        yield node
        for child in ast.iter_child_nodes(node):
            yield from self.read(child)


def sides(claim: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    """The two sides of each equality that an assertion claims, and of each difference that is small."""
    if isinstance(claim, ast.BoolOp | ast.IfExp):
        parts = claim.values if isinstance(claim, ast.BoolOp) else [claim.body, claim.orelse]
        for part in parts:
            yield from sides(part)
    elif isinstance(claim, ast.Call) and called(claim) in EQUAL and len(claim.args) >= 2:
        yield claim.args[0], claim.args[1]
    elif isinstance(claim, ast.Call) and called(claim) == "all":
        for part in inside(claim):
            yield from sides(part)
    elif isinstance(claim, ast.Compare):
        values = [claim.left, *claim.comparators]
        for left, op, right in zip(values[:-1], claim.ops, values[1:], strict=True):
            if isinstance(op, ast.Eq) and not isinstance(right, ast.Compare):
                yield left, right
            elif isinstance(op, ast.Lt | ast.LtE):
                yield from differences(left)


def differences(value: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    """The two sides of each difference of which a value is the size."""
    for part in ast.walk(value):
        if isinstance(part, ast.Call) and called(part) in SIZE:
            for inner in inside(part):
                if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Sub):
                    yield inner.left, inner.right


def handed_on(package: Path) -> dict[str, Origins]:
    """For each function of the package, by its own name, those whose answer it returns unchanged."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in sorted(package.rglob("*.py"))]
    defined = [n for tree in trees for n in tree.body if isinstance(n, ast.FunctionDef)]
    names = frozenset(node.name for node in defined)
    result: dict[str, Origins] = {}
    for node in defined:
        reader = Reader(names - {node.name}, strict=True)
        returned = [
            first(n.value) for n in reader.read(node) if isinstance(n, ast.Return) and n.value
        ]
        found = frozenset(bare(name) for name in reader.union(returned))
        result[node.name] = result.get(node.name, NONE) | found
    return result


def bare(name: str) -> str:
    """A function's own name, without that of its module."""
    return name.split(".")[-1]


def first(value: ast.AST) -> ast.AST:
    """What a function returns; of several things the first."""
    return value.elts[0] if isinstance(value, ast.Tuple) and value.elts else value


def reached(name: str, passed: Mapping[str, Origins]) -> Origins:
    """The functions whose answers a function hands on, directly or through others."""
    found, new = NONE, frozenset({name})
    while new:
        new = NONE.union(*(passed.get(name, NONE) for name in new)) - found
        found |= new
    return found


def faults(page: str, functions: Origins, passed: Mapping[str, Origins]) -> Iterator[str]:
    """One sentence for each assertion of a page whose two sides are one function."""
    reader = Reader(functions)
    for cell in CELL.findall(page):
        code = OPTIONS.sub("", cell)
        for node in reader.read(ast.parse(code)):
            if isinstance(node, ast.Assert) and EXCUSE not in code:
                for pair in sides(node.test):
                    left, right = map(reader.origins, pair)
                    if left and right and same(left, right, passed):
                        names = " and ".join(sorted(left | right))
                        yield f"compares {names} with itself: {ast.unparse(node)}"


def same(left: Origins, right: Origins, passed: Mapping[str, Origins]) -> bool:
    """Whether two values come from one function, or one of them hands on what the other returns.

    What several functions went into is a formula of its own.
    """
    if len(left) > 1 or len(right) > 1:
        return False
    (one,), (other,) = left, right
    names = bare(one), bare(other)
    return one == other or any(a in reached(b, passed) for a, b in (names, names[::-1]) if a != b)
