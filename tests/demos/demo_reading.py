"""Read a demo's HTML as a browser would: its frames, its elements, what is drawn."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from html.parser import HTMLParser
from types import ModuleType

from pgcompanion.demos.engine.static import html

VOID = {"input", "img", "br", "link", "meta"}
MARKS = {"path", "use", "image", "rect"}


@dataclass
class Page:
    """A demo's HTML, taken apart."""

    text: str
    pictures: list[str]
    captions: list[str]
    texts: list[list[str]]


def read(demo: ModuleType) -> Page:
    text = html(demo)
    data = json.loads(re.search(r'<script type="application/json">(.*?)</script>', text, re.S)[1])
    pictures = [unpacked(data["parts"], frame) for frame in data["frames"]]
    return Page(text, pictures, data["captions"], data["texts"])


def unpacked(parts: list[str], frame: list[int]) -> str:
    runs = zip(frame[::2], frame[1::2], strict=True)
    return "".join(part for start, length in runs for part in parts[start : start + length])


def colours(picture: str) -> list[str]:
    """The colours of everything that is drawn, text and the lines of the grid left out."""
    found = []
    for element in ET.fromstring(picture).iter():
        style = element.get("style", "")
        if element.tag in {"path", "g"}:
            found += re.findall(r"(?:fill|stroke):(?!none)([^;]*)", style)
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
