"""Pictures of gridworlds show the numbers they are given."""

from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch

from pgcompanion import drawing
from pgcompanion.gridworld import MAPS, STEPS, GridWorld


@pytest.fixture
def grid() -> GridWorld:
    return GridWorld("S..\n.#P\n.S4")


@pytest.fixture
def ax() -> Axes:
    return Figure(figsize=(2, 2)).add_subplot()


def policy(S: int) -> np.ndarray:
    return np.random.default_rng(3).dirichlet(np.ones(4), size=S)


def areas(polygons: np.ndarray) -> np.ndarray:
    x, y = np.moveaxis(polygons, -1, 0)
    return np.abs((x * np.roll(y, -1, axis=-1) - y * np.roll(x, -1, axis=-1)).sum(axis=-1)) / 2


def luminance(rgb: np.ndarray) -> np.ndarray:
    """Relative luminance as WCAG 2 defines it."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("name", MAPS)
@pytest.mark.parametrize("dpi", [20, 100])
def test_every_map_draws_without_a_warning(name: str, dpi: int) -> None:
    grid, figure = GridWorld.named(name), Figure(dpi=dpi)
    ax = figure.add_subplot()
    drawing.draw_map(ax, grid)
    figure.colorbar(drawing.draw_values(ax, grid, np.arange(grid.S)))
    drawing.draw_policy(ax, grid, policy(grid.S))
    drawing.draw_numbers(ax, grid, np.arange(grid.S), digits=0)
    drawing.draw_agent(ax, grid, 0)
    for kind in ("png", "svg"):
        figure.savefig(buffer := io.BytesIO(), format=kind)
        assert buffer.tell() > 0


def test_the_area_of_an_arrow_is_its_probability(ax: Axes, grid: GridWorld) -> None:
    pi = policy(grid.S)
    polygons = [path.vertices[:-1] for path in drawing.draw_policy(ax, grid, pi).get_paths()]
    whole = areas(drawing.REACH * drawing.ARROW)
    shown = (areas(np.array(polygons)) / whole).reshape(-1, 4)
    np.testing.assert_allclose(shown, pi[~grid.terminal], atol=1e-12)
    assert not np.allclose(shown, pi[~grid.terminal][:, ::-1])


def test_an_arrow_starts_in_its_cell_and_points_along_its_action(ax: Axes, grid: GridWorld) -> None:
    paths = drawing.draw_policy(ax, grid, np.full((grid.S, 4), 0.25)).get_paths()
    tip = np.abs(drawing.ARROW).argmax(axis=0)[0]
    tips = np.array([path.vertices[tip] for path in paths]).reshape(-1, 4, 2)
    centres = grid.cells[~grid.terminal][:, None]
    np.testing.assert_allclose(
        tips[..., ::-1] - centres,
        np.broadcast_to(drawing.REACH / 2 * np.array(STEPS), (len(centres), 4, 2)),
        atol=1e-12,
    )


def test_an_arrow_stays_in_its_cell() -> None:
    assert np.abs(drawing.REACH * drawing.ARROW).max() < 0.5


def test_the_heat_map_shows_each_value_in_its_cell(ax: Axes, grid: GridWorld) -> None:
    image = drawing.draw_values(ax, grid, np.arange(grid.S) / 2, vmin=-1, vmax=6)
    shown = np.ma.filled(image.get_array(), np.nan)
    nan = np.nan
    np.testing.assert_array_equal(shown, [[0, 0.5, 1], [1.5, nan, nan], [2.5, 3, nan]])
    assert image.get_clim() == (-1, 6)


def test_the_map_marks_walls_starts_and_ends(ax: Axes, grid: GridWorld) -> None:
    artists = drawing.draw_map(ax, grid)
    hatched = [a for a in artists if a.get_hatch()]
    assert [(a.get_x(), a.get_y()) for a in hatched] == [(0.5, 0.5)]  # type: ignore[union-attr]
    assert len(artists) == 1 + 2 + 2 * 2
    assert (ax.get_xlim(), ax.get_ylim()) == ((-0.5, 2.5), (2.5, -0.5))
    ends = {
        tuple(a.get_center()): a.get_facecolor()[:3] for a in artists if hasattr(a, "get_center")
    }
    assert ends[(2, 1)] == to_rgb(drawing.INK)
    assert ends[(2, 2)] == to_rgb(drawing.PAPER)


def test_text_fits_its_cell() -> None:
    grid = GridWorld("SG", rewards={"G": -123.456})
    for artist in drawing.draw_map(Figure().add_subplot(), grid):
        box = artist.get_path().transformed(artist.get_patch_transform()).get_extents()
        assert box.width <= 1
        assert box.height <= 1


def test_numbers_are_written_in_live_cells_only(ax: Axes, grid: GridWorld) -> None:
    assert len(drawing.draw_numbers(ax, grid, np.zeros(grid.S))) == grid.S - 2


def test_a_number_keeps_clear_of_the_s_of_a_start(
    grid: GridWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def room() -> float:
        """The height between the letter of the first start and its number, in cells."""
        ax = Figure().add_subplot()
        letter = next(a for a in drawing.draw_map(ax, grid) if isinstance(a, PathPatch))
        number = drawing.draw_numbers(ax, grid, np.full(grid.S, -0.11))[0]
        return float(number.get_path().get_extents().y0 - letter.get_path().get_extents().y1)

    assert room() > 0.1
    monkeypatch.setattr(drawing, "LOWER", 0.0)
    assert room() < 0.05


def test_the_agent_is_drawn_in_its_cell(ax: Axes, grid: GridWorld) -> None:
    assert drawing.draw_agent(ax, grid, 5).get_center() == (0, 2)


def test_values_can_be_told_apart_and_arrows_seen_on_them_in_grey(
    ax: Axes, grid: GridWorld
) -> None:
    colours = drawing.draw_values(ax, grid, np.zeros(grid.S)).get_cmap()
    light = luminance(colours(np.linspace(0, 1, 64))[:, :3])
    assert (np.diff(light) > 0).all()
    # WCAG 2.1, success criterion 1.4.11: graphics need a contrast of 3 to 1.
    ink = luminance(np.array(to_rgb(drawing.INK)))
    assert (light.min() + 0.05) / (ink + 0.05) > 3


@pytest.mark.parametrize(
    ("draw", "shape"),
    [
        (drawing.draw_values, (3,)),
        (drawing.draw_numbers, (3,)),
        (drawing.draw_policy, (8,)),
        (drawing.draw_policy, (5, 8, 4)),
    ],
)
def test_a_wrong_shape_is_one_clear_sentence(ax: Axes, grid: GridWorld, draw, shape) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=r"has shape .* is expected"):
        draw(ax, grid, np.full(shape, 0.25))


def test_drawing_refuses_what_is_no_policy_value_or_state(ax: Axes, grid: GridWorld) -> None:
    with pytest.raises(ValueError, match=r"pi\[0\] must sum to 1"):
        drawing.draw_policy(ax, grid, np.full((grid.S, 4), 0.3))
    with pytest.raises(ValueError, match="v must be finite"):
        drawing.draw_values(ax, grid, np.full(grid.S, np.nan))
    with pytest.raises(ValueError, match="s must lie between 0 and 7"):
        drawing.draw_agent(ax, grid, 8)
