"""A demo in a kernel: widgets that redraw one picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import TYPE_CHECKING, Any, Protocol

from pgcompanion import style
from pgcompanion.demos.engine.controls import Control, Demo, Value
from pgcompanion.demos.engine.panels import Shelf, reuse
from pgcompanion.demos.engine.svg import encode, named

if TYPE_CHECKING:
    from ipywidgets import HTML, Box, ValueWidget  # type: ignore[import-untyped]
    from matplotlib.figure import Figure

#: Milliseconds from one moment to the next while a demo plays.
PACE = 500

#: A notebook's theme is out of reach, so the picture brings its own paper.
PAPER = (
    "max-width:36em; padding:.5em; border-radius:.4em; background:#fff; line-height:1.4; "
    f"color:{style.INK}; " + "; ".join(f"--pg-{name}:{c}" for name, c in style.COLOURS.items())
)


class Chooser(Protocol):
    """Anything that holds a value and says when it changes."""

    value: Any

    def observe(self, handler: Callable[[object], None], names: str) -> None: ...


def widget(demo: Demo) -> Box:
    """The controls of a demo above its picture and sentence, which follow every change."""
    import ipywidgets

    choosers = {name: chooser(control) for name, control in demo.controls.items()}
    rows = [row(demo.controls[name], each) for name, each in choosers.items()]
    return ipywidgets.VBox([*rows, follow(choosers, lambda **values: picture(demo, values))])


def follow(choosers: Mapping[str, Chooser], draw: Callable[..., str]) -> HTML:
    """What ``draw`` makes of the choosers' values, drawn anew whenever one of them changes."""
    import ipywidgets

    page = ipywidgets.HTML()
    shelf: Shelf = {}

    def redraw(change: object = None) -> None:
        try:
            with reuse(shelf):
                page.value = draw(**{name: each.value for name, each in choosers.items()})
        except Exception as error:  # A picture of other values than the controls show would lie.
            page.value = f"<p>This frame cannot be drawn: {escape(str(error))}</p>"
            raise

    for each in choosers.values():
        each.observe(redraw, names="value")
    redraw()
    return page


def picture(demo: Demo, values: Mapping[str, Value]) -> str:
    """The frame and its sentence as one piece of HTML."""
    return paper(demo.frame(**values), demo.describe(**values))


def paper(figure: Figure, words: str) -> str:
    """A figure and its sentence as one piece of HTML."""
    svg = named(encode(figure), words)
    return f'<div style="{PAPER}">{svg}<p style="margin:.5em 0 0">{escape(words)}</p></div>'


def chooser(control: Control) -> ValueWidget:
    """A menu or a slider over the values of a control."""
    import ipywidgets

    kind = ipywidgets.Dropdown if control.is_menu else ipywidgets.SelectionSlider
    options = list(zip(control.texts, control.values, strict=True))
    return kind(options=options, value=control.default, **look(control.label))


def look(label: str) -> dict[str, Any]:
    """What all choosers have in common."""
    return {
        "description": label,
        "style": {"description_width": "9em"},
        "layout": {"width": "28em", "max_width": "100%"},
    }


def row(control: Control, chooser: ValueWidget) -> ValueWidget:
    """A chooser of moments with a play button beside it; any other chooser as it is."""
    import ipywidgets

    if not control.time:
        return chooser
    play = ipywidgets.Play(value=control.start, max=len(control.values) - 1, interval=PACE)
    ipywidgets.link((play, "value"), (chooser, "index"))
    return ipywidgets.HBox([chooser, play])
