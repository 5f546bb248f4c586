"""The built site, and a server on this machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(Path(__file__).parent), str(ROOT / "tools")]

import chromium  # noqa: E402
import firefox  # noqa: E402
import serving  # noqa: E402

SITE = ROOT / "_build" / "html"

# Without a browser its tests are left out, and said to be, except where they are the point.
CI = os.environ.get("CI") == "true"
NEEDED = {
    chromium: [
        "test_accessibility.py",
        "test_browser.py",
        "test_cell_outputs.py",
        "test_cells.py",
        "test_inspection.py",
        "test_layout.py",
        "test_lost.py",
        "test_museum.py",
        "test_pdf.py",
        "test_progress.py",
        "test_search.py",
        "test_selfcheck_browser.py",
        "test_without_runtime.py",
    ],
    firefox: ["test_firefox.py"],
}
LEFT_OUT = [] if CI else [browser for browser in NEEDED if browser.find() is None]
collect_ignore = [name for browser in LEFT_OUT for name in NEEDED[browser]]


def pytest_report_header() -> list[str]:
    return [f"browser tests left out: {browser.MISSING}" for browser in LEFT_OUT]


@pytest.fixture(scope="session")
def site() -> Path:
    if not (SITE / "index.html").exists():
        pytest.fail("the book is not built: run `make book` first")
    return SITE


@pytest.fixture(scope="session")
def server(site: Path) -> Iterator[str]:
    """The address of the site on a server of this machine."""
    with serving.serve(site) as address:
        yield address


@pytest.fixture(scope="session")
def gecko(playwright: Playwright) -> Iterator[Browser]:
    """A Firefox, the one that is installed."""
    if firefox.find() is None:
        pytest.fail(firefox.MISSING)
    with firefox.launch(playwright) as browser:
        yield browser
