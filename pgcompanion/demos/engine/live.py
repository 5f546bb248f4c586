"""A demo in a kernel: widgets that redraw one picture."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from pgcompanion import style
from pgcompanion.demos.engine.controls import Control, Demo, Value
from pgcompanion.demos.engine.panels import Shelf, reuse
from pgcompanion.demos.engine.svg import encode, named

if TYPE_CHECKING:
    from ipywidgets import Box, ValueWidget  # type: ignore[import-untyped]

#: Milliseconds from one moment to the next while a demo plays.
PACE = 500

#: A notebook's theme is out of reach, so the picture brings its own paper.
PAPER = (
    "max-width:36em; padding:.5em; border-radius:.4em; background:#fff; line-height:1.4; "
    f"color:{style.INK}; " + "; ".join(f"--pg-{name}:{c}" for name, c in style.COLOURS.items())
)


def widget(demo: Demo) -> Box:
    """The controls of a demo above its picture and sentence, which follow every change."""
    import ipywidgets

    chosen = {name: _chooser(control) for name, control in demo.controls.items()}
    page = ipywidgets.HTML()
    shelf: Shelf = {}

    def redraw(change: object = None) -> None:
        values = {name: each.value for name, each in chosen.items()}
        try:
            with reuse(shelf):
                page.value = picture(demo, values)
        except Exception as error:  # A picture of other values than the controls show would lie.
            page.value = f"<p>This frame cannot be drawn: {escape(str(error))}</p>"
            raise

    for each in chosen.values():
        each.observe(redraw, names="value")
    redraw()
    rows = [_row(demo.controls[name], each) for name, each in chosen.items()]
    return ipywidgets.VBox([*rows, page])


def picture(demo: Demo, values: dict[str, Value]) -> str:
    """The frame and its sentence as one piece of HTML."""
    words = demo.describe(**values)
    svg = named(encode(demo.frame(**values)), words)
    return f'<div style="{PAPER}">{svg}<p style="margin:.5em 0 0">{escape(words)}</p></div>'


def _chooser(control: Control) -> ValueWidget:
    import ipywidgets

    look: dict[str, Any] = {
        "description": control.label,
        "style": {"description_width": "9em"},
        "layout": {"width": "28em", "max_width": "100%"},
    }
    kind = ipywidgets.Dropdown if control.is_menu else ipywidgets.SelectionSlider
    options = list(zip(control.texts, control.values, strict=True))
    return kind(options=options, value=control.default, **look)


def _row(control: Control, chooser: ValueWidget) -> ValueWidget:
    """A chooser of moments with a play button beside it; any other chooser as it is."""
    import ipywidgets

    if not control.time:
        return chooser
    play = ipywidgets.Play(value=control.start, max=len(control.values) - 1, interval=PACE)
    ipywidgets.link((play, "value"), (chooser, "index"))
    return ipywidgets.HBox([chooser, play])
