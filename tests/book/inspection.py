"""What a reader's browser must find on a page of the book. Each function returns the faults."""

from __future__ import annotations

import measure
from chromium import TYPESET
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Request, ViewportSize

WIDE = {"width": 1400, "height": 900}
NARROW = {"width": 390, "height": 844}
PATIENCE = 120_000  # milliseconds: a machine with other work is slow

OPEN_ALL = """() => {
  for (const box of document.querySelectorAll("details")) box.open = true;
  for (const box of document.querySelectorAll(".toggle-hidden"))
    box.classList.remove("toggle-hidden");
}"""

MATHEMATICS = r"""() => {
  const faults = [];
  for (const formula of document.querySelectorAll(".math"))
    if (!formula.querySelector(".katex-html .base"))
      faults.push("mathematics is not typeset: " + formula.textContent.trim().slice(0, 60));
  for (const error of document.querySelectorAll(".katex-error"))
    faults.push("mathematics has an error: " + error.getAttribute("title"));
  const prose = document.querySelector("article, body").cloneNode(true);
  for (const other of prose.querySelectorAll("pre, code, script, style, .katex"))
    other.remove();
  for (const raw of prose.textContent.match(/\\[([].{0,40}|\$\$.{0,40}/g) || [])
    faults.push("mathematics is left raw in the text: " + raw);
  return faults;
}"""

IMAGES = r"""() => {
  const faults = [];
  const file = /^\s*$|\.(png|svg|jpe?g|webp|gif)$/i;
  for (const image of document.querySelectorAll("img"))
    if (file.test(image.getAttribute("alt") || ""))
      faults.push("image without alternative text: " + image.getAttribute("src").slice(0, 80));
  for (const drawing of document.querySelectorAll(".pg-demo__picture svg"))
    if (!(drawing.getAttribute("aria-label") || drawing.querySelector("title")))
      faults.push("drawing without a name");
  return faults;
}"""

