"""The book's configuration, on a book of one page: what it builds and what it refuses."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from notebooks import ROOT

HEADER = """---
jupytext:
  text_representation:
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---
"""
GOOD = """# A page

:::{prf:theorem} Two and two
:label: two
$\\E[2 + 2] = 4$ {cite:p}`amari1998`.
:::

:::{prf:proof}
:class: dropdown
Count.
:::

```{code-cell} ipython3
print(2 + 2)
```

{prf:ref}`two` holds.
"""
# A fault in a page, and a word of the message that must name it.
REFUSED = {
    "{prf:ref}`three`": "three",
    "{cite:p}`nobody1900`": "nobody1900",
    "[a page](nowhere.md)": "nowhere.md",
    "```{code-cell} ipython3\n1 / 0\n```": "ZeroDivisionError",
    '```{code-cell} ipython3\nimport sys\nprint("oh", file=sys.stderr)\n```': "stderr",
}


def configuration() -> dict:
    """The real configuration, without the extensions that speak of the real chapters."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    local = {path.stem for path in (ROOT / "book" / "_ext").glob("*.py")} - {"pgbook"}
    settings = config["sphinx"]["config"]
    settings["extensions"] = [name for name in settings["extensions"] if name not in local]
    return config


class Book:
    """A book of one page with the configuration of the real one."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copytree(ROOT / "book" / "_ext", root / "book" / "_ext")
        shutil.copytree(ROOT / "book" / "site", root / "book" / "site")
        for name in ("requirements.txt", "book/references.bib"):
            shutil.copyfile(ROOT / name, root / name)
        (root / "_config.yml").write_text(yaml.safe_dump(configuration()))
        (root / "_toc.yml").write_text("format: jb-book\nroot: index\n")
        (root / "book" / "index.ipynb").write_text("{}")
        self.module = root / "pgcompanion" / "module.py"
        self.module.parent.mkdir()
        self.module.write_text("")

    def build(self, text: str, **environment: str) -> subprocess.CompletedProcess[str]:
        page = HEADER + text + "\n\n```{bibliography}\n```\n"
        (self.root / "book" / "index.md").write_text(page, encoding="utf-8")
        command = [Path(sys.executable).with_name("jupyter-book"), "build", "book"]
        command += ["--config", self.root / "_config.yml", "--toc", self.root / "_toc.yml"]
        command += ["--path-output", ".", "-W", "--keep-going", "-n"]
        return subprocess.run(
            command, cwd=self.root, env=os.environ | environment, capture_output=True, text=True
        )

    @property
    def html(self) -> str:
        return (self.root / "_build" / "html" / "index.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    book = Book(tmp_path_factory.mktemp("book"))
    result = book.build(GOOD)
    assert result.returncode == 0, result.stdout + result.stderr
    return book


def test_the_page_has_its_parts(book: Book) -> None:
    assert "Theorem 1" in book.html
    assert '<details class="pg-proof"><summary>Proof</summary>' in book.html
    assert 'class="btn btn-sm btn-download-notebook' in book.html
    assert (book.root / "_build" / "html" / "notebooks" / "index.ipynb").exists()


def test_the_page_asks_no_other_host(book: Book) -> None:
    asks = re.compile(r"""<(?:script|link|img|iframe)[^>]*(?:src|href)=["'](?:https?:)?//""")
    assert asks.findall(book.html) == []
    assert asks.findall('<script src="https://example.org/x.js">')


def test_no_identifier_is_given_twice(book: Book) -> None:
    identifiers = re.findall(r'\sid="([^"]+)"', book.html)
    assert len(identifiers) == len(set(identifiers)) > 0


PUBLIC = "https://github.com/someone/book/tree/v1"
LINKS = {
    "launch-colab": "https://colab.research.google.com/github/someone/book/blob/v1/book/index.ipynb",
    "launch-binder": "https://mybinder.org/v2/gh/someone/book/v1?urlpath=lab/tree/book/index.ipynb",
    "repository": "https://github.com/someone/book",
    "source": "https://github.com/someone/book/blob/v1/book/index.md",
    "edit": "https://github.com/someone/book/edit/v1/book/index.md",
}


def drawn(html: str) -> dict[str, str]:
    """The links above a page that leave it, by label."""
    found = re.findall(r'<a href="([^"]+)"[^>]*?class="btn btn-sm btn-([\w-]+)', html)
    return {label: url for url, label in found if label != "download-notebook"}


def test_only_the_one_setting_draws_links_to_the_repository(book: Book) -> None:
    assert drawn(book.html) == {}
    assert book.build(GOOD, PGCOMPANION_REPOSITORY=PUBLIC).returncode == 0
    assert drawn(book.html) == LINKS
    assert book.build(GOOD, PGCOMPANION_REPOSITORY="https://example.org/a/b").returncode == 0
    assert drawn(book.html).keys() == {"repository", "source", "edit"}
    assert book.build(GOOD).returncode == 0
    assert drawn(book.html) == {}


def test_jupyterlite_is_offered_where_the_site_contains_it(book: Book) -> None:
    lite = book.root / "_build" / "html" / "lite" / "notebooks" / "index.html"
    lite.parent.mkdir(parents=True)
    lite.write_text("")
    assert book.build(GOOD).returncode == 0
    assert drawn(book.html) == {"launch-lite": "lite/notebooks/index.html?path=index.ipynb"}
    shutil.rmtree(lite.parents[1])


def test_pages_are_executed_afresh_when_the_package_changes(book: Book) -> None:
    assert "Executing notebook" not in book.build(GOOD + "\nMore prose.").stdout
    book.module.write_text("x = 1\n")
    assert "Executing notebook" in book.build(GOOD).stdout
    assert "Executing notebook" not in book.build(GOOD).stdout


def test_pages_are_written_afresh_when_the_style_changes(book: Book) -> None:
    style = book.root / "book" / "site" / "site.css"
    style.write_text(style.read_text() + "\n.new {}\n")
    assert book.build(GOOD).returncode == 0
    assert ".new {}" in (book.root / "_build" / "html" / "_static" / "site.css").read_text()


@pytest.mark.parametrize("fault", REFUSED, ids=REFUSED.values())
def test_the_build_refuses(fault: str, book: Book) -> None:
    result = book.build(GOOD + "\n" + fault)
    assert result.returncode != 0
    assert REFUSED[fault] in result.stderr


def test_the_build_refuses_a_page_without_its_notebook(book: Book) -> None:
    notebook = book.root / "book" / "index.ipynb"
    notebook.unlink()
    result = book.build(GOOD)
    notebook.write_text("{}")
    assert result.returncode != 0
    assert "run `make notebooks`" in result.stderr
