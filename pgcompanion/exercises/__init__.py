"""Exercises that tell which mistake was made.

`check(id, function)` judges an answer, `hint(id)` gives the next of three hints, `solution(id)`
prints a solution, and `progress()` shows what is done.
"""

from __future__ import annotations

from pgcompanion.exercises.engine import catalogue
from pgcompanion.exercises.engine.checking import examine
from pgcompanion.exercises.engine.feedback import Feedback, Note, paragraphs
from pgcompanion.exercises.engine.record import RECORD
from pgcompanion.exercises.engine.table import Progress, table

__all__ = ["Feedback", "check", "hint", "progress", "solution"]

_hints_given: dict[str, int] = {}


def check(id: str, function: object = None) -> Feedback:
    """Judge a function that answers the exercise `id`. It raises nothing, whatever it is given.

    A wrong answer is compared with the known mistakes of the exercise, then with the solution and
    the mistakes up to a factor, a shift, a transposition and the like; where nothing fits, the
    smallest case that differs is shown. An error, a wrong shape, a changed argument and an
    unfinished function each have an answer of their own. The function has 5 seconds for each case;
    one long call that Python cannot break off is waited for, or left behind where that is possible.

    >>> check("reward_to_gone", lambda r: r)
    Nothing to check yet.
    <BLANKLINE>
    There is no exercise called `reward_to_gone`. The nearest is `reward_to_go`.
    """
    try:
        exercise = catalogue.find(id)
    except catalogue.UnknownExerciseError as sentence:
        return Feedback(False, None, str(sentence), started=False)
    feedback = examine(exercise, function)
    if not feedback.started:
        return feedback
    RECORD.add(exercise.id, feedback.passed)
    return Feedback(feedback.passed, feedback.mistake, paragraphs(feedback.message, RECORD.news()))


def hint(id: str) -> Note:
    """The next hint: three of them, from an idea to almost the code, then all three together."""
    try:
        exercise = catalogue.find(id)
    except catalogue.UnknownExerciseError as sentence:
        return Note("No hint", str(sentence))
    given = _hints_given.get(exercise.id, 0)
    _hints_given[exercise.id] = given + 1
    if given < len(exercise.hints):
        return Note(f"Hint {given + 1} of {len(exercise.hints)}", exercise.hints[given])
    last = f"There is no further hint; `solution('{exercise.id}')` prints a solution."
    return Note("All hints", paragraphs(*exercise.hints, last))


def solution(id: str) -> None:
    """Print a solution.

    >>> solution("bernoulli")
    There is no exercise called `bernoulli`. The nearest is `bernoulli_natural_gradient`.
    """
    try:
        print(catalogue.find(id).source)
    except catalogue.UnknownExerciseError as sentence:
        print(sentence)


def progress() -> Progress:
    """A table of all exercises, and which of them are done."""
    entries = RECORD.entries()
    return table(entries, RECORD.news())
