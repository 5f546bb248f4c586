"""Questions that a page answers without a kernel.

    :::{selfcheck} name
    A question?

    - [ ] a wrong choice

      Why it is wrong.
    - [x] the right choice

      Why it is right.
    :::

With `:within: 0.01` the choices are numbers, the reader types one, and a last paragraph answers
every other number. A notebook shows the text as it is. The page shows a form, which
`site/selfcheck.js` brings to life; without scripts the answers are folded below it.
"""

from __future__ import annotations

import html
import itertools
from dataclasses import dataclass

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

RIGHT, WRONG, OTHER = "Right.", "Not this one.", "No."


class MalformedError(ValueError):
    """A question that is not written as it should be. The text says what is missing."""


@dataclass(frozen=True)
class Choice:
    """An answer that a reader may give, and what to say to it."""

    shown: list[nodes.Node]  # inline
    why: list[nodes.Node]  # paragraphs
    right: bool

    @property
    def text(self) -> str:
        return "".join(node.astext() for node in self.shown).strip()


@dataclass(frozen=True)
class Question:
    """A question; with `within` it asks for a number, and `other` answers the unforeseen ones."""

    name: str
    text: list[nodes.Node]
    choices: list[Choice]
    within: float | None
    other: list[nodes.Node]

    @property
    def right(self) -> Choice:
        return next(choice for choice in self.choices if choice.right)

    @property
    def values(self) -> list[float]:
        """The choices as numbers."""
        return [float(choice.text) for choice in self.choices]


class Tag(nodes.General, nodes.Element):
    """An element of the page with the attributes in `attrs`; `None` stands for a bare one."""


def tag(name: str, /, *children: nodes.Node, **attrs: str | None) -> Tag:
    attrs = {key.rstrip("_").replace("_", "-"): value for key, value in attrs.items()}
    return Tag("", *children, tag=name, attrs=attrs)


def read(name: str, body: nodes.Element, within: float | None = None) -> Question:
    """The question that the parsed content of a directive asks."""
    place = next((i for i, node in enumerate(body) if isinstance(node, nodes.bullet_list)), None)
    if not place:
        raise MalformedError("a question comes first, and then a list of choices")
    choices = [read_choice(item) for item in body[place]]
    question = Question(name, body[:place], choices, within, body[place + 1 :])
    if sum(choice.right for choice in choices) != 1 or len(choices) < 2:
        raise MalformedError("two choices or more are needed, and one of them marked [x]")
    if (within is None) == bool(question.other):
        raise MalformedError("text after the list answers other numbers: there and only there")
    if within is not None:
        check_numbers(question, within)
    return question


def read_choice(item: nodes.Element) -> Choice:
    """`[x] the choice`, and below it the paragraphs that say why."""
    first, *why = item
    box = first[0] if isinstance(first, nodes.paragraph) and len(first) else None
    if not (isinstance(box, nodes.raw) and "checkbox" in box.astext()):
        raise MalformedError(f"a choice begins with [ ] or [x]: {item.astext()!r}")
    if not why or not isinstance(why[0], nodes.paragraph):
        raise MalformedError(f"a choice is followed by why: {item.astext()!r}")
    return Choice(first[1:], why, 'checked="checked"' in box.astext())


def check_numbers(question: Question, within: float) -> None:
    try:
        values = sorted(question.values)
    except ValueError as error:
        raise MalformedError(f"with :within: every choice is a number ({error})") from None
    if any(b - a <= 2 * within for a, b in itertools.pairwise(values)):
        raise MalformedError(f"the numbers {values} lie too close together for within {within}")


def form(question: Question) -> Tag:
    """The question as it stands in the page."""
    name = f"check-{question.name}"
    ask = options if question.within is None else numbers
    within = {} if question.within is None else {"data_within": str(question.within)}
    return tag(
        "form",
        tag("p", nodes.Text("Check yourself"), class_="pg-check__title"),
        tag("div", *question.text, class_="pg-check__question", id=f"{name}-question"),
        ask(question, name),
        tag("button", nodes.Text("Check"), type="submit", disabled=None, hidden=None),
        tag("div", class_="pg-check__answer", role="status", aria_live="polite"),
        tag(
            "details",
            tag("summary", nodes.Text("Answers")),
            *(answer(choice) for choice in question.choices),
            *others(question),
            class_="pg-check__answers",
        ),
        class_="pg-check",
        id=name,
        **within,
    )


def options(question: Question, name: str) -> Tag:
    """One radio button for each choice."""
    labels = [
        tag(
            "label",
            tag("input", type="radio", name=name, value=str(i), required=None),
            tag("span", hidden(f"Choice {i + 1}: "), *copies(choice.shown)),
        )
        for i, choice in enumerate(question.choices)
    ]
    return tag("fieldset", *labels, aria_labelledby=f"{name}-question")


def hidden(text: str) -> Tag:
    """Text that is spoken and not shown: a formula alone gives a button no name."""
    return tag("span", nodes.Text(text), class_="visually-hidden")


def numbers(question: Question, name: str) -> Tag:
    """A field for a number."""
    field = tag(
        "input", type="number", step="any", required=None, aria_describedby=f"{name}-question"
    )
    return tag("label", tag("span", nodes.Text("Your number")), field, class_="pg-check__number")


def answer(choice: Choice) -> Tag:
    """A choice, and what is said to whoever gives it."""
    return tag(
        "div",
        tag("p", *copies(choice.shown), class_="pg-check__choice"),
        *said(RIGHT if choice.right else WRONG, choice.why),
        class_="pg-check__why",
        data_value=choice.text,
        **({"data_right": None} if choice.right else {}),
    )


def others(question: Question) -> list[Tag]:
    if not question.other:
        return []
    choice = tag("p", nodes.Text("Any other number"), class_="pg-check__choice")
    return [tag("div", choice, *said(OTHER, question.other), class_="pg-check__why")]


def said(verdict: str, why: list[nodes.Node]) -> list[nodes.Node]:
    """The paragraphs with the verdict in front."""
    first, *rest = copies(why)
    first.insert(0, [nodes.strong("", verdict), nodes.Text(" ")])
    return [first, *rest]


def copies(some: list[nodes.Node]) -> list[nodes.Node]:
    return [node.deepcopy() for node in some]


class SelfCheck(SphinxDirective):
    """`{selfcheck} name`: a question, its choices, and what is said to each."""

    required_arguments = 1
    has_content = True
    option_spec = {"within": float}  # noqa: RUF012

    def run(self) -> list[nodes.Node]:
        body = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, body)
        try:
            question = read(self.arguments[0], body, self.options.get("within"))
        except MalformedError as sentence:
            raise self.error(f"selfcheck {self.arguments[0]!r}: {sentence}") from None
        return [form(question)]


def visit_tag(translator: HTML5Translator, node: Tag) -> None:
    attrs = (
        f" {key}" if value is None else f' {key}="{html.escape(value)}"'
        for key, value in node["attrs"].items()
    )
    translator.body.append(f"<{node['tag']}{''.join(attrs)}>")


def depart_tag(translator: HTML5Translator, node: Tag) -> None:
    if node["tag"] != "input":
        translator.body.append(f"</{node['tag']}>\n")


def setup(app: Sphinx) -> dict:
    app.add_node(Tag, html=(visit_tag, depart_tag))
    app.add_directive("selfcheck", SelfCheck)
    app.add_css_file("selfcheck.css")
    app.add_js_file("selfcheck.js", loading_method="defer")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
