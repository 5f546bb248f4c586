"""A site that is built without Python (`make book RUNTIME=`) is whole: no button in it is dead."""

from __future__ import annotations

import re
from pathlib import Path

import jupytext
import pytest
from inspection import fresh
from playwright.sync_api import Browser
from small_book import GOOD, HEADER, Book

CELLS = """

```{code-cell} ipython3
from pgcompanion.exercises import check
```

```{code-cell} ipython3
def total_return(r):
    ...
```

```{code-cell} ipython3
:tags: [remove-output]
check("reward_to_go", total_return)
```
"""
# What draws the buttons, what they are drawn from, and what lets the page start Python.
NAMED = re.compile(r"pg-cells|pg-cell-\d|pg-runs|wasm-unsafe-eval|worker-src|python/[\w.]+")
BUTTONS = ["Run", "Edit", "Check", "Hint", "Solution", "Save my work as a notebook"]


def named(site: Path) -> set[str]:
    """What the pages of a site, and the styles and scripts that they load, name of the runtime."""
    found = set()
    for page in [path for path in site.rglob("*.html") if "_static" not in path.parts]:
        text = page.read_text(encoding="utf-8")
        loaded = re.findall(r'(?:src|href)="([^"?#:]+\.(?:js|css))[^"]*"', text)
        texts = [(page.parent / path).read_text(encoding="utf-8") for path in loaded]
        found |= set(NAMED.findall("\n".join([text, *loaded, *texts])))
    return found


def buttons(browser: Browser, page: Path) -> set[str]:
    """The buttons of a page in a browser that would press those of the runtime."""
    context = fresh(browser, page.parent.as_uri())
    opened = context.new_page()
    opened.goto(page.as_uri(), wait_until="load")
    shown = {button.strip() for button in opened.locator("button").all_inner_texts()}
    context.close()
    return shown & set(BUTTONS)


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    book = Book(tmp_path_factory.mktemp("book"))
    cells = jupytext.reads(HEADER + GOOD + CELLS, fmt="md:myst")
    jupytext.write(cells, book.root / "book" / "index.ipynb")
    return book


def test_a_site_without_python_draws_no_dead_button_and_names_nothing_of_it(
    book: Book, browser: Browser
) -> None:
    left = book.site / "python" / "engine.js"  # by a build that had it
    left.parent.mkdir(parents=True)
    left.touch()
    built = book.build(GOOD + CELLS, PGCOMPANION_RUNTIME="")
    assert built.returncode == 0, built.stdout + built.stderr
    assert "print" in book.html
    assert "check" in book.html
    assert named(book.site) == set()
    assert buttons(browser, book.site / "index.html") == set()
    assert not left.parent.exists()


def test_the_same_site_with_python_draws_them_and_names_it(book: Book, browser: Browser) -> None:
    built = book.build(GOOD + CELLS, PGCOMPANION_RUNTIME="yes")
    assert built.returncode == 0, built.stdout + built.stderr
    assert {"pg-cells", "pg-cell-0", "pg-runs", "wasm-unsafe-eval"} <= named(book.site)
    assert buttons(browser, book.site / "index.html") == set(BUTTONS)
