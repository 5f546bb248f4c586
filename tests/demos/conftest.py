"""A demo small enough to be drawn whole in every test: a menu, a slider, a slider over time."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from matplotlib.figure import Figure

from pgcompanion import style
from pgcompanion.demos import Control, Panel, panels

TESTS = Path(__file__).parent
sys.path[:0] = [str(TESTS), str(TESTS.parents[1] / "tools")]

import chromium  # noqa: E402
from playwright.sync_api import Page  # noqa: E402

SITE = TESTS.parents[1] / "book" / "site"
#: The book's strict policy; from disk "self" is another folder than that of the test's page.
POLICY = "default-src 'none'; script-src file:; style-src file:; img-src data:"

PAGE = """<!doctype html><html lang="en" data-theme="light"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>A demo</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="{site}/demo.css">
<script defer src="{site}/demo.js"></script></head><body><main>{body}</main></body></html>"""

ROWS = ((Panel("Line", "x", xticks=(0.0, 1.0), yticks=(0.0, 1.0)), Panel("Dots", numbers="x")),)


def frame(kind: str, slope: float, k: int) -> Figure:
    with style.within():
        fig, (line, dots) = panels(ROWS, height=2.0)
        line.plot([0, 1], [0, slope], "--" if kind == "dashed" else "-")
        dots.plot([0.1 * i for i in range(k + 1)], [0.5] * (k + 1), "o")
    return fig


def describe(kind: str, slope: float, k: int) -> str:
    return f"A {kind} line of slope {slope:g} & {k + 1} dots, </script> <b>."


@pytest.fixture
def toy() -> SimpleNamespace:
    controls = {
        "kind": Control("kind of line", ("solid", "dashed"), default="dashed"),
        "slope": Control("slope", (-0.5, 0.0, 0.25, 1.0), default=0.25),
        "k": Control("dots", (0, 1, 2), default=0, time=True),
    }
    return SimpleNamespace(__name__="book.toy", controls=controls, frame=frame, describe=describe)


@pytest.fixture
def visit(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Open a piece of HTML from disk; at the end, no script may have complained."""
    if chromium.find() is None and os.environ.get("CI") != "true":
        pytest.skip(chromium.MISSING)
    browser = request.getfixturevalue("browser")
    contexts, faults = [], []

    def opened(body: str, **options: object) -> Page:
        file = tmp_path / "page.html"
        file.write_text(PAGE.format(site=SITE.as_uri(), policy=POLICY, body=body), encoding="utf-8")
        contexts.append(browser.new_context(offline=True, **options))
        page = contexts[-1].new_page()
        page.on("console", lambda message: faults.append(message.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("requestfailed", lambda failed: faults.append(failed.url))
        page.goto(file.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert faults == []
