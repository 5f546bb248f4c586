"""Every page in Firefox, from a disk without a network, and a move of every demo. Cells: test_cells."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from inspection import fresh, watch
from playwright.sync_api import Browser, BrowserContext, Locator

SITE = Path(__file__).resolve().parents[2] / "_build" / "html"
PAGES = sorted(
    page.relative_to(SITE).as_posix()
    for pattern in ("*.html", "exercises/*.html", "reference/*.html")
    for page in SITE.glob(pattern)
)


@pytest.fixture(scope="module")
def reader(gecko: Browser, site: Path) -> Iterator[BrowserContext]:
    context = fresh(gecko, site.as_uri())
    yield context
    context.close()


@pytest.mark.parametrize("path", PAGES)
def test_page_opens_without_a_fault_and_its_demos_move(
    path: str, reader: BrowserContext, site: Path
) -> None:
    page = reader.new_page()
    faults = watch(page, site.as_uri())
    page.goto(f"{site.as_uri()}/{path}", wait_until="load")
    for demo in page.locator("figure.pg-demo").all():
        move(demo)
    page.close()
    assert faults == []


def move(demo: Locator) -> None:
    """From end to end of its first control a demo shows another picture."""
    demo.scroll_into_view_if_needed()
    control = demo.locator("input[type=range][name], select[name]").first
    control.wait_for()  # the script of the demo makes it
    first = shown(demo, control, "Home", "")
    shown(demo, control, "End", first)


def shown(demo: Locator, control: Locator, key: str, before: str) -> str:
    """Press a key of a control, and wait for another picture than the one before. (A screenshot would
    need a style that the policy of the page refuses.)"""
    control.press(key)
    picture = demo.locator(".pg-demo__picture")
    for _ in range(50):
        if (now := picture.inner_html()) != before:
            return now
        demo.page.wait_for_timeout(40)
    raise AssertionError("no key changes the picture")
