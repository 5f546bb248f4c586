"""Functions, generators and objects among the arguments do the same in the sandbox as here."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from pgcompanion.exercises.engine.cases import Case
from pgcompanion.grading.calls import Calls
from pgcompanion.grading.marking import Marker
from pgcompanion.grading.plain import MalformedError, pack, unpack
from pgcompanion.grading.things import Things, value_of
from pgcompanion.mdp import MDP


class Counted:
    def __init__(self, most: int) -> None:
        self.left, self.secret = most, 42

    def __call__(self, v: np.ndarray) -> np.ndarray:
        if self.left == 0:
            raise ValueError("called too often")
        self.left -= 1
        return 2 * np.asarray(v, dtype=float)


class Environment:
    def __init__(self) -> None:
        self.S, self.visits, self._hidden = 3, 0, 1
        self.mdp = MDP(np.ones((1, 2, 1)), np.array([[0.0, 1.0]]), np.ones(1), 2)

    def step(self, a: int, rng: np.random.Generator) -> tuple[int, float, bool]:
        self.visits += 1
        return self.visits, float(rng.random()), self.visits == 2

    def forbidden(self) -> str:
        return "secret"


class Batch(NamedTuple):
    s: np.ndarray
    weight: float


def called(marker: Marker, source: str, *arguments: object):
    """What a call in the sandbox comes to, in the words of the engine."""
    box = marker._box
    box.renew()
    box.ask("load", ["import numpy as np", source], [], False)
    calls = Calls(box, "f", box.state())
    names = tuple(f"x{n}" for n in range(len(arguments)))
    return calls(Case("regular", 0, names, arguments, np.zeros(())))


def value(outcome):
    assert outcome.kind == "answer", outcome.text
    return outcome.answer.value


def test_a_function_is_called_outside(marker: Marker) -> None:
    found = value(called(marker, "def f(x0): return x0(x0(np.ones(2)))", Counted(2)))
    np.testing.assert_array_equal(found, [4, 4])


def test_its_errors_come_back(marker: Marker) -> None:
    outcome = called(marker, "def f(x0):\n    while True: x0(np.ones(2))", Counted(2))
    assert outcome.kind == "error"
    assert "`ValueError`: called too often" in outcome.text


def test_a_generator_draws_the_same_numbers_and_goes_on(marker: Marker) -> None:
    source = "def f(x0): return np.array([x0.random(), x0.integers(9), x0.normal()])"
    rng = np.random.default_rng(3)
    expected = [rng.random(), rng.integers(9), rng.normal()]
    np.testing.assert_array_equal(value(called(marker, source, np.random.default_rng(3))), expected)


def test_an_environment_keeps_its_state_and_moves_the_generator(marker: Marker) -> None:
    source = "def f(x0, x1):\n    one, two = x0.step(0, x1), x0.step(1, x1)\n"
    source += "    return np.array([x0.S, one[0], one[1], two[0], two[1], two[2], x1.random()])"
    rng = np.random.default_rng(4)
    draws = rng.random(3)
    found = value(called(marker, source, Environment(), np.random.default_rng(4)))
    np.testing.assert_allclose(found, [3, 1, draws[0], 2, draws[1], 1, draws[2]], rtol=0, atol=0)


def test_records_and_worlds_have_their_entries(marker: Marker) -> None:
    mdp = MDP(np.ones((1, 2, 1)), np.array([[0.0, 1.0]]), np.ones(1), 2)
    source = "def f(x0, x1):\n    s, weight = x1\n"
    source += "    return np.array([x0.r[0, 1], x0.H, x0.A, s[0], x1.weight, len(x1)])"
    found = value(called(marker, source, mdp, Batch(np.array([7]), 0.5)))
    np.testing.assert_array_equal(found, [1, 2, 2, 7, 0.5, 2])


@pytest.mark.parametrize("source", ["x0.secret", "x0.left", "x0._hidden", "x0.forbidden()"])
def test_nothing_else_of_an_object_can_be_reached(marker: Marker, source: str) -> None:
    for thing in (Counted(1), Environment()):
        outcome = called(marker, f"def f(x0): return {source}", thing)
        assert outcome.kind == "error"
        assert "AttributeError" in outcome.text


REQUESTS = [(0, "forbidden", []), (0, "__init__", []), (9, "__call__", []), (0, "step", 3), 5, None]


@pytest.mark.parametrize("request_", REQUESTS)
def test_a_forged_call_gets_an_error(request_: object) -> None:
    things = Things()
    things.told(Environment())
    assert unpack(things.answer(pack(request_)))[0] is False
    assert unpack(things.answer(b"\xff\xff"))[0] is False


def test_there_are_no_stand_ins_on_the_graders_side() -> None:
    with pytest.raises(MalformedError):
        value_of(("thing", 0, "", ["__call__"], []), None)
