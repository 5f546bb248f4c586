"""What only a published site needs: a sitemap, previews for links to it, a page for dead links, and
llms.txt, a list of the pages for language models.

The address of the site is the environment variable PGCOMPANION_SITE. Without it there is no sitemap,
and a preview has no picture, since both need whole addresses.
"""

from __future__ import annotations

import html
import os
import re
from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

VARIABLE = "PGCOMPANION_SITE"
PICTURE = "_static/preview.png"
FORMULA = "\ufffc"
ENOUGH, LONGEST = 60, 200  # letters of a description
LOST = """<h1>There is no such page</h1>
<p>The address may have changed. The search, the contents beside this text, or
<a href="{home}">the first page</a> will find what you look for.</p>"""


def settle(app: Sphinx, config: Config) -> None:
    """Sphinx writes the canonical address of each page from this."""
    if address := os.environ.get(VARIABLE, "").rstrip("/"):
        config.html_baseurl = f"{address}/"


def description(doctree: nodes.document) -> str:
    """The first sentences of a page that hold no formula, cut at a word: a preview sets no mathematics."""
    chosen = ""
    for paragraph in doctree.findall(nodes.paragraph):
        for sentence in sentences(paragraph):
            if FORMULA not in sentence and len(chosen) < ENOUGH:
                chosen = f"{chosen} {sentence}".strip()
        if len(chosen) >= ENOUGH:
            break
    return chosen if len(chosen) <= LONGEST else chosen[:LONGEST].rsplit(" ", 1)[0] + " ..."


def sentences(paragraph: nodes.paragraph) -> list[str]:
    """The sentences of a paragraph, with a mark for each formula."""
    bare = paragraph.deepcopy()
    for formula in list(bare.findall(nodes.math)):
        formula.replace_self(nodes.Text(FORMULA))
    words = re.sub(r"\s+", " ", bare.astext()).strip()
    return re.findall(r".+?[.!?](?=\s|$)", words)


def preview(app: Sphinx, context: dict, doctree: nodes.document) -> str:
    """What a messenger shows of a link to a page."""
    title = re.sub(r"<[^>]+>", "", context["title"])
    tags = {
        "og:type": "article",
        "og:site_name": app.config.html_title,
        "og:title": html.unescape(title),
        "og:description": description(doctree),
    }
    if base := app.config.html_baseurl:
        tags |= {"og:url": base + context["pagename"] + ".html", "og:image": base + PICTURE}
    return "".join(
        f'\n<meta property="{name}" content="{html.escape(text)}">' for name, text in tags.items()
    )


def finish_page(
    app: Sphinx, pagename: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    if doctree is not None:
        context["metatags"] = context.get("metatags", "") + preview(app, context, doctree)
        app.env.metadata[pagename]["description"] = description(doctree)
    elif pagename == "404" and app.config.html_baseurl:
        # A server shows this page under any address, so that relative links need a base.
        base = f'\n<base href="{html.escape(app.config.html_baseurl)}">'
        context["metatags"] = base + context.get("metatags", "")


def lost(app: Sphinx) -> Iterator[tuple[str, dict, str]]:
    """The page that a server shows for an address that it does not have."""
    body = LOST.format(home=f"{app.config.root_doc}.html")
    yield "404", {"title": "There is no such page", "body": body, "parents": []}, "page.html"


def write_sitemap(app: Sphinx, error: Exception | None) -> None:
    """Every page of the contents, for search engines."""
    base = app.config.html_baseurl
    if error or not base or app.builder.format != "html":
        return
    pages = sorted(app.env.found_docs)
    rows = "".join(f"<url><loc>{html.escape(base + page)}.html</loc></url>\n" for page in pages)
    schema = "http://www.sitemaps.org/schemas/sitemap/0.9"
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="{schema}">\n{rows}</urlset>\n'
    (Path(app.outdir) / "sitemap.xml").write_text(text, encoding="utf-8")


def in_order(app: Sphinx, page: str) -> Iterator[str]:
    """A page, and those below it in the contents."""
    yield page
    for below in app.env.toctree_includes.get(page, []):
        yield from in_order(app, below)


def write_llms(app: Sphinx, error: Exception | None) -> None:
    """The pages with a sentence each, as llmstxt.org proposes; each has its notebook beside the site's."""
    if error or app.builder.name != "html":
        return
    rows = [
        f"- [{app.env.titles[page].astext()}]({app.config.html_baseurl}{page}.html): "
        f"{app.env.metadata[page]['description']}\n"
        for page in in_order(app, app.config.root_doc)
    ]
    head = (
        f"# {app.config.html_title}\n\n> {app.env.metadata[app.config.root_doc]['description']}\n\n"
    )
    text = f"{head}## Pages\n\n{''.join(rows)}"
    (Path(app.outdir) / "llms.txt").write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> None:
    app.connect("config-inited", settle)
    app.connect("html-page-context", finish_page, priority=700)
    app.connect("html-collect-pages", lost)
    app.connect("build-finished", write_sitemap)
    app.connect("build-finished", write_llms)
