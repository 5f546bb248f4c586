"""What the package reference says of a name, in the form that Sphinx reads (reStructuredText).

The docstrings say it all; here they only get the directives around them. `reference.py` brings the
text into the book.
"""

from __future__ import annotations

import inspect
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path

import docstrings
from docstrings import NAMED, PACKAGE, Constant, Function

Entry = Function | Constant
# Public, but for the package itself: the checks of arguments, and the look of figures.
HOUSEKEEPING = ("checks", "style")
# Labels that are a sentence, or stand in brackets, are shown above the text and left out of it.
SHOWN_ABOVE = re.compile(rf"{NAMED.pattern}\.\s*| ?\({NAMED.pattern}\)")
PAGE = re.compile(r"\bpage: `(\w+)`")


class Names:
    """Everything that has an entry, and the names by which docstrings speak of it."""

    def __init__(self, root: Path) -> None:
        every = [*docstrings.functions(root), *docstrings.constants(root)]
        found = [entry for entry in every if entry.exported and entry.module not in HOUSEKEEPING]
        self.methods = [entry for entry in found if "." in entry.anchor]
        self.entries = [entry for entry in found if "." not in entry.anchor]
        self.by_name = {full(entry.name): entry for entry in [*self.entries, *self.methods]}
        self.meant: dict[str, set[str]] = defaultdict(set)
        for name, entry in self.by_name.items():
            parts, own = name.split("."), entry.anchor.count(".") + 1
            for start in range(len(parts) - own + 1):
                self.meant[".".join(parts[start:])].add(name)
        for module in {full(entry.module) for entry in self.entries}:
            self.meant[module].add(module)

    def find(self, text: str, *scopes: str) -> str | None:
        """The full name of what a docstring calls `text`, from the innermost scope outwards."""
        for scope in scopes:
            if f"{scope}.{text}" in self.by_name:
                return f"{scope}.{text}"
        meant = self.meant.get(text, set())
        return next(iter(meant)) if len(meant) == 1 else None

    def of_room(self, module: str) -> list[Entry]:
        """Classes before functions, and both in the order of the alphabet."""
        found = [entry for entry in self.entries if entry.module == module]
        return sorted(found, key=lambda e: (not e.anchor[0].isupper(), e.anchor.lower()))

    def of_class(self, entry: Entry) -> list[Function]:
        """The public methods that have a text of their own, `__init__` apart."""
        own = [m for m in self.methods if m.name.startswith(f"{entry.name}.")]
        return [m for m in own if m.documented and not m.anchor.endswith(".__init__")]


def full(name: str) -> str:
    return f"{PACKAGE}.{name}"


def prose(docstring: str) -> str:
    """A docstring without the labels that are shown above it, and with links for the others."""
    text = PAGE.sub(r"page: :doc:`/\1`", SHOWN_ABOVE.sub("", docstring))
    return NAMED.sub(lambda labels: re.sub(r"`(\w+)`", r":statement:`\1`", labels[0]), text)


def summary(docstring: str) -> str:
    """The first paragraph, on one line."""
    return " ".join(prose(docstring).strip().split("\n\n")[0].split())


def attribute(entry: Entry) -> object:
    """What a name stands for, as a user imports it."""
    return getattr(import_module(full(entry.module)), entry.anchor)


def text_of(entry: Entry) -> str:
    if isinstance(entry, Constant):
        return "\n".join(entry.text)
    return inspect.getdoc(attribute(entry)) or ""


def purpose(module: str) -> str:
    """What a room says of itself."""
    return inspect.getdoc(import_module(full(module))) or ""


def rooms(modules: Iterable[str]) -> Iterator[str]:
    """A table of rooms: what each is for."""
    yield from (".. list-table::", "   :class: pg-summary", "")
    for module in modules:
        yield f"   * - :py:mod:`{module} <{full(module)}>`"
        yield f"     - {summary(purpose(module))}"


def room(module: str, names: Names) -> Iterator[str]:
    """A room: what it is for, a table of its names, and an entry for each."""
    entries = names.of_room(module)
    yield from (f".. py:module:: {full(module)}", "")
    yield from prose(purpose(module)).splitlines()
    yield from ("", ".. list-table::", "   :class: pg-summary", "")
    for entry in entries:
        yield f"   * - :py:obj:`{entry.anchor} <{full(entry.name)}>`"
        yield f"     - {summary(text_of(entry))}"
    yield ""
    for entry in entries:
        yield from (*directive(entry, names), "")


def directive(entry: Entry, names: Names) -> Iterator[str]:
    """What makes Sphinx write an entry."""
    if isinstance(entry, Constant):
        yield from (f".. py:data:: {entry.anchor}", "")
        yield from indented(prose(text_of(entry)).splitlines())
    elif inspect.isclass(found := attribute(entry)):
        yield f".. autoclass:: {full(entry.name)}"
        if methods := names.of_class(entry):
            yield f"   :members: {', '.join(m.anchor.split('.')[1] for m in methods)}"
        bases = [names.find(base.__name__, full(entry.module)) for base in found.__bases__]
        links = [f":py:obj:`{base.split('.')[-1]} <{base}>`" for base in bases if base]
        if links:
            yield from indented(["", f"Inherits the methods of {' and '.join(links)}."])
    else:
        yield f".. autofunction:: {full(entry.name)}"


def indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"   {line}" for line in lines)
