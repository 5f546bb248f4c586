"""Put JupyterLite into the site: `make lite`.

Python in the browser is Pyodide. Its core, and the packages that are Python alone, are put into the
site; NumPy, SciPy and Matplotlib are compiled for it by its own project, and a notebook fetches them
from there. Our wheel stands in Pyodide's list of packages, so that `import pgcompanion` finds it.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

import nbformat
import notebooks

ROOT = notebooks.ROOT
WORK = ROOT / "_build" / "lite"
SOURCE = WORK / "source"
SITE = ROOT / "_build" / "html" / "lite"
PINS = ROOT / "tools" / "lite.txt"
PYODIDE = "314.0.6"
HOST = f"https://cdn.jsdelivr.net/pyodide/v{PYODIDE}/full/"
CORE = ["pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip"]
KERNEL = ["micropip", "ipython", "jedi", "platformdirs"]  # starts without Pyodide's host
# What Pyodide's own list lacks, with what each needs of it.
ADDED = {
    "pgcompanion": ["numpy", "matplotlib", "gymnasium", "ipywidgets", "platformdirs"],
    "gymnasium": ["numpy", "cloudpickle", "typing-extensions", "farama-notifications"],
    "farama-notifications": [],
    "ipywidgets": ["comm", "ipython", "traitlets"],
    "comm": ["traitlets"],
}
NOTE = (
    "This notebook runs in your browser. For NumPy and Matplotlib it asks `cdn.jsdelivr.net`, the host "
    "of Pyodide, once; the first cell takes half a minute. Changes are kept in this browser alone."
)
SETTINGS = "@jupyterlite/pyodide-kernel-extension:kernel"


def run(*command: object, cwd: Path = ROOT) -> None:
    subprocess.run(list(map(str, command)), cwd=cwd, check=True)


def environment() -> Path:
    """The folder of JupyterLite's own commands: its pins are not those of the book."""
    uv = Path(sys.executable).with_name("uv")
    venv = WORK / "venv"
    if not (venv / "ready").exists():
        run(uv, "venv", "--quiet", "--clear", "--seed", "--python", sys.executable, venv)
        run(uv, "pip", "install", "--quiet", "--python", venv / "bin" / "python", "-r", PINS)
        (venv / "ready").touch()
    return venv / "bin"


def copy_notebooks(target: Path) -> None:
    """The notebooks as JupyterLite runs them: its kernel, no first cell, a word on the host."""
    for chapter in notebooks.chapters():
        notebook = notebooks.notebook(chapter)
        notebook.cells = [c for c in notebook.cells if "install" not in c.metadata.get("tags", [])]
        notebook.cells.insert(0, nbformat.v4.new_markdown_cell(NOTE, id="pyodide"))
        notebook.metadata.kernelspec = {
            "name": "python",
            "display_name": "Python (Pyodide)",
            "language": "python",
        }
        path = target / chapter.relative_to(notebooks.BOOK).with_suffix(".ipynb")
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, path)


def fetch_core(target: Path) -> dict:
    """Pyodide's core from its npm package, into the site; its list of packages."""
    with_lock = [*CORE, "pyodide-lock.json"]
    archive = WORK / f"pyodide-{PYODIDE}.tgz"
    if not archive.exists():
        run("npm", "pack", "--silent", f"pyodide@{PYODIDE}", cwd=WORK)
    target.mkdir(parents=True)
    with tarfile.open(archive) as packed:
        for name in with_lock:
            (target / name).write_bytes(packed.extractfile(f"package/{name}").read())
    return json.loads((target / "pyodide-lock.json").read_text(encoding="utf-8"))


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def closure(packages: dict, names: list[str]) -> set[str]:
    """The packages and all that they need."""
    needed: set[str] = set()
    while names:
        name = canonical(names.pop())
        if name not in needed:
            needed.add(name)
            names += packages[name]["depends"]
    return needed


def add_wheels(lock: dict, target: Path, commands: Path) -> None:
    """Put the wheels of plain Python into the site, and into the list; the rest has its host."""
    packages = lock["packages"]
    plain = [
        f"{packages[name]['name']}=={packages[name]['version']}"
        for name in closure(packages, [*KERNEL])
        if packages[name]["file_name"].endswith("-none-any.whl")
    ]
    pinned = [line for line in PINS.read_text().splitlines() if line.split("==")[0] in ADDED]
    for package in packages.values():
        package["file_name"] = HOST + package["file_name"]
    download = [commands / "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    download += ["--python-version", "3.14"]  # Python of Pyodide
    run(*download, "--dest", target, *plain, *pinned)
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", target, ROOT)
    for wheel in target.glob("*.whl"):
        entry = described(wheel)
        name = canonical(entry["name"])
        known = packages.get(name, {})
        depends = ADDED.get(name, known.get("depends", []))
        imports = known.get("imports") or [name.replace("-", "_")]
        packages[name] = known | entry | {"depends": depends, "imports": imports}
    (target / "pyodide-lock.json").write_text(json.dumps(lock), encoding="utf-8")


def described(wheel: Path) -> dict:
    """The entry of a wheel in Pyodide's list of packages."""
    with ZipFile(wheel) as packed:
        (name,) = (name for name in packed.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = Parser().parsestr(packed.read(name).decode())
    return {
        "name": metadata["Name"],
        "version": metadata["Version"],
        "file_name": wheel.name,
        "install_dir": "site",
        "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
        "package_type": "package",
        "unvendored_tests": False,
    }


def build(site: Path) -> None:
    """Make JupyterLite afresh in a folder."""
    shutil.rmtree(SOURCE, ignore_errors=True)
    SOURCE.mkdir(parents=True)
    commands = environment()
    copy_notebooks(SOURCE / "files")
    core = SOURCE / "static" / "pyodide"
    add_wheels(fetch_core(core), core, commands)
    config = {
        "LiteBuildConfig": {"no_sourcemaps": True, "apps": ["notebooks"], "contents": ["files"]}
    }
    (SOURCE / "jupyter_lite_config.json").write_text(json.dumps(config))
    kernel = {SETTINGS: {"disablePyPIFallback": True}}
    lite = {"jupyter-lite-schema-version": 0, "jupyter-config-data": {"litePluginSettings": kernel}}
    (SOURCE / "jupyter-lite.json").write_text(json.dumps(lite))
    made = WORK / "made"
    shutil.rmtree(made, ignore_errors=True)
    run(commands / "jupyter-lite", "build", "--lite-dir", SOURCE, "--output-dir", made, cwd=SOURCE)
    shutil.rmtree(site, ignore_errors=True)
    made.rename(site)  # whole, or not at all


if __name__ == "__main__":
    build(SITE)
    print("JupyterLite is in the site. It runs from a server (`make serve`), not from a disk.")
