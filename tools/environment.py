"""Make the environment of the book, `.venv`, or say in a sentence why it cannot be made.

It holds what requirements.txt locks, and the package itself. `make` runs this with the Python that
tools/find_python found, whenever the lock or the package's metadata changed. pip fetches uv of the lock, and
uv the rest, in a tenth of the time; where uv cannot, since it knows no mirrors of pip's settings, pip does.
"""

from __future__ import annotations

import fcntl
import os
import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

FOLDER, LOCK = Path(".venv"), Path("requirements.txt")
PIP = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
STEPS = [
    ["--require-hashes", "--requirement", str(LOCK)],
    ["--no-deps", "--no-build-isolation", "--editable", "."],
]
NO_NETWORK = (
    "The packages of requirements.txt could not be fetched: the package index was not reached."
    " With a network, run the command again; what is built already can be read without one."
)
FAILED = "The environment could not be made. pip says:"


def explained(said: str) -> str:
    """What pip said, in few words."""
    if "connection broken by" in said:
        return NO_NETWORK
    errors = [line for line in said.splitlines() if line.startswith("ERROR")]
    return "\n".join([FAILED, *(errors or said.splitlines()[-1:])])


def pinned(name: str, lock: str) -> str:
    """The lines of a package in a lock: its version and its hashes."""
    found = re.search(rf"^{name}==(?:.*\\\n)*.*$", lock, re.M)
    assert found
    return found[0]


def fetched(*commands: list[str | Path]) -> None:
    """Try one command after the other; where all fail, say what the last one said."""
    for command in commands:
        done = subprocess.run(command, stderr=subprocess.PIPE, text=True)
        if not done.returncode:
            return
    sys.exit(explained(done.stderr))


def install() -> None:
    """Fill the environment as the lock says."""
    python = FOLDER / "bin" / "python"
    if not python.exists():
        venv.create(FOLDER, with_pip=True)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as first:
        first.write(pinned("uv", LOCK.read_text(encoding="utf-8")))
        first.flush()
        fetched([python, *PIP, "--require-hashes", "--requirement", first.name])
    uv = [FOLDER / "bin" / "uv", "pip", "install", "--quiet", "--python", python]
    for step in STEPS:
        fetched([*uv, *step], [python, *PIP, *step])
    (FOLDER / "ready").touch()


def main() -> None:
    print(
        "Installing the locked environment into .venv: about a minute the first time.", flush=True
    )
    try:
        FOLDER.mkdir(exist_ok=True)
        # A second command that needs the environment waits for the first.
        with (FOLDER / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            install()
    except OSError as error:
        sys.exit(
            f"{error.filename or os.getcwd()}: {error.strerror}. The environment was not made."
        )
    except KeyboardInterrupt:
        sys.exit("Interrupted: the next command goes on from here.")


if __name__ == "__main__":
    main()
