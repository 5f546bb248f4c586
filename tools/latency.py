"""Time the demos of the built book under the finger: `make latency`, or `make latency DEMOS=lqr` for one.

A row for each demo, on the page where it stands: milliseconds from a move to its picture, the middle one
and the worst of many, on this machine; and the worst on one four times slower. All controls jump to
random values at once, which is more than any hand does. A star marks what is over its limit. The
machine must have nothing else to do.
"""

from __future__ import annotations

import json
import random
import re
import statistics
import sys
from typing import Any

import chromium
import measure
import notebooks
import serving
from playwright.sync_api import Browser, Page, sync_playwright

# Milliseconds: the middle move, the worst one, and the worst one with a fourth of the speed.
MEDIAN, WORST, SLOW = 8, 16, 60

# What is folded away at first is drawn as well, from the second call on.
MOVES = """(choices) => {
  for (const more of document.querySelectorAll(".pg-demo__more")) more.open = true;
  const demo = document.querySelector(".pg-demo").pgDemo;
  return choices.map((values) => {
    const start = performance.now();
    demo.set(values);
    demo.render();
    document.querySelector(".pg-demo__picture svg").getBBox();
    return performance.now() - start;
  });
}"""
# What is laid out later pushes a demo away, and its script waits until it is in sight.
AWAKE = """(demo) => {
  const figure = document.querySelector(`.pg-demo[data-demo="${demo}"]`);
  figure.scrollIntoView({ block: "center" });
  return figure.matches(".pg-demo--awake");
}"""
DEMO = re.compile(r'data-demo="(\w+)".*?<script type="application/json">(.*?)</script>', re.DOTALL)


def anywhere(controls: list[dict[str, Any]], number: int) -> list[dict[str, Any]]:
    """Random values of all controls, between their ends."""
    rng = random.Random(0)

    def value(control: dict[str, Any]) -> Any:
        if "options" in control:
            return rng.choice(control["options"])
        low, high, part = control["low"], control["high"], rng.random()
        x = low * (high / low) ** part if control.get("log") else low + (high - low) * part
        return round(x) if control.get("whole") else x

    return [{each["name"]: value(each) for each in controls} for _ in range(number)]


def milliseconds(page: Page, choices: list[dict[str, Any]]) -> list[float]:
    """Of each move the quickest of three: a busy machine disturbs now this one, now that."""
    tries = [page.evaluate(MOVES, choices) for _ in range(3)]
    return [min(each) for each in zip(*tries, strict=True)]


def slower(page: Page, times: int = measure.SLOWER) -> None:
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": times})


def places() -> dict[str, tuple[str, list[dict[str, Any]]]]:
    """Of each demo its first page, where it is moved, and its controls."""
    found: dict[str, tuple[str, list[dict[str, Any]]]] = {}
    for name in notebooks.contents():
        text = (measure.SITE / f"{name}.html").read_text(encoding="utf-8")
        for demo, data in DEMO.findall(text):
            found.setdefault(demo, (name, json.loads(data)["controls"]))
    return found


def row(browser: Browser, address: str, demo: str, controls: list[dict[str, Any]]) -> list[str]:
    page = browser.new_page(viewport=measure.LAPTOP)
    page.goto(address)
    page.wait_for_function(AWAKE, arg=demo)
    # The others leave, so that the only demo is the one that moves.
    page.evaluate(
        "(name) => document.querySelectorAll('.pg-demo').forEach("
        "(each) => each.dataset.demo === name || each.remove())",
        demo,
    )
    page.evaluate(MOVES, anywhere(controls, 60))
    quick = milliseconds(page, anywhere(controls, 60))
    slower(page)
    slow = milliseconds(page, anywhere(controls, 15))
    page.close()
    figures = (statistics.median(quick), MEDIAN), (max(quick), WORST), (max(slow), SLOW)
    return [f"{value:.1f}{'*' if value > limit else ' '}" for value, limit in figures]


def main() -> None:
    if not (measure.SITE / "index.html").exists():
        sys.exit("The book is not built: run `make book` first.")
    demos = places()
    names = sys.argv[1:] or sorted(demos)
    if unknown := [name for name in names if name not in demos]:
        sys.exit(f"No page has a demo {unknown[0]!r}; there are {', '.join(sorted(demos))}.")
    path = chromium.needed()
    head = ["median ms", "worst", f"{measure.SLOWER}x slower"]
    print(" " * 22 + "".join(f"{each:>12}" for each in head))
    faults = 0
    with serving.serve(measure.SITE) as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=chromium.FLAGS)
        for name in names:
            page, controls = demos[name]
            cells = row(browser, f"{base}/{page}.html", name, controls)
            print(f"{name:22}" + "".join(f"{each:>12}" for each in cells), flush=True)
            faults += sum("*" in each for each in cells)
        browser.close()
    print(f"Over a limit of {MEDIAN}, {WORST} and {SLOW} ms: {faults}.")


if __name__ == "__main__":
    main()
