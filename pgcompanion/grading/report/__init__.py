"""The report of a class: what was passed, which misconceptions there are, and a sheet for each."""

from __future__ import annotations

from pgcompanion.grading.report.page import page, sheet

__all__ = ["page", "sheet"]
