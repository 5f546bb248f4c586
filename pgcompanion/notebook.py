"""What a page shows of the package: the source of a function, as it runs."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Source:
    """The text of some functions; a notebook shows it as highlighted code."""

    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_markdown_(self) -> str:
        return f"```python\n{self.text}\n```"


def source(*functions: Callable[..., Any]) -> Source:
    """The source of functions of the package without their docstrings: the code that runs.

    Example:
        >>> from pgcompanion.estimators import discounted_rewards
        >>> source(discounted_rewards)
        def discounted_rewards(tau: Trajectories, gamma: float) -> np.ndarray:
            return tau.r * tau.mask * gamma ** np.arange(tau.H)
    """
    return Source("\n\n\n".join(_without_docstring(f) for f in functions))


def _without_docstring(function: Callable[..., Any]) -> str:
    text = textwrap.dedent(inspect.getsource(function))
    (node,) = ast.parse(text).body
    lines = text.rstrip().split("\n")
    if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
        docstring = node.body[0]
        del lines[docstring.lineno - 1 : docstring.end_lineno]
    return "\n".join(lines)
