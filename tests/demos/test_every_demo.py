"""What every demo owes, asked of points all over its grid."""

from __future__ import annotations

import importlib
import pkgutil
import re
import time
from collections import defaultdict
from collections.abc import Callable
from types import ModuleType

import matplotlib
import pytest
from demo_reading import Page, colours, is_balanced, read
from matplotlib.figure import Figure

from pgcompanion import demos
from pgcompanion.demos.engine.controls import Control, defaults
from pgcompanion.demos.engine.svg import encode

NAMES = [module.name for module in pkgutil.iter_modules(demos.__path__) if not module.ispkg]
WEIGHT, ALIVE = 1.5e6, 8e4

pytestmark = pytest.mark.parametrize("demo", NAMES, indirect=True, scope="module")


@pytest.fixture(scope="module")
def demo(request: pytest.FixtureRequest) -> ModuleType:
    return importlib.import_module(f"pgcompanion.demos.{request.param}")


@pytest.fixture(scope="module")
def page(demo: ModuleType) -> Page:
    """The pictures, drawn once."""
    return read(demo)


def test_it_holds_a_frame_a_sentence_and_controls(demo: ModuleType):
    assert all(isinstance(control, Control) for control in demo.controls.values())
    assert isinstance(demo.frame(**defaults(demo)), Figure)
    assert isinstance(demo.describe(**defaults(demo)), str)


def test_every_frame_is_well_formed_and_none_is_blank(page: Page):
    for picture in page.pictures:
        assert colours(picture)
        assert "nan" not in re.sub(r'base64,[^"]*', "", picture).lower()


def test_sentences_differ_where_pictures_do(demo: ModuleType, page: Page):
    pictures_of = defaultdict(set)
    for picture, caption in zip(page.pictures, page.captions, strict=True):
        pictures_of[caption].add(picture)
    assert all(len(pictures) == 1 for pictures in pictures_of.values())
    assert all(caption == caption.strip() and caption.endswith(".") for caption in page.captions)


def test_every_control_changes_the_picture(demo: ModuleType, page: Page):
    of = {
        tuple(values.values()): picture
        for values, picture in zip(page.choices, page.pictures, strict=True)
    }
    for name, control in demo.controls.items():
        start = defaults(demo)
        row = [of[tuple((start | {name: value}).values())] for value in control.values]
        assert len(set(row)) > len(row) / 2


def test_the_page_is_light_self_contained_and_well_formed(demo: ModuleType, page: Page):
    assert len(page.text.encode()) < (ALIVE if hasattr(demo, "constants") else WEIGHT)
    assert "http" not in page.text
    assert not re.search(r"\s(style|on\w+)=", page.text), "a strict policy would ignore it"
    assert is_balanced(page.text)


def test_the_keyboard_moves_every_control_in_a_browser(
    demo: ModuleType, page: Page, visit: Callable, capsys: pytest.CaptureFixture[str]
):
    start, moved, alive = time.perf_counter(), 0.0, hasattr(demo, "constants")
    browser_page = visit(page.text)
    values = defaults(demo)
    if any(control.more for control in demo.controls.values()):
        browser_page.locator(".pg-demo__more > summary").press("Enter")
    for name, control in demo.controls.items():
        chooser = browser_page.locator(f"[name={name}]")
        key, values[name] = (
            ("End", control.values[-1]) if control.start == 0 else ("Home", control.values[0])
        )
        chooser.press(key)
        if alive:
            now = browser_page.evaluate("document.querySelector('.pg-demo').pgDemo.values")
            assert now[name] == values[name]
        else:
            words = browser_page.locator(".pg-demo__caption", has_text=demo.describe(**values))
            words.wait_for()
        moved = moved or time.perf_counter()
    with capsys.disabled():
        print(f"\n{demo.__name__}: first move {moved - start:.2f} s after opening")


#: What is wrong with the words of each picture on a telephone: too small, cut off, or on each other.
FAULTS = """([pictures, width, larger]) => {
  const host = document.querySelector(".pg-demo__picture"), faults = [];
  host.style.width = width + "px";
  for (const picture of pictures) {
    host.innerHTML = picture;
    const svg = host.firstElementChild, frame = svg.getBoundingClientRect();
    const scale = frame.width / svg.viewBox.baseVal.width;
    const words = [...svg.querySelectorAll("text")].map((text) => {
      const size = larger * parseFloat(getComputedStyle(text).fontSize);
      text.style.fontSize = size + "px";
      if (scale * size < 9) faults.push("small: " + text.textContent);
      const box = text.getBoundingClientRect(), rim = box.height / 5;
      return {text: text.textContent, left: box.left, right: box.right,
              top: box.top + rim, bottom: box.bottom - rim};
    });
    words.forEach((one, place) => {
      if (one.left < frame.left - 0.5 || one.right > frame.right + 0.5 ||
          one.top < frame.top || one.bottom > frame.bottom) faults.push("cut off: " + one.text);
      for (const other of words.slice(place + 1))
        if (Math.min(one.right, other.right) - Math.max(one.left, other.left) > 0.5 &&
            Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > 0.5)
          faults.push(`on each other: ${one.text}, ${other.text}`);
    });
  }
  return [...new Set(faults)];
}"""


def test_on_a_telephone_no_word_is_small_or_cut_off_or_on_another(page: Page, visit: Callable):
    opened = visit(page.text, viewport={"width": 390, "height": 844})
    pictures = list(dict.fromkeys(page.pictures))
    assert opened.evaluate(FAULTS, [pictures, 330, 1.0]) == []
    assert opened.evaluate(FAULTS, [pictures[:1], 330, 2.5])
    assert opened.evaluate(FAULTS, [pictures[:1], 260, 1.0])


def test_a_frame_depends_on_its_controls_alone(demo: ModuleType, page: Page):
    name = demo.__name__.rpartition(".")[2]
    for place in (0, len(page.choices) // 3, len(page.choices) - 1):
        with matplotlib.rc_context({"lines.linewidth": 9, "font.size": 30, "text.color": "red"}):
            fresh = encode(demo.frame(**page.choices[place]), name)
        assert fresh == page.pictures[place]


def test_a_blank_frame_would_be_noticed(page: Page):
    start, end = page.pictures[0].find(">") + 1, page.pictures[0].rfind("<")
    assert not colours(page.pictures[0][:start] + page.pictures[0][end:])
