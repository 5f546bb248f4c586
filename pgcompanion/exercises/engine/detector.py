"""Is a wrong answer the solution, or a known mistake, in disguise?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pgcompanion.exercises.engine import alterations, cases, dimensions, relations
from pgcompanion.exercises.engine.cases import Case
from pgcompanion.exercises.engine.exercise import Exercise, Mistake
from pgcompanion.exercises.engine.factors import factor
from pgcompanion.exercises.engine.outcome import Array
from pgcompanion.exercises.engine.pairs import Pair, Pairs, close, holds

Relation = Callable[[Pairs], str]

# (kind, relation, what to look for), the likeliest first
OF_THE_SOLUTION: tuple[tuple[str, Relation, str], ...] = (
    (
        "up_to_a_factor",
        factor,
        "Look for a sum where a mean is meant or the reverse, and for a factor or a sign that the "
        "formula has and your code has not.",
    ),
    (
        "another_shape",
        relations.shape,
        "The numbers are there; only the axes are not those that are asked for.",
    ),
    ("transposed", relations.transposed, "Which index should come first?"),
    (
        "reversed",
        relations.reversed_axis,
        "What was reversed for the computation has to be reversed back.",
    ),
    (
        "shifted",
        relations.shifted,
        "Compare the first and the last index of your loop or slice with those of the formula.",
    ),
    ("axis_of_a_sum", relations.reduced, "Count the sums of the formula, and over what each runs."),
    (
        "one_part_differs",
        relations.one_part,
        "The middle is right: look at what happens at that end.",
    ),
    ("wrapped_in_a_function", relations.function, "One operation is too many, or one is missing."),
    ("off_by_a_constant", relations.constant_added, "One term is too many, or one is missing."),
    (
        "damped",
        relations.diagonal_added,
        "Damping makes a matrix safe to invert; asked for is the matrix as it is.",
    ),
    (
        "normalised",
        relations.normalised,
        "That is often done before an optimiser sees it, and here it changes what is asked for.",
    ),
    ("accumulated", relations.accumulated, "The sum over the steps has been taken once too often."),
)

OF_A_MISTAKE: tuple[Relation, ...] = (
    factor,
    relations.shape,
    relations.transposed,
    relations.reversed_axis,
    relations.reduced,
)


@dataclass(frozen=True)
class Near:
    """What a wrong answer is in disguise: the solution, or a known mistake."""

    kind: str
    relation: str
    advice: str = ""
    mistake: Mistake | None = None


def nearest(exercise: Exercise, made: Sequence[tuple[Case, Array]]) -> Near | None:
    """The simplest disguise that fits all the cases, of the solution before any mistake."""
    if exercise.measure is not None:  # what is measured has no axes and no units of its own
        return None
    pairs = _pairs(exercise, made, [case.expected for case, _ in made])
    for kind, relation, advice in OF_THE_SOLUTION:
        if phrase := relation(pairs):
            return Near(kind, phrase, advice)
    known = [
        (each, _pairs(exercise, made, _values(exercise, each, made))) for each in exercise.mistakes
    ]
    for relation in OF_A_MISTAKE:
        for mistake, pairs in known:
            if phrase := relation(pairs):
                return Near(mistake.id, phrase, mistake=mistake)
    return _of_other_arguments(exercise, made)


def _of_other_arguments(exercise: Exercise, made: Sequence[tuple[Case, Array]]) -> Near | None:
    """The solution of changed arguments, itself or up to a factor."""
    advice = "Follow that argument through your code: what happens to it on the way?"
    if not made[0][0].rows:
        return None
    tables = [dict(alterations.alterations(exercise, case)) for case, _ in made]
    changed = [
        (words, _changed(exercise, made, [table.get(words) for table in tables]))
        for words in tables[0]
    ]
    known = [(words, pairs) for words, pairs in changed if pairs]
    for words, pairs in known:
        if holds(pairs, lambda x: x, 0) and _tells(made, pairs):
            return Near("other_arguments", words, advice)
    for words, pairs in known:
        if _tells(made, pairs) and (phrase := factor(pairs)):
            return Near("other_arguments", f"{words}, and {phrase}", advice)
    return None


def _changed(
    exercise: Exercise,
    made: Sequence[tuple[Case, Array]],
    changes: Sequence[alterations.Change | None],
) -> list[Pair]:
    """The answers beside the solution of the changed arguments; empty where it has none."""
    pairs = []
    for (case, answer), change in zip(made, changes, strict=True):
        try:
            assert change is not None
            base = cases.value(exercise, exercise.solution, change(case.arguments))
        except Exception:  # arguments that the solution is not made for
            return []
        if base.shape != answer.shape:
            return []
        pairs.append(Pair(answer, base, dimensions.sizes(exercise, case), dimensions.scalars(case)))
    return pairs


def _tells(made: Sequence[tuple[Case, Array]], pairs: Sequence[Pair]) -> bool:
    """Whether the changed arguments matter in at least two cases."""
    matter = (
        not close(pair.base, case.expected) and bool(pair.base.any())
        for (case, _), pair in zip(made, pairs, strict=True)
    )
    return sum(matter) >= 2


def _values(exercise: Exercise, known: Mistake, made: Sequence[tuple[Case, Array]]) -> list[Array]:
    return [cases.of_mistake(exercise, known, case) for case, _ in made]


def _pairs(
    exercise: Exercise, made: Sequence[tuple[Case, Array]], bases: list[Array]
) -> list[Pair]:
    return [
        Pair(answer, base, dimensions.sizes(exercise, case), dimensions.scalars(case))
        for (case, answer), base in zip(made, bases, strict=True)
    ]
