"""Cells that run in the page: which others they need, and a reader who runs them from a disk."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import firefox
import nbformat
import pytest
import runtime
from inspection import NARROW, fresh, watch
from notebooks import ROOT
from playwright.sync_api import Browser, Locator, Page, Route, expect

sys.path.append(str(ROOT / "book" / "_ext"))

from cells import names, needs, slow_and_still, starters

from pgcompanion.exercises.engine import catalogue

IMPORTS = "import numpy as np"
HERE = firefox.find() or os.environ.get("CI") == "true"
BROWSERS = ["browser", "gecko"] if HERE else ["browser"]  # Chromium and Firefox


@pytest.mark.parametrize(
    ("source", "used", "made"),
    [
        ("y = x + 1", {"x"}, {"y"}),
        ("x += y", {"x", "y"}, {"x"}),
        ("table[0] = 1", {"table"}, {"table"}),
        ("x = x + y", {"x", "y"}, {"x"}),
        ("rng.normal()", {"rng"}, {"rng"}),
        ("x = 1\ny = x", set(), {"x", "y"}),
        ("for x in z:\n    y = x", {"z"}, {"x", "y"}),
        ("if a:\n    x = 1\ny = x", {"a", "x"}, {"x", "y"}),
        ("y = [x for x in z]", {"z"}, {"y"}),
        ("y = [x for x in x]", {"x"}, {"y"}),
        ("def f(a):\n    c = a\n    return c + b", {"b"}, {"f"}),
        (
            "def f(a=a):\n    a[0] = b[0] = 1\n    return later\nlater = 1",
            {"a", "b"},
            {"b", "f", "later"},
        ),
    ],
)
def test_a_cell_uses_and_makes_names(source: str, used: set[str], made: set[str]) -> None:
    found, _ = names(source)
    assert (found.used, found.made | found.changed) == (used, made)


def test_a_cell_needs_what_its_names_need_and_nothing_else() -> None:
    sources = [IMPORTS, "x = np.ones(3)", "z = 7", "y = x.sum()", "print(y)"]
    assert needs(sources, first=0) == [[], [0], [0], [0, 1], [0, 1, 3]]


def test_what_a_name_was_before_it_was_set_anew_is_not_needed() -> None:
    sources = [
        IMPORTS,
        "x = [1]",
        "x[0] = 2",
        "y = x",
        "x = [3]",
        "print(x)",
        "x.y = 4",
        "print(x)",
    ]
    assert needs(sources, first=0)[3] == [0, 1, 2]
    assert needs(sources, first=0)[5:] == [[0, 4], [0, 4], [0, 4, 6]]


def test_what_is_left_for_the_reader_is_a_starter() -> None:
    assert starters(["def f():\n    ...", "x = ...", "check('f', f)"]) == [0]


def test_what_is_slow_or_does_not_run_is_said_with_what_it_needs() -> None:
    needed = [[], [0], [0, 1], [0], [0, 3], [0]]
    slow, still = slow_and_still([0, 4, 4, "It needs pandas.", 0, 90], needed)
    assert slow == {2: "Takes about 8 s here, on a telephone longer."}
    assert still == {3: "It needs pandas.", 4: "", 5: still[5]}
    assert "minutes" in still[5]


@pytest.mark.parametrize(
    ("source", "needed"),
    [
        ("from scipy import stats", True),
        ("import scipy.linalg as la", True),
        ("x = pg.experiments.interval(runs, rng)", True),
        ("stratified_interval(interquartile_mean, x, rng=rng)", True),
        ("from pgcompanion.experiments import interval", False),
        ("# How often the interval contains m\nstratified_interval(np.mean, x, rng=rng)", False),
    ],
)
def test_a_cell_needs_scipy_where_it_names_it_or_calls_what_asks_for_it(
    source: str, needed: bool
) -> None:
    assert bool(re.search(runtime.scientific(), source)) == needed


def test_two_pages_of_the_book_have_cells_that_need_scipy() -> None:
    found, pattern = set(), re.compile(runtime.scientific())
    for path in (ROOT / "book").rglob("*.ipynb"):
        cells = nbformat.read(path, as_version=4).cells
        code = [cell.source for cell in cells if cell.cell_type == "code"]
        found |= {path.stem for source in code if pattern.search(source)}
    assert found == {"comparison", "language_models"}


def test_the_licence_of_all_that_is_shipped_stands_beside_it(site: Path) -> None:
    shipped = {path.stem for path in (site / "python" / "LICENSES").glob("*.txt")}
    assert shipped >= {
        "cpython",
        "numpy",
        "matplotlib",
        "scipy",
        "browser_wasi_shim",
        *runtime.ALSO,
    }


@pytest.fixture(scope="module", params=BROWSERS)
def page(request: pytest.FixtureRequest, site: Path) -> Iterator[tuple[Page, list[str]]]:
    """The page of exercises on REINFORCE, read from a disk without a network."""
    assert (site / "python" / "engine.js").exists(), "run `make book`, with its runtime"
    context = fresh(request.getfixturevalue(request.param), site.as_uri())
    page = context.new_page()
    faults = watch(page, site.as_uri())
    page.goto(f"{site.as_uri()}/exercises/reinforce.html", wait_until="load")
    yield page, faults
    context.close()


def cell_of(page: Page, text: str) -> Locator:
    """The cell whose source has a text."""
    notebook = json.loads(page.locator("#pg-cells").text_content() or "")["notebook"]
    code = [cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
    (index,) = [i for i, source in enumerate(code) if text in source]
    return page.locator(f".pg-cell-{index}")


def state(cell: Locator, text: str) -> Locator:
    return cell.locator(".pg-run__state").get_by_text(text)


def press(cell: Locator, name: str) -> str:
    """Press a button of a cell, and wait until it has ended: what stands below it then."""
    cell.get_by_role("button", name=name, exact=True).click()
    state(cell, "Ran in").or_(state(cell, "Stopped")).wait_for(timeout=120_000)
    return cell.inner_text()


def write(cell: Locator, text: str) -> None:
    editor = cell.locator(".cm-content")
    editor.click()
    editor.press("Control+a")
    editor.press("Delete")
    cell.page.keyboard.insert_text(text)


# Of the first exercise. At its end comes a box to tick, which moves those below it while they are out of sight.
PLACES = """() => [...document.querySelectorAll("#reinforce > :not(label), #reinforce .pg-run")]
  .map((part) => Math.round(part.getBoundingClientRect().top + scrollY))"""
DRAWN = """() => document.readyState === "interactive"
  && !document.documentElement.classList.contains("pg-waits")"""
STARTERS = "JSON.parse(document.getElementById('pg-cells').textContent).open.length"


@pytest.mark.parametrize("browser_", BROWSERS)
def test_neither_buttons_nor_editors_move_the_text_when_they_wake(
    browser_: str, request: pytest.FixtureRequest, server: str, site: Path
) -> None:
    name = "exercises/reinforce.html"
    (script,) = re.findall(r'<script defer src="\.\./(.*?)"', (site / name).read_text("utf-8"))
    context = request.getfixturevalue(browser_).new_context(
        viewport=NARROW, reduced_motion="reduce"
    )
    page = context.new_page()
    held: list[Route] = []
    page.route(f"**/{script}", lambda route: held.append(route))
    page.goto(f"{server}/{name}#main-content", wait_until="commit")  # all is laid out at once
    page.wait_for_function(DRAWN)
    buttons = page.get_by_role("button", name="Run", exact=True)
    expect(buttons.first).to_be_disabled()
    early = page.evaluate(PLACES)
    held[0].continue_()
    expect(page.locator(".pg-run__editor")).to_have_count(page.evaluate(STARTERS))
    expect(buttons.first).to_be_enabled()
    assert page.evaluate(PLACES) == early
    context.close()


HELD = """(name) => {
  const { load } = pgEngine;
  const held = new Promise((go) => (window.pgGo = go));
  pgEngine.load = async (part) => {
    if (part === name) await held;
    return load.call(pgEngine, part);
  };
}"""


@pytest.mark.parametrize("part", ["boot", "engine"])
def test_stop_ends_the_loading_of_python_and_the_next_run_loads_it(
    part: str, page: tuple[Page, list[str]]
) -> None:
    """However early it is pressed: before the first file is there, and while the largest comes."""
    page_, faults = page
    page_.reload()
    page_.evaluate(HELD, part)
    starter = cell_of(page_, "def reinforce_gradient")
    starter.get_by_role("button", name="Run", exact=True).click()
    state(starter, "Loading Python").wait_for()
    assert "Stopped" in press(starter, "Stop")
    page_.evaluate("pgGo()")
    write(starter, "print(np.arange(4.0))")
    assert "[0. 1. 2. 3.]" in press(starter, "Run")
    assert faults == []


def test_starter_mistake_and_solution_are_judged_in_the_page(page: tuple[Page, list[str]]) -> None:
    page_, faults = page
    starter, check = cell_of(page_, "def reward_to_go"), cell_of(page_, 'check("reward_to_go"')
    assert "not started yet" in press(check, "Check")
    write(starter, "def reward_to_go(r):\n    return np.cumsum(r, axis=1)")
    assert "Not yet" in press(check, "Check")
    write(starter, f"import numpy as np\n\n{catalogue.find('reward_to_go').source}")
    assert "Passed" in press(check, "Check")
    assert faults == []


def test_a_hint_needs_no_code_that_runs(page: tuple[Page, list[str]]) -> None:
    page_, faults = page
    write(cell_of(page_, "def discounted_gradient"), "def discounted_gradient(")
    assert "Hint 1" in press(cell_of(page_, 'check("discounted_gradient"'), "Hint")
    assert faults == []


def test_an_error_is_said_with_its_line_alone(page: tuple[Page, list[str]]) -> None:
    page_, faults = page
    starter = cell_of(page_, "def discounted_gradient")
    write(starter, "x = 1\nx / 0")
    said = press(starter, "Run")
    assert "line 2: x / 0\nZeroDivisionError: division by zero" in said
    write(starter, "[0] * 10**9")
    assert "MemoryError: this is more than the memory of Python in a page" in press(starter, "Run")
    assert faults == []


WITHOUT_SCIPY = """(() => {
  const { load } = pgEngine;
  pgEngine.load = (name) => {
    if (name === "science") pgEngine.load = load;
    return load.call(pgEngine, name === "science" ? "none" : name);
  };
})()"""


def test_scipy_is_loaded_for_the_first_cell_that_names_it(page: tuple[Page, list[str]]) -> None:
    page_, faults = page
    science = page_.locator("script[src$='science.js']")
    starter = cell_of(page_, "def discounted_gradient")
    write(starter, "print(np.ones(3).sum())")
    assert "3.0" in press(starter, "Run")
    assert science.count() == 0
    write(starter, "from scipy.special import ndtri\n\nprint(f'{ndtri(0.975):.4f}')")
    page_.evaluate(WITHOUT_SCIPY)
    starter.get_by_role("button", name="Run", exact=True).click()
    state(starter, "The file python/none.js is not there.").wait_for()
    faults.clear()  # the browser says it, too
    assert "1.9600" in press(starter, "Run")
    assert "1.9600" in press(starter, "Run")
    assert science.count() == 1
    assert faults == []


def test_stop_ends_an_endless_cell_and_the_next_run_finds_its_imports(
    page: tuple[Page, list[str]],
) -> None:
    page_, faults = page
    starter, other = cell_of(page_, "def discounted_gradient"), cell_of(page_, "def reward_to_go")
    write(starter, "while True:\n    pass")
    starter.get_by_role("button", name="Run", exact=True).click()
    state(starter, "Running …").wait_for(timeout=120_000)
    other.get_by_role("button", name="Run", exact=True).click()
    state(other, "Another cell is running: stop it first.").wait_for()
    assert "Stopped" in press(starter, "Stop")
    write(starter, "from scipy.special import ndtri\n\nprint(np.ones(3).sum(), ndtri(0.5))")
    assert "3.0 0.0" in press(starter, "Run")
    assert faults == []


def test_work_is_still_there_after_the_page_was_closed(page: tuple[Page, list[str]]) -> None:
    page_, faults = page
    write(
        cell_of(page_, "def reinforce_gradient"), "def reinforce_gradient(scores, r):\n    return 7"
    )
    page_.reload(wait_until="load")
    kept = cell_of(page_, "def reinforce_gradient").locator(".cm-content")
    kept.wait_for()
    assert "return 7" in kept.inner_text()
    assert faults == []


def test_much_that_is_printed_is_cut_and_its_length_said(page: tuple[Page, list[str]]) -> None:
    page_, faults = page
    starter = cell_of(page_, "def discounted_gradient")
    write(starter, "for i in range(200_000):\n    print(i)")
    said = press(starter, "Run")
    assert "letters more, which are not shown" in said
    assert len(said) < 101_000
    assert faults == []


CATCH = """() => {
  const make = URL.createObjectURL;
  URL.createObjectURL = (blob) => {
    window.saved = blob.text();
    return make.call(URL, blob);
  };
}"""


def test_the_saved_notebook_holds_what_was_written_and_what_came_of_it(
    page: tuple[Page, list[str]],
) -> None:
    page_, faults = page
    starter, check = cell_of(page_, "def reward_to_go"), cell_of(page_, 'check("reward_to_go"')
    drawing = (
        "import matplotlib.pyplot as plt\n\nplt.plot([1, 2])\nplt.show()\nprint('drawn')\n1 / 0"
    )
    write(starter, drawing)
    press(starter, "Run")
    press(check, "Hint")
    page_.evaluate(CATCH)  # the Firefox that is driven here tells of no download
    page_.get_by_role("button", name="Save my work as a notebook").click()
    notebook = nbformat.reads(page_.evaluate("saved"), as_version=4)
    nbformat.validate(notebook)
    (cell,) = [cell for cell in notebook.cells if cell.source == drawing]
    figure, stream, error = cell.outputs
    assert ElementTree.fromstring(figure.data["image/svg+xml"]).tag.endswith("svg")
    assert "var(" not in figure.data["image/svg+xml"]
    assert (stream.text, error.ename) == ("drawn\n", "ZeroDivisionError")
    (hint,) = [cell for cell in notebook.cells if cell.source.startswith('check("reward_to_go"')]
    assert "Hint 1" in hint.outputs[0].data["text/html"]
    assert faults == []


def saved(page: Page) -> dict[str, list]:
    """The notebook that is saved: its sources, and their outputs."""
    page.evaluate(CATCH)
    page.get_by_role("button", name="Save my work as a notebook").click()
    cells = nbformat.reads(page.evaluate("saved"), as_version=4).cells
    return {cell.source: cell.outputs for cell in cells if cell.cell_type == "code"}


KEPT = """(texts) => new Promise((resolve) => {
  indexedDB.open("pgcompanion-outputs").onsuccess = ({ target: { result } }) => {
    const asked = result.transaction("cells").objectStore("cells").getAll();
    asked.onsuccess = () => resolve(texts.every((text) => JSON.stringify(asked.result).includes(text)));
    result.close();
  };
})"""


def test_what_a_cell_has_shown_is_there_after_a_reload_while_its_code_is_the_same(
    page: tuple[Page, list[str]],
) -> None:
    page_, faults = page
    code = "import matplotlib.pyplot as plt\n\nplt.plot([1, 2])\nplt.show()\nprint('before')"
    write(cell_of(page_, "def reward_to_go"), code)
    press(cell_of(page_, "def reward_to_go"), "Run")
    (hint,) = re.findall(r"Hint \d", press(cell_of(page_, 'check("reward_to_go"'), "Hint"))
    page_.wait_for_function(KEPT, arg=["before", hint])
    page_.reload(wait_until="load")
    starter, check = cell_of(page_, "def reward_to_go"), cell_of(page_, 'check("reward_to_go"')
    for cell in (starter, check):
        state(cell, "Ran earlier").wait_for()
    assert starter.locator(".cell_output svg").count() == 1
    assert "before" in starter.inner_text()
    assert hint in check.inner_text()
    kept = saved(page_)
    assert [output.output_type for output in kept[code]] == ["display_data", "stream"]
    (of_check,) = [source for source in kept if source.startswith('check("reward_to_go"')]
    assert len(kept[of_check]) == 1
    write(starter, "other = 1")  # and with it changes what the check judges
    anew = saved(page_)
    assert anew["other = 1"] == anew[of_check] == []
    assert faults == []


# No database at all, one that is refused, and one that has no room for what is put there.
NO_SHELF = {
    "absent": """Object.defineProperty(window, "indexedDB", { value: undefined });""",
    "refused": """IDBFactory.prototype.open = () => {
      throw new DOMException("Access is denied.", "SecurityError");
    };""",
    "full": """const { add } = IDBObjectStore.prototype;
    IDBObjectStore.prototype.put = function () {
      add.call(this, 0, "taken");
      return add.call(this, 0, "taken");
    };""",
}


@pytest.mark.parametrize("spoil", NO_SHELF.values(), ids=NO_SHELF)
def test_where_outputs_cannot_be_kept_they_last_as_long_as_the_page(
    spoil: str, browser: Browser, site: Path
) -> None:
    context = fresh(browser, site.as_uri())
    context.add_init_script(spoil)
    page = context.new_page()
    faults = watch(page, site.as_uri())
    page.goto(f"{site.as_uri()}/exercises/reinforce.html", wait_until="load")
    starter = cell_of(page, "def reward_to_go")
    write(starter, "print('shown')")
    assert "Ran in" in press(starter, "Run")
    assert [output.text for output in saved(page)["print('shown')"]] == ["shown\n"]
    page.reload(wait_until="load")
    starter.locator(".cm-content").get_by_text("shown").wait_for()  # the work itself is kept
    assert starter.locator(".cell_output").count() == 0
    assert faults == []
    context.close()


def test_two_windows_of_a_page_keep_the_work_and_the_progress_of_both(
    page: tuple[Page, list[str]],
) -> None:
    first, faults = page
    second = first.context.new_page()
    second.goto(first.url, wait_until="load")
    write(cell_of(second, "def reinforce_gradient"), "two = 2")
    write(cell_of(first, "def reinforce("), "one = 1")
    solution = f"import numpy as np\n\n{catalogue.find('reward_to_go').source}"
    write(cell_of(first, "def reward_to_go"), solution)
    state(cell_of(second, "def reward_to_go"), "Another window has changed this cell").wait_for()
    assert "Passed" in press(cell_of(first, 'check("reward_to_go"'), "Check")
    done = re.compile(r"reward_to_go\s+done on")
    assert done.search(press(cell_of(second, "progress()"), "Run"))
    second.reload(wait_until="load")
    for text, kept in (("def reinforce(", "one = 1"), ("def reinforce_gradient", "two = 2")):
        editor = cell_of(second, text).locator(".cm-content")
        editor.get_by_text(kept).wait_for()
    second.close()
    assert faults == []


# Browsers whose settings forbid a site to store anything, and whose room is used up.
DENIED = """Object.defineProperty(window, "localStorage", {
  get() { throw new DOMException("Access is denied.", "SecurityError"); },
});"""
USED_UP = """Storage.prototype.setItem = () => {
  throw new DOMException("The quota has been exceeded.", "QuotaExceededError");
};"""


@pytest.mark.parametrize("spoil", [DENIED, USED_UP], ids=["denied", "used up"])
def test_where_work_cannot_be_kept_a_sentence_says_so_and_leaving_asks(
    spoil: str, browser: Browser, site: Path
) -> None:
    context = fresh(browser, site.as_uri())
    context.add_init_script(spoil)
    page, asked = context.new_page(), []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto(f"{site.as_uri()}/exercises/reinforce.html", wait_until="load")
    starter = cell_of(page, "def reward_to_go")
    write(starter, "x = 1")
    state(starter, "This browser cannot keep your work: save it as a notebook").wait_for()
    page.reload()
    assert asked == ["beforeunload"]
    write(starter, "x = 1")
    with page.expect_download() as saving:
        page.get_by_role("button", name="Save my work as a notebook").click()
    assert saving.value.suggested_filename == "reinforce.ipynb"
    page.reload()
    assert asked == ["beforeunload"]
    context.close()


def test_what_is_stored_and_is_not_ours_keeps_nothing_from_running(
    browser: Browser, site: Path
) -> None:
    context = fresh(browser, site.as_uri())
    context.add_init_script("for (const key of Object.keys(localStorage)) localStorage[key] = '{'")
    page = context.new_page()
    page.goto(f"{site.as_uri()}/exercises/reinforce.html", wait_until="load")
    for text in ("x = 1", "x = 2"):
        write(cell_of(page, "def reward_to_go"), text)
        page.reload(wait_until="load")
    page.get_by_role("button", name="Check", exact=True).first.wait_for()
    context.close()


FULL = """async () => {
  const boot = await pgEngine.load("boot");
  boot.code = `WebAssembly.compileStreaming = () => { throw new RangeError(); };${boot.code}`;
}"""

MISSING = "() => { pgEngine.load = pgEngine.load.bind(pgEngine, 'none'); }"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ("delete WebAssembly.Tag", "too old to run Python: it needs one of 2024 or later."),
        (FULL, "This browser has not enough memory left for Python."),
        (MISSING, "The file python/none.js is not there."),
    ],
    ids=["an old browser", "no memory", "a missing file"],
)
def test_what_keeps_python_from_starting_is_said_in_a_sentence(
    spoil: str, said: str, browser: Browser, site: Path
) -> None:
    context = fresh(browser, site.as_uri())
    page = context.new_page()
    page.goto(f"{site.as_uri()}/exercises/reinforce.html", wait_until="load")
    page.evaluate(spoil)
    starter = cell_of(page, "def reward_to_go")
    for _ in range(2):  # the second time as the first
        starter.get_by_role("button", name="Run", exact=True).click()
        state(starter, said).wait_for(timeout=60_000)
    context.close()
