"""A page that needs nothing but its own files: what a strict content policy asks for.

Theme and extensions write scripts, styles and icons into each page. After the build these move into
files of `_static/inline`, named after their content, so that equal ones are stored once. Then a
policy in the head of each page forbids everything else: a script in the text of a page, or a
request to another host, is refused by the browser.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import bundle
import figures
from sphinx.application import Sphinx

POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'self'",
    ]
)
# A page whose cells run says so, and may start a worker that holds Python as WebAssembly.
RUNS = '\n<meta name="pg-runs" content="yes">'


def policy(page: str) -> str:
    text = POLICY
    if RUNS in page:
        text = text.replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'")
        text += "; worker-src blob:"
    return f'<meta http-equiv="Content-Security-Policy" content="{text}">'


FOLDER = Path("_static") / "inline"

SCRIPT = re.compile(
    r"<script((?:\s(?!src=|type=)[\w-]+(?:=\"[^\"]*\")?)*)>(.*?)</script>", re.DOTALL
)
STYLE = re.compile(r"<style[^>]*>(.*?)</style>", re.DOTALL)
TAG = re.compile(r"<[a-zA-Z][^<>]*? style=\"[^\"]*\"[^<>]*>")
OWN_STYLE = re.compile(r' style="([^"]*)"')
CLASS = re.compile(r' class="([^"]*)"')
# The theme's icons are drawn by icons.css, and the search is the book's own: what both had instead
# stays out of the pages.
LEFT_OUT = re.compile(
    r"<script[^>]*(?:fontawesome|searchtools|language_data|searchindex|sphinx_highlight)\.js[^>]*>"
    r"</script>\s*|<link[^>]*webfonts[^>]*>"
)
PAGE = re.compile(r"<script>DOCUMENTATION_OPTIONS.pagename = '([^']*)';</script>")
NAMED = (
    """<script>DOCUMENTATION_OPTIONS.pagename = document.documentElement.dataset.page;</script>"""
)
# Sphinx adds a sum to what an earlier build has left, so that a second build would give another page.
SUM = re.compile(r'(\.(?:css|js))\?v=[0-9a-f]{8}"')
# A name or a bracket of code has the colour of the code around it, and needs no element.
UNCOLOURED = re.compile(r'<span class="[np]">([^<]*)</span>')
DATA = re.compile(r"(<script type=\"application/json\".*?</script>)", re.DOTALL)


class Strict:
    """The files that take up what the pages of a site held inline."""

    def __init__(self, site: Path) -> None:
        self.site, self.styles = site, dict[str, str]()
        (site / FOLDER).mkdir(parents=True, exist_ok=True)

    def page(self, path: Path) -> None:
        text = figures.inline(path.read_text(encoding="utf-8"), path.parent)
        root = "../" * (len(path.relative_to(self.site).parts) - 1)
        parts = DATA.split(text)
        parts[::2] = [self.part(part, root) for part in parts[::2]]
        sheet = f'<link rel="stylesheet" href="{root}{FOLDER.as_posix()}/attributes.css">'
        text = "".join(parts)
        text = text.replace("<head>", f"<head>\n{policy(text)}", 1)
        path.write_text(text.replace("</head>", f"{sheet}\n</head>", 1), encoding="utf-8")

    def part(self, text: str, root: str) -> str:
        """Text outside of data: scripts, styles and attributes are moved into files."""
        text = SUM.sub(r'\1"', UNCOLOURED.sub(r"\1", LEFT_OUT.sub("", text)))
        if name := PAGE.search(text):  # the one script that differs from page to page
            text = text.replace(name[0], NAMED).replace("<html", f'<html data-page="{name[1]}"', 1)
        text = SCRIPT.sub(lambda m: self.script(m, root), text)
        text = STYLE.sub(lambda m: self.style(m, root), text)
        text = text.replace(' onclick="window.print()"', " data-pg-print")
        return TAG.sub(self.attribute, text)

    def script(self, match: re.Match[str], root: str) -> str:
        name = self.keep(match[2], "js")
        return f'<script{match[1]} src="{root}{name}"></script>'

    def style(self, match: re.Match[str], root: str) -> str:
        return f'<link rel="stylesheet" href="{root}{self.keep(match[1], "css")}">'

    def keep(self, content: str, suffix: str) -> str:
        name = (FOLDER / f"{digest(content)}.{suffix}").as_posix()
        (self.site / name).write_text(content, encoding="utf-8")
        return name

    def attribute(self, match: re.Match[str]) -> str:
        """A tag whose style has become a class."""
        style = OWN_STYLE.search(match[0])
        assert style is not None
        name = self.styles.setdefault(style[1], f"_{len(self.styles):x}")
        tag = match[0].replace(style[0], "", 1)
        if CLASS.search(tag):
            return CLASS.sub(lambda m: f' class="{m[1]} {name}"', tag, count=1)
        return re.sub(r"^<[\w-]+", lambda m: f'{m[0]} class="{name}"', tag)

    def finish(self) -> None:
        rules = "".join(f".{name}{{{style}}}\n" for style, name in self.styles.items())
        (self.site / FOLDER / "attributes.css").write_text(rules, encoding="utf-8")


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def tighten(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.format != "html":
        return
    site = Path(app.outdir)
    strict = Strict(site)
    pages = [path for path in sorted(site.rglob("*.html")) if site / "_static" not in path.parents]
    for path in pages:
        strict.page(path)
    strict.finish()
    bundle.bundle(site, pages)


def setup(app: Sphinx) -> dict:
    app.add_css_file("icons.css")
    app.connect("build-finished", tighten, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
