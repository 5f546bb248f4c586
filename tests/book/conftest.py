"""The built site, and a server on this machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(Path(__file__).parent), str(ROOT / "tools")]

import chromium  # noqa: E402
import serving  # noqa: E402

SITE = ROOT / "_build" / "html"

# Without a browser its tests are left out, and said to be, except where they are the point.
LEFT_OUT = chromium.find() is None and os.environ.get("CI") != "true"
NEED_BROWSER = [
    "test_accessibility.py",
    "test_browser.py",
    "test_cells.py",
    "test_inspection.py",
    "test_layout.py",
    "test_lite.py",
    "test_lost.py",
    "test_pdf.py",
    "test_progress.py",
    "test_search.py",
    "test_selfcheck_browser.py",
]
collect_ignore = NEED_BROWSER if LEFT_OUT else []


def pytest_report_header() -> str | None:
    return f"browser tests left out: {chromium.MISSING}" if LEFT_OUT else None


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
