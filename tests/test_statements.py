"""The machine that ties a statement to its function and its test: what it must notice."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import docstrings
import ledger
import notation
import pytest
import sources
import symbols
from docstrings import Function
from ledger import Check, Measurement, Statement

ROOT = Path(__file__).resolve().parents[1]
BOOK = ROOT / "book"


def function(name: str, *labels: str, public: bool = True) -> Function:
    return Function(name, "pgcompanion/a.py", name.split(".")[-1], labels, (), public)


def case(name: str, *labels: str, passed: bool = True) -> Check:
    return Check("tests/test_a.py", name, labels, passed)


LEMMA = Statement("lemma", "Lemma 1.1", "page")


# --- The checks ---------------------------------------------------------------------------------


def test_a_statement_with_a_function_and_a_test_has_no_gap():
    assert list(ledger.gaps([LEMMA], [function("a.f", "lemma")], [case("t", "lemma")])) == []


@pytest.mark.parametrize(
    ("functions", "tests", "fault"),
    [
        ([], [case("t", "lemma")], "no function"),
        ([function("a.f", "other")], [case("t", "lemma")], "no function"),
        ([function("style.draw", "lemma")], [case("t", "lemma")], "no function"),
        ([function("a._f", "lemma", public=False)], [case("t", "lemma")], "no function"),
        ([function("a.f", "lemma")], [], "no test"),
        ([function("a.f", "lemma")], [case("t", "other")], "no test"),
        ([function("a.f", "lemma")], [case("t", "lemma", passed=False)], "t fails"),
    ],
)
def test_a_gap_in_the_ledger_is_one_sentence(functions, tests, fault):
    (sentence,) = ledger.gaps([LEMMA], functions, tests)
    assert fault in sentence
    assert "lemma" in sentence


def test_the_test_of_a_demo_is_no_proof_of_the_statement_that_it_shows():
    demo = Check("tests/demos/test_a_demo.py", "t", ("lemma",))
    (sentence,) = ledger.gaps([LEMMA], [function("a.f", "lemma")], [demo])
    assert "no test" in sentence
    assert ledger.proofs([demo, case("t", "lemma")]) == [case("t", "lemma")]


def test_a_label_that_the_book_lacks_is_named_with_everything_that_names_it():
    functions = [function("a.f", "lemma"), function("a.g", "lema")]
    tests = [case("t", "lema", "lemma"), case("u", "lemma")]
    (sentence,) = ledger.strangers({"lemma"}, functions, tests)
    assert sentence.startswith("'lema' is no label")
    assert "g (" in sentence
    assert "t (" in sentence
    assert list(ledger.strangers({"lemma", "lema"}, functions, tests)) == []


def test_public_mathematics_must_name_a_statement_and_its_frame_need_not():
    labelled = [function("a.f", "lemma"), function("style.draw_map"), function("gridworld.x")]
    hidden = function("_hidden", public=False)
    method = Function("a.C.step", "pgcompanion/a.py", "C.step", (), (), True)
    assert list(ledger.nameless([*labelled, hidden, method])) == []
    assert len(list(ledger.nameless([*labelled, function("a.g"), function("styles.g")]))) == 2


def test_a_binding_label_must_be_in_the_book():
    assert list(ledger.missing(ledger.BINDING)) == []
    (sentence,) = ledger.missing([label for label in ledger.BINDING if label != "pdl"])
    assert "'pdl'" in sentence


def test_the_list_of_forthcoming_labels_empties_itself():
    forthcoming = {"kld": "trust_regions"}
    assert list(ledger.overdue(forthcoming, {"npg"}, {"index"})) == []
    (there,) = ledger.overdue(forthcoming, {"npg", "kld"}, {"index"})
    assert "take it off the list" in there
    (broken,) = ledger.overdue(forthcoming, {"npg"}, {"index", "trust_regions"})
    assert "there without it" in broken


# --- What is shown ------------------------------------------------------------------------------


def test_exact_errors_come_before_scores_many_cases_before_few_and_the_worst_speaks():
    few, many = Measurement("error", 1e-3, 12), Measurement("error", 2e-15, 1000)
    worse = Measurement("error", 4.2e-13, 1000)
    score = Measurement("z-score", 2.34, 10**6, "episodes")
    tests = [
        Check("p", "t", ("lemma",), True, measured) for measured in ((few, many), (worse, score))
    ]
    assert ledger.most_telling(tests) == worse
    assert ledger.verdict(tests) == "checked: largest error 4e-13 over 1,000 trajectories"
    only_a_score = [Check("p", "t", ("lemma",), True, (score,))]
    assert ledger.verdict(only_a_score) == "checked: largest z-score 2.3 over 1,000,000 episodes"
    assert ledger.verdict([case("t", "lemma")]) == "checked by 1 test"
    assert ledger.verdict([case("t", "lemma"), case("u", "lemma")]) == "checked by 2 tests"
    assert str(Measurement("error", 0.0, 1)) == "largest error 0 over 1 trajectory"


def test_every_definition_has_an_element_of_its_name_in_the_shown_source():
    text = (
        "import a\n\n\n@a.b\ndef f():\n    return 1\n\n\nclass C:\n    def g(self):\n        pass"
    )
    spans = sources.spans(text)
    assert spans == {"f": (4, 6), "C": (9, 11), "C.g": (10, 11)}
    code = f'<div class="highlight"><pre><span></span>{text}\n</pre></div>'
    shown = sources.anchored(code, spans)
    assert '<span class="pg-definition" id="f">@a.b\ndef f():\n    return 1</span>' in shown
    assert shown.count("</span>") == shown.count("<span")
    assert '<pre tabindex="0">' in shown


# --- What the docstrings say ----------------------------------------------------------------------


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package with an open module, a room that exports one of its two functions, and a frame."""
    files = {
        "__init__.py": "",
        "open.py": '''
            from typing import Protocol

            def f(x, *, y=1):
                """Statement: `one`, `two`. More."""

            class Shape(Protocol):
                """What is asked."""

            class Point:
                """A point (statement: `three`)."""
                X: int

                def move(self, by):
                    """Statements: `one` and `two`."""

                def _hidden(self, z): ...

            def _private(w):
                """Statement: `four`."""
            ''',
        "room/__init__.py": "from pgcompanion.room.inner import g\n__all__ = ['g']",
        "room/inner.py": "def g(v): ...\ndef helper(u): ...",
        "style.py": "def draw(ax): ...",
    }
    for name, text in files.items():
        path = tmp_path / "pgcompanion" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
    return tmp_path


