"""Of every theorem the book says where it is from, or that it is ours."""

from __future__ import annotations

from pathlib import Path

import origins
import pytest

PAGES = sorted((Path(__file__).resolve().parents[1] / "book").glob("*.md"))

STATEMENT = r"""
# A page

:::{prf:lemma} A title
:label: one

Let $f$ be a function. Then $f = f$.
:::

:::{prf:proof}
:class: dropdown

It is.
:::

It is due to {cite:t}`somebody1900`.

## Something else

:::{prf:theorem} Another
:label: two

Then $f = f$ again.
:::

## A heading
"""


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_no_statement_is_without_an_origin(page):
    assert list(origins.orphans(page.read_text(encoding="utf-8"))) == []


def test_a_citation_speaks_for_its_own_stretch_of_text():
    assert list(origins.orphans(STATEMENT)) == ["two"]
    uncited = STATEMENT.replace("{cite:t}`somebody1900`", "somebody")
    assert list(origins.orphans(uncited)) == ["one", "two"]
    assert list(origins.orphans(STATEMENT + "It is due to {cite:t}`somebody1900`.\n")) == ["two"]


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("**Sources.** {prf:ref}`two` is from {cite:t}`x`.", []),
        ("**Sources.** For\n{prf:ref}`the second <two>` we know of none.", []),
        ("**Sources.** {prf:ref}`one` is old.", ["two"]),
        ("Here {prf:ref}`two` is used.", ["two"]),
    ],
)
def test_a_paragraph_of_sources_speaks_for_those_that_it_names(words, left):
    assert list(origins.orphans(f"{STATEMENT}\n{words}\n")) == left


def test_a_definition_needs_none_and_ours_is_enough():
    assert list(origins.orphans(STATEMENT.replace("prf:theorem", "prf:definition"))) == []
    ours = STATEMENT.replace("## A", "The proof is ours.\n\n## A", 1)
    assert list(origins.orphans(ours)) == []
