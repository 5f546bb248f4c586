"""Write the starter notebooks of the exercises: `book/exercises/*.md`, one for each page.

Everything in them comes from the package's catalogue; `tools/notebooks.py` then makes the `.ipynb`
beside each. The package's table of the statements that feedback refers to is written here, too, and
the names of the functions in the box "In code" of each chapter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import first_cell
import jupytext
import notebooks
import yaml

from pgcompanion.exercises.engine import catalogue
from pgcompanion.exercises.engine.exercise import Exercise

FOLDER = notebooks.BOOK / "exercises"
IMPORT = "import numpy as np\n\n\n"
SIGNATURE = re.compile(r"^(def \w+\()(.*)(\) -> .*:)$", re.M)
WIDTH = 76  # what an editor shows of a line of code
STATEMENTS = notebooks.ROOT / "pgcompanion" / "exercises" / "engine" / "statements.json"
NUMBERED = re.compile(r"^:{3,}\{(?:prf:)?(\w+)\} ?(.*)\n:label: (\w+)$", re.M)
ASKED = re.compile(r"(asks you to write )`\w+`(?:(?:, | and )`\w+`)*")
HEADED = re.compile(r"^\((\w+)\)=\n+# (.*)$", re.M)

PAGE = """\
---
# Written by tools/exercise_notebooks.py from pgcompanion/exercises: change those instead.
jupytext:
  formats: ipynb,md:myst
  text_representation:
    extension: .md
    format_name: myst
    format_version: 0.13
kernelspec:
  display_name: Python 3 (ipykernel)
  language: python
  name: python3
---

# {heading}

These belong to [{title}](../{chapter}.md). {task}, and run the cell
below. It compares your function with the right answer and with the mistakes that are often made, and says
which one it was.

Where a *Check* button stands below the cell, it does that here in the page, with Python from the book's own
folder; *Hint* and *Solution* stand beside it, and your work stays in this browser. Or download the page as a
notebook (button at its top).

```{{code-cell}} ipython3
import numpy as np

from pgcompanion.exercises import check, hint, progress, solution
```

{exercises}
## My progress

Run, this cell lists every exercise of the book, and which of them you have done.

```{{code-cell}} ipython3
:tags: [remove-output]

progress()
```
"""

# What is to be done with the code of a page: that of an exercise in repair is whole, and wrong.
WRITE = "Write your lines in the place of the `...`"
REPAIR = "Repair the lines that are wrong (in the page *Edit* opens the code)"

EXERCISE = """\
## {title}

{statement}

```{{code-cell}} ipython3
{stub}
```

```{{code-cell}} ipython3
:tags: [remove-output]

check("{id}", {id})
```

Stuck? `hint("{id}")` gives the first of three hints, then the next.
`solution("{id}")` prints a solution.
"""


def chapters() -> dict[str, str]:
    """The chapters that set coding exercises: title and name of the file."""
    names = {heading(path): path.stem for path in notebooks.BOOK.glob("*.md")}
    return {title: names[title] for title in catalogue.PAGES}


def heading(path: Path) -> str:
    """The title of a page: the first heading of its text."""
    cells = jupytext.read(path, fmt=notebooks.FORMAT).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    return re.search(r"^# (.*)$", text, re.MULTILINE)[1]


def stub(exercise: Exercise) -> str:
    """The starter cell; the notebook's first cell has the import."""
    return SIGNATURE.sub(broken, exercise.starter.removeprefix(IMPORT).strip())


def broken(signature: re.Match[str]) -> str:
    """The first line of a function, in three if it is too long for an editor."""
    long = len(signature[0]) > WIDTH
    return "{}\n    {}\n{}".format(*signature.groups()) if long else signature[0]


def headings() -> dict[str, str]:
    """The title of each starter notebook, by its chapter: the one that the sidebar shows."""
    toc = yaml.safe_load((notebooks.ROOT / "_toc.yml").read_text(encoding="utf-8"))
    entries = [entry for part in toc["parts"] for entry in part["chapters"]]
    return {Path(e["file"]).name: e["title"] for e in entries if e["file"].startswith("exercises/")}


def page(title: str, chapter: str) -> str:
    """The text of one starter notebook."""
    exercises = [*map(catalogue.find, catalogue.PAGES[title])]
    text = PAGE.format(
        heading=headings()[chapter],
        title=title,
        chapter=chapter,
        task=REPAIR if all(e.shown for e in exercises) else WRITE,
        exercises="\n".join(
            EXERCISE.format(title=e.title, statement=e.statement, stub=stub(e), id=e.id)
            for e in exercises
        ),
    )
    return first_cell.written(text, first_cell.present())


def statements() -> str:
    """The statements that the exercises refer to, with their titles and pages, as JSON."""
    exercises = [*map(catalogue.find, catalogue.IDS), *catalogue.exhibits().values()]
    used = {label for e in exercises for label in (e.label, *(m.label for m in e.mistakes))}
    found = {label: entry for path in notebooks.BOOK.glob("*.md") for label, entry in named(path)}
    return json.dumps({label: found[label] for label in sorted(used & set(found))}, indent=1) + "\n"


def named(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """The labels of a page: those of its statements, and its own."""
    text = path.read_text(encoding="utf-8")
    page = {"page": path.stem}
    for kind, title, label in NUMBERED.findall(text):
        yield label, page | {"kind": kind, "title": plain(title), "page_title": heading(path)}
    for label, title in HEADED.findall(text):
        yield label, page | {"kind": "page", "title": title, "page_title": title}


def plain(title: str) -> str:
    """A title without the marks of mathematics."""
    return title.replace("$", "").strip()


def announced(title: str, text: str) -> str:
    """The text of a chapter whose box "In code" names the functions of its exercises."""
    *first, last = (f"`{id}`" for id in catalogue.PAGES[title])
    return ASKED.sub(rf"\1{', '.join(first)} and {last}" if first else rf"\1{last}", text)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for title, chapter in chapters().items():
        path = notebooks.BOOK / f"{chapter}.md"
        notebooks.write(path, announced(title, path.read_text(encoding="utf-8")))
    notebooks.write(STATEMENTS, statements())
    wanted = {
        FOLDER / f"{chapter}.md": page(title, chapter) for title, chapter in chapters().items()
    }
    for path, text in wanted.items():
        notebooks.write(path, text)
    for stale in sorted(set(FOLDER.glob("*.md")) - set(wanted)):
        stale.unlink()
        print(f"removed: {stale.relative_to(notebooks.ROOT)}")


if __name__ == "__main__":
    main()
