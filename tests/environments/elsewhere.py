"""Environments other than the book's own: made afresh, and notebooks executed in them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
VERSIONS = ["3.10", "3.11", "3.12", "3.13", "3.14"]  # those that the package's metadata name
PACKAGED = [
    *("pyproject.toml", "hatch_build.py", "_config.yml", "book/_ext/repository.py"),
    *("README.md", "LICENSE", "pgcompanion"),
]


@cache
def pythons() -> dict[str, str]:
    """The Pythons of this machine that the package supports, oldest first."""
    folders = [*os.get_exec_path(), *map(str, Path.home().glob(".pyenv/versions/*/bin"))]
    found = {}
    for version in VERSIONS:
        paths = [shutil.which(f"python{version}", path=folder) for folder in folders]
        working = (path for path in paths if path and starts(path))
        if path := next(working, None):
            found[version] = path
    return found


def starts(python: str) -> bool:
    return subprocess.run([python, "-c", "import venv"], capture_output=True).returncode == 0


class Environment:
    """A fresh virtual environment in a folder of its own."""

    def __init__(self, folder: Path, python: str) -> None:
        self.folder = folder
        self.python = str(folder / "venv" / "bin" / "python")
        uv("venv", "--quiet", "--seed", "--python", python, folder / "venv")

    def install(self, *arguments: object) -> None:
        uv("pip", "install", "--quiet", "--python", self.python, *arguments)

    def run(self, *arguments: object, cwd: Path | None = None) -> str:
        """Run the environment's Python, away from the checkout; what it printed."""
        command = [self.python, *map(str, arguments)]
        done = subprocess.run(command, cwd=cwd or self.folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def versions(self) -> dict[str, str]:
        listed = self.run("-m", "pip", "list", "--format", "json")
        return {package["name"].lower(): package["version"] for package in json.loads(listed)}

    def execute(self, notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
        """Run a notebook in a kernel of this environment; the outputs of its cells."""
        kernel = self.folder / "jupyter" / "kernels" / "elsewhere" / "kernel.json"
        kernel.parent.mkdir(parents=True, exist_ok=True)
        argv = [self.python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        kernel.write_text(json.dumps({"argv": argv, "display_name": "x", "language": "python"}))
        os.environ["JUPYTER_PATH"] = str(self.folder / "jupyter")
        place = {"metadata": {"path": str(self.folder)}}
        patience = {"timeout": 600, "startup_timeout": 300}  # a machine with other work is slow
        NotebookClient(notebook, kernel_name="elsewhere", resources=place, **patience).execute()
        return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def uv(*arguments: object) -> None:
    """Run uv of the book's environment, which makes environments in seconds."""
    command = [str(Path(sys.executable).with_name("uv")), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def build(folder: Path) -> tuple[Path, Path]:
    """The wheel and the sdist of the tree."""
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return wheel, sdist


def archive(folder: Path) -> str:
    """The address of a repository whose `archive/main.zip` holds the package of this tree."""
    path = folder / "archive" / "main.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as packed:
        for file in packaged():
            packed.write(file, Path("pgcompanion-main") / file.relative_to(ROOT))
    return folder.as_uri()


def packaged() -> Iterator[Path]:
    for path in (ROOT / name for name in PACKAGED):
        files: Iterable[Path] = path.rglob("*") if path.is_dir() else [path]
        yield from (file for file in files if file.is_file() and "__pycache__" not in file.parts)


def noise(outputs: list[nbformat.NotebookNode]) -> list[str]:
    """What a notebook wrote that no reader should see."""
    return [output.text for output in outputs if output.get("name") == "stderr"]
