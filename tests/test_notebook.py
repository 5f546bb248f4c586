"""The source that a page shows is the code that runs, without its docstring."""

from __future__ import annotations

import inspect

import numpy as np

from pgcompanion import estimators
from pgcompanion.notebook import source


def test_the_shown_source_computes_what_the_function_computes():
    shown = source(estimators.minus).text
    scope = dict(vars(estimators.coefficients))
    del scope["minus"]
    exec(shown, scope)
    psi = np.arange(6.0).reshape(2, 3)
    assert (scope["minus"](psi, [1, 1, 1]) == estimators.minus(psi, [1, 1, 1])).all()


def test_the_docstring_is_left_out_and_nothing_else():
    shown = source(estimators.minus).text
    whole = inspect.getsource(estimators.minus)
    assert "Statement" in whole
    assert "Statement" not in shown
    assert set(shown.split("\n")) <= set(whole.split("\n"))
    assert shown.split("\n")[-1] == whole.rstrip().split("\n")[-1]


def test_a_notebook_shows_it_as_python():
    shown = source(estimators.minus, estimators.along)
    assert shown._repr_markdown_().startswith("```python\ndef minus(")
    assert "def along(" in repr(shown)
