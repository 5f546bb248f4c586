"""The programs that a user would write first run as they stand (`tests/programs`)."""

from __future__ import annotations

import ast
import pkgutil
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

PROGRAMS = Path(__file__).parent / "programs"
LINES = 15


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a program in an empty folder; its names are the result."""
    monkeypatch.chdir(tmp_path)
    import matplotlib.pyplot as plt

    yield lambda name: runpy.run_path(str(PROGRAMS / f"{name}.py"))
    plt.close("all")


def lines(name: str) -> int:
    """Lines of code of a program: no docstring, no comment, no blank line, no class of its own."""
    text = (PROGRAMS / f"{name}.py").read_text(encoding="utf-8")
    own: set[int] = set()
    for node in ast.parse(text).body:
        docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if isinstance(node, ast.ClassDef) or docstring:
            own.update(range(node.lineno, (node.end_lineno or 0) + 1))
    return sum(
        bool(line.strip()) and not line.lstrip().startswith("#") and number not in own
        for number, line in enumerate(text.splitlines(), start=1)
    )


def test_one_import_reaches_everything_public(run):
    names: dict[str, Any] = run("everything")
    assert names["J"] < names["last"].J
    assert abs(names["g"] - names["exact"]).max() < 0.2 * abs(names["exact"]).max()
    pg = names["pg"]
    assert all(hasattr(pg, name) for name in pg.__all__)
    rooms = {module.name for module in pkgutil.iter_modules(pg.__path__)}
    private = {name for name in rooms if name.startswith("_")}
    assert all(hasattr(pg, name) for name in rooms - private - {"checks"})
    assert not hasattr(pg, "no_such_name")


def test_ppo_solves_cart_pole_in_a_few_lines_with_a_learning_curve(run, tmp_path, capsys):
    assert lines("cart_pole") <= LINES
    names = run("cart_pole")
    assert float(capsys.readouterr().out) >= 475
    J = names["run"].J
    assert J[-1] > 10 * np.nanmin(J)
    assert (tmp_path / "curve.svg").stat().st_size > 1000


def test_ppo_learns_an_unregistered_environment_in_a_few_lines(run, tmp_path, capsys):
    """Standing still costs 40 steps of 1 on average."""
    assert lines("own_environment") <= LINES
    names = run("own_environment")
    assert float(capsys.readouterr().out) > -15
    assert names["run"].J[0] < -30
    again = names["pg"].load(tmp_path / "target.npz")
    assert (again.theta == names["run"].theta).all()
    assert (tmp_path / "curve.svg").exists()


def test_the_variance_of_any_estimator_is_exact_and_sampled_alike(run):
    names = run("variance")
    for name, exact in names["exact"].items():
        assert abs(names["sampled"][name] / exact - 1) < 0.05
    for name in ("rewards to go", "less the value"):
        np.testing.assert_allclose(names["means"][name], names["true"], atol=1e-12)
    assert abs(names["means"]["my own"] - names["true"]).max() > 0.01  # half of it is missing


def test_a_gridworld_is_drawn_with_its_values_and_a_policy_in_one_call(run, tmp_path):
    ax = run("own_gridworld")["ax"]
    assert len(ax.images) == 1
    assert len(ax.collections) > 1
    assert (tmp_path / "grid.svg").stat().st_size > 1000


def test_a_formula_of_ones_own_is_the_exact_gradient_and_a_wrong_one_is_not(run):
    names = run("own_gradient")
    assert names["error"] < 1e-12
    assert names["by_differentiation"] < 1e-12
    mine, theta = names["mine"], names["theta"]
    wrong = mine(theta + 0.1 * np.eye(len(theta))[0])
    assert (
        abs(wrong - names["pg"].exact.gradient(names["mdp"], names["policy"], theta)).max() > 1e-6
    )
