"""Every page from a server, as axe-core judges it, in light and in dark, and the focus where a reader tabs.

What a server alone can tell is looked at in the same visit: what the page weighs, whether it asks for
anything that is not there, whether its demos wake and its notebook comes. `test_browser` opens the pages
from a disk.
"""

from __future__ import annotations

from pathlib import Path

import measure
import nbformat
import pytest
from inspection import OPEN_ALL, TYPESET, WIDE, fresh, load, wake, watch
from notebooks import BOOK, ROOT, chapters
from playwright.sync_api import Browser, Page
from test_browser import PAGES

AXE = (ROOT / "tests" / "vendor" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
CHAPTERS = {path.relative_to(BOOK).with_suffix(".html").as_posix() for path in chapters()}
JUDGE = """async (rules) => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"], preload: false, ...rules });
  return violations
    .filter((v) => v.impact === "serious" || v.impact === "critical")
    .flatMap((v) => v.nodes.map((node) => `${v.id}: ${node.html.slice(0, 200)}`));
}"""
COLOURS = {"runOnly": {"type": "tag", "values": ["cat.color"]}}
# Of the glyphs of a formula and the words of a listing three of each look stay, for axe to judge: there are
# thousands, and their contrast takes longer than all the rest. A look is the colour, the size, and every
# ground and opacity from the box inwards. The longest stay, since axe does not judge a single letter.
THREE_OF_EACH_LOOK = """() => {
  for (const box of document.querySelectorAll(".katex-html, pre")) {
    const grounds = new Map([[box, ""]]), looks = new Map();
    for (const part of box.querySelectorAll("*")) {
      part.style.visibility = "";
      const style = getComputedStyle(part);
      const own = [style.backgroundColor, style.backgroundImage, style.opacity].join();
      const ground = grounds.get(part.parentElement);
      grounds.set(part, own === "rgba(0, 0, 0, 0),none,1" ? ground : ground + own + ";");
      if (!part.matches("span:not([role], [tabindex])") || part.childElementCount) continue;
      const look = [grounds.get(part), style.color, style.fontSize, style.fontWeight].join();
      looks.set(look, [...(looks.get(look) || []), part]);
    }
    for (const parts of looks.values()) {
      parts.sort((one, other) => other.textContent.length - one.textContent.length);
      for (const part of parts.slice(3)) part.style.visibility = "hidden";
    }
  }
}"""
VISIBLE = """() => [...document.querySelectorAll("body *")]
  .map((element) => Number(element.checkVisibility())).join("")"""
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


def judge(page: Page, rules: dict | None = None) -> list[str]:
    """The serious and critical violations of a page, by all rules or some."""
    page.evaluate(THREE_OF_EACH_LOOK)
    return page.evaluate(JUDGE, rules)


def judge_both(page: Page) -> list[str]:
    """The violations of a page with all its boxes open, by day and by night.

    Where the night shows and hides nothing else, it changes colours alone, and only their rules can judge
    it otherwise than the day.
    """
    page.evaluate(TYPESET)
    page.wait_for_function(SPOKEN)
    page.evaluate(OPEN_ALL)
    page.evaluate(AXE)
    found, shown = judge(page), page.evaluate(VISIBLE)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    return found + judge(page, COLOURS if page.evaluate(VISIBLE) == shown else None)


def unseen(page: Page) -> list[str]:
    """Where the focus does not show while a reader tabs through the page."""
    faults = []
    for _ in range(STOPS):
        page.keyboard.press("Tab")
        faults.append(page.evaluate(OUTLINE))
    return [fault for fault in faults if fault]


def another_notebook(page: Page, path: str) -> list[str]:
    """The notebook that a chapter offers is the one of the repository."""
    page.get_by_label("Download this page").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Notebook (.ipynb)").click()
    saved = nbformat.read(download.value.path(), as_version=4)
    kept = nbformat.read((BOOK / path).with_suffix(".ipynb"), as_version=4)
    return [] if saved == kept else ["the notebook is another one"]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_can_be_read_by_everyone(path: str, server: str, browser: Browser) -> None:
    context = fresh(browser, server, color_scheme="light", reduced_motion="reduce")
    page = context.new_page()
    faults = watch(page, server)
    found = load(page, server, path, measure.LAPTOP)
    page.set_viewport_size(WIDE)
    for demo in page.locator("figure.pg-demo").all():
        wake(demo)
    found += judge_both(page) + unseen(page)
    if path in CHAPTERS:
        found += another_notebook(page, path)
    context.close()
    assert faults + found == []


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
BOXES = {"pre": "<pre>{}</pre>", "formula": "<p><span class='katex-html'>{}</span></p>"}
FOUR = "<span>a</span> <span>word</span> <span>like</span> <span>this</span> "
PALE = "<span style='color: #999'>a</span> <span style='color: #999'>pale</span>"
GROUND = "<span style='background: #222'><span>pale</span></span>"


@pytest.mark.parametrize("rule", FAULTY)
def test_a_violation_is_found(rule: str, browser: Browser) -> None:
    page = browser.new_page()
    page.set_content(f"<html lang='en'><title>t</title><main>{FAULTY[rule]}</main></html>")
    page.evaluate("document.fonts.ready")
    page.evaluate(AXE)
    assert any(fault.startswith(rule) for fault in judge(page))
    page.close()


@pytest.mark.parametrize("box", BOXES.values(), ids=BOXES)
@pytest.mark.parametrize("text", [FOUR + 9 * PALE, FOUR + GROUND], ids=["pale", "ground"])
def test_a_pale_word_of_a_listing_or_formula_is_found(
    text: str, box: str, browser: Browser
) -> None:
    page = browser.new_page()
    page.set_content(f"<html lang='en'><title>t</title><main>{box.format(text)}</main></html>")
    page.evaluate(AXE)
    assert {fault.partition(":")[0] for fault in judge(page)} == {"color-contrast"}
    page.set_content(f"<html lang='en'><title>t</title><main>{box.format(FOUR)}</main></html>")
    page.evaluate(AXE)
    assert judge(page) == []
    assert page.locator("span[style*=hidden]").count() == 1
    page.close()


def test_what_the_night_alone_shows_is_judged_by_every_rule(browser: Browser) -> None:
    night = "<style>html:not([data-theme=dark]) img { display: none }</style><img src='data:,'>"
    page = browser.new_page()
    page.set_content(f"<html lang='en'><title>t</title><main><p>a</p>{night}</main></html>")
    assert [fault.partition(":")[0] for fault in judge_both(page)] == ["image-alt"]
    page.close()


def test_a_focus_that_is_not_seen_is_found(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content("<style>a { outline: none }</style><a href='#x'>x</a>")
    assert unseen(page)
    page.close()
