"""The autograder for Gradescope: its results, and its two scripts in a clean tree of folders."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from handed_in import IMPORT, RIGHT, WRONG, lay, notebook

from pgcompanion.grading import cache, wheel
from pgcompanion.grading.assignment import Assignment
from pgcompanion.grading.gradescope import archive
from pgcompanion.grading.gradescope.results import marked

IDS = ("reward_to_go", "gae")
ASSIGNMENT = Assignment(IDS, "maple", {"gae": 2.0})

#: What the documented format allows: https://gradescope-autograders.readthedocs.io/en/latest/specs/
FORMATS = {"text", "html", "simple_format", "md", "ansi"}
VISIBLE = {"hidden", "after_due_date", "after_published", "visible"}
TEST = {
    "score", "max_score", "status", "name", "name_format", "number", "output", "output_format",
    "tags", "visibility", "extra_data",
}  # fmt: skip
TOP = {
    "score", "execution_time", "output", "output_format", "test_output_format", "test_name_format",
    "visibility", "stdout_visibility", "extra_data", "tests", "leaderboard",
}  # fmt: skip


def check_format(results: dict[str, Any]) -> None:
    assert set(results) <= TOP
    assert isinstance(results["score"], int | float)
    assert results["output_format"] in FORMATS
    assert results["stdout_visibility"] in VISIBLE
    for test in results["tests"]:
        assert set(test) <= TEST
        assert 0 <= test["score"] <= test["max_score"]
        assert test["status"] in {"passed", "failed"}
        assert test["visibility"] in VISIBLE
        assert test["output_format"] in FORMATS
        assert all(isinstance(test[key], str) for key in ("name", "output"))
        assert all(isinstance(tag, str) for tag in test["tags"])


HANDED_IN = {
    "right": ({"a.ipynb": notebook(IMPORT, RIGHT)}, 1),
    "wrong": ({"a.ipynb": notebook(IMPORT, WRONG)}, 0),
    "damaged": ({"a.ipynb": "{"}, 0),
    "nothing": ({}, 0),
    "double": ({"a.ipynb": notebook(WRONG), "a (1).ipynb": notebook(IMPORT, RIGHT)}, 1),
    "damaged and whole": ({"a.ipynb": "{", "b/c.py": f"{IMPORT}\n{RIGHT}"}, 1),
}


@pytest.mark.usefixtures("sandboxed")
@pytest.mark.parametrize("name", HANDED_IN)
def test_the_results_are_as_documented(name: str, tmp_path: Path) -> None:
    files, score = HANDED_IN[name]
    for file, text in files.items():
        lay(tmp_path, file, text=text)
    results = marked(tmp_path, ASSIGNMENT)
    check_format(results)
    assert results["score"] == score
    assert [test["max_score"] for test in results["tests"]] == [1, 2]
    assert ("is damaged" in results["output"]) == ("damaged" in name)
    assert ("There is no notebook" in results["output"]) == (name == "nothing")


@pytest.mark.usefixtures("sandboxed")
def test_a_mistake_has_its_message_and_its_name(tmp_path: Path) -> None:
    results = marked(lay(tmp_path, "a.py", text=f"{IMPORT}\n{WRONG}"), ASSIGNMENT)
    assert results["tests"][0]["tags"]
    assert "](../" not in results["tests"][0]["output"]


def test_the_zip_file_holds_scripts_wheel_and_assignment_at_its_root(tmp_path: Path) -> None:
    pack = lay(tmp_path / "mine", "own.py", text="exercise = None")
    path = tmp_path / "autograder.zip"
    archive.write(path, Assignment(IDS, "maple", {"gae": 2.0}, True, pack))
    with zipfile.ZipFile(path) as packed:
        names = {info.filename: info for info in packed.infolist()}
        packed.extractall(tmp_path / "source")
    assert set(names) == {*archive.SCRIPTS, wheel.name(), "assignment.json", "pack/own.py"}
    assert all(names[script].external_attr >> 16 & 0o111 for script in archive.SCRIPTS)
    back = archive.read(tmp_path / "source")
    assert back == Assignment(IDS, "maple", {"gae": 2.0}, True, tmp_path / "source" / "pack")
    for script in archive.SCRIPTS:
        subprocess.run(["bash", "-n", str(tmp_path / "source" / script)], check=True)


def test_the_wheel_is_the_package_that_runs() -> None:
    with zipfile.ZipFile(io.BytesIO(wheel.build())) as packed:
        names = packed.namelist()
        (metadata,) = (packed.read(n).decode() for n in names if n.endswith("/METADATA"))
        (record,) = (packed.read(n).decode() for n in names if n.endswith("/RECORD"))
        (scripts,) = (packed.read(n).decode() for n in names if n.endswith("/entry_points.txt"))
    assert {line.split(",")[0] for line in record.splitlines()} == set(names)
    assert "Provides-Extra: grading" in metadata
    assert "pgcompanion-grade = pgcompanion.grading.command:main" in scripts
    assert "pgcompanion/grading/gradescope/setup.sh" in names


def test_the_two_scripts_run_in_a_clean_tree(sandboxed: None, tmp_path: Path) -> None:
    root = tmp_path / "autograder"
    path = tmp_path / "autograder.zip"
    archive.write(path, ASSIGNMENT)
    root.mkdir()
    subprocess.run(["unzip", "-q", str(path), "-d", str(root / "source")], check=True)
    subprocess.run(["cp", str(root / "source" / "run_autograder"), str(root)], check=True)
    # What would be compiled again there is copied, to save some minutes.
    shutil.copytree(cache.folder(), root / "source" / "sandbox")
    (root / "source" / "sandbox").chmod(0o700)
    clean = {key: value for key, value in os.environ.items() if key.startswith("PIP_")}
    python = Path(sys.base_prefix) / "bin"
    clean |= {"PATH": f"{python}:/usr/local/bin:/usr/bin:/bin", "HOME": str(tmp_path)}
    subprocess.run(["bash", str(root / "source" / "setup.sh")], check=True, env=clean)
    for files, score in HANDED_IN.values():
        subprocess.run(["rm", "-rf", str(root / "submission"), str(root / "results")], check=True)
        (root / "submission").mkdir()
        (root / "results").mkdir()
        for file, text in files.items():
            lay(root / "submission", file, text=text)
        subprocess.run([str(root / "run_autograder")], check=True, env=clean)
        results = json.loads((root / "results" / "results.json").read_text(encoding="utf-8"))
        check_format(results)
        assert results["score"] == score
