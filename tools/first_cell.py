"""The first cell of every notebook: it installs the package where that is missing.

The cell is written into the chapters by `make notebooks` and kept off the pages by its tags. What it
installs is the public repository's archive at the branch or tag of the launch links, so that a
notebook and its package always match.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from repository import Repository, read, setting  # noqa: E402

INSTALL = """\
# Where the book's package is missing, on Colab for one, this cell installs it.
try:
    import pgcompanion
except ModuleNotFoundError:
    import subprocess
    import sys

    package = "pgcompanion[experiments] @ {archive}"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", package]
    if subprocess.run(pip, capture_output=True).returncode:
        print(
            "The package could not be installed: "
            f"`pip install '{{package}}'` says why."
        )
"""
SAY_HOW = """\
# Where the book's package is missing, this cell says how to install it.
try:
    import pgcompanion
except ModuleNotFoundError:
    print(
        "This notebook needs `pip install .` in a copy of the book's "
        "repository, and a restart."
    )
"""
FENCE = "```{{code-cell}} ipython3\n:tags: [remove-cell, install]\n\n{}```\n"
PRESENT = re.compile(
    r"^```\{code-cell\} ipython3\n:tags: \[remove-cell, install\]\n.*?^```\n\n?", re.S | re.M
)
HEADER = re.compile(r"---\n.*?^---\n", re.S | re.M)


def code(repository: Repository | None) -> str:
    """The code of the cell; without a repository it says how to install."""
    return INSTALL.format(archive=repository.archive) if repository else SAY_HOW


def cell(repository: Repository | None) -> str:
    """The cell as it stands in a chapter."""
    return FENCE.format(code(repository))


def written(text: str, repository: Repository | None) -> str:
    """The text of a chapter with the cell below its header, there once and up to date."""
    bare = PRESENT.sub("", text)
    end = HEADER.match(bare).end()
    return f"{bare[:end]}\n{cell(repository)}\n{bare[end:].lstrip()}"


def present() -> Repository | None:
    """The repository that the book's setting names."""
    return read(setting(ROOT))
