"""Build everything twice, in two places, and compare byte for byte: `make reproducible`.

Two clones of the last commit are built: the site with its Python, the book printed and for e-readers, wheel,
sdist and notebooks. The second stands in a folder of another name, in another time zone, and its Python hashes
strings in another order. What differs is named.
"""

from __future__ import annotations

import filecmp
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "_build" / "reproducible"
# The name of the clone -> what its builds find in their environment.
PLACES = {
    "first": {"TZ": "UTC", "PYTHONHASHSEED": "1"},
    "a second pläce": {"TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "2"},
}
PRODUCTS = ["_build/html", "dist", "book"]


def built(name: str, settings: dict[str, str]) -> Path:
    """A clone in which everything was made."""
    clone = WORK / name
    subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
    (clone / ".venv").symlink_to(ROOT / ".venv")
    for lock in ("requirements.txt", "pyproject.toml"):  # the environment is as new as they are
        os.utime(clone / lock, (0, 0))
    environment = os.environ | settings | {"PYTHONPATH": str(clone), "MAKEFLAGS": ""}
    command = ["make", "--no-print-directory", "notebooks", "pdf", "epub", "dist"]
    subprocess.run(command, cwd=clone, env=environment, check=True)
    return clone


def differing(one: Path, other: Path) -> Iterator[str]:
    """The files below two folders that are not the same in both."""
    files = {
        path.relative_to(root)
        for root in (one, other)
        for path in root.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    for file in sorted(files):
        mine, theirs = one / file, other / file
        if not mine.exists() or not theirs.exists():
            yield f"{file} (in one place alone)"
        elif not filecmp.cmp(mine, theirs, shallow=False):
            yield str(file)


def main() -> None:
    shutil.rmtree(WORK, ignore_errors=True)
    one, other = (built(name, settings) for name, settings in PLACES.items())
    found = [
        f"{product}/{name}"
        for product in PRODUCTS
        for name in differing(one / product, other / product)
    ]
    count = sum(path.is_file() for product in PRODUCTS for path in (one / product).rglob("*"))
    print(*found, sep="\n")
    print(f"{count - len(found)} of {count} files are the same in both places.")
    if found or not count:
        sys.exit(1)
    shutil.rmtree(WORK)


if __name__ == "__main__":
    main()
