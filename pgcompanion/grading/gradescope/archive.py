"""The zip file that a teacher uploads to Gradescope."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

from pgcompanion.grading import wheel
from pgcompanion.grading.assignment import Assignment

SCRIPTS = ("setup.sh", "run_autograder")


def write(path: Path, assignment: Assignment) -> None:
    """Write the autograder of an assignment: scripts, the package's wheel, the assignment itself."""
    room = files("pgcompanion.grading.gradescope")
    content = {name: (room / name).read_bytes() for name in SCRIPTS}
    content[wheel.name()] = wheel.build()
    content["assignment.json"] = json.dumps(settings(assignment), indent=1).encode()
    if assignment.pack is not None:
        for file in sorted(assignment.pack.glob("*.py")):
            content[f"pack/{file.name}"] = file.read_bytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(wheel.zipped(content, executable=SCRIPTS))


def settings(assignment: Assignment) -> dict[str, object]:
    """An assignment as texts and numbers; its pack lies in a folder beside it."""
    return {
        "ids": list(assignment.ids),
        "seed": assignment.seed,
        "points": assignment.points,
        "partial": assignment.partial,
        "pack": assignment.pack is not None,
    }


def read(folder: Path) -> Assignment:
    """The assignment of an unpacked autograder."""
    told = json.loads((folder / "assignment.json").read_text(encoding="utf-8"))
    pack = folder / "pack" if told["pack"] else None
    return Assignment(tuple(told["ids"]), told["seed"], told["points"], told["partial"], pack)
