"""What a reader sees on a telephone, by day and by night, and where the focus is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from inspection import NARROW, PATIENCE, TYPESET, WIDE
from playwright.sync_api import Browser, Page, expect

RINGS = """(selector) => [...document.querySelectorAll(selector)].flatMap((box) =>
  [getComputedStyle(box), getComputedStyle(box, "::before")]).filter((style) =>
  style.outlineStyle !== "none" || /rgb/.test(style.boxShadow)).length"""
TELEPHONE = {"viewport": NARROW}
DARK = {"color_scheme": "dark"}


@pytest.fixture
def page(browser: Browser, site: Path, request: pytest.FixtureRequest) -> Iterator[Page]:
    options = {"viewport": WIDE, "reduced_motion": "reduce"} | getattr(request, "param", {})
    context = browser.new_context(offline=True, **options)
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


def visit(page: Page, site: Path, name: str) -> None:
    page.goto(f"{site.as_uri()}/{name}.html")
    page.evaluate(TYPESET)


@pytest.mark.parametrize("page", [TELEPHONE], indirect=True)
def test_the_contents_close_when_one_is_chosen(page: Page, site: Path) -> None:
    visit(page, site, "natural_gradient")
    page.locator("button.secondary-toggle:visible").click()
    contents = page.locator("dialog[open]")
    contents.get_by_text("On this page").click()
    expect(contents).to_have_count(1)
    contents.get_by_role("link").nth(3).click()
    expect(contents).to_have_count(0)
    heading = page.locator(f"section{page.evaluate('location.hash')} > h2")
    expect(heading).to_be_in_viewport()


@pytest.mark.parametrize("page", [TELEPHONE], indirect=True)
def test_the_controls_of_a_demo_take_a_row_each_and_a_thumb(page: Page, site: Path) -> None:
    for name in ["natural_gradient", "importance_sampling", "ppo"]:
        visit(page, site, name)
        for demo in page.locator(".pg-demo").all():
            demo.scroll_into_view_if_needed()
            demo.locator("input").first.wait_for()
        for control in page.locator(".pg-demo__control:visible").all():
            rows = 1 + control.locator(".pg-demo__clock, :scope > input").count()
            assert 44 <= control.bounding_box()["height"] <= 50 * rows
            for target in control.locator(":is(input, select, button):visible").all():
                box = target.bounding_box()
                assert box["height"] >= 44
                assert box["width"] >= 44
                assert box["x"] + box["width"] <= NARROW["width"]


PLACES = """() => [...document.querySelectorAll(".bd-article :is(h2, p, div.cell, div.admonition, dt)")]
  .map((part) => Math.round(part.getBoundingClientRect().top + scrollY))"""
LATER = "document.documentElement.classList.contains('pg-later')"


@pytest.mark.parametrize("page", [TELEPHONE], indirect=True)
@pytest.mark.parametrize("name", ["natural_gradient", "reference/policies"])
def test_what_is_laid_out_bit_by_bit_stands_as_if_it_were_at_once(
    name: str, page: Page, site: Path
) -> None:
    page.goto(f"{site.as_uri()}/{name}.html", wait_until="domcontentloaded")
    early = page.evaluate(PLACES)
    expect(page.locator("html.pg-later")).to_have_count(0)
    later = page.evaluate(PLACES)
    # Where a place in it is asked for, a page is laid out at once.
    page.goto(f"{site.as_uri()}/references.html")
    page.goto(f"{site.as_uri()}/{name}.html#main-content")
    assert not page.evaluate(LATER)
    page.evaluate(TYPESET)
    page.wait_for_timeout(500)
    assert page.evaluate(PLACES) == later
    assert early != later


def test_only_a_telephone_has_no_button_back_to_the_top(page: Page, site: Path) -> None:
    page.set_viewport_size({"width": 800, "height": 800})
    visit(page, site, "objective")
    button = page.locator("#pst-back-to-top")
    # As the theme's script does on the way up.
    button.evaluate("button => { button.style = 'display: block; visibility: visible'; }")
    expect(button).to_be_visible()
    page.set_viewport_size(NARROW)
    expect(button).to_be_hidden()


IMAGE = """cell => {
  const image = document.createElement("img");
  image.className = "pg-keep";
  cell.append(image);
}"""


@pytest.mark.parametrize("page", [DARK], indirect=True)
def test_an_image_is_turned_over_unless_it_is_to_stay_as_it_is(page: Page, site: Path) -> None:
    visit(page, site, "objective")
    page.locator("div.cell_output").first.evaluate(IMAGE)
    image = page.locator("div.cell_output img").first
    turned = "image => getComputedStyle(image).filter !== 'none'"
    assert not image.evaluate(turned)
    image.evaluate("image => image.classList.remove('pg-keep')")
    assert image.evaluate(turned)


@pytest.mark.parametrize("page", [DARK], indirect=True)
def test_by_night_no_picture_stands_on_white(page: Page, site: Path) -> None:
    """Of a figure the ground is that of the page, also where there is a heat map in it."""
    ground = """() => [...document.querySelectorAll("div.cell_output svg.pg-figure")].map((figure) =>
      getComputedStyle(figure.querySelector("path")).fill)"""
    paper = "getComputedStyle(document.body).backgroundColor"
    visit(page, site, "objective")
    assert page.locator("svg.pg-figure image").count() > 0
    assert set(page.evaluate(ground)) == {page.evaluate(paper)}


def test_the_entry_of_a_page_pushes_no_other(page: Page, site: Path) -> None:
    """The list beside the pages is the same list on each of them."""
    places = []
    for name in ["exercises/objective", "exercises/local_optimization"]:
        visit(page, site, name)
        entries = page.locator("nav.bd-links a.reference:visible")
        places.append(entries.evaluate_all("links => links.map((link) => link.offsetHeight)"))
    assert places[0] == places[1]
    page.locator("nav.bd-links .current > a").evaluate("link => { link.style.fontWeight = 600; }")
    bold = entries.evaluate_all("links => links.map((link) => link.offsetHeight)")
    assert bold != places[0]


@pytest.mark.parametrize("page", [{}, DARK], indirect=True)
def test_links_have_one_colour_in_tables_and_in_text(page: Page, site: Path) -> None:
    colours = """kind => [...new Set([...document.querySelectorAll(kind)]
      .map((link) => getComputedStyle(link).color))]"""
    visit(page, site, "objective")
    text = page.evaluate(colours, ".bd-article p:not(.pg-checked) > a.internal")
    assert len(text) == 1
    for name in ["errata", "notation", "statement_index"]:
        visit(page, site, name)
        assert page.evaluate(colours, ".bd-article table :is(a, a code)") == text


def test_the_focus_has_one_ring(page: Page, site: Path) -> None:
    visit(page, site, "natural_gradient")
    button = page.locator(".admonition.toggle button.toggle-button").first
    page.keyboard.press("Tab")  # whoever uses the keyboard sees the focus
    button.focus()
    expect(button).to_be_focused()
    parts = ".admonition.toggle:has(:focus), .admonition.toggle:has(:focus) > .admonition-title"
    assert page.evaluate(RINGS, parts) == 0
    assert page.evaluate(RINGS, "button:focus") == 1
    page.keyboard.press("Control+k")
    form = "dialog[open] form.bd-search"
    expect(page.locator(f"{form} input")).to_be_focused()
    assert page.evaluate(RINGS, f"{form}, {form} input") == 1


def test_the_download_is_named(page: Page, site: Path) -> None:
    visit(page, site, "objective")
    menu = page.get_by_role("button", name="Download this page")
    expect(menu).to_have_attribute("title", "Download this page")
    label = "button => getComputedStyle(button, '::after').content"
    assert "Download" in menu.evaluate(label)
    page.set_viewport_size(NARROW)
    assert "Download" not in menu.evaluate(label)


@pytest.mark.parametrize("target", ["_blank", "_self"])
def test_from_a_disk_the_notebook_does_not_take_the_place_of_the_page(
    target: str, page: Page, site: Path
) -> None:
    visit(page, site, "objective")
    link = page.locator("a.btn-download-notebook")
    assert link.get_attribute("target") == "_blank"
    link.evaluate("(link, target) => { link.target = target; }", target)
    page.get_by_label("Download this page").click()
    page.get_by_text("Notebook (.ipynb)").click()
    page.wait_for_timeout(500)
    assert page.url.endswith("objective.html") == (target == "_blank")


def test_printed_sentences_are_broken_and_rows_are_not(page: Page, site: Path) -> None:
    visit(page, site, "ppo")
    page.set_viewport_size(NARROW)
    text = page.locator("div.cell_output pre", has=page.locator(".pg-row")).first
    lines = (
        "pre => pre.getBoundingClientRect().height / parseFloat(getComputedStyle(pre).lineHeight)"
    )
    before = text.evaluate(lines)
    height = "row => row.getClientRects().length"
    assert {row.evaluate(height) for row in text.locator(".pg-row").all()} == {1}
    text.evaluate("pre => { pre.style.whiteSpace = 'pre'; }")
    assert text.evaluate(lines) < before


def test_the_tables_of_the_notation_page_are_whole_and_all_of_it_is_typeset(
    page: Page, site: Path
) -> None:
    visit(page, site, "notation")
    tables = page.locator(".pg-notation table")
    assert tables.count() > 5
    for table in tables.all():
        cells = table.locator("tr").evaluate_all("rows => rows.map((row) => row.cells.length)")
        assert set(cells) == {5}
    assert "$" not in page.locator("article").inner_text()