def test_labels_arguments_and_public_names_are_read_from_the_source(package):
    found = {f.name: f for f in docstrings.functions(package)}
    assert {name for name, f in found.items() if f.public} == {
        *("open.f", "open.Point", "open.Point.move", "room.g", "style.draw"),
    }
    assert {name for name, f in found.items() if f.mathematics and not f.is_method} == {
        *("open.f", "open.Point", "room.g"),
    }
    assert found["open.f"].labels == found["open.Point.move"].labels == ("one", "two")
    assert found["open.Point"].labels == ("three",)
    assert found["_private"].labels == ("four",)
    assert found["open.f"].arguments == ("x", "y")
    assert found["open.Point"].arguments == ("X",)
    assert found["open.Point.move"].arguments == ("by",)
    assert found["room.g"].path == "pgcompanion/room/inner.py"
    assert [f.anchor for f in ledger_names(found)] == ["g"]


def ledger_names(found: dict[str, Function]) -> list[Function]:
    """The functions that the check for labels complains of."""
    sentences = list(ledger.nameless(found.values()))
    return [f for f in found.values() if any(f"{f.path}: {f.anchor} " in s for s in sentences)]


# --- The tests' own record ------------------------------------------------------------------------

RECORDED = """
import pytest

@pytest.mark.statement("one", "two")
@pytest.mark.parametrize("x", [1e-16, -3e-16])
def test_measured(measure, x):
    assert measure([x, 0.0], over=12) < 1e-10

@pytest.mark.statement("two")
def test_failing(measure):
    assert measure(6.0, over=100, of="episodes", kind="z-score") < 5

def test_without_a_statement(measure):
    assert measure(1.0, over=1) == 1.0
"""


