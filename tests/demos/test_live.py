"""A demo's life in a kernel: widgets that move one picture."""

from __future__ import annotations

import re

import ipywidgets
import matplotlib.pyplot as plt
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from pgcompanion.demos import show
from pgcompanion.demos.engine.live import picture, widget


def parts(box: ipywidgets.Box) -> dict[str, ipywidgets.Widget]:
    """The widgets of a demo by their kind and label."""
    found: dict[str, ipywidgets.Widget] = {}
    for child in box.children:
        if isinstance(child, ipywidgets.Box):
            found |= parts(child)
        else:
            found[getattr(child, "description", "") or type(child).__name__] = child
    return found


def test_each_control_becomes_a_widget_over_the_same_values(toy):
    found = parts(widget(toy))
    assert set(found) == {"kind of line", "slope", "dots", "Play", "HTML"}
    assert isinstance(found["kind of line"], ipywidgets.Dropdown)
    assert isinstance(found["slope"], ipywidgets.SelectionSlider)
    for control in toy.controls.values():
        chooser = found[control.label]
        assert tuple(value for _, value in chooser.options) == control.values
        assert chooser.value == control.default


def test_the_one_picture_follows_every_control(toy):
    found = parts(widget(toy))
    page, seen = found["HTML"], set()
    values = {"kind": "dashed", "slope": 0.25, "k": 0}
    for name, value in [("slope", 1.0), ("kind", "solid"), ("k", 2), ("slope", -0.5)]:
        found[toy.controls[name].label].value = value
        values[name] = value
        assert page.value == picture(toy, values)
        assert page.value.count("<svg") == 1
        seen.add(page.value)
    assert len(seen) == 4


def test_one_change_draws_one_picture(toy):
    drawn = []
    frame = toy.frame
    toy.frame = lambda **values: drawn.append(values) or frame(**values)
    found = parts(widget(toy))
    found["slope"].value = 1.0
    found["Play"].value = 2
    assert [(values["slope"], values["k"]) for values in drawn] == [(0.25, 0), (1.0, 0), (1.0, 2)]


def test_the_play_button_and_its_slider_move_together(toy):
    found = parts(widget(toy))
    found["Play"].value = 2
    assert found["dots"].value == 2
    found["dots"].value = 1
    assert found["Play"].value == 1
    assert (found["Play"].min, found["Play"].max) == (0, 2)


def test_a_frame_that_fails_leaves_no_old_picture(toy):
    found = parts(widget(toy))

    def broken(**values: object) -> None:
        raise ZeroDivisionError("no <frame>")

    toy.frame = broken
    with pytest.raises(ZeroDivisionError):
        found["slope"].value = 1.0
    assert found["HTML"].value == "<p>This frame cannot be drawn: no &lt;frame&gt;</p>"


def test_the_picture_is_named_and_brings_its_own_colours(toy):
    page = parts(widget(toy))["HTML"].value
    assert 'aria-label="A dashed line of slope 0.25 &amp; 1 dots, ' in page
    for name in set(re.findall(r"var\(--pg-(\w+)\)", page)):
        assert re.search(rf"--pg-{name}:#\w{{6}}", page)


@pytest.fixture
def shell():
    """A shell of IPython, as in a kernel. Matplotlib leaves it before it goes, or it would look for it later."""
    yield InteractiveShell.instance()
    plt.uninstall_repl_displayhook()
    InteractiveShell.clear_instance()


@pytest.mark.parametrize(
    ("setting", "mime"),
    [
        (None, "application/vnd.jupyter.widget-view+json"),
        ("0", "application/vnd.jupyter.widget-view+json"),
        ("1", "text/html"),
    ],
)
@pytest.mark.usefixtures("shell")
def test_the_environment_chooses_the_life_and_there_is_one_output(toy, monkeypatch, setting, mime):
    monkeypatch.delenv("PGCOMPANION_STATIC", raising=False)
    if setting is not None:
        monkeypatch.setenv("PGCOMPANION_STATIC", setting)
    with capture_output() as captured:
        assert show(toy) is None
    assert len(captured.outputs) == 1
    assert mime in captured.outputs[0].data
