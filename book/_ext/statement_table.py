"""How the ledger is shown: a table of all statements with a count, one line under each, one above a function."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import controls
import ledger
import sources
from docstrings import PACKAGE, Constant, Function, constants
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
        """The tests of a statement: those of demos that show it are none."""
        return [test for test in ledger.proofs(self.tests) if label in test.labels]

    def control_of(self, test: ledger.Check) -> list[controls.Control]:
        """What a test must refute, or why it need not."""
        return controls.controls_of(self.root / test.path).get(test.name.split(".")[-1], [])

    def paths(self) -> set[str]:
        """The files that the table and the package reference link to."""
        tests = {test.path for s in self.statements for test in self.tests_of(s.label)}
        named = [*self.functions, *constants(self.root)]
        return tests | {entry.path for entry in named if entry.exported}

    def line(self, pagename: str, label: str) -> list[nodes.Node]:
        """What stands under a statement: what computes it, and how that was checked."""
        tests = self.tests_of(label)
        if not tests:
            return []
        row = f"{self.uri(pagename, self.app.env.statement_index)}#statement-{label}"
        functions = self.functions_of(label)
        links = [self.entry(pagename, f) for f in functions[:FOLD]]
        if len(functions) > FOLD:
            links.append(
                reference(row, nodes.Text(f"{len(functions) - FOLD}\N{NO-BREAK SPACE}more"))
            )
        link = reference(row, nodes.Text(ledger.verdict(tests)))
        shown = joined([joined([[x] for x in links], ", "), [link]], " \N{MIDDLE DOT} ")
        return [nodes.paragraph("", "", *shown, classes=["pg-checked"])]

    def about(self, pagename: str, entry: Function | Constant) -> list[nodes.paragraph]:
        """What stands above an entry: its statements, the pages that treat it, its source.

        A method has the source of its class.
        """
        pages: dict[str, list[str]] = {}
        for label in entry.labels:
            pages.setdefault(self.place(label)[0], []).append(label)
        parts = [self.treated(pagename, page, labels) for page, labels in pages.items() if page]
        if "." not in entry.anchor:
            parts.append([self.source(pagename, entry.path, entry.anchor, nodes.Text("source"))])
        shown = joined(parts, " \N{MIDDLE DOT} ")
        return [nodes.paragraph("", "", *shown, classes=["pg-about"])] if shown else []

    def treated(self, pagename: str, page: str, labels: list[str]) -> list[nodes.Node]:
        """The statements of one page, and the page."""
        links = joined([[self.numbered(pagename, label)] for label in labels], ", ")
        title = nodes.Text(self.app.env.titles[page].astext())
        return [*links, nodes.Text(" in "), reference(self.uri(pagename, page), title)]

    def numbered(self, pagename: str, label: str) -> nodes.Node:
        """A link to what a label names: the number of a statement, or the title of a section."""
        page, anchor, shown = self.place(label)
        if not page:
            return nodes.literal("", label)
        return reference(f"{self.uri(pagename, page)}#{anchor}", nodes.Text(shown))

    def place(self, label: str) -> tuple[str, str, str]:
        """The page of a label, its anchor and its name there; empty where the book lacks it."""
        for s in self.statements:
            if s.label == label:
                return s.page, label, s.number
        page, anchor, title = self.app.env.get_domain("std").labels.get(label, ("", "", label))
        return page, anchor, f"\N{LEFT DOUBLE QUOTATION MARK}{title}\N{RIGHT DOUBLE QUOTATION MARK}"

    def uri(self, pagename: str, page: str) -> str:
        return self.app.builder.get_relative_uri(pagename, page)

    def census(self) -> str:
        """What is counted: the statements, their tests, and how many of these have a control."""
        labels = {s.label for s in self.statements}
        tests = [test for test in ledger.proofs(self.tests) if labels.intersection(test.labels)]
        found = [self.control_of(test) for test in tests]
        refuting = sum(any(not control.excuse for control in each) for each in found)
        return (
            f"{ledger.counted(len(labels), 'statements')}, {ledger.counted(len(tests), 'tests of them')}; "
            f"{refuting:,} of these also refute a wrong variant, {len(tests) - refuting:,} say why not."
        )

    def nodes(self, pagename: str) -> list[nodes.Node]:
        """The count, and the table."""
        return [paragraph(nodes.Text(self.census())), self.table(pagename)]

    def table(self, pagename: str) -> nodes.table:
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
        code = [self.entry(pagename, f) for f in self.functions_of(s.label)]
        found = ledger.most_telling(tests) or ("passed" if tests else "")
        cells = [
            self.name(pagename, s),
            listed([[paragraph(link)] for link in code], "functions"),
            listed([self.test(pagename, test) for test in tests], "tests"),
            [paragraph(nodes.Text(str(found)))],
        ]
        return nodes.row("", *(nodes.entry("", *c) for c in cells), ids=[f"statement-{s.label}"])

    def test(self, pagename: str, test: ledger.Check) -> list[nodes.Node]:
        """A test in words, and what it must refute."""
        words = nodes.Text(ledger.sentence(test))
        result = [paragraph(self.source(pagename, test.path, test.name, words))]
        for control in self.control_of(test)[:1]:
            lead = "no control: " if control.excuse else "control: "
            kind = nodes.Text if control.excuse else (lambda text: nodes.literal("", text))
            result.append(paragraph(nodes.Text(lead), kind(control.text)))
            result[-1]["classes"].append("pg-control")
        return result

    def name(self, pagename: str, s: ledger.Statement) -> list[nodes.Node]:
        page = self.uri(pagename, s.page)
        number = reference(f"{page}#{s.label}", nodes.Text(s.number))
        where = reference(page, nodes.Text(self.app.env.titles[s.page].astext()))
        return [
            paragraph(number, nodes.Text(" "), *self.titles[s.label]),
            paragraph(nodes.literal("", s.label), nodes.Text(" in "), where),
        ]

    def entry(self, pagename: str, f: Function) -> nodes.reference:
        """A link to a function in the package reference; to its source where it has no entry."""
        shown = nodes.literal("", f.name)
        written = self.app.env.get_domain("py").objects.get(f"{PACKAGE}.{f.name}")
        if not written:
            return self.source(pagename, f.path, f.anchor, shown)
        return reference(f"{self.uri(pagename, written.docname)}#{written.node_id}", shown)

    def source(self, pagename: str, path: str, anchor: str, shown: nodes.Node) -> nodes.reference:
        return reference(sources.address(self.app, self.root, pagename, path, anchor), shown)


def reference(uri: str, shown: nodes.Node) -> nodes.reference:
    return nodes.reference("", "", shown, refuri=uri, internal="://" not in uri)


def joined(parts: Iterable[list[nodes.Node]], mark: str) -> list[nodes.Node]:
    """The parts in one line, with a mark between each two."""
    return [node for part in parts for node in (nodes.Text(mark), *part)][1:]


def paragraph(*parts: nodes.Node) -> nodes.paragraph:
    return nodes.paragraph("", "", *parts)


def listed(entries: list[list[nodes.Node]], noun: str) -> Iterable[nodes.Node]:
    """One entry a line; many are folded under their number."""
    items = nodes.bullet_list("", *(nodes.list_item("", *entry) for entry in entries))
    if len(entries) <= FOLD:
        return [items] if entries else []
    opening = f"<details><summary>{len(entries)} {noun}</summary>"
    return [
        nodes.raw("", opening, format="html"),
        items,
        nodes.raw("", "</details>", format="html"),
    ]
