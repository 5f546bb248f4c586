"""The bug museum: every exhibit is asked and measured, and a reader finds and repairs its slip."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from inspection import NARROW, fresh, watch
from notebooks import ROOT
from playwright.sync_api import Browser, Locator, Page, expect
from test_cells import press, write

sys.path.append(str(ROOT / "book" / "_ext"))

import findit
from cells import repairs

from pgcompanion.exercises.museum import EXHIBITS

SOURCE = (ROOT / "book" / "bug_museum.md").read_text(encoding="utf-8")
CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(.*?)^```", re.DOTALL | re.MULTILINE)
CELLS = CELL.findall(SOURCE)
REPAIRED = ("credit", "dropout_ratio", "label_mask")

each = pytest.mark.parametrize("name", EXHIBITS)


@each
def test_an_exhibit_is_asked_once_measured_and_repaired(name: str) -> None:
    assert SOURCE.count(f":::{{findit}} {name}\n") == 1
    repair = f'check("{name}", museum.{name}_slip)'
    assert sum(repair in cell for cell in CELLS) == 1
    measured = [cell for cell in CELLS if repair not in cell]
    for variant in (f"museum.{name}", f"museum.{name}_slip"):
        assert any(re.search(rf"{re.escape(variant)}\b", cell) for cell in measured), variant


def test_what_is_shown_is_the_code_that_runs_under_one_name() -> None:
    for name, exhibit in EXHIBITS.items():
        right, wrong = findit.variants(exhibit)
        assert right != wrong
        assert right.splitlines()[0] == wrong.splitlines()[0]
        assert f"def {name}(" in wrong
        assert "slip" not in wrong
        (text,) = repairs([f'check("{name}", museum.{name}_slip)']).values()
        assert text.startswith(wrong)


def test_the_place_of_the_wrong_variant_says_nothing_and_stays() -> None:
    places = [findit.wrong_place(name) for name in EXHIBITS]
    assert places == [findit.wrong_place(name) for name in EXHIBITS]
    assert 1 / 3 < sum(places) / len(places) < 2 / 3


@pytest.fixture
def page(
    browser: Browser, site: Path, request: pytest.FixtureRequest
) -> Iterator[tuple[Page, list[str]]]:
    context = fresh(browser, site.as_uri(), **getattr(request, "param", {}))
    page = context.new_page()
    faults = watch(page, site.as_uri())
    page.set_viewport_size(NARROW)
    page.goto(f"{site.as_uri()}/bug_museum.html", wait_until="load")
    yield page, faults
    context.close()


def exhibit(page: Page, name: str) -> tuple[Locator, Locator]:
    """The question of an exhibit, and its answer."""
    question = page.locator(f"#find-{name}")
    return question, question.locator("xpath=following-sibling::details[1]")


def accuse(question: Locator) -> Locator:
    """The button that accuses the wrong variant."""
    letter = question.get_attribute("data-wrong")
    return question.get_by_role("button", name=f"{letter} is wrong", exact=True)


def test_who_finds_the_slip_is_told_and_the_page_remembers(page: tuple[Page, list[str]]) -> None:
    page_, faults = page
    question, answer = exhibit(page_, "credit")
    body = answer.locator(".cell_output").first
    expect(body).to_be_hidden()
    button = accuse(question)
    assert button.bounding_box()["height"] >= 44
    button.focus()
    page_.keyboard.press("Enter")
    expect(question.get_by_role("status")).to_contain_text("Found")
    expect(body).to_be_visible()
    expect(answer.locator("summary").first).to_be_focused()
    page_.reload(wait_until="load")
    count = f"Found 1 of {len(EXHIBITS)}"
    expect(exhibit(page_, "credit")[0]).to_contain_text(count)
    expect(exhibit(page_, "credit")[1].locator(".cell_output").first).to_be_hidden()
    page_.on("dialog", lambda dialog: dialog.accept())
    page_.locator(".pg-reset").evaluate("button => button.click()")
    expect(exhibit(page_, "credit")[0]).not_to_contain_text(count)
    assert faults == []


def test_who_accuses_the_right_one_is_told_and_nothing_is_counted(
    page: tuple[Page, list[str]],
) -> None:
    page_, faults = page
    question, answer = exhibit(page_, "credit")
    innocent = "AB".replace(question.get_attribute("data-wrong") or "", "")
    card = question.locator(f'[data-variant="{innocent}"]')
    card.locator("pre").click()  # the whole card is the target
    expect(question.get_by_role("status")).to_contain_text("Not this one")
    expect(answer.locator(".cell_output").first).to_be_visible()
    expect(question).not_to_contain_text("Found 1")
    assert faults == []


@pytest.mark.parametrize("page", [{"java_script_enabled": False}], indirect=True)
def test_without_scripts_both_variants_are_read_and_the_answer_unfolds(
    page: tuple[Page, list[str]],
) -> None:
    page_, _ = page
    question, answer = exhibit(page_, "credit")
    expect(question.locator("pre")).to_have_count(2)
    expect(question.locator("pre").nth(1)).to_be_visible()
    expect(question.get_by_role("button", name="is wrong")).to_have_count(0)
    answer.locator("summary").first.click()
    wrong = question.get_attribute("data-wrong")
    expect(answer.get_by_text(f"Variant {wrong} is wrong.")).to_be_visible()
    expect(answer.locator(".cell_output").first).to_be_visible()


def test_a_slip_is_repaired_and_checked_in_the_page(page: tuple[Page, list[str]]) -> None:
    page_, faults = page
    for name in REPAIRED:
        question, answer = exhibit(page_, name)
        accuse(question).click()
        cell = answer.locator("div.cell").filter(has_text=f'check("{name}"').last
        cell.get_by_role("button", name="Repair").click()
        expect(cell.locator(".cm-content")).to_contain_text(f"def {name}(")
        said = " ".join(press(cell, "Check").split())
        assert "Passed" not in said
        slip = EXHIBITS[name].mistakes[0].message.replace("`", "")
        assert slip in said
        repaired = EXHIBITS[name].source.partition("\n\n\n")[2]
        write(cell, f'{repaired}\n\ncheck("{name}", {name})')
        assert "Passed" in press(cell, "Check")
        expect(answer.locator(".pg-done input")).to_be_checked()
    assert faults == []
