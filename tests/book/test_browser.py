"""Every page of the built site in a browser, from a disk without a network.

`test_accessibility` opens them from a server.
"""

from __future__ import annotations

from pathlib import Path

import notebooks
import pytest
from inspection import TYPESET, fresh, visit
from playwright.sync_api import Browser, Page, expect

SITE = notebooks.ROOT / "_build" / "html"
BUILT = [*SITE.glob("*.html"), *SITE.glob("exercises/*.html"), *SITE.glob("reference/*.html")]
PAGES = sorted(page.relative_to(SITE).as_posix() for page in BUILT)


@pytest.fixture(params=["disk", "server"])
def base(request: pytest.FixtureRequest, site: Path) -> str:
    return site.as_uri() if request.param == "disk" else request.getfixturevalue("server")


def test_every_page_of_the_contents_is_built(site: Path) -> None:
    toc = notebooks.contents()
    assert {f"{name}.html" for name in toc} <= set(PAGES)


@pytest.mark.parametrize("path", PAGES)
def test_page_has_no_fault(path: str, site: Path, browser: Browser) -> None:
    assert visit(browser, site.as_uri(), path) == []


def theme(page: Page) -> str:
    return page.evaluate("document.documentElement.dataset.theme")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_theme_follows_the_system_until_the_reader_switches(
    scheme: str, base: str, browser: Browser
) -> None:
    context = fresh(browser, base, color_scheme=scheme)
    page = context.new_page()
    page.goto(f"{base}/index.html")
    assert theme(page) == scheme
    seen = set()
    for _ in range(3):  # auto, light and dark take turns
        page.locator(".theme-switch-button:visible").click()
        seen.add((page.evaluate("document.documentElement.dataset.mode"), theme(page)))
    assert seen == {("light", "light"), ("dark", "dark"), ("auto", scheme)}
    other = {"light": "dark", "dark": "light"}[scheme]
    while theme(page) != other:
        page.locator(".theme-switch-button:visible").click()
    page.goto(f"{base}/references.html")
    assert theme(page) == other
    context.close()


def test_a_proof_opens_and_closes(site: Path, browser: Browser) -> None:
    path = next(page for page in PAGES if 'class="pg-proof"' in (site / page).read_text("utf-8"))
    context = fresh(browser, site.as_uri())
    page = context.new_page()
    page.goto(f"{site.as_uri()}/{path}")
    page.evaluate(TYPESET)
    proof = page.locator("details.pg-proof").first
    body = proof.locator("> div")
    expect(body).to_be_hidden()
    proof.locator("summary").press("Enter")
    expect(body).to_be_visible()
    proof.locator("summary").press("Enter")
    expect(body).to_be_hidden()
    context.close()
