"""The package reference: what the site holds of it, and what a build refuses."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest
from notebooks import ROOT
from sphinx.util.inventory import InventoryFile

sys.path.append(str(ROOT / "book" / "_ext"))

import reference_text

NAMES = reference_text.Names(ROOT)
ENTRIES = {f"pgcompanion.{entry.name}": entry for entry in NAMES.entries}
RAW = re.compile(r":(?:math|py:\w+|doc|statement):`|[Ss]tatements?: <code|\[pgcompanion")
CODE = re.compile(r"<pre>.*?</pre>", re.DOTALL)


# --- The built site ---------------------------------------------------------------------------------


def articles(site: Path) -> dict[str, str]:
    """The text of each page of the reference, by its name."""
    pages = {f"reference/{path.name}": path for path in (site / "reference").glob("*.html")}
    article = re.compile(r"<article.*?</article>", re.DOTALL)
    return {name: article.search(path.read_text("utf-8"))[0] for name, path in pages.items()}


def entries(article: str) -> dict[str, str]:
    """What stands below each signature, up to the next one."""
    parts = re.split(r'<dt class="sig[^>]* id="([^"]+)">', article)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.fixture(scope="module")
def written(site: Path) -> dict[str, str]:
    return {name: text for page in articles(site).values() for name, text in entries(page).items()}


def inventory(site: Path) -> dict[str, str]:
    """The address of each Python object, as another book finds it."""
    with (site / "objects.inv").open("rb") as stream:
        kinds = InventoryFile.load(stream, "", lambda base, path: path)
    found = (kinds.get(f"py:{kind}", {}) for kind in ("function", "class", "method", "data"))
    return {name: item[2] for items in found for name, item in items.items()}


def test_every_public_name_has_an_entry_that_others_can_link_to(
    site: Path, written: dict[str, str]
) -> None:
    assert len(ENTRIES) > 100
    assert ENTRIES.keys() - written.keys() == set()
    addresses = inventory(site)
    for name in ENTRIES:
        page, anchor = urldefrag(addresses[name])
        assert f'id="{anchor}"' in (site / page).read_text("utf-8")
    assert "pgcompanion.exact.Values" in ENTRIES
    assert {name.rsplit(".", 1)[1] for name in ENTRIES} >= {"reward_to_go", "gae", "sample"}


def dead(site: Path, page: str, text: str) -> Iterator[str]:
    """The links of a page that lead to no file, or to no part of it."""
    for link in re.findall(r'<a [^>]*href="([^"]+)"', text):
        path, anchor = urldefrag(html.unescape(link))
        if "://" in path:
            continue
        target = (site / page).parent / unquote(path) if path else site / page
        if not target.exists() or (anchor and f'id="{anchor}"' not in target.read_text("utf-8")):
            yield link


def test_every_link_of_an_entry_leads_somewhere(site: Path) -> None:
    for page, text in articles(site).items():
        assert (page, list(dead(site, page, text))) == (page, [])
    faulty = '<a href="exact.html#nothing"></a><a href="nowhere.html"></a><a href="exact.html"></a>'
    assert list(dead(site, "reference/mdp.html", faulty)) == ["exact.html#nothing", "nowhere.html"]


def test_an_entry_links_to_its_statements_and_to_its_source(written: dict[str, str]) -> None:
    for name, entry in ENTRIES.items():
        for label in entry.labels:
            assert f'.html#{label}"' in written[name], (name, label)
        assert (
            f"{entry.path.removesuffix('.py')}.html" in written[name] or "/blob/" in written[name]
        )
    assert not any('.html#no_such_label"' in text for text in written.values())


def test_nothing_is_left_as_it_stands_in_the_docstring(site: Path) -> None:
    pages = articles(site)
    for page, text in pages.items():
        assert (page, RAW.findall(CODE.sub("", text))) == (page, [])
    assert sum(text.count('class="math ') for text in pages.values()) > 200
    assert RAW.search("a :math:`x`")
    assert RAW.search("Statement: <code>npg</code>")


def test_the_statements_link_to_the_entries(site: Path) -> None:
    index = (site / "statement_index.html").read_text("utf-8")
    linked = set(re.findall(r'href="reference/[^"]*#(pgcompanion\.[^"]+)"', index))
    assert len(linked) > 50
    assert linked <= NAMES.by_name.keys()
    chapter = (site / "ppo.html").read_text("utf-8")
    assert 'href="reference/estimators.html#pgcompanion.estimators.gae"' in chapter


# --- A small book -----------------------------------------------------------------------------------

CONF = """
import sys
sys.path.insert(0, "book/_ext")
extensions = ["myst_parser", "sphinx.ext.mathjax", "sphinx_proof", "statements", "reference"]
html_theme = "basic"
nitpicky = True
myst_enable_extensions = ["colon_fence", "dollarmath"]

def setup(app):
    app.add_config_value("pgbook_repository", "", "html", str)
