"""What the package exports, and the statements that its docstrings name; nothing is imported.

A module is public where no part of its name begins with an underscore. A room with an `__all__`
exports that alone and hides its modules.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PACKAGE = "pgcompanion"
# What draws, checks or frames the mathematics, and so need not name a statement.
FRAME = re.compile(
    r"(drawing|demos|exercises|environments|experiments|style|notebook|checks|tables|tasks"
    r"|gridworld\w*)\."
)
NAMED = re.compile(r"[Ss]tatements?: ((?:`\w+`(?:, and |, | and )?)+)")
Definition = ast.FunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Function:
    """A function, class or method: where it stands, and what its docstring names."""

    name: str  # as a page writes it, "exact.gradient"
    path: str  # from the root of the repository
    anchor: str  # within the file, "TabularSoftmax.table"
    labels: tuple[str, ...]
    arguments: tuple[str, ...]
    public: bool

    @property
    def mathematics(self) -> bool:
        return self.public and not FRAME.match(self.name)

    @property
    def is_method(self) -> bool:
        return "." in self.anchor


def functions(root: Path) -> list[Function]:
    """Every function, class and method of the package that stands below `root`."""
    trees = {}
    for path in sorted((root / PACKAGE).rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        trees[module] = path, ast.parse(path.read_text(encoding="utf-8"))
    names = public_names({module: tree for module, (_, tree) in trees.items()})
    return [
        function
        for module, (path, tree) in trees.items()
        for node in definitions(tree)
        for function in described(
            node, path.relative_to(root).as_posix(), names.get((module, node.name)), node.name
        )
    ]


def public_names(trees: dict[str, ast.Module]) -> dict[tuple[str, str], str]:
    """The name by which each exported object is imported, by its module and its own name."""
    closed = {module for module, tree in trees.items() if exports(tree) is not None}
    result = {}
    for module, tree in trees.items():
        parts = module.split(".")
        above = {".".join(parts[:depth]) for depth in range(1, len(parts))}
        if any(part.startswith("_") for part in parts) or above & closed:
            continue
        origin = {
            alias.asname or alias.name: node.module
            for node in tree.body
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        own = [node.name for node in definitions(tree) if not node.name.startswith("_")]
        for name in own if module not in closed else exports(tree):
            result[origin.get(name, module), name] = ".".join([*parts[1:], name])
    return result


def definitions(tree: ast.Module | ast.ClassDef) -> Iterator[Definition]:
    return (node for node in tree.body if isinstance(node, Definition))


def exports(tree: ast.Module) -> list[str] | None:
    """The `__all__` of a module, if it has one."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return ast.literal_eval(node.value)
    return None


def described(node: Definition, path: str, name: str | None, anchor: str) -> Iterator[Function]:
    """A definition, and below a class its methods. A protocol only describes, and is not public."""
    labels = re.findall(r"`(\w+)`", "".join(NAMED.findall(ast.get_docstring(node) or "")))
    is_class = isinstance(node, ast.ClassDef)
    arguments = fields(node) if is_class else parameters(node)
    public = name is not None and not (is_class and "Protocol" in map(ast.unparse, node.bases))
    yield Function(name or anchor, path, anchor, tuple(labels), tuple(arguments), public)
    for method in definitions(node) if is_class else ():
        inner = public and (method.name == "__init__" or not method.name.startswith("_"))
        inner_name = f"{name}.{method.name}" if inner else None
        yield from described(method, path, inner_name, f"{anchor}.{method.name}")


def parameters(node: ast.FunctionDef) -> Iterator[str]:
    every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return (a.arg for a in every if a.arg not in ("self", "cls") and not a.arg.startswith("_"))


def fields(node: ast.ClassDef) -> Iterator[str]:
    """The arguments of a record: the annotated fields of a dataclass or a named tuple."""
    for child in node.body:
        if isinstance(child, ast.AnnAssign) and isinstance(child.target, ast.Name):
            yield child.target.id
