"""Which life a demo leads: in a kernel, or in a page."""

from __future__ import annotations

import os
from functools import partial

from pgcompanion import checks
from pgcompanion.demos.engine.controls import Demo, Value

#: Set by the book's build to anything but "" or "0".
STATIC = "PGCOMPANION_STATIC"


def show(demo: Demo, **opening: Value) -> None:
    """Display a demo, moved by widgets in a kernel: its own ``live()`` where it has one.

    Where the environment variable ``PGCOMPANION_STATIC`` is 1, as while the book is built, display a
    piece of HTML instead that holds every frame and needs no kernel. There it opens with the values
    ``opening``, of its controls or of what only a hand in its page sets.

    Raises:
        TypeError: ``demo`` is no demo.
    """
    from IPython.display import HTML, display

    if not all(hasattr(demo, name) for name in ("controls", "frame", "describe")):
        raise TypeError(
            "demo must be a module with controls, frame and describe, but it is "
            f"{checks.kind(demo)}."
        )
    if os.environ.get(STATIC, "") in ("", "0"):
        from pgcompanion.demos.engine.live import widget

        display(getattr(demo, "live", partial(widget, demo))())  # type: ignore[no-untyped-call]
    else:
        from pgcompanion.demos.engine.static import html

        display(HTML(html(demo, opening)))  # type: ignore[no-untyped-call]
