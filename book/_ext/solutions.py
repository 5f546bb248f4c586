"""The page of solutions, gathered from where they stand: in the chapters and in the package.

`{proofs-of}` names theorems, one a line, and shows their proofs. `{solutions-of}` names a chapter
and shows the solutions of its exercises, on paper and in code.
"""

from __future__ import annotations

from collections.abc import Iterator

from docutils import nodes
from pgbook_markup import Disclosure
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx_exercise.nodes import is_solution_node
from statement_table import title_of
from statements import is_numbered

from pgcompanion.exercises.engine import catalogue
from pgcompanion.exercises.engine.exercise import Exercise

LOGGER = logging.getLogger(__name__)


class SolutionPlace(nodes.General, nodes.Element):
    """Where solutions or proofs are to stand: of `chapter`, or of the theorems `labels`."""


class SolutionsOf(SphinxDirective):
    """`{solutions-of} chapter`: the solutions of a chapter's exercises."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        return [SolutionPlace(chapter=self.arguments[0])]


class ProofsOf(SphinxDirective):
    """`{proofs-of}`: the proofs of the theorems whose labels are the content, one a line."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        return [SolutionPlace(labels=[line.strip() for line in self.content if line.strip()])]


class Gather(SphinxPostTransform):
    """Put copies in their places, before references and titles are resolved."""

    default_priority = 1

    def run(self) -> None:
        for place in list(self.document.findall(SolutionPlace)):
            found = list(self.proofs(place) if "labels" in place else self.solutions(place))
            place.replace_self(found)
            self.env.get_domain("math").data["has_equations"][self.env.docname] = True

    def proofs(self, place: SolutionPlace) -> Iterator[nodes.Node]:
        for label in place["labels"]:
            page = self.env.proof_list.get(label, {}).get("docname")
            proof = page and proof_below(self.env.get_doctree(page), label)
            if not proof:
                LOGGER.warning("no proof of %r below it", label, location=self.env.docname)
                continue
            yield nodes.paragraph("", "", *self.named(label), classes=["pg-gathered"])
            yield self.adapted(proof)

    def named(self, label: str) -> list[nodes.Node]:
        """A link to a theorem: its number, and its title."""
        page = self.env.proof_list[label]["docname"]
        node = statement(self.env.get_doctree(page), label)
        number = self.env.toc_fignumbers[page][node["countertype"]][label]
        shown = f"{node['realtype'].title()} {'.'.join(map(str, number))}"
        title = title_of(node)
        between = [nodes.Text(": ")] if title else []
        return [
            nodes.reference("", shown, refuri=self.uri(page, label), internal=True),
            *between,
            *title,
        ]

    def solutions(self, place: SolutionPlace) -> Iterator[nodes.Node]:
        chapter = place["chapter"]
        for node in self.env.get_doctree(chapter).findall(is_solution_node):
            yield self.adapted(node)
        for id in catalogue.PAGES.get(self.env.titles[chapter].astext(), ()):
            yield self.coded(chapter, catalogue.find(id))

    def coded(self, chapter: str, exercise: Exercise) -> nodes.Element:
        """The solution of a coding exercise, in the form of the others."""
        uri = self.uri(f"exercises/{chapter}", nodes.make_id(exercise.title))
        link = nodes.reference("", exercise.title, refuri=uri, internal=True)
        name = [nodes.Text(" ("), nodes.literal("", exercise.id), nodes.Text(")")]
        title = nodes.title("", "Solution to ", link, *name)
        source = exercise.source.strip()
        code = nodes.literal_block(source, source, language="python")
        return nodes.admonition(
            "", title, nodes.section("", code), classes=["solution", "dropdown"]
        )

    def adapted(self, node: nodes.Element) -> nodes.Element:
        """A copy whose references start from this page."""
        copy = node.deepcopy()
        for reference in copy.findall(lambda n: isinstance(n, nodes.Element) and "refdoc" in n):
            reference["refdoc"] = self.env.docname
        return copy

    def uri(self, page: str, anchor: str) -> str:
        return f"{self.app.builder.get_relative_uri(self.env.docname, page)}#{anchor}"


def statement(doctree: nodes.document, label: str) -> nodes.Element:
    """The theorem with this label."""
    return next(node for node in doctree.findall(is_numbered) if node["label"] == label)


def proof_below(doctree: nodes.document, label: str) -> Disclosure | None:
    """The proof of a theorem: the first that stands below it, before the next theorem."""
    theorem = statement(doctree, label)
    for node in theorem.parent[theorem.parent.index(theorem) + 1 :]:
        if isinstance(node, Disclosure) or is_numbered(node):
            return node if isinstance(node, Disclosure) else None
    return None


def setup(app: Sphinx) -> dict:
    app.setup_extension("afresh")
    app.add_node(SolutionPlace)
    app.add_directive("solutions-of", SolutionsOf)
    app.add_directive("proofs-of", ProofsOf)
    app.add_post_transform(Gather)
    app.add_css_file("solutions.css")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
