"""Fetch the third-party files of the site and its tests again, as named here: `make vendor`.

The files are kept in the repository with their licences, so that building the book needs no npm and
reading it needs no other host.
"""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENDOR = ROOT / "book" / "site" / "vendor"
FOR_TESTS = ROOT / "tests" / "vendor"

# folder -> (npm package with its version, the files that are used)
FILES = {
    FOR_TESTS / "axe-core": ("axe-core@4.14.1", ["axe.min.js", "LICENSE"]),
    VENDOR / "mathjax": ("mathjax@3.2.2", ["es5/tex-svg-full.js", "LICENSE"]),
    VENDOR / "source-serif-4": (
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
    for folder, (package, files) in FILES.items():
        fetch(package, files, folder)
