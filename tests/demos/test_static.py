"""A demo's life in a page, as text: the browser's part is tested beside it."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

import pytest
from demo_reading import is_balanced, read

from pgcompanion import style
from pgcompanion.demos import gridworlds
from pgcompanion.demos.engine.controls import defaults, grid
from pgcompanion.demos.engine.static import html
from pgcompanion.demos.engine.svg import encode

CSS = (Path(__file__).parents[2] / "book" / "site" / "demo.css").read_text(encoding="utf-8")
SITE_CSS = (Path(__file__).parents[2] / "book" / "site" / "site.css").read_text(encoding="utf-8")
LIGHT, DARK = re.findall(r"\.pg-figure\)? \{(.*?)\}", CSS, re.DOTALL)[:2]


def test_the_page_holds_every_frame_and_sentence_in_the_grids_order(toy):
    page = read(toy)
    assert page.pictures == [encode(toy.frame(**values), "toy") for values in grid(toy)]
    assert page.captions == [toy.describe(**values) for values in grid(toy)]
    assert page.texts == [["solid", "dashed"], ["−0.5", "0", "0.25", "1"], ["0", "1", "2"]]


def test_without_a_script_the_first_frame_and_its_sentence_stand(toy):
    text = re.sub(r"<script.*?</script>", "", read(toy).text, flags=re.DOTALL)
    words = "A dashed line of slope 0.25 &amp; 1 dots, &lt;/script&gt; &lt;b&gt;."
    assert f'aria-label="{words}"' in text
    assert f'aria-live="polite">{words}<' in text
    assert re.search(r'class="pg-demo__controls"[^>]* hidden>', text)


def test_an_opening_is_what_the_first_frame_shows():
    words = gridworlds.describe(**(defaults(gridworlds) | {"algorithm": "NPG"}))
    assert escape(words) in html(gridworlds, {"algorithm": "NPG", "rivalN": 20})
    assert escape(words) not in html(gridworlds)


def test_the_markup_is_balanced_and_nothing_is_fetched(toy):
    text = read(toy).text
    assert is_balanced(text)
    assert not is_balanced(text.replace("</label>", "", 1))
    assert "http" not in text


def test_each_control_has_a_name_a_value_and_its_own_kind(toy):
    text = read(toy).text
    assert "<label><span>slope</span><input " in text
    assert 'min="0" max="3" value="2" aria-valuetext="0.25"' in text
    assert ">0.25</output>" in text
    assert "<option selected>dashed</option>" in text
    assert text.count('class="pg-demo__play"') == 1


@pytest.mark.parametrize("mode", [LIGHT, DARK])
def test_the_style_sheet_names_every_colour(mode: str):
    names = set(re.findall(r"--pg-([\w-]+):", mode))
    assert names == set(style.COLOURS)


def test_by_day_the_page_has_the_colours_of_the_printed_figures():
    colours = dict(re.findall(r"--pg-([\w-]+): (#\w+)", LIGHT))
    assert colours == {name: c for name, c in style.COLOURS.items() if name != "paper"}


def contrast(colour: str, ground: str) -> float:
    """The contrast ratio of WCAG 2."""

    def luminance(text: str) -> float:
        srgb = [int(text[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in srgb]
        return sum(w * x for w, x in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    dark, light = sorted((luminance(colour), luminance(ground)))
    return (light + 0.05) / (dark + 0.05)


def paper(mode: str) -> str:
    """The ground of the page, as the style sheet of the site has it."""
    rule = re.search(rf'html\[data-theme="{mode}"\].*?--pg-paper: (#\w+)', SITE_CSS, re.DOTALL)
    return rule[1]


@pytest.mark.parametrize(("mode", "rules"), [("light", LIGHT), ("dark", DARK)])
def test_text_and_marks_stand_out_from_the_page(mode: str, rules: str):
    """WCAG 2 asks for a contrast of 3 for graphics and of 4.5 for text."""
    colours, page = dict(re.findall(r"--pg-([\w-]+): (#\w+)", rules)), paper(mode)
    words = ["ink", "muted", "blue", *(f"{name}-words" for name in style.WORDS)]
    assert min(contrast(colours[name], page) for name in words) >= 4.5
    assert min(contrast(colours[name], page) for name in style.PALETTE) >= 3
    assert contrast(colours["grid"], page) < 3
    assert contrast("#e69f00", paper("light")) < 3, "the orange of Okabe and Ito"
