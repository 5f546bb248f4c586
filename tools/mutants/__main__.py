"""Mutation testing of the mathematics: ``python -m tools.mutants``, from the root of the checkout.

Cosmic-ray makes the mutants (`sites.py`). They run here, each in a fork of a process that has loaded
NumPy and pytest already: most take two seconds of processor time, and no file of the checkout is ever
changed. A mutant is killed if the tests of its room, with the doctests of its own
file, fail: first the files of tests that are named after it, then the others of the room.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.machinery
import importlib.util
import json
import os
import random
import resource
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from types import CodeType
from typing import Any

import tomllib

from benchmarks.peer import prepare

HERE, ROOT = Path(__file__).parent, Path(__file__).parents[2]
OUT = ROOT / "_build" / "mutants"
WANTED = 0.95  # of what can be killed
PATIENCE = 5  # how many times the processor time of the sound code a mutant may take

Mutant = dict[str, Any]


def rooms() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads((HERE / "rooms.toml").read_text(encoding="utf-8"))


def files(room: dict[str, list[str]]) -> list[Path]:
    """The modules of a room, without those that only collect names."""
    found = {path for pattern in room["code"] for path in ROOT.glob(pattern)}
    return sorted(path for path in found if path.name != "__init__.py")


def draw(number: int, seed: int, only: Sequence[str]) -> list[Mutant]:
    """A sample of the mutants, in an order that is random, too."""
    python = prepare(OUT / "environment", HERE / "requirements.txt")
    room_of = {
        str(path): name
        for name, room in rooms().items()
        for path in files(room)
        if not only or name in only
    }
    command = [python, HERE / "sites.py", str(number), str(seed), *room_of]
    total, *lines = subprocess.check_output(command, text=True).splitlines()
    drawn = [mutant | {"room": room_of[mutant["path"]]} for mutant in map(json.loads, lines)]
    random.Random(seed).shuffle(drawn)
    print(f"{len(drawn)} mutants of {total} sites", flush=True)
    return drawn


class Mutated(importlib.machinery.SourceFileLoader):
    """Loads a module from another text than that of its file."""

    def __init__(self, name: str, path: str, text: str) -> None:
        super().__init__(name, path)
        self.text = text

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.text, self.path, "exec")

    def find_spec(self, name: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        if name != self.name:
            return None
        return importlib.util.spec_from_file_location(name, self.path, loader=self)


def passes(mutant: Mutant, seconds: int = resource.RLIM_INFINITY) -> bool:
    """Whether the tests of a mutant's room pass with it: False if it is killed, by the limit too."""
    path = Path(mutant["path"])
    tests = rooms()[mutant["room"]]["tests"]
    own = [str(p) for t in tests for p in (ROOT / t).rglob(f"test_*{path.stem}*.py")]
    child = os.fork()
    if child == 0:
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1), os.dup2(quiet, 2)
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        sys.meta_path.insert(0, Mutated(module, str(path), mutant["code"]))
        try:  # before pytest, whose own loader would read the file
            importlib.import_module(module)
        except BaseException:
            os._exit(1)
        rest = [f"--ignore={p}" for p in own] + [str(ROOT / t) for t in tests]
        os._exit(run([*own, str(path)]) or run(rest))
    return os.waitpid(child, 0)[1] == 0


def spent() -> float:
    """The processor time of all children so far, in seconds."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def run(paths: Sequence[str]) -> int:
    import pytest

    plugins = [f"-pno:{name}" for name in ("cacheprovider", "xdist", "nbval", "logging", "anyio")]
    code = pytest.main([*plugins, "-x", "-q", "-m", "not slow", *paths])
    return 0 if code == pytest.ExitCode.NO_TESTS_COLLECTED else int(code)  # a file without examples


def key(mutant: Mutant) -> tuple[str, str, str]:
    """What a mutant is, wherever its line moves."""
    path = Path(mutant["path"])
    relative = path.relative_to(ROOT) if path.is_absolute() else path
    return relative.as_posix(), mutant["before"], mutant["after"]


def report(results: Sequence[tuple[Mutant, bool]]) -> float:
    """Kill rates by room, and the share of what can be killed that was."""
    entries = tomllib.loads((HERE / "survivors.toml").read_text(encoding="utf-8"))["survivor"]
    verdicts = {key(entry): entry["verdict"] for entry in entries}
    table: dict[str, Counter[str]] = defaultdict(Counter)
    for mutant, survived in results:
        verdict = verdicts.get(key(mutant), "hole") if survived else "killed"
        table[mutant["room"]][verdict] += 1
        table["all"][verdict] += 1
    print(
        f"{'room':12} {'mutants':>7} {'killed':>7} {'equivalent':>10} {'holes':>5}  killed of the rest"
    )
    for room, n in sorted(table.items(), key=lambda item: (item[0] == "all", item[0])):
        able = n["killed"] + n["hole"]
        row = f"{room:12} {n.total():7} {n['killed']:7} {n['equivalent']:10} {n['hole']:5}"
        print(f"{row}  {n['killed'] / max(able, 1):.1%}")
    return table["all"]["killed"] / max(1, table["all"]["killed"] + table["all"]["hole"])


def main() -> int:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("--number", type=int, default=600)
    parser.add_argument("--seed", type=int, default=19)
    parser.add_argument("--first", type=int, default=0, help="leave out so many of the sample")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after so many")
    parser.add_argument("rooms", nargs="*", help="these rooms alone")
    options = parser.parse_args()
    import matplotlib.pyplot  # noqa: F401  what every child would load again
    import numpy.random  # noqa: F401
    import pytest  # noqa: F401

    drawn = draw(options.number, options.seed, options.rooms)[options.first :]
    limits = {}
    for name in sorted({mutant["room"] for mutant in drawn}):
        path = next(m["path"] for m in drawn if m["room"] == name)
        sound = {"room": name, "path": path, "code": Path(path).read_text(encoding="utf-8")}
        before = spent()
        if not passes(sound):
            print(f"The tests of {name} fail without a mutant, too.")
            return 2
        limits[name] = 1 + int(PATIENCE * (spent() - before))
    results, end = [], time.monotonic() + 60 * options.minutes
    with (OUT / "survivors.jsonl").open("w", encoding="utf-8") as kept:
        for mutant in drawn:
            if time.monotonic() > end:
                break
            results.append((mutant, passes(mutant, limits[mutant["room"]])))
            if results[-1][1]:
                short = {name: mutant[name] for name in ("room", "path", "line", "before", "after")}
                print(json.dumps(short), file=kept, flush=True)
                print(f"survived: {mutant['path']}:{mutant['line']}", flush=True)
                print(f"    {mutant['before']}\n    {mutant['after']}", flush=True)
            if len(results) % 50 == 0:
                print(f"{len(results)} of {len(drawn)}", flush=True)
    return int(report(results) < WANTED)


if __name__ == "__main__":
    sys.exit(main())
