"""Print the built book into one file: `make pdf`.

Each page is opened in a headless Chromium, typeset and unfolded; its text is then laid into one long
page (see pdf.js), so that numbers run through and links lead on. That page is printed twice: the
first print tells on which sheet each heading stands, the second has it in the contents.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import chromium
import notebooks
import pdf_size
import yaml
from pikepdf import OutlineItem, Pdf
from playwright.sync_api import Browser, Page, sync_playwright
from pypdf import PageObject, PdfReader
from pypdf.generic import Destination

import pgcompanion

SITE = notebooks.ROOT / "_build" / "html"
TARGET = SITE / "pgcompanion.pdf"
TOOLS = Path(__file__).parent
Article = dict  # what pgArticle of pdf.js returns
Sheets = dict[str, int]  # identifier of a heading -> index of its sheet


def settings() -> tuple[str, str]:
    """The title of the book, and its author."""
    config = yaml.safe_load((notebooks.ROOT / "_config.yml").read_text(encoding="utf-8"))
    return config["title"], config["author"]


def captions() -> dict[str, str]:
    """The name of each part of the book, by its first page."""
    toc = yaml.safe_load((notebooks.ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return {next(notebooks.toc_files(part)): part["caption"] for part in toc["parts"]}


def visit(page: Page, site: Path, name: str) -> None:
    page.goto(f"{site.as_uri()}/{name}.html")
    page.evaluate(chromium.TYPESET)


def gather(page: Page, site: Path, names: list[str]) -> Iterator[Article]:
    """The text of each page, as it is printed."""
    for i, name in enumerate(names):
        print(f"[{i + 1:2}/{len(names)}] {name}", flush=True)
        visit(page, site, name)
        call = "([name, root, names]) => pgArticle(name, root, names)"
        yield page.evaluate(call, [name, f"{site.as_uri()}/", names])


def title_page(site: Path) -> str:
    title, author = map(html.escape, settings())
    return f"""<section class="bd-article pg-title"><img src="{site.as_uri()}/_static/logo.svg" alt="">
