"""No cell of the book checks a function against itself."""

from __future__ import annotations

from pathlib import Path

import docstrings
import pytest
import selfcompare

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted((ROOT / "book").glob("*.md"))


@pytest.fixture(scope="module")
def functions():
    """The names of the public mathematics."""
    every = docstrings.functions(ROOT)
    return frozenset(f.anchor.split(".")[-1] for f in every if f.mathematics)


@pytest.fixture(scope="module")
def passed():
    return selfcompare.handed_on(ROOT / "pgcompanion")


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_no_cell_compares_a_function_with_itself(page, functions, passed):
    text = page.read_text(encoding="utf-8")
    assert list(selfcompare.faults(text, functions, passed)) == []


def cell(*lines: str) -> str:
    return "\n".join(["```{code-cell} ipython3", "---", "tags: [x]", "---", *lines, "```", ""])


@pytest.mark.parametrize(
    "lines",
    [
        ["assert np.isclose(exact.J(a), exact.J(a))"],
        ["left, right = exact.J(a), 2 * exact.J(b)", "assert abs(left - right) < 1e-9"],
        ["both = [exact.J(a), exact.J(b)]", "assert both[0] == both[1]"],
        ["x = [exact.J(a) for a in range(3)]", "assert np.allclose(x, exact.J(b))"],
        ["x = []", "for a in range(3):", "    x.append(wrapper(a))", "assert max(x) == exact.J(3)"],
    ],
)
def test_one_function_on_both_sides_is_found(lines, functions):
    (fault,) = selfcompare.faults(cell(*lines), functions | {"J", "wrapper"}, {"wrapper": {"J"}})
    assert "J" in fault
    excused = cell("# same function: it must not depend on a", *lines)
    assert list(selfcompare.faults(excused, functions | {"J", "wrapper"}, {})) == []


@pytest.mark.parametrize(
    "lines",
    [
        ["assert np.isclose(exact.J(a), exact.K(a))"],
        ["assert np.isclose(exact.J(a), batch.J(a))"],
        ["assert np.isclose(one.J(a), other.J(a))"],
        ["both = [exact.J(a), exact.K(b)]", "assert both[0] == both[1]"],
        ["assert exact.J(a) < exact.J(b)"],
        ["assert np.isclose(exact.J(a), 3.0)"],
    ],
)
def test_two_functions_an_order_and_a_number_are_not(lines, functions):
    assert list(selfcompare.faults(cell(*lines), functions | {"J", "K"}, {})) == []


def test_what_a_function_hands_on_is_read_from_the_package(passed):
    """The exact trust region is a penalty's maximiser; the penalty computes it."""
    assert "penalty_argmax" in passed["trpo_argmax"]
    assert "trpo_argmax" not in selfcompare.reached("penalty_argmax", passed)
    assert "penalty_argmax" in selfcompare.reached("trpo_argmax", passed)
    assert "evaluate" not in passed["performance_difference"]
