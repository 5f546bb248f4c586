"""Cells that run in the page: their sources, and which earlier cells each of them needs.

A cell is marked by its place among the cells of its notebook. What it needs are the cells that
define the names it uses, the cells those need, and the imports of the page. A name that is drawn from
(`rng`) is changed by whoever uses it, so that a cell prints what the page shows.
"""

from __future__ import annotations

import ast
import json
import os
import re

import nbformat
from docutils import nodes
from launch import notebook_of
from sphinx.application import Sphinx
from strict import RUNS

from pgcompanion.exercises.engine import catalogue

CHANGED_BY_USE = {"rng"}


def names(source: str) -> tuple[set[str], set[str]]:
    """What a cell uses, and what it defines or changes."""
    used, made = set(), set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else made).add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            made.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            made |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            used.add(node.target.id)
        if isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store):
            inner = node.value
            while isinstance(inner, ast.Subscript | ast.Attribute):
                inner = inner.value
            if isinstance(inner, ast.Name):
                made.add(inner.id)
    return used, made | (used & CHANGED_BY_USE)


def needs(sources: list[str], first: int) -> list[list[int]]:
    """For each cell the earlier ones to run before it, in order; ``first`` holds the imports."""
    spoken = [names(source) for source in sources]
    result: list[list[int]] = []
    for i, (used, _) in enumerate(spoken):
        wanted, found = set(used), {first} if i > first else set()
        for k in range(i - 1, first, -1):
            if spoken[k][1] & wanted:
                found.add(k)
                wanted |= spoken[k][0]
        result.append(sorted(found))
    return result


def starters(sources: list[str]) -> list[int]:
    """The cells that a reader is to complete: they are open for editing from the start."""
    return [i for i, source in enumerate(sources) if source.rstrip().endswith("\n    ...")]


# The cell of an exhibit of the bug museum, with what is edited when a reader repairs it: see findit.
REPAIR = re.compile(r'check\("(\w+)", museum\.\1_slip\)')


def repairs(sources: list[str]) -> dict[int, str]:
    """The wrong code that an exhibit begins with, and the call that judges it."""
    found = {i: REPAIR.fullmatch(source.strip()) for i, source in enumerate(sources)}
    return {i: repair(match[1]) for i, match in found.items() if match}


def repair(name: str) -> str:
    starter = catalogue.find(name).starter.partition("\n\n\n")[2]
    return f'{starter}\n\ncheck("{name}", {name})'


def mark(app: Sphinx, doctree: nodes.document, pagename: str) -> None:
    """Name each cell of the page after its place; the cells of the notebook that are left out have none."""
    notebook = notebook_of(app, pagename)
    if notebook is None or not notebook.exists() or not app.config.pgbook_runtime:
        return
    whole = nbformat.read(notebook, as_version=4)
    cells = [cell for cell in whole.cells if cell.cell_type == "code"]
    shown = [i for i, c in enumerate(cells) if "remove-cell" not in c.metadata.get("tags", [])]
    places = [n for n in doctree.findall(nodes.container) if n.get("nb_element") == "cell_code"]
    for i, node in zip(shown, places, strict=True):
        node["classes"].append(f"pg-cell-{i}")
    sources = [cell.source for cell in cells]
    sources[: shown[0]] = [""] * shown[0]  # how to install the package: it is here
    held = {"sources": sources, "needs": needs(sources, shown[0]), "open": starters(sources)}
    held["repairs"] = repairs(sources)
    if held["open"]:  # a page of exercises, whose work can be saved as its notebook
        held["notebook"] = json.loads(nbformat.writes(whole))
    app.page_cells = getattr(app, "page_cells", {}) | {pagename: held}


def finish(
    app: Sphinx, pagename: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """Put the cells of a page into it, and what runs them."""
    if pagename not in getattr(app, "page_cells", {}):
        return
    home = context["pathto"]("_static/site.css", 1).partition("_static")[0]
    held = app.page_cells[pagename] | {"home": home}
    text = json.dumps(held, sort_keys=True).replace("<", "\\u003c")
    context["body"] += f'<script type="application/json" id="pg-cells">{text}</script>'
    context["metatags"] = context.get("metatags", "") + RUNS
    app.add_js_file("python/run.js", loading_method="defer")
    app.add_css_file("python/run.css")


def setup(app: Sphinx) -> None:
    wanted = os.environ.get("PGCOMPANION_RUNTIME", "yes") not in ("", "no")
    app.add_config_value("pgbook_runtime", wanted, "html", bool)
    app.connect("doctree-resolved", mark)
    app.connect("html-page-context", finish, priority=650)