@pytest.mark.slow
@pytest.mark.parametrize("processes", [0, 2])
def test_pytest_leaves_labels_outcomes_and_the_worst_measurement(tmp_path, processes):
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path)
    (tmp_path / "test_small.py").write_text(RECORDED, encoding="utf-8")
    record = tmp_path / "record" / "statements.json"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir=."]
    command += ["-n", str(processes), "--statements", str(record), "."]
    marker = ["-o", "markers=statement(*labels): a statement"]
    subprocess.run(command + marker, cwd=tmp_path, capture_output=True, check=False)
    failing, measured = ledger.read_tests(record)
    assert failing == Check(
        "test_small.py",
        "test_failing",
        ("two",),
        passed=False,
        measured=(Measurement("z-score", 6.0, 100, "episodes"),),
    )
    assert measured.labels == ("one", "two")
    assert measured.measured == (Measurement("error", 3e-16, 12, "trajectories"),)


# --- The build ------------------------------------------------------------------------------------

CONF = """
import sys
sys.path.insert(0, "book/_ext")
extensions = ["myst_parser", "sphinx.ext.mathjax", "sphinx_proof", "statements"]
html_theme = "basic"
nitpicky = True
myst_enable_extensions = ["colon_fence", "dollarmath"]

def setup(app):
    app.add_config_value("pgbook_repository", "", "html", str)
"""
PAGE = """
# A page

:::{prf:lemma} Zero plus $x$
:label: lemma

It is $x$.
:::
"""


TEST = """import pytest


@pytest.mark.statement("lemma")
def test_zero_is_neutral():
    assert 0 + 1 == 1
    assert 1 + 1 != 1
"""


