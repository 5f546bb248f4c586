"""Slides of the chapters, and two pages with their formulas, from the built book."""

from __future__ import annotations

from pathlib import Path

import handouts
import pytest
from playwright.sync_api import Browser
from pypdf import PdfReader

NAMES = ["reinforce", "trust_regions"]


def words(path: Path) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(path).pages).split())


def test_the_slides_hold_statements_and_figures(
    site: Path, browser: Browser, tmp_path: Path
) -> None:
    target = tmp_path / "slides.pdf"
    n = handouts.slides(browser, site, NAMES, target)
    reader = PdfReader(target)
    assert len(reader.pages) == n > 10
    assert reader.outline[1].title.endswith("Trust regions")
    assert "Kullback-Leibler divergence" in words(target)
    assert all(page.mediabox.width > page.mediabox.height for page in reader.pages)


def test_the_formulas_of_the_whole_book_fit_two_pages(
    site: Path, browser: Browser, tmp_path: Path
) -> None:
    target = tmp_path / "sheet.pdf"
    assert handouts.sheet(browser, site, handouts.chapters(), target) == handouts.LONGEST
    text = words(target)
    assert "Policy gradient with a baseline" in text
    assert "Kullback-Leibler divergence" in text
    assert "Policy gradient with a learned baseline" not in text


def test_what_does_not_fit_is_set_smaller(
    site: Path, browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handouts, "SIZES", [3.0, 0.9])
    assert handouts.sheet(browser, site, NAMES * 2, tmp_path / "s.pdf") <= handouts.LONGEST
