"""Cells that run in the page: their sources, and which earlier cells each of them needs.

A cell is marked by its place among the cells of its notebook. What it needs are the cells that
define the names it uses, the cells those need, and the imports of the page. What it sets itself before it
uses it, it does not need, nor what its functions call their own. A name that is drawn from (`rng`) is changed
by whoever uses it, so that a cell prints what the page shows.

The option `in_page` of a cell says how many seconds it takes there, where these are more than a few, or
in a sentence why it does not run there. `make bench BENCH=page` measures them.

The buttons of a cell stand in the page from the start, so that nothing moves when the script comes that
wakes them; a browser without scripts does not show them.
"""

from __future__ import annotations

import ast
import json
import os
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import nbformat
from docutils import nodes
from launch import notebook_of
from selfcheck import Tag, tag
from sphinx.application import Sphinx
from strict import RUNS

from pgcompanion.exercises.engine import catalogue

CHANGED_BY_USE = {"rng"}
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
SCOPES = (ast.FunctionDef, ast.ClassDef, ast.Lambda, *COMPREHENSIONS)
FEW, MANY = 5, 60  # seconds: what is said before a cell is run, and what is not offered


class Names(NamedTuple):
    """What code takes from before it, what it sets, and what of the former it changes."""

    used: set[str]
    made: set[str]
    changed: set[str]


def scope(nodes: Iterable[ast.AST]) -> Names:
    """The names of these nodes, and of functions and comprehensions in them those that are not their own."""
    used, made, changed = Names(set(), set(), set())
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if isinstance(node, SCOPES):
            inner = scope(ast.iter_child_nodes(node))
            used |= inner.used - inner.made
            changed |= inner.changed - inner.made
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                made.add(node.name)
            if isinstance(node, ast.FunctionDef | ast.Lambda):
                waiting += [x for x in [*node.args.defaults, *node.args.kw_defaults] if x]
            elif not isinstance(node, ast.ClassDef):
                waiting.append(node.generators[0].iter)
            continue
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else made).add(node.id)
        elif isinstance(node, ast.arg):
            made.add(node.arg)
        elif isinstance(node, ast.alias):
            made.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            used.add(node.target.id)
        elif isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store):
            inner_node = node.value
            while isinstance(inner_node, ast.Subscript | ast.Attribute):
                inner_node = inner_node.value
            if isinstance(inner_node, ast.Name):
                changed.add(inner_node.id)
        waiting += ast.iter_child_nodes(node)
    return Names(used, made, changed | (used & CHANGED_BY_USE))


def in_order(body: list[ast.stmt]) -> Iterator[list[ast.AST]]:
    """Statements as they are executed, what they take before what they set. A loop runs at least once."""
    for node in body:
        if isinstance(node, ast.For):
            yield [node.iter, node.target]
            yield from in_order(node.body + node.orelse)
        elif isinstance(node, ast.With):
            yield list(node.items)
            yield from in_order(node.body)
        else:
            yield [node]


def names(source: str) -> tuple[Names, set[str]]:
    """What a cell takes from earlier ones, sets and changes; and what it sets without regard to what stood there."""
    used, made, changed, new, later = set(), set(), set(), set(), set()
    for parts in in_order(ast.parse(source).body):
        found = scope(parts)
        if isinstance(parts[0], ast.FunctionDef):
            later |= found.used  # when it is called
        else:
            used |= found.used - new
        made |= found.made
        changed |= found.changed
        if not isinstance(parts[0], ast.If | ast.While | ast.Try):
            new |= found.made
    return Names(used | (later - new), made, changed), new


def needs(sources: list[str], first: int) -> list[list[int]]:
    """For each cell the earlier ones to run before it, in order; ``first`` holds the imports."""
    spoken = [names(source) for source in sources]
    result: list[list[int]] = []
    for i, (own, _) in enumerate(spoken):
        wanted, found = set(own.used), {first} if i > first else set()
        for k in range(i - 1, first, -1):
            before, new = spoken[k]
            if (before.made | before.changed) & wanted:
                found.add(k)
                wanted = wanted - new | before.used | before.changed
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


EXERCISE = re.compile(r'check\("(\w+)"')
SAVE = """<div class="pg-run pst-js-only">
<button type="button" name="save" disabled>Save my work as a notebook</button>
</div>
"""


