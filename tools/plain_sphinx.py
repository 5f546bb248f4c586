"""Build the book with plain Sphinx, as if Jupyter Book were gone, and compare: `make plain`.

`jupyter-book config sphinx` writes a configuration that Sphinx reads alone. What Sphinx makes of it, in
a clone of the last commit, is the site of `make book` byte for byte. The clone is given what the build
of the book has executed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from reproducible import ROOT, differing

WORK = ROOT / "_build" / "plain"
SITE = ROOT / "_build" / "html"
# Put into the site by other commands than Sphinx's.
BESIDE = ("python", "handouts", "pgcompanion.pdf", "pgcompanion.epub", ".buildinfo")


def build() -> Path:
    """The site that Sphinx makes."""
    shutil.rmtree(WORK, ignore_errors=True)
    subprocess.run(["git", "clone", "--quiet", ROOT, WORK], check=True)
    (WORK / "_build").mkdir()
    shutil.copytree(ROOT / "_build" / ".jupyter_cache", WORK / "_build" / ".jupyter_cache")
    shutil.copy(ROOT / "_build" / "statements.json", WORK / "_build")
    for name in ("_config.yml", "_toc.yml"):  # where a plain configuration expects them
        shutil.move(WORK / name, WORK / "book")
    commands = Path(sys.executable).parent
    subprocess.run([commands / "jupyter-book", "config", "sphinx", WORK / "book"], check=True)
    here = os.pathsep.join([str(WORK / "book" / "_ext"), str(WORK)])
    site = WORK / "_build" / "html"
    command = [commands / "sphinx-build", "-q", "-W", "--keep-going", "-n", "-b", "html"]
    command += ["-d", WORK / "_build" / ".doctrees", WORK / "book", site]
    subprocess.run(command, env=os.environ | {"PYTHONPATH": here}, check=True)
    return site


def main() -> None:
    site = build()
    found = [name for name in differing(SITE, site) if not name.startswith(BESIDE)]
    print(*found, sep="\n")
    print(f"Plain Sphinx makes {'another site' if found else 'the same site'}.")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
