"""Run somebody else's code within a time limit, in any thread of any kernel.

The code runs in a daemon thread of its own. When its time is up, an exception is raised inside
that thread: this ends any loop written in Python. A call that blocks inside a C library cannot be
ended, so it is left behind, and ends as soon as it comes back to Python.
"""

from __future__ import annotations

import contextlib
import ctypes
import queue
import sys
import threading
import time
import traceback
from collections.abc import Iterable, Iterator
from types import CodeType, FrameType
from typing import Any, TypeVar

T = TypeVar("T")
Steps = list[tuple[CodeType, int]]  # (code, line number), the innermost first

LIMIT = 5.0  # seconds for one item
TOTAL = 20.0  # seconds for all items
GRACE = 1.0  # seconds in which a stopped thread may end


class Stopped(BaseException):
    """Raised in the code whose time is up. No `except Exception` holds it back."""


class TimeUpError(Exception):
    """An item was not ready in time. `steps` says where the code was, innermost first."""

    def __init__(self, steps: Steps, still_running: bool) -> None:
        super().__init__("time is up")
        self.steps = steps
        self.still_running = still_running


def collect(items: Iterator[T], limit: float, total: float) -> list[T]:
    """Return `list(items)`, computed in another thread, or raise `TimeUpError`.

    `limit` is the time for one item and `total` for all of them, in seconds.

    >>> collect(iter("abc"), LIMIT, TOTAL)
    ['a', 'b', 'c']
    """
    results: queue.SimpleQueue[tuple[T, ...]] = queue.SimpleQueue()

    def work() -> None:
        with contextlib.suppress(Stopped):
            for item in items:
                results.put((item,))
            results.put(())

    thread = threading.Thread(target=work, name="pgcompanion-exercise", daemon=True)
    try:
        thread.start()
    except RuntimeError:  # Python in a browser has no threads
        return _collect_here(items, limit)
    return list(_receive(results, thread, limit, time.monotonic() + total))


def _receive(
    results: queue.SimpleQueue[tuple[T, ...]],
    thread: threading.Thread,
    limit: float,
    deadline: float,
) -> Iterator[T]:
    try:
        while result := results.get(timeout=max(0.0, min(limit, deadline - time.monotonic()))):
            yield result[0]
        thread.join()
        return
    except queue.Empty:
        steps = _steps(sys._current_frames().get(thread.ident or 0))
    finally:  # also where the reader interrupts the kernel
        _stop(thread)
    raise TimeUpError(steps, still_running=thread.is_alive())


def _steps(frame: FrameType | None) -> Steps:
    steps = []
    while frame is not None:
        steps.append((frame.f_code, frame.f_lineno))
        frame = frame.f_back
    return steps


def _stop(thread: threading.Thread) -> None:
    """Raise `Stopped` in the thread, again and again, since a bare `except:` may swallow one."""
    raise_in = getattr(getattr(ctypes, "pythonapi", None), "PyThreadState_SetAsyncExc", None)
    deadline = time.monotonic() + GRACE
    while raise_in and thread.is_alive() and time.monotonic() < deadline:
        raise_in(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(Stopped))
        thread.join(0.05)


def _collect_here(items: Iterable[T], limit: float) -> list[T]:
    """The same without a thread: a trace function watches the clock."""
    deadline = time.monotonic() + limit

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        if time.monotonic() > deadline:
            raise Stopped
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        return list(items)
    except Stopped as stopped:
        walk = traceback.walk_tb(stopped.__traceback__)
        steps = [(frame.f_code, line) for frame, line in walk if frame.f_code is not trace.__code__]
        raise TimeUpError(steps[::-1], still_running=False) from None
    finally:
        sys.settrace(before)
