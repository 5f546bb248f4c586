"""A demo's life in a page, in a browser: moved by mouse, touch, keyboard and its play button."""

from __future__ import annotations

import re
from dataclasses import replace
from io import BytesIO, StringIO
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from pgcompanion import style
from pgcompanion.demos import Panel, bernoulli, panels
from pgcompanion.demos.engine.controls import defaults, grid
from pgcompanion.demos.engine.static import html
from pgcompanion.demos.engine.svg import encode

SITE = Path(__file__).parents[2] / "book" / "site"
NARROW = {"width": 390, "height": 844}


def caption(page: Page | Locator) -> Locator:
    return page.locator(".pg-demo__caption")


def picture(page: Page | Locator) -> str:
    return page.locator(".pg-demo__picture").inner_html()


def says(toy: SimpleNamespace, page: Page, **values: object) -> bool:
    """Whether sentence, name and picture are those of these values."""
    words = toy.describe(**defaults(toy) | values)
    expect(caption(page)).to_have_text(words)
    expect(page.get_by_role("img", name=words, exact=True)).to_be_visible()
    return page.locator(".pg-demo__picture use").count() == values.get("k", 0) + 1


def stop_the_clock(page: Page) -> None:
    """Time passes only where a test says so; installed alone, the clock goes on."""
    page.clock.install(time=0)
    page.clock.pause_at(1)


def test_the_keyboard_alone_reaches_and_moves_every_control(toy, visit):
    page = visit(html(toy))
    assert says(toy, page)
    page.keyboard.press("Tab")
    expect(page.get_by_role("combobox", name="kind of line")).to_be_focused()
    page.keyboard.press("ArrowUp")
    assert says(toy, page, kind="solid")
    page.keyboard.press("Tab")
    expect(page.get_by_role("slider", name="slope")).to_be_focused()
    for key, slope in [("ArrowRight", 1.0), ("Home", -0.5), ("ArrowUp", 0.0), ("End", 1.0)]:
        page.keyboard.press(key)
        assert says(toy, page, kind="solid", slope=slope)
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert says(toy, page, kind="solid", slope=1.0, k=1)
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Play")).to_be_focused()


def test_every_frame_of_the_grid_is_reached(toy, visit):
    page = visit(html(toy))
    for values in grid(toy):
        page.get_by_role("combobox").select_option(values["kind"])
        for name in ("slope", "k"):
            place = list(toy.controls[name].values).index(values[name])
            page.locator(f"input[name={name}]").fill(str(place))
        assert says(toy, page, **values)


@pytest.mark.parametrize("touch", [False, True])
def test_mouse_and_touch_move_a_slider_and_its_value_is_seen(toy, visit, touch):
    page = visit(html(toy), has_touch=touch, viewport=NARROW)
    slider = page.get_by_role("slider", name="slope")
    box = slider.bounding_box()
    before = picture(page)
    end = {"x": box["width"] - 3, "y": box["height"] / 2}
    slider.tap(position=end) if touch else slider.click(position=end)
    assert says(toy, page, slope=1.0)
    assert picture(page) != before
    expect(slider).to_have_attribute("aria-valuetext", "1")
    expect(page.locator(".pg-demo__control", has=slider).locator("output")).to_have_text("1")


def test_play_runs_to_the_end_stops_and_starts_again(toy, visit):
    page = visit(html(toy))
    stop_the_clock(page)
    button = page.get_by_role("button")
    button.click()
    expect(button).to_have_text("Pause")
    expect(caption(page)).to_have_attribute("aria-live", "off")
    page.clock.run_for(550)
    assert says(toy, page, k=1)
    page.clock.run_for(500)
    assert says(toy, page, k=2)
    expect(button).to_have_text("Play")
    expect(caption(page)).to_have_attribute("aria-live", "polite")
    button.click()
    assert says(toy, page, k=0)
    page.clock.run_for(550)
    assert says(toy, page, k=1)
    button.click()
    page.clock.run_for(5000)
    assert says(toy, page, k=1)


def test_a_hand_on_the_slider_stops_the_play(toy, visit):
    page = visit(html(toy))
    stop_the_clock(page)
    page.get_by_role("button").click()
    page.get_by_role("slider", name="dots").press("ArrowRight")
    page.clock.run_for(5000)
    assert says(toy, page, k=1)


def test_two_demos_on_a_page_do_not_touch_each_other(toy, visit):
    page = visit(html(toy) + html(toy))
    first, second = page.locator(".pg-demo").all()
    before = picture(second)
    first.get_by_role("slider", name="slope").press("End")
    assert picture(first) != before
    assert picture(second) == before


