"""Demos and experiments import gymnasium, matplotlib and ipywidgets where they use them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ["IPython", "dask", "gymnasium", "ipywidgets", "joblib", "matplotlib", "scipy"]
#: Their classes are made of widgets or of matplotlib's text, and what uses them imports them late.
LATE = ["demos.engine.still", "demos.training.board", "demos.training.workbench"]


def modules(room: str) -> list[str]:
    paths = sorted((ROOT / "pgcompanion" / room).rglob("*.py"))
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in paths]
    return [name.removesuffix(".__init__") for name in names]


def loaded(imports: list[str]) -> set[str]:
    code = f"import sys, {', '.join(imports)}; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.split()) & set(HEAVY)


@pytest.mark.parametrize("room", ["demos", "experiments"])
def test_importing_a_room_imports_nothing_heavy(room: str) -> None:
    late = {f"pgcompanion.{name}" for name in LATE}
    assert loaded([name for name in modules(room) if name not in late]) == set()


def test_the_widgets_of_the_gridworld_demo_come_with_its_workbench() -> None:
    assert "ipywidgets" in loaded(["pgcompanion.demos.training.workbench"])
