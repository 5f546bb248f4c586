"""Pictures of gridworlds show the numbers they are given."""

from __future__ import annotations

import io
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from pgcompanion.gridworld import MAPS, GridWorld, drawing
from pgcompanion.gridworld.maps import STEPS


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
    assert room() < 0.1


def test_the_agent_is_drawn_in_its_cell(ax: Axes, grid: GridWorld) -> None:
    assert drawing.draw_agent(ax, grid, 5).get_center() == (0, 2)


def test_values_can_be_told_apart_and_arrows_and_numbers_seen_on_them_in_grey(
    ax: Axes, grid: GridWorld
) -> None:
    colours = drawing.draw_values(ax, grid, np.zeros(grid.S)).get_cmap()
    light = luminance(colours(np.linspace(0, 1, 64))[:, :3])
    assert (np.diff(light) > 0).all()
    # WCAG 2.1, success criterion 1.4.3: small text needs a contrast of 4.5 to 1.
    ink = luminance(np.array(to_rgb(drawing.INK)))
    assert (light.min() + 0.05) / (ink + 0.05) > 4.5


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
    with pytest.raises(ValueError, match=r"s has shape \(2,\), but \(\) is expected"):
        drawing.draw_agent(ax, grid, [0, 1])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="vmin must be a number, but it is 'low'"):
        drawing.draw_values(ax, grid, np.zeros(grid.S), vmin="low")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="digits must be an integer that is not negative"):
        drawing.draw_numbers(ax, grid, np.zeros(grid.S), digits=-1)


# --- All in one call ------------------------------------------------------------------------------


def texts(ax: Axes) -> int:
    return sum(isinstance(artist, PathPatch) for artist in ax.get_children())


def arrows(ax: Axes) -> list[np.ndarray]:
    """The corners of every arrow on the axes."""
    groups = [a for a in ax.collections if isinstance(a, PolyCollection)]
    return [path.vertices for group in groups for path in group.get_paths()]


def test_show_draws_what_it_is_given_and_returns_the_axes(grid: GridWorld) -> None:
    V, pi = np.arange(grid.S) / 2, policy(grid.S)
    marks, live = 4, grid.S - 2  # two starts, two ends

    def seen(**given: np.ndarray) -> tuple[int, int, int]:
        ax = Figure().add_subplot()
        assert drawing.show(grid, **given, ax=ax) is ax
        return len(ax.images), texts(ax), len(arrows(ax))

    assert seen() == (0, marks, 0)
    assert seen(V=V) == (1, marks + live, 0)
    assert seen(pi=pi) == (0, marks, 4 * live)
    assert seen(V=V, pi=pi) == (1, marks + live, 4 * live)


