"""What the reader's function prints, caught without touching what any other thread prints."""

from __future__ import annotations

import io
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

LONGEST = 2_000


class Tape(io.TextIOBase):
    """Keeps the first `LONGEST` characters written to it, so that an endless print stays small."""

    def __init__(self) -> None:
        self.text = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if len(self.text) < LONGEST:
            self.text = (self.text + text)[:LONGEST]
        return len(text)


class Router:
    """A standard output that gives a recording thread its tape, and every other the old output."""

    def __init__(self, beneath: Any) -> None:
        self._beneath = beneath
        self._here = threading.local()

    def _target(self) -> Any:
        return getattr(self._here, "tape", None) or self._beneath

    def write(self, text: str) -> int:
        target = self._target()
        return len(text) if target is None else int(target.write(text) or 0)

    def flush(self) -> None:
        if (target := self._target()) is not None:
            target.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._beneath, name)

    @contextmanager
    def recording(self) -> Iterator[Tape]:
        """Record what this thread prints."""
        self._here.tape = tape = Tape()
        try:
            yield tape
        finally:
            self._here.tape = None


@contextmanager
def routed() -> Iterator[Router]:
    """Put a `Router` in the place of the standard output."""
    beneath = sys.stdout
    router = Router(beneath)
    sys.stdout = cast(Any, router)
    try:
        yield router
    finally:
        sys.stdout = beneath
