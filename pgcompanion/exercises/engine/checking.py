"""Run an answer in this process, in a thread with a time limit, and judge it."""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pgcompanion.exercises.engine import explain, runner
from pgcompanion.exercises.engine.attempt import attempt, printed
from pgcompanion.exercises.engine.capture import Router, routed
from pgcompanion.exercises.engine.cases import Case
from pgcompanion.exercises.engine.exercise import Exercise, Function
from pgcompanion.exercises.engine.feedback import Feedback, paragraphs
from pgcompanion.exercises.engine.judging import judge
from pgcompanion.exercises.engine.outcome import Outcome
from pgcompanion.exercises.engine.screen import not_a_try

_one_at_a_time = threading.Lock()  # the standard output and the warnings filter are shared


def examine(exercise: Exercise, function: Any) -> Feedback:
    """Run the function on the exercise's cases and say what was found."""
    return not_a_try(exercise, function) or judge(exercise, InProcess(function))


class InProcess:
    """A `call` for `judge`: the function runs here, each case in `LIMIT` seconds, all in `TOTAL`.

    What holds Python's lock while it works, such as one long call into C, outlasts the limit.
    """

    def __init__(self, function: Function) -> None:
        self._function = function
        self._deadline = time.monotonic() + runner.TOTAL

    def __call__(self, case: Case) -> Outcome:
        left = self._deadline - time.monotonic()
        with _one_at_a_time, warnings.catch_warnings(), routed() as router:
            warnings.simplefilter("ignore")
            try:
                return runner.collect(self._items(case, router), runner.LIMIT, left)[0]
            except runner.TimeUpError as error:
                return Outcome("late", text=too_late(error, self._function))

    def _items(self, case: Case, router: Router) -> Iterator[Outcome]:
        with router.recording() as tape:
            outcome = attempt(self._function, case.arguments)
        if outcome.kind == "unreadable" and "`None`" in outcome.text and tape.text:
            yield printed(tape.text)
        else:
            yield replace(outcome, printed=tape.text)


def too_late(error: runner.TimeUpError, function: Any) -> str:
    """What to say of a function whose time is up."""
    place = explain.place(error.steps, function)
    return paragraphs(
        f"Your function had not finished after {runner.LIMIT:.0f} seconds"
        + (f". It was then at {place.rstrip(',')}." if place else "."),
        "On input this small that means a loop that never ends, or a wait for something that "
        "never comes. If there is a `while`, does each round bring its condition closer to false?",
        "It is still busy in the background, in a call that Python cannot break off: restart "
        "the kernel if things turn slow."
        if error.still_running
        else "It has been stopped, and nothing is left running.",
    )
