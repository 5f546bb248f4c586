"""The gridworld demo in a kernel: a map to edit, knobs without steps, exact training behind
them."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pytest

from pgcompanion import exact, style
from pgcompanion.demos import gridworlds
from pgcompanion.demos.engine.controls import grid
from pgcompanion.demos.training import board, workbench
from pgcompanion.demos.training.course import ALGORITHM, ALGORITHMS, H, K, train, world
from pgcompanion.demos.training.picture import KNOB, LENGTHS, OBJECTIVE, SMALLEST, sentence
from pgcompanion.gridworld import MAPS

pytestmark = pytest.mark.statement("ppo")


@pytest.fixture
def bench() -> workbench.Workbench:
    opened = workbench.Workbench(["4x4", "cliff"])
    opened.k.value = 4
    return opened


def seen(page: str) -> str:
    """The sentence under the one picture, or in its place."""
    assert page.count("<svg") <= 1
    return re.findall(r"<p(?: [^>]*)?>(.*?)</p>", page)[-1]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_course_is_the_algorithm_on_exact_values(algorithm: str):
    course = train(MAPS["4x4"], algorithm, ALGORITHMS[algorithm].values[1])
    assert [it.k for it in course.iterates] == list(range(K + 1))
    mdp = world(MAPS["4x4"]).mdp(H)
    for it in course.iterates[::4]:
        J = exact.evaluate(mdp, it.policy.table(it.theta)).J
        assert pytest.approx(J, abs=1e-10) == it.J
        assert course.optimum + 1e-10 >= it.J
    assert course.iterates[0].J < course.iterates[-1].J - 0.1


def test_trpo_between_the_values_of_the_page_keeps_its_bound():
    course = train(MAPS["cliff"], "TRPO", 0.1234)
    assert course.iterates[1].kl == pytest.approx(0.1234, abs=1e-6)
    assert max(it.kl for it in course.iterates[1:]) <= 0.1234 + 1e-6
    bolder = train(MAPS["cliff"], "NPG", 4.0)
    assert max(it.kl for it in bolder.iterates[1:]) > 0.1234 + 1e-6


def test_any_map_that_is_one_is_trained_by_every_algorithm_at_any_knob(rng: np.random.Generator):
    trained = 0
    while trained < 30:
        rows, columns = rng.integers(1, 6), rng.integers(2, 8)
        cells = rng.choice(list("##......GP"), size=(rows, columns))
        cells.flat[rng.integers(cells.size)] = "S"
        drawn = "\n".join("".join(row) for row in cells)
        if not set("GP") & set(drawn):
            continue
        algorithm = list(ALGORITHMS)[trained % len(ALGORITHMS)]
        low, _, high = sorted(np.log(ALGORITHMS[algorithm].values))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            course = train(drawn, algorithm, float(np.exp(rng.uniform(low, high))))
        J = np.array([it.J for it in course.iterates])
        assert OBJECTIVE.ylim[0] < J.min() <= J.max() <= course.optimum + 1e-10 < OBJECTIVE.ylim[1]
        trained += 1


def test_a_step_with_next_to_nothing_to_gain_is_finite():
    """The natural gradient's squared length falls to the smallest numbers there are."""
    course = train(MAPS["detour"], "TRPO", 1.687023975571047)
    assert np.isfinite(course.iterates[-1].theta).all()


def test_page_and_kernel_name_algorithms_and_iterations_in_one_place(bench: workbench.Workbench):
    page = gridworlds.controls
    assert page["algorithm"] is ALGORITHM
    for control, chooser in ((page["algorithm"], bench.algorithm), (page["k"], bench.k)):
        assert chooser.description == control.label
        assert set(control.values) <= {value for _, value in chooser.options}
    assert len(bench.k.options) > len(page["k"].values)


def test_sentences_start_with_a_capital_and_say_how_far_the_optimum_is():
    for values in grid(gridworlds):
        words = gridworlds.describe(**values)
        assert words[0].isupper()
        assert words.endswith("A lighter cell is worth more (left) or visited more often (right).")
        if values["k"]:
            course = gridworlds.course(*list(values.values())[:3])
            here, best = (f"{x:.3f}" for x in (course.iterates[values["k"]].J, course.optimum))
            assert ("reached to three digits" in words) == (here == best)
            assert not re.search(r"0\.0+ (?:above|below|nats)", words)
    assert train(MAPS["4x4"], "policy gradient", 1.0).knob[0].islower(), "the knob alone would not"


def test_no_curve_runs_through_the_knob_that_is_named_above_it():
    courses = {tuple(values.values())[:3] for values in grid(gridworlds)}
    highest = max(max(it.kl for it in gridworlds.course(*each).iterates[1:]) for each in courses)
    low, high = np.log10(LENGTHS.ylim)
    assert np.log10(highest) < low + (KNOB - 0.05) * (high - low)
    high = np.log10(90.0)
    assert np.log10(highest) > low + (KNOB - 0.05) * (high - low), "a lower panel has no room"


