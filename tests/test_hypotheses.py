"""A theorem that differentiates states a hypothesis under which it may."""

from __future__ import annotations

from pathlib import Path

import hypotheses
import pytest

BOOK = Path(__file__).resolve().parents[1] / "book"


def test_no_statement_differentiates_without_a_word_of_smoothness():
    pages = [path.read_text(encoding="utf-8") for path in sorted(BOOK.glob("*.md"))]
    assert [fault for page in pages for fault in hypotheses.faults(page)] == []
    assert list(hypotheses.overdue(pages)) == []


STATEMENT = r"""
:::{prf:theorem} A title
:label: lemma

Let $f$ be a function. Then $\nabla f = 0$.
:::
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a function", "a differentiable function"),
        (r"\nabla f", "f"),
        ("theorem", "definition"),
    ],
)
def test_a_word_of_smoothness_is_enough_and_a_definition_needs_none(old, new):
    (sentence,) = hypotheses.faults(STATEMENT, known=[])
    assert sentence.startswith("'lemma' differentiates")
    assert list(hypotheses.faults(STATEMENT.replace(old, new), known=[])) == []


def test_a_standing_hypothesis_speaks_for_what_stands_below_it():
    standing = "**Throughout**, all policies are\ndifferentiable.\n"
    assert list(hypotheses.faults(standing + STATEMENT, known=[])) == []
    assert len(list(hypotheses.faults(STATEMENT + standing, known=[]))) == 1
    silent = standing.replace("differentiable", "positive")
    assert len(list(hypotheses.faults(silent + STATEMENT, known=[]))) == 1


def test_the_list_of_open_statements_empties_itself():
    assert list(hypotheses.faults(STATEMENT, known=["lemma"])) == []
    assert list(hypotheses.overdue([STATEMENT], known=["lemma"])) == []
    (sentence,) = hypotheses.overdue([], known=["lemma"])
    assert "take it off the list" in sentence
