r"""A theorem that differentiates says why it may: the build looks for the words.

A statement with a :math:`\nabla` or a :math:`\partial` in it has to call something differentiable or
smooth. A paragraph of the page that begins with **Throughout** and does so speaks for all statements
below it. Whether what is said is enough, no machine sees; that nothing is said, this one does.
Definitions and algorithms claim nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

STATEMENT = re.compile(
    r"^(:{3,})\{prf:(?:theorem|proposition|lemma|corollary)\}[^\n]*\n:label: (\w+)\n(.*?)^\1$",
    re.DOTALL | re.MULTILINE,
)
DIFFERENTIATES = re.compile(r"\\nabla|\\partial")
REGULAR = re.compile(r"differentiab|smooth", re.IGNORECASE)
THROUGHOUT = re.compile(r"^\*\*Throughout\*\*(?:.+\n)+", re.MULTILINE)

# Statements that do not say it yet. A label that is no longer needed here is a fault, too.
OPEN: frozenset[str] = frozenset()


def silent(page: str) -> Iterator[str]:
    """The labels of the statements of a page that differentiate and say nothing of smoothness."""
    standing = [p.start() for p in THROUGHOUT.finditer(page) if REGULAR.search(p[0])]
    for found in STATEMENT.finditer(page):
        covered = any(start < found.start() for start in standing)
        if DIFFERENTIATES.search(found[3]) and not (covered or REGULAR.search(found[3])):
            yield found[2]


def faults(page: str, known: Collection[str] = OPEN) -> Iterator[str]:
    """One sentence for each statement of a page without its hypothesis."""
    for label in silent(page):
        if label not in known:
            yield f"{label!r} differentiates, but calls nothing differentiable or smooth."


def overdue(pages: Collection[str], known: Collection[str] = OPEN) -> Iterator[str]:
    """One sentence for each statement that is said to be silent and is not."""
    for label in sorted(set(known).difference(*map(silent, pages))):
        yield f"OPEN lists {label!r}, which is not silent any more: take it off the list."
