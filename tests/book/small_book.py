"""A book of two pages with the configuration of the real one, to see what a build does."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

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
PREVIEW = re.compile(r'<meta property="(og:[\w:]+)" content="([^"]*)"')
DEEP = "# A page in a folder\n\nIt stands below the others.\n"


def configuration() -> dict:
    """The real configuration, without the extensions that speak of the real chapters."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    local = {path.stem for path in (ROOT / "book" / "_ext").glob("*.py")} - {"pgbook"}
    settings = config["sphinx"]["config"]
    settings["extensions"] = [name for name in settings["extensions"] if name not in local]
    return config


def preview(site: Path, page: str) -> dict[str, str]:
    """What a link to a page shows of it."""
    return dict(PREVIEW.findall((site / f"{page}.html").read_text(encoding="utf-8")))


class Book:
    """The first page is a notebook; the second stands in a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copytree(ROOT / "book" / "_ext", root / "book" / "_ext")
        for name in ("site", "epub"):
            shutil.copytree(ROOT / "book" / name, root / "book" / name)
        for name in ("requirements.txt", "book/references.bib"):
            shutil.copyfile(ROOT / name, root / name)
        (root / "_config.yml").write_text(yaml.safe_dump(configuration()))
        toc = {"format": "jb-book", "root": "index", "chapters": [{"file": "deep/page"}]}
        (root / "_toc.yml").write_text(yaml.safe_dump(toc))
        (root / "book" / "index.ipynb").write_text("{}")
        (root / "book" / "deep").mkdir()
        (root / "book" / "deep" / "page.md").write_text(DEEP)
        self.module = root / "pgcompanion" / "module.py"
        self.module.parent.mkdir()
        self.module.write_text("")

    def build(
        self, text: str, tool: str = "build.py", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """What `make book` runs, to its end."""
        building = self.start(text, tool, **environment)
        out, err = building.communicate()
        return subprocess.CompletedProcess(building.args, building.returncode, out, err)

    def start(self, text: str, tool: str = "build.py", **environment: str) -> subprocess.Popen[str]:
        page = HEADER + text + "\n\n```{bibliography}\n```\n"
        (self.root / "book" / "index.md").write_text(page, encoding="utf-8")
        # Its notebook is empty, so there are no cells to run in the page.
        own = os.environ | {"PGCOMPANION_RUNTIME": ""} | environment
        return subprocess.Popen(
            [sys.executable, ROOT / "tools" / tool],
            cwd=self.root,
            env=own,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @property
    def site(self) -> Path:
        return self.root / "_build" / "html"

    @property
    def html(self) -> str:
        return (self.site / "index.html").read_text(encoding="utf-8")
