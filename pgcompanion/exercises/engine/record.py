"""Which exercises have been tried and passed, in one small file in the user's data folder."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

Entry = dict[str, Any]  # {"tries": int, "passed": ISO date}, the second once it has passed
Unusable = (OSError, ImportError, RuntimeError)  # no folder, no permission, no home


def default_path() -> Path:
    """Where the environment variable `PGCOMPANION_PROGRESS` says, or the user's data folder."""
    if given := os.environ.get("PGCOMPANION_PROGRESS"):
        return Path(given)
    import platformdirs

    return platformdirs.user_data_path("pgcompanion", appauthor=False) / "progress.json"


class Record:
    """The tries of one reader. Where the file cannot be used, they are kept in memory."""

    def __init__(self, locate: Callable[[], Path] = default_path) -> None:
        self._locate = locate
        self._lock = threading.Lock()
        self._memory: dict[str, Entry] | None = None
        self._told: set[str] = set()
        self._news: list[str] = []

    def entries(self) -> dict[str, Entry]:
        """What is known of each exercise, by id."""
        with self._lock:
            return self._load()

    def add(self, id: str, passed: bool) -> None:
        """Count a try, and remember the day of the first that passed."""
        with self._lock:
            entries = self._load()
            entry = entries.setdefault(id, {"tries": 0})
            entry["tries"] += 1
            if passed:
                entry.setdefault("passed", date.today().isoformat())
            self._save(entries)

    def news(self) -> str:
        """What the reader has to know about the file, told once."""
        with self._lock:
            news, self._news = " ".join(self._news), []
            return news

    def _load(self) -> dict[str, Entry]:
        if self._memory is not None:
            return self._memory
        try:
            path = self._locate()
            try:
                return _valid(json.loads(path.read_text(encoding="utf-8")))
            except FileNotFoundError:
                return {}
            except (ValueError, RecursionError):
                self._keep_aside(path)
                return {}
        except Unusable as error:
            return self._in_memory({}, error)

    def _save(self, entries: dict[str, Entry]) -> None:
        if self._memory is not None:  # never overwrite a file that could not be read
            return
        try:
            path = self._locate()
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, json.dumps(entries, indent=1))
        except Unusable as error:
            self._in_memory(entries, error)

    def _keep_aside(self, path: Path) -> None:
        number = 1
        while (aside := path.with_name(f"{path.stem}.damaged-{number}{path.suffix}")).exists():
            number += 1
        os.replace(path, aside)
        self._tell(
            f"Your progress file could not be read. It is kept as `{aside}`, and a new one has "
            "been begun."
        )

    def _in_memory(self, entries: dict[str, Entry], error: BaseException) -> dict[str, Entry]:
        if self._memory is None:
            self._memory = entries
            self._tell(
                "Your progress cannot be kept in a file here "
                f"(`{type(error).__name__}`), so it will be forgotten when Python ends."
            )
        return self._memory

    def _tell(self, sentence: str) -> None:
        if sentence not in self._told:
            self._told.add(sentence)
            self._news.append(sentence)


def _valid(data: Any) -> dict[str, Entry]:
    """The content of a progress file, or `ValueError`."""
    if not isinstance(data, dict):
        raise ValueError("a progress file holds one object")
    for entry in data.values():
        if not isinstance(entry, dict) or type(entry.get("tries")) is not int:
            raise ValueError("an entry has a number of tries")
        if not isinstance(entry.get("passed", ""), str):
            raise ValueError("the day of a pass is a text")
    return data


def _write(path: Path, text: str) -> None:
    """Replace the file in one step, so that a crash leaves the old one or the new one."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


RECORD = Record()
