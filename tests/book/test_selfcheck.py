"""Questions in a page: how they are read, and what each of the book's must have."""

from __future__ import annotations

import pytest
import questions
from selfcheck import MalformedError

BOOK = questions.of_the_book()
ALL = [question for page in BOOK.values() for question in page]
PAGES = [
    "objective",
    "gradient_ascent",
    "reinforce",
    "baselines",
    "parameterizations",
    "local_optimization",
    "importance_sampling",
    "trust_regions",
    "natural_gradient",
    "ppo",
    "continuous_actions",
]

CHOICE = """:::{selfcheck} two
How much is $1 + 1$?

- [ ] *three*

  Too much.
- [x] two

  Yes.

  Indeed.
:::
"""
NUMBER = """:::{selfcheck} two
:within: 0.1
How much is $1 + 1$?

- [ ] 3

  Too much.
- [x] 2

  Yes.

Count.
:::
"""


@pytest.mark.parametrize("page", PAGES)
def test_every_chapter_asks(page: str) -> None:
    assert BOOK[page]


def test_there_are_enough_questions_and_each_has_a_name_of_its_own() -> None:
    names = [question.name for question in ALL]
    assert len(names) == len(set(names)) >= 14
    assert {question.within is None for question in ALL} == {True, False}


@pytest.mark.parametrize("question", ALL, ids=lambda question: question.name)
def test_one_choice_is_right_and_every_choice_is_answered(question) -> None:
    assert sum(choice.right for choice in question.choices) == 1
    for choice in question.choices:
        assert len(" ".join(node.astext() for node in choice.why).split()) >= 3
    texts = [choice.text for choice in question.choices]
    assert len(set(texts)) == len(texts)


def test_a_question_is_read() -> None:
    question = questions.parse(CHOICE)
    assert question.text[0].astext() == "How much is 1 + 1?"
    assert [choice.text for choice in question.choices] == ["three", "two"]
    assert [node.astext() for node in question.right.why] == ["Yes.", "Indeed."]
    assert question.within is None


def test_a_question_for_a_number_is_read() -> None:
    question = questions.parse(NUMBER)
    assert question.values == [3.0, 2.0]
    assert question.right.text == "2"
    assert question.other[0].astext() == "Count."


REFUSED = {
    "no choice is right": (CHOICE, "[x]", "[ ]", "one of them"),
    "two are right": (CHOICE, "[ ]", "[x]", "one of them"),
    "no box": (CHOICE, "[x] two", "two", "begins with"),
    "no explanation": (CHOICE, "  Too much.\n", "", "followed by why"),
    "no question": (CHOICE, "How much is $1 + 1$?\n", "", "a question comes first"),
    "no list": (CHOICE, "- [", "[", "a question comes first"),
    "text after the choices": (CHOICE, "Indeed.\n", "Indeed.\n\nThe end.\n", "there and only"),
    "no answer to other numbers": (NUMBER, "Count.\n", "", "there and only there"),
    "a word for a number": (NUMBER, "] 3", "] three", "every choice is a number"),
    "numbers too close": (NUMBER, "] 3", "] 2.15", "too close together"),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_a_malformed_question_is_refused(fault: str) -> None:
    block, old, new, message = REFUSED[fault]
    assert old in block
    with pytest.raises(MalformedError, match=message.replace("[", r"\[")):
        questions.parse(block.replace(old, new))
