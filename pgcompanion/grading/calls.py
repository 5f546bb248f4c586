"""Call a function in the sandbox, and say what came of it in the words of the exercise engine."""

from __future__ import annotations

import builtins
import inspect
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from pgcompanion.exercises.engine import checking, runner
from pgcompanion.exercises.engine.attempt import attempt, printed
from pgcompanion.exercises.engine.cases import Case
from pgcompanion.exercises.engine.outcome import Outcome
from pgcompanion.grading.plain import Other
from pgcompanion.grading.sandbox import Sandbox, State
from pgcompanion.grading.things import Things

LIMIT, TOTAL = 5.0, 8.0  # seconds for one call, and for all calls of an exercise
LONGEST, LINE = 2_000, 200  # characters of what a function prints, and of one line


class Calls:
    """A `call` for `judge`: the function is the one called `id` in the sandbox."""

    def __init__(self, box: Sandbox, id: str, state: State) -> None:
        self._box, self._id, self._state = box, id, state
        self._ended = False
        self.seconds = 0.0
        self.groups: set[str] = set()  # those of which a case was tried

    def __call__(self, case: Case) -> Outcome:
        if self._ended:
            self._box.restore(self._state)
        self.groups.add(case.group)
        twin = Twin(case.names, self)
        try:
            outcome = attempt(twin, case.arguments)
        except runner.Stopped:
            return Outcome("late", text=checking.too_late(runner.TimeUpError([], False), None))
        if outcome.kind == "unreadable" and "`None`" in outcome.text and twin.printed:
            return printed(twin.printed)
        where = f"Your function stopped{twin.place}"
        text = outcome.text.replace("Your function stopped", where, 1)
        return replace(outcome, text=text, printed=twin.printed)

    def ask(self, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        """What the sandbox says of one call; an exception where its Python ended with it."""
        seconds = max(0.1, min(LIMIT, TOTAL - self.seconds))
        things = Things()
        told = [things.told(each) for each in arguments]
        reply = self._box.ask("call", self._id, told, seconds=seconds, things=things)
        self.seconds += reply.seconds
        self._ended = bool(reply.ended)
        if reply.ended in ("out of fuel", "deadline"):
            raise runner.Stopped
        if reply.ended:
            raise RecursionError if "stack" in reply.ended else SystemExit
        answer: tuple[Any, ...] = reply.value
        return answer


class Twin:
    """Stands here for the function in the sandbox: returns, raises and changes what that one does."""

    def __init__(self, names: tuple[str, ...], calls: Calls) -> None:
        self._calls = calls
        self.printed, self.place = "", ""
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        self.__signature__ = inspect.Signature([inspect.Parameter(name, kind) for name in names])

    def __call__(self, *arguments: Any) -> Any:
        what, told, changed, text = self._calls.ask(arguments)
        self.printed = str(text)[:LONGEST]
        if what == "raised":
            names, text, place = told
            if place:
                name, line, source = (str(part)[:LINE] for part in place)
                self.place = f" at line {line} of `{name}`" + (f", `{source}`," if source else "")
            raise exception(names, text)
        for before, after in zip(arguments, changed or (), strict=bool(changed)):
            if isinstance(before, np.ndarray):
                _mirror(before, after)
        return _object(told)


def _mirror(before: Any, after: Any) -> None:
    """Change an array as its copy in the sandbox was changed."""
    if isinstance(after, np.ndarray) and after.shape == before.shape:
        before[...] = after
    else:  # its shape was changed: any change will do
        before[...] = before == 0


def _object(returned: Any) -> Any:
    """An object of the same kind as one that could not cross."""
    if not isinstance(returned, Other):
        return returned
    return _promise() if returned.kind == "generator" else type(_name(returned.kind), (), {})()


def _promise() -> Iterator[None]:
    yield from ()


def exception(names: tuple[str, ...], text: str) -> BaseException:
    """An exception like the one in the sandbox, by the names of its type and of those above it.

    >>> isinstance(exception(("AxisError", "ValueError"), "no axis"), np.exceptions.AxisError)
    True
    >>> print(repr(str(exception(("OwnError", "KeyError", "Exception"), "'a'"))))
    "'a'"
    """
    rooms = (builtins, np.exceptions, np.linalg)
    found = (getattr(room, str(name), None) for name in names for room in rooms)
    kinds = (kind for kind in found if isinstance(kind, type) and issubclass(kind, BaseException))
    base = next(kinds, Exception)
    room = {"__str__": lambda self: str(text)[:LINE]}
    made: type[BaseException] = type(_name(names[0]), (base,), room)
    return made.__new__(made)


def _name(said: Any) -> str:
    """A name for a type, whatever was said."""
    return str(said)[:60].replace("\0", "") or "object"
