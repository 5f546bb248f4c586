"""Build the book into `_build/html`, whole or not at all: `make book`, and `make page` for one page.

A build works in `_build/unfinished`. What it finds in `_build/html` goes there first and comes back at
the end, so that a build that fails or is interrupted leaves no site that only looks finished. A page
whose code raises ends the build with three lines: the page, the cell, the error.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import os
import re
import shutil
import signal
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import jupytext
import runtime
import yaml
from jupyter_book import sphinx as jupyter_book
from myst_nb.core.execute.base import ExecutionError

MEGABYTE = 2**20
ANSI = re.compile(r"\x1b\[[0-9;]*m")
NOT_WRITABLE = {errno.EACCES, errno.EPERM, errno.EROFS}
INTERRUPTED = "The build was interrupted. The next one goes on from here."
BUSY = "Another build is at work in {}: wait for its end, or build in another copy of the book."
FULL = "The disk is full: {} needs more room. Free some, and build again."
READ_ONLY = "{} cannot be written: build in a copy of the book that you may write to."
# What speaks of the page alone: the other pages, the bibliography and the index are not there.
ELSEWHERE = ("Unknown source", "bibtex", "undefined label", "not found")


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep a second build out of a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit(BUSY.format(folder))
        yield


def drop_stale(folder: Path, toc: Path) -> None:
    """Sphinx never deletes a page that has left the table of contents: begin anew when that changes."""
    present, before = toc.read_text(encoding="utf-8"), folder / "toc"
    if not before.exists() or before.read_text(encoding="utf-8") != present:
        for name in ("html", "unfinished", "jupyter_execute", ".doctrees"):
            shutil.rmtree(folder / name, ignore_errors=True)
        before.write_text(present, encoding="utf-8")


def sphinx(
    root: Path, toc: Path, target: Path, strict: bool, builder: str = "html"
) -> int | BaseException:
    """Jupyter Book's build; an exception comes back, and is told by `explained`."""
    jupyter_book.handle_exception = lambda *_: None  # a page of advice on Sphinx
    # nbclient would take an interrupt for itself, and the build would fail of something else; a job in a
    # shell's background begins deaf to it.
    asyncio.SelectorEventLoop.add_signal_handler = not_here
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    return jupyter_book.build_sphinx(
        (root / "book").absolute(),
        target.absolute(),
        noconfig=True,
        path_config=root / "_config.yml",
        builder=builder,
        confoverrides={
            "external_toc_path": toc.absolute().as_posix(),
            "latex_individualpages": False,
            "nitpicky": strict,
        },
        warningiserror=strict,
        keep_going=strict,
    )


def not_here(*_: object) -> None:
    raise RuntimeError("signals are the build's")


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and what it came from."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def explained(error: BaseException, folder: Path) -> str:
    """What ended a build, in few words."""
    causes = list(chain(error))
    numbers = {getattr(cause, "errno", None) for cause in causes}
    kinds = {type(cause).__name__ for cause in causes} | {getattr(c, "ename", "") for c in causes}
    if "KeyboardInterrupt" in kinds:  # of the build, or of the kernel that a terminal told, too
        return INTERRUPTED
    if errno.ENOSPC in numbers or shutil.disk_usage(folder).free < MEGABYTE:
        return FULL.format(folder)
    if numbers & NOT_WRITABLE:
        names = (getattr(cause, "filename", None) for cause in causes)
        return READ_ONLY.format(next(filter(None, names), folder))
    for cause in causes:
        if isinstance(cause, ExecutionError):
            return raised(Path(str(cause)), cause.__cause__)
    log = folder / "error.log"
    log.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    return f"{type(error).__name__}: {error}\nThe traceback stands in {log}."


def raised(page: Path, error: BaseException | None) -> str:
    """A page whose code raised, in three lines."""
    said = ANSI.sub("", str(error)).strip().splitlines()
    name, value = getattr(error, "ename", ""), ANSI.sub("", getattr(error, "evalue", ""))
    what = f"{name}: {value}".splitlines()[0] if name else f"{type(error).__name__}: {said[0]}"
    return (
        f"page   {os.path.relpath(page)}\ncell   {place(page, chr(10).join(said))}\nerror  {what}"
    )


