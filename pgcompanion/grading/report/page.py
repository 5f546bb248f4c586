"""The report as one HTML page that asks nobody for anything: style and script are within it."""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Sequence
from importlib.resources import files
from itertools import groupby

from pgcompanion.grading.assignment import Assignment
from pgcompanion.grading.marking import Row
from pgcompanion.grading.report.counts import Standing, is_missing, passed, standings
from pgcompanion.grading.report.markup import message, treated
from pgcompanion.grading.table import number

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<main>
{body}
</main>
<script>{script}</script>
</body>
</html>
"""


#: No request to anybody, and no script but ours: whatever a student writes runs nowhere.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"


def page(rows: Sequence[Row], assignment: Assignment, book: str = "") -> str:
    """The report of a class; `book` is the address of the built book, for links into it."""
    exercises = assignment.exercises()
    found = standings(rows, exercises, assignment.points)
    sheets = [(student, list(own)) for student, own in groupby(rows, lambda row: row.student)]
    parts = [
        f"<h1>{len(sheets)} students, {len(exercises)} exercises</h1>",
        _contents(),
        _overview(found),
        '<section id="misconceptions"><h2>What was misunderstood</h2>',
        *(_misconceptions(each, book) for each in found),
        "</section>",
        _students(sheets, assignment),
        '<section id="sheets"><h2>A sheet for each student</h2>',
        *(_sheet(n, student, own, assignment, book) for n, (student, own) in enumerate(sheets)),
        "</section>",
    ]
    return _page("Report of the class", "\n".join(parts))


def sheet(rows: Sequence[Row], assignment: Assignment, book: str = "") -> str:
    """The page of one student, which can be sent to him or her."""
    student = rows[0].student
    return _page(f"Exercises of {student}", _sheet(0, student, rows, assignment, book, "h1"))


def _page(title: str, body: str) -> str:
    room = files("pgcompanion.grading.report")
    style, script = (
        (room / name).read_text(encoding="utf-8") for name in ("report.css", "report.js")
    )
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = POLICY.format(digest=digest)
    title = html.escape(title)
    return PAGE.format(title=title, policy=policy, style=style, script=script, body=body)


def _contents() -> str:
    links = {"exercises": "Exercises", "misconceptions": "Misconceptions"}
    links |= {"students": "Students", "sheets": "Sheets"}
    entries = "".join(f'<li><a href="#{id}">{name}</a></li>' for id, name in links.items())
    return f'<nav aria-label="Contents"><ul>{entries}</ul></nav>'


def _table(id: str, title: str, columns: Sequence[str], rows: Sequence[str]) -> str:
    """A table whose columns sort at a click on their names."""
    head = "".join(
        f'<th scope="col"><button type="button">{name}</button></th>' for name in columns
    )
    return (
        f'<section id="{id}"><h2>{title}</h2><div class="wide" tabindex="0" role="region" '
        f'aria-label="{title}"><table class="sortable"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div></section>"
    )


def _overview(found: Sequence[Standing]) -> str:
    columns = ("Exercise", "Passed", "Share", "Wrong", "Not started", "Most often")
    return _table("exercises", "Exercises", columns, [_overview_row(each) for each in found])


def _overview_row(each: Standing) -> str:
    share = each.passed / max(1, each.students)
    wrong = each.students - each.passed - each.missing
    first = each.misconceptions[0] if each.misconceptions else None
    most = f"<code>{html.escape(first.id)}</code>, {first.students}" if first else ""
    return (
        f'<tr><th scope="row"><a href="#of-{each.exercise.id}">'
        f"{html.escape(each.exercise.title)}</a></th>"
        f'<td class="number">{each.passed}</td>'
        f'<td class="number" data-value="{share}"><span class="bar" '
        f'style="--share: {share:.3f}"></span>{share:.0%}</td>'
        f'<td class="number">{wrong}</td><td class="number">{each.missing}</td><td>{most}</td></tr>'
    )


def _misconceptions(each: Standing, book: str) -> str:
    entries = [
        f"<li><p><strong>{_students_word(made.students)}</strong>, "
        f"<code>{html.escape(made.id)}</code></p>{message(made.says, book)}"
        f"<p>Treated by {treated(made.label, book)}.</p></li>"
        for made in each.misconceptions
    ]
    if each.unnamed:
        entries.append(f"<li><p>{_students_word(each.unnamed)}: wrong, without a name.</p></li>")
    body = f"<ol>{''.join(entries)}</ol>" if entries else "<p>No wrong answer.</p>"
    title = html.escape(each.exercise.title)
    return (
        f'<article id="of-{each.exercise.id}"><h3>{title} (<code>{each.exercise.id}</code>)</h3>'
        f"<p>{each.passed} of {each.students} passed.</p>{body}</article>"
    )


def _students_word(n: int) -> str:
    return "1 student" if n == 1 else f"{n} students"


def _students(sheets: Sequence[tuple[str, list[Row]]], assignment: Assignment) -> str:
    rows = [
        f'<tr><th scope="row"><a href="#sheet-{n}">{html.escape(student)}</a></th>'
        f'<td class="number">{number(sum(row.score for row in own))}</td>'
        f'<td class="number">{sum(_passed(row, assignment) for row in own)}</td>'
        f'<td class="number">{sum(map(is_missing, own))}</td>'
        f'<td class="number">{sum(row.same_as_book for row in own)}</td></tr>'
        for n, (student, own) in enumerate(sheets)
    ]
    columns = ("Student", "Score", "Passed", "Not started", "As in the book")
    return _table("students", "Students", columns, rows)


def _passed(row: Row, assignment: Assignment) -> bool:
    return passed(row, assignment.points_of(row.exercise))


def _sheet(
    n: int,
    student: str,
    rows: Sequence[Row],
    assignment: Assignment,
    book: str,
    heading: str = "h3",
) -> str:
    total = sum(assignment.points_of(row.exercise) for row in rows)
    got = sum(row.score for row in rows)
    entries = "".join(_entry(row, assignment, book) for row in rows)
    return (
        f'<article class="sheet" id="sheet-{n}"><{heading}>{html.escape(student)}</{heading}>'
        f"<p>{number(got)} of {number(total)} points.</p>{entries}</article>"
    )


def _entry(row: Row, assignment: Assignment, book: str) -> str:
    points = assignment.points_of(row.exercise)
    state = "passed" if passed(row, points) else "half" if row.score else "open"
    word = {"passed": "Passed", "half": "Nearly", "open": "Not yet"}[state]
    return (
        f'<details class="{state}"{"" if state == "passed" else " open"}><summary>'
        f'<code>{row.exercise}</code> <span class="state">{word}, {number(row.score)} of '
        f"{number(points)}</span></summary>{message(row.message, book)}</details>"
    )
