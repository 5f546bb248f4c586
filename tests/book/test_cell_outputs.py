"""What Python in the page answers is what Python answers here, up to round-off.

Every cell of two chapters, and the judgement of every exercise's solution, starter and three mistakes.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import numpy as np
import pytest
from inspection import fresh, watch
from playwright.sync_api import Browser, Page
from test_cells import cell_of, press

from pgcompanion.exercises.engine import catalogue
from pgcompanion.experiments import sweep

NUMBER = re.compile(r"[-−]?\d+(?:\.\d*)?(?:e[-+]?\d+)?")
ROUND_OFF = 1e-9

# What a cell shows: the texts that it printed, and those of its figures.
SHOWN = """(cell) => {
  const output = cell.querySelector(".cell_output");
  if (!output) return [];
  const parts = [...output.querySelectorAll("pre, table, svg, img")].filter((x) => !x.parentElement.closest("svg, button"));
  return parts.map((x) => [x.localName.replace("img", "svg"), (x.localName === "svg" ? [...x.querySelectorAll("text")] : [x])
    .map((y) => y.textContent.replace(/\\s+/g, " ").trim()).filter((y) => y).join("\\n")]);
}"""


def places(number: str) -> float:
    """One unit of the last digit that is printed."""
    digits, _, power = number.partition("e")
    return 10.0 ** (int(power or 0) - len(digits.partition(".")[2]))


def joined(shown: list) -> list:
    """The build puts all that a cell prints together, the page leaves it before and behind a figure."""
    printed = " ".join(text for kind, text in shown if kind == "pre")
    return [("pre", printed), *([kind, text] for kind, text in shown if kind != "pre")]


def parts(built: list, ran: list) -> list[str]:
    """Where what a cell shows differs by more than round-off."""
    faults = []
    for before, after in zip_longest(joined(built), joined(ran), fillvalue=("nothing", "")):
        if before[0] != after[0] or NUMBER.sub("#", before[1]) != NUMBER.sub("#", after[1]):
            faults.append(f"{before} became {after}")
            continue
        for x, y in zip(NUMBER.findall(before[1]), NUMBER.findall(after[1]), strict=True):
            a, b = (float(z.replace("−", "-")) for z in (x, y))
            if abs(a - b) > max(places(x), places(y)) * 1.01 + ROUND_OFF:
                faults.append(f"{x} became {y}")
    return faults


def test_another_number_word_or_figure_is_found() -> None:
    built = [("pre", "J = 0.125, error 2.2e-16"), ("svg", "step\n0\n10")]
    assert parts(built, [("pre", "J = 0.126, error 8.9e-16"), ("svg", "step\n0\n10")]) == []
    assert parts(built, [("pre", "J = 0.128, error 2.2e-16"), ("svg", "step\n0\n10")])
    assert parts(built, [("pre", "J = 0.125, error 2.2e-16"), ("svg", "iteration\n0\n10")])
    assert parts(built, built[:1])


def opened(browser: Browser, site: Path, name: str) -> tuple[Page, list[str]]:
    """A page of the book with all its boxes open, and what is wrong with it from now on."""
    page = fresh(browser, site.as_uri()).new_page()
    faults = watch(page, site.as_uri())
    page.goto(f"{site.as_uri()}/{name}.html", wait_until="load")
    page.evaluate("for (const folded of document.querySelectorAll('details')) folded.open = true")
    return page, faults


@pytest.mark.slow
@pytest.mark.parametrize("name", ["local_optimization", "objective"])
def test_every_cell_of_a_chapter_shows_in_the_page_what_it_showed_in_the_build(
    name: str, browser: Browser, site: Path
) -> None:
    page, faults = opened(browser, site, name)
    cells = page.locator(
        "[class*='pg-cell-']", has=page.get_by_role("button", name="Run", exact=True)
    )
    assert cells.count() > 5
    for cell in cells.all():
        built = cell.evaluate(SHOWN)
        press(cell, "Run")
        faults += parts(built, cell.evaluate(SHOWN))
    page.context.close()
    assert faults == []


SWEEP = """
import numpy as np
from pgcompanion.experiments import sweep

def task(rng, n):
    return rng.random(n)

print(sweep(task, 3, {"": {"n": 2}}, n_jobs=2).curves[""].tolist())
"""


def task(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.random(n)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "text"), [("comparison", "3, 2, figsize=(5, 8)"), ("language_models", "def climb")]
)
def test_a_cell_that_needs_scipy_shows_in_the_page_what_it_showed_in_the_build(
    name: str, text: str, browser: Browser, site: Path
) -> None:
    page, faults = opened(browser, site, name)
    cell = cell_of(page, text)
    built = cell.evaluate(SHOWN)
    press(cell, "Run")
    assert parts(built, cell.evaluate(SHOWN)) == []
    if name == "comparison":  # processes are asked for, and there are none: nothing is said of it
        ((kind, said),) = page.evaluate("source => pgEngine.run(source)", SWEEP)
        assert kind == "text"
        assert json.loads(said) == sweep(task, 3, {"": {"n": 2}}).curves[""].tolist()
    page.context.close()
    assert faults == []


EXERCISES = [name for page in catalogue.PAGES.values() for name in page]
JUDGE = """
import json
from pgcompanion.exercises.engine import catalogue
from pgcompanion.exercises.engine.checking import examine

exercise = catalogue.find({name!r})
names = {{}}
exec(exercise.starter, names)
answers = {{m.id: m.function for m in exercise.mistakes[:3]}}
answers |= {{"solution": exercise.solution, "starter": names[exercise.id]}}
found = {{name: examine(exercise, answer) for name, answer in answers.items()}}
print(json.dumps({{name: [x.passed, x.mistake, x.message] for name, x in found.items()}}))
"""


@pytest.fixture(scope="module")
def engine(browser: Browser, site: Path) -> Iterator[Page]:
    """A page whose Python has started."""
    context = fresh(browser, site.as_uri())
    page = context.new_page()
    page.goto(f"{site.as_uri()}/exercises/reinforce.html", wait_until="load")
    page.evaluate("pgEngine.boot(() => {})")
    yield page
    context.close()


@pytest.mark.slow
@pytest.mark.parametrize("name", EXERCISES)
def test_an_exercise_is_judged_in_the_page_as_it_is_here(name: str, engine: Page) -> None:
    source = JUDGE.format(name=name)
    outputs = engine.evaluate("source => pgEngine.run(source)", source)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(source, {})
    there = json.loads(outputs[0][1])
    here = json.loads(printed.getvalue().replace(".ipynb#", ".html#"))  # where the statements stand
    assert here.pop("solution")[0]
    assert not any(passed for passed, _, _ in here.values())
    for answer, (_, mistake, message) in here.items():
        assert there[answer][:2] == [False, mistake]
        assert parts([("text", message)], [("text", there[answer][2])]) == []
    assert there["solution"][0]
