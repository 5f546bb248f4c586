"""Exhibits of the bug museum: two variants of a function, of which the reader finds the wrong one.

    :::{findit} credit
    What the function is for, and what is odd about a program that uses it?
    :::

The argument names an exercise in repair. Its two variants are shown under one name, in an order that
is always the same and says nothing. What follows in the section is the answer: the page folds it, and
`site/findit.js` unfolds it where a reader has chosen. A notebook shows the text as it is.

A cell whose first line is ``check("NAME", ...)`` is where the exhibit is repaired: in the page it is
edited from the wrong variant on (see cells).
"""

from __future__ import annotations

import hashlib

from docutils import nodes
from selfcheck import MalformedError, Tag, tag
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from pgcompanion import notebook
from pgcompanion.exercises.engine import catalogue
from pgcompanion.exercises.engine.exercise import Exercise

LETTERS = "AB"


def variants(exercise: Exercise) -> tuple[str, str]:
    """The right and the wrong code, both under the name of the exercise."""
    assert exercise.shown is not None
    right, wrong = (notebook.source(f).text for f in (exercise.solution, exercise.shown))
    return right, wrong.replace(exercise.shown.__name__, exercise.id, 1)


def wrong_place(name: str) -> int:
    """Whether the wrong variant comes first or second: drawn by the name, and so for ever."""
    return hashlib.sha256(name.encode()).digest()[0] % 2


def found(name: str) -> Exercise:
    """The exercise in repair with this name."""
    try:
        exercise = catalogue.find(name)
    except catalogue.UnknownExerciseError as sentence:
        raise MalformedError(str(sentence)) from None
    if exercise.shown is None:
        raise MalformedError("an exercise in repair is needed, which shows wrong code")
    return exercise


def exhibit(exercise: Exercise, question: list[nodes.Node]) -> Tag:
    """The question and the two variants as they stand in the page."""
    name, wrong = f"find-{exercise.id}", wrong_place(exercise.id)
    codes = list(variants(exercise))
    codes = codes[::-1] if wrong == 0 else codes
    cards = [variant(name, letter, code) for letter, code in zip(LETTERS, codes, strict=True)]
    title = tag("span", nodes.Text("Find the slip"))
    return tag(
        "div",
        tag("p", title, tag("span", class_="pg-find__count"), class_="pg-find__title"),
        tag("div", *question, class_="pg-find__question", id=f"{name}-question"),
        tag("div", *cards, class_="pg-find__variants"),
        tag("p", class_="pg-find__verdict", role="status"),
        class_="pg-find",
        id=name,
        role="group",
        aria_labelledby=f"{name}-question",
        data_exhibit=exercise.id,
        data_wrong=LETTERS[wrong],
    )


def variant(name: str, letter: str, code: str) -> Tag:
    """A card with one of the two, and a button that accuses it."""
    label = f"{name}-{letter}"
    text = nodes.literal_block(code, code, language="python")
    return tag(
        "div",
        tag("p", nodes.Text(f"Variant {letter}"), class_="pg-find__letter", id=label),
        text,
        tag("button", nodes.Text(f"{letter} is wrong"), type="button", disabled=None),
        class_="pg-find__variant",
        role="group",
        aria_labelledby=label,
        data_variant=letter,
    )


class FindIt(SphinxDirective):
    """`{findit} name`: a question about two variants of an exercise in repair."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        self.assert_has_content()
        question = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, question)
        try:
            return [exhibit(found(self.arguments[0]), question.children)]
        except MalformedError as sentence:
            raise self.error(f"findit {self.arguments[0]!r}: {sentence}") from None


def is_exhibit(node: nodes.Node) -> bool:
    return isinstance(node, Tag) and "data-exhibit" in node["attrs"]


def fold_answers(app: Sphinx, doctree: nodes.document) -> None:
    """Put what follows an exhibit in its section behind a line that unfolds it."""
    for node in list(doctree.findall(is_exhibit)):
        section = node.parent
        place = section.index(node) + 1
        rest = section.children[place:]
        stop = next((i for i, n in enumerate(rest) if isinstance(n, nodes.section)), len(rest))
        letter = node["attrs"]["data-wrong"]
        verdict = nodes.paragraph("", "", nodes.strong("", f"Variant {letter} is wrong."))
        summary = tag("summary", nodes.Text("The answer"))
        answer = tag("details", summary, verdict, *rest[:stop], class_="pg-find__answer")
        section.children[place : place + stop] = []
        section.insert(place, answer)


def result_first(app: Sphinx, doctree: nodes.document, pagename: str) -> None:
    """In an answer, put what a measurement found above its folded code."""
    for node in doctree.findall(Tag):
        if node["attrs"].get("class") == "pg-find__answer":
            for cell in node.findall(nodes.container):
                if cell.get("nb_element") == "cell_code" and cell.get("hide_mode") == "input":
                    cell.children = cell.children[::-1]


def bring_to_life(
    app: Sphinx, pagename: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """A page with exhibits has their style and script, after the one that keeps what is done."""
    if doctree is not None and any(doctree.findall(is_exhibit)):
        app.add_css_file("findit.css")
        app.add_js_file("findit.js", loading_method="defer", priority=900)


def setup(app: Sphinx) -> dict:
    app.add_directive("findit", FindIt)
    app.connect("doctree-read", fold_answers, priority=100)
    app.connect("doctree-resolved", result_first)
    app.connect("html-page-context", bring_to_life)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
