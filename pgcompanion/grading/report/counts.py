"""What the rows of a class say of each exercise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pgcompanion.exercises.engine.exercise import Exercise
from pgcompanion.grading.marking import Row


@dataclass(frozen=True)
class Misconception:
    """A mistake, how many made it, and the label of the statement that treats it."""

    id: str
    students: int
    says: str
    label: str


@dataclass(frozen=True)
class Standing:
    """One exercise of the class: how many passed, and what the others did."""

    exercise: Exercise
    students: int
    passed: int
    missing: int
    misconceptions: tuple[Misconception, ...]

    @property
    def unnamed(self) -> int:
        """Wrong answers that are no known mistake."""
        named = sum(each.students for each in self.misconceptions)
        return self.students - self.passed - self.missing - named


def passed(row: Row, points: float) -> bool:
    return row.score >= points > 0


def is_missing(row: Row) -> bool:
    """Whether there was nothing to judge: no function, or the starter."""
    said = ("There is no function", "This exercise is not started yet")
    return row.message.startswith(said)


def standings(
    rows: Iterable[Row], exercises: Sequence[Exercise], points: dict[str, float]
) -> list[Standing]:
    """One for each exercise, in their order."""
    of = {each.id: list[Row]() for each in exercises}
    for row in rows:
        of[row.exercise].append(row)
    return [_standing(each, of[each.id], points.get(each.id, 1.0)) for each in exercises]


def _standing(exercise: Exercise, rows: list[Row], points: float) -> Standing:
    made = Counter(row.mistake for row in rows if row.mistake and not passed(row, points))
    said = {row.mistake: row.message for row in reversed(rows)}
    known = {mistake.id: mistake for mistake in exercise.mistakes}
    misconceptions = tuple(
        Misconception(
            id,
            students,
            known[id].message if id in known else said[id].split("\n\n")[0],
            known[id].label if id in known else exercise.label,
        )
        for id, students in sorted(made.items(), key=lambda item: (-item[1], item[0]))
    )
    right = sum(passed(row, points) for row in rows)
    missing = sum(is_missing(row) and not row.mistake for row in rows)
    return Standing(exercise, len(rows), right, missing, misconceptions)
