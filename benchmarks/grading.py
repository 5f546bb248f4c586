"""A class of 300: how long its marks take, and that they come out the same twice."""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter

import numpy as np

from benchmarks import timing
from pgcompanion.exercises.engine import catalogue
from pgcompanion.exercises.engine.exercise import Exercise
from pgcompanion.grading import Assignment, Submission, cache, grade
from pgcompanion.grading.cells import Code

STUDENTS, JOBS = 300, 2
IDS = catalogue.IDS[:21]
IMPORTS = (
    "import numpy as np\nimport matplotlib.pyplot as plt\nfrom pgcompanion.exercises import check"
)

#: Of a hundred answers: what is made of the solution's value, how often. The rest is the solution.
WRONG = {
    "2 * {}": 10,
    "-{}": 8,
    "np.sum({})": 8,
    "undefined + {}": 6,
    "...": 10,
    "while True: pass": 1,
}


def tables() -> Iterator[str]:
    cache.prepare()
    rng = np.random.default_rng(0)
    handed_in = [submission(n, rng) for n in range(STUDENTS)]
    assignment = Assignment(IDS, seed="maple")
    start = perf_counter()
    rows = grade(handed_in, assignment, JOBS)
    minutes = (perf_counter() - start) / 60
    again = grade(handed_in[::10], assignment, 1)
    tenth = {each.student for each in handed_in[::10]}
    same = again == [row for row in rows if row.student in tenth]
    yield timing.table(
        f"Marks of {STUDENTS} notebooks with {len(IDS)} exercises each, on {JOBS} processes",
        ["marks", "right answers", "minutes", "a tenth of them once more"],
        [
            [
                f"{len(rows):,}",
                f"{right(rows):.0%}",
                f"{minutes:.1f}",
                "the same" if same else "OTHERS",
            ]
        ],
    )


def right(rows: list) -> float:
    return sum(row.score == 1 for row in rows) / len(rows)


def submission(n: int, rng: np.random.Generator) -> Submission:
    """A notebook with an answer to each exercise, as a class would hand it in."""
    cells = [IMPORTS]
    for id in IDS:
        cells += [answer(catalogue.find(id), rng), f"check('{id}', {id})"]
    return Submission(f"student {n:03}", [Code("all.ipynb", (*cells, "plt.plot([1, 2])"))])


def answer(exercise: Exercise, rng: np.random.Generator) -> str:
    """The solution, or a wrong answer that is made of it."""
    point = rng.integers(100) - np.cumsum(list(WRONG.values()))
    if (point >= 0).all():
        return exercise.source
    kind = list(WRONG)[int(np.argmax(point < 0))]
    names = ", ".join(exercise.names)
    value = kind.format(f"_{exercise.id}({names})")
    body = f"return {value}" if exercise.id in value else value
    hidden = exercise.source.replace(f"def {exercise.id}(", f"def _{exercise.id}(", 1)
    return f"{hidden}\n\ndef {exercise.id}({names}):\n    {body}\n"
