"""The search: what it finds first, what it shows of it, and where it leads; from a disk and from a server."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from inspection import fresh, watch
from notebooks import contents
from playwright.sync_api import Browser, Page, expect
from test_reference import ENTRIES

# What is typed, and the address of what must come first.
FIRST = {
    "natural gradient": "natural_gradient.html",
    "baseline": "baselines.html",
    "advantag": "baselines.html",
    "importance sampling": "importance_sampling.html",
    "fisher": "natural_gradient.html#fisher_matrix",
    "GAE": "ppo.html#gae",
    "TRPO": "trust_regions.html#trpo",
    "reward_to_go": "reference/estimators.html#pgcompanion.estimators.reward_to_go",
    "conjugate_gradient": "reference/steps.html#pgcompanion.steps.conjugate_gradient",
    "exact.gradient": "reference/exact.html#pgcompanion.exact.gradient",
}
NUMBERED = ["theorem 3.5", "Definition 2.1", "def. 9.1"]


@pytest.fixture(scope="module", params=["disk", "server"])
def page(request: pytest.FixtureRequest, site: Path, browser: Browser) -> Iterator[Page]:
    """The page of the search, which must ask for nothing else and raise no error."""
    base = site.as_uri() if request.param == "disk" else request.getfixturevalue("server")
    context = fresh(browser, base)
    page = context.new_page()
    faults = watch(page, base)
    page.goto(f"{base}/search.html")
    yield page
    assert faults == []
    context.close()


@pytest.fixture(scope="module")
def index(site: Path) -> list[list[str]]:
    text = (site / "_static" / "search-index.js").read_text(encoding="utf-8")
    return json.loads(text.removeprefix("var pgSearchIndex = ").removesuffix(";\n"))


def found(page: Page, query: str) -> list[str]:
    """The addresses of what is found, in the order in which it is shown."""
    page.locator(".bd-search-container input").fill(query)
    links = page.locator(".pg-found a")
    addresses = links.evaluate_all("links => links.map((link) => link.getAttribute('href'))")
    return [re.sub(r"^\./|\?[^#]*", "", address) for address in addresses]


def by_occurrence(index: list[list[str]], query: str) -> str:
    """What a search that only counts would show first."""
    words = query.lower().split()
    best = max(index, key=lambda row: sum(" ".join(row).lower().count(word) for word in words))
    return f"{best[0]}.html" + (f"#{best[1]}" if best[1] else "")


@pytest.mark.parametrize("query", FIRST)
def test_first_comes_what_is_named_so(query: str, page: Page) -> None:
    assert found(page, query)[0] == FIRST[query]


def test_a_search_that_counts_would_put_others_first(index: list[list[str]]) -> None:
    wrong = [query for query, place in FIRST.items() if by_occurrence(index, query) != place]
    assert len(wrong) > len(FIRST) / 2


@pytest.mark.parametrize("query", NUMBERED)
def test_a_number_finds_its_statement(query: str, page: Page, site: Path) -> None:
    number = query.split()[-1]
    text = (site / "statement_index.html").read_text(encoding="utf-8")
    ((place, name),) = re.findall(rf'href="([^"]*)">(\w+ {re.escape(number)})<', text)
    assert found(page, query)[0] == place
    assert page.locator(".pg-found a").first.inner_text().startswith(f"{name}. ")


def test_a_function_is_found_beside_the_statement_of_its_name(page: Page) -> None:
    assert "reference/estimators.html#pgcompanion.estimators.gae" in found(page, "gae")[:3]


def holding(index: list[list[str]], *words: str) -> set[str]:
    """The addresses of the entries that have all these words."""
    rows = [row for row in index if all(word in " ".join(row).lower() for word in words)]
    return {f"{page}.html" + (f"#{anchor}" if anchor else "") for page, anchor, *_ in rows}


def test_what_lacks_a_word_is_not_found(page: Page, index: list[list[str]]) -> None:
    both = holding(index, "hospital", "thousand")
    assert both
    assert holding(index, "thousand") - both
    assert set(found(page, "hospital thousand")) <= both


def test_a_part_of_a_word_is_marked_in_title_and_excerpt(page: Page) -> None:
    found(page, "advantag")
    marks = page.locator(".pg-found mark").all_inner_texts()
    assert {mark.lower() for mark in marks} == {"advantag"}
    assert page.locator(".pg-found a mark").count() > 0
    assert page.locator(".pg-found li > p mark").count() > 0


def test_an_excerpt_is_prose(page: Page) -> None:
    found(page, "importance sampling")
    text = page.locator(".pg-found").inner_text()
    assert "A hospital has the records of a thousand patients" in text
    raw = ("\\(", "\\[", "$", "On this page", "Print or save", "import ")
    assert [mark for mark in raw if mark in text] == []


def test_results_are_as_wide_as_a_telephone_and_signatures_no_prose(page: Page) -> None:
    size = page.viewport_size
    page.set_viewport_size({"width": 390, "height": 844})
    assert any("fisher_product" in address for address in found(page, "fisher"))
    wide = "document.documentElement.scrollWidth"
    assert page.evaluate(wide) <= 390
    assert "fisher_producttheta" not in page.locator(".pg-found").inner_text()
    page.locator(".pg-found").evaluate(
        "list => list.append('without_a_place_to_break' + 'x'.repeat(60))"
    )
    assert page.evaluate(wide) > 390, "a word outside of the entries is not broken"
    page.set_viewport_size(size)


def test_a_slip_of_a_letter_is_put_right_and_said(page: Page) -> None:
    assert found(page, "discout") == found(page, "discount") != []
    found(page, "discout")
    expect(page.get_by_role("status")).to_contain_text("“discount”")


def test_what_the_book_does_not_have_is_said(page: Page) -> None:
    assert found(page, "xyzzyx") == []
    expect(page.get_by_role("status")).to_have_text("The book has nothing on “xyzzyx”.")


def test_a_hit_is_marked_on_its_page_and_in_sight(page: Page) -> None:
    found(page, "fisher")
    page.locator(".bd-search-container input").press("Enter")
    link = page.locator(".pg-found a").first
    expect(link).to_be_focused()
    link.press("Enter")
    page.wait_for_url("**/natural_gradient.html*")
    page.wait_for_load_state()
    marked = "[...(CSS.highlights.get('pg-found') || [])]"
    assert page.evaluate(f"{marked}.map((hit) => hit.toString().toLowerCase())")[0] == "fisher"
    seen = "(hit) => { const { top } = hit.getBoundingClientRect(); return 0 <= top && top < innerHeight; }"
    page.wait_for_function(f"{marked}.some({seen})")
    page.go_back()
    expect(page.locator(".bd-search-container input")).to_have_value("fisher")


def test_the_field_of_any_page_leads_to_the_results(page: Page) -> None:
    search = page.url
    page.goto(re.sub(r"search\.html.*", "reference/exact.html", search))
    page.keyboard.press("Control+k")
    page.locator("dialog[open] input").fill("theorem 3.5")
    page.keyboard.press("Enter")
    expect(page.locator(".pg-found a").first).to_have_text(re.compile(r"^\w+ 3\.5\."))
    page.goto(search)


def test_every_page_statement_and_entry_is_in_the_index(index: list[list[str]], site: Path) -> None:
    assert set(contents()) <= {page for page, *_ in index}
    anchors = {anchor for _, anchor, *_ in index}
    assert ENTRIES.keys() <= anchors
    text = (site / "statement_index.html").read_text(encoding="utf-8")
    labels = set(re.findall(r'id="statement-(\w+)"', text))
    assert len(labels) > 50
    assert labels <= anchors


def test_only_the_search_reads_the_index(site: Path) -> None:
    index = (site / "_static" / "search-index.js").read_text(encoding="utf-8")
    holders = [
        path.name for path in site.rglob("*.js") if index in path.read_text(encoding="utf-8")
    ]
    assert len(holders) == 2  # the file, and the script of the one page
    readers = [
        path.relative_to(site).as_posix()
        for path in site.rglob("*.html")
        if any(name in path.read_text(encoding="utf-8") for name in holders)
    ]
    assert readers == ["search.html"]
