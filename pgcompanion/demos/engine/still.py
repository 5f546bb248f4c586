"""Text that keeps its words, its look and its place in its axes."""

from __future__ import annotations

from typing import Any

from matplotlib.backend_bases import RendererBase
from matplotlib.text import Text


class Still(Text):
    """A text that is laid out once for a resolution, and not each time that its figure is drawn.

    Laying out is most of the work on text, and text is half of a demo's picture. Should a version of
    matplotlib go another way about it, this text is only slower.
    """

    def __init__(self, *place: Any, **look: Any) -> None:
        super().__init__(*place, **look)
        self._layouts: dict[Any, Any] = {}

    def _get_layout(self, renderer: RendererBase) -> Any:
        key = type(renderer), renderer.points_to_pixels(1)
        if key not in self._layouts:
            self._layouts[key] = super()._get_layout(renderer)  # type: ignore[misc]
        return self._layouts[key]
