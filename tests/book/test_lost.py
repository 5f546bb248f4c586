"""The page for a dead link, under any address of a site that stands below its host's root."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from inspection import fresh, watch
from playwright.sync_api import Browser, expect
from serving import Quiet, serve
from small_book import GOOD, Book

BELOW = "/some/where"


class Pages(Quiet):
    """A server that shows `404.html` where there is nothing, as those of static sites do."""

    def translate_path(self, path: str) -> str:
        return super().translate_path(path.removeprefix(BELOW))

    def send_error(self, code: int, *args: object) -> None:
        self.send_response(code)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(Path(self.directory, "404.html").read_bytes())


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    return Book(tmp_path_factory.mktemp("book"))


@pytest.fixture(scope="module")
def address(book: Book) -> Iterator[str]:
    """A small book on a server of this machine, built for its address there."""
    with serve(book.site, Pages) as host:
        address = f"{host}{BELOW}"
        result = book.build(GOOD, PGCOMPANION_SITE=address)
        assert result.returncode == 0, result.stderr
        yield address


def test_a_dead_link_leads_home(address: str, browser: Browser) -> None:
    for lost in ["nothing.html", "deep/nothing.html", "a/b/c/nothing.html?from=mail"]:
        context = fresh(browser, address)
        page = context.new_page()
        faults = watch(page, address)
        page.goto(f"{address}/{lost}")
        expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
        assert [fault for fault in faults if "404 (Not Found)" not in fault] == [
            f"missing: {address}/{lost}"
        ]
        page.get_by_role("link", name="the first page").click()
        expect(page.get_by_role("heading", name="A page", exact=True)).to_be_visible()
        assert page.url == f"{address}/index.html"
        context.close()


def test_without_its_base_the_page_is_broken_below_the_root(
    address: str, browser: Browser, book: Book
) -> None:
    lost = book.site / "404.html"
    whole = lost.read_text(encoding="utf-8")
    lost.write_text(re.sub("<base [^>]*>", "", whole), encoding="utf-8")
    context = fresh(browser, address)
    page = context.new_page()
    faults = watch(page, address)
    page.goto(f"{address}/deep/nothing.html")
    assert len(faults) > 2
    context.close()
    lost.write_text(whole, encoding="utf-8")
