"""The markup that the book's extension writes or mends."""

from __future__ import annotations

import sys

import pytest
from notebooks import ROOT

sys.path.append(str(ROOT / "book" / "_ext"))

from pgbook_markup import mend

FORMULA = r'<span class="math notranslate nohighlight">\(x\)</span>'


@pytest.mark.parametrize("text", [f"{FORMULA}.", f"({FORMULA}", f"({FORMULA}),", f"{FORMULA}-axis"])
def test_punctuation_stays_with_its_formula(text: str) -> None:
    assert mend(f"a {text} b") == f'a <span class="pg-together">{text}</span> b'


def test_a_formula_between_spaces_stays_as_it_is() -> None:
    assert mend(f"a {FORMULA} b") == f"a {FORMULA} b"


def test_a_list_of_references_holds_list_items() -> None:
    entry = '<div role="list"><div class="citation" role="doc-biblioentry"></div></div>'
    assert 'role="listitem"' in mend(entry)


def test_hidden_code_is_named_by_its_own_text() -> None:
    assert mend('<summary aria-label="Toggle hidden content">') == "<summary>"
