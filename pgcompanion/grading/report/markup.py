"""The messages of the exercises as HTML of the report: everything that is not ours is escaped."""

from __future__ import annotations

import html
import re

from pgcompanion.exercises.engine.feedback import LINK
from pgcompanion.exercises.engine.show import INDENT
from pgcompanion.exercises.engine.titles import see

CODE = re.compile("`([^`]+)`")
PAGE = re.compile(r"^(?:\.\./)+(\w+)\.\w+(#\w+)?$")


def message(text: str, book: str) -> str:
    """A message with its paragraphs, blocks and links; `book` is the address of the built book.

    >>> message("See [the theorem](../reinforce.ipynb#pg_with_q) on `x < 1`.", "")
    '<p>See the theorem on <code>x &lt; 1</code>.</p>'
    """
    return "".join(_paragraph(part, book) for part in text.split("\n\n"))


def _paragraph(part: str, book: str) -> str:
    if part.startswith(INDENT):
        lines = "\n".join(line.removeprefix(INDENT) for line in part.splitlines())
        return f'<pre tabindex="0">{html.escape(lines)}</pre>'
    return f"<p>{words(part, book)}</p>"


def words(text: str, book: str) -> str:
    """A sentence with its code and its links."""
    marked = CODE.sub(r"<code>\1</code>", html.escape(text, quote=False))
    return LINK.sub(lambda found: _link(found[1], found[2], book), marked)


def treated(label: str, book: str) -> str:
    """Where the book treats something."""
    return words(see(label), book)


def _link(said: str, address: str, book: str) -> str:
    found = PAGE.match(address)
    if not book or not found:
        return said
    there = html.escape(f"{book.rstrip('/')}/{found[1]}.html{found[2] or ''}")
    return f'<a href="{there}">{said}</a>'
