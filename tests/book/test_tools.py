"""The small tools under the commands, and what they say when something is missing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import chromium
import pytest
import vendor
from notebooks import ROOT


def find_python(path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", ROOT / "tools" / "find_python"],
        env={"PATH": str(path)},
        capture_output=True,
        text=True,
    )


def fake(path: Path, status: int) -> Path:
    path.write_text(f"#!/bin/sh\nexit {status}\n")
    path.chmod(0o755)
    return path


def test_the_first_python_that_is_new_enough_is_taken(tmp_path: Path) -> None:
    fake(tmp_path / "python3", 1)
    new = fake(tmp_path / "python3.12", 0)
    assert find_python(tmp_path).stdout.strip() == str(new)


def test_without_a_new_python_one_sentence_says_so(tmp_path: Path) -> None:
    fake(tmp_path / "python3", 1)
    result = find_python(tmp_path)
    assert result.returncode == 1
    assert result.stderr.startswith("Python 3.11 or newer")
    assert result.stderr.count("\n") == 1


@pytest.fixture
def no_chromium(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chromium, "find", lambda: None)
    monkeypatch.setattr(chromium, "fetch", lambda: None)


@pytest.mark.usefixtures("no_chromium")
@pytest.mark.parametrize(("ci", "status"), [("true", 1), ("", 0)])
def test_a_missing_browser_fails_in_ci_alone(
    ci: str, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CI", ci)
    assert chromium.main() == status
    said = capsys.readouterr().out
    assert "install the package chromium" in said
    assert ("left out" in said) == (status == 0)


def test_the_browser_that_is_named_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGCOMPANION_CHROMIUM", "/some/where")
    assert chromium.find() == "/some/where"


def test_make_alone_lists_every_command() -> None:
    listed = subprocess.run(
        ["make", "--no-print-directory"], cwd=ROOT, env=dict(os.environ), capture_output=True
    ).stdout.decode()
    (phony,) = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.M)
    assert [line.split()[1] for line in listed.splitlines()] == phony.split()


def test_a_vendored_file_that_was_changed_added_or_lost_is_named(tmp_path: Path) -> None:
    for folder in (vendor.VENDOR, vendor.FOR_TESTS):
        shutil.copytree(folder, tmp_path / folder.relative_to(ROOT))
    vendor.check(tmp_path)
    changed, lost, *_ = sorted((tmp_path / "book").rglob("*.js"))
    changed.write_bytes(changed.read_bytes() + b" ")
    lost.unlink()
    (changed.parent / "added.js").touch()
    with pytest.raises(SystemExit, match="Not the files of") as said:
        vendor.check(tmp_path)
    for path in (changed, lost, changed.parent / "added.js"):
        assert path.relative_to(tmp_path).as_posix() in str(said.value)


PINNED = re.compile(r"uses: [\w./-]+@[0-9a-f]{40} # v[\d.]+$")


def test_every_action_is_pinned_by_its_commit() -> None:
    lines = [
        line.strip().removeprefix("- ")
        for path in (ROOT / ".github" / "workflows").glob("*.yml")
        for line in path.read_text(encoding="utf-8").splitlines()
        if "uses:" in line
    ]
    assert lines
    assert [line for line in lines if not PINNED.fullmatch(line)] == []
    assert not PINNED.fullmatch("uses: actions/checkout@v7")


def test_every_package_of_the_lock_has_a_hash() -> None:
    lock = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\w)", lock.split("make lock\n")[1])
    assert len(entries) > 100
    bare = [entry for entry in entries if "--hash=sha256:" not in entry]
    assert bare == []


@pytest.mark.parametrize(("text", "status"), [("'''One.'''", 0), ("'''\n>>> 1\n2\n'''", 1)])
def test_a_mutant_is_not_killed_by_a_file_without_examples(
    text: str, status: int, tmp_path: Path
) -> None:
    (file := tmp_path / "mutant.py").write_text(text)
    code = "import sys; from tools.mutants.__main__ import run; sys.exit(run(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "-c", ROOT / "pyproject.toml", file]
    assert subprocess.run(command, cwd=ROOT, capture_output=True).returncode == status
