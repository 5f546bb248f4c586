"""Weigh and time the pages of the built book: `make measure`, or `make measure MEASURED=ppo` for one.

A row for each page: what its files weigh before a demo is touched, fonts included; when it is ready,
on this machine and on one four times slower; how far its parts move while it loads, on a laptop and
on a telephone; and how many displayed formulas are cut off on the telephone. A star marks what is over
its limit. The tests hold all of this but the times, which say as much about the machine.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import chromium
import notebooks
import serving
from playwright.sync_api import Browser, sync_playwright

SITE = notebooks.ROOT / "_build" / "html"
LAPTOP = {"width": 1280, "height": 800}
TELEPHONE = {"width": 390, "height": 844}
SLOWER = 4

# kB, seconds, and the fraction of the window by which its parts move (Cumulative Layout Shift).
WEIGHT, READY, READY_SLOW, SHIFT = 1500, 1.0, 2.0, 0.02
LONG_PAGES = {"errata": 2200, "bug_museum": 2200}

# Ready is a page whose fonts are there and whose script has looked at what is too wide.
WATCH = """
window.pgShift = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.pgShift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
window.pgReady = new Promise((ready) => addEventListener("load", async () => {
  await document.fonts.ready;
  requestAnimationFrame(() => setTimeout(() => ready(performance.now())));
}));
"""
BYTES = """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
  .reduce((sum, file) => sum + file.decodedBodySize, 0)"""
CUT = """() => {
  for (const box of document.querySelectorAll(".bd-article details")) box.open = true;
  for (const box of document.querySelectorAll(".toggle-hidden")) box.classList.remove("toggle-hidden");
  dispatchEvent(new Event("resize"));
  return [...document.querySelectorAll(".bd-article .katex-display")]
    .filter((display) => display.scrollWidth > display.clientWidth + 1)
    .map((display) => (display.querySelector("annotation") || display).textContent.trim().slice(0, 80));
}"""
SETTLES = 300  # milliseconds in which a page may still move


def limit(name: str) -> int:
    """What a page may weigh, in kB."""
    return LONG_PAGES.get(name, WEIGHT)


@dataclass(frozen=True)
class Row:
    """What was measured of one page."""

    name: str
    weight: float
    ready: float
    ready_slow: float
    shift: float
    shift_telephone: float
    cut: int

    def cells(self) -> list[str]:
        values = [
            (f"{self.weight:.0f}", self.weight > limit(self.name)),
            (f"{self.ready:.2f}", self.ready > READY),
            (f"{self.ready_slow:.2f}", self.ready_slow > READY_SLOW),
            (f"{self.shift:.3f}", self.shift >= SHIFT),
            (f"{self.shift_telephone:.3f}", self.shift_telephone >= SHIFT),
            (f"{self.cut}", self.cut > 0),
        ]
        return [text + ("*" if over else " ") for text, over in values]


def load(
    browser: Browser, address: str, size: dict, slower: int = 1
) -> tuple[float, float, float, list[str]]:
    """Weight in kB, seconds until it is ready, layout shift, and the displays that are cut."""
    context = browser.new_context(viewport=size, reduced_motion="reduce")
    page = context.new_page()
    page.add_init_script(WATCH)
    if slower > 1:
        rate = {"rate": slower}
        context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", rate)
    page.goto(address, wait_until="load")
    ready = page.evaluate("pgReady") / 1000
    page.wait_for_timeout(SETTLES)
    weight, shift = page.evaluate(BYTES) / 1000, page.evaluate("pgShift")
    cut = page.evaluate(CUT)
    context.close()
    return weight, ready, shift, cut


def measure(browser: Browser, base: str, name: str) -> Row:
    address = f"{base}/{name}.html"
    weight, ready, shift, _ = load(browser, address, LAPTOP)
    _, slow, shift_telephone, cut = load(browser, address, TELEPHONE, SLOWER)
    return Row(name, weight, ready, slow, shift, shift_telephone, len(cut))


def rows(site: Path, names: list[str]) -> Iterator[Row]:
    path = chromium.needed()
    with serving.serve(site) as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=chromium.FLAGS)
        load(browser, f"{base}/{names[0]}.html", LAPTOP)  # the first load starts the browser, too
        for name in names:
            yield measure(browser, base, name)
        browser.close()


HEAD = ["kB", "ready s", f"{SLOWER}x slower", "shift", "telephone", "cut"]


def main() -> None:
    if not (SITE / "index.html").exists():
        sys.exit("The book is not built: run `make book` first.")
    names = sys.argv[1:] or [*notebooks.contents(), "search"]
    width = max(map(len, names))
    print(" " * width + "".join(f"{name:>12}" for name in HEAD))
    faults = 0
    for row in rows(SITE, names):
        print(f"{row.name:{width}}" + "".join(f"{cell:>12}" for cell in row.cells()), flush=True)
        faults += sum("*" in cell for cell in row.cells())
    print(f"Over a limit: {faults}.")


if __name__ == "__main__":
    main()
