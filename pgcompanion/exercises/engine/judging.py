"""Judge what a function returned: right, a known mistake, near one, or the smallest case that differs.

The function itself is never seen here: `call` runs it, wherever it lives.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pgcompanion.exercises.engine import cases, show
from pgcompanion.exercises.engine.answer import wanted
from pgcompanion.exercises.engine.cases import Case
from pgcompanion.exercises.engine.detector import Near, nearest
from pgcompanion.exercises.engine.exercise import Exercise, Mistake
from pgcompanion.exercises.engine.feedback import Feedback, paragraphs
from pgcompanion.exercises.engine.outcome import Outcome, Value
from pgcompanion.exercises.engine.screen import unwritten
from pgcompanion.exercises.engine.titles import see
from pgcompanion.exercises.engine.wording import BY_HAND, Attempt, difference, is_tuple, numbers

Call = Callable[[Case], Outcome]

BROKEN = (
    "The check itself broke down with `{error}`: something that it works with has been changed, such "
    "as an attribute of a module. Restart Python, and let your function leave alone what is not its "
    "own."
)


def judge(exercise: Exercise, call: Call) -> Feedback:
    """What there is to say about the function that `call` runs. It raises nothing."""
    try:
        with np.errstate(all="ignore"):
            return _judge(exercise, call)
    except (Exception, SystemExit) as error:
        return Feedback(False, None, BROKEN.format(error=type(error).__name__))


def _judge(exercise: Exercise, call: Call) -> Feedback:
    tried: list[Attempt] = []
    for group in (cases.regular(exercise), cases.edges(exercise)):
        for case in group:
            tried.append(_attempt(exercise, case, call(case)))
            if tried[-1].problem:
                break
        if wrong := _verdict(exercise, tried):
            return _with_prints(_with_hint(exercise, wrong), tried[0])
    fails = (each for each in cases.stress(exercise) if not _right(exercise, each, call(each)))
    remark = next((f"One remark: {exercise.stress[each.number].remark}" for each in fails), "")
    praise = f"Right. Your function agrees with the solution on all {len(tried)} cases."
    return _with_prints(Feedback(True, None, paragraphs(praise, remark)), tried[0])


def _attempt(exercise: Exercise, case: Case, outcome: Outcome) -> Attempt:
    if outcome.answer is None:
        return Attempt(case, outcome, problem=_problem(case, outcome))
    try:
        value = _measured(exercise, case, outcome.answer.value)
        return Attempt(case, outcome, value)
    except ValueError as sentence:
        return Attempt(case, outcome, problem=str(sentence))


def _measured(exercise: Exercise, case: Case, value: Value) -> Value:
    return value if exercise.measure is None else cases.measured(exercise, case.arguments, value)


def _problem(case: Case, outcome: Outcome) -> str:
    if outcome.kind == "unreadable":
        return f"{outcome.text} Return {wanted(case.expected.shape)}."
    if outcome.kind == "error":
        above = f"Above is the input that it was working on. {outcome.meaning}" if case.rows else ""
        return paragraphs(outcome.text, show.rows(case.rows), above or outcome.meaning)
    return outcome.text


def _right(exercise: Exercise, case: Case, outcome: Outcome) -> bool:
    made = _attempt(exercise, case, outcome)
    return not made.problem and made.agrees_with(case.expected, exercise.tolerance)


def _verdict(exercise: Exercise, made: list[Attempt]) -> Feedback | None:
    """`None` if all attempts are right."""
    if made[-1].problem:
        if made[-1].outcome.kind == "unwritten":
            return unwritten(exercise)
        return Feedback(False, None, made[-1].problem)
    wrong = [each for each in made if not each.agrees_with(each.case.expected, exercise.tolerance)]
    if not wrong:
        return None
    if mistake := recognise(exercise, made):
        return _named(exercise, mistake, "", wrong)
    if not any(is_tuple(each) for each in wrong):
        compared = [(each.case, each.array) for each in made]
        if near := nearest(exercise, compared):
            return _near(exercise, near, wrong)
    return Feedback(False, None, paragraphs(*difference(exercise, wrong)))


def recognise(exercise: Exercise, made: list[Attempt]) -> Mistake | None:
    """The known mistake whose answers these are."""
    return next((known for known in exercise.mistakes if _is(exercise, known, made)), None)


def _is(exercise: Exercise, known: Mistake, made: list[Attempt]) -> bool:
    return all(
        each.agrees_with(cases.of_mistake(exercise, known, each.case), exercise.tolerance)
        for each in made
    )


def _named(exercise: Exercise, known: Mistake, twist: str, wrong: list[Attempt]) -> Feedback:
    if known.function is exercise.shown and not twist:
        begun = "This exercise is not started yet: the code is as it was shown."
        message = paragraphs(begun, numbers(exercise, wrong[0]), known.message)
        return Feedback(False, None, message, started=False)
    shown = numbers(exercise, wrong[0])
    message = paragraphs(known.message, twist, shown, f"In the book, see {see(known.label)}.")
    return Feedback(False, known.id, message)


def _near(exercise: Exercise, near: Near, wrong: list[Attempt]) -> Feedback:
    if near.mistake is not None:
        twist = f"There is a second thing: beside this mistake, your result is {near.relation}."
        return _named(exercise, near.mistake, twist, wrong)
    message = f"Your result is the right one, {near.relation}. {near.advice}"
    return Feedback(False, near.kind, paragraphs(message, numbers(exercise, wrong[0]), BY_HAND))


def _with_hint(exercise: Exercise, feedback: Feedback) -> Feedback:
    if not feedback.started:
        return feedback
    offer = f"`hint('{exercise.id}')` gives the next hint."
    return Feedback(False, feedback.mistake, paragraphs(feedback.message, offer))


def _with_prints(feedback: Feedback, attempt: Attempt) -> Feedback:
    if not attempt.outcome.printed or not feedback.started:
        return feedback
    return Feedback(
        feedback.passed,
        feedback.mistake,
        paragraphs(
            feedback.message,
            "On the first case your function also printed this:",
            show.excerpt(attempt.outcome.printed),
            "That does no harm: only what it returns is judged.",
        ),
    )
