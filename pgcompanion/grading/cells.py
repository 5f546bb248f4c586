"""The code of a file that somebody handed in: a notebook, or a Python script."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

LARGEST = 100_000_000  # bytes of a file: a notebook with its pictures


@dataclass(frozen=True)
class Code:
    """The code cells of one file, in their order, or a sentence that says why there are none."""

    name: str
    cells: tuple[str, ...]
    trouble: str = ""


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
        return Code(name, (_text(data),))
    try:
        cells = tuple(_cells(json.loads(_text(data))))
    except (ValueError, RecursionError):
        return Code(name, (), f"`{name}` is damaged: it is not the JSON of a notebook.")
    except (TypeError, AttributeError, KeyError):
        return Code(name, (), f"`{name}` is JSON, and not a notebook.")
    return Code(name, cells, "" if cells else f"`{name}` holds no code.")


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
