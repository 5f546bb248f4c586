"""The buttons above a page, in the theme's own terms: run it, save it, see its source.

The theme can draw some of them. On MyST pages its own would open the text instead of the notebook,
and they need the repository's address where these leave out what would not work.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import repository
from sphinx.application import Sphinx

BOOK = "book"  # the folder of the pages, from the root of the repository
# Where `make pdf` and `make epub` put the whole book, from the root of the site.
WHOLE = {"pdf": "pgcompanion.pdf", "epub": "pgcompanion.epub"}
Button = dict[str, object]


def notebook_of(app: Sphinx, pagename: str) -> Path | None:
    """The notebook beside a page, if the page is one."""
    if "kernelspec" not in app.env.metadata.get(pagename, {}):
        return None
    return Path(app.srcdir) / f"{pagename}.ipynb"


def buttons(app: Sphinx, pagename: str, context: dict) -> list[Button]:
    """The groups of buttons above a page; those without a button are left out."""
    groups = [
        group("Run this page", "fas fa-rocket", "launch", launches(app, pagename)),
        group("Download this page", "fas fa-download", "download", files(app, pagename, context)),
        group("Source of this page", "fas fa-code-branch", "source", sources(app, pagename)),
    ]
    return [group for group in groups if group["buttons"]]


def group(tooltip: str, icon: str, label: str, inner: Iterator[Button]) -> Button:
    return {
        "type": "group",
        "tooltip": tooltip,
        "icon": icon,
        "label": label,
        "buttons": list(inner),
    }


def link(url: str, text: str, icon: str, label: str) -> Button:
    return {"type": "link", "url": url, "text": text, "icon": icon, "label": label}


def launches(app: Sphinx, pagename: str) -> Iterator[Button]:
    """Where the notebook of a page can be run with one click; its cells run in the page itself, too."""
    file = notebook_of(app, pagename)
    if file is None:
        return
    notebook = f"{BOOK}/{pagename}.ipynb"
    public = repository.read(app.config.pgbook_repository)
    if public and installs(file, public) and (url := public.colab(notebook)):
        yield link(url, "Colab", "fas fa-cloud", "launch-colab")
    if public and (url := public.binder(notebook)):
        yield link(url, "Binder", "fas fa-server", "launch-binder")


def installs(notebook: Path, public: repository.Repository) -> bool:
    """Whether a notebook, opened where the package is missing, installs it from that repository.

    Colab opens what is committed, so that the build says nothing that `make notebooks` did not write.
    """
    held = json.loads(notebook.read_text(encoding="utf-8")) if notebook.exists() else {}
    code = [cell for cell in held.get("cells", []) if cell["cell_type"] == "code"]
    return bool(code) and f"@ {public.archive}" in "".join(code[0]["source"])


def files(app: Sphinx, pagename: str, context: dict) -> Iterator[Button]:
    """What can be saved of a page."""
    if notebook_of(app, pagename):
        url = context["pathto"](f"notebooks/{pagename}.ipynb", 1)
        yield link(url, "Notebook (.ipynb)", "fas fa-code", "download-notebook")
    for form in app.config.pgbook_whole:
        url = context["pathto"](WHOLE[form], 1)
        yield link(url, f"The whole book (.{form})", "fas fa-book", f"download-book-{form}")
    yield {
        "type": "javascript",
        "javascript": "window.print()",
        "text": "Print or save as PDF",
        "icon": "fas fa-file-pdf",
        "label": "download-pdf",
    }


def sources(app: Sphinx, pagename: str) -> Iterator[Button]:
    """The repository, and the text of the page in it."""
    public = repository.read(app.config.pgbook_repository)
    if public:
        page = f"{BOOK}/{pagename}.md"
        yield link(public.address, "Repository", "fas fa-code-branch", "repository")
        yield link(public.file(page), "Text of this page", "fas fa-file-lines", "source")
        yield link(public.edit(page), "Edit this page", "fas fa-pencil", "edit")


def setup(app: Sphinx) -> None:
    app.add_config_value("pgbook_repository", "", "html", str)
    app.add_config_value("pgbook_whole", [], "html", list)

    def settle(app: Sphinx, config: object) -> None:
        """The environment goes before `_config.yml`; what else the site contains shows."""
        app.config.pgbook_repository = os.environ.get(
            repository.VARIABLE, app.config.pgbook_repository
        )
        app.config.pgbook_whole = [
            form for form, name in WHOLE.items() if (Path(app.outdir) / name).exists()
        ]

    app.connect("config-inited", settle)
