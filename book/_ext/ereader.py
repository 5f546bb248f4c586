"""The book for e-readers: `make epub`. Sphinx packs it; what a reader cannot do is left out here.

An e-reader runs no script and may know no colour by name, and its pages are XML. So a page is as on
paper: open, without buttons and forms, of a demo its first frame with its sentence. Formulas are MathML
alone, as EPUB 3 asks; the fonts are those of the reader. The same text gives the same file.
"""

from __future__ import annotations

import hashlib
import html
import posixpath
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import mathematics
from bs4 import BeautifulSoup
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders.epub3 import Epub3Builder
from sphinx.config import Config

import pgcompanion
from pgcompanion import style

SVG = re.compile(r"<svg (.*?)</svg>", re.DOTALL)
NAMED_COLOUR = re.compile(r"var\(--pg-([\w-]+)\)")
LABEL = re.compile(r'aria-label="([^"]*)"')
NOT_ON_PAPER = "script, button, input, textarea, .headerlink, .pg-demo__controls, .pg-check__number"
# What only says how a part behaves in a page: there, `hidden` would hide an answer for good.
BEHAVIOUR = ("hidden", "aria-live", "data-value", "role")
# Two axes that show one image give it one identifier twice, and nothing asks for it.
IMAGE_ID = re.compile(r'(<image [^>]*?)\s*\bid="[^"]*"')
ITEM = re.compile(r'(<item id="[^"]*" href="([^"]*)" media-type="[^"]*") />')


def readable(body: str, images: Path, to_images: str, is_here: Callable[[str], bool]) -> str:
    """The text of a page as XML, for a reader without scripts. Pictures drawn in it become files."""

    def picture(drawn: re.Match[str]) -> str:
        text = IMAGE_ID.sub(r"\1", NAMED_COLOUR.sub(lambda name: style.COLOURS[name[1]], drawn[1]))
        name = f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.svg"
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" {text}</svg>'
        images.mkdir(exist_ok=True)
        (images / name).write_text(svg, encoding="utf-8")
        words = LABEL.search(text)
        return f'<img src="{to_images}{name}" alt="{words[1] if words else ""}">'

    soup = BeautifulSoup(SVG.sub(picture, body), "html.parser")
    for part in soup.select(NOT_ON_PAPER):
        part.decompose()
    for part in soup.select("form, fieldset, label"):
        part.name = "div"
    for part in soup.select("details"):
        part["open"] = "open"
    for part in soup.select("summary:has(.collapsed)"):  # "Show the code" of what is open
        part.string = part.select_one(".collapsed").get_text().removeprefix("Show ").capitalize()
    for link in soup.select("a[href]"):  # the sources that the site shows are not in the book
        if not is_here(link["href"]):
            del link["href"]
    for part in soup.select(f"[{'], ['.join(BEHAVIOUR)}]"):
        for name in BEHAVIOUR:
            del part[name]
    return soup.decode()


class Epub(Epub3Builder):
    """Sphinx's builder, with what EPUB asks of mathematics and cover, and with no trace of the day."""

    def init(self) -> None:
        super().init()
        mathematics.OPTIONS["output"] = "mathml"
        self.config.project = self.config.epub_title = self.config.html_title
        self.config.version = pgcompanion.__version__

    def gen_pages_from_extensions(self) -> None:
        """The site's page for dead links, and the sources that it shows, are not of the book."""

    def copy_static_files(self) -> None:
        """The style sheet and the cover, out of all that the site has."""
        target = Path(self.outdir) / "_static"
        target.mkdir(exist_ok=True)
        for name in ("epub.css", "cover.png"):
            shutil.copy(Path(self.srcdir) / "epub" / name, target)

    def build_content(self) -> None:
        super().build_content()
        path = Path(self.outdir) / "content.opf"
        path.write_text(ITEM.sub(self.declared, path.read_text(encoding="utf-8")), encoding="utf-8")

    def toc_metadata(self, level: int, navpoints: list) -> dict:
        """Both contents name the book alike."""
        uid = html.escape(self.config.epub_identifier)
        return super().toc_metadata(level, navpoints) | {"uid": uid}

    def declared(self, item: re.Match[str]) -> str:
        """An entry of the manifest that says what is special of its file."""
        path = Path(self.outdir) / html.unescape(item[2])
        special = ""
        if path.name == "cover.png":
            special = "cover-image"
        elif path.suffix == ".xhtml" and "<math" in path.read_text(encoding="utf-8"):
            special = "mathml"
        return f'{item[1]} properties="{special}" />' if special else item[0]

    def build_epub(self) -> None:
        names = ["META-INF/container.xml", "content.opf", "toc.ncx", *self.files]
        target = Path(self.outdir) / f"{self.config.epub_basename}.epub"
        with ZipFile(target, "w", ZIP_DEFLATED, compresslevel=9) as packed:
            packed.writestr(ZipInfo("mimetype"), "application/epub+zip", ZIP_STORED)
            for name in names:
                text = (Path(self.outdir) / name).read_bytes()
                packed.writestr(ZipInfo(name), text, ZIP_DEFLATED)


def finish_page(
    app: Sphinx, pagename: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    if app.builder.name != "epub":
        return
    context |= {"metatags": "", "script_files": [], "css_files": ["_static/epub.css"]}
    if "body" in context:
        folder = posixpath.dirname(pagename)

        def is_here(link: str) -> bool:
            page = posixpath.normpath(posixpath.join(folder, urlsplit(link).path))
            elsewhere = urlsplit(link).scheme or link.startswith("#")
            return bool(elsewhere) or page.removesuffix(".xhtml") in app.env.found_docs

        to_images = context["pathto"]("_images/", 1)
        images = Path(app.outdir) / "_images"
        context["body"] = readable(context["body"], images, to_images, is_here)


def settle(app: Sphinx, config: Config) -> None:
    config.epub_cover = (
        "_static/cover.png",
        "epub-cover.html",
    )  # a tuple, which YAML does not have


def setup(app: Sphinx) -> None:
    app.connect("config-inited", settle)
    app.add_builder(Epub, override=True)
    app.connect("html-page-context", finish_page, priority=990)
