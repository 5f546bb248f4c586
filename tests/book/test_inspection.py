"""Negative controls of the browser tests: each fault, put on a page alone, is found."""

from __future__ import annotations

from pathlib import Path

import pytest
from inspection import visit
from playwright.sync_api import Browser
from serving import serve

DEMO = """<figure class="pg-demo"><input type="range" name="k" min="0" max="3" value="0">
<div class="pg-demo__picture"><svg role="img" aria-label="a bar" width="90" height="20">
<rect width="5" height="20"/></svg></div></figure>
<script>document.querySelector("input").oninput = (event) => {}</script>"""
MOVES = 'document.querySelector("rect").setAttribute("width", 5 + 20 * event.target.value)'
SOUND = DEMO.replace("=> {}", f"=> {{ {MOVES} }}")

FAULTY = {
    "request elsewhere": '<script src="https://example.org/x.js"></script>',
    "request failed": '<link rel="stylesheet" href="absent.css">',
    "console": '<script>console.error("oh")</script>',
    "script error": "<script>throw Error('oh')</script>",
    "mathematics is not typeset": '<span class="math">x</span>',
    "mathematics has an error": '<p><span class="katex-error" title="oh"></span></p>',
    "mathematics is left raw": r"<p>\(x\)</p>",
    "image without alternative text": '<img src="data:," alt="../_images/1f2e.png">',
    "drawing without a name": DEMO.replace('aria-label="a bar"', ""),
    "the page scrolls sideways": '<p style="width: 500px">wide</p>',
    "a box does not show that it goes on": (
        '<article class="bd-article"><pre style="overflow: auto">' + 900 * "x" + "</pre></article>"
    ),
    "a button is cut off": (
        '<div class="admonition toggle"><p class="admonition-title" style="overflow: hidden">Solution'
        '<button class="toggle-button" style="position: absolute; top: 9rem">x</button></p></div>'
    ),
    "an icon has no font": r'<style>p::after { content: "\f303" }</style><p>Exercise</p>',
    "a name is cut off": f'<p class="pg-checked" style="overflow: hidden">{200 * "x"}</p>',
    "a word of a table is broken": (
        '<article><table style="overflow-wrap: anywhere; width: 2rem"><tr><td>shape</td></tr></table>'
        "</article>"
    ),
    "the page jumps while it loads": (
        '<p style="height: 300px">text</p><script>const late = document.createElement("p");'
        ' late.style.height = "400px"; addEventListener("load", () => requestAnimationFrame(() =>'
        " requestAnimationFrame(() => document.body.prepend(late))));</script>"
    ),
    "code is smaller than 14 px": '<article><code style="font-size: 13px">x</code></article>',
    "a display is cut off": (
        '<article class="bd-article"><div class="katex-display" style="overflow: auto">'
        '<p style="width: 600px">x</p></div></article>'
    ),
    "letters are 8.8 px high": (
        '<svg class="pg-figure" aria-label="x" viewBox="0 0 300 90" width="300">'
        '<g transform="translate(9 30) scale(0.088 -0.088)"><path d="M0 0L99 0"/></g></svg>'
    ),
    "letters are 8.0 px high": SOUND.replace("</svg>", '<text font-size="8">x</text></svg>'),
    "a demo without a control": DEMO.replace("range", "text"),
    "a control does not change the picture": DEMO,
}


def look(browser: Browser, folder: Path, body: str) -> list[str]:
    (folder / "page.html").write_text(f"<!doctype html><body>{body}</body>", encoding="utf-8")
    return visit(browser, folder.as_uri(), "page.html")


@pytest.mark.parametrize("fault", FAULTY)
def test_the_fault_is_found(fault: str, browser: Browser, tmp_path: Path) -> None:
    found = look(browser, tmp_path, FAULTY[fault])
    assert any(message.startswith(fault) for message in found), found


def test_a_heavy_page_is_found(browser: Browser, tmp_path: Path) -> None:
    for size, faults in ((1_400_000, []), (1_600_000, ["the page is too heavy: 1600 kB"])):
        (tmp_path / "page.html").write_text(f"<!doctype html><body><!--{size * 'x'}--></body>")
        with serve(tmp_path) as base:
            found = visit(browser, base, "page.html")
        assert [fault for fault in found if "heavy" in fault] == faults


def test_a_sound_page_has_no_fault(browser: Browser, tmp_path: Path) -> None:
    assert look(browser, tmp_path, SOUND) == []
