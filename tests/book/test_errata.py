"""The errata page accounts for every slip: what the source says, what holds, where, and the difference in numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "book" / "errata.md").read_text(encoding="utf-8")
NUMBERS = range(1, 66)  # the slips that were found in the source
ENTRY = re.compile(
    r"\*\*E(\d+)\. .+\*\*\n: \*Source:\* .+\n: \*Correct:\* .+\n: \*Here:\* .+\n"
    r": \*Later edition:\* .+"
)
ROW = re.compile(r"^\| E(\d+) \| .+ \| .+ \| .+ \|$", re.MULTILINE)
ANCHOR = re.compile(r"^\(e(\d+)\)=$", re.MULTILINE)
CELL = re.compile(r"```\{code-cell\}.*?```", re.DOTALL)


def gaps(page: str) -> Iterator[str]:
    """What the page lacks, one sentence each."""
    entries, rows, anchors = (
        set(map(int, pattern.findall(page))) for pattern in (ENTRY, ROW, ANCHOR)
    )
    computed = {
        int(n) for cell in CELL.findall(page) for n in re.findall(r"\bE(\d+)(?:\b|_)", cell)
    }
    for n in NUMBERS:
        if n not in entries | rows:
            yield f"E{n} has no entry with source, correction, place and what became of it."
        if n not in anchors:
            yield f"E{n} cannot be linked to."
        if n in entries - computed:
            yield f"E{n} is not computed in any cell."


def test_every_slip_is_listed_linked_and_computed():
    assert list(gaps(PAGE)) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("(e13)=\n", "", "E13 cannot be linked to."),
        (": *Correct:* $R(\\tau)", ": $R(\\tau)", "E9 has no entry"),
        (": *Later edition:* still there.\n\n(e17)=", "\n(e17)=", "E16 has no entry"),
        ("| E28 |", "| |", "E28 has no entry"),
        ("E10_", "", "E10 is not computed"),
    ],
)
def test_a_gap_is_one_sentence(old: str, new: str, fault: str):
    assert old in PAGE
    (sentence,) = gaps(PAGE.replace(old, new))
    assert sentence.startswith(fault)