def bar(source: str, said: str, runs: bool) -> Tag:
    """What stands below a cell: its buttons, which the script wakes, and what is said of it."""
    state = tag("span", nodes.Text(said), class_="pg-run__state", role="status")
    return tag("div", *(buttons(source) if runs else []), state, class_="pg-run pst-js-only")


def buttons(source: str) -> Iterator[Tag]:
    exercise = EXERCISE.match(source)
    yield button("run", "Check" if exercise else "Run")
    yield button("edit", "Repair" if REPAIR.fullmatch(source.strip()) else "Edit")
    yield button("reset", "Reset", hidden=None)
    for name in ("hint", "solution") if exercise else ():
        yield button(name, name.title(), value=exercise[1])


def button(name: str, label: str, **attrs: str | None) -> Tag:
    return tag("button", nodes.Text(label), type="button", name=name, disabled=None, **attrs)


def is_alive(cell: nodes.Element) -> bool:
    """Whether a cell shows a demo."""
    return any('<figure class="pg-demo' in raw.astext() for raw in cell.findall(nodes.raw))


def code_of(cell: nodes.Element) -> nodes.Element | None:
    """The code of a cell, where the page shows it."""
    boxes = cell.findall(nodes.container)
    return next((box for box in boxes if box.get("nb_element") == "cell_code_source"), None)


def slow_and_still(said: list, needed: list[list[int]]) -> tuple[dict[int, str], dict[int, str]]:
    """What stands beside the cells that take long in the page, and beside those that do not run there."""
    slow, still = {}, {}
    for i, own in enumerate(said):
        chain = [said[k] for k in [*needed[i], i]]
        seconds = sum(x for x in chain if isinstance(x, int))
        if isinstance(own, str):
            still[i] = own
        elif any(isinstance(x, str) for x in chain):
            still[i] = ""  # the cell above that it needs says why
        elif seconds > MANY:
            still[i] = "It takes minutes in a page: run it in the notebook."
        elif seconds > FEW:
            slow[i] = f"Takes about {seconds} s here, on a telephone longer."
    return slow, still


def mark(app: Sphinx, doctree: nodes.document, pagename: str) -> None:
    """Name each cell of the page after its place; the cells of the notebook that are left out have none."""
    path = notebook_of(app, pagename)
    if path is None or not path.exists() or not app.config.pgbook_runtime:
        return
    if app.builder.name == "epub":  # an e-reader runs nothing
        return
    notebook = nbformat.read(path, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    shown = [i for i, c in enumerate(cells) if "remove-cell" not in c.metadata.get("tags", [])]
    places = [n for n in doctree.findall(nodes.container) if n.get("nb_element") == "cell_code"]
    sources = [cell.source for cell in cells]
    # What stands above the imports says how to install the package, or shows a demo: both are here.
    first = next(i for i in shown if "remove-input" not in cells[i].metadata.get("tags", []))
    needed = needs(sources, first)
    slow, still = slow_and_still([cell.metadata.get("in_page", 0) for cell in cells], needed)
    said = slow | still
    for i, node in zip(shown, places, strict=True):
        node["classes"].append(f"pg-cell-{i}")
        code = code_of(node)
        if code is not None and still.get(i) != "" and not is_alive(node):
            place = code.parent.index(code) + 1
            code.parent.insert(place, bar(sources[i], said.get(i, ""), i not in still))
    held = {
        "notebook": notebook,
        "needs": needed,
        "open": starters(sources),
        "repairs": repairs(sources),
    }
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
    context["body"] += f'{SAVE}<script type="application/json" id="pg-cells">{text}</script>'
    context["metatags"] = context.get("metatags", "") + RUNS
    app.add_js_file("python/run.js", loading_method="defer")
    app.add_css_file("python/run.css")


def setup(app: Sphinx) -> None:
    wanted = os.environ.get("PGCOMPANION_RUNTIME", "yes") not in ("", "no")
    app.add_config_value("pgbook_runtime", wanted, "html", bool)
    app.setup_extension("selfcheck")  # which writes the tags of the buttons
    app.connect("doctree-resolved", mark)
    app.connect("html-page-context", finish, priority=650)
