"""The code of a file that somebody handed in: a notebook, or a Python script."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

LARGEST = 100_000_000  # bytes of a file: a notebook with its pictures
LONGEST = 3_000_000  # characters of its code


@dataclass(frozen=True)
class Code:
    """The code cells of one file, in their order, or a sentence that says why there are none."""

    name: str
    cells: tuple[str, ...]
    trouble: str = ""

    @property
    def module(self) -> tuple[str, str] | None:
        """A `.py` file as a module that other files may import: its name and its text."""
        path = PurePath(self.name)
        return (path.stem, "".join(self.cells)) if path.suffix.lower() == ".py" else None


def read(name: str, data: bytes) -> Code:
    """The code cells of a file, whatever is in it.

    >>> read("a.py", b"x = 1").cells
    ('x = 1',)
    >>> read("a.ipynb", b"{").trouble
    '`a.ipynb` is damaged: it is not the JSON of a notebook.'
    """
    if len(data) > LARGEST:
        return Code(name, (), f"`{name}` is larger than {LARGEST // 1_000_000} MB: not read.")
    if not data.strip():
        return Code(name, (), f"`{name}` is empty.")
    if PurePath(name).suffix.lower() == ".py":
        return _shortened(name, [_text(data)])
    try:
        cells = _cells(json.loads(_text(data)))
    except (ValueError, RecursionError):
        return Code(name, (), f"`{name}` is damaged: it is not the JSON of a notebook.")
    except (TypeError, AttributeError, KeyError):
        return Code(name, (), f"`{name}` is JSON, and not a notebook.")
    return _shortened(name, cells) if cells else Code(name, (), f"`{name}` holds no code.")


def _shortened(name: str, cells: list[str]) -> Code:
    """The cells, without those that are too long to be run with the others."""
    kept, left = [], LONGEST
    for cell in cells:
        if len(cell) <= left:
            kept.append(cell)
            left -= len(cell)
    longer = f"`{name}` holds more than {LONGEST:,} characters of code: not all of it is read."
    return Code(name, tuple(kept), longer if len(kept) < len(cells) else "")


def _text(data: bytes) -> str:
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    return data.decode(encoding, "replace").replace("\r\n", "\n").replace("\0", "")


def _cells(notebook: Any) -> list[str]:
    """The sources of the code cells, of notebook formats 3 and 4."""
    if "worksheets" in notebook:
        cells = [cell for sheet in notebook["worksheets"] for cell in sheet["cells"]]
    else:
        cells = notebook["cells"]
    sources = []
    for cell in cells:
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            source = cell.get("source", cell.get("input", ""))
            lines = source if isinstance(source, list) else [source]
            sources.append("".join(line for line in lines if isinstance(line, str)))
    return [source for source in sources if source.strip()]
