"""The scripts of the demos compute Python's numbers, at once, and weigh little."""

from __future__ import annotations

import importlib
import os
import statistics
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest
from latency import MEDIAN, MOVES, SLOW, WORST, milliseconds, slower
from playwright.sync_api import Browser, Page
from script_reading import SCRIPTED, anywhere, apart, corners, run, script, spread

from pgcompanion.demos.engine.static import html

#: Relative, each array by its largest entry; or so many times what Python is from itself, ulps away.
TOLERANCE, SPREADS = 1e-9, 10.0

# Two hundred in every test, a thousand in `make weekly`, the same ones first.
DRAWS = int(os.environ.get("PGCOMPANION_DRAWS", "200"))

#: A slip in each script that a reader would hardly see, and that its test must.
SLIPS = {
    "baselines": ("x / N, y / N", "x / N, y / (N + 1e-6)"),
    "bernoulli": ("GAP * sigmoid(theta)", "(GAP + 1e-6) * sigmoid(theta)"),
    "clipped_objective": ("u >= 1 + eps", "u > 1.001 + eps"),
    "distribution_shift": ("H * Math.max(-worst, 0)", "(H - 1) * Math.max(-worst, 0)"),
    "frontier": ("reward[j] < v ? each", "reward[j] <= v ? each"),
    "gridworlds": ("(u - 1 < eps ? W[i] : 0)", "(u < eps ? W[i] : 0)"),
    "groups": ("(x, c, n) => x + c * says[n]", "(x, c, n) => x + (c + 1e-8) * says[n]"),
    "importance_sampling": ("squares / (N - 1) / N", "squares / N / N"),
    "kl_estimates": ("-pi[a] * (g[a] - mean)", "-pi[a] * (g[a] - mean * (1 - 1e-7))"),
    "lqr": ("c11 * v1 + w[2] + s2 * b1 * b1", "c11 * v1 + w[2] + s2 * b1"),
    "reinforce": ("each * (returns[n] - baseline)", "each * (returns[n] - 0.999 * baseline)"),
    "returns": ("chance * pi[i] * p[k]", "chance * pi[i] * (p[k] + 1e-8)"),
    "seeds": ("coin[at] < fail", "coin[at] <= fail + 0.01"),
    "sgd": ("(eta * (right - moved * pi[0])) / N", "(eta * (right - moved * pi[1])) / N"),
    "softmax_geometry": ("eta[1] * (each - mean)", "eta[1] * (each - mean + 1e-8)"),
    "trust_region": ("from.W[K + i] * (1 - u < eps)", "from.W[K + i] * (1 - u <= 2 * eps)"),
}

pytestmark = pytest.mark.parametrize("demo", SCRIPTED, indirect=True, scope="module")


@pytest.fixture(scope="module")
def demo(request: pytest.FixtureRequest) -> ModuleType:
    return importlib.import_module(f"pgcompanion.demos.{request.param}")


@pytest.fixture
def blank(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    yield page
    page.close()


def name(demo: ModuleType) -> str:
    return demo.__name__.rpartition(".")[2]


def test_the_script_finds_the_numbers_of_python(
    demo: ModuleType, blank: Page, capsys: pytest.CaptureFixture[str]
):
    grid, random = corners(demo), list(anywhere(demo, DRAWS))
    choices = grid + random
    there = run(blank, demo, choices, script(name(demo)))
    here = [demo.numbers(**values) for values in choices]
    off = [apart(x, y) for x, y in zip(there, here, strict=True)]
    with capsys.disabled():
        print(f"\n{name(demo)}: {len(off)} choices, at most {max(off):.1e} from Python")
    assert not list(wrong(demo, choices, off))

    right, slip = SLIPS[name(demo)]
    assert script(name(demo)).count(right) == 1
    slipped = run(blank, demo, random[:40], script(name(demo)).replace(right, slip))
    off = [apart(x, y) for x, y in zip(slipped, here[len(grid) :], strict=False)]
    assert any(wrong(demo, random[:40], off))


def wrong(demo: ModuleType, choices: list[dict[str, Any]], off: list[float]) -> Iterator[Any]:
    """The choices where a script is farther ``off`` than it may be, and how far it may."""
    for values, each in zip(choices, off, strict=True):
        if each > TOLERANCE and each > (most := SPREADS * spread(demo, values)):
            yield values, each, most


def test_a_move_is_drawn_before_the_next_frame(
    demo: ModuleType, visit: Callable[..., Page], capsys: pytest.CaptureFixture[str]
):
    page = visit(html(demo))
    page.locator(".pg-demo--awake").wait_for()
    choices, few = list(anywhere(demo, 60)), list(anywhere(demo, 15))

    page.evaluate(MOVES, choices)
    quick = milliseconds(page, choices)
    slower(page)
    slow = milliseconds(page, few)
    with capsys.disabled():
        print(
            f"\n{name(demo)}: a move takes {statistics.median(quick):.1f} ms, at most {max(quick):.1f}; "
            f"with a CPU 4 times slower {statistics.median(slow):.1f}, at most {max(slow):.1f} "
            f"(wanted: {MEDIAN}, {WORST}; at most {SLOW})"
        )
    # A machine with other work is no fault of a script; one that is ten times too slow is.
    assert statistics.median(quick) <= 10 * MEDIAN
