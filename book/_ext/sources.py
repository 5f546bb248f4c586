"""Links from the book to the source of a function or a test.

They lead into the public repository where the one setting names it, and otherwise to pages of the
site itself, which hold the highlighted files and work without a network.
"""

from __future__ import annotations

import ast
import html
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import repository
from docstrings import definitions
from sphinx.application import Sphinx

FOLDER = "source"


def spans(text: str) -> dict[str, tuple[int, int]]:
    """The first and last line of each function, class, method and constant, counted from one."""
    tree = ast.parse(text)
    outer = {node.name: node for node in definitions(tree)}
    inner = {
        f"{name}.{node.name}": node
        for name, parent in outer.items()
        if isinstance(parent, ast.ClassDef)
        for node in definitions(parent)
    }
    return constants(tree) | {
        name: (min([node.lineno, *(d.lineno for d in node.decorator_list)]), node.end_lineno)
        for name, node in (outer | inner).items()
    }


def constants(tree: ast.Module) -> dict[str, tuple[int, int]]:
    """The lines of what a module assigns at its outermost level, by the last assignment."""
    return {
        target.id: (node.lineno, node.end_lineno)
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }


def address(app: Sphinx, root: Path, pagename: str, path: str, anchor: str) -> str:
    """Where the definition `anchor` in the file `path` can be read, as seen from a page."""
    public = repository.read(app.config.pgbook_repository)
    if not public:
        return f"{app.builder.get_relative_uri(pagename, page_of(path))}#{anchor}"
    first, last = spans((root / path).read_text(encoding="utf-8"))[anchor]
    return f"{public.file(path)}#L{first}-L{last}"


def page_of(path: str) -> str:
    return f"{FOLDER}/{path.removesuffix('.py')}"


def pages(app: Sphinx, root: Path, paths: Iterable[str]) -> Iterator[tuple[str, dict, str]]:
    """A page of the site for each file: its name, its context, its template."""
    for path in sorted(set(paths)):
        text = (root / path).read_text(encoding="utf-8")
        code = app.builder.highlighter.highlight_block(text, "python", linenos=False)
        body = f"<h1><code>{html.escape(path)}</code></h1>\n{anchored(code, spans(text))}"
        yield page_of(path), {"title": path, "body": body, "parents": []}, "page.html"


def anchored(code: str, spans: dict[str, tuple[int, int]]) -> str:
    """Highlighted code with an element around each definition, named after it."""
    before, lines, after = re.fullmatch(
        r"(.*?<pre>(?:<span></span>)?)(.*)(\n</pre>.*)", code, re.DOTALL
    ).groups()
    lines = lines.split("\n")
    for anchor, (first, last) in spans.items():
        lines[first - 1] = f'<span class="pg-definition" id="{anchor}">{lines[first - 1]}'
        lines[last - 1] += "</span>"
    return before.replace("<pre>", '<pre tabindex="0">') + "\n".join(lines) + after
