"""The self-checks of the built pages in a browser, from a disk: what a reader is told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import questions
from inspection import NARROW, TYPESET, fresh
from playwright.sync_api import Browser, Locator, Page, expect

PAGES = [name for name, found in questions.of_the_book().items() if found]


@pytest.fixture
def page(browser: Browser, site: Path, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = fresh(browser, site.as_uri(), **getattr(request, "param", {}))
    yield context.new_page()
    context.close()


UNFOLD = """for (const form of document.querySelectorAll("form.pg-check"))
  for (let box = form.closest("details"); box; box = box.parentElement.closest("details")) box.open = true"""


def visit(page: Page, site: Path, name: str) -> list[Locator]:
    page.goto(f"{site.as_uri()}/{name}.html")
    page.evaluate(TYPESET)
    page.evaluate(UNFOLD)
    return page.locator("form.pg-check").all()


def give(form: Locator, answer: Locator, index: int) -> None:
    """Choose the radio button with this place, or type the number that this answer is for."""
    if form.locator("input[type=number]").count():
        value = answer.get_attribute("data-value") or "123456.5"
        form.get_by_role("spinbutton", name="Your number").fill(value)
    else:
        form.get_by_role("radio").nth(index).check()
    form.get_by_role("button", name="Check").click()


@pytest.mark.parametrize("name", PAGES)
def test_each_answer_is_told_why(name: str, page: Page, site: Path) -> None:
    page.set_viewport_size(NARROW)
    for form in visit(page, site, name):
        told = form.get_by_role("status")
        expect(told).to_be_empty()
        for index, answer in enumerate(form.locator(".pg-check__why").all()):
            give(form, answer, index)
            right = answer.get_attribute("data-right") is not None
            assert form.get_attribute("data-verdict") == ("right" if right else "wrong")
            paragraphs = answer.locator("> *").all_text_contents()[1:]
            assert told.locator("> *").all_text_contents() == paragraphs
            assert told.inner_text().startswith("Right.") == right
            assert form.evaluate("form => form.scrollWidth <= form.clientWidth")


def test_another_choice_takes_the_old_answer_away(page: Page, site: Path) -> None:
    form = visit(page, site, "objective")[0]
    give(form, form, 0)
    expect(form.get_by_role("status")).to_contain_text("Not this one.")
    form.get_by_role("radio").nth(1).check()
    expect(form.get_by_role("status")).to_be_empty()


def test_all_answers_are_offered_to_who_was_right_or_wrong_twice(page: Page, site: Path) -> None:
    for places in ([0, 2], [1]):
        form = visit(page, site, "objective")[0]
        summary = form.get_by_text("Answers", exact=True)
        for place in places:
            expect(summary).to_be_hidden()
            give(form, form, place)
        verdict = "right" if places == [1] else "wrong"
        expect(form).to_have_attribute("data-verdict", verdict)
        summary.click()
        expect(form.locator(".pg-check__why").first).to_be_visible()


def test_a_choice_needs_no_mouse(page: Page, site: Path) -> None:
    form = visit(page, site, "objective")[0]
    form.get_by_role("radio").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    expect(form.get_by_role("button", name="Check")).to_be_focused()
    page.keyboard.press("Enter")
    expect(form.get_by_role("status")).to_contain_text("Right.")


def test_a_number_needs_no_mouse(page: Page, site: Path) -> None:
    form = visit(page, site, "objective")[1]
    form.get_by_role("spinbutton", name="Your number").focus()
    page.keyboard.type("0.75")
    page.keyboard.press("Enter")
    expect(form.get_by_role("status")).to_contain_text("Right.")


def test_nothing_is_said_to_no_answer(page: Page, site: Path) -> None:
    for form in visit(page, site, "objective"):
        form.get_by_role("button", name="Check").click()
        expect(form.get_by_role("status")).to_be_empty()


def test_the_choices_are_named_by_their_question(page: Page, site: Path) -> None:
    form = visit(page, site, "gradient_ascent")[0]
    group = form.get_by_role("group", name="Exact gradient ascent on a smooth")
    expect(group.get_by_role("radio")).to_have_count(4)


def test_a_choice_that_is_a_formula_has_a_name_without_it(page: Page, site: Path) -> None:
    visit(page, site, "local_optimization")
    form = page.locator("#check-whose_advantages")
    form.locator(".math").evaluate_all("formulas => formulas.forEach((f) => f.remove())")
    for i, radio in enumerate(form.get_by_role("radio").all(), 1):
        expect(radio).to_have_accessible_name(re.compile(rf"^Choice {i}:"))
    form.locator(".visually-hidden").evaluate_all("spans => spans.forEach((s) => s.remove())")
    expect(form.get_by_role("radio").first).to_have_accessible_name("")


@pytest.mark.parametrize("page", [{"java_script_enabled": False}], indirect=True)
def test_without_scripts_the_answers_are_folded_below_the_question(page: Page, site: Path) -> None:
    page.goto(f"{site.as_uri()}/objective.html")
    form = page.locator("form.pg-check").first
    expect(form.locator(".pg-check__question")).to_be_visible()
    expect(form.get_by_role("button", name="Check")).to_be_hidden()
    expect(form.locator(".pg-check__why").first).to_be_hidden()
    form.get_by_text("Answers", exact=True).click()
    expect(form.get_by_text("Right.")).to_be_visible()