"""
MODULE = '''
"""One room."""

#: The only number (statement: `lemma`).
ZERO = 0

class C:
    """A class (statement: `lemma`)."""

    def value(self):
        """What `f` gives for `C`: a number."""

def f(x, y=None):
    r"""The value :math:`x`.

    Statement: `lemma`. More of `C.value`, `x` and `nothing`.

    Args:
        x, y: arrays, of `ZERO`.

    Raises:
        ValueError: never.

    Example:
        >>> f(1)
        1
    """
'''
FILES = {
    "conf.py": CONF,
    "book/index.md": "# Book\n\n```{toctree}\npage\nroom\nstatement_index\n```\n\n```{rooms}\na\n```\n",
    "book/page.md": "# A page\n\n:::{prf:lemma} Zero\n:label: lemma\n\n$0$.\n:::\n",
    "book/room.md": "# A room\n\n```{room} a\n```\n",
    "book/statement_index.md": "# Index\n\n```{statement-index}\n```\n",
    "pgcompanion/__init__.py": "",
    "pgcompanion/a/__init__.py": '"""One room."""\n'
    "from pgcompanion.a.inner import C, ZERO, f\n__all__ = ['C', 'ZERO', 'f']\n",
    "pgcompanion/a/inner.py": MODULE,
    "pgcompanion/_private.py": "def hidden(): ...\n",
    "tests/test_a.py": "def test_zero(): ...\n",
}
RECORD = [
    {"path": "tests/test_a.py", "name": "test_zero", "labels": ["lemma"]}
    | {"passed": True, "measured": []}
]
Build = Callable[[], subprocess.CompletedProcess[str]]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Build a book of one lemma and one room, warnings as errors."""
    shutil.copytree(ROOT / "book" / "_ext", tmp_path / "book" / "_ext")
    ledger = tmp_path / "book" / "_ext" / "ledger.py"
    emptied = ledger.read_text("utf-8") + '\nBINDING, FORTHCOMING = ["lemma"], {}\n'
    ledger.write_text(emptied, encoding="utf-8")
    for name, content in (FILES | {"_build/statements.json": json.dumps(RECORD)}).items():
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text(content, encoding="utf-8")

    def run() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-c", "."]
        return subprocess.run(
            [*command, "book", "_build/html"], cwd=tmp_path, capture_output=True, text=True
        )

    return run


def test_an_entry_is_the_docstring_with_its_links(build: Build, tmp_path: Path) -> None:
    result = build()
    assert result.returncode == 0, result.stderr
    room = (tmp_path / "_build/html/room.html").read_text("utf-8")
    entry = entries(room)["pgcompanion.a.f"]
    for address in (
        "page.html#lemma",
        "source/pgcompanion/a/inner.html#f",
        "#pgcompanion.a.C.value",
        "#pgcompanion.a.ZERO",
    ):
        assert f'href="{address}"' in entry
    assert "Lemma 1" in entry
    assert ">in <" not in entry
    assert re.search(r"<code[^>]*><span[^>]*>nothing", entry), "a name that is not public is code"
    assert "<strong>x, y</strong>" in entry
    assert '<div class="doctest' in entry
    assert not RAW.search(CODE.sub("", room))
    assert "a.</span>" in room
    assert "pgcompanion.a.</span>" not in room
    for page in ("page", "statement_index"):
        assert 'href="room.html#pgcompanion.a.f"' in (
            tmp_path / f"_build/html/{page}.html"
        ).read_text("utf-8")
    assert 'href="room.html#module-pgcompanion.a"' in (
        tmp_path / "_build/html/index.html"
    ).read_text("utf-8")


# What is changed in the module, and the sentence that must name it.
UNDOCUMENTED = {
    "f": ('r"""The value', 'x = r"""The value', "inner.py: f is public, but has no docstring"),
    "ZERO": ("#: The only", "# The only", "inner.py: ZERO is public, but has no docstring"),
    "C": ('"""A class (', 'x = """A class (', "inner.py: C is public, but has no docstring"),
    "C.value": ('"""What', 'x = """What', "inner.py: C.value is public, but has no docstring"),
}


@pytest.mark.parametrize("name", UNDOCUMENTED)
def test_the_build_refuses_a_public_name_without_a_docstring(
    name: str, build: Build, tmp_path: Path
) -> None:
    before, after, sentence = UNDOCUMENTED[name]
    module = tmp_path / "pgcompanion" / "a" / "inner.py"
    module.write_text(MODULE.replace(before, after), encoding="utf-8")
    result = build()
    assert result.returncode != 0
    assert sentence in result.stderr


def test_the_build_refuses_a_room_without_a_page(build: Build, tmp_path: Path) -> None:
    other = tmp_path / "pgcompanion" / "b.py"
    other.write_text('"""Other."""\ndef g():\n    """Statement: `lemma`."""\n', encoding="utf-8")
    result = build()
    assert result.returncode != 0
    assert "b.g has no entry: no page has the room 'b'" in result.stderr


def test_a_method_without_a_docstring_has_that_of_the_method_it_overrides(
    build: Build, tmp_path: Path
) -> None:
    module = tmp_path / "pgcompanion" / "a" / "inner.py"
    heir = 'class D(C):\n    """An heir (statement: `lemma`)."""\n\n    def value(self):\n        x = 1\n'
    module.write_text(MODULE + "\n" + heir, encoding="utf-8")
    room = tmp_path / "pgcompanion" / "a" / "__init__.py"
    room.write_text(room.read_text("utf-8").replace("C,", "C, D,").replace("'C',", "'C', 'D',"))
    result = build()
    assert result.returncode == 0, result.stderr
    entry = entries((tmp_path / "_build/html/room.html").read_text("utf-8"))["pgcompanion.a.D"]
    assert "Inherits the methods of" in entry
    assert 'href="#pgcompanion.a.C"' in entry