def place(page: Path, said: str) -> str:
    """The cell of a page that an error quotes: its number, its line in the text, its first line."""
    sources = [c.source for c in jupytext.read(page, fmt="md:myst").cells if c.cell_type == "code"]
    quoted = [i for i, source in enumerate(sources) if source.strip() and source.strip() in said]
    if not quoted:
        return "none: the kernel did not answer"
    i = max(quoted, key=lambda i: len(sources[i]))
    lines = page.read_text(encoding="utf-8").splitlines()
    first = next(line for line in sources[i].splitlines() if line.strip())
    start = [n for n, line in enumerate(lines, 1) if line.startswith("```{code-cell}")][i]
    return f"{i + 1} of {len(sources)}, at line {start}: {first.strip()}"


def book(root: Path) -> None:
    """Build the whole book; every warning ends it."""
    folder = root / "_build"
    site, unfinished = folder / "html", folder / "unfinished"
    with alone(folder):
        drop_stale(folder, root / "_toc.yml")
        if site.exists():
            shutil.rmtree(unfinished, ignore_errors=True)
            site.rename(unfinished)
        info = (
            unfinished / ".buildinfo"
        )  # half of one stops Sphinx, a whole one tells of this machine
        info.unlink(missing_ok=True)
        succeed(sphinx(root, root / "_toc.yml", unfinished, strict=True), folder)
        info.unlink(missing_ok=True)
        shutil.rmtree(unfinished / "python", ignore_errors=True)
        if os.environ.get("PGCOMPANION_RUNTIME"):
            runtime.main(unfinished / "python")
        unfinished.rename(site)
    print(f"The book is built. Open {(site / 'index.html').absolute().as_uri()}")


def epub(root: Path) -> Path:
    """Build the book for e-readers."""
    folder = root / "_build"
    target = folder / "epub"
    with alone(folder):
        shutil.rmtree(target, ignore_errors=True)
        succeed(sphinx(root, root / "_toc.yml", target, strict=True, builder="epub"), folder)
    return target / "pgcompanion.epub"


def succeed(outcome: int | BaseException, folder: Path) -> None:
    """End here unless Sphinx came to its end, without a warning."""
    if isinstance(outcome, BaseException):
        sys.exit(explained(outcome, folder))
    if outcome:
        sys.exit("The build ended, and nothing is made: each WARNING above names its page.")


def page(root: Path, name: str) -> None:
    """Build one page, for a look while writing; what is said of the rest of the book is left out."""
    folder = root / "_build" / "page"
    with alone(folder):
        toc, log = folder / "_toc.yml", folder / "log"
        toc.write_text(yaml.safe_dump({"format": "jb-book", "root": name}), encoding="utf-8")
        site = folder / "_build" / "html"
        site.parent.mkdir(exist_ok=True)
        drop_stale(site.parent, toc)  # another page's
        with (
            log.open("w", encoding="utf-8") as said,
            contextlib.redirect_stdout(said),
            contextlib.redirect_stderr(said),
        ):
            outcome = sphinx(root, toc, site, strict=False)
        if isinstance(outcome, BaseException):
            sys.exit(explained(outcome, folder))
        for line in log.read_text(encoding="utf-8").splitlines():
            if re.search(rf"{name}\.(md|ipynb)", line) and not any(x in line for x in ELSEWHERE):
                print(line)
    address = (site / f"{name}.html").absolute().as_uri()
    print(f"Open {address} (links to other pages are dead)")


def main(root: Path, names: list[str]) -> None:
    try:
        page(root, *names) if names else book(root)
    except (OSError, KeyboardInterrupt) as error:
        sys.exit(explained(error, root))


if __name__ == "__main__":
    main(Path.cwd(), sys.argv[1:])
