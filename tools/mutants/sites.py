"""A sample of the mutants of some files, by cosmic-ray's operators: their number, then lines of JSON.

Runs in an environment of its own, where cosmic-ray stands: ``python sites.py number seed file…``. A site
is a place and what stands there; it has one mutant, however many operators could replace it.
"""

from __future__ import annotations

import ast
import json
import random
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import cosmic_ray.plugins
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code

Position = tuple[int, int]
BITS = re.compile("_(Add|Sub|Mul|Div|FloorDiv|Mod|Pow)_(Bit.*|.Shift)$")  # any float raises there
OPERATORS = {
    name: cosmic_ray.plugins.get_operator(name)()
    for name in sorted(cosmic_ray.plugins.operator_names())
    if not cosmic_ray.plugins.get_operator(name).arguments() and not BITS.search(name)
}


def silent(tree: ast.Module) -> Iterator[tuple[Position, Position]]:
    """What no test need know: types, the wording of errors, and how a value is printed."""
    for node in ast.walk(tree):
        match node:
            case ast.arg(annotation=ast.expr() as part) | ast.AnnAssign(annotation=part):
                yield span(part)
            case ast.FunctionDef(name="__repr__") | ast.Raise():
                yield span(node)
            case ast.ClassDef(bases=bases) if "Protocol" in map(ast.unparse, bases):
                yield span(node)
            case ast.FunctionDef(returns=ast.expr() as part):
                yield span(part)
            case ast.Assign(value=ast.BinOp(op=ast.BitOr())):  # an alias of types
                yield span(node)


def span(node: ast.expr | ast.stmt) -> tuple[Position, Position]:
    return (node.lineno, node.col_offset), (node.end_lineno or 0, node.end_col_offset or 0)


def family(operator: str) -> str:
    """Operators that replace the same thing by something else."""
    name = operator.removeprefix("core/")
    return "_".join(name.split("_")[:2]) if name.startswith("Replace") else name


def sites(path: Path) -> list[list[tuple[str, int]]]:
    """The places of a file that can be mutated: of each, the operators and their occurrences."""
    source = path.read_text(encoding="utf-8")
    skipped, lines = list(silent(ast.parse(source))), source.splitlines()
    found: dict[object, list[tuple[str, int]]] = defaultdict(list)
    nodes = list(ast_nodes(get_ast(source)))
    for name, operator in OPERATORS.items():
        places = [place for node in nodes for place in operator.mutation_positions(node)]
        for occurrence, (start, end) in enumerate(places):
            bare = lines[start[0] - 1][start[1] : end[1] + 1] == "*,"  # of a signature
            if not bare and not any(low <= start < high for low, high in skipped):
                found[start, family(name)].append((name, occurrence))
    return list(found.values())


def mutant(path: Path, choices: list[tuple[str, int]], luck: random.Random) -> dict[str, object]:
    """One mutant of a site that is a program, and another one than the file; or nothing."""
    source = path.read_text(encoding="utf-8")
    for name, occurrence in luck.sample(choices, len(choices)):
        code = mutate_code(source, OPERATORS[name], occurrence)
        try:
            same = code is None or ast.dump(ast.parse(code)) == ast.dump(ast.parse(source))
        except SyntaxError:
            continue
        if not same:
            pairs = enumerate(zip(source.splitlines(), code.splitlines(), strict=False), 1)
            line, before, after = next((i, a.strip(), b.strip()) for i, (a, b) in pairs if a != b)
            where = {"path": str(path), "line": line, "before": before, "after": after}
            return where | {"operator": name.removeprefix("core/"), "code": code}
    return {}


def main(number: int, seed: int, files: list[Path]) -> None:
    """A sample in which each file has its share, at least one."""
    luck = random.Random(seed)
    everywhere = {path: sites(path) for path in files}
    total = sum(map(len, everywhere.values()))
    print(total)
    for path, places in everywhere.items():
        share = min(len(places), max(1, round(number * len(places) / total)))
        for choices in luck.sample(places, share):
            if found := mutant(path, choices, luck):
                print(json.dumps(found))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), [Path(file) for file in sys.argv[3:]])
