"""Every page as axe-core judges it, in light and in dark, and the focus where a reader tabs."""

from __future__ import annotations

from pathlib import Path

import pytest
from inspection import OPEN_ALL, TYPESET, fresh
from notebooks import ROOT
from playwright.sync_api import Browser, Page
from test_browser import PAGES

AXE = ROOT / "tests" / "vendor" / "axe-core" / "axe.min.js"
JUDGE = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  return violations
    .filter((v) => v.impact === "serious" || v.impact === "critical")
    .flatMap((v) => v.nodes.map((node) => `${v.id}: ${node.html.slice(0, 200)}`));
}"""
OUTLINE = """() => {
  // The search form has the ring for its field.
  const ringed = document.activeElement.closest("form.bd-search") || document.activeElement;
  const style = getComputedStyle(ringed);
  const seen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  return seen || document.activeElement === document.body
    ? null : document.activeElement.outerHTML.slice(0, 200);
}"""
SPOKEN = """() => [...document.querySelectorAll(".math")]
  .every((formula) => formula.querySelector(".katex-mathml math"))"""
STOPS = 40


def judge(page: Page) -> list[str]:
    """The serious and critical violations of a page with all its boxes open."""
    page.evaluate(TYPESET)
    page.wait_for_function(SPOKEN)
    page.evaluate(OPEN_ALL)
    page.add_script_tag(path=AXE)
    return page.evaluate(JUDGE)


def unseen(page: Page) -> list[str]:
    """Where the focus does not show while a reader tabs through the page."""
    faults = []
    for _ in range(STOPS):
        page.keyboard.press("Tab")
        faults.append(page.evaluate(OUTLINE))
    return [fault for fault in faults if fault]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_can_be_read_by_everyone(path: str, site: Path, browser: Browser) -> None:
    context = fresh(
        browser, site.as_uri(), color_scheme="light", reduced_motion="reduce", bypass_csp=True
    )
    page = context.new_page()
    page.goto(f"{site.as_uri()}/{path}")
    assert judge(page) == []
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert page.evaluate(JUDGE) == []
    assert unseen(page) == []
    context.close()


MOVING = f"""() => {{
  ({OPEN_ALL})();
  return document.getAnimations().map((a) => a.animationName || a.transitionProperty);
}}"""


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_nothing_moves_for_who_asked_for_less_motion(
    motion: str, site: Path, browser: Browser
) -> None:
    """A folded box fades in for everybody else."""
    context = fresh(browser, site.as_uri(), reduced_motion=motion)
    page = context.new_page()
    page.goto(f"{site.as_uri()}/trust_regions.html")
    assert bool(page.evaluate(MOVING)) == (motion == "no-preference")
    context.close()


FAULTY = {
    "image-alt": "<img src='data:,'>",
    "button-name": "<button></button>",
    "label": "<input type='range'>",
    "color-contrast": "<p style='color: #999; background: #fff'>pale</p>",
}


@pytest.mark.parametrize("rule", FAULTY)
def test_a_violation_is_found(rule: str, browser: Browser) -> None:
    page = browser.new_page()
    page.set_content(f"<html lang='en'><title>t</title><main>{FAULTY[rule]}</main></html>")
    page.evaluate("document.fonts.ready")
    page.add_script_tag(path=AXE)
    assert any(fault.startswith(rule) for fault in page.evaluate(JUDGE))
    page.close()


def test_a_focus_that_is_not_seen_is_found(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content("<style>a { outline: none }</style><a href='#x'>x</a>")
    assert unseen(page)
    page.close()
