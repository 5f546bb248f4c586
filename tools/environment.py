"""Make the environment of the book, `.venv`, or say in a sentence why it cannot be made.

It holds what requirements.txt locks, and the package itself. `make` runs this with the Python that
tools/find_python found, whenever the lock or the package's metadata changed.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import venv
from pathlib import Path

FOLDER = Path(".venv")
PIP = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
STEPS = [
    ["--require-hashes", "--requirement", "requirements.txt"],
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


def install() -> None:
    """Fill the environment as the lock says."""
    python = FOLDER / "bin" / "python"
    if not python.exists():
        venv.create(FOLDER, with_pip=True)
    for step in STEPS:
        done = subprocess.run([python, *PIP, *step], stderr=subprocess.PIPE, text=True)
        if done.returncode:
            sys.exit(explained(done.stderr))
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
