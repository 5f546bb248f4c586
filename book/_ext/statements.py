"""The statement index, and the line under each statement that says how it was checked.

`ledger.py` ties statements, functions and tests together. What one of them lacks is a warning of
the build, and with `-W` its end.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import docstrings
import hypotheses
import ledger
import sources
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx_proof.nodes import NODE_TYPES
from statement_table import Table, title_of

LOGGER = logging.getLogger(__name__)
ROOT = Path(__file__).resolve().parents[2]


class Place(nodes.General, nodes.Element):
    """Where the table is to stand."""


class StatementIndex(SphinxDirective):
    """`{statement-index}`: the table of all statements."""

    def run(self) -> list[nodes.Node]:
        self.env.statement_index = self.env.docname
        return [Place()]


def record_of(app: Sphinx) -> Path:
    """Where the tests left what they measured: beside the built pages."""
    return Path(app.outdir).parent / "statements.json"


def is_numbered(node: nodes.Node) -> bool:
    return isinstance(node, tuple(NODE_TYPES.values()))


def numbered_statements(env: BuildEnvironment) -> Iterator[tuple[ledger.Statement, nodes.Element]]:
    """The numbered statements in the order of the book, each with its node."""
    pages = {proof["docname"] for proof in getattr(env, "proof_list", {}).values()}
    for page in env.collect_relations():
        for node in env.get_doctree(page).findall(is_numbered) if page in pages else ():
            number = env.toc_fignumbers[page][node["countertype"]][node["label"]]
            shown = f"{node['realtype'].title()} {'.'.join(map(str, number))}"
            yield ledger.Statement(node["label"], shown, page), node


def tie(app: Sphinx, env: BuildEnvironment) -> None:
    """Tie the three parts together, and warn of what they lack."""
    record = record_of(app)
    tests = ledger.read_tests(record) if record.exists() else []
    functions = docstrings.functions(ROOT)
    found = list(numbered_statements(env))
    statements = [statement for statement, _ in found]
    titles = {statement.label: title_of(node) for statement, node in found}
    app.statement_table = Table(app, ROOT, statements, titles, functions, tests)
    index = getattr(env, "statement_index", None)  # a page that is built alone has none
    if index and any(isinstance(part, nodes.math) for title in titles.values() for part in title):
        env.get_domain("math").data["has_equations"][index] = True
    if not record.exists():
        LOGGER.warning("%s is missing: `make book` runs the tests that write it.", record)
        return
    for page in sorted({statement.page for statement in statements}):
        for sentence in hypotheses.faults(Path(env.doc2path(page)).read_text(encoding="utf-8")):
            LOGGER.warning(sentence, location=page)
    labels = {*getattr(env, "proof_list", {}), *env.get_domain("std").anonlabels}
    for sentence in ledger.faults(statements, functions, tests, labels, env.found_docs):
        LOGGER.warning(sentence)


def show(app: Sphinx, doctree: nodes.document, pagename: str) -> None:
    """Write the lines under the statements of a page, and the table where it is to stand."""
    for statement in doctree.findall(is_numbered):
        statement += app.statement_table.line(pagename, statement["label"])
    for place in list(doctree.findall(Place)):
        place.replace_self(app.statement_table.nodes(pagename))


def source_pages(app: Sphinx) -> Iterator[tuple[str, dict, str]]:
    """The files that the index links to, unless the public repository has them."""
    if app.config.pgbook_repository:
        return iter(())
    return sources.pages(app, ROOT, app.statement_table.paths())


def setup(app: Sphinx) -> dict:
    app.setup_extension("afresh")
    app.add_node(Place)
    app.add_directive("statement-index", StatementIndex)
    app.add_css_file("statements.css")
    app.connect("env-check-consistency", tie)
    app.connect("doctree-resolved", show)
    app.connect("html-collect-pages", source_pages)
    return {"parallel_read_safe": False, "parallel_write_safe": False}
