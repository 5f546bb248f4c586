"""The table and the report: counts that are right, for everyone to read, and nothing from elsewhere."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from pgcompanion.grading import report, table
from pgcompanion.grading.assignment import Assignment
from pgcompanion.grading.marking import Row
from pgcompanion.grading.report.counts import standings

IDS = ("reward_to_go", "gae")
ASSIGNMENT = Assignment(IDS, points={"gae": 2.0})
NAMED = (
    "You forgot.\n\n    r = [[1.]]\n\nIn the book, see [the theorem](../reinforce.ipynb#pg_with_q)."
)
EVIL = "<script>alert(1)</script>"


def row(
    student: str, exercise: str, score: float, mistake: str = "", message: str = "Said."
) -> Row:
    return Row(student, exercise, score, mistake, message, 0.1, exercise == "gae" and score > 0)


ROWS = [
    row("Ada", "reward_to_go", 0, "no_reversal", NAMED),
    row("Ada", "gae", 2),
    row("Bo", "reward_to_go", 0, "no_reversal", NAMED),
    row("Bo", "gae", 0, "", "There is no function `gae` in what was handed in."),
    row(f"=Eve {EVIL}", "reward_to_go", 1),
    row(f"=Eve {EVIL}", "gae", 1, "up_to_a_factor", f"Twice. {EVIL}"),
    row("Flo", "reward_to_go", 0, "", "The result differs."),
    row("Flo", "gae", 0, "negated", "The sign."),
]


def test_the_counts_are_those_of_the_rows() -> None:
    first, second = standings(ROWS, ASSIGNMENT.exercises(), ASSIGNMENT.points)
    assert (first.students, first.passed, first.missing, first.unnamed) == (4, 1, 0, 1)
    assert [(m.id, m.students) for m in first.misconceptions] == [("no_reversal", 2)]
    assert (second.students, second.passed, second.missing, second.unnamed) == (4, 1, 1, 0)
    assert {m.id for m in second.misconceptions} == {"negated", "up_to_a_factor"}


def test_the_table_holds_the_rows_and_no_formula(tmp_path: Path) -> None:
    path = tmp_path / "grades.csv"
    table.write(path, ROWS, {("Ada", "reward_to_go"): 1.0})
    with path.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    columns = ["student", "exercise", "score", "late_score", *table.COLUMNS[3:]]
    assert list(lines[0]) == columns
    assert [line["score"] for line in lines[:2]] == ["0", "2"]
    assert [line["late_score"] for line in lines[:2]] == ["1", ""]
    assert [line["same_as_book"] for line in lines[:2]] == ["", "yes"]
    assert "see the theorem." in lines[0]["message"]
    assert lines[4]["student"].startswith("'=")
    table.write(path, ROWS, None)
    assert path.read_text("utf-8").splitlines()[0] == ",".join(table.COLUMNS)


def test_the_report_asks_nobody_for_anything_and_runs_nothing_of_a_student() -> None:
    page = report.page(ROWS, ASSIGNMENT)
    assert not re.search(r"https?:|src=|@import|url\(", page)
    assert EVIL not in page
    assert page.count("<script>") == 1


def test_the_report_links_into_a_book_whose_address_is_known() -> None:
    page = report.page(ROWS, ASSIGNMENT, "https://book.example/pg/")
    assert 'href="https://book.example/pg/reinforce.html#pg_with_q"' in page
    assert "ipynb" not in page


def test_a_sheet_holds_one_student_alone() -> None:
    sheet = report.sheet([each for each in ROWS if each.student == "Ada"], ASSIGNMENT)
    assert "Ada" in sheet
    assert "2 of 3 points" in sheet
    assert not re.search(r"\b(Bo|Eve|Flo)\b", sheet)


@pytest.fixture
def page(browser, tmp_path: Path):
    path = tmp_path / "report.html"
    path.write_text(report.page(ROWS, ASSIGNMENT), encoding="utf-8")
    context = browser.new_context(viewport={"width": 390, "height": 800}, bypass_csp=True)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    assert asked == [path.as_uri()]
    yield page
    context.close()


def test_the_policy_lets_the_reports_own_script_run_and_no_other(browser, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    evil = "<script>document.title = 'evil'</script></main>"
    text = report.page(ROWS, ASSIGNMENT).replace("</main>", evil)
    path.write_text(text, encoding="utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    assert page.title() == "Report of the class"
    page.get_by_role("button", name="Score").click()
    assert page.locator("#students th[aria-sort=ascending]").count() == 1
    page.close()


def test_a_click_sorts_a_table_and_a_second_one_turns_it_round(page) -> None:
    def firsts() -> list[str]:
        return page.locator("#students tbody th").all_inner_texts()

    page.get_by_role("button", name="Score").click()
    assert firsts()[-2:] == ["Ada", f"=Eve {EVIL}"] or firsts()[-1] == "Ada"
    up = firsts()
    page.get_by_role("button", name="Score").click()
    assert firsts()[0] == "Ada" or firsts()[0] == up[-1]
    assert page.locator("#students th[aria-sort=descending]").count() == 1


AXE = Path(__file__).parents[1] / "vendor" / "axe-core" / "axe.min.js"
JUDGE = "async () => (await axe.run()).violations.map((v) => v.id)"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everyone_can_read_the_report(page, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    page.add_script_tag(path=AXE)
    assert page.evaluate(JUDGE) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_everyone_can_read_a_sheet(page, tmp_path: Path) -> None:
    path = tmp_path / "sheet.html"
    path.write_text(report.sheet(ROWS[:2], ASSIGNMENT), encoding="utf-8")
    page.goto(path.as_uri())
    page.add_script_tag(path=AXE)
    assert page.evaluate(JUDGE) == []
    page.evaluate("document.querySelector('h1').remove()")
    assert "page-has-heading-one" in page.evaluate(JUDGE)
