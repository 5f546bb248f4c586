"""Other libraries, in an environment of their own: its making, and conversations with its processes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

SCRIPTS = Path(__file__).parent / "peers"
HOME = Path(__file__).parents[1] / "_build" / "peers"


class Peer:
    """A script of ``peers/`` in its own process: a line is said to it, and it answers with one of JSON."""

    def __init__(self, script: str, *arguments: object) -> None:
        command = [prepare(), SCRIPTS / script, *map(str, arguments)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def __call__(self, *words: object) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(*words, file=self._process.stdin, flush=True)
        return dict(json.loads(self._process.stdout.readline()))


def prepare(home: Path = HOME, requirements: Path = SCRIPTS / "requirements.txt") -> Path:
    """The Python of an environment with these requirements, made on first use."""
    python, ready = home / "bin" / "python", home / "ready"
    wanted = requirements.read_text(encoding="utf-8")
    if not ready.exists() or ready.read_text(encoding="utf-8") != wanted:
        print(f"Installing {requirements} into {home}: some minutes at most.", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        install = [python, "-m", "pip", "install", "--quiet", "--requirement"]
        subprocess.run([*install, requirements], check=True)
        ready.write_text(wanted, encoding="utf-8")
    return python