@pytest.fixture
def build(tmp_path, monkeypatch):
    """Build a book of one lemma with Sphinx, warnings as errors; returns its exit code and output."""
    book = tmp_path / "book"
    shutil.copytree(ROOT / "book" / "_ext", book / "_ext", ignore=shutil.ignore_patterns("*pyc"))
    text = (book / "_ext" / "ledger.py").read_text(encoding="utf-8")
    emptied = text + '\nBINDING, FORTHCOMING = ["lemma"], {}\n'
    (book / "_ext" / "ledger.py").write_text(emptied, encoding="utf-8")
    toctree = "# Book\n\n```{toctree}\npage\nstatement_index\n```\n"
    files = {
        "conf.py": CONF,
        "book/index.md": toctree,
        "book/page.md": PAGE,
        "book/statement_index.md": "# Index\n\n```{statement-index}\n```\n",
        "pgcompanion/a.py": 'def f(x):\n    """Statement: `lemma`."""\n',
        "tests/test_a.py": TEST,
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")

    def run(tests: list[dict], *options: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "_build").mkdir(exist_ok=True)
        record = tmp_path / "_build" / "statements.json"
        record.write_text(json.dumps(tests), encoding="utf-8")
        command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-c", "."]
        command += [*options, "book", "_build/html"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    return run


GOOD = {
    "path": "tests/test_a.py",
    "name": "test_zero_is_neutral",
    "labels": ["lemma"],
    "passed": True,
    "measured": [{"kind": "error", "worst": 4e-16, "over": 248832, "of": "trajectories"}],
}


def test_a_statement_gets_its_line_and_its_row(build, tmp_path):
    result = build([GOOD])
    assert result.returncode == 0, result.stderr
    page = (tmp_path / "_build/html/page.html").read_text(encoding="utf-8")
    assert 'href="statement_index.html#statement-lemma"' in page
    assert "checked: largest error 4e-16 over 248,832 trajectories" in page
    index = (tmp_path / "_build/html/statement_index.html").read_text(encoding="utf-8")
    assert 'id="statement-lemma"' in index
    assert 'href="page.html#lemma"' in index
    assert 'href="source/pgcompanion/a.html#f"' in index
    assert 'href="source/tests/test_a.html#test_zero_is_neutral"' in index
    assert "zero is neutral" in index
    words = re.sub(r"<[^>]*>", "", index)
    assert "control: 1 + 1 != 1" in words
    assert "1 statement, 1 test of them; 1 of these also refute a wrong variant, 0 say why" in words
    assert "mathjax" in index, "the title has mathematics in it"
    shown = (tmp_path / "_build/html/source/pgcompanion/a.html").read_text(encoding="utf-8")
    assert 'id="f"' in shown


@pytest.mark.slow
def test_a_later_build_follows_the_tests(build, tmp_path):
    """The second changes nothing, the third no more than the record of the tests."""
    better = {"kind": "error", "worst": 3e-16, "over": 7, "of": "trajectories"}
    for measured in (GOOD["measured"], GOOD["measured"], [better]):
        result = build([GOOD | {"measured": measured}])
        assert result.returncode == 0, result.stderr
    html = (tmp_path / "_build/html/page.html").read_text(encoding="utf-8")
    assert "largest error 3e-16 over 7 trajectories" in html


def test_links_lead_to_the_repository_where_it_is_named(build, tmp_path):
    repository = "https://example.org/group/book/tree/v1"
    result = build([GOOD], "-D", f"pgbook_repository={repository}")
    assert result.returncode == 0, result.stderr
    index = (tmp_path / "_build/html/statement_index.html").read_text(encoding="utf-8")
    assert "https://example.org/group/book/blob/v1/pgcompanion/a.py#L1-L2" in index
    assert "https://example.org/group/book/blob/v1/tests/test_a.py#L4-L7" in index
    assert not (tmp_path / "_build/html/source").exists()


def test_the_build_fails_where_nothing_tests_a_statement(build):
    result = build([])
    assert result.returncode != 0
    assert "'lemma', Lemma 1, has no test" in result.stderr


def test_the_build_fails_with_a_sentence_for_each_fault(build, tmp_path):
    (tmp_path / "pgcompanion/a.py").write_text("def f(x): ...\n", encoding="utf-8")
    result = build([GOOD | {"passed": False, "labels": ["lemma", "lema"]}])
    assert result.returncode != 0
    for fault in ("has no function", "names no statement", "neutral fails", "'lema' is no label"):
        assert fault in result.stderr


def test_the_build_fails_for_a_theorem_that_differentiates_without_a_hypothesis(build, tmp_path):
    page = tmp_path / "book/page.md"
    page.write_text(PAGE.replace("It is $x$.", r"$\nabla x = 0$."), encoding="utf-8")
    result = build([GOOD])
    assert result.returncode != 0
    assert "'lemma' differentiates" in result.stderr
    page.write_text(
        PAGE.replace("It is $x$.", r"If $x$ is smooth, $\nabla x = 0$."), encoding="utf-8"
    )
    assert build([GOOD]).returncode == 0


# --- The notation page ----------------------------------------------------------------------------


def test_every_public_argument_is_on_the_notation_page():
    functions = docstrings.functions(ROOT)
    arguments = {name for f in functions if f.public for name in f.arguments}
    assert notation.unexplained(notation.load(), arguments) == set()
    assert notation.unexplained(notation.load(), arguments | {"frobnicate"}) == {"frobnicate"}
    options = set().union(*notation.load()["options"].values())
    assert options <= arguments, "options that no function has"


def test_every_symbol_of_a_displayed_formula_is_on_the_notation_page():
    table = notation.load()
    pages = {path.stem: path.read_text(encoding="utf-8") for path in sorted(BOOK.glob("*.md"))}
    found = {name: symbols.unlisted(table, page) for name, page in pages.items()}
    assert {name: missing for name, missing in found.items() if missing} == {}
    assert sum(len(symbols.DISPLAY.findall(page)) for page in pages.values()) > 50


def torn(group: dict) -> list[str]:
    """The rows of a group's table that have a bar within a cell, where Markdown would cut it."""
    columns = notation.HEAD[0].count("|")
    return [row for row in notation.markdown(group) if row.count("|") != columns]


def test_every_row_of_the_notation_page_has_a_cell_for_each_column():
    groups = notation.load()["group"]
    assert [row for group in groups for row in torn(group)] == []
    row = groups[-1]["symbols"][-1] | {"symbol": "|y|"}
    assert len(torn({"symbols": [row]})) == 1


def test_a_symbol_is_read_with_its_alphabet_and_without_the_layout():
    page = r"$$ \begin{aligned} \tilde\zeta &= \frac12 \Big( \mathcal{F} + \operatorname{wrap}(\hi) \Big) \end{aligned} $$"
    assert symbols.unlisted(notation.load(), page) == {"zeta", "mathcal F", "wrap"}
    assert symbols.unlisted(notation.load(), r"inline $\xi$") == set()
