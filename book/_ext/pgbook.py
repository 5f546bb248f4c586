"""The book's own Sphinx extension: what Jupyter Book leaves open, in small hooks.

1. A page is executed afresh when the package, the environment or Python changes: the cache of
   executed pages lives under a fingerprint: see ahead. It is written in every build: see afresh.
2. Light and dark follow the reader's system from the first visit, without a flash.
3. A page offers its notebook, and links to where it runs: see launch.
4. A published site has a sitemap, previews and a page for dead links: see published.
5. The markup of proofs and citations is the book's own: see pgbook_markup.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
from pathlib import Path

import cells
import ereader
import launch
import mathematics
import pgbook_markup
import published
import search
import strict
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util import logging

ROOT = Path(__file__).resolve().parents[2]
LOGGER = logging.getLogger(__name__)

# Runs before the theme's scripts, since the theme knows "auto" but never starts with it.
EARLY = """
<script>
  try {
    if (!localStorage.getItem("mode")) localStorage.setItem("mode", "auto");
    if (localStorage.getItem("mode") === "auto")
      localStorage.setItem(
        "theme", matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  } catch (refused) {}  // a browser may keep nothing; the page is then light
</script>"""


def digest(*paths: Path) -> str:
    """Hash files, and all the files below folders, by name and content."""
    result = hashlib.sha256(platform.python_version().encode())
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and "__pycache__" not in file.parts:
                result.update(file.name.encode() + file.read_bytes())
    return result.hexdigest()[:16]


def build_afresh(app: Sphinx, config: Config) -> None:
    """Execute pages again when the package changed, and drop the caches of earlier fingerprints."""
    caches = Path(app.outdir).parent / ".jupyter_cache"
    present = caches / digest(ROOT / "requirements.txt", ROOT / "pgcompanion")
    present.mkdir(parents=True, exist_ok=True)
    for old in caches.iterdir():
        if old != present:
            shutil.rmtree(old)
    config.nb_execution_cache_path = str(present)


def check_notebooks(app: Sphinx) -> None:
    """Warn about a page whose notebook is missing, and put the others into the site."""
    target = Path(app.outdir) / "notebooks"
    for pagename in app.env.found_docs:
        notebook = launch.notebook_of(app, pagename)
        if notebook is None or app.builder.name == "epub":
            continue
        if not notebook.exists():
            LOGGER.warning("no notebook beside this page: run `make notebooks`", location=pagename)
            continue
        copy = target / f"{pagename}.ipynb"
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(notebook, copy)


def finish_page(
    app: Sphinx, pagename: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """Add the early script and the buttons to a page, and mend its markup."""
    context["metatags"] = EARLY + context.get("metatags", "")
    if doctree is not None:
        context["header_buttons"].extend(launch.buttons(app, pagename, context))
    if "body" in context:
        context["body"] = pgbook_markup.mend(context["body"])


def setup(app: Sphinx) -> dict:
    os.environ["PGCOMPANION_STATIC"] = "1"  # a page shows its demos without a kernel
    app.setup_extension("afresh")
    app.setup_extension("ahead")
    mathematics.setup(app)
    launch.setup(app)
    published.setup(app)
    cells.setup(app)
    search.setup(app)
    strict.setup(app)
    ereader.setup(app)
    pgbook_markup.setup(app)
    app.connect("config-inited", build_afresh)
    app.connect("env-check-consistency", lambda app, env: check_notebooks(app))
    app.connect("html-page-context", finish_page, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