def test_a_step_too_short_for_the_panel_is_a_triangle_and_words():
    values = {"world": "cliff", "algorithm": "TRPO", "knob": "bold", "k": K}
    assert train(MAPS["cliff"], "TRPO", 3.0).iterates[-1].kl < SMALLEST
    assert "less than 0.0001 nats" in gridworlds.describe(**values)
    for k, marker in ((K, "v"), (4, "o")):
        lengths = gridworlds.frame(**(values | {"k": k})).axes[3]
        now = [line for line in lengths.lines if line.get_color() == style.VERMILLION]
        assert now[-1].get_marker() == marker


def test_both_maps_show_walls_pits_and_goals():
    values = {"world": "detour", "algorithm": "NPG", "knob": "medium", "k": 4}
    policy, visits, *_ = gridworlds.frame(**values).axes
    walls = MAPS["detour"].count("#")
    for ax in (policy, visits):
        assert sum(bool(patch.get_hatch()) for patch in ax.patches) == walls > 0
    assert len(visits.patches) == len(policy.patches) > walls


def test_the_static_page_and_the_kernel_draw_the_same_course(bench: workbench.Workbench):
    values = {"world": "4x4", "algorithm": "PPO clip", "knob": "medium", "k": 4}
    assert seen(bench.page.value) == gridworlds.describe(**values)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_dragging_the_knob_trains_anew(bench: workbench.Workbench, algorithm: str):
    bench.algorithm.value = algorithm
    (knob,) = bench.slot.children
    assert knob.description == ALGORITHMS[algorithm].symbol
    ends = sorted(ALGORITHMS[algorithm].values)
    np.testing.assert_allclose([10**knob.min, 10**knob.max], [ends[0], ends[-1]], rtol=1e-12)
    pages = set()
    for x in np.geomspace(1.05 * ends[0], 0.95 * ends[-1], 4):
        knob.value = float(x)
        course = train(MAPS["4x4"], algorithm, knob.value)
        assert seen(bench.page.value) == sentence(course, "the map 4x4", 4)
        pages.add(bench.page.value)
    assert len(pages) == 4


def test_each_algorithm_keeps_the_place_of_its_knob(bench: workbench.Workbench):
    bench.knobs["PPO clip"].value = 0.2
    for algorithm in ("TRPO", "PPO clip"):
        bench.algorithm.value = algorithm
    assert "ε = 0.2," in seen(bench.page.value)


def test_a_click_paints_the_cell_and_the_policy_is_trained_on_the_new_map(
    bench: workbench.Workbench,
):
    for word, letter in board.BRUSHES.items():
        bench.restore.click()
        bench.board.brush.value = letter
        bench.board.buttons[2, 1].click()
        assert bench.board.value == board.painted(MAPS["4x4"], 2, 1, letter)
        button = bench.board.buttons[2, 1]
        assert button.tooltip == f"row 3, column 2: {word}"
        assert (button.description, button.style.button_color) == board.LOOKS[letter]
        place = "the map 4x4" if letter == "." else "your map"
        assert f"on {place}, after 4 steps" in seen(bench.page.value)
    course = train(bench.board.value, "PPO clip", bench.knobs["PPO clip"].value)
    assert seen(bench.page.value) == sentence(course, "your map", 4)


def test_only_the_painted_cell_changes_its_looks(bench: workbench.Workbench):
    before = {cell: button.tooltip for cell, button in bench.board.buttons.items()}
    bench.board.buttons[0, 2].click()
    after = {cell: button.tooltip for cell, button in bench.board.buttons.items()}
    assert {cell for cell in before if before[cell] != after[cell]} == {(0, 2)}


@pytest.mark.parametrize(
    ("brush", "cells", "lack"),
    [
        ("#", [(0, 0)], "map must have a start, S, but it has none."),
        (".", [(1, 3), (3, 0), (3, 3)], "map must have a goal or a pit, but it has neither."),
    ],
)
def test_a_map_that_lacks_something_says_so_and_nothing_is_lost(
    bench: workbench.Workbench, brush: str, cells: list[tuple[int, int]], lack: str
):
    picture = bench.page.value
    bench.board.brush.value = brush
    for cell in cells:
        bench.board.buttons[cell].click()
    assert bench.page.value == f"<p>This map cannot be learned yet: {lack}</p>"
    bench.algorithm.value, bench.algorithm.value = "NPG", "PPO clip"
    assert bench.page.value == f"<p>This map cannot be learned yet: {lack}</p>"
    for cell in cells:
        letter = MAPS["4x4"].split("\n")[cell[0]][cell[1]]
        bench.board.brush.value = letter
        bench.board.buttons[cell].click()
    assert bench.page.value == picture


def test_another_map_brings_its_own_cells(bench: workbench.Workbench):
    bench.menu.value = "cliff"
    assert bench.board.value == MAPS["cliff"]
    rows = [len(row.children) for row in bench.board.rows.children]
    assert rows == [8, 8, 8, 8]
    assert "on the map cliff" in seen(bench.page.value)


def test_one_move_draws_one_picture(bench: workbench.Workbench):
    drawn: list[str] = []
    bench.page.observe(lambda change: drawn.append(change["new"]), names="value")
    bench.menu.value = "cliff"
    bench.algorithm.value = "TRPO"
    bench.knobs["TRPO"].value = 0.5
    bench.k.value = 9
    bench.board.buttons[0, 0].click()
    assert len(drawn) == 5
    bench.board.buttons[0, 0].click()
    assert len(drawn) == 5, "a wall painted over a wall is no change"
