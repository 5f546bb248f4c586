"""The table of points: a TOML file with a line for each exercise that is not worth 1."""

from __future__ import annotations

import math
from pathlib import Path

from pgcompanion.grading.assignment import AssignmentError


def read_points(path: Path) -> dict[str, float]:
    """The points by exercise."""
    try:
        import tomllib  # the oldest Python of the package has none
    except ModuleNotFoundError:
        raise AssignmentError("A table of points needs Python 3.11 or later.") from None
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise AssignmentError(f"The table of points `{path}` cannot be read: {error}.") from None
    for id, points in entries.items():
        number = isinstance(points, int | float) and not isinstance(points, bool)
        if not (number and math.isfinite(points) and points >= 0):
            raise AssignmentError(
                f"In `{path}`, `{id}` must be a number of points, but it is {points!r}."
            )
    return {id: float(points) for id, points in entries.items()}
