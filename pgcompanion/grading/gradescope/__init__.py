"""An autograder for Gradescope: a zip file with its two scripts, and what they run."""

from __future__ import annotations

from pgcompanion.grading.gradescope.archive import write

__all__ = ["write"]
