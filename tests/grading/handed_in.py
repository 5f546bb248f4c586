"""What students hand in, for the tests."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

from pgcompanion.grading.marking import Row

Mark = Callable[..., dict[str, Row]]

RIGHT = "def reward_to_go(r):\n    return r[:, ::-1].cumsum(1)[:, ::-1]"
WRONG = "def reward_to_go(r):\n    return r.cumsum(1)"
IMPORT = "import numpy as np"


def notebook(*sources: str | list[str], **more: object) -> str:
    made = [{"cell_type": "code", "source": source, "outputs": []} for source in sources]
    return json.dumps({"cells": [{"cell_type": "markdown", "source": "Text"}, *made], **more})


def lay(folder: Path, *names: str, text: str | None = None) -> Path:
    """Write files with these names below the folder."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(notebook("x = 1") if text is None else text, encoding="utf-8")
    return folder


def zipped(entries: dict[str, str | bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return made.getvalue()
