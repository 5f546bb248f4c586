"""Write the notebook beside each chapter: `make notebooks`.

A chapter is a MyST notebook (`book/*.md`) and the only source of its text. The `.ipynb` beside it
is made from it, for Colab, Binder and Jupyter, without outputs. The cells' ids are hashes of their
sources, so that the same chapter always gives the same file. The first cell of a chapter is written
here, too: see first_cell.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import first_cell
import jupytext
import nbformat
import yaml

ROOT = Path(__file__).resolve().parents[1]
BOOK = ROOT / "book"
FORMAT = "md:myst"


def toc_files(node: dict) -> Iterator[str]:
    """Every page that a table of contents names, in order."""
    yield from (node[key] for key in ("root", "file") if key in node)
    for key in ("parts", "chapters", "sections"):
        for child in node.get(key, []):
            yield from toc_files(child)


def contents() -> list[str]:
    """The names of the book's pages, in order."""
    return list(toc_files(yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))))


def chapters() -> list[Path]:
    """The pages of the book that are notebooks: those whose header names a kernel."""
    pages = [BOOK / f"{name}.md" for name in contents()]
    return [page for page in pages if "kernelspec" in jupytext.read(page, fmt=FORMAT).metadata]


def notebook(chapter: Path) -> nbformat.NotebookNode:
    """The notebook of a chapter, without outputs."""
    result = jupytext.read(chapter, fmt=FORMAT)
    seen: Counter[str] = Counter()
    for cell in result.cells:
        digest = hashlib.sha256(cell.source.encode()).hexdigest()[:12]
        cell.id = f"{digest}-{seen[digest]}"
        seen[digest] += 1
    result.nbformat, result.nbformat_minor = 4, 5
    nbformat.validate(result)
    return result


def write(path: Path, text: str) -> None:
    """Write a file where its text changed."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
        print(f"written: {path.relative_to(ROOT)}")


def main() -> None:
    wanted = set()
    repository = first_cell.present()
    for chapter in chapters():
        path = chapter.with_suffix(".ipynb")
        wanted.add(path)
        write(chapter, first_cell.written(chapter.read_text(encoding="utf-8"), repository))
        write(path, nbformat.writes(notebook(chapter)) + "\n")
    for stale in sorted(set(BOOK.rglob("*.ipynb")) - wanted):
        stale.unlink()
        print(f"removed: {stale.relative_to(ROOT)}")
    print(f"{len(wanted)} notebooks agree with their chapters.")


if __name__ == "__main__":
    main()
