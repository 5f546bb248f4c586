"""Whose file is it? Learning platforms write names and numbers into the paths of what they export.

| platform | path |
|---|---|
| Moodle | `Ada Lovelace_1234567_assignsubmission_file/reinforce.ipynb`, or all in the name of the file |
| Canvas | `lovelaceada_340934_208490284_reinforce-2.ipynb`, with `_LATE` after the name |
| Blackboard | `Homework 1_ada1815_attempt_2026-11-30-12-00-00_reinforce.ipynb` |
| Gradescope | `submission_208490284/reinforce.ipynb`; names in `submission_metadata.yml` |
| nbgrader, folders | `ada/ps1/reinforce.ipynb`: the first folder |
| files | `ada.ipynb`: the name of the file |
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

MOODLE = re.compile(r"^(?P<name>.+?)_(?P<id>\d+)_assignsubmission_\w+?(?:_(?P<file>[^/]+))?_?$")
CANVAS = re.compile(r"^(?P<name>[^_/]+)_(?:LATE_)?(?P<id>\d+)_\d+_(?P<file>.+)$")
BLACKBOARD = re.compile(r"^.+?_(?P<name>[^_/]+)_attempt_[\d-]+(?:_(?P<file>.+))?$")
PATTERNS = (MOODLE, CANVAS, BLACKBOARD)

METADATA = re.compile(r"^:?(submission_\d+):((?:\n[ \t-].*)+)", re.M)
FIELD = re.compile(r":(name|sid|email):[ \t]*(\S.*)")


def student(path: PurePosixPath) -> str:
    """The student whose file this is, by its path below the folder that was handed over.

    >>> for path in ["Ada Lovelace_12_assignsubmission_file_/a.ipynb", "ada_LATE_34_5_a.ipynb",
    ...     "HW_ada1815_attempt_2026-11-30-12-00-00_a.ipynb", "ada/ps1/a.ipynb", "ada.py"]:
    ...     student(PurePosixPath(path))
    'Ada Lovelace (12)'
    'ada (34)'
    'ada1815'
    'ada'
    'ada'
    """
    for part in path.parts:
        for pattern in PATTERNS:
            if found := pattern.match(part):
                named = found.groupdict()
                return f"{named['name']} ({named['id']})" if "id" in named else named["name"]
    return path.parts[0] if len(path.parts) > 1 else path.stem


def gradescope_names(text: str) -> dict[str, str]:
    """The students of a Gradescope export: its folders, with name and number."""
    names = {}
    for folder, block in METADATA.findall(text):
        fields = {key: value.strip("'\" \r") for key, value in reversed(FIELD.findall(block))}
        if name := fields.get("name"):
            number = fields.get("sid") or fields.get("email") or folder.removeprefix("submission_")
            names[folder] = f"{name} ({number})"
    return names
