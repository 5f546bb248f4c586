"""Pictures of a gridworld: its map, a value function as a heat map, a policy as arrows.

`show` draws them in one call. The functions behind it compose: draw the map first, then what is to
be seen on it, on the same axes.
Everything is measured in cells, so a picture looks the same at every size. Lightness and hatching
alone tell the parts apart, so it survives a grey printer and every kind of colour vision.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from pgcompanion import checks
from pgcompanion.gridworld.maps import START, STEPS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PolyCollection
    from matplotlib.colors import ListedColormap
    from matplotlib.image import AxesImage
    from matplotlib.patches import Circle, PathPatch, Rectangle
    from matplotlib.path import Path

INK, PAPER, FLOOR, WALL, HATCH, AGENT = (
    "#1a1a1a", "#ffffff", "#e9e9e9", "#5a5a5a", "#a8a8a8", "#d55e00"
)  # fmt: skip

#: Half-side of a goal or pit, and length of the arrow of an action taken with certainty.
INSET, REACH = 0.47, 0.4

#: Where the S of a start stands, from the middle of its cell, and how large it is: clear of every arrow.
LETTER = (-0.33, -0.36, 0.34)

#: How much lower a number stands in a start.
LOWER = 0.1

#: Where a number stands beside arrows, from the middle of its cell, how large it is, and how wide it
#: may be: clear of every arrow and of the S of a start.
CORNER, SMALL, NARROW = (0.37, 0.295), 0.2, 0.36

#: Inches for each cell of a figure that `show` makes.
CELL = 0.9

#: An arrow of length 1 from the origin along the first axis.
ARROW = np.array([(0, -0.11), (0.45, -0.11), (0.45, -0.36), (1, 0)])
ARROW = np.concatenate([ARROW, ARROW[2::-1] * (1, -1)])


class Drawable(Protocol):
    """What a picture asks of a gridworld."""

    @property
    def S(self) -> int:
        """Number of states."""

    @property
    def A(self) -> int:
        """Number of actions."""

    @property
    def letters(self) -> np.ndarray:
        """The map as an array of characters."""

    @property
    def cells(self) -> np.ndarray:
        """Row and column of each state."""

    @property
    def index(self) -> np.ndarray:
        """The state of each cell, -1 at a wall."""

    @property
    def terminal(self) -> np.ndarray:
        """Whether each cell is a goal or a pit."""

    @property
    def entry(self) -> np.ndarray:
        """The reward for entering each cell."""


def show(
    grid: Drawable,
    V: np.ndarray | None = None,
    pi: np.ndarray | None = None,
    ax: Axes | None = None,
) -> Axes:
    r"""Draw the map of a gridworld with its values and a policy on it, in one call.

    Statement: `objective_fn`. Values are shades, the lighter the better, and numbers; a policy is
    four arrows a cell, whose areas are the probabilities. What depends on the step is shown at step
    0: :math:`V_0` and :math:`\pi_0`. Show another one with ``V[h]`` and ``pi[h]``.

    Args:
        grid: the gridworld.
        V: values, shape ``(S,)`` or ``(H+1, S)``; ``None`` draws none.
        pi: probabilities, shape ``(S, A)`` or ``(H, S, A)``; ``None`` draws none.
        ax: axes to draw on; ``None`` makes a figure of a size that fits the map.

    Returns:
        What was drawn on; ``show(grid).figure.savefig("map.svg")`` keeps the picture.

    Raises:
        ValueError: a shape that is none of those, a value that is not finite and real, or a row of
            ``pi`` that is no distribution.
        TypeError: ``grid`` is no `GridWorld`, or ``ax`` no matplotlib axes.

    Example:
        >>> from matplotlib.figure import Figure
        >>> from pgcompanion import exact
        >>> from pgcompanion.gridworld import GridWorld
        >>> grid = GridWorld.named("4x4", slip=0.2)
        >>> pi, values = exact.optimal(grid.mdp(H=20))
        >>> ax = show(grid, values.V, pi, ax=Figure().add_subplot())
        >>> len(ax.images), len(ax.collections)  # shades; arrows, and the lines between cells
        (1, 3)
    """
    _check(grid)
    if V is not None:
        V = _at_step_0("V", checks.finite("V", V), (grid.S,), "H+1")
    if pi is not None:
        first = _at_step_0("pi", checks.finite("pi", pi), (grid.S, grid.A), "H")
        checks.distribution("pi", pi)  # whole, so that the sentence names the step of a wrong row
        pi = first
    ax = _axes(grid) if ax is None else ax
    draw_map(ax, grid)
    if V is not None:
        draw_values(ax, grid, V)
        draw_numbers(ax, grid, V, corner=pi is not None)
    if pi is not None:
        draw_policy(ax, grid, pi)
    return ax


def draw_map(ax: Axes, grid: Drawable) -> list[Rectangle | PathPatch]:
    """Draw the walls (hatched), the starts (S) and the reward for entering each goal and pit.

    Statement: `objective_fn`. It sets the limits of ``ax``, row 0 on top; a goal is white, a pit
    (an entry that costs) black.

    Raises:
        TypeError: ``grid`` is no `GridWorld`, or ``ax`` no matplotlib axes.
    """
    _check(grid, ax)
    rows, columns = grid.letters.shape
    ax.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5), aspect="equal", facecolor=FLOOR)
    ax.set(xticks=[], yticks=[])
    ax.vlines(np.arange(1, columns) - 0.5, -0.5, rows - 0.5, PAPER, lw=0.8, zorder=1.5)
    ax.hlines(np.arange(1, rows) - 0.5, -0.5, columns - 0.5, PAPER, lw=0.8, zorder=1.5)
    artists: list[Rectangle | PathPatch] = []
    for row, column in np.argwhere(grid.index < 0):
        artists.append(_square(row, column, 0.5, WALL, HATCH, lw=0, hatch="////"))
    for row, column in np.argwhere(grid.letters == START):
        down, right, size = LETTER
        artists.append(_text("S", row + down, column + right, size))
    for (row, column), reward in zip(
        grid.cells[grid.terminal], grid.entry[grid.terminal], strict=True
    ):
        paper, ink = (INK, PAPER) if reward < 0 else (PAPER, INK)
        artists.append(_square(row, column, INSET, paper, INK, lw=1))
        artists.append(_text(f"{reward:+g}", row, column, 0.5, ink))
    for artist in artists:
        ax.add_artist(artist)
    return artists


def draw_values(
    ax: Axes,
    grid: Drawable,
    v: np.ndarray,
    vmin: float | None = None,
    vmax: float | None = None,
) -> AxesImage:
    """Draw one value a state, shape ``(S,)``, as a heat map: the lighter, the better.

    Statement: `objective_fn`. ``vmin`` and ``vmax`` fix the scale, so that pictures can be
    compared. Goals and pits keep their look on the map: once inside, there is nothing left to earn.

    Raises:
        ValueError: ``v`` is not of shape ``(S,)`` or not finite; ``vmin`` or ``vmax`` is no number.
        TypeError: ``grid`` is no `GridWorld`, or ``ax`` no matplotlib axes.
    """
    _check(grid, ax)
    for name, limit in {"vmin": vmin, "vmax": vmax}.items():
        if limit is not None:
            checks.number(name, limit)
    v = np.where(grid.terminal, np.nan, checks.finite("v", v, (grid.S,)))
    image = np.where(grid.index < 0, np.nan, v[grid.index])
    return ax.imshow(image, cmap=_light_viridis(), vmin=vmin, vmax=vmax, zorder=1)


def draw_numbers(
    ax: Axes, grid: Drawable, v: np.ndarray, digits: int = 2, corner: bool = False
) -> list[PathPatch]:
    """Write one number a state, shape ``(S,)``, in every cell that is no goal or pit.

    Statement: `objective_fn`. In a start, where the map has its S, the number stands a little
    lower; with ``corner`` all are smaller and at the lower right, clear of the arrows of a policy.

    Raises:
        ValueError: ``v`` is not of shape ``(S,)`` or not finite; ``digits`` is negative; ``corner`` is
            neither True nor False.
        TypeError: ``grid`` is no `GridWorld`, or ``ax`` no matplotlib axes.
    """
    _check(grid, ax)
    v, digits = checks.finite("v", v, (grid.S,)), checks.natural_number("digits", digits)
    corner = checks.truth("corner", corner)
    live = ~grid.terminal
    middles = grid.cells[live].astype(float)
    words = [f"{x:.{digits}f}" for x in v[live]]
    if corner:
        middles += CORNER
        size = min([SMALL, *(NARROW / _outline(word)[1] for word in words)])
    else:
        middles[grid.letters[tuple(grid.cells[live].T)] == START, 0] += LOWER
        size = 0.3
    artists = [
        _text(word, row, column, size) for word, (row, column) in zip(words, middles, strict=True)
    ]
    for artist in artists:
        ax.add_artist(artist)
    return artists


def draw_policy(ax: Axes, grid: Drawable, pi: np.ndarray) -> PolyCollection:
    """Draw a policy as arrows, one an action, whose areas are the probabilities.

    Statement: `parameterizations`. All four are drawn in each cell that is no goal or pit, states
    in order and actions in order within a state.

    Args:
        ax: axes on which the map is drawn already.
        grid: the gridworld.
        pi: probabilities, shape ``(S, A)``; of a time-dependent policy, one step of it.

    Raises:
        ValueError: ``pi`` is not of shape ``(S, A)`` or a row is no distribution.
        TypeError: ``grid`` is no `GridWorld`, or ``ax`` no matplotlib axes.
    """
    from matplotlib.collections import PolyCollection

    _check(grid, ax)
    pi = checks.distribution("pi", pi, (grid.S, grid.A))[~grid.terminal]
    centre = grid.cells[~grid.terminal][:, None, None, ::-1]
    along = np.array(STEPS)[:, None, ::-1]
    across = along[..., ::-1] * (-1, 1)
    arrows = REACH * (ARROW[:, :1] * along + ARROW[:, 1:] * across)
    # The square root: an arrow keeps its shape, so that its area grows as its length squared.
    polygons = centre + np.sqrt(pi)[..., None, None] * arrows
    artist = PolyCollection(polygons.reshape(-1, *ARROW.shape), fc=INK, ec="none", zorder=3)
    ax.add_collection(artist, autolim=False)
    return artist


def draw_agent(ax: Axes, grid: Drawable, s: int) -> Circle:
    """Draw the agent in state ``s``.

    Statement: `trajectories`.

    Raises:
        ValueError: ``s`` is no state.
        TypeError: ``grid`` is no `GridWorld`, or ``ax`` no matplotlib axes.
    """
    from matplotlib.patches import Circle

    _check(grid, ax)
    row, column = grid.cells[checks.shaped("s", checks.indices("s", s, grid.S), ())]
    artist = Circle((column, row), 0.28, fc=AGENT, ec=PAPER, lw=1.5, zorder=5)
    ax.add_artist(artist)
    return artist


def _check(grid: object, *axes: object) -> None:
    if isinstance(grid, type) or not hasattr(grid, "letters"):
        raise TypeError(f"grid must be a GridWorld, but its type is {type(grid).__name__}.")
    for ax in axes:
        from matplotlib.axes import Axes

        if not isinstance(ax, Axes):
            raise TypeError(f"ax must be matplotlib axes, but its type is {type(ax).__name__}.")


def _at_step_0(name: str, x: np.ndarray, shape: tuple[int, ...], steps: str) -> np.ndarray:
    """The part of ``x`` for step 0: all of it if it has ``shape``, else its first entry."""
    if np.iscomplexobj(x):
        raise ValueError(f"{name} must be real, but its type is {x.dtype}.")
    if x.shape == shape:
        return x
    if x.shape[1:] == shape and len(x):
        first: np.ndarray = x[0]
        return first
    timed = f"({steps}, {', '.join(map(str, shape))})"
    raise ValueError(f"{name} has shape {x.shape}, but {shape} or {timed} is expected.")


def _axes(grid: Drawable) -> Axes:
    import matplotlib.pyplot as plt

    rows, columns = grid.letters.shape
    return plt.subplots(figsize=(CELL * columns, CELL * rows), layout="constrained")[1]


def _square(row: int, column: int, half: float, fc: str, ec: str, **style: Any) -> Rectangle:
    from matplotlib.patches import Rectangle

    corner = (column - half, row - half)
    return Rectangle(corner, 2 * half, 2 * half, fc=fc, ec=ec, zorder=2, **style)


def _text(text: str, row: float, column: float, size: float, colour: str = INK) -> PathPatch:
    """Text as an outline in units of a cell, so that it fits its cell at every size."""
    from matplotlib.patches import PathPatch
    from matplotlib.transforms import Affine2D

    outline, width = _outline(text)
    size = min(size, 0.84 / width)
    placed = Affine2D().scale(size, -size).translate(column, row)
    return PathPatch(outline.transformed(placed), fc=colour, ec="none", zorder=4)


@lru_cache(maxsize=256)
def _outline(text: str) -> tuple[Path, float]:
    """Text of size 1 as a path around the origin, and its width."""
    from matplotlib.textpath import TextPath
    from matplotlib.transforms import Affine2D

    outline = TextPath((0, 0), text.replace("-", "\N{MINUS SIGN}"), size=1)
    box = outline.get_extents()
    centre = Affine2D().translate(-(box.x0 + box.x1) / 2, -(box.y0 + box.y1) / 2)
    return outline.transformed(centre), box.width


def _light_viridis() -> ListedColormap:
    """Viridis without its dark end, on which dark arrows and numbers would drown."""
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap

    return ListedColormap(colormaps["viridis"](np.linspace(0.5, 1, 256)), name="light viridis")
