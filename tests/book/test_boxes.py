"""Formulas are set as KaTeX sets them, with fewer boxes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from notebooks import ROOT
from playwright.sync_api import Browser

sys.path.append(str(ROOT / "book" / "_ext"))

import mathematics

FORMULAS = [
    r"p_\theta^2 = \hat g_t + \bar x_i' + \tilde \pi",
    r"\frac{\nabla \rho_\theta(\tau)}{\rho_\theta(\tau)} \le \sqrt{d^\top F d}",
    r"\E_{\tau \sim \rho_\theta} \Big[ \sum_{h=0}^{H-1} r_h \Big] - \underbrace{a + b}_{c}",
    r"\begin{aligned} a &= \operatorname*{argmax}_x f(x) \\ &\ge \begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix} \end{aligned}",
    r"\kl{p}{q} = \log \tfrac{p}{q} \quad \text{if } \overline{x} \not= \binom{n}{k}, \; \widehat{abc}, \; \lVert v \rVert",
    r"\prod_{h} \pi(a_h \mid s_h) (r - V), \qquad V_2 = \frac12, \qquad x",
]
PLAIN = """
const katex = require(process.argv[1]);
const [text, options] = JSON.parse(process.argv[2]);
process.stdout.write(katex.renderToString(text, options));
"""
LETTERS = """() => {
  const places = [];
  const walk = document.createTreeWalker(document.querySelector(".katex-html"), NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const range = document.createRange();
    for (let i = 0; i < walk.currentNode.length; i += 1) {
      range.setStart(walk.currentNode, i);
      range.setEnd(walk.currentNode, i + 1);
      const letter = range.toString();
      const { left, top } = range.getBoundingClientRect();
      if (letter !== "\\u200b") places.push([letter, left, top]);
    }
  }
  return places;
}"""
NEAR = 1 / 16  # of a pixel; a browser counts in 64ths


def plain(text: str, options: dict) -> str:
    """The formula as KaTeX itself writes it."""
    library = Path(mathematics.katex.__file__).with_name("katex.min.js")
    asked = json.dumps([text, mathematics.OPTIONS | options])
    command = [str(mathematics.node()), "-e", PLAIN, str(library), asked]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def letters(browser: Browser, html: str) -> list:
    page = browser.new_page()
    page.goto(mathematics.SHEET.as_uri())  # where its fonts may be read
    page.set_content(
        f'<link rel="stylesheet" href="{mathematics.SHEET.as_uri()}"><p>Let {html} be.</p>'
    )
    page.evaluate("document.fonts.ready")
    places = page.evaluate(LETTERS)
    page.close()
    return places


def same(first: list, second: list) -> bool:
    return len(first) == len(second) and all(
        a == b and abs(x - z) < NEAR and abs(y - w) < NEAR
        for (a, x, y), (b, z, w) in zip(sorted(first), sorted(second), strict=True)
    )


@pytest.mark.parametrize("display", [False, True])
@pytest.mark.parametrize("formula", FORMULAS)
def test_every_letter_stands_where_katex_puts_it(
    formula: str, display: bool, browser: Browser
) -> None:
    options = {"displayMode": display}
    ours, theirs = mathematics.render(formula, options), plain(formula, options)
    assert ours.count("<span") < 0.75 * theirs.count("<span")
    assert same(letters(browser, ours), letters(browser, theirs))
    wrong = ours.replace("reset-size6", "").replace("margin-right", "margin-left")
    assert not same(letters(browser, wrong), letters(browser, theirs))


def parts(html: str) -> list[str]:
    """What stands between the places where a browser may break a formula."""
    _, *bases = html.partition('<span class="katex-html"')[2].split('<span class="base">')
    return [re.sub(r"<[^>]*>|\u200b", "", base) for base in bases]


def is_whole(part: str) -> bool:
    return all(part.count(opens) == part.count(closes) for opens, closes in ["()", "[]"])


def test_no_line_ends_in_a_bracket_where_it_may_end_elsewhere() -> None:
    display = {"displayMode": True}
    formula = r"J(\theta + \alpha d) = \Big( a + b \Big) + [x - (y + z)]"
    ours = parts(mathematics.render(formula, display))
    assert len(ours) == 3
    assert all(map(is_whole, ours))
    theirs = parts(plain(formula, display))
    assert "".join(theirs) == "".join(ours)
    assert not all(map(is_whole, theirs))


def test_a_bracket_that_is_wider_than_a_line_is_broken_but_not_the_one_in_it() -> None:
    wide = " + ".join(f"x_{{{i}}}" for i in range(20))
    ours = parts(mathematics.render(f"[{wide} - (y + z)] = 0", {"displayMode": True}))
    assert len(ours) == 22
    assert ours[-2] == "(y+z)]="
    alone = parts(mathematics.render("(a + b)", {"displayMode": True}))
    assert alone == ["(a+", "b)"], "there is no other place"


def test_several_formulas_break_between_each_other() -> None:
    display = {"displayMode": True}
    ours = mathematics.render(r"x = (a + b), \qquad y = c + d", display)
    assert parts(ours) == ["x=(a+b),", "y=c+d"]
    wide = " + ".join(f"x_{{{i}}}" for i in range(20))
    ours = parts(mathematics.render(rf"{wide} = 0 \qquad y = 1", display))
    assert ours[-2:] == ["0", "y=1"]
    assert len(ours) == 22, "the wide one breaks as if it stood alone"


def test_two_formulas_of_a_display_may_stand_on_two_lines() -> None:
    display = {"displayMode": True}
    formula = r"(1 - p) x, \qquad -p y \quad (z - 1), \qquad"
    assert parts(mathematics.render(formula, display)) == ["(1−p)x,", "−py(z−1),"]
    assert parts(plain(formula, display))[1] == "p)x,−py(z−"


def test_no_line_ends_at_the_bar_before_a_condition() -> None:
    display = {"displayMode": True}
    formula = r"x + \pi(a \mid s) P(t \mid s, a) - |x| - y"
    assert parts(mathematics.render(formula, display)) == ["x+", "π(a∣s)P(t∣s,a)−", "∣x∣−", "y"]
    assert "π(a∣" in parts(plain(formula, display))


def test_the_mathematics_that_is_read_out_is_katexs_own() -> None:
    for formula in FORMULAS:
        ours, theirs = (
            f(formula, {}).partition('<span class="katex-html"')[0]
            for f in (mathematics.render, plain)
        )
        theirs = mathematics.APPLIED.sub("", theirs)
        assert ours == theirs.replace(' xmlns="http://www.w3.org/1998/Math/MathML"', "")
        assert ours != theirs
