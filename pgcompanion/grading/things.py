"""Arguments that are no plain values: functions, random generators, environments, records.

A generator crosses by its state, a record by its entries. Of any other object there is a stand-in in the
sandbox: what is plain of it stands there too, and a call goes back through the door, so that the
object itself stays with the grader. This file runs on both sides.
"""

from __future__ import annotations

import builtins
import json
from collections import namedtuple
from collections.abc import Callable
from typing import Any

from numpy import bool_, generic, ndarray
from numpy.random import PCG64, Generator

from pgcompanion.grading.plain import MalformedError, pack, unpack

PLAIN = (type(None), bool, int, float, complex, str, bytes, list, ndarray, generic, bool_)

#: What may be called of an object, by the name of its class; of all others they themselves.
METHODS = {"Environment": ("reset", "step")}
ITSELF = ("__call__",)

Door = Callable[[bytes], bytes]


class Things:
    """The grader's side: objects whose stand-ins are in the sandbox."""

    def __init__(self) -> None:
        self._known: list[Any] = []

    def told(self, value: Any) -> tuple[Any, ...]:
        """A value as the sandbox is told of it."""
        if isinstance(value, Generator) and isinstance(value.bit_generator, PCG64):
            return "generator", _state(value)
        if isinstance(value, tuple):
            entries = [self.told(entry) for entry in value]
            return "tuple", type(value).__name__, list(getattr(value, "_fields", ())), entries
        if isinstance(value, PLAIN):
            return "plain", value
        number = len(self._known)
        self._known.append(value)
        methods = [name for name in METHODS.get(type(value).__name__, ITSELF) if _has(value, name)]
        data = [] if "__call__" in methods else [*_data(value)]
        entries = [(name, self.told(entry)) for name, entry in data]
        return "thing", number, repr(value)[:200], methods, entries

    def answer(self, request: bytes) -> bytes:
        """Carry out a call from the sandbox, whatever it asks for."""
        try:
            number, method, told = unpack(request)
            thing = self._known[number]
            if method not in METHODS.get(type(thing).__name__, ITSELF):
                raise AttributeError(str(method))
            arguments = [value_of(each, None) for each in told]
            result = getattr(thing, method)(*arguments)
            states = [_state(each) for each in arguments if isinstance(each, Generator)]
            return pack((True, self.told(result), states))
        except Exception as error:
            return pack((False, type(error).__name__, str(error)[:300]))


def _has(value: Any, name: str) -> bool:
    return callable(getattr(value, name, None))


def _data(value: Any) -> list[tuple[str, Any]]:
    """The public data of an object: plain values, and other objects one level below."""
    kind = type(value)
    names = dict.fromkeys(
        [*vars(value), *(name for name in dir(kind) if isinstance(getattr(kind, name), property))]
    )
    public = [(name, getattr(value, name)) for name in names if not name.startswith("_")]
    return [(name, entry) for name, entry in public if not callable(entry)]


def _state(generator: Any) -> str:
    return json.dumps(generator.bit_generator.state)


def value_of(told: Any, door: Door | None) -> Any:
    """The value that was told; a stand-in only where there is a door to what it stands for."""
    kind = told[0]
    if kind == "plain":
        return told[1]
    if kind == "generator":
        made = PCG64()
        made.state = json.loads(told[1])
        return Generator(made)
    if kind == "tuple":
        _, name, fields, entries = told
        values = [value_of(entry, door) for entry in entries]
        record = bool(fields) and door is not None  # names that the sandbox says are no names here
        return namedtuple(name, fields)(*values) if record else tuple(values)
    if kind == "thing" and door is not None:
        return stand_in(told, door)
    raise MalformedError("there is no such value here")


def stand_in(told: Any, door: Door) -> Any:
    """An object whose calls go through the door."""
    _, number, shown, methods, entries = told

    def method(name: str) -> Callable[..., Any]:
        return lambda self, *arguments: _asked(door, number, name, arguments)

    room: dict[str, Any] = {name: method(name) for name in methods}
    room["__repr__"] = lambda self: shown
    made = type("StandIn", (), room)()
    for name, entry in entries:
        setattr(made, name, value_of(entry, door))
    return made


def _asked(door: Door, number: int, name: str, arguments: tuple[Any, ...]) -> Any:
    told = [_sent(each) for each in arguments]
    done, what, more = unpack(door(b"*" + pack((number, name, told))))
    if not done:
        kind = getattr(builtins, what, None)
        if not (isinstance(kind, type) and issubclass(kind, Exception)):
            kind = type(what, (Exception,), {})
        raise kind(more)
    generators = [each for each in arguments if isinstance(each, Generator)]
    for generator, state in zip(generators, more, strict=True):
        generator.bit_generator.state = json.loads(state)
    return value_of(what, door)


def _sent(value: Any) -> tuple[Any, ...]:
    if isinstance(value, Generator) and isinstance(value.bit_generator, PCG64):
        return "generator", _state(value)
    if isinstance(value, tuple):
        return "tuple", "", [], [_sent(entry) for entry in value]
    return "plain", value
