"""What the package exports, and the statements that its docstrings name; nothing is imported.

A module is public where no part of its name begins with an underscore. A room with an `__all__`
exports that alone, and hides those of its modules that it does not name there.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

PACKAGE = "pgcompanion"
# What draws, checks or frames the mathematics, and so need not name a statement.
FRAME = re.compile(
    r"(demos|exercises|experiments|grading|style|notebook|checks|gridworld)\.|training\.(save|load)$"
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
    exported: bool
    documented: bool = True
    describes: bool = False  # a protocol, or a method of one

    @property
    def public(self) -> bool:
        return self.exported and not self.describes

    @property
    def mathematics(self) -> bool:
        return self.public and not FRAME.match(self.name)

    @property
    def module(self) -> str:
        """What exports it: "exact" of "exact.gradient" and of "exact.Values.J"."""
        return self.name.removesuffix(f".{self.anchor}")

    @property
    def is_method(self) -> bool:
        return "." in self.anchor


@dataclass(frozen=True)
class Constant:
    """A public name that is neither function nor class, with the comment above it."""

    name: str
    path: str
    anchor: str
    text: tuple[str, ...]  # the lines of the comment, `#: What it is.`
    exported: bool = True

    @property
    def labels(self) -> tuple[str, ...]:
        return labels_of("\n".join(self.text))

    @property
    def module(self) -> str:
        return self.name.removesuffix(f".{self.anchor}")


def modules(root: Path) -> dict[str, Path]:
    """The file of each module of the package that stands below `root`."""
    result = {}
    for path in sorted((root / PACKAGE).rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        result[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return result


def functions(root: Path) -> list[Function]:
    """Every function, class and method of the package that stands below `root`."""
    paths = modules(root)
    trees = {module: ast.parse(path.read_text(encoding="utf-8")) for module, path in paths.items()}
    names = public_names(trees)
    return [
        function
        for module, tree in trees.items()
        for node in definitions(tree)
        for function in described(
            node,
            paths[module].relative_to(root).as_posix(),
            names.get((module, node.name)),
            node.name,
        )
    ]


def constants(root: Path) -> list[Constant]:
    """The public names that are assigned and not defined."""
    paths = modules(root)
    texts = {module: path.read_text(encoding="utf-8") for module, path in paths.items()}
    names = public_names({module: ast.parse(text) for module, text in texts.items()})
    return [
        Constant(public, paths[module].relative_to(root).as_posix(), name, comment(text, name))
        for (module, name), public in names.items()
        if module in paths and assigned(text := texts[module], name)
    ]


def assigned(text: str, name: str) -> bool:
    """Whether a module assigns the name at its outermost level."""
    return re.search(rf"^{name}(: [^=]+)? = ", text, re.MULTILINE) is not None


def comment(text: str, name: str) -> tuple[str, ...]:
    """The lines `#: ...` directly above the assignment of a name."""
    found = re.search(rf"((?:^#:.*\n)*)^{name}(: [^=]+)? = ", text, re.MULTILINE)
    return tuple(re.findall(r"^#: ?(.*)$", found[1], re.MULTILINE))


def public_names(trees: dict[str, ast.Module]) -> dict[tuple[str, str], str]:
    """The name by which each exported object is imported, by its module and its own name."""
    # The package itself lifts the main names out of its rooms; they are described where they stand.
    trees = {module: tree for module, tree in trees.items() if module != PACKAGE}
    closed = {module for module, tree in trees.items() if exports(tree) is not None}
    result = {}
    for module, tree in trees.items():
        parts = module.split(".")
        rooms = [(".".join(parts[:depth]), parts[depth]) for depth in range(1, len(parts))]
        hidden = any(
            room in closed and part not in shown(trees[room], room) for room, part in rooms
        )
        if hidden or any(part.startswith("_") for part in parts):
            continue
        origin = {
            alias.asname or alias.name: node.module
            for node in tree.body
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        own = [node.name for node in definitions(tree) if not node.name.startswith("_")]
        for name in own if module not in closed else exports(tree):
            result.setdefault((origin.get(name, module), name), ".".join([*parts[1:], name]))
    return result


def shown(tree: ast.Module, room: str) -> list[str]:
    """The modules that a room exports as such: `from room import module`."""
    own = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == room]
    return [alias.name for node in own for alias in node.names]


def definitions(tree: ast.Module | ast.ClassDef) -> Iterator[Definition]:
    return (node for node in tree.body if isinstance(node, Definition))


def exports(tree: ast.Module) -> list[str] | None:
    """The `__all__` of a module, if it has one."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return ast.literal_eval(node.value)
    return None


def labels_of(text: str) -> tuple[str, ...]:
    """The labels that a docstring names."""
    return tuple(re.findall(r"`(\w+)`", "".join(NAMED.findall(text))))


def described(node: Definition, path: str, name: str | None, anchor: str) -> Iterator[Function]:
    """A definition, and below a class its methods. A protocol only describes."""
    text = ast.get_docstring(node)
    is_class = isinstance(node, ast.ClassDef)
    arguments = fields(node) if is_class else parameters(node)
    describes = is_class and "Protocol" in map(ast.unparse, node.bases)
    yield Function(
        name or anchor,
        path,
        anchor,
        labels_of(text or ""),
        tuple(arguments),
        exported=name is not None,
        documented=bool(text),
        describes=describes,
    )
    for method in definitions(node) if is_class else ():
        inner = name and (method.name == "__init__" or not method.name.startswith("_"))
        inner_name = f"{name}.{method.name}" if inner else None
        for function in described(method, path, inner_name, f"{anchor}.{method.name}"):
            yield replace(function, describes=describes)


def parameters(node: ast.FunctionDef) -> Iterator[str]:
    every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return (a.arg for a in every if a.arg not in ("self", "cls") and not a.arg.startswith("_"))


def fields(node: ast.ClassDef) -> Iterator[str]:
    """The arguments of a record: the annotated fields of a dataclass or a named tuple."""
    for child in node.body:
        if isinstance(child, ast.AnnAssign) and isinstance(child.target, ast.Name):
            yield child.target.id
