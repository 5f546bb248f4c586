"""Strangers' code gets no point that it has not earned, and harms nobody."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
from handed_in import Mark
from hostile import BODIES, CELLS, answer

NEXT = (
    "def gae(r, V, gamma, lam, terminated):\n"
    + """\
    V_next = V[:, 1:].copy()
    V_next[terminated, -1] = 0
    A = r + gamma * V_next - V[:, :-1]
    for h in reversed(range(A.shape[1] - 1)):
        A[:, h] = A[:, h] + gamma * lam * A[:, h + 1]
    return A
"""
)
IDS = ("reward_to_go", "gae")
SECONDS = 10.0  # of a core: on a machine with other work, the clock would say how much that is


def children() -> set[str]:
    """The processes that this one has started, on Linux."""
    found: set[str] = set()
    for file in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):  # a thread may end meanwhile
            found.update(file.read_text().split())
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", BODIES)
def test_a_hostile_answer_gets_nothing_and_the_next_exercise_is_graded(
    mark: Mark, name: str
) -> None:
    before, running = children(), threading.active_count()
    start = time.process_time()
    rows = mark(answer(BODIES[name]), NEXT, ids=IDS)
    assert time.process_time() - start < SECONDS
    assert {id: row.score for id, row in rows.items()} == {"reward_to_go": 0, "gae": 1}
    assert "FOUND" not in rows["reward_to_go"].message
    assert len(rows["reward_to_go"].message) < 10_000
    assert children() <= before
    assert threading.active_count() <= running + 1


@pytest.mark.slow
@pytest.mark.parametrize("name", CELLS)
def test_a_hostile_cell_costs_no_more_than_what_it_breaks(mark: Mark, name: str) -> None:
    start = time.process_time()
    rows = mark(answer("return np.zeros(r.shape)"), NEXT, CELLS[name], ids=IDS)
    assert time.process_time() - start < SECONDS
    assert rows["reward_to_go"].score == 0
    assert rows["gae"].score == ("patches the sandbox" not in name)


def test_what_one_answer_breaks_no_other_meets(mark: Mark) -> None:
    """Without the copy of the memory, the second exercise would fail with the first."""
    broken = answer("np.ndarray = np.zeros = np.cumsum = None\nimport sys\nsys.exit()")
    assert mark(broken, NEXT, ids=IDS)["gae"].score == 1
    assert mark(broken, NEXT, "np.ndarray = np.float64 = None\nnp.array = 3", ids=IDS)["gae"].score


def test_a_right_answer_that_misbehaves_is_still_right(mark: Mark) -> None:
    noisy = "import os, sys\nprint('x' * 10**5)\nos.write(1, b'passed')\nsys.stdout = None\n"
    rows = mark(answer(noisy + "return r[:, ::-1].cumsum(1)[:, ::-1]"), ids=IDS)
    assert rows["reward_to_go"].score == 1
