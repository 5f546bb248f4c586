"""The small worlds on which every statement is checked: all their trajectories can be listed."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pgcompanion.mdp import MDP
from pgcompanion.policies import LinearSoftmax, Softmax, TabularSoftmax

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

# Looking for doctests in a program would run it; `test_programs.py` does, where it may write.
collect_ignore_glob = ["programs/*"]

ROOT = Path(__file__).resolve().parents[1]
sys.path += [str(ROOT / "tools"), str(ROOT / "book" / "_ext")]  # for chromium and the ledger

ALONE = [  # without a word to the world
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20)


@pytest.fixture
def mdp(rng: np.random.Generator) -> MDP:
    """A random MDP with 4 states, 3 actions and 5 steps: 248,832 trajectories."""
    S, A, H = 4, 3, 5
    P = rng.dirichlet(np.ones(S), size=(S, A))
    return MDP(P, rng.normal(size=(S, A)), rng.dirichlet(np.ones(S)), H)


@pytest.fixture
def small(rng: np.random.Generator) -> MDP:
    """A random MDP with 3 states, 2 actions and 3 steps: 216 trajectories."""
    S, A, H = 3, 2, 3
    P = rng.dirichlet(np.ones(S), size=(S, A))
    return MDP(P, rng.normal(size=(S, A)), rng.dirichlet(np.ones(S)), H)


@pytest.fixture(params=["tabular", "linear"])
def policy(request: pytest.FixtureRequest, mdp: MDP, rng: np.random.Generator) -> Softmax:
    if request.param == "tabular":
        return TabularSoftmax(mdp.S, mdp.A)
    return LinearSoftmax(rng.normal(size=(mdp.S, mdp.A, 5)))


@pytest.fixture
def theta(policy: Softmax, rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=policy.p)


@pytest.fixture
def measure(record_property: Callable[[str, object], None]) -> Callable[..., float]:
    """Record the largest deviation that a test found, for the book's statement index.

    `measure(x - y, over=tau.N)` returns the largest absolute entry, so that the number which is
    recorded is the one which is asserted. `kind` is "error" or "z-score".
    """

    def record(
        deviation: object, over: int, of: str = "trajectories", kind: str = "error"
    ) -> float:
        worst = float(np.abs(deviation).max())
        record_property("measured", {"kind": kind, "worst": worst, "over": int(over), "of": of})
        return worst

    return record


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--statements", type=Path, help="write what the statement tests found here")


def pytest_configure(config: pytest.Config) -> None:
    if config.option.statements and not hasattr(config, "workerinput"):
        config.pluginmanager.register(StatementRecord(config.option.statements))


# What takes seconds to start: browsers, the graders' sandbox, a cluster, Sphinx. `make check` leaves out who needs it.
STARTED = {"browser", "gecko", "marker", "sandboxed", "cluster", "build"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A report carries the labels of its test, also from one process to another."""
    for item in items:
        if STARTED & set(getattr(item, "fixturenames", ())):
            item.add_marker("slow")
        labels = {label for mark in item.iter_markers("statement") for label in mark.args}
        item.user_properties.append(("labels", sorted(labels)))


class StatementRecord:
    """Every test that names a statement: its labels, its outcome, and what it measured."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tests: dict[tuple[str, str], dict] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        labels = dict(report.user_properties)["labels"]
        if labels and (report.when == "call" or not report.passed):
            path, _, name = report.nodeid.split("[")[0].partition("::")
            name = name.replace("::", ".")
            test = self.tests.setdefault(
                (path, name),
                {"path": path, "name": name, "labels": [], "passed": True, "measured": []},
            )
            test["labels"] = sorted({*test["labels"], *labels})
            test["passed"] &= report.passed
            test["measured"] += [x for key, x in report.user_properties if key == "measured"]

    def pytest_sessionfinish(self) -> None:
        tests = [self.tests[key] for key in sorted(self.tests)]
        for test in tests:
            in_order = sorted(test["measured"], key=lambda m: (m["of"], m["over"], m["worst"]))
            worst = {(m["kind"], m["over"], m["of"]): m for m in in_order}
            test["measured"] = list(worst.values())
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps(tests, indent=1), encoding="utf-8")


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """One for all browsers: it runs once in a process."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=60_000)  # milliseconds: a machine with other work is slow
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """A Chromium without a network."""
    import chromium

    path = chromium.find(playwright)
    if path is None:
        pytest.fail(chromium.MISSING)
    browser = playwright.chromium.launch(executable_path=path, args=[*chromium.FLAGS, *ALONE])
    yield browser
    browser.close()
