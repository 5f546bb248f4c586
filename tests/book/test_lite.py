"""JupyterLite in the site: its kernel starts and finds the package without any other host.

NumPy comes from Pyodide's own host, which these tests never ask; what they run needs none of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import lite
import nbformat
import notebooks
import pytest
from playwright.sync_api import Browser, Page, expect
from serving import serve

import pgcompanion

STARTING = 120_000  # milliseconds; the kernel itself takes some twelve seconds


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lite")
    lite.build(folder)
    return folder


def test_each_notebook_is_there_for_the_kernel_of_the_browser(site: Path) -> None:
    for chapter in notebooks.chapters():
        path = site / "files" / chapter.relative_to(notebooks.BOOK).with_suffix(".ipynb")
        copy = nbformat.read(path, as_version=4)
        nbformat.validate(copy)
        assert copy.metadata.kernelspec.name == "python"
        note, *cells = copy.cells
        assert "cdn.jsdelivr.net" in note.source
        mine = nbformat.read(chapter.with_suffix(".ipynb"), as_version=4).cells
        assert [cell.source for cell in cells] == [cell.source for cell in mine[1:]]


def test_every_package_is_in_the_site_or_at_the_host_that_is_named(site: Path) -> None:
    core = site / "static" / "pyodide"
    packages = json.loads((core / "pyodide-lock.json").read_text(encoding="utf-8"))["packages"]
    hosts = {urlsplit(package["file_name"]).hostname for package in packages.values()}
    assert hosts == {None, "cdn.jsdelivr.net"}
    own = [p["file_name"] for p in packages.values() if not urlsplit(p["file_name"]).hostname]
    assert all((core / name).exists() for name in own)
    needed = lite.closure(packages, ["pgcompanion", *lite.KERNEL])
    assert {"numpy", "matplotlib", "gymnasium", "ipywidgets"} <= needed


@pytest.fixture
def address(site: Path) -> Iterator[str]:
    """JupyterLite on a server of this machine; it needs no other page of the site."""
    with serve(site) as address:
        yield address


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    yield page
    page.close()


def open_notebook(page: Page, address: str) -> None:
    """Until its kernel is idle: whoever runs a cell before it has one is asked to select a kernel."""
    page.goto(f"{address}/notebooks/index.html?path=index.ipynb")
    kernel = page.locator(".jp-Toolbar-kernelName", has_text="Python (Pyodide)")
    expect(kernel).to_be_visible(timeout=STARTING)
    status = page.locator(".jp-Notebook-ExecutionIndicator")
    expect(status).to_have_attribute("data-status", "idle", timeout=STARTING)


def run(page: Page, code: str) -> None:
    """Run code in a new cell, as a reader with a keyboard does."""
    for key in ("Escape", "b", "y", "Enter"):
        page.keyboard.press(key)
    page.keyboard.type(code)
    page.keyboard.press("Shift+Enter")


def test_the_kernel_starts_and_finds_the_package(address: str, page: Page) -> None:
    open_notebook(page, address)
    note = page.locator(".jp-RenderedMarkdown", has_text="This notebook runs in your browser.")
    expect(note).to_be_visible()
    outputs = page.locator(".jp-OutputArea-output")
    run(page, "print('seven', 3 + 4)")
    expect(outputs.filter(has_text="seven 7")).to_be_visible(timeout=STARTING)
    run(page, "import pgcompanion; print('version', pgcompanion.__version__)")
    expect(outputs.filter(has_text=f"version {pgcompanion.__version__}")).to_be_visible(
        timeout=STARTING
    )
    run(page, "import nothing_of_this_name")
    expect(outputs.filter(has_text="ModuleNotFoundError")).to_be_visible(timeout=STARTING)
