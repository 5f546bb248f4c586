"""Fetch the site's third-party files again, at the versions named here: `make vendor`.

The files are kept in the repository with their licences, so that building the book needs no npm and
reading it needs no other host.
"""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

VENDOR = Path(__file__).resolve().parents[1] / "book" / "site" / "vendor"

# folder -> (npm package with its version, the files that the site uses)
FILES = {
    "mathjax": ("mathjax@3.2.2", ["es5/tex-svg-full.js", "LICENSE"]),
    "source-serif-4": (
        "@fontsource-variable/source-serif-4@5.3.1",
        [
            "files/source-serif-4-latin-wght-normal.woff2",
            "files/source-serif-4-latin-wght-italic.woff2",
            "LICENSE",
        ],
    ),
}


def fetch(package: str, files: list[str], target: Path) -> None:
    """Replace a vendor folder by the named files of an npm package."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", "--silent", package], cwd=folder, check=True)
        (archive,) = Path(folder).glob("*.tgz")
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        for file in files:
            source = Path(folder) / "package" / file
            (target / source.name).write_bytes(source.read_bytes())
    print(f"{target.name}: {package}")


if __name__ == "__main__":
    for name, (package, files) in FILES.items():
        fetch(package, files, VENDOR / name)
