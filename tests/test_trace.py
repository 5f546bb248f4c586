"""One PPO update on CartPole is read in a few files (`make trace`)."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

FILES, LINES = 12, 1000  # beside the checks of arguments
PATH = Path(__file__).parents[1] / "tools" / "trace.py"


@pytest.fixture(scope="module")
def trace():
    """The tool; by its path, since the standard library has a module of its name."""
    spec = importlib.util.spec_from_file_location("trace_of_an_update", PATH)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_one_update_is_read_in_a_few_files_and_lines(trace):
    found = trace.counts(trace.one_update())
    beside = [c for c in found if c.file != trace.BORDER]
    assert len(beside) < len(found)
    assert len(beside) <= FILES, [c.file for c in beside]
    assert sum(c.lines for c in beside) <= LINES
    assert {"steps/proximal.py", "batches/rollouts.py"} <= {c.file for c in beside}


def test_the_functions_that_are_executed_are_a_part_of_their_files(trace):
    found = trace.counts(trace.one_update())
    assert all(0 < c.executed <= c.lines for c in found)
    assert not any(c.file.startswith(("exact", "experiments", "gridworld")) for c in found)


def test_lines_are_those_beside_docstrings_comments_and_blank_ones(trace):
    text = 'def f():\n    """Two\n    lines."""\n\n    # why\n    return 1  # here\n'
    assert trace.code_lines(text) == {1, 6}
