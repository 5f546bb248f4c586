"""What was handed in: files, folders and zip files, sorted by student."""

from __future__ import annotations

import io
import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from pgcompanion import checks
from pgcompanion.grading.cells import LARGEST, Code, read
from pgcompanion.grading.platforms import gradescope_names, student

KINDS = {".ipynb", ".py"}
IGNORED = {"__MACOSX", "__pycache__", "node_modules"}
METADATA = "submission_metadata.yml"
NO_CODE = "There is no notebook and no `.py` file in what was handed in."
MOST_FILES = 100_000  # of one zip file
DEEPEST = 3  # zip files in zip files

Entry = tuple[PurePosixPath, bytes]


class NothingError(ValueError):
    """There is nothing to grade. The text says so in a sentence."""


@dataclass
class Submission:
    """All that one student handed in."""

    student: str
    files: list[Code] = field(default_factory=list)

    def __post_init__(self) -> None:
        checks.string("student", self.student)
        if not isinstance(self.files, list) or not all(isinstance(x, Code) for x in self.files):
            raise TypeError(f"files must be a list of Code, but it is {checks.kind(self.files)}.")

    @property
    def troubles(self) -> list[str]:
        """What could not be read, a sentence each."""
        return [file.trouble for file in self.files if file.trouble] if self.files else [NO_CODE]


def collect(paths: Iterable[str | os.PathLike[str]]) -> list[Submission]:
    """The submissions below these paths, by student, in alphabetical order.

    Args:
        paths: files, folders and zip files, as a learning platform exports them.

    Raises:
        ValueError: a path that is not there.
        TypeError: ``paths`` are no paths.

    Example:
        >>> collect([])
        []
    """
    if isinstance(paths, str) or not isinstance(paths, Iterable):
        raise TypeError(f"paths must be a list of paths, but it is {checks.kind(paths)}.")
    found: dict[str, Submission] = {}
    for path in [checks.path(each, "each of paths") for each in paths]:
        if not path.exists():
            raise NothingError(f"There is no file or folder `{path}`.")
        for name, entry in _named(_below_common_folders(list(_entries(path)))):
            found.setdefault(name, Submission(name)).files += entry
    return _sorted(found.values())


def _sorted(submissions: Iterable[Submission]) -> list[Submission]:
    return sorted(submissions, key=lambda each: (each.student.casefold(), each.student))


def everybody(submissions: list[Submission], late: list[Submission]) -> list[Submission]:
    """The submissions, and an empty one of everybody who handed in late alone."""
    names = {each.student for each in submissions}
    absent = [Submission(each.student) for each in late if each.student not in names]
    return _sorted(submissions + absent)


def together(student: str, submissions: Iterable[Submission]) -> Submission:
    """All that was handed in, as the work of one student."""
    return Submission(student, [file for each in submissions for file in each.files])


def _named(entries: list[Entry]) -> Iterator[tuple[str, list[Code]]]:
    """Each file with its student; a student of whom nothing can be read has no code."""
    names: dict[str, str] = {}
    for path, data in entries:
        if path.name == METADATA:
            names |= gradescope_names(data.decode("utf-8", "replace"))
    for path, data in sorted(entries):
        name = student(path)
        if _is_code(path):
            yield names.get(name, name), [read(path.name, data)]
        elif path.name != METADATA and (len(path.parts) > 1 or name != path.stem):
            yield names.get(name, name), []


def _is_code(path: PurePosixPath) -> bool:
    return path.suffix.lower() in KINDS


def _entries(path: Path) -> Iterator[Entry]:
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            inside = PurePosixPath(file.relative_to(path).as_posix())
            if file.is_file() and not _hidden(inside):
                yield from _unpacked(inside, _content(file) if _wanted(inside) else b"", 0)
    else:
        yield from _unpacked(PurePosixPath(path.name), _content(path), 0, top=True)


def _content(file: Path) -> bytes:
    """A file's bytes; of one that is too large, or cannot be opened, as much as says so."""
    limit = LARGEST if file.suffix.lower() != ".zip" else 20 * LARGEST
    try:
        with file.open("rb") as stream:
            return stream.read(limit + 1)
    except OSError:
        return b""


def _hidden(path: PurePosixPath) -> bool:
    return any(part.startswith(".") or part in IGNORED for part in path.parts)


def _wanted(path: PurePosixPath) -> bool:
    """Whether a file is read. Of others, the path alone tells that somebody handed in something."""
    return path.suffix.lower() in KINDS | {".zip"} or path.name == METADATA


def _unpacked(path: PurePosixPath, data: bytes, depth: int, top: bool = False) -> Iterator[Entry]:
    """A file as it is; a zip file as the files in it, below a folder of its own name.

    The folder is left out for a zip file that was named itself: it is a platform's export.
    """
    if path.suffix.lower() != ".zip":
        yield path, data
        return
    folder = PurePosixPath() if top else path.with_suffix("")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError):
        yield path.with_suffix(".ipynb"), data  # which reading calls damaged
        return
    for info in archive.infolist()[:MOST_FILES]:
        inside = PurePosixPath(info.filename.replace("\\", "/"))
        safe = PurePosixPath(*(part for part in inside.parts if part not in ("..", "/")))
        if info.is_dir() or not safe.parts or _hidden(safe):
            continue
        content = _extracted(archive, info) if _wanted(safe) else b""
        if depth < DEEPEST or safe.suffix.lower() != ".zip":
            yield from _unpacked(folder / safe, content, depth + 1)


def _extracted(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """A member of a zip file, and not more than we read of any file: it may be a bomb."""
    try:
        with archive.open(info) as stream:
            return stream.read(LARGEST + 1)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, OSError, NotImplementedError, EOFError):
        return b"{"  # encrypted or damaged


def _below_common_folders(entries: list[Entry]) -> list[Entry]:
    """Leave out folders that hold all students together, such as `export/` of `export/ada/a.py`."""
    while True:
        code = [path for path, _ in entries if _is_code(path)]
        first = {path.parts[0] for path, _ in entries if len(path.parts) > 1}
        if len(first) != 1 or not code or min(len(path.parts) for path in code) < 3:
            return entries
        (folder,) = first
        if student(PurePosixPath(folder, "file")) != folder:  # a platform's name of a student
            return entries
        entries = [
            (PurePosixPath(*path.parts[len(path.parts) > 1 :]), data) for path, data in entries
        ]
