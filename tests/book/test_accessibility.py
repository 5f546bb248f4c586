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
AXE += ";\naxe.configure({ rules: [{ id: 'color-contrast', selector: '[data-look]' }] });"
CHAPTERS = {path.relative_to(BOOK).with_suffix(".html").as_posix() for path in chapters()}
JUDGE = """async (options) => {
  const { violations } = await axe.run(window.pgJudged || document,
    { resultTypes: ["violations"], preload: false, ...options });
  return violations
    .filter((v) => v.impact === "serious" || v.impact === "critical")
    .flatMap((v) => v.nodes.map((node) => `${v.id}: ${node.html.slice(0, 200)}`));
}"""
EVERYTHING = {"rules": {"region": {"enabled": False}}}  # dear, and never more than moderate
COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}
# There are thousands of texts, and their contrast takes longer than all the rest: axe judges three of each
# look. A look is the part of the page, all that lies under the text or cuts it, its colour, shadow, size
# and weight. The longest stand for the others, since axe does not judge a single letter.
THREE_OF_EACH_LOOK = """() => {
  const parts = "header, nav, aside, footer, dialog, article, figure, table, .admonition, pre, .katex-html";
  const grounds = new Map(), looks = new Map();
  for (const box of document.querySelectorAll("body, body *")) {
    const style = getComputedStyle(box);
    const own = [style.backgroundColor, style.backgroundImage, style.opacity, style.clip, style.clipPath].join();
    const above = grounds.get(box.parentElement) || "";
    grounds.set(box, own === "rgba(0, 0, 0, 0),none,1,auto,none" ? above : `${above}${own};`);
    if (box.matches("input, select, textarea")) box.toggleAttribute("data-look", true);
    const words = [...box.childNodes].map((node) => node.nodeType === Node.TEXT_NODE ? node.data.trim() : "");
    const length = words.join("").length;
    if (!length || !box.checkVisibility({ visibilityProperty: true })) continue;
    const part = box.closest(parts);
    const look = [part?.localName, part?.className, box.matches(":disabled, :disabled *"), grounds.get(box),
      style.color, style.textShadow, style.fontSize, style.fontWeight].join();
    looks.has(look) ? looks.get(look).push([length, box]) : looks.set(look, [[length, box]]);
  }
  for (const texts of looks.values())
    for (const [, box] of texts.sort(([one], [other]) => other - one).slice(0, 3))
      box.toggleAttribute("data-look", true);
}"""
BY_DAY = """() => {
  for (const part of document.querySelectorAll("body *"))
    part.toggleAttribute("data-by-day", part.checkVisibility());
}"""
THEME = "(theme) => { document.documentElement.dataset.theme = theme; }"
# What is drawn of a formula is hidden from machines that read aloud: nothing of it can be wrong but a colour.
# Axe finds the place of every element on the page, and most lie in formulas of which it judges no text.
EMPTY_FORMULAS = """() => {
  const formulas = [...document.querySelectorAll(".katex-html:not(:has(a, img, [data-look]))")];
  const sizes = formulas.map((formula) => formula.getBoundingClientRect());
  formulas.forEach((formula, place) => {
    const blank = document.createElement("span"), { width, height } = sizes[place];
    blank.style.cssText = `display: inline-block; width: ${width}px; height: ${height}px`;
    formula.replaceChildren(blank);
  });
}"""
BY_NIGHT = """() => {
  document.documentElement.dataset.theme = "dark";
  for (const spoken of document.querySelectorAll(".katex-mathml")) spoken.remove();
  const other = [...document.querySelectorAll("body :not([data-by-day])")];
  const shown = other.filter((part) => part.checkVisibility());
  window.pgJudged = shown.length ? { include: shown } : null;
  return shown.length;
}"""
# One of each kind: what has the focus by a script shows it as if a reader had tabbed there, once one has.
OUTLINES = """() => {
  const kind = (part) => `${part?.localName} ${part?.getAttribute("class")}`;
  const faults = [], kinds = new Set();
  for (const part of document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")) {
    const key = [part, part.parentElement, part.closest("header, nav, article, aside, footer")].map(kind).join();
    if (kinds.has(key)) continue;
    part.focus({ preventScroll: true });
    if (document.activeElement !== part) continue;
    kinds.add(key);
    // The search form has the ring for its field.
    const style = getComputedStyle(part.closest("form.bd-search") || part);
    if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2)
      faults.push(part.outerHTML.slice(0, 200));
  }
  return faults;
}"""
SPOKEN = """() => [...document.querySelectorAll(".math")]
  .every((formula) => formula.querySelector(".katex-mathml math"))"""


def judge(page: Page) -> list[str]:
    """The serious and critical violations of a page as it stands."""
    page.evaluate(THREE_OF_EACH_LOOK)
    return page.evaluate(JUDGE, EVERYTHING)


