"""Read a demo's HTML as a browser would: its frames, its elements, what is drawn."""

from __future__ import annotations

import json
import os
import random
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from html.parser import HTMLParser
from types import ModuleType

from pgcompanion.demos.engine.controls import defaults, grid
from pgcompanion.demos.engine.panels import reuse
from pgcompanion.demos.engine.static import html, name_of
from pgcompanion.demos.engine.svg import encode

VOID = {"input", "img", "br", "link", "meta"}
MARKS = {"path", "use", "image", "rect"}


@dataclass
class Page:
    """A demo's HTML, taken apart."""

    text: str
    choices: list[dict]
    pictures: list[str]
    captions: list[str]
    texts: list[list[str]]


def read(demo: ModuleType) -> Page:
    """The page of a demo; of one with a script, whose page holds one frame, `some` as a kernel draws them."""
    text = html(demo)
    texts = [list(control.texts) for control in demo.controls.values()]
    if hasattr(demo, "constants"):
        choices = some(demo)
        with reuse({}):
            pictures = [encode(demo.frame(**values), name_of(demo)) for values in choices]
        return Page(text, choices, pictures, [demo.describe(**values) for values in choices], texts)
    data = json.loads(re.search(r'<script type="application/json">(.*?)</script>', text, re.S)[1])
    pictures = [unpacked(data["parts"], frame) for frame in data["frames"]]
    return Page(text, list(grid(demo)), pictures, data["captions"], texts)


# A frame takes a fifth of a second: `make weekly` draws all 2,600, and these eight each demo in every test.
FRAMES = int(os.environ.get("PGCOMPANION_FRAMES", "8"))


def some(demo: ModuleType) -> list[dict]:
    """Where one control leaves its start, and `FRAMES` more, all over the grid."""
    choices, start = list(grid(demo)), defaults(demo)
    drawn = random.Random(0).sample(range(len(choices)), min(FRAMES, len(choices)))
    moved = [sum(values[name] != start[name] for name in start) for values in choices]
    return [values for i, values in enumerate(choices) if moved[i] < 2 or i in drawn]


def unpacked(parts: list[str], frame: list[int]) -> str:
    runs = zip(frame[::2], frame[1::2], strict=True)
    return "".join(part for start, length in runs for part in parts[start : start + length])


def colours(picture: str) -> list[str]:
    """The colours of everything that is drawn, text and the lines of the grid left out."""
    found = []
    for element in ET.fromstring(picture).iter():
        if element.tag in {"path", "g"}:
            looks = (element.get("fill"), element.get("stroke"))
            found += [colour for colour in looks if colour not in (None, "none")]
        if element.tag == "image":
            found.append("image")
    return [colour for colour in found if colour != "var(--pg-grid)"]


class Balance(HTMLParser):
    """Whether every element that is opened is closed, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attributes: object) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def is_balanced(text: str) -> bool:
    balance = Balance()
    try:
        balance.feed(text)
    except (AssertionError, IndexError):
        return False
    return not balance.open
