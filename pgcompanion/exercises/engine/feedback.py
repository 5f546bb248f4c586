"""What the reader sees: one message, shown as text in a terminal and as HTML in a notebook.

A message is paragraphs with an empty line between them. A paragraph set in by four spaces keeps
its lines, backticks mark code, and `[words](address)` is a link, of which a terminal shows the words.
"""

from __future__ import annotations

import html
import re
import textwrap
from dataclasses import dataclass

from pgcompanion.exercises.engine.show import INDENT

WIDTH = 88
LINK = re.compile(r"\[([^]]+)\]\((\.\./[^)\s]+)\)")
LINKED = r'<a href="\2">\1</a>'
GREEN, AMBER, BLUE = "#2e9e5b", "#c77d0a", "#3b82c4"  # legible on white and on black


@dataclass(frozen=True, repr=False)
class Note:
    """A few sentences under a heading."""

    heading: str
    message: str

    def __repr__(self) -> str:
        return as_text(self.heading, self.message)

    def _repr_html_(self) -> str:
        return as_html(self.heading, self.message, BLUE)


@dataclass(frozen=True, repr=False)
class Feedback:
    """The answer to `check`.

    `mistake` is the id of the known mistake that was recognised, if any. `started` is false where
    there was nothing to judge yet: the stub, or an exercise that does not exist.
    """

    passed: bool
    mistake: str | None
    message: str
    started: bool = True

    @property
    def heading(self) -> str:
        """The verdict in a word or two."""
        return "Passed" if self.passed else "Not yet" if self.started else "Nothing to check yet"

    def __repr__(self) -> str:
        return as_text(self.heading, self.message)

    def _repr_html_(self) -> str:
        colour = GREEN if self.passed else AMBER if self.started else BLUE
        return as_html(self.heading, self.message, colour)


def paragraphs(*parts: str) -> str:
    """Join the parts that are not empty to a message."""
    return "\n\n".join(part for part in parts if part)


def as_text(heading: str, message: str) -> str:
    """A message for a terminal."""
    parts = [part if part.startswith(INDENT) else _filled(part) for part in message.split("\n\n")]
    return "\n\n".join([f"{heading}.", *parts])


def _filled(part: str) -> str:
    part = LINK.sub(r"\1", part)
    return textwrap.fill(part, WIDTH, break_long_words=False, break_on_hyphens=False)


def as_html(heading: str, message: str, colour: str) -> str:
    """A message for a notebook: no background and no text colour of its own."""
    body = "".join(_paragraph(part) for part in message.split("\n\n"))
    return (
        f'<div style="border-left: 4px solid {colour}; padding: 0.1em 1em; margin: 0.5em 0; '
        f'max-width: 46em"><p><strong>{html.escape(heading)}.</strong></p>{body}</div>'
    )


def _paragraph(part: str) -> str:
    if part.startswith(INDENT):
        style = "background: none; color: inherit; border: 0; padding: 0 1em; overflow-x: auto"
        lines = "\n".join(line.removeprefix(INDENT) for line in part.splitlines())
        return f'<pre style="{style}">{html.escape(lines)}</pre>'
    code = r'<code style="background: none; color: inherit">\1</code>'
    marked = re.sub("`([^`]+)`", code, html.escape(part, quote=False))
    return f"<p>{LINK.sub(LINKED, marked)}</p>"
