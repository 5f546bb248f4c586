"""The self-checks of the chapters, read as the book's directive reads them."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from docutils import nodes
from docutils.core import publish_doctree
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from myst_parser.parsers.docutils_ import Parser

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "book" / "_ext"))

import selfcheck  # noqa: E402

BLOCK = re.compile(r"^:::\{selfcheck\} (\w+)\n.*?^:::$", re.MULTILINE | re.DOTALL)


class Kept(selfcheck.SelfCheck):
    """The directive; the question is kept where a test can look at it."""

    found: selfcheck.Question

    def run(self) -> list[nodes.Node]:
        body = nodes.Element()
        self.state.nested_parse(StringList(self.content), self.content_offset, body)
        Kept.found = selfcheck.read(self.arguments[0], body, self.options.get("within"))
        return super().run()


directives.register_directive("selfcheck", Kept)


def parse(block: str) -> selfcheck.Question:
    """The question of one block of MyST."""
    extensions = ["colon_fence", "dollarmath", "tasklist"]
    publish_doctree(
        block,
        parser=Parser(),
        settings_overrides={"myst_enable_extensions": extensions, "report_level": 5},
    )
    return Kept.found


def of_the_book() -> dict[str, list[selfcheck.Question]]:
    """The questions of each page."""
    return {
        page.stem: [parse(match[0]) for match in BLOCK.finditer(page.read_text("utf-8"))]
        for page in sorted((ROOT / "book").glob("*.md"))
    }
