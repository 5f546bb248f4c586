"""The reader's ticks: kept in the browser, shown beside the contents, and forgotten on demand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from inspection import fresh
from notebooks import contents
from playwright.sync_api import Browser, Page, expect

READ = "I have read this page"
DONE = "I have done this exercise"
RESET = "Forget what I have read and done"
STORED = "() => Object.keys(localStorage).filter((key) => key.startsWith('pgcompanion'))"
# As a browser does whose settings forbid a site to store anything.
REFUSE = """Object.defineProperty(window, "localStorage", {
  get() { throw new DOMException("Access is denied.", "SecurityError"); },
});"""


@pytest.fixture
def page(browser: Browser, site: Path) -> Iterator[Page]:
    context = fresh(browser, site.as_uri())
    page = context.new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"{site.as_uri()}/objective.html")
    yield page
    context.close()


def test_a_page_that_was_read_has_a_tick_on_every_page(page: Page, site: Path) -> None:
    ticks = page.get_by_role("img", name="read", exact=True)
    expect(ticks).to_have_count(0)
    page.get_by_label(READ).check()
    expect(ticks).to_have_count(1)
    page.goto(f"{site.as_uri()}/reinforce.html")
    expect(page.get_by_label(READ)).not_to_be_checked()
    link = page.locator(".bd-links a", has=ticks)
    assert link.get_attribute("href").endswith("objective.html")
    page.goto(f"{site.as_uri()}/objective.html")
    page.get_by_label(READ).uncheck()
    expect(ticks).to_have_count(0)


@pytest.mark.parametrize("path", ["objective.html", "exercises/objective.html"])
def test_an_exercise_that_was_done_stays_done(path: str, page: Page, site: Path) -> None:
    page.goto(f"{site.as_uri()}/{path}")
    page.get_by_label(DONE).first.check()
    page.reload()
    expect(page.get_by_label(DONE).first).to_be_checked()
    expect(page.get_by_label(READ)).not_to_be_checked()


def test_nothing_is_stored_before_a_click_nor_after_the_reset(page: Page) -> None:
    assert page.evaluate(STORED) == []
    page.get_by_label(READ).check()
    assert page.evaluate(STORED) == ["pgcompanion:objective.html"]
    page.get_by_role("button", name=RESET).click()
    assert page.evaluate(STORED) == []


def test_where_nothing_can_be_stored_a_tick_lasts_as_long_as_the_page(page: Page) -> None:
    page.add_init_script(REFUSE)
    page.reload()
    ticks = page.get_by_role("img", name="read", exact=True)
    page.get_by_label(READ).check()
    expect(ticks).to_have_count(1)
    page.get_by_role("button", name=RESET).click()
    expect(ticks).to_have_count(0)
    page.get_by_label(READ).check()
    page.reload()
    expect(page.get_by_label(READ)).not_to_be_checked()


def test_a_reset_that_is_not_confirmed_forgets_nothing(page: Page) -> None:
    page.evaluate("window.confirm = () => false")
    page.get_by_label(READ).check()
    page.get_by_role("button", name=RESET).click()
    expect(page.get_by_label(READ)).to_be_checked()


def test_all_is_forgotten_at_once(page: Page) -> None:
    reset = page.get_by_role("button", name=RESET)
    expect(reset).to_be_hidden()
    page.get_by_label(READ).check()
    mode = page.evaluate("localStorage.getItem('mode')")
    reset.click()
    expect(page.get_by_label(READ)).not_to_be_checked()
    expect(reset).to_be_hidden()
    assert page.evaluate("localStorage.getItem('mode')") == mode


def test_the_ticks_can_be_set_with_the_keyboard(page: Page) -> None:
    page.get_by_label(READ).focus()
    page.keyboard.press("Space")
    expect(page.get_by_label(READ)).to_be_checked()


LINK = re.compile(r'<a class="(left-prev|right-next)"\s+href="([^"]*)"')


def test_every_page_leads_on_and_back_in_the_order_of_the_contents(site: Path) -> None:
    """Every page but the last leads on, and back to where one came from."""
    pages = [(site / f"{name}.html").resolve() for name in contents()]
    for before, here, after in zip([None, *pages], pages, [*pages[1:], None], strict=False):
        links = dict(LINK.findall(here.read_text(encoding="utf-8")))
        leads = {name: (here.parent / link).resolve() for name, link in links.items()}
        assert leads.get("left-prev") == before
        assert leads.get("right-next") == after


def test_a_reader_goes_on_and_back(page: Page) -> None:
    start = page.url
    page.locator("a.right-next").click()
    assert page.url != start
    page.locator("a.left-prev").click()
    assert page.url == start


def test_code_can_be_copied(page: Page) -> None:
    buttons = page.locator("div.cell_input button.copybtn")
    assert buttons.count() == page.locator("div.cell_input div.highlight").count() > 0