def judge_both(page: Page) -> list[str]:
    """The violations of a page with all its boxes open, by day and by night.

    The night changes colours, and only their rules can judge it otherwise than the day; what it alone
    shows is judged by all.
    """
    page.evaluate(TYPESET)
    page.wait_for_function(SPOKEN)
    page.evaluate(OPEN_ALL)
    page.evaluate(AXE)
    page.evaluate(BY_DAY)
    for theme in ("dark", "light"):  # the looks of both
        page.evaluate(THEME, theme)
        page.evaluate(THREE_OF_EACH_LOOK)
    page.evaluate(EMPTY_FORMULAS)
    found = page.evaluate(JUDGE, EVERYTHING)
    if page.evaluate(BY_NIGHT):
        found += page.evaluate(JUDGE, EVERYTHING)
    page.evaluate("delete window.pgJudged")
    return found + page.evaluate(JUDGE, COLOURS)


def unseen(page: Page) -> list[str]:
    """Where the focus does not show, of each kind of thing that has it."""
    page.keyboard.press("Tab")
    return page.evaluate(OUTLINES)


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
BOXES = {
    "listing": "<pre>{}</pre>",
    "formula": "<p><span class='katex-html'>{}</span></p>",
    "text": "<p>{}</p>",
    "table": "<table><tr><td>{}</td></tr></table>",
}
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
def test_a_pale_word_among_others_is_found(text: str, box: str, browser: Browser) -> None:
    page = browser.new_page()
    page.set_content(f"<html lang='en'><title>t</title><main>{box.format(text)}</main></html>")
    page.evaluate(AXE)
    assert {fault.partition(":")[0] for fault in judge(page)} == {"color-contrast"}
    page.set_content(f"<html lang='en'><title>t</title><main>{box.format(FOUR)}</main></html>")
    page.evaluate(AXE)
    assert judge(page) == []
    assert page.locator("span[data-look]").count() == 3
    page.close()


# Each beside four longer texts that are like it but for one thing, and that axe finds dark enough or passes over.
ALONE = {
    "size": "<p style='color: #888; font-size: 40px'>{}</p><p style='color: #888'>small</p>",
    "weight": "<p style='color: #888; font: bold 20px serif'>{}</p>"
    "<p style='color: #888; font: 20px serif'>thin</p>",
    "opacity": "<p>{}</p><p style='opacity: 0.4'>pale</p>",
    "part of the page": "<p>{}</p><aside style='background: #222'>dark</aside>",
    "clipped": "<p style='color: #999'><span style='position: absolute; clip: rect(0 0 0 0)'>{}</span>"
    "<span>seen</span></p>",
    "not in use": "<fieldset disabled style='color: #999'>{}<button style='color: #999'>off</button>"
    "</fieldset><p style='color: #999'>in use</p>",
}
LONGER = 4 * "<span>a longer text</span> "


@pytest.mark.parametrize("text", ALONE.values(), ids=ALONE)
def test_a_pale_word_has_no_look_of_another(text: str, browser: Browser) -> None:
    page = browser.new_page()
    body = text.format(LONGER)
    page.set_content(f"<html lang='en'><title>t</title><main>{body}</main></html>")
    page.evaluate(AXE)
    assert {fault.partition(":")[0] for fault in judge(page)} == {"color-contrast"}
    page.close()


def test_a_word_that_is_pale_by_night_alone_is_found(browser: Browser) -> None:
    night = "<style>[data-theme=dark] :is(body, p) { background: #222; color: #eee } b { color: #333 }</style>"
    page = browser.new_page()
    page.set_content(f"<html lang='en'><title>t</title><main><p>by <b>night</b></p>{night}</main>")
    page.evaluate(AXE)
    assert judge(page) == []
    assert [fault.partition(":")[0] for fault in judge_both(page)] == ["color-contrast"]
    page.close()


def test_what_the_night_alone_shows_is_judged_by_every_rule(browser: Browser) -> None:
    night = "<style>html:not([data-theme=dark]) img { display: none }</style><img src='data:,'>"
    page = browser.new_page()
    page.set_content(f"<html lang='en'><title>t</title><main><p>a</p>{night}</main></html>")
    assert [fault.partition(":")[0] for fault in judge_both(page)] == ["image-alt"]
    page.close()


def test_a_focus_that_is_not_seen_is_found(browser: Browser) -> None:
    page = browser.new_page()
    style = "<style>a:focus { outline: 2px solid } i a:focus { outline: none }</style>"
    page.set_content(f"{style}{60 * '<a href=#y>y</a> '}<i><a href='#x'>x</a></i>")
    assert unseen(page) == ['<a href="#x">x</a>']
    page.close()
