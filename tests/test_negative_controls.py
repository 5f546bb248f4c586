"""Every test of a statement refutes something, too, or says why it need not."""

from __future__ import annotations

from pathlib import Path

import controls
import pytest

TESTS = Path(__file__).parent
PROOFS = [path for path in sorted(TESTS.rglob("test_*.py")) if "demos" not in path.parts]


def without_control(source: str) -> list[str]:
    """The names of the statement tests that neither refute anything nor say why (``no_control="…"``)."""
    return [name for name, found in controls.controls(source).items() if not found]


@pytest.mark.parametrize("path", PROOFS, ids=lambda path: path.relative_to(TESTS).as_posix())
def test_every_statement_test_has_a_negative_control(path):
    assert without_control(path.read_text(encoding="utf-8")) == []


AGREES = "@pytest.mark.statement('x')\ndef test_a():\n    assert abs(f() - g()) < 1e-9\n"


def test_the_check_finds_a_test_that_only_agrees():
    refutes = AGREES + "    assert abs(wrong() - g()) > 1e-3\n"
    excused = AGREES.replace("'x'", "'x', no_control='a definition'")
    assert without_control(AGREES) == ["test_a"]
    assert without_control(refutes) == without_control(excused) == []


def test_a_marker_of_the_whole_file_counts_for_each_test():
    whole = AGREES.replace("@pytest.mark", "pytestmark = pytest.mark")
    assert without_control(whole) == ["test_a"]
    excused = whole.replace("def", "@pytest.mark.statement('x', no_control='a refusal')\ndef")
    assert without_control(excused) == []


def test_the_control_is_found_with_its_line_and_its_words():
    twice = AGREES + "    assert not close(wrong(), g())\n    assert alpha > 0\n"
    telling, sign = controls.controls(twice)["test_a"]
    assert (telling.line, telling.text) == (4, "not close(wrong(), g())")
    assert (sign.line, sign.text, sign.weak) == (5, "alpha > 0", True)
    raises = AGREES + "    with pytest.raises(AssertionError):\n        check(wrong)\n"
    assert controls.controls(raises)["test_a"][0].text == "pytest.raises(AssertionError)"
    (reason,) = controls.controls(AGREES.replace("'x'", "'x', no_control='a definition'"))["test_a"]
    assert reason.excuse
    assert reason.text == "a definition"
