"""How the ledger is shown: a table of all statements, and one line under each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import ledger
import sources
from docstrings import Function
from docutils import nodes
from sphinx.application import Sphinx

FOLD = 3  # a longer list is closed at first


def title_of(statement: nodes.Element) -> list[nodes.Node]:
    """The title of a statement, without the brackets around it."""
    parts = [part.deepcopy() for part in statement[0].children]
    if parts:
        parts[0] = nodes.Text(parts[0].astext().removeprefix(" ("))
        parts[-1] = nodes.Text(parts[-1].astext().removesuffix(")"))
    return parts


@dataclass(frozen=True)
class Table:
    """The statements of this build with what computes and what tests them."""

    app: Sphinx
    root: Path
    statements: list[ledger.Statement]
    titles: dict[str, list[nodes.Node]]
    functions: list[Function]
    tests: list[ledger.Check]

    def functions_of(self, label: str) -> list[Function]:
        return [f for f in self.functions if f.mathematics and label in f.labels]

    def tests_of(self, label: str) -> list[ledger.Check]:
        return [test for test in self.tests if label in test.labels]

    def paths(self) -> set[str]:
        """The files that the table links to."""
        labels = [s.label for s in self.statements]
        return {x.path for label in labels for x in self.functions_of(label) + self.tests_of(label)}

    def line(self, pagename: str, label: str) -> list[nodes.Node]:
        """What stands under a statement: how it was checked, with a link to its row."""
        tests = self.tests_of(label)
        if not tests:
            return []
        page = self.app.builder.get_relative_uri(pagename, self.app.env.statement_index)
        link = reference(f"{page}#statement-{label}", nodes.Text(ledger.verdict(tests)))
        return [nodes.paragraph("", "", link, classes=["pg-checked"])]

    def node(self, pagename: str) -> nodes.table:
        head = ["Statement", "Functions", "Tests", "Measured"]
        group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in head), cols=len(head))
        group += nodes.thead(
            "", nodes.row("", *(nodes.entry("", paragraph(nodes.Text(name))) for name in head))
        )
        group += nodes.tbody("", *(self.row(pagename, s) for s in self.statements))
        return nodes.table("", group, classes=["pg-statements"])

    def row(self, pagename: str, s: ledger.Statement) -> nodes.row:
        """A statement and its page, its functions, its tests, and what they measured."""
        tests = self.tests_of(s.label)
        code = [(f.path, f.anchor, nodes.literal("", f.name)) for f in self.functions_of(s.label)]
        words = [(test.path, test.name, nodes.Text(ledger.sentence(test))) for test in tests]
        found = ledger.most_telling(tests) or ("passed" if tests else "")
        cells = [
            self.name(pagename, s),
            listed([self.source(pagename, *definition) for definition in code], "functions"),
            listed([self.source(pagename, *definition) for definition in words], "tests"),
            [paragraph(nodes.Text(str(found)))],
        ]
        return nodes.row("", *(nodes.entry("", *c) for c in cells), ids=[f"statement-{s.label}"])

    def name(self, pagename: str, s: ledger.Statement) -> list[nodes.Node]:
        page = self.app.builder.get_relative_uri(pagename, s.page)
        number = reference(f"{page}#{s.label}", nodes.Text(s.number))
        where = reference(page, nodes.Text(self.app.env.titles[s.page].astext()))
        return [
            paragraph(number, nodes.Text(" "), *self.titles[s.label]),
            paragraph(nodes.literal("", s.label), nodes.Text(" in "), where),
        ]

    def source(self, pagename: str, path: str, anchor: str, shown: nodes.Node) -> nodes.reference:
        return reference(sources.address(self.app, self.root, pagename, path, anchor), shown)


def reference(uri: str, shown: nodes.Node) -> nodes.reference:
    return nodes.reference("", "", shown, refuri=uri, internal="://" not in uri)


def paragraph(*parts: nodes.Node) -> nodes.paragraph:
    return nodes.paragraph("", "", *parts)


def listed(links: list[nodes.reference], noun: str) -> Iterable[nodes.Node]:
    """One link a line; many are folded under their number."""
    items = nodes.bullet_list("", *(nodes.list_item("", paragraph(link)) for link in links))
    if len(links) <= FOLD:
        return [items] if links else []
    opening = f"<details><summary>{len(links)} {noun}</summary>"
    return [
        nodes.raw("", opening, format="html"),
        items,
        nodes.raw("", "</details>", format="html"),
    ]
