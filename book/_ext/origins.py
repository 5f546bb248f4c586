r"""Every theorem says where it is from, or that it is ours: the tests look for the words.

A citation counts for the statements of its stretch of text: what stands between the statements before and
after it, or the headings. A paragraph that begins with **Sources.** speaks for those that it names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

STATEMENT = re.compile(
    r"^(:{3,})\{prf:(theorem|proposition|lemma|corollary)\}[^\n]*\n:label: (\w+)\n.*?^\1$"
    r"(?:\s*^(:{3,})\{prf:proof\}.*?^\4$)?",
    re.DOTALL | re.MULTILINE,
)
ORIGIN = re.compile(r"\{cite:[tp]\}`|\bours\b")
SOURCES = re.compile(r"^\*\*Sources\.\*\*(?:.+\n)+", re.MULTILINE)
NAMED = re.compile(r"\{prf:ref\}`(?:[^`<]*<)?(\w+)>?`")


def orphans(page: str) -> Iterator[str]:
    """The labels of the statements of a page of which nothing says where they are from."""
    named = {label for found in SOURCES.finditer(page) for label in NAMED.findall(found[0])}
    marks = [0, *sorted(m.start() for m in re.finditer(r"^#+ ", page, re.MULTILINE)), len(page)]
    statements = list(STATEMENT.finditer(page))
    for i, found in enumerate(statements):
        before = max(m for m in marks if m <= found.start())
        after = next(m for m in marks if m >= found.end())
        if i > 0:
            before = max(before, statements[i - 1].end())
        if i + 1 < len(statements):
            after = min(after, statements[i + 1].start())
        if found[3] not in named and not ORIGIN.search(page[before:after]):
            yield found[3]
