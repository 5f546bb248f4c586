"""A demo in a page: the first frame and its sentence, which a script then takes over.

A demo with `constants` has a script of its own, ``demos/NAME.js`` in the book's site folder. It
computes the demo's numbers itself, at every movement, and draws its own controls. For any other demo
all frames of its grid are drawn while the book is built, and demo.js chooses among them. Without
scripts, and in print, the first frame and its sentence stand, and there are no controls.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from types import MappingProxyType
from typing import Any

import numpy as np

from pgcompanion.demos.engine.controls import Control, Demo, Value, defaults, grid, position
from pgcompanion.demos.engine.panels import reuse
from pgcompanion.demos.engine.svg import encode, named, pack


def html(demo: Demo, opening: Mapping[str, Value] = MappingProxyType({})) -> str:
    """One ``<figure>`` that needs no kernel; a script's begins with the values of ``opening``."""
    return _alive(demo, opening) if hasattr(demo, "constants") else _stills(demo)


def name_of(demo: Demo) -> str:
    """The last part of the module's name, which is that of its script."""
    return getattr(demo, "__name__", "demo").rpartition(".")[2]


def handed_over(demo: Demo) -> dict[str, Any]:
    """What a demo's script is given: its controls, and the constants of its world."""
    constants = getattr(demo, "constants")  # noqa: B009  (not every demo has it)
    return {
        "controls": [_described(name, each) for name, each in demo.controls.items()],
        "constants": _plain(constants()),
    }


def _alive(demo: Demo, opening: Mapping[str, Value]) -> str:
    values = {name: opening.get(name, value) for name, value in defaults(demo).items()}
    words = demo.describe(**values)
    with reuse({}):
        first = named(encode(demo.frame(**values), name_of(demo)), words)
    data = _script(handed_over(demo) | {"opening": {**values, **opening}})
    return f"""<figure class="pg-demo pg-demo--alive" data-demo="{escape(name_of(demo))}">
<div class="pg-demo__picture">{first}</div>
<div class="pg-demo__controls" role="group" aria-label="Controls" hidden></div>
<script type="application/json">{data}</script>
<figcaption class="pg-demo__caption" aria-live="polite">{escape(words)}</figcaption>
</figure>"""


def _described(name: str, control: Control) -> dict[str, Any]:
    """A control in a script's words."""
    look: dict[str, Any] = {"name": name, "label": control.label}
    flags = {
        "time": control.time,
        "whole": control.whole or control.time,
        "log": control.log,
        "more": control.more,
    }
    look |= {flag: True for flag, holds in flags.items() if holds}
    if control.is_menu:
        return look | {"options": list(control.values)}
    return look | {"low": control.values[0], "high": control.values[-1]}


def _plain(x: Any) -> Any:
    """Arrays as lists, so that JSON can say them."""
    if isinstance(x, dict):
        return {key: _plain(value) for key, value in x.items()}
    if isinstance(x, list | tuple):
        return [_plain(value) for value in x]
    return x.tolist() if isinstance(x, np.ndarray | np.generic) else x


def _stills(demo: Demo) -> str:
    """All frames of the grid, and native controls that choose among them."""
    name = name_of(demo)
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
