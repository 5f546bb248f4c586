"""The wheel of the tree, and the environments into which it goes."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PLACES = [HERE, HERE.parent / "demos", ROOT, ROOT / "tools", ROOT / "book" / "_ext"]
sys.path[:0] = map(str, PLACES)

import chromium  # noqa: E402
import elsewhere  # noqa: E402

# Without a browser its test is left out, and tests/book says so, except where it is the point.
LEFT_OUT = chromium.find() is None and os.environ.get("CI") != "true"
collect_ignore = ["test_binder.py"] if LEFT_OUT else []


def pytest_report_header() -> str:
    return f"Pythons found for the package: {', '.join(elsewhere.pythons())}"


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return elsewhere.build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def wheel(distributions: tuple[Path, Path]) -> Path:
    return distributions[0]
