"""The notation page, from one source: `book/notation.toml`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import ledger
import tomllib
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

SOURCE = Path(__file__).resolve().parents[1] / "notation.toml"
HEAD = ["| symbol | in code | shape | meaning | first use |", "|---|---|---|---|---|"]


def load(path: Path = SOURCE) -> dict:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def unexplained(notation: dict, arguments: set[str]) -> set[str]:
    """The arguments that are neither a symbol nor set aside as an option."""
    symbols = {name for group in notation["group"] for x in group["symbols"] for name in x["names"]}
    return arguments - symbols.union(*notation["options"].values())


def link(first: str) -> str:
    """A reference to a statement, or to a page by its name."""
    if first in ledger.FORTHCOMING:
        return ledger.FORTHCOMING[first].replace("_", " ")
    if (SOURCE.parent / f"{first}.md").exists():
        return f"{{doc}}`{first}`"
    return f"{{prf:ref}}`{first}`"


def whole(shape: str) -> str:
    """A shape with spaces at which no line is broken: `(H, S, A)`."""
    return re.sub(r"\([^()]*\)", lambda match: match[0].replace(" ", "\N{NO-BREAK SPACE}"), shape)


def markdown(group: dict) -> Iterator[str]:
    """A group of symbols as a Markdown table."""
    yield from HEAD
    for x in group["symbols"]:
        symbol = f"${x['symbol']}$" if x["symbol"] else ""
        code = ", ".join(f"`{name}`" for name in x["names"])
        yield f"| {symbol} | {code} | {whole(x['shape'])} | {x['meaning']} | {link(x['first'])} |"


class Notation(SphinxDirective):
    """`{notation}`: a table for each group of symbols, under its title."""

    def run(self) -> list[nodes.Node]:
        for path in (str(SOURCE), __file__, ledger.__file__):
            self.env.note_dependency(path)
        result = []
        for group in load()["group"]:
            section = nodes.section(
                ids=[nodes.make_id(group["title"])], names=[group["title"].lower()]
            )
            section += nodes.title("", group["title"])
            table = nodes.container(classes=["pg-notation"])
            self.state.nested_parse(StringList([*markdown(group)], str(SOURCE)), 0, table)
            section += table
            result.append(section)
        return result


def setup(app: Sphinx) -> dict:
    app.add_directive("notation", Notation)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
