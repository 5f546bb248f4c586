"""What the search finds: pages, sections, numbered statements, exercises and functions.

While the pages are written, each leaves its entries here: address, name, title and plain text. They
become one classic script beside `search.js`, which only the search page loads. A script is read from a
disk as well, where a page may not read another one; and it holds the text for the excerpts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx_exercise.nodes import exercise_enumerable_node, exercise_title, solution_node
from sphinx_proof.nodes import NODE_TYPES

SCRIPT = "search-index.js"
STATEMENTS = tuple(NODE_TYPES.values())
PARTS = (nodes.section, *STATEMENTS, exercise_enumerable_node, addnodes.desc)
# What is no prose: code and what it printed, titles and signatures, a table of hundreds of tests.
SILENT = (
    nodes.literal_block,
    nodes.title,
    exercise_title,
    addnodes.desc_signature,
    nodes.raw,
    nodes.comment,
    solution_node,
)
CELL = {"cell_code", "cell_code_output", "cell_code_source"}


@dataclass(frozen=True)
class Entry:
    """One place of the book. ``name`` is how it is called beside its title: a number, a label."""

    page: str
    anchor: str
    kind: str
    name: str
    title: str
    text: str


def plain(node: nodes.Node, top: bool = True) -> str:
    """The prose of a part, without the parts in it that are entries of their own."""
    if isinstance(node, nodes.math | nodes.math_block):
        return " \N{HORIZONTAL ELLIPSIS} "
    if isinstance(node, nodes.Text):
        return node.astext()
    if isinstance(node, SILENT) or node.get("nb_element") in CELL:
        return ""
    if not top and is_part(node):
        return ""
    inner = "".join(plain(child, False) for child in node.children)
    return inner if isinstance(node, nodes.Inline) else f"{inner} "


def is_part(node: nodes.Node) -> bool:
    """Whether a node has an entry; a section without a title, as in the box of a statement, is none."""
    if isinstance(node, nodes.section):
        return isinstance(node.children[0], nodes.title)
    return isinstance(node, PARTS)


def squeezed(text: str) -> str:
    """Single spaces, and one ellipsis where several formulas stood together."""
    text = re.sub(r"\s+", " ", text)
    return re.sub(
        r"\s+(?=[.,;:)])|(?<=\()\s+", "", re.sub(r"(?:\u2026 ?){2,}", "\u2026 ", text)
    ).strip()


def title_of(node: nodes.Element, kind: type[nodes.Element] = nodes.title) -> str:
    """The title of a part, its formulas as they are written."""
    return squeezed(
        next((child.astext() for child in node.children if isinstance(child, kind)), "")
    )


def dotted(number: tuple[int, ...]) -> str:
    return ".".join(map(str, number))


def entries(env: BuildEnvironment, doctree: nodes.document, page: str) -> Iterator[Entry]:
    """All that can be found on a page, in its order."""
    numbers = env.toc_fignumbers.get(page, {})
    sections = env.toc_secnumbers.get(page, {})
    for node in filter(is_part, doctree.findall(nodes.Element)):
        ids = node.get("ids") or [""]
        text = squeezed(plain(node))
        if isinstance(node, STATEMENTS):
            label, kind = node["label"], node["realtype"]
            number = dotted(numbers[node["countertype"]][label])
            name = f"{kind.title()} {number}"
            title = re.sub(r"^\((.*)\)$", r"\1", title_of(node)) or label.replace("_", " ")
            yield Entry(page, label, kind, f"{name}|{label.replace('_', ' ')}", title, text)
        elif isinstance(node, exercise_enumerable_node):
            number = dotted(numbers.get("exercise", {}).get(node["label"], ()))
            title = title_of(node, exercise_title).removeprefix("Exercise ").strip()
            yield Entry(page, node["label"], "exercise", f"Exercise {number}", title, text)
        elif isinstance(node, addnodes.desc):
            for head in node.findall(addnodes.desc_signature):
                if head.parent is node and head.get("ids"):
                    name = f"{head['module']}.{head['fullname']}".partition(".")[2]
                    yield Entry(page, head["ids"][0], "function", name, name, text)
        elif isinstance(node.parent, nodes.document):
            number = dotted(sections.get("", ()))
            yield Entry(page, "", "page", number, title_of(node), text)
        else:
            yield Entry(page, ids[0], "section", "", title_of(node), text)


def collect(app: Sphinx, doctree: nodes.document, pagename: str) -> None:
    app.found_entries[pagename] = list(entries(app.env, doctree, pagename))


def offer(
    app: Sphinx, pagename: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """The page of the search is written last: it has the index, and the script that reads it."""
    if pagename != "search":
        return
    pages = [page for page in app.env.found_docs if page in app.found_entries]
    order = {page: i for i, page in enumerate(app.env.collect_relations())}
    pages.sort(key=lambda page: order.get(page, len(order)))
    rows = [astuple(entry) for page in pages for entry in app.found_entries[page]]
    text = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
    target = Path(app.outdir) / "_static" / SCRIPT
    target.write_text(f"var pgSearchIndex = {text};\n", encoding="utf-8")
    app.add_css_file("search.css")
    app.add_js_file(SCRIPT, loading_method="defer")
    app.add_js_file("search.js", loading_method="defer")


def begin(app: Sphinx) -> None:
    app.found_entries = {}


def setup(app: Sphinx) -> dict:
    app.connect("builder-inited", begin)
    app.connect("doctree-resolved", collect, priority=900)
    app.connect("html-page-context", offer)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
