"""Of the style sheets of theme and extensions the site keeps what some page can use.

They are made for every site there could be: four fifths of them are for icons, buttons and grids that
the book does not have. A rule stays unless each of its selectors asks for a class whose name occurs
neither in a page nor in a script of the site.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import tinycss2
from tinycss2.ast import Node

NESTED = ("media", "supports")
CLASS = re.compile(r"\.((?:[\w-]|\\.)+)")
BRACKETS = re.compile(r"\([^()]*\)")
WORD = re.compile(r"[\w-]+")
# The theme's ring around a title whose button has one, sought at every change of a page: milliseconds each.
RING = re.compile(r":has\(:focus-visible\)\S* ")


def can_match(selector: str, words: set[str]) -> bool:
    """Whether all classes that a selector asks for may occur; `:is(h1, .h1)` asks for none."""
    if RING.search(selector):
        return False
    while BRACKETS.search(selector):
        selector = BRACKETS.sub("", selector)
    return all(name in words or "\\" in name for name in CLASS.findall(selector))


def selectors(prelude: Iterable[Node]) -> Iterator[str]:
    """The selectors of a rule, which are set apart by commas."""
    part: list[Node] = []
    for token in prelude:
        if token.type == "literal" and token.value == ",":
            yield tinycss2.serialize(part)
            part = []
        else:
            part.append(token)
    yield tinycss2.serialize(part)


def kept(rules: Iterable[Node], words: set[str]) -> Iterator[str]:
    """The rules that some element may meet, each without the selectors that none does."""
    for rule in rules:
        if rule.type == "qualified-rule":
            found = [each for each in selectors(rule.prelude) if can_match(each, words)]
            if found:
                yield f"{','.join(found)}{{{tinycss2.serialize(rule.content)}}}"
        elif rule.type == "at-rule" and rule.lower_at_keyword in NESTED:
            inner = "".join(kept(tinycss2.parse_rule_list(rule.content), words))
            if inner:
                yield f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{inner}}}"
        else:
            yield rule.serialize()


def slim(sheet: str, words: set[str]) -> str:
    rules = tinycss2.parse_stylesheet(sheet, skip_comments=True, skip_whitespace=True)
    return "".join(kept(rules, words))


def words(site: Path, pages: Iterable[Path]) -> set[str]:
    """What stands in the pages of a site, and in its scripts: some of it names classes."""
    scripts = [path for path in (site / "_static").rglob("*.js") if "vendor" not in path.parts]
    return {
        word
        for file in [*pages, *scripts]
        for word in WORD.findall(file.read_text(encoding="utf-8"))
    }