def test_show_shows_step_0_of_what_depends_on_the_step(grid: GridWorld) -> None:
    V = np.random.default_rng(0).normal(size=(6, grid.S))
    pi = np.random.default_rng(1).dirichlet(np.ones(4), size=(5, grid.S))

    def seen(V: np.ndarray, pi: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
        ax = drawing.show(grid, V, pi, Figure().add_subplot())
        return np.ma.filled(ax.images[0].get_array(), np.nan), arrows(ax)

    np.testing.assert_equal(seen(V, pi), seen(V[0], pi[0]))
    # the controls: another step is another picture
    with pytest.raises(AssertionError):
        np.testing.assert_equal(seen(V, pi), seen(V[1], pi[0]))
    with pytest.raises(AssertionError):
        np.testing.assert_equal(seen(V, pi), seen(V[0], pi[1]))


def test_show_makes_a_figure_that_fits_the_map_and_the_method_is_the_function() -> None:
    grid = GridWorld.named("cliff")
    with plt.ioff():
        ax = grid.show(V=np.zeros((3, grid.S)), pi=policy(grid.S))
    try:
        assert tuple(ax.figure.get_size_inches()) == (8 * drawing.CELL, 4 * drawing.CELL)
        assert (len(ax.images), len(arrows(ax))) == (1, 4 * (~grid.terminal).sum())
    finally:
        plt.close(ax.figure)  # type: ignore[arg-type]


def touching(artists: list[PathPatch], others: list[Path]) -> bool:
    """Whether the box of an artist meets one of the outlines."""
    boxes = [artist.get_path().get_extents() for artist in artists]
    return any(other.intersects_bbox(box, filled=True) for box in boxes for other in others)


def letters(ax: Axes, grid: GridWorld) -> list[PathPatch]:
    """The S of every start; its first two texts are the two starts."""
    return [a for a in drawing.draw_map(ax, grid) if isinstance(a, PathPatch)][:2]


def all_arrows(ax: Axes, grid: GridWorld) -> list[Path]:
    """In every cell the arrow of each action, taken with certainty."""
    ways = [drawing.draw_policy(ax, grid, np.eye(4)[np.full(grid.S, a)]) for a in range(4)]
    return [path for way in ways for path in way.get_paths()]


def test_the_s_of_a_start_touches_no_arrow(
    grid: GridWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever action is certain. Larger and nearer to the middle, the control, it does."""
    ax = Figure().add_subplot()
    ways = all_arrows(ax, grid)
    assert not touching(letters(ax, grid), ways)
    monkeypatch.setattr(drawing, "LETTER", (-0.28, -0.33, 0.46))
    assert touching(letters(ax, grid), ways)


@pytest.mark.slow
def test_numbers_beside_arrows_touch_none_of_them(
    grid: GridWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overlaps() -> bool:
        """Whether a number touches an arrow of certainty in any direction, or the S of a start."""
        ax = Figure().add_subplot()
        S = [a.get_path() for a in letters(ax, grid)]
        numbers = drawing.draw_numbers(ax, grid, np.full(grid.S, -0.88), corner=True)
        return touching(numbers, all_arrows(ax, grid) + S)

    assert not overlaps()
    monkeypatch.setattr(drawing, "CORNER", (0.3, 0.2))
    assert overlaps()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"V": np.zeros(3)}, "V has shape (3,), but (8,) or (H+1, 8) is expected."),
        ({"V": np.zeros((0, 8))}, "V has shape (0, 8), but (8,) or (H+1, 8) is expected."),
        ({"V": np.zeros((2, 5, 8))}, "V has shape (2, 5, 8), but (8,) or (H+1, 8) is expected."),
        ({"V": 1.0}, "V has shape (), but (8,) or (H+1, 8) is expected."),
        ({"V": np.full(8, np.nan)}, "V must be finite, but it contains NaN or infinity."),
        ({"V": "high"}, "V must be an array of numbers, but its type is <U4."),
        ({"V": np.zeros(8) + 1j}, "V must be real, but its type is complex128."),
        (
            {"pi": np.full((4, 4), 0.25)},
            "pi has shape (4, 4), but (8, 4) or (H, 8, 4) is expected.",
        ),
        (
            {"pi": np.full((5, 4, 4), 0.25)},
            "pi has shape (5, 4, 4), but (8, 4) or (H, 8, 4) is expected.",
        ),
        ({"pi": np.full((8, 4), 0.3)}, "pi[0] must sum to 1, but it sums to 1.2."),
        (
            {"pi": np.repeat([[[0.25] * 4], [[0.5] * 4]], 8, axis=1)},
            "pi[1, 0] must sum to 1, but it sums to 2.",
        ),
        ({"pi": 1.0}, "pi has shape (), but (8, 4) or (H, 8, 4) is expected."),
    ],
)
def test_show_answers_a_bad_value_in_one_sentence(
    ax: Axes, grid: GridWorld, given: dict[str, np.ndarray], sentence: str
) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        drawing.show(grid, **given, ax=ax)
    assert not ax.images
    assert not ax.collections


@pytest.mark.parametrize(
    "draw",
    [
        lambda ax, grid: drawing.show(grid, ax=ax),
        drawing.draw_map,
        lambda ax, grid: drawing.draw_values(ax, grid, np.zeros(8)),
        lambda ax, grid: drawing.draw_numbers(ax, grid, np.zeros(8)),
        lambda ax, grid: drawing.draw_policy(ax, grid, np.full((8, 4), 0.25)),
        lambda ax, grid: drawing.draw_agent(ax, grid, 0),
    ],
)
def test_what_is_no_gridworld_and_no_axes_is_a_type_error(  # type: ignore[no-untyped-def]
    ax: Axes, grid: GridWorld, draw
) -> None:
    with pytest.raises(TypeError, match=r"^grid must be a GridWorld, but its type is str\.$"):
        draw(ax, "S.G")
    with pytest.raises(TypeError, match=r"^ax must be matplotlib axes, but its type is Figure\.$"):
        draw(Figure(), grid)
