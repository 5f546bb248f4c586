"""Call a function in the sandbox, and say what came of it in the words of the exercise engine."""

from __future__ import annotations

import builtins
import copy
import inspect
from typing import Any

import numpy as np

from pgcompanion.exercises.engine import attempt, checking, explain, runner
from pgcompanion.exercises.engine.cases import Case
from pgcompanion.exercises.engine.outcome import Outcome
from pgcompanion.grading.plain import Other
from pgcompanion.grading.sandbox import Reply, Sandbox

LIMIT, TOTAL = 3.0, 4.0  # seconds for one call, and for all calls of an exercise


class Calls:
    """A `call` for `judge`: the function is the one that is called `id` in the sandbox."""

    def __init__(self, box: Sandbox, id: str, state: bytes) -> None:
        self._box, self._id, self._state = box, id, state
        self._ended = False
        self.seconds = 0.0
        self.groups: set[str] = set()  # those of whose cases one was tried

    def __call__(self, case: Case) -> Outcome:
        if self._ended:
            self._box.restore(self._state)
        self.groups.add(case.group)
        seconds = max(0.1, min(LIMIT, TOTAL - self.seconds))
        reply = self._box.ask("call", self._id, case.arguments, seconds=seconds)
        self.seconds += reply.seconds
        self._ended = bool(reply.ended)
        return _stopped(reply) if reply.ended else _outcome(case, *reply.value)


def _stopped(reply: Reply) -> Outcome:
    """The function took the whole of its Python with it."""
    if reply.ended in ("out of fuel", "deadline"):
        return Outcome("late", text=checking.late(runner.TimeUpError([], False), None))
    kind: type[BaseException] = SystemExit
    if reply.ended == "stack overflow" or "stack" in reply.ended:
        kind = RecursionError
    return _error(kind(), "")
