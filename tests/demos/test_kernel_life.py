"""Every demo in a kernel: whatever moves, one picture stands, and it is that of the controls."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from importlib.metadata import version

import pytest
from kernel_life import NAMES, Notebook, faults, notebook

from pgcompanion.demos import bernoulli


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    with notebook(sys.executable, tmp_path_factory.mktemp("kernel")) as opened:
        yield opened


def test_these_are_the_widgets_of_today():
    """The versions of Colab, a generation older, have a test among the environments."""
    assert version("ipywidgets").startswith("8.")


@pytest.mark.parametrize("name", NAMES)
def test_every_move_leaves_its_one_picture(name: str, book: Notebook):
    assert faults(book, importlib.import_module(f"pgcompanion.demos.{name}")) == []


PATCH = "from pgcompanion.demos.engine import live; real = live.picture; live.picture = "
BROKEN = {
    "another picture": "lambda demo, values, first=real(demo, {d}): first",
    "drawn 0 times": "lambda demo, values: 'the same whatever moves'",
    "display_data": "lambda demo, values: (display('beside'), real(demo, values))[1]",
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_stale_a_still_and_a_second_picture_would_be_noticed(fault: str, book: Notebook):
    defaults = repr({name: control.default for name, control in bernoulli.controls.items()})
    found = faults(book, bernoulli, PATCH + BROKEN[fault].replace("{d}", defaults))
    book.run("live.picture = real")
    assert any(fault in each for each in found)
