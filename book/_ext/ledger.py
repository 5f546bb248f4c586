"""What the book states, what computes it, what tests it; and the checks that tie the three.

Docstrings and test markers name the labels, and no other table does. All of this is plain data:
`statements.py` brings it from Sphinx and back.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from docstrings import Function

# Links from elsewhere lead to these: the labels of the chapter that the book follows.
BINDING = [
    "pg_chapter",
    "objective_fn",
    "trajectories",
    "autoregressive_trajectories",
    "reinforce_pg",
    "pg_with_q",
    "pg_baseline",
    "pg_advantage",
    "pg_baseline_algorithm",
    "parameterizations",
    "pdl",
    "kld",
    "trpo",
    "importance_sampling",
    "trpo_implement",
    "fisher_matrix",
    "npg",
    "natural_simple",
    "ppo",
]

# Labels of pages that are still to be written, each with its page. Empty when the book is complete.
FORTHCOMING: dict[str, str] = {}


@dataclass(frozen=True)
class Statement:
    """A numbered statement of the book."""

    label: str
    number: str  # "Theorem 3.2"
    page: str


@dataclass(frozen=True)
class Measurement:
    """The largest deviation that a check found, and over how many cases."""

    kind: str  # "error" or "z-score"
    worst: float
    over: int
    of: str = "trajectories"

    def __str__(self) -> str:
        value = f"{self.worst:.1f}" if self.kind == "z-score" else scientific(self.worst)
        return f"largest {self.kind} {value} over {counted(self.over, self.of)}"


@dataclass(frozen=True)
class Check:
    """A test that carries labels; all its parameters count as one."""

    path: str
    name: str
    labels: tuple[str, ...]
    passed: bool = True
    measured: tuple[Measurement, ...] = ()


# They hold a picture to its numbers, which is no proof of the statement that it illustrates.
ILLUSTRATIONS = "tests/demos/"


def proofs(tests: Iterable[Check]) -> list[Check]:
    """The tests of the statements themselves, without those of the demos."""
    return [test for test in tests if not test.path.startswith(ILLUSTRATIONS)]


def scientific(x: float) -> str:
    """A number as a sentence takes it: 4e-16."""
    mantissa, exponent = f"{x:.0e}".split("e")
    return f"{mantissa}e{int(exponent)}" if x else "0"


def counted(number: int, of: str) -> str:
    """A number and what it counts: "20 policies", "1 policy", "1 pair of trajectories"."""
    head, *rest = of.split(" ", 1)
    one = head.removesuffix("ies") + "y" if head.endswith("ies") else head.removesuffix("s")
    return " ".join([f"{number:,}", one if number == 1 else head, *rest])


def read_tests(record: Path) -> list[Check]:
    """The tests as `pytest --statements` left them."""
    return [
        Check(
            **entry
            | {
                "labels": tuple(entry["labels"]),
                "measured": tuple(Measurement(**m) for m in entry["measured"]),
            }
        )
        for entry in json.loads(record.read_text(encoding="utf-8"))
    ]


def most_telling(tests: Iterable[Check]) -> Measurement | None:
    """Errors say more than z-scores, many cases more than few; of equals the worst speaks."""
    found = (m for test in tests for m in test.measured)
    return max(found, key=lambda m: (m.kind == "error", m.over, m.worst), default=None)


def verdict(tests: Collection[Check]) -> str:
    """How a statement was checked, in a few words."""
    best = most_telling(tests)
    if best is None:
        return f"checked by {len(tests)} {'test' if len(tests) == 1 else 'tests'}"
    return f"checked: {best}"


# Words that a test's name writes small: symbols, acronyms and names.
NAMES = """
    Adam Fisher GAE Gaussian Gaussians Gymnasium J K KL Kronecker Lipschitz MDP MDPs Markov NPG PPO
    Pinsker Q REINFORCE SGD TD TRPO
"""
SPELLED = {name.lower(): name for name in NAMES.split()} | {
    "adams": "Adam's",
    "bellmans": "Bellman's",
    "callers": "caller's",
    "critics": "critic's",
    "newtons": "Newton's",
    "trpos": "TRPO's",
}


def sentence(test: Check) -> str:
    """The name of a test in words."""
    words = test.name.removeprefix("test_").split("_")
    return " ".join(SPELLED.get(word, word) for word in words)


def faults(
    statements: Iterable[Statement],
    functions: Collection[Function],
    tests: Collection[Check],
    labels: Collection[str],
    pages: Collection[str],
) -> Iterator[str]:
    """All that must not be, one sentence each."""
    known = set(labels) | set(FORTHCOMING)
    yield from gaps(statements, functions, tests)
    yield from strangers(known, functions, tests)
    yield from nameless(functions)
    yield from missing(known)
    yield from overdue(FORTHCOMING, labels, pages)


def gaps(
    statements: Iterable[Statement], functions: Iterable[Function], tests: Collection[Check]
) -> Iterator[str]:
    """Numbered statements without a function, without a test of their own, or with one that fails."""
    computed = {label for f in functions if f.mathematics for label in f.labels}
    tested = {label for test in proofs(tests) for label in test.labels}
    for s in statements:
        if s.label not in computed:
            yield f"{s.page}: {s.label!r}, {s.number}, has no function: no docstring names it."
        if s.label not in tested:
            yield f"{s.page}: {s.label!r}, {s.number}, has no test: no marker names it."
    for test in tests:
        if not test.passed:
            yield f"{test.path}: {test.name} fails, the proof of {', '.join(test.labels)}."


def strangers(
    known: Collection[str], functions: Iterable[Function], tests: Iterable[Check]
) -> Iterator[str]:
    """Labels in docstrings and markers that the book does not have."""
    named: dict[str, list[str]] = {}
    for x, name in [*((f, f.anchor) for f in functions), *((test, test.name) for test in tests)]:
        for label in x.labels:
            named.setdefault(label, []).append(f"{name} ({x.path})")
    for label, names in named.items():
        if label not in known:
            yield f"{label!r} is no label of the book, but is named by {', '.join(names)}."


def nameless(functions: Iterable[Function]) -> Iterator[str]:
    """Public functions and classes of the mathematics that name no statement."""
    for f in functions:
        if f.mathematics and not f.is_method and not f.labels:
            yield f"{f.path}: {f.anchor} names no statement in its docstring."


def missing(known: Collection[str]) -> Iterator[str]:
    """Binding labels that the book does not have."""
    for label in BINDING:
        if label not in known:
            yield f"the binding label {label!r} is missing from the book."


def overdue(
    forthcoming: Mapping[str, str], labels: Collection[str], pages: Collection[str]
) -> Iterator[str]:
    """Labels that are said to come although they, or their pages, are there."""
    for label, page in forthcoming.items():
        if label in labels:
            yield f"FORTHCOMING lists {label!r}, but the book has it: take it off the list."
        elif page in pages:
            yield f"FORTHCOMING promises {label!r} for page {page!r}, which is there without it."