<p class="pg-title__name">{title}</p><p>{author}</p>
<p>Version {pgcompanion.__version__}. Printed from the pages of the book, where every demo moves.</p>
</section>"""


def contents(names: list[str], articles: list[Article], sheets: Sheets) -> str:
    """The headings of the book with the numbers of their sheets."""
    parts, rows = captions(), []
    for name, article in zip(names, articles, strict=True):
        if name in parts:
            rows.append(f'<p class="pg-contents__part">{html.escape(parts[name])}</p>')
        for heading in article["headings"]:
            number = sheets.get(heading["id"], -1) + 1
            rows.append(
                f'<a class="pg-contents__{heading["level"]}" href="#{heading["id"]}">'
                f'<span>{heading["html"]}</span><span class="pg-contents__number">{number}</span></a>'
            )
    rows = "\n".join(rows)
    return f'<nav class="bd-article pg-contents"><p class="pg-contents__title">Contents</p>{rows}</nav>'


def running_heads(articles: list[Article]) -> str:
    """A style that prints the name of a page at the head of its sheets."""
    rules = []
    for i, article in enumerate(articles):
        name = article["headings"][0]["text"].replace('"', '\\"')
        rules.append(f'@page pg-{i} {{ @top-right {{ content: "{name}" }} }}')
        rules.append(f"article:nth-of-type({i + 1}) {{ page: pg-{i} }}")
    return "\n".join(rules)


def sheets_of(printed: Path, articles: list[Article]) -> tuple[Sheets, dict[str, Destination]]:
    """Where each heading stands in a print."""
    reader = PdfReader(printed)
    places = {name.removeprefix("/"): place for name, place in reader.named_destinations.items()}
    wanted = [heading["id"] for article in articles for heading in article["headings"]]
    return {id: reader.get_destination_page_number(places[id]) for id in wanted}, places


def settled(printed: bytes) -> bytes:
    """A print without what differs from one time to the next: its dates, and the browser's numbers of
    the headings of tables, which become ranks. Everything keeps its length, and so its place."""
    dates = re.compile(rb"/(?:CreationDate|ModDate) \(D:[^)]*\)")
    node = re.compile(rb"node\d{8}")
    ranks = {name: b"node%08d" % i for i, name in enumerate(sorted(set(node.findall(printed))))}
    undated = dates.sub(lambda date: b" " * len(date[0]), printed)
    return node.sub(lambda name: ranks[name[0]], undated)


def bind(printed: Path, target: Path, articles: list[Article]) -> None:
    """Make a print smaller, and add the outline, the title and the author."""
    sheets, places = sheets_of(printed, articles)

    def entry(heading: dict) -> OutlineItem:
        id = heading["id"]
        return OutlineItem(heading["text"], sheets[id], "XYZ", left=0, top=float(places[id].top))

    with Pdf.open(printed) as book:
        with book.open_outline() as outline:
            for article in articles:
                for heading in article["headings"]:
                    top = heading["level"] == 1
                    (outline.root if top else outline.root[-1].children).append(entry(heading))
        title, author = settings()
        book.docinfo["/Title"], book.docinfo["/Author"] = title, author
        pdf_size.shrink(book)
        whole = target.with_suffix(".whole.pdf")
        book.save(whole, **pdf_size.SAVED)
    whole.replace(target)


def make(browser: Browser, site: Path, names: list[str], target: Path) -> None:
    """Print these pages of the site, in this order."""
    page = browser.new_page(color_scheme="light", reduced_motion="reduce", bypass_csp=True)
    page.add_init_script(path=TOOLS / "pdf.js")
    articles = list(gather(page, site, names))
    style = (TOOLS / "pdf.css").read_text(encoding="utf-8") + running_heads(articles)
    draft, sheets, before = target.with_suffix(".draft.pdf"), {}, None
    while sheets != before:
        print("printing, to number the pages" if before is None else "printing", flush=True)
        visit(page, site, names[0])
        front = title_page(site) + contents(names, articles, sheets)
        page.evaluate(
            "([front, articles, style]) => pgBook(front, articles, style)", [front, articles, style]
        )
        page.evaluate(chromium.TYPESET)
        page.pdf(path=draft, prefer_css_page_size=True, print_background=True, tagged=True)
        draft.write_bytes(settled(draft.read_bytes()))
        before, (sheets, _) = sheets, sheets_of(draft, articles)
    page.close()
    bind(draft, target, articles)
    draft.unlink()


HEAVY = 10  # MB
FOOT, HEIGHT = 68, 842  # in points: where the number of a sheet stands, and A4


def filled(sheet: PageObject) -> float:
    """The part of a sheet above its last line of text, be it of a picture."""
    heights: list[float] = []

    def note(text: str, cm: list[float], tm: list[float], *_: object) -> None:
        height = cm[1] * tm[4] + cm[3] * tm[5] + cm[5]
        if text.strip() and height > FOOT:
            heights.append(height)

    sheet.extract_text(visitor_text=note)
    return 1 - (min(heights, default=HEIGHT) - FOOT) / (HEIGHT - FOOT)


def mostly_empty(book: PdfReader) -> list[int]:
    """The numbers of the sheets that are less than two fifths full, where no page of the site ends."""
    tops = [item for item in book.outline if not isinstance(item, list)]
    starts = {book.get_destination_page_number(item) for item in tops}
    inner = range(min(starts), len(book.pages) - 1)
    return [i + 1 for i in inner if i + 1 not in starts and filled(book.pages[i]) < 0.4]


def report(target: Path) -> str:
    book, size = PdfReader(target), target.stat().st_size / 1e6
    over = f", more than {HEAVY}" if size > HEAVY else ""
    empty = ", ".join(map(str, mostly_empty(book))) or "none"
    return f"{len(book.pages)} sheets, {size:.1f} MB{over}; mostly empty: {empty}."


def main() -> None:
    path = chromium.needed()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=chromium.FLAGS)
        make(browser, SITE, notebooks.contents(), TARGET)
        browser.close()
    print(f"The book is printed: {report(TARGET)}")
    print(f"Open file://{TARGET}")


if __name__ == "__main__":
    main()
