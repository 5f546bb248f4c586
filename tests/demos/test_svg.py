"""A figure as a piece of the page: nothing lost, nothing foreign, few bytes."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from io import StringIO

import matplotlib
import numpy as np
import pytest
from demo_reading import unpacked
from matplotlib.figure import Figure

from pgcompanion import style
from pgcompanion.demos.engine.controls import grid
from pgcompanion.demos.engine.svg import encode, foreign, in_page, pack
from pgcompanion.gridworld import GridWorld


@pytest.fixture
def figure() -> Figure:
    with style.within():
        fig = Figure(figsize=(3, 2))
        ax = fig.add_axes((0, 0, 1, 1))
        ax.plot([0, 1, 2], [0, 1.23456, 4], "o-", color=style.GREEN)
        ax.text(1, 1, "0.12345 < 1 & M L", color=style.INK)
        ax.text(1, 2, "tilted", rotation=30)
        ax.text(1, 3, "$x^2$")
        ax.imshow(np.eye(3), extent=(0, 2, 0, 2))
        ax.fill_between([0, 1], [1, 2], color="#123456")
        return fig


def raw(fig: Figure) -> str:
    page = StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none"}):
        fig.savefig(page, format="svg", facecolor="none")
    return page.getvalue()


def numbers(paths: list[str]) -> np.ndarray:
    return np.array([float(x) for d in paths for x in re.findall(r"-?\d+\.?\d*", d)])


def test_every_curve_keeps_its_points_to_a_hundredth(figure):
    svg = encode(figure)
    paths, originals = (re.findall(r' d="([^"]*)"', text) for text in (svg, raw(figure)))
    assert [re.sub(r"[^MLQCz]", "", d) for d in paths] == (
        [re.sub(r"[^MLQCz]", "", d) for d in originals]
    )
    error = abs(numbers(paths) - numbers(originals)).max()
    assert 0 < error <= 0.005 + 1e-9


def test_it_is_well_formed_and_asks_for_nothing_from_outside(figure):
    svg = encode(figure)
    assert ET.fromstring(svg).get("viewBox") == "0 0 216 144"
    for alien in ("http", "<style", "<!--", "<metadata", "DejaVu", "\n"):
        assert alien in raw(figure)
        assert alien not in svg


def test_text_stays_text(figure):
    texts = [element.text for element in ET.fromstring(encode(figure)).iter("text")]
    assert "0.12345 < 1 & M L" in texts


def test_a_turn_stays(figure):
    tilted = next(e for e in ET.fromstring(encode(figure)).iter("text") if e.text == "tilted")
    assert "rotate(-30)" in tilted.get("transform")


def test_an_image_keeps_its_pixels_and_its_place(figure):
    def image(svg: str) -> tuple[str, ...]:
        data, matrix = re.search(r'base64,([^"]*)".*?transform="([^"]*)"', svg, re.S).groups()
        return re.sub(r"\s", "", data), matrix

    assert image(encode(figure)) == image(raw(figure))


def test_the_colours_of_the_book_follow_the_page_and_others_stay(figure):
    svg = encode(figure)
    assert 'stroke="var(--pg-green)"' in svg
    assert 'fill="var(--pg-ink)"' in svg
    assert 'fill="#123456"' in svg
    assert " style=" not in svg
    assert not any(colour in svg for colour in style.COLOURS.values())


def drawn(heat: bool) -> str:
    """A figure with a title and, in its frame, a grey line over a heat map or over nothing."""
    with style.within():
        fig = Figure()
        ax = fig.add_subplot(title="over")
        if heat:
            ax.imshow(np.eye(2))
        ax.plot([0, 1], [0, 1], color="#1a1a1a")
        ax.bar([0], [1], color="#5a5a5a", hatch="//")
        return raw(fig)


def test_a_map_keeps_its_colours_and_what_stands_around_it_follows_the_page():
    kept, followed = in_page(drawn(True), "a map"), in_page(drawn(False), "a line")
    for colour in ("rgb(26,26,26)", "rgb(90,90,90)"):
        assert colour in kept
        assert colour not in followed
    for picture in (kept, followed):
        assert re.search(r'<text[^>]* fill="var\(--pg-ink\)"[^>]*>over<', picture)
        assert 'stroke="var(--pg-muted)"' in picture, "the axes"
    assert not re.search(r"#[0-9a-f]{6}", kept + followed)


def test_colours_that_the_page_does_not_know_are_seen_unless_they_are_a_maps():
    assert not foreign(drawn(True))
    assert foreign(drawn(False).replace("#1a1a1a", "#1a1a1b"))
    assert not foreign(drawn(True).replace("#1a1a1a", "#1a1a1b"))


def test_a_map_without_numbers_follows_the_page_and_its_walls_are_hatched_there():
    with style.within():
        fig = Figure()
        GridWorld("S.#\nP.G").show(ax=fig.add_subplot())
        plain = raw(fig)
    assert not foreign(plain)
    picture = in_page(plain, "a map")
    assert "rgb(" not in picture
    assert 'fill="var(--pg-grid)"' in picture, "the floor"
    hatch = re.search(r"<pattern.*?</pattern>", picture)[0]
    assert set(re.findall(r"--pg-(\w+)", hatch)) == {"muted", "grid"}


def test_references_find_their_targets(figure):
    svg = encode(figure)
    targets = re.findall(r'(?:href="#|url\(#)([^")]*)', svg)
    assert targets
    assert set(targets) <= set(re.findall(r' id="([^"]*)"', svg))


def test_the_same_figure_gives_the_same_string_and_each_demo_its_own_identifiers(toy):
    values = next(grid(toy))
    once, twice = (encode(toy.frame(**values), "one") for _ in range(2))
    assert once == twice
    other = encode(toy.frame(**values), "two")
    assert not set(re.findall(r' id="([^"]*)"', once)) & set(re.findall(r' id="([^"]*)"', other))


def test_packing_loses_nothing_and_saves_much(toy):
    pictures = [encode(toy.frame(**values)) for values in grid(toy)]
    parts, frames = pack(pictures)
    assert [unpacked(parts, frame) for frame in frames] == pictures
    assert sum(map(len, parts)) < sum(map(len, pictures)) / 4
