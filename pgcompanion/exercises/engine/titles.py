"""The statements of the book by their titles, for "In the book, see ...".

`statements.json` is written by `tools/exercise_notebooks.py` from the pages.
"""

from __future__ import annotations

import json
import sys
from functools import cache
from pathlib import Path

# Beside the page that runs Python in the browser stand pages; beside a notebook stand notebooks.
SUFFIX = "html" if sys.platform == "wasi" else "ipynb"


@cache
def statements() -> dict[str, dict[str, str]]:
    """For each label: the kind and title of its statement, and the name and title of its page."""
    path = Path(__file__).with_name("statements.json")
    table: dict[str, dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    return table


def see(label: str) -> str:
    """Where the book treats something, as a link and in words.

    >>> see("reinforce_pg").partition("(")[0]
    '[the theorem "REINFORCE"]'
    """
    found = statements().get(label)
    if found is None:
        return f"`{label}`"
    address = f"../{found['page']}.{SUFFIX}#{label}"
    title = f'the {found["kind"]} "{found["title"]}"' if found["title"] else f"the {found['kind']}"
    if found["kind"] == "page":
        return f'[the page "{found["title"]}"]({address})'
    return f'[{title}]({address}) on the page "{found["page_title"]}"'
