"""What the picture and the sentence of the distribution shift demo claim is so."""

from __future__ import annotations

import re

import numpy as np
import pytest

from pgcompanion import exact, style
from pgcompanion.demos import distribution_shift as demo
from pgcompanion.demos.engine.controls import grid

pytestmark = pytest.mark.statement("pdl_bound")

PI_OLD, OLD = demo.old()
CORNERS = [
    {"trap": trap, "e": e, "alpha": alpha}
    for trap in demo.TRAPS
    for e in (0.0, 0.1, 2.0)
    for alpha in (0.0, 0.1, 1.0)
]
STAND = {"trap": "standing still", "e": 0.1, "alpha": 1.0}


def mixture(trap: str, e: float, alpha: float) -> np.ndarray:
    """The new policy by the book: the best action of a table with one wrong entry a step, mixed."""
    Q_hat = OLD.Q.copy()
    Q_hat[:, demo.CELL, {"entering the pit": 0, "standing still": 2}[trap]] += e
    return (1 - alpha) * PI_OLD + alpha * np.eye(demo.WORLD.A)[Q_hat.argmax(axis=-1)]


def worst_choice(pi: np.ndarray) -> float:
    return float((pi * OLD.A).sum(axis=-1).min())


def upper_edge(ax) -> np.ndarray:
    """The upper edge of the shaded region, as points."""
    x, y = ax.collections[0].get_paths()[0].vertices.T
    return np.array([(at, y[x == at].max()) for at in np.unique(x)]).T


@pytest.mark.parametrize("values", CORNERS)
def test_the_drawn_bound_is_the_formula_and_everything_drawn_obeys_it(values):
    *_, objective, sums = demo.frame(**values).axes
    at, bound = upper_edge(objective)
    Delta = [min(worst_choice(mixture(values["trap"], values["e"], alpha)), 0) for alpha in at]
    np.testing.assert_allclose(bound, OLD.J + demo.H * np.array(Delta), atol=1e-10)
    J = next(line for line in objective.lines if line.get_color() == style.BLUE)
    expected = [
        exact.evaluate(demo.WORLD, mixture(values["trap"], values["e"], alpha)).J for alpha in at
    ]
    np.testing.assert_allclose(J.get_ydata(), expected, atol=1e-10)
    assert (J.get_ydata() >= bound - 1e-12).all()
    h, lowest = upper_edge(sums)
    Delta = min(worst_choice(mixture(**values)), 0)
    np.testing.assert_allclose(lowest, h * Delta, atol=1e-10)
    assert (demo.gains(**values) >= lowest - 1e-12).all()


def test_a_bound_without_the_horizon_would_be_broken():
    loss = OLD.J - demo.step(**STAND).values.J
    Delta = abs(worst_choice(mixture(**STAND)))
    assert Delta < 0.3 * demo.H * Delta < loss < demo.H * Delta


@pytest.mark.statement("pdl")
@pytest.mark.parametrize("values", CORNERS)
def test_the_advantages_add_up_to_the_difference_of_the_objectives(values):
    dots = demo.frame(**values).axes[-1].lines[-2].get_ydata()
    new = mixture(**values)
    difference = demo.WORLD.mu0 @ exact.performance_difference(demo.WORLD, new, PI_OLD)
    np.testing.assert_allclose(dots[-1], difference, atol=1e-10)
    np.testing.assert_allclose(exact.evaluate(demo.WORLD, new).J - OLD.J, difference, atol=1e-10)
    along_old = demo.WORLD.mu0 @ exact.performance_difference(demo.WORLD, PI_OLD, PI_OLD)
    assert (abs(dots[-1] - along_old) > 1e-3) == (values["alpha"] > 0)


@pytest.mark.statement("pdl")
def test_along_the_old_policy_they_add_up_to_the_promise_which_is_another_number():
    new = demo.step(**STAND)
    along_old = (OLD.d * (new.pi * OLD.A).sum(axis=-1)).sum()
    assert new.promise - OLD.J == pytest.approx(along_old, abs=1e-10)
    assert abs(along_old - demo.gains(**STAND)[-1]) > 0.5


def test_the_promise_touches_the_objective_at_the_old_policy():
    for trap in demo.TRAPS:
        J, promise, _ = demo.curve(trap, 2.0)
        step = demo.ALPHAS[1]
        small = demo.step(trap, 2.0, step / 100)
        assert abs(small.values.J - small.promise) < 2e-3 * abs(J[1] - promise[1])


@pytest.mark.statement("policy_iteration")
def test_the_exact_table_never_degrades_and_wrong_ones_do():
    falls = {
        (values["trap"], values["e"]): demo.step(**values).values.J < OLD.J - 0.1
        for values in grid(demo)
        if values["alpha"] == 1.0
    }
    assert {table for table, falls in falls.items() if falls} == {
        ("standing still", 0.1),
        ("standing still", 2.0),
        ("entering the pit", 2.0),
    }
    assert not any(falls[trap, 0.0] for trap in demo.TRAPS)


@pytest.mark.parametrize("trap", demo.TRAPS)
def test_a_small_step_towards_a_ruinous_leap_improves(trap):
    assert demo.step(trap, 2.0, 1.0).values.J < OLD.J - 1
    assert demo.step(trap, 2.0, 0.1).values.J > OLD.J


@pytest.mark.parametrize("trap", demo.TRAPS)
def test_the_error_is_where_the_old_policy_never_goes_and_the_new_one_does(trap):
    action = {"entering the pit": 0, "standing still": 2}[trap]

    def taken(pi: np.ndarray) -> float:
        d = exact.evaluate(demo.WORLD, pi).d[:, demo.CELL]
        return (d * pi[..., demo.CELL, action]).sum()

    assert taken(PI_OLD) < 1e-5
    assert taken(mixture(trap, 2.0, 1.0)) >= 1


def test_the_maps_show_the_time_each_policy_spends():
    before, after, *_ = demo.frame(**STAND).axes
    for ax, pi in ((before, PI_OLD), (after, mixture(**STAND))):
        visits = exact.expected_visits(demo.WORLD, pi)
        drawn = ax.images[0].get_array()[tuple(demo.GRID.cells.T)]
        floor = ~demo.GRID.terminal
        np.testing.assert_allclose(drawn[floor] ** 2, visits[floor], atol=1e-10)


def test_the_sentence_states_the_numbers():
    words = demo.describe(**STAND).replace("\N{MINUS SIGN}", "-")
    numbers = re.search(
        r"J = (\S+) into (\S+); .* promised (\S+), the bound allows (\S+)\. "
        r".* the new one (\S+)\. L",
        words,
    )
    new = demo.step(**STAND)
    time = new.values.d[:, demo.CELL].sum()
    expected = [OLD.J, new.values.J, new.promise, new.bound, time]
    np.testing.assert_allclose([float(x) for x in numbers.groups()], expected, atol=5e-4)
