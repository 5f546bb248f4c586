"""Python in a page, read from a disk: how long a reader waits, in Chromium and in Firefox."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path

import numpy as np
import psutil

from benchmarks import timing

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "_build" / "html"
sys.path.append(str(ROOT / "tools"))

STARTS, CELLS = 3, 30
NUMPY = "import numpy as np\nprint(np.ones(3).sum())"
FIGURE = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"
BOOK = "import pgcompanion as pg\npg.GridWorld.named('4x4', slip=0.2).mdp(H=20)"
RUN = """async ([sources, cells]) => {
  const seconds = [];
  const timed = async (act) => {
    const began = performance.now();
    await act();
    seconds.push((performance.now() - began) / 1000);
  };
  await timed(() => pgEngine.boot(() => {}).then(() => pgEngine.run(sources[0])));
  for (const source of sources.slice(1)) await timed(() => pgEngine.run(source));
  for (let cell = 0; cell < cells; cell += 1) await timed(() => pgEngine.run("1"));
  return seconds;
}"""
HEADER = [
    "browser",
    "NumPy's first output",
    "the book's package",
    "first figure",
    "a later cell",
    "memory",
]


def tables() -> Iterator[str]:
    import chromium
    import firefox
    from playwright.sync_api import sync_playwright

    runtime = SITE / "python"
    if not (runtime / "engine.js").exists():
        sys.exit("the book is not built with its runtime: run `make book` first")
    with sync_playwright() as playwright:
        path = chromium.find(playwright)
        browsers: dict[str, Callable[[], AbstractContextManager]] = {}
        if path:
            start = playwright.chromium.launch
            browsers["Chromium"] = lambda: start(executable_path=path, args=chromium.FLAGS)
        if firefox.find():
            browsers["Firefox"] = lambda: firefox.launch(playwright)
        rows = [row(name, launch) for name, launch in browsers.items()]
    size = sum(file.stat().st_size for file in runtime.rglob("*") if file.is_file()) / 1e6
    load = os.getloadavg()[0]
    title = f"Seconds in a page from a disk: the least of {STARTS} starts; {size:.0f} MB of files; load {load:.1f}"
    yield timing.table(title, HEADER, rows)


def row(name: str, launch: Callable[[], AbstractContextManager]) -> list[str]:
    with launch() as browser:
        began = memory()
        starts, taken = [], 0.0
        for _ in range(STARTS):
            page = browser.new_page()
            page.set_default_timeout(300_000)
            page.goto(f"{SITE.as_uri()}/exercises/reinforce.html")
            starts.append(page.evaluate(RUN, [[NUMPY, BOOK, FIGURE], CELLS]))
            taken = max(taken, memory() - began)
            page.close()
    first, book, figure = np.min(starts, axis=0)[:3]
    later = np.median(starts, axis=0)[3:].mean()
    return [name, *(f"{x:.2f}" for x in (first, book, figure)), f"{later:.3f}", f"{taken:.0f} MB"]


def memory() -> float:
    """Megabytes of the processes that this one has started; on Linux."""
    total = 0
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):  # it has ended
            total += process.memory_full_info().pss
    return total / 1e6
