"""What was handed in is read, whatever platform exported it and however it is damaged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from handed_in import lay, notebook, zipped

from pgcompanion.grading import cells, intake
from pgcompanion.grading.intake import NothingError, collect


def names(*paths: Path) -> list[str]:
    return [each.student for each in collect(paths)]


EXPORTS = {
    "Moodle": (
        [
            "Ada Lovelace_1234567_assignsubmission_file/a.ipynb",
            "Bo Li_89_assignsubmission_file_/b.py",
        ],
        ["Ada Lovelace (1234567)", "Bo Li (89)"],
    ),
    "Moodle, flat": (
        ["Ada Lovelace_1234567_assignsubmission_file_my_homework.ipynb"],
        ["Ada Lovelace (1234567)"],
    ),
    "Canvas": (
        ["lovelaceada_340934_208490284_hw-2.ipynb", "boli_LATE_34_39_hw_1.ipynb"],
        ["boli (34)", "lovelaceada (340934)"],
    ),
    "Blackboard": (
        ["Homework 1_ada1815_attempt_2026-11-30-12-00-00_a.ipynb"],
        ["ada1815"],
    ),
    "nbgrader": (["submitted/ada/ps1/a.ipynb", "submitted/bo/ps1/a.ipynb"], ["ada", "bo"]),
    "folders": (["ada/a.ipynb", "ada/more/b.ipynb", "bo/a.ipynb"], ["ada", "bo"]),
    "files": (["ada.ipynb", "bo.py"], ["ada", "bo"]),
}


@pytest.mark.parametrize("platform", EXPORTS)
def test_names_and_numbers_are_kept(platform: str, tmp_path: Path) -> None:
    files, expected = EXPORTS[platform]
    lay(tmp_path / "all", *files)
    assert names(tmp_path / "all") == expected
    packed = tmp_path / "export.zip"
    packed.write_bytes(zipped({file: notebook("x = 1") for file in files}))
    assert names(packed) == expected


def test_a_gradescope_export_has_its_names_in_a_file(tmp_path: Path) -> None:
    top = tmp_path / "assignment_7_export"
    lay(top, "submission_11/a.ipynb", "submission_12/a.ipynb", "submission_13/a.ipynb")
    lay(
        top,
        intake.METADATA,
        text="---\nsubmission_11:\n  :submitters:\n  - :name: Ada Lovelace\n    :sid: '1815'\n"
        "submission_12:\n  :submitters:\n  - :name: Bo Li\n    :email: bo@example.org\n",
    )
    assert names(tmp_path) == ["Ada Lovelace (1815)", "Bo Li (bo@example.org)", "submission_13"]


def test_all_files_of_a_student_come_together(tmp_path: Path) -> None:
    lay(tmp_path / "first", "ada/a.ipynb", "ada/b.py", "ada/notes.txt")
    lay(tmp_path / "second", "ada/c.ipynb")
    (only,) = collect([tmp_path / "first", tmp_path / "second"])
    assert [file.name for file in only.files] == ["a.ipynb", "b.py", "c.ipynb"]


def test_who_handed_in_nothing_that_can_be_read_is_there(tmp_path: Path) -> None:
    top = lay(tmp_path / "export", "Ada_12_assignsubmission_file/a.ipynb", "README.md", "list.csv")
    lay(top, "Bo Li_89_assignsubmission_onlinetext/onlinetext.html", "cy/report.pdf", "cy/b.docx")
    lay(top, "lovelaceada_340934_208490284_report.pdf")
    found = collect([tmp_path])
    assert [each.student for each in found] == [
        "Ada (12)",
        "Bo Li (89)",
        "cy",
        "lovelaceada (340934)",
    ]
    assert [each.troubles for each in found] == [[], *[[intake.NO_CODE]] * 3]


def test_a_student_with_a_folder_in_a_folder_is_not_taken_apart(tmp_path: Path) -> None:
    lay(tmp_path / "all", "ada/ps1/a.ipynb", "bo/report.pdf")
    assert names(tmp_path / "all") == ["ada", "bo"]


def test_code_without_end_is_cut(tmp_path: Path) -> None:
    long = "x = 1\n" * 4_000_000
    lay(tmp_path, "ada.ipynb", text=notebook("x = 1", long, "y = 2"))
    lay(tmp_path, "bo.py", text=long)
    ada, bo = collect([tmp_path])
    assert (ada.files[0].cells, bo.files[0].cells) == (("x = 1", "y = 2"), ())
    assert all("not all of it is read" in each.troubles[0] for each in (ada, bo))


def test_a_zip_file_of_a_student_is_opened(tmp_path: Path) -> None:
    inner = zipped({"work/a.ipynb": notebook("y = 2"), "__MACOSX/._a.ipynb": "x", "data.csv": "1"})
    (tmp_path / "ada_34_56_all.zip").write_bytes(inner)
    (tmp_path / "bo.zip").write_bytes(zipped({"again.zip": inner}))
    found = collect([tmp_path])
    assert [each.student for each in found] == ["ada (34)", "bo"]
    assert [[file.cells for file in each.files] for each in found] == [[("y = 2",)], [("y = 2",)]]


def test_what_no_student_wrote_is_left_out(tmp_path: Path) -> None:
    lay(tmp_path, "ada/a.ipynb", "ada/.ipynb_checkpoints/a-checkpoint.ipynb", ".git/hooks/x.py")
    lay(tmp_path, "ada/__pycache__/b.py")
    (only,) = collect([tmp_path])
    assert [file.name for file in only.files] == ["a.ipynb"]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"{", "is damaged"),
        (notebook("x = 1").encode()[:-9], "is damaged"),
        (b"[" * 100_000, "is damaged"),
        (b"[1, 2]", "not a notebook"),
        (b'{"cells": 3}', "not a notebook"),
        (b'{"cells": []}', "holds no code"),
        (b"\x89PNG\r\n\x1a\n\0\0", "is damaged"),
    ],
)
def test_a_damaged_file_is_called_so(data: bytes, says: str, tmp_path: Path) -> None:
    (tmp_path / "ada.ipynb").write_bytes(data)
    lay(tmp_path, "bo.ipynb")
    ada, bo = collect([tmp_path])
    assert says in ada.troubles[0]
    assert ada.files[0].cells == ()
    assert bo.files[0].cells == ("x = 1",)


def test_a_damaged_zip_file_is_called_so(tmp_path: Path) -> None:
    (tmp_path / "ada.zip").write_bytes(zipped({"a.ipynb": notebook("x = 1")})[:-30])
    (only,) = collect([tmp_path])
    assert "is damaged" in only.troubles[0]


def test_of_a_huge_file_not_more_than_the_limit_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cells, "LARGEST", 1000)
    monkeypatch.setattr(intake, "LARGEST", 1000)
    lay(tmp_path, "ada.ipynb", text=notebook("x = 1" + " " * 2000))
    (tmp_path / "bo.zip").write_bytes(zipped({"bomb.ipynb": " " * 1_000_000}))
    found = collect([tmp_path])
    assert all("larger than" in each.troubles[0] for each in found)


def test_a_path_cannot_lead_out_of_a_zip_file(tmp_path: Path) -> None:
    packed = tmp_path / "export.zip"
    packed.write_bytes(zipped({"../../ada/a.ipynb": notebook("x = 1"), "/bo/b.py": "y = 1"}))
    assert names(packed) == ["ada", "bo"]
    assert list(tmp_path.iterdir()) == [packed]


def test_sources_may_be_lists_of_lines_and_of_format_3(tmp_path: Path) -> None:
    lay(tmp_path, "new.ipynb", text=notebook(["def f():\n", "    pass"]))
    old = {"worksheets": [{"cells": [{"cell_type": "code", "input": "z = 3"}]}], "nbformat": 3}
    lay(tmp_path, "old.ipynb", text=json.dumps(old))
    new, old_found = collect([tmp_path])
    assert new.files[0].cells == ("def f():\n    pass",)
    assert old_found.files[0].cells == ("z = 3",)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_other_encodings_are_read(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "ada.py").write_bytes("x = 'é'\r\ny = 2".encode(encoding))
    (only,) = collect([tmp_path])
    assert only.files[0].cells == ("x = 'é'\ny = 2",)


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NothingError, match="There is no file or folder"):
        collect([tmp_path / "nowhere"])
