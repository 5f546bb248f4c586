"""A demo in a page: native controls over frames that were drawn when the book was built.

The page's script (demo.js in the book's site folder) moves them. Without it, the first frame and its
sentence stand, and the controls stay hidden.
"""

from __future__ import annotations

import json
from html import escape

from pgcompanion.demos.engine.controls import Control, Demo, defaults, grid, position
from pgcompanion.demos.engine.panels import reuse
from pgcompanion.demos.engine.svg import encode, named, pack


def html(demo: Demo) -> str:
    """One ``<figure>`` that holds the controls, all frames of the grid and all sentences."""
    name = getattr(demo, "__name__", "demo").rpartition(".")[2]
    with reuse({}):
        pictures = [encode(demo.frame(**values), name) for values in grid(demo)]
    parts, frames = pack(pictures)
    data = {
        "parts": parts,
        "frames": frames,
        "captions": [demo.describe(**values) for values in grid(demo)],
        "texts": [control.texts for control in demo.controls.values()],
    }
    words = demo.describe(**defaults(demo))
    first = named(pictures[position(demo)], words)
    controls = "\n".join(_control(name, control) for name, control in demo.controls.items())
    return f"""<figure class="pg-demo" data-demo="{escape(name)}">
<div class="pg-demo__picture">{first}</div>
<div class="pg-demo__controls" role="group" aria-label="Controls" hidden>
{controls}
</div>
<script type="application/json">{_script(data)}</script>
<figcaption class="pg-demo__caption" aria-live="polite">{escape(words)}</figcaption>
</figure>"""


def _control(name: str, control: Control) -> str:
    chooser = (_menu if control.is_menu else _slider)(escape(name), control)
    label = f"<label><span>{escape(control.label)}</span>{chooser}</label>"
    value = "" if control.is_menu else _output(control)
    play = '<button type="button" class="pg-demo__play">Play</button>' if control.time else ""
    return f'<div class="pg-demo__control">{label}{value}{play}</div>'


def _slider(name: str, control: Control) -> str:
    return (
        f'<input type="range" name="{name}" min="0" max="{len(control.values) - 1}"'
        f' value="{control.start}" aria-valuetext="{control.texts[control.start]}"'
        ' autocomplete="off">'
    )


def _menu(name: str, control: Control) -> str:
    options = "".join(
        f"<option{' selected' if place == control.start else ''}>{escape(text)}</option>"
        for place, text in enumerate(control.texts)
    )
    return f'<select name="{name}" autocomplete="off">{options}</select>'


def _output(control: Control) -> str:
    # Off: the slider is announced with its value, and said twice it would be noise.
    return f'<output aria-live="off">{control.texts[control.start]}</output>'


def _script(data: object) -> str:
    """JSON that cannot close the script element it stands in."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
