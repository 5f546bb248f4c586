"""A page asks for one style sheet and two scripts: theme and extensions bring forty files to each.

What must be known before the text is drawn stays a script that the page waits for. All others run when
the text is there, in their order; they ask for no other moment. Pages with equal lists share the files,
which are named after their content.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import slim

STATIC = "_static"  # where files of this name lie, scripts find what they load later
SHEET = re.compile(r'<link\b(?=[^>]*rel="stylesheet")[^>]*href="([^"?]*)[^"]*"[^>]*>\s*')
SCRIPT = re.compile(r'<script\b[^>]* src="([^"?]*)[^"]*"[^>]*></script>\s*')
PRELOAD = re.compile(r'<link rel="preload" as="script"[^>]*>\s*')
WITHOUT_SCRIPTS = re.compile(r"<noscript>.*?</noscript>", re.DOTALL)
IMPORT = re.compile(r'@import "([^"]+)";|@charset "[^"]*";')
ADDRESS = re.compile(r"url\(([\"']?)(?!data:|#)([^\"')]+)\1\)")
# What the themes do in vain. One measures all boxes of a page whenever something in it changes: site.js
# measures those that are shown. The other looks in the whole page for notes in a margin, which the book has not.
IN_VAIN = re.compile(
    r'document\.querySelectorAll\(\["pre",[^\]]*\]\.join\(", "\)\)\.forEach\((\w)=>{\1\.tabIndex=[^}]*}\)'
    r'|document\.querySelectorAll\((\w)\.join\(", "\)\)\.forEach\(\((\w)=>{\w\.observe\(\3\)}\)\),'
)
OWN = Path(__file__).parents[1] / "site"
WAITED_FOR = "fonts.js"  # and what comes before all styles: the theme, light or dark


def joined(folder: str, address: str) -> str:
    return posixpath.normpath(posixpath.join(folder, address))


def sheet(site: Path, name: str) -> str:
    """A style sheet as it reads in the folder of all: with what it imports, and addresses from there."""
    folder = posixpath.dirname(name)
    text = IMPORT.sub(
        lambda m: sheet(site, joined(folder, m[1])) if m[1] else "",
        (site / name).read_text(encoding="utf-8"),
    )
    here = posixpath.relpath(folder, STATIC)
    return ADDRESS.sub(lambda m: f'url("{joined(here, m[2])}")', text)


def is_own(name: str) -> bool:
    """Whether a sheet is the book's: all of it is used, partly by names that scripts put together."""
    return "vendor" not in name and (OWN / posixpath.relpath(name, STATIC)).exists()


def script(site: Path, name: str) -> str:
    """A script among others: a semicolon before it, so that its first words are no directive for all."""
    return ";" + IN_VAIN.sub("", (site / name).read_text(encoding="utf-8"))


def settings_first(name: str) -> int:
    """What the others are told stands behind some of them in a page, and they would look for it too early."""
    return 0 if name == f"{STATIC}/documentation_options.js" else 1 if "/inline/" in name else 2


def found(pattern: re.Pattern[str], text: str, folder: str) -> list[str]:
    """The files that a page asks for, as seen from the site."""
    return [joined(folder, match[1]) for match in pattern.finditer(text)]


def lists(site: Path, page: Path, text: str) -> tuple[str, tuple[tuple[str, ...], ...]]:
    """The text of a page without its files; and these: styles, scripts waited for, and the others."""
    folder = posixpath.dirname(page.relative_to(site).as_posix())
    without = WITHOUT_SCRIPTS.search(text)
    text = PRELOAD.sub("", text.replace(without[0], "", 1) if without else text)
    first = SHEET.search(text)
    assert first is not None
    sheets, before = found(SHEET, text, folder), found(SCRIPT, text[: first.start()], folder)
    scripts = found(SCRIPT, text, folder)
    early = [name for name in scripts if name in before or name == f"{STATIC}/{WAITED_FOR}"]
    late = sorted((name for name in scripts if name not in early), key=settings_first)
    place = "<head>" if without is None else f"<head>{without[0]}"
    text = SCRIPT.sub("", SHEET.sub("", text)).replace("<head>", place, 1)
    return text, (tuple(sheets), tuple(early), tuple(late))


def bundle(site: Path, pages: Iterable[Path]) -> None:
    """Give each page of a site its three files. One that leads to another page at once has no styles."""
    texts = {page: page.read_text(encoding="utf-8") for page in pages}
    styled = {page: text for page, text in texts.items() if SHEET.search(text)}
    for earlier in (site / STATIC).glob("[0-9a-f]" * 8 + ".*"):
        earlier.unlink()
    alike = defaultdict(dict[Path, str])
    for page, whole in styled.items():
        text, files = lists(site, page, whole)
        alike[files][page] = text
    words = slim.words(site, styled)

    @cache  # many pages have it in their lists
    def used(site: Path, name: str) -> str:
        text = sheet(site, name)
        return text if is_own(name) else slim.slim(text, words)

    def keep(names: Iterable[str], read: Callable[[Path, str], str], suffix: str) -> str:
        text = "\n".join(read(site, name) for name in names)
        name = f"{STATIC}/{hashlib.sha256(text.encode()).hexdigest()[:8]}.{suffix}"
        (site / name).write_text(text, encoding="utf-8")
        return name

    for (sheets, early, late), texts in alike.items():
        styles = keep(sheets, used, "css")
        first, then = keep(early, script, "js"), keep(late, script, "js")
        for page, text in texts.items():
            root = "../" * (len(page.relative_to(site).parts) - 1)
            head = (
                f'<link rel="stylesheet" href="{root}{styles}">\n<script src="{root}{first}"></script>\n'
                f'<script defer src="{root}{then}"></script>\n</head>'
            )
            page.write_text(text.replace("</head>", head, 1), encoding="utf-8")