def test_running_the_script_twice_changes_nothing(toy, visit):
    page = visit(html(toy), bypass_csp=True)
    page.add_script_tag(path=SITE / "demo.js")
    stop_the_clock(page)
    page.get_by_role("button").click()
    page.clock.run_for(550)
    assert says(toy, page, k=1)


def test_without_javascript_the_first_frame_is_there_and_no_dead_control(toy, visit):
    page = visit(html(toy), java_script_enabled=False)
    assert says(toy, page)
    expect(page.locator(".pg-demo__controls")).to_be_hidden()


def test_on_a_telephone_nothing_sticks_out_and_the_text_is_legible(visit):
    page = visit(html(one_frame()), viewport=NARROW)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    sizes = page.evaluate("""() => {
        const svg = document.querySelector(".pg-demo__picture svg");
        const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
        return [...svg.querySelectorAll("text")].map(
            (text) => scale * parseFloat(getComputedStyle(text).fontSize));
    }""")
    assert min(sizes) >= 9
    heights = page.evaluate(
        "[...document.querySelectorAll('input, button')].map((e) => e.offsetHeight)"
    )
    assert min(heights) >= 24


def test_the_picture_follows_the_page_into_the_dark(visit):
    page = visit(html(one_frame()))

    def lightness(selector: str) -> float:
        colour = page.locator(selector).first.evaluate("e => getComputedStyle(e).fill")
        return sum(map(int, re.findall(r"\d+", colour)[:3])) / (3 * 255)

    assert lightness(".pg-demo__picture text[fill*=ink]") < 0.3
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert lightness(".pg-demo__picture text[fill*=ink]") > 0.7


def test_the_labels_of_a_picture_do_not_run_into_each_other(visit):
    page = visit(html(one_frame()), viewport=NARROW)
    boxes = page.evaluate("""() => [...document.querySelectorAll(".pg-demo__picture text")]
        .map((text) => [text.textContent, text.getBoundingClientRect().toJSON()])""")
    assert len(boxes) > 20
    for i, (_, a) in enumerate(boxes):
        for _, b in boxes[:i]:
            apart = a["left"] > b["right"] or b["left"] > a["right"]
            assert apart or a["top"] + 2 > b["bottom"] or b["top"] + 2 > a["bottom"]


def drawing(lift: float = 0.0) -> Figure:
    """One of each kind of thing that a demo may draw, without text."""
    x, y = np.meshgrid(np.linspace(0, 3, 9), np.linspace(0, 2, 7))
    with style.within():
        fig, (left, right) = panels(((Panel(xlim=(0, 3), ylim=(0, 2)),) * 2,), height=2.5)
        left.contourf(x, y, np.sin(x * y), levels=5)
        left.quiver(x, y, np.cos(x), np.sin(y))
        left.plot([0, 1, 2], [1, 1.2 + lift, 1.1], "o", ms=40, alpha=0.3, color=style.BLUE)
        right.imshow(np.eye(4), extent=(0, 1, 0, 1), aspect="auto")
        right.bar([1.5, 2.5], [1, 1.5], hatch="//", ec=style.INK, color=style.GREEN)
        right.fill_between([0, 1, 3], [1, 1.2, 1], [1.5, 1.9, 1.8], color=style.ORANGE, alpha=0.4)
        right.errorbar([0.5, 1.5], [1, 1.5], yerr=0.2, color=style.VERMILLION)
    return fig


def test_the_browser_shows_what_matplotlib_drew(visit):
    def seen(svg: str) -> np.ndarray:
        page = visit(
            f'<div class="pg-demo__picture" style="width: 700px">{svg}</div>', bypass_csp=True
        )
        page.add_style_tag(content=f":root {{ {variables} }}")
        shot = page.locator(".pg-demo__picture").screenshot()
        return np.asarray(Image.open(BytesIO(shot)).convert("RGB"), dtype=float)

    def original(fig: Figure) -> str:
        text = StringIO()
        fig.savefig(text, format="svg", facecolor="none")
        return re.sub(r"(?s)^.*?(?=<svg)", "", text.getvalue())

    variables = "; ".join(f"--pg-{name}: {colour}" for name, colour in style.COLOURS.items())
    here, there = seen(encode(drawing())), seen(original(drawing()))
    assert np.sqrt(((here - there) ** 2).mean()) < 1
    assert np.sqrt(((seen(encode(drawing(lift=0.1))) - there) ** 2).mean()) > 3


def one_frame(demo: object = bernoulli) -> SimpleNamespace:
    """The demo with each control at its default only: its first picture, quickly."""
    controls = {
        name: replace(control, values=(control.default,)) for name, control in demo.controls.items()
    }
    return SimpleNamespace(controls=controls, frame=demo.frame, describe=demo.describe)
