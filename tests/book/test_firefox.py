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


# Firefox says so, too, but also of a formula of which it has read a part only.
EARLY = "Incorrect number of children"
CHILDREN = """() => {
  const wanted = { msub: 2, msup: 2, munder: 2, mover: 2, mfrac: 2, msubsup: 3, munderover: 3 };
  return [...document.querySelectorAll(Object.keys(wanted).join())]
    .filter((element) => element.childElementCount !== wanted[element.localName])
    .map((element) => `wrong number of children in ${element.outerHTML.slice(0, 120)}`);
}"""


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
    found = [fault for fault in faults if EARLY not in fault] + page.evaluate(CHILDREN)
    page.close()
    assert found == []


def test_a_request_elsewhere_and_an_error_are_found(reader: BrowserContext, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text("<img src='http://127.0.0.2/a.png'><script>gone()</script>", encoding="utf-8")
    page = reader.new_page()
    faults = watch(page, tmp_path.as_uri())
    page.goto(file.as_uri(), wait_until="load")
    page.close()
    assert "request elsewhere: http://127.0.0.2/a.png" in faults
    assert "script error: gone is not defined" in faults


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
