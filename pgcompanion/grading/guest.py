"""What runs inside the sandbox, beside the code that was handed in.

The grader sends this file as text; nothing in it is secret, and nothing that it says is believed:
it receives arguments and gives back what a function returned, and the grader judges those values.
Of the package, only `plain` comes along.
"""

from __future__ import annotations

import inspect
import linecache
import sys
import traceback
import types
import warnings
from collections.abc import Sequence
from typing import Any

from numpy import asarray, errstate, generic, ndarray

from pgcompanion.grading import magics, normal, stand_ins
from pgcompanion.grading.plain import MalformedError, Other, pack, unpack
from pgcompanion.grading.things import value_of

LONGEST = 2_000  # characters kept of what a function prints

space: dict[str, Any] = {}  # the names that the handed-in cells define
definitions: dict[str, Any] = {}  # the syntax trees of the functions among them


def serve(door: Any) -> None:
    """Fetch one order through the door, carry it out, and hand the reply back."""
    order, *details = unpack(door(b"?"))
    output = sys.stdout, sys.stderr
    sys.stdout = sys.stderr = tape = Tape()
    try:
        orders: dict[str, Any] = {"load": load, "look": look, "call": call}
        reply: bytes = orders[order](door, tape, *details)
    finally:
        sys.stdout, sys.stderr = output
    door(b"!" + reply)


class Tape:
    """Stands for the standard output, and keeps the beginning of what is printed."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        if len(self.text) < LONGEST:
            self.text = (self.text + text)[:LONGEST]
        return len(text)

    def flush(self) -> None: ...

    def isatty(self) -> bool:
        return False


def load(
    door: Any,
    tape: Tape,
    cells: list[str],
    skipped: Sequence[int] = (),
    careful: bool = False,
    neighbours: Sequence[tuple[str, str]] = (),
) -> bytes:
    """Run the cells, statement by statement: where one raises, the next is run all the same.

    Before each cell is parsed, and before each of its statements, it says which one comes, so that
    the grader knows the one that never ended; that one is then `skipped`. Being `careful` runs
    imports and definitions alone. The `neighbours` are files that the cells may import.
    """
    stand_ins.Neighbours.sources.update(neighbours)
    space.update(__name__="__main__", display=stand_ins.Absent("IPython.display"))
    space["get_ipython"] = stand_ins.Absent("IPython.get_ipython")
    broken: list[tuple[int, int, str, list[str]]] = []
    number = 0
    for index, cell in enumerate(cells, 1):
        name = f"<cell {index}>"
        linecache.cache[name] = (len(cell), None, cell.splitlines(keepends=True), name)
        number += 1
        door(b"@" + str(number).encode())
        if number in skipped:
            broken.append((index, 1, "it takes too long to be read", []))
            continue
        try:
            body = magics.parse(cell).body
        except SyntaxError as error:
            broken.append((index, error.lineno or 1, str(error.msg), []))
            continue
        except Exception as error:
            broken.append((index, 1, type(error).__name__, []))
            continue
        for statement in body:
            number += 1
            door(b"@" + str(number).encode())
            if number in skipped or (careful and not magics.harmless(statement)):
                continue
            stopped, defined = _run(statement, name), magics.defined(statement)
            if stopped and defined:
                broken.append((index, statement.lineno, stopped, defined))
    return pack(([name for name, value in space.items() if callable(value)], broken))


def _run(statement: Any, name: str) -> str:
    """Run a statement; what stopped it, in a word or two."""
    try:
        exec(compile(magics.module(statement), name, "exec"), space)
    except ImportError as error:
        for bound, absent in magics.imported(statement):
            space.setdefault(bound, stand_ins.Absent(absent))
        return _short(error)
    except BaseException as error:
        return _short(error)
    if hasattr(statement, "args"):  # a function
        definitions[statement.name] = statement
    return ""


def _short(error: BaseException) -> str:
    return f"{type(error).__name__}: {_text(error)}".removesuffix(": ")


def _text(error: BaseException) -> str:
    try:
        return " ".join(str(error).split())[:200]
    except Exception:
        return ""


def look(door: Any, tape: Tape, id: str, names: tuple[str, ...]) -> bytes:
    """What can be seen of a function without calling it."""
    tree = definitions.get(id)
    parameters, fits = None, True
    try:
        signature = inspect.signature(space[id])
        parameters = tuple(map(str, signature.parameters))
        signature.bind(*names)
    except TypeError:
        fits = parameters is None
    except Exception:  # some functions written in C do not tell their arguments
        parameters = None
    if tree is None:
        return pack((False, parameters, fits, ""))
    return pack((normal.is_stub(tree), parameters, fits, normal.form(tree)))


def call(door: Any, tape: Tape, id: str, told: list[Any]) -> bytes:
    """Call a function, and tell all that came of it: an error or a value, the arguments, prints."""
    function = space[id]
    arguments = tuple(value_of(each, door) for each in told)
    try:
        with errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            returned = _plain(function(*arguments))
    except BaseException as error:
        return pack(("raised", _told(error, function), arguments, tape.text))
    try:
        return pack(("returned", returned, arguments, tape.text))
    except MalformedError:
        return pack(("returned", Other("an object too large to send"), None, tape.text))


def _plain(returned: Any) -> Any:
    """Arrays of other libraries as NumPy's; a promise of values by its kind."""
    if inspect.isgenerator(returned) or inspect.iscoroutine(returned):
        returned.close()
        return Other("generator")
    if isinstance(returned, ndarray) and type(returned) is not ndarray:
        return asarray(returned)
    if hasattr(type(returned), "__array__") and not isinstance(returned, ndarray | generic):
        return asarray(returned)
    return returned


def _told(error: BaseException, function: Any) -> tuple[Any, ...]:
    """An error as its type's names, its text, and the innermost line of the function's own file."""
    names = tuple(kind.__name__ for kind in type(error).__mro__)
    code = getattr(inspect.unwrap(function), "__code__", None)
    place = None
    for frame, line in traceback.walk_tb(error.__traceback__):
        if code is not None and frame.f_code.co_filename == code.co_filename:
            source = linecache.getline(code.co_filename, line).strip()
            place = (frame.f_code.co_name, line - frame.f_code.co_firstlineno + 1, source[:200])
    return names, _text(error), place


def module(name: str, source: str) -> types.ModuleType:
    """A module made of text."""
    made = types.ModuleType(name)
    sys.modules[name] = made
    exec(compile(source, f"<{name}>", "exec"), made.__dict__)
    return made
