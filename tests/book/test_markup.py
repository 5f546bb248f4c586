"""The markup that the book's extension writes or mends."""

from __future__ import annotations

import sys

import pytest
from notebooks import ROOT

sys.path.append(str(ROOT / "book" / "_ext"))

from ledger import Check, Measurement, sentence
from mathematics import END
from notation import whole
from pgbook_markup import mend

SET = '<span class="math notranslate"><span class="katex"><b>x</b></span></span>'
FORMULA = SET + END


@pytest.mark.parametrize("text", [f"{FORMULA}.", f"({FORMULA}", f"({FORMULA}),", f"{FORMULA}-axis"])
def test_punctuation_stays_with_its_formula(text: str) -> None:
    seen = text.replace(END, "")
    assert mend(f"a {text} b") == f'a <span class="pg-together">{seen}</span> b'


def test_a_display_stays_apart_from_the_formula_behind_it() -> None:
    """KaTeX's own boxes have names that begin like that of a formula in a line."""
    display = '<div class="math notranslate"><span class="mathnormal">y</span></div>'
    seen = f'<span class="pg-together">{SET}.</span>'
    assert mend(f"{display} as {FORMULA}.") == f"{display} as {seen}"


def test_a_formula_between_spaces_stays_as_it_is() -> None:
    assert mend(f"a {FORMULA} b") == f"a {SET} b"


@pytest.mark.parametrize(
    ("tex", "short"), [("N = 2", True), (r"\pi_\theta(a \mid s) / q(a)", False)]
)
def test_a_formula_of_few_signs_is_not_broken(tex: str, short: bool) -> None:
    annotation = f'<annotation encoding="application/x-tex">{tex}</annotation>'
    formula = f'<span class="math notranslate"><math>{annotation}</math></span>{END}'
    long = f'<span class="math notranslate">{"x" * 99}</span>{END}'
    seen = mend(f"a {long} b {formula} c")
    assert seen.count("pg-short") == short
    assert ('b <span class="math pg-short notranslate">' in seen) == short


@pytest.mark.parametrize(
    ("words", "short"), [(["(S,", "A,", "S)"], True), (["word"] * 6, False), (["(N,)"], False)]
)
def test_a_shape_is_not_broken(words: list[str], short: bool) -> None:
    """A single word cannot be, as it is."""
    code = " ".join(f'<span class="pre">{word}</span>' for word in words)
    seen = mend(f'of <code class="docutils literal notranslate">{code}</code> here')
    assert ('notranslate pg-short">' in seen) == short
    assert code in seen


def test_the_line_under_a_statement_breaks_between_words_alone() -> None:
    name = '<code><span class="pre">estimators.second_moment</span></code>'
    mended = mend(f'<p class="pg-checked">{name} largest error 4e-15</p><p>{name} 4e-15</p>')
    line, other = mended.split("</p><p>")
    table = f'<table class="table pg-statements"><tr id="e-4e-15"><td>{name}</td></tr></table>'
    assert mend(table) == table.replace("estimators.second_", "estimators.<wbr>second_<wbr>")
    assert "estimators.<wbr>second_<wbr>moment" in line
    assert 'error <span class="pg-row">4e-15</span>' in line
    assert other == f"{name} 4e-15</p>"


def test_a_list_of_references_holds_list_items() -> None:
    entry = '<div role="list"><div class="citation" role="doc-biblioentry"></div></div>'
    assert 'role="listitem"' in mend(entry)


def test_hidden_code_is_named_by_its_own_text() -> None:
    assert mend('<summary aria-label="Toggle hidden content">') == "<summary>"


PRINTED = '<div class="output stream"><div class="highlight"><pre><span></span>{}</pre>'
SENTENCE = "the policies differ by 0e+00"
COLUMNS = [
    "  lambda      step",
    "      10   1.80e-01",
    "[[0.1 0.2]",
    " [0.3 0.4]]",
    "prompt 0 0.4 -0.1 6e-2",
]


@pytest.mark.parametrize("row", COLUMNS)
def test_a_printed_row_is_marked_and_a_sentence_is_not(row: str) -> None:
    mended = mend(PRINTED.format(f"{SENTENCE}\n{row}\n{SENTENCE}"))
    assert f'\n<span class="pg-row">{row}</span>\n' in mended
    assert mended.count("pg-row") == 1


def test_code_and_coloured_lines_stay_as_they_are() -> None:
    coloured = PRINTED.format('<span class="ansi">a</span>   b')
    code = '<div class="highlight"><pre><span></span>x   =   1</pre>'
    assert mend(coloured) == coloured
    assert mend(code) == code


def test_the_link_of_a_solution_begins_with_its_text() -> None:
    title = 'Solution to<a class="reference internal" href="#ex"> Exercise 1.1</a>'
    assert mend(title) == 'Solution to <a class="reference internal" href="#ex">Exercise 1.1</a>'


@pytest.mark.parametrize(
    ("over", "of", "words"),
    [
        (1, "updates", "1 update"),
        (1, "policies", "1 policy"),
        (1, "pairs of trajectories", "1 pair of trajectories"),
        (1, "trajectories", "1 trajectory"),
        (100, "wrong Q", "100 wrong Q"),
        (2000, "updates", "2,000 updates"),
    ],
)
def test_one_is_not_many(over: int, of: str, words: str) -> None:
    assert str(Measurement("error", 4e-14, over, of)) == f"largest error 4e-14 over {words}"


def test_a_sentence_spells_symbols_and_names() -> None:
    test = Check("tests/t.py", "test_the_fisher_matrix_and_the_gradient_of_j_in_a_case", ())
    assert sentence(test) == "the Fisher matrix and the gradient of J in a case"


def test_a_shape_stays_on_one_line() -> None:
    assert whole("(S, A) or (N, H)") == "(S,\u00a0A) or (N,\u00a0H)"
    assert whole("int or float") == "int or float"
