"""A figure as SVG that belongs to the page: its colours, its font, and few bytes.

The frames of a demo differ in few elements. `pack` keeps every element once and each frame as runs
of them, so that a grid of a few hundred frames weighs little more than a dozen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from html import escape
from io import StringIO
from typing import TYPE_CHECKING

from pgcompanion import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_VARIABLES = {colour: f"var(--pg-{name})" for name, colour in style.COLOURS.items()}

_FONT = "system-ui,sans-serif"

# The root carries what matplotlib sets by a rule for "*", which would hit the whole page.
_ROOT = rf'<svg viewBox="\1" font-family="{_FONT}" stroke-linejoin="round" role="img">'

#: What matplotlib writes, and what an inline picture has in its place.
_SHORTER: list[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]] = [
    (re.compile(r"^.*?(?=<svg)|<metadata>.*?</metadata>|<!--.*?-->", re.DOTALL), ""),
    (re.compile(r"<defs>\s*<style.*?</defs>", re.DOTALL), ""),
    (re.compile(r'<svg[^>]*viewBox="([^"]*)"[^>]*>'), _ROOT),
    (re.compile(r"(?<=;base64,)[^\"]*"), lambda data: re.sub(r"\s", "", data[0])),
    (re.compile(r"\s+"), " "),
    (re.compile(r"(?<=>) (?=<)"), ""),
    (re.compile(r'<g id="[^"]*"'), "<g"),
    (re.compile(r"<g/>"), ""),
    (re.compile(r"xlink:href"), "href"),
    (re.compile(r'(?<=font: )([^;"]*px) [^;"]*'), rf"\1 {_FONT}"),  # matplotlib before 3.10
    (re.compile(r'font-family: [^;"]*;? ?| transform="rotate\(-?0 [^"]*"'), ""),
    (re.compile(r"(?<=[ \"])#[0-9a-f]{6}\b"), lambda colour: _VARIABLES.get(colour[0], colour[0])),
    (re.compile(r' (?:style|d)="[^"]*"'), lambda attribute: _tight(attribute[0])),
    # Hundredths of a point; not in a matrix or a scale, whose numbers are multiplied, nor in a text.
    (
        re.compile(r">[^<]+<|(?:matrix|scale)\([^)]*\)|-?\d+\.\d{3,}"),
        lambda found: _rounded(found[0]),
    ),
]

#: A style attribute, which a page with a strict policy ignores, and its properties, which it does not.
_STYLE = re.compile(r' style="([^"]*)"')
_FONT_SHORT = re.compile(r"font:((?:bold |italic )*)([\d.]+px)[^;]*")

_BETWEEN_ELEMENTS = re.compile(r"(?<=>)(?=<)")
_GROUP = re.compile(r"</?g(?: [^>]*[^>/])?>")

#: A path or a marker up to its looks, and a series of them that look the same.
_SHAPE = r'<(?:path d="[^"]*"|use href="[^"]*" x="[^"]*" y="[^"]*")'
_SERIES = re.compile(rf"{_SHAPE}( [^>]*)/>(?:{_SHAPE}\1/>)*")


def _tight(attribute: str) -> str:
    return re.sub(r'(?<=[:;MLQC]) | (?=[MLQCz"])', "", attribute)


def _rounded(found: str) -> str:
    return found if found[0] in ">ms" else f"{float(found):.2f}".rstrip("0").rstrip(".")


def _as_attributes(style: re.Match[str]) -> str:
    """The properties of a style attribute as attributes of their own.

    >>> _as_attributes(_STYLE.match(' style="fill:none;font:bold 12px x"'))
    ' fill="none" font-size="12px" font-weight="bold"'
    """
    looks = {}
    for declaration in _FONT_SHORT.sub(_spelled_out, style[1]).split(";"):
        name, _, value = declaration.partition(":")
        if value:
            looks[name.strip()] = value.strip()
    return "".join(f' {name}="{value}"' for name, value in looks.items())


def _spelled_out(font: re.Match[str]) -> str:
    return f"font-size:{font[2]}" + ";font-weight:bold" * ("bold" in font[1])


def _ungrouped(svg: str) -> str:
    """The picture without the groups that only group."""
    open_groups: list[str] = []

    def kept(tag: re.Match[str]) -> str:
        if tag[0] != "</g>":
            open_groups.append(tag[0])
            return "" if tag[0] == "<g>" else tag[0]
        return "" if open_groups.pop() == "<g>" else tag[0]

    return _GROUP.sub(kept, svg)


def _said_once(series: re.Match[str]) -> str:
    """A series of shapes in a group that has the looks they share."""
    looks = series[1]
    return f"<g{looks}>{series[0].replace(f'{looks}/>', '/>')}</g>"


def encode(fig: Figure, name: str = "demo") -> str:
    """The figure as one ``<svg>`` element for an HTML page.

    Text stays text. The colours of `style` become CSS variables, ``--pg-ink`` and so on, which the
    page sets. The same figure gives the same string; ``name`` keeps the identifiers of two demos
    apart.
    """
    import matplotlib

    page = StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        fig.savefig(page, format="svg", facecolor="none", metadata={"Date": None})
    return embedded(page.getvalue())


def embedded(svg: str) -> str:
    """What matplotlib wrote as SVG, as an element of a page, in the colours of that page."""
    for pattern, replacement in _SHORTER:
        svg = pattern.sub(replacement, svg)
    svg = _STYLE.sub(_as_attributes, svg)
    return _SERIES.sub(_said_once, _ungrouped(svg))


_COLOUR = re.compile(r"(?<=[: \"])#[0-9a-f]{6}\b")
_GREY = re.compile(r"(?<=[: \"])#([0-9a-f]{2})\1\1\b")
_VIEW = re.compile(r'viewBox="0 0 ([\d.]+)')
_GREYS = ((64, style.INK), (160, style.MUTED), (240, style.GRID), (256, style.PAPER))

#: Axes, what makes a heat map of them (an image, a mesh), and what lies in the frame.
_AXES = re.compile(r'<g id="axes_\d+">.*?(?=<g id="axes_|\Z)', re.DOTALL)
_GROUND = r'\A<g id="axes_\d+">\s*<g id="patch_\d+">\s*<path [^>]*style="fill: #[^>]*>'
_HEAT = re.compile(r'<image |<g id="QuadMesh')
_FRAMED = re.compile(rf"{_GROUND}|<g clip-path=.*?</g>|<path [^>]*clip-path=[^>]*>", re.DOTALL)
_HATCH = re.compile(r'<pattern id="(\w+)".*?</pattern>', re.DOTALL)


def in_page(svg: str, words: str) -> str:
    """A figure that matplotlib wrote, as an element of a page as wide as it was drawn.

    Its greys are those of text, of notes, of a grid and of paper, whichever is nearest.
    """
    svg = named(embedded(_in_known_colours(svg)), words)
    view = _VIEW.search(svg)
    width = f"width:{float(view[1]) * 4 / 3:.0f}px" if view else ""  # a point is 4/3 of a pixel
    return svg.replace("<svg ", f'<svg class="pg-figure" style="{width}" ', 1)


def foreign(svg: str) -> bool:
    """Whether a figure has colours that the page does not know."""
    return bool(set(_COLOUR.findall(_in_known_colours(svg))) - set(style.COLOURS.values()))


def _in_known_colours(svg: str) -> str:
    """The figure with the greys of the page, and its heat maps as they are.

    In a heat map a colour is a number, and what is drawn on it has its contrast to the map and not
    to the page: neither changes by night. Title and scales around it do, and maps without numbers.
    """
    heat = "".join(axes for axes in _AXES.findall(svg) if _HEAT.search(axes))
    svg = _AXES.sub(lambda axes: _heat_kept(axes[0]), svg)
    svg = _HATCH.sub(lambda hatch: _kept(hatch[0]) if f"#{hatch[1]})" in heat else hatch[0], svg)
    return _GREY.sub(_grey, svg)


def _heat_kept(axes: str) -> str:
    return _FRAMED.sub(lambda part: _kept(part[0]), axes) if _HEAT.search(axes) else axes


def _kept(part: str) -> str:
    """Colours in another notation, which is not looked for.

    >>> _kept('<path style="fill: #1a00ff"/>')
    '<path style="fill: rgb(26,0,255)"/>'
    """
    return _COLOUR.sub(
        lambda hexa: f"rgb{tuple(bytes.fromhex(hexa[0][1:]))}".replace(" ", ""), part
    )


def _grey(match: re.Match[str]) -> str:
    level = int(match[1], 16)
    return next(colour for below, colour in _GREYS if level < below)


def named(svg: str, words: str) -> str:
    """The picture with words in its place for those who do not see it.

    >>> named('<svg role="img"></svg>', "a < b")
    '<svg aria-label="a &lt; b" role="img"></svg>'
    """
    return svg.replace("<svg ", f'<svg aria-label="{escape(words)}" ', 1)


def pack(pictures: Iterable[str]) -> tuple[list[str], list[list[int]]]:
    """Every distinct element once, and each picture as runs ``[start, length, start, length, …]``.

    >>> parts, frames = pack(["<g><a/><b/></g>", "<g><a/><c/></g>"])
    >>> parts
    ['<g>', '<a/>', '<b/>', '</g>', '<c/>']
    >>> frames
    [[0, 4], [0, 2, 4, 1, 3, 1]]
    """
    places: dict[str, int] = {}
    frames = [
        _runs([places.setdefault(part, len(places)) for part in _BETWEEN_ELEMENTS.split(picture)])
        for picture in pictures
    ]
    return list(places), frames


def _runs(places: list[int]) -> list[int]:
    runs: list[int] = []
    for place in places:
        if runs and place == runs[-2] + runs[-1]:
            runs[-1] += 1
        else:
            runs += [place, 1]
    return runs
