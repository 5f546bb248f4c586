"""An exhibit of the bug museum as an exercise in repair: its starter is the wrong variant."""

from __future__ import annotations

from inspect import getdoc

from pgcompanion.exercises.engine.exercise import Cases, Exercise, Function, Mistake


def exhibit(
    right: Function,
    slip: Function,
    cases: Cases,
    label: str,
    says: str,
    hints: tuple[str, ...],
    *others: Mistake,
) -> Exercise:
    """The exercise to turn ``slip`` into ``right``; ``says`` names the slip, ``others`` are near it."""
    text = getdoc(right) or ""
    return Exercise(
        title=text.partition("\n")[0].rstrip("."),
        label=label,
        statement=text,
        solution=right,
        hints=hints,
        cases=cases,
        mistakes=(Mistake("as_shown", slip, says, label), *others),
        shown=slip,
    )
