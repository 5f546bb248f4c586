"""Make the book for e-readers: `make epub`. What it holds, and what not, is said in book/_ext/ereader.py."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import build

NAME = "pgcompanion.epub"


def day(root: Path) -> dict[str, str]:
    """The time of the last commit, so that every build of it is the same file."""
    command = ["git", "log", "-1", "--format=%ct"]
    said = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False).stdout
    return {"SOURCE_DATE_EPOCH": said.strip()} if said else {}


def main(root: Path) -> None:
    os.environ |= day(root) | os.environ
    made = build.epub(root)
    target = root / "_build" / "html" / NAME
    shutil.copyfile(made, target)
    print(f"The book for e-readers has {target.stat().st_size / 1e6:.1f} MB. It is {target}")


if __name__ == "__main__":
    main(Path.cwd())
