"""The package reference: `{room} exact` writes the entries of all that `pgcompanion.exact` exports.

An entry is made by Sphinx's autodoc from a docstring. Above its text stand the statements that the
docstring names, with their numbers and their page, and a link to the source. A public name without a
text or without a page is a warning of the build, and with `-W` its end.
"""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterator
from importlib import import_module
from pathlib import Path

import docstrings
import reference_text
from docstrings import PACKAGE, Function
from docutils import nodes
from docutils.statemachine import StringList
from reference_text import Constant, Names, full, prose
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole

LOGGER = logging.getLogger(__name__)
ROOT = Path(__file__).resolve().parents[2]


class Written(SphinxDirective):
    """What is written as reStructuredText, on a page that is Markdown."""

    def run(self) -> list[nodes.Node]:
        for path in [*docstrings.modules(ROOT).values(), *Path(__file__).parent.glob("*.py")]:
            self.env.note_dependency(str(path))
        fenced = StringList(["````{eval-rst}", *self.text(), "````"], self.name)
        result = nodes.Element()
        self.state.nested_parse(fenced, self.content_offset, result)
        return result.children


class Room(Written):
    """`{room} exact`: the entries of a room."""

    required_arguments = 1

    def text(self) -> Iterator[str]:
        return reference_text.room(self.arguments[0], self.env.app.reference_names)


class Rooms(Written):
    """`{rooms}`: a table of the rooms that are its content, one a line."""

    has_content = True

    def text(self) -> Iterator[str]:
        return reference_text.rooms(self.content)


class Name(SphinxRole):
    """Single backticks of a docstring: a link where a public name is meant, and code elsewhere."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        context = self.env.ref_context
        module, inner = context.get("py:module"), context.get("py:class")
        scopes = [f"{module}.{inner}"] * bool(inner) + [module or PACKAGE]
        text = self.text.removesuffix("()")
        code = nodes.literal("", self.text, classes=["xref", "py"])
        if not (found := self.env.app.reference_names.find(text, *scopes)):
            return [nodes.literal("", self.text)], []
        link = addnodes.pending_xref(
            "", code, refdomain="py", reftype="obj", reftarget=found, refexplicit=True
        )
        self.set_source_info(link)
        link["refdoc"] = self.env.docname
        return [link], []


class About(nodes.General, nodes.Element):
    """Where the statements of the public name `name`, and its source, are to be named."""


class Numbered(nodes.Inline, nodes.Element):
    """Where the number of the statement `label` is to stand."""


class Statement(SphinxRole):
    """A label of the book, which becomes the number of its statement."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        return [Numbered(label=self.text)], []


def rewrite(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list) -> None:
    """The docstring of an entry, before Napoleon reads its sections.

    Of a property Napoleon would take what stands before a colon in the first line for its type:
    an empty comment is the first line then.
    """
    start = ["..", ""] if what in ("attribute", "property") else []
    lines[:] = start + prose("\n".join(lines)).split("\n")


def signature(
    app: Sphinx, what: str, name: str, obj: object, options: object, shown: str, returns: str
) -> tuple[str | None, None]:
    """A protocol is not called, and has no arguments."""
    return (None if getattr(obj, "_is_protocol", False) else shown), None


def introduce(app: Sphinx, domain: str, kind: str, content: addnodes.desc_content) -> None:
    """Leave the name of the package out of a signature, and say below it what it is about."""
    head = content.parent[0]
    if domain != "py" or not str(head.get("module")).startswith(PACKAGE):
        return
    for prefix in list(head.findall(addnodes.desc_addname)):
        prefix.replace_self(addnodes.desc_addname("", prefix.astext().removeprefix(f"{PACKAGE}.")))
    content.insert(0, About(name=f"{head['module']}.{head['fullname']}"))


def check(app: Sphinx, env: BuildEnvironment) -> None:
    """Warn of what no reader could look up."""
    for sentence in faults(app.reference_names, env.get_domain("py").objects):
        LOGGER.warning(sentence)


def faults(names: Names, written: Collection[str]) -> Iterator[str]:
    """What has no entry, or an empty one: a sentence for each name."""
    for entry in names.entries:
        if full(entry.name) not in written:
            yield f"{entry.path}: {entry.name} has no entry: no page has the room {entry.module!r}."
        if not (entry.text if isinstance(entry, Constant) else entry.documented):
            yield f"{entry.path}: {entry.anchor} is public, but has no docstring."
    for method in names.methods:
        if not method.documented and not inherits(method):
            yield f"{method.path}: {method.anchor} is public, but has no docstring."


def inherits(method: Function) -> bool:
    """Whether a method without a docstring overrides one that has it."""
    cls, name = method.anchor.split(".")
    owner = getattr(import_module(full(method.module)), cls)
    return name == "__init__" or bool(inspect.getdoc(getattr(owner, name)))


def show(app: Sphinx, doctree: nodes.document, pagename: str) -> None:
    """Write what is known only when all pages are read: the numbers of the statements."""
    for place in list(doctree.findall(Numbered)):
        place.replace_self(app.statement_table.numbered(pagename, place["label"]))
    for place in list(doctree.findall(About)):
        entry = app.reference_names.by_name[place["name"]]
        place.replace_self(app.statement_table.about(pagename, entry))


def begin(app: Sphinx) -> None:
    app.reference_names = Names(ROOT)


SETTINGS = {
    "autodoc_typehints": "none",  # the shapes stand in the text
    "autodoc_preserve_defaults": True,
    "autodoc_member_order": "bysource",
    "napoleon_numpy_docstring": False,
    "napoleon_use_param": False,  # "f, p, q: arrays" is one line
    "napoleon_custom_sections": [("Attributes", "params_style")],
    "default_role": "public-name",
    "toc_object_entries_show_parents": "hide",
}


def settle(app: Sphinx, config: Config) -> None:
    """Set what the entries need, before Sphinx reads a page."""
    for name, value in SETTINGS.items():
        config[name] = value


def setup(app: Sphinx) -> dict:
    for extension in ("sphinx.ext.autodoc", "sphinx.ext.napoleon", "statements"):
        app.setup_extension(extension)
    app.add_node(About)
    app.add_node(Numbered)
    app.add_directive("room", Room)
    app.add_directive("rooms", Rooms)
    app.add_role("public-name", Name())
    app.add_role("statement", Statement())
    app.add_css_file("reference.css")
    app.connect("config-inited", settle)
    app.connect("builder-inited", begin)
    # Before Napoleon, which reads the sections of what is left.
    app.connect("autodoc-process-docstring", rewrite, priority=400)
    app.connect("autodoc-process-signature", signature)
    app.connect("object-description-transform", introduce)
    app.connect("env-check-consistency", check, priority=600)
    app.connect("doctree-resolved", show)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
