"""Of a style sheet stays what some element of the site can meet."""

from __future__ import annotations

import sys

import pytest
from notebooks import ROOT

sys.path.append(str(ROOT / "book" / "_ext"))

from slim import slim

WORDS = {"btn", "bd-article", "show", "dark"}
STAYS = [
    "h1{margin:0}",
    ".btn{margin:0}",
    ":is(h1,.h1){margin:0}",
    "a:not(.absent){margin:0}",
    ".btn.show>:where(.absent,p){margin:0}",
    'html[data-theme="dark"] .btn{margin:0}',
    ".a\\:b{margin:0}",
    ".btn:has(:focus-visible){margin:0}",
    ":root{--pst-color:#fff}",
    "@media (min-width:1px){.btn{margin:0}}",
    '@font-face{font-family:"A";src:url("a.woff2")}',
    '.btn::after{content:"a, .absent{}"}',
]
GOES = [
    ".absent{margin:0}",
    ".btn.absent{margin:0}",
    "@media print{.absent{margin:0}}",
    ".btn:has(:focus-visible) p::before{outline:1px}",
]


@pytest.mark.parametrize("rule", STAYS)
def test_what_can_be_met_stays(rule: str) -> None:
    assert slim(rule, WORDS) == rule


@pytest.mark.parametrize("rule", GOES)
def test_what_cannot_be_met_goes(rule: str) -> None:
    assert slim(rule, WORDS) == ""


def test_of_a_rule_go_the_selectors_that_nothing_meets() -> None:
    assert slim(".absent, .btn:hover, p > .absent{margin:0}", WORDS) == " .btn:hover{margin:0}"
