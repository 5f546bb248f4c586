"""Repeat in binder/requirements.txt the versions that the lock has: the end of `make lock`."""

from __future__ import annotations

import re
from pathlib import Path

PIN = re.compile(r"^([\w.-]+)==([^\s;\\]+)", re.M)


def renewed(short: str, lock: str) -> str:
    """A short list of packages, with the versions of the lock."""
    versions = dict(PIN.findall(lock))
    return PIN.sub(lambda pin: f"{pin[1]}=={versions[pin[1]]}", short)


def main(root: Path) -> None:
    path, lock = root / "binder" / "requirements.txt", root / "requirements.txt"
    text = renewed(path.read_text(encoding="utf-8"), lock.read_text(encoding="utf-8"))
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path.cwd())
