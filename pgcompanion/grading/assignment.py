"""What is marked, and how: the exercises, the seed of their cases, the points."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass, field, replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np

from pgcompanion import checks
from pgcompanion.exercises.engine import catalogue
from pgcompanion.exercises.engine.exercise import Exercise


class AssignmentError(ValueError):
    """An assignment that cannot be marked. The text says why, in a sentence."""


@dataclass(frozen=True)
class Assignment:
    """The exercises to be marked, and how.

    Args:
        ids: the exercises; all of the pack's if there are none, and else all of the book's.
        seed: a word that draws other cases than those of `check`, the same for everybody.
        points: what a right answer is worth, where that is not 1.
        partial: whether half of the points are given where only edge cases fail.
        pack: a folder with exercises of a teacher's own.

    Raises:
        TypeError: an argument of another kind.
        ValueError: points that are negative or not finite; in `exercises`, a name that no exercise has.

    Example:
        >>> assignment = Assignment(("reward_to_go", "gae"), points={"gae": 2.0})
        >>> [(each.id, assignment.points_of(each.id)) for each in assignment.exercises()]
        [('reward_to_go', 1.0), ('gae', 2.0)]
    """

    ids: tuple[str, ...] = ()
    seed: str = "0"
    points: dict[str, float] = field(default_factory=dict)
    partial: bool = False
    pack: Path | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.ids, tuple | list):
            raise TypeError(f"ids must be a tuple of names, but it is {checks.kind(self.ids)}.")
        for id in self.ids:
            checks.string("each of ids", id)
        checks.string("seed", self.seed)
        if not isinstance(self.points, dict):
            raise TypeError(f"points must be a dict, but it is {checks.kind(self.points)}.")
        for id, worth in self.points.items():
            checks.not_negative(f"points[{id!r}]", worth)
        checks.truth("partial", self.partial)
        if self.pack is not None:
            checks.path(self.pack, "pack")

    def exercises(self) -> list[Exercise]:
        """The exercises to be marked, with the cases that the seed draws."""
        packed = {} if self.pack is None else unpacked(self.pack)
        ids = self.ids or (tuple(packed) or catalogue.IDS)
        for id in self.points:  # of the whole course, so that some may not be assigned
            _find(id, packed, "In the table of points: ")
        return [self._seeded(_find(id, packed)) for id in ids]

    def points_of(self, id: str) -> float:
        """What a right answer is worth."""
        checks.string("id", id)
        return self.points.get(id, 1.0)

    def _seeded(self, exercise: Exercise) -> Exercise:
        """The exercise with cases that depend on the seed, and are the same for everybody."""
        if self.seed == "0":
            return exercise
        text = f"{self.seed}/{exercise.id}".encode()
        number = int.from_bytes(hashlib.sha256(text).digest()[:8], "big")

        def cases(rng: np.random.Generator) -> object:
            return exercise.cases(np.random.default_rng(number))

        return replace(exercise, cases=cases)  # type: ignore[arg-type]


def _find(id: str, packed: dict[str, Exercise], where: str = "") -> Exercise:
    try:
        return packed.get(id) or catalogue.find(id)
    except catalogue.UnknownExerciseError as sentence:
        raise AssignmentError(f"{where}{sentence}") from None


def unpacked(folder: Path) -> dict[str, Exercise]:
    """The exercises of a teacher's own folder: of each of its modules, the name `exercise`."""
    if not folder.is_dir():
        raise AssignmentError(f"There is no folder `{folder}` with exercises.")
    found = {}
    for path in sorted(folder.glob("*.py")):
        if not path.name.startswith("_"):
            each = _exercise(path)
            found[each.id] = each
    if not found:
        raise AssignmentError(f"The folder `{folder}` holds no exercise: no file `*.py`.")
    return found


def _exercise(path: Path) -> Exercise:
    name = f"pgcompanion_pack_{path.stem}"
    spec = spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise AssignmentError(
            f"`{path}` cannot be imported: {type(error).__name__}: {error}"
        ) from error
    found = getattr(module, "exercise", None)
    if not isinstance(found, Exercise):
        raise AssignmentError(f"`{path}` has no `exercise` that is an `Exercise`.")
    return found
