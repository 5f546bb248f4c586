"""Judge an answer: right, a known mistake, or the smallest case that differs."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from pgcompanion.exercises.engine import explain, runner, show
from pgcompanion.exercises.engine.answer import Answer, agree, wanted
from pgcompanion.exercises.engine.attempt import Attempt, Case, attempts, case, outcome
from pgcompanion.exercises.engine.capture import routed
from pgcompanion.exercises.engine.exercise import Exercise, Mistake, Stress
from pgcompanion.exercises.engine.feedback import Feedback, paragraphs
from pgcompanion.exercises.engine.screen import not_a_try, unwritten

SEED = 0
_one_at_a_time = threading.Lock()  # the standard output and the warnings filter are shared


def cases(exercise: Exercise) -> list[Case]:
    """The cases of an exercise, the same at every call."""
    drawn = exercise.cases(np.random.default_rng(SEED))
    return [case(exercise, arguments) for arguments in drawn]


def examine(exercise: Exercise, function: Any) -> Feedback:
    """Run the function on the exercise's cases and say what was found."""
    if trouble := not_a_try(exercise, function):
        return trouble
    regular, edges = cases(exercise), [case(exercise, each) for each in exercise.edges]
    tried: list[Attempt] = []
    try:
        for group in (regular, edges):
            tried += _run(function, group)
            if wrong := _judge(exercise, tried):
                return _with_prints(wrong, tried[0])
    except runner.TimeUpError as late:
        return _late(late, function)
    return _with_prints(_passed(exercise, function, len(tried)), tried[0])


def _run(function: Any, group: Iterable[Case]) -> list[Attempt]:
    with _one_at_a_time, warnings.catch_warnings(), routed() as router:
        warnings.simplefilter("ignore")
        return runner.collect(attempts(function, group, router), runner.LIMIT, runner.TOTAL)


def _judge(exercise: Exercise, made: list[Attempt]) -> Feedback | None:
    """`None` if all attempts are right."""
    if made and made[-1].problem:
        last = made[-1]
        return unwritten(exercise) if last.unwritten else Feedback(False, None, last.problem)
    wrong = [each for each in made if not each.right]
    if not wrong:
        return None
    if mistake := recognise(exercise, made):
        message = f"{mistake.message} In the book, see `{mistake.label}`."
        return Feedback(False, mistake.id, message)
    return Feedback(False, None, _difference(wrong[0]))


def recognise(exercise: Exercise, made: list[Attempt]) -> Mistake | None:
    """The known mistake whose answers these are."""
    return next((known for known in exercise.mistakes if all(_same(known, made))), None)


def _same(known: Mistake, made: list[Attempt]) -> Iterator[bool]:
    for each in made:
        assert each.answer is not None
        yield agree(each.answer, outcome(known.function, each.case.arguments))


def _difference(attempt: Attempt) -> str:
    """The smallest case that differs, for paper and pencil."""
    answer, expected = attempt.answer, attempt.case.expected
    assert answer is not None
    results = [("returned", answer.value), ("expected", expected)]
    return paragraphs(
        _headline(answer, expected.shape, bool(np.isfinite(expected).all())),
        show.rows([*attempt.case.rows, *results]),
        "This is the smallest case that differs: work it out by hand, then follow your code line "
        "by line with the same numbers.",
    )


def _headline(answer: Answer, shape: tuple[int, ...], finite: bool) -> str:
    value = answer.value
    if value.shape != shape:
        found = f"has shape `{value.shape}`" if value.shape else "is one number"
        return f"The result {found}, where {wanted(shape)} is asked for."
    if finite and np.isnan(value).any():
        return (
            "The result contains `nan`, which stands for 0/0, inf - inf or the logarithm of a "
            "negative number."
        )
    if finite and np.isinf(value).any():
        return "The result contains `inf`, which stands for a division by 0 or an overflow."
    if not finite and np.isfinite(value).all():
        return (
            "The right answer is infinite here, and yours is finite. A small number that is added "
            "to avoid a division by 0 has this effect."
        )
    if answer.dtype.kind in "iu":
        return (
            "The result differs from the expected one. It consists of whole numbers: an array "
            "made with `dtype=int` cuts off what comes after the point."
        )
    return "The result differs from the expected one."


def _passed(exercise: Exercise, function: Any, n: int) -> Feedback:
    fails = (each.remark for each in exercise.stress if not _survives(exercise, function, each))
    remark = next((f"One remark: {each}" for each in fails), "")
    praise = f"Right. Your function agrees with the solution on all {n} cases."
    return Feedback(True, None, paragraphs(praise, remark))


def _survives(exercise: Exercise, function: Any, stress: Stress) -> bool:
    try:
        return all(each.right for each in _run(function, [case(exercise, stress.arguments)]))
    except runner.TimeUpError:
        return False


def _late(late: runner.TimeUpError, function: Any) -> Feedback:
    place = explain.place(late.steps, function)
    return Feedback(
        False,
        None,
        paragraphs(
            f"Your function had not finished after {runner.LIMIT:.0f} seconds"
            + (f". It was then at {place.rstrip(',')}." if place else "."),
            "On input this small that means a loop that never ends, or a wait for something that "
            "never comes. If there is a `while`, does each round bring its condition closer to false?",
            "It is still busy in the background, in a call that Python cannot break off: restart "
            "the kernel if things turn slow."
            if late.still_running
            else "It has been stopped, and nothing is left running.",
        ),
    )


def _with_prints(feedback: Feedback, attempt: Attempt) -> Feedback:
    if not attempt.printed or not feedback.started:
        return feedback
    return Feedback(
        feedback.passed,
        feedback.mistake,
        paragraphs(
            feedback.message,
            "On the first case your function also printed this:",
            show.excerpt(attempt.printed),
            "That does no harm: only what it returns is judged.",
        ),
    )