SIDEWAYS = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  const wide = [...document.querySelectorAll("body *")]
    .filter((element) => element.getBoundingClientRect().right > width + 1)
    .map((element) => element.tagName + "." + element.className);
  return ["the page scrolls sideways at 390 px: " + wide.slice(-3).join(", ")];
}"""

# What stands in a box that is too small for it, without the shadow that says so.
CUT = """() => {
  const boxes = ".katex-display, pre, .pst-scrollable-table-container";
  const faults = [];
  for (const box of document.querySelectorAll(`.bd-article :is(${boxes})`)) {
    if (box.scrollWidth <= box.clientWidth + 1 || !box.checkVisibility()) continue;
    const { backgroundImage, backgroundSize } = getComputedStyle(box);
    const sides = backgroundSize.split(",").map(parseFloat), at = box.scrollLeft > 1 ? 0 : 1;
    if (!/gradient/.test(backgroundImage) || !(sides[at] > 0))
      faults.push("a box does not show that it goes on: " + box.textContent.trim().slice(0, 60));
    if (box.tabIndex !== 0) faults.push("a box cannot be scrolled with the keyboard");
  }
  return faults;
}"""

SMALL_CODE = """() => {
  const small = (code) => code.checkVisibility() && parseFloat(getComputedStyle(code).fontSize) < 14;
  const codes = [...document.querySelectorAll("article :is(code, pre)")].filter(small);
  return [...new Set(codes.map((code) => "code is smaller than 14 px: " + code.textContent.trim().slice(0, 40)))];
}"""

# Matplotlib's words are outlines, upside down, a hundred units high; their indices are smaller, as in print.
SMALL_LETTERS = """() => {
  const faults = [];
  const high = (word, units) => {
    const { a, b, c, d } = word.getScreenCTM();
    return units * Math.sqrt(Math.abs(a * d - b * c));
  };
  for (const picture of document.querySelectorAll("svg.pg-figure, .pg-demo__picture svg")) {
    if (!picture.checkVisibility()) continue;
    const outlines = picture.matches(".pg-figure") ? picture.querySelectorAll("g[transform*='scale(']") : [];
    const texts = [...picture.querySelectorAll("text")].filter((text) => text.checkVisibility());
    const smallest = Math.min(...[...outlines].map((word) => high(word, 100)),
      ...texts.map((text) => high(text, parseFloat(getComputedStyle(text).fontSize))));
    if (smallest < 9)
      faults.push(`letters are ${smallest.toFixed(1)} px high: ${picture.getAttribute("aria-label")?.slice(0, 60)}`);
  }
  return faults;
}"""

# The button of a closed box lies within the title, which cuts off what does not.
BUTTONS = """() => [...document.querySelectorAll(".admonition.toggle > .admonition-title")]
  .filter((title) => {
    const outer = title.getBoundingClientRect();
    const inner = title.querySelector("button.toggle-button").getBoundingClientRect();
    return inner.top < outer.top || inner.bottom > outer.bottom || inner.right > outer.right;
  })
  .map((title) => "a button is cut off: " + title.textContent.trim().slice(0, 60))"""

# A letter of private use has a picture in the font of icons alone, which the book does without.
PRIVATE = r"""() => [...document.querySelectorAll("body *:not(.katex *)")].flatMap((element) =>
  ["::before", "::after"]
    .filter((part) => /[\ue000-\uf8ff]/.test(getComputedStyle(element, part).content))
    .map((part) => `an icon has no font: ${element.outerHTML.slice(0, 80)} ${part}`))"""

# A link that names a function may break anywhere, but does not end outside of its paragraph.
NAMES = """() => [...document.querySelectorAll(".pg-checked")]
  .filter((line) => line.checkVisibility() && line.scrollWidth > line.clientWidth)
  .map((line) => "a name is cut off: " + line.textContent.slice(0, 60))"""

# A word in a table stands on one line. Names in code may be broken.
WORDS = r"""() => {
  const faults = [];
  const text = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (text.nextNode()) {
    const cell = text.currentNode.parentElement.closest("article :is(th, td)");
    if (!cell || text.currentNode.parentElement.closest("code, .katex")) continue;
    for (const word of text.currentNode.data.matchAll(/[\p{L}\p{N}]+/gu)) {
      const range = document.createRange();
      range.setStart(text.currentNode, word.index);
      range.setEnd(text.currentNode, word.index + word[0].length);
      const lines = new Set([...range.getClientRects()].map((box) => Math.round(box.top)));
      if (lines.size > 1) faults.push("a word of a table is broken: " + word[0]);
    }
  }
  return faults;
}"""


def watch(page: Page, base: str) -> list[str]:
    """Collect requests elsewhere, failed requests and errors of a page, from now on."""
    faults: list[str] = []

    def requested(url: str) -> None:
        if not url.startswith((base, "data:", "blob:")):
            faults.append(f"request elsewhere: {url}")

    def failed(request: Request) -> None:
        if "ABORTED" not in (request.failure or ""):  # by the reader, who has left the page
            faults.append(f"request failed: {request.url}")

    page.on("request", lambda request: requested(request.url))
    page.on("requestfailed", failed)
    page.on("console", lambda m: faults.append(f"console: {m.text}") if m.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(f"script error: {error}"))
    page.on("response", lambda r: faults.append(f"missing: {r.url}") if r.status >= 400 else None)
    return faults


def fresh(browser: Browser, base: str, **options: object) -> BrowserContext:
    """A new reader; from a disk, one without any network."""
    context = browser.new_context(viewport=WIDE, offline=base.startswith("file:"), **options)
    context.set_default_timeout(PATIENCE)
    return context


def arrive(page: Page, base: str, path: str, size: ViewportSize) -> tuple[float, float]:
    """Load a page; how far its parts move meanwhile, and what it weighs in kB."""
    page.add_init_script(measure.WATCH)
    page.set_viewport_size(size)
    page.goto(f"{base}/{path}", wait_until="load")
    page.evaluate("pgReady")
    page.wait_for_timeout(100)  # until the frames after that one are drawn
    return page.evaluate("pgShift"), page.evaluate(measure.BYTES) / 1000


def load(page: Page, base: str, path: str, size: ViewportSize) -> list[str]:
    """What is wrong with how a page comes: it jumps, or it is heavy. A disk does not tell weights."""
    name = path.removesuffix(".html")
    shift, weight = arrive(page, base, path, size)
    if shift >= measure.SHIFT:  # on a machine with other work, perhaps: another reader tells
        other = fresh(page.context.browser, base)
        shift, _ = arrive(other.new_page(), base, path, size)
        other.close()
    faults = []
    if shift >= measure.SHIFT:
        faults.append(f"the page jumps while it loads: {shift:.3f}")
    if weight > measure.limit(name):
        faults.append(f"the page is too heavy: {weight:.0f} kB")
    return faults


def visit(browser: Browser, base: str, path: str) -> list[str]:
    """Load one page on a telephone, read it from top to bottom, wide and narrow, and move its demos."""
    context = fresh(browser, base)
    page = context.new_page()
    faults = watch(page, base)
    found = load(page, base, path, NARROW)
    page.set_viewport_size(WIDE)
    page.evaluate(TYPESET)
    found += page.evaluate(MATHEMATICS) + page.evaluate(IMAGES)
    for demo in page.locator("figure.pg-demo").all():
        found += move(demo)
    page.evaluate(OPEN_ALL)
    for size in (WIDE, NARROW):
        page.set_viewport_size(size)
        page.wait_for_timeout(100)
        for check in (CUT, BUTTONS, WORDS, NAMES):
            found += page.evaluate(check)
    for check in (PRIVATE, SIDEWAYS, SMALL_CODE, SMALL_LETTERS):
        found += page.evaluate(check)
    found += [f"a display is cut off: {formula}" for formula in page.evaluate(measure.CUT)]
    context.close()
    return faults + found


def wake(demo: Locator) -> None:
    """Scroll to a demo, which its script then takes over."""
    demo.scroll_into_view_if_needed()
    if "pg-demo--alive" in (demo.get_attribute("class") or ""):
        demo.locator("input[name], select[name]").first.wait_for()  # its script makes them


def move(demo: Locator) -> list[str]:
    """Move each control of a demo: some position must give another picture."""
    wake(demo)
    named = demo.locator("input[type=range][name], select[name]").all()
    controls = [control for control in named if control.is_visible()]
    if not controls:
        return ["a demo without a control"]
    dead = [control for control in controls if not moves(demo, control)]
    return [f"a control does not change the picture: {c.get_attribute('name')}" for c in dead]


PLACE = "(control) => control.options ? control.selectedIndex : control.value"
BACK = """(control, place) => {
  control[control.options ? "selectedIndex" : "value"] = place;
  for (const kind of ["input", "change"])
    control.dispatchEvent(new Event(kind, { bubbles: true }));
}"""


def moves(demo: Locator, control: Locator) -> bool:
    """Whether the picture changes while the control goes from end to end."""
    picture = demo.locator(".pg-demo__picture")
    place, before = control.evaluate(PLACE), picture.screenshot(animations="disabled")
    found = False
    for _ in positions(control):
        demo.page.wait_for_timeout(60)
        found = picture.screenshot(animations="disabled") != before
        if found:
            break
    control.evaluate(BACK, place)  # the others are judged where a reader finds them
    return found


def positions(control: Locator):
    """Put a control into one position after the other, as a reader with a keyboard does."""
    if control.evaluate("control => control.tagName") == "SELECT":
        for index in range(control.locator("option").count()):
            control.select_option(index=index)
            yield index
    else:
        for key in ["Home", *["ArrowRight"] * 5, "End"]:
            control.press(key)
            yield key
