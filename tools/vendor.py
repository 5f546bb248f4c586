"""Fetch the third-party files of the site and its tests again, as named here: `make vendor`.

The files are kept in the repository with their licences, so that building the book needs no npm and
reading it needs no other host. Their sums stand in vendor.sha256: `--check` holds the files to them, as
`make lint` does, and what is fetched anew must be the same bytes. After a version was changed here on
purpose, `--accept` writes the sums anew.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENDOR = ROOT / "book" / "site" / "vendor"
FOR_TESTS = ROOT / "tests" / "vendor"
SUMS = Path(__file__).with_name("vendor.sha256")

KATEX = [
    *("AMS-Regular", "Caligraphic-Bold", "Caligraphic-Regular", "Fraktur-Bold", "Fraktur-Regular"),
    *("Main-Bold", "Main-BoldItalic", "Main-Italic", "Main-Regular", "Math-BoldItalic"),
    *("Math-Italic", "SansSerif-Bold", "SansSerif-Italic", "SansSerif-Regular", "Script-Regular"),
    *("Size1-Regular", "Size2-Regular", "Size3-Regular", "Size4-Regular", "Typewriter-Regular"),
]

# folder -> (npm package with its version, the files that are used)
FILES = {
    FOR_TESTS / "axe-core": ("axe-core@4.14.1", ["axe.min.js", "LICENSE"]),
    VENDOR / "katex": (
        "katex@0.16.22",  # the version that sphinxcontrib-katex sets the mathematics with
        [
            "dist/katex.min.css",
            *(f"dist/fonts/KaTeX_{font}.woff2" for font in KATEX),
            "LICENSE",
        ],
    ),
    VENDOR / "source-serif-4": (
        "@fontsource-variable/source-serif-4@5.3.1",
        [
            "files/source-serif-4-latin-wght-normal.woff2",
            "files/source-serif-4-latin-wght-italic.woff2",
            "LICENSE",
        ],
    ),
}


# folder -> (npm packages with their versions, what is taken from them, the name of the script's object)
BUNDLES = {
    VENDOR / "browser_wasi_shim": (
        ["@bjorn3/browser_wasi_shim@0.4.2"],
        'export { WASI, File, OpenFile, ConsoleStdout, PreopenDirectory, Directory } from "@bjorn3/browser_wasi_shim";',
        "wasiShim",
    ),
    VENDOR / "codemirror": (
        [
            "codemirror@6.0.2",
            "@codemirror/commands@6.11.1",
            "@codemirror/lang-python@6.2.1",
            "@codemirror/language@6.13.1",
            "@codemirror/view@6.43.15",
        ],
        (ROOT / "tools" / "editor.js").read_text(encoding="utf-8"),
        "pgEditor",
    ),
}
ESBUILD = "esbuild@0.28.2"


def bundle(packages: list[str], entry: str, name: str, target: Path) -> None:
    """Replace a vendor folder by one classic script of the packages, with the licences of all of them."""
    with tempfile.TemporaryDirectory() as folder:
        npm = ["npm", "install", "--silent", "--no-save", "--prefix", folder]
        subprocess.run([*npm, ESBUILD, *packages], check=True)
        (Path(folder) / "entry.js").write_text(entry, encoding="utf-8")
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        options = ["--bundle", "--format=iife", f"--global-name={name}", "--minify"]
        outfile = f"--outfile={target / target.name}.js"
        command = [
            "node_modules/.bin/esbuild",
            "entry.js",
            *options,
            outfile,
            "--log-level=warning",
        ]
        subprocess.run(command, cwd=folder, check=True)
        texts = {}
        for path in sorted(Path(folder, "node_modules").rglob("LICENSE*")):
            if "esbuild" not in path.as_posix():
                texts.setdefault(path.read_text(encoding="utf-8").strip(), path.parent.name)
        (target / "LICENSE").write_text("\n\n\n".join(texts) + "\n", encoding="utf-8")
    print(f"{target.name}: {', '.join(packages)}")


def alone(source: Path) -> bytes:
    """A file as it serves in a folder of its own: a style sheet knows its fonts beside it, as woff2."""
    if source.suffix != ".css":
        return source.read_bytes()
    text = re.sub(r',url\([^)]*\) format\("(?:woff|truetype)"\)', "", source.read_text())
    return text.replace("url(fonts/", "url(").encode()


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
            (target / source.name).write_bytes(alone(source))
    print(f"{target.name}: {package}")


def sums(root: Path = ROOT) -> dict[str, str]:
    """The sum of every vendored file, by its path."""
    folders = [root / folder.relative_to(ROOT) for folder in (VENDOR, FOR_TESTS)]
    files = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def check(root: Path = ROOT) -> None:
    """End with the names of the files that are not those of the sums."""
    lines = SUMS.read_text(encoding="utf-8").splitlines()
    wanted = {name: digest for digest, name in (line.split("  ") for line in lines)}
    if others := dict(wanted.items() ^ sums(root).items()):
        sys.exit(f"Not the files of tools/{SUMS.name}: {', '.join(sorted(others))}")


def main(arguments: list[str]) -> None:
    if "--check" in arguments:
        return check()
    for folder, (package, files) in FILES.items():
        fetch(package, files, folder)
    for folder, (packages, entry, name) in BUNDLES.items():
        bundle(packages, entry, name, folder)
    if "--accept" in arguments:
        lines = [f"{digest}  {name}\n" for name, digest in sums().items()]
        SUMS.write_text("".join(lines), encoding="utf-8")
    check()


if __name__ == "__main__":
    main(sys.argv[1:])
