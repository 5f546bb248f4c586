"""The source that a page shows is the code that runs, without its docstring."""

from __future__ import annotations

import ast
import inspect
from typing import Any

import numpy as np
import pytest

from pgcompanion.gridworld import GridWorld, env, world
from pgcompanion.gridworld.env import GridWorldEnv, transition_table
from pgcompanion.notebook import source


class Outer:
    """A class with every kind of docstring."""

    size = 3

    class Inner:
        """A class with nothing but a docstring."""

    def method(self, x: int) -> int:
        """A method.

        It has a docstring of several lines.
        """

        y = """no docstring"""
        return x + self.size + len(y)

    def bare(self) -> int:
        return 1

    @property
    def double(self) -> int:
        """Twice the size."""
        return 2 * self.size


def test_the_shown_source_computes_what_the_function_computes() -> None:
    shown = source(transition_table).text
    scope = dict(vars(env))
    del scope["transition_table"]
    exec(shown, scope)
    grid = GridWorld.named("4x4", slip=0.3, step_reward=-0.1)
    assert scope["transition_table"](grid) == transition_table(grid)


def test_a_shown_method_computes_what_the_method_computes() -> None:
    scope = dict(vars(world))
    exec(source(GridWorld.mdp).text, scope)
    grid = GridWorld.named("4x4", slip=0.3, step_reward=-0.1)
    np.testing.assert_array_equal(scope["mdp"](grid, 4).r, grid.mdp(4).r)


def test_the_docstring_is_left_out_and_nothing_else() -> None:
    shown = source(transition_table).text
    whole = inspect.getsource(transition_table)
    assert "Statement" in whole
    assert "Statement" not in shown
    assert set(shown.split("\n")) <= set(whole.split("\n"))
    assert shown.split("\n")[-1] == whole.rstrip().split("\n")[-1]
    assert without_docstrings(shown) == without_docstrings(whole)


def test_a_notebook_shows_it_as_python() -> None:
    shown = source(transition_table, GridWorld.mdp)
    assert shown._repr_markdown_().startswith("```python\ndef transition_table(")
    assert "\n\n\ndef mdp(" in repr(shown)


def test_a_method_is_shown_alike_from_its_class_and_from_an_object_at_the_left_margin() -> None:
    expected = (
        "def method(self, x: int) -> int:\n"
        '    y = """no docstring"""\n'
        "    return x + self.size + len(y)"
    )
    assert source(Outer.method).text == source(Outer().method).text == expected


def test_a_class_is_shown_without_the_docstrings_of_its_methods() -> None:
    assert source(Outer).text.split("\n") == [
        "class Outer:",
        "    size = 3",
        "",
        "    class Inner:",
        "        ...",
        "",
        "    def method(self, x: int) -> int:",
        '        y = """no docstring"""',
        "        return x + self.size + len(y)",
        "",
        "    def bare(self) -> int:",
        "        return 1",
        "",
        "    @property",
        "    def double(self) -> int:",
        "        return 2 * self.size",
    ]


@pytest.mark.parametrize("shown", [GridWorld, GridWorldEnv, Outer, GridWorld.named])
def test_what_is_shown_is_the_code_but_for_docstrings(shown: Any) -> None:
    whole = inspect.cleandoc("\n" + inspect.getsource(shown))
    assert '"""' in whole
    assert without_docstrings(source(shown).text) == without_docstrings(whole)


def test_class_methods_and_properties_keep_their_decorator() -> None:
    assert source(GridWorld.named).text.startswith("@classmethod\ndef named(cls, name: str")
    assert source(Outer.double).text.startswith("@property\ndef double(self)")  # type: ignore[arg-type]
    assert source(GridWorld.P).text.startswith("@cached_property\ndef P(self)")  # type: ignore[arg-type]


@pytest.mark.parametrize("thing", [None, 3, len, "f", np.zeros(2)])
def test_what_has_no_source_is_one_clear_sentence(thing: Any) -> None:
    with pytest.raises(TypeError, match="functions must be functions, methods or classes") as error:
        source(thing)
    assert str(error.value).endswith(".")


def without_docstrings(text: str) -> str:
    """The syntax tree as text, where a body of nothing but a docstring is an ellipsis."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Expr(ast.Constant(...))]
    return ast.dump(tree)
