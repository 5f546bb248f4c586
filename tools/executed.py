"""Put the outputs of the last build into copies of the notebooks, for nbval to compare with.

nbval runs each notebook anew and compares. It passes over a cell that was never executed, so bare
notebooks would prove nothing: every code cell of a copy must hold an execution.
"""

from __future__ import annotations

import shutil
import sys

import nbformat
import notebooks
from jupyter_cache import get_cache

CACHES = notebooks.ROOT / "_build" / ".jupyter_cache"
EXECUTED = notebooks.ROOT / "_build" / "executed"
# Half of the time of all 32 pages. They lie in a folder of their own: `make test` runs them once, to build the
# book, and `make kernels` and `make reproducible` do it again, once a week.
LONG = {"baselines", "comparison", "continuous_actions", "language_models", "trust_regions"}


def main() -> None:
    (present,) = CACHES.iterdir()
    cache = get_cache(present)
    shutil.rmtree(EXECUTED, ignore_errors=True)
    EXECUTED.mkdir()
    for chapter in notebooks.chapters():
        path = chapter.with_suffix(".ipynb")
        try:
            _, executed = cache.merge_match_into_notebook(nbformat.read(path, as_version=4))
        except (KeyError, FileNotFoundError):
            sys.exit(f"{path.name} is not the notebook that was built: run `make notebooks book`.")
        code = [cell for cell in executed.cells if cell.cell_type == "code"]
        if not all(cell.execution_count for cell in code):
            sys.exit(f"{path.name} holds a cell that the build did not execute.")
        place = path.relative_to(notebooks.BOOK)
        folder = EXECUTED / "long" if str(place.with_suffix("")) in LONG else EXECUTED
        target = folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(executed, target)


if __name__ == "__main__":
    main()
