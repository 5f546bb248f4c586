"""What is left of a cell without its magics, and of a function without its names."""

from __future__ import annotations

import ast

import pytest

from pgcompanion.exercises.engine import catalogue
from pgcompanion.grading import magics, normal

CELLS = {
    "x = 1": "x = 1",
    "%matplotlib inline\nx = 1": "pass\nx = 1",
    "%%time\nx = 1": "x = 1",
    "%%capture out\n%%time\nx = 1": "x = 1",
    "%%bash\nrm -r x": "",
    "%%html\n<b>": "",
    "!pip install x\nif 1:\n    !ls\n    y = 2": "pass\nif 1:\n    pass\n    y = 2",
    "files = !ls -l\na, b = !echo": "files = None\na, b = None",
    "t = %timeit -o f()": "t = None",
    "%time x = f(2)": "x = f(2)",
    "np.sum?\n?np.sum\nx = 1": "pass\npass\nx = 1",
    "x = '''\n!not a command\n%nor a magic\n'''": "x = '\\n!not a command\\n%nor a magic\\n'",
    "x = (5\n     % 3)": "x = 5 % 3",
}


@pytest.mark.parametrize("cell", CELLS)
def test_what_python_understands_is_kept(cell: str) -> None:
    assert ast.unparse(magics.parse(cell)) == CELLS[cell]


def test_lines_keep_their_numbers() -> None:
    assert magics.parse("%%time\n\n!ls\nx = 1").body[-1].lineno == 4


def test_a_cell_that_is_no_python_says_so() -> None:
    with pytest.raises(SyntaxError):
        magics.parse("def f(:")


@pytest.mark.parametrize("id", catalogue.IDS)
def test_a_solution_with_other_names_has_the_same_form_and_a_starter_has_not(id: str) -> None:
    exercise = catalogue.find(id)
    (solution,) = (n for n in ast.parse(exercise.source).body if isinstance(n, ast.FunctionDef))
    (starter,) = (n for n in ast.parse(exercise.starter).body if isinstance(n, ast.FunctionDef))
    other = ast.parse(ast.unparse(solution)).body[0]
    for node in ast.walk(other):
        if isinstance(node, ast.arg):
            node.arg += "_of_mine"
        if isinstance(node, ast.Name) and node.id in exercise.names:
            node.id += "_of_mine"
    assert normal.form(other) == normal.form(solution)
    if exercise.shown is None:
        assert normal.is_stub(starter)
        assert not normal.is_stub(solution)
        assert normal.form(starter) != normal.form(solution)


def test_another_order_of_the_names_is_another_form() -> None:
    one, other = ast.parse("def f(a, b): return a - b\ndef f(a, b): return b - a").body
    assert normal.form(one) != normal.form(other)
