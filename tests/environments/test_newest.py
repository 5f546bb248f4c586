"""Every notebook runs with the newest of everything, from the wheel of the tree."""

from __future__ import annotations

from pathlib import Path

import nbformat
import notebooks
import pytest
from elsewhere import Environment, noise, pythons


@pytest.fixture(scope="module")
def newest(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    environment = Environment(tmp_path_factory.mktemp("newest"), list(pythons().values())[-1])
    environment.install("--upgrade", "--refresh", f"{wheel}[experiments]", "ipykernel")
    newest = ("numpy", "matplotlib", "gymnasium", "ipywidgets", "ipykernel")
    print({name: environment.versions()[name] for name in newest})
    return environment


@pytest.mark.parametrize("chapter", notebooks.chapters(), ids=lambda path: path.stem)
def test_the_notebook_runs_with_the_newest_packages(chapter: Path, newest: Environment) -> None:
    notebook = nbformat.read(chapter.with_suffix(".ipynb"), as_version=4)
    assert noise(newest.execute(notebook)) == []
