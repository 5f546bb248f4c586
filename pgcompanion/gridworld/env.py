"""The Gymnasium environment of a gridworld. Importing this module registers it under `ID`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium.envs.registration import EnvSpec
from gymnasium.envs.toy_text.utils import categorical_sample
from gymnasium.error import ResetNeeded

from pgcompanion import checks
from pgcompanion.gridworld import drawing
from pgcompanion.gridworld.maps import MAPS
from pgcompanion.gridworld.world import GridWorld

ID = "pgcompanion/GridWorld-v0"
ENTRY_POINT = "pgcompanion.gridworld.env:GridWorldEnv"

AGENT = "@"
PIXELS_PER_CELL = 48


class GridWorldEnv(gymnasium.Env[Any, Any]):
    """A gridworld as a Gymnasium environment; its transition table is public, as in toy-text.

    Statement: `objective_fn`. The observation is the state of `GridWorld.mdp`, an int.

    ``gymnasium.make("pgcompanion.gridworld.env:pgcompanion/GridWorld-v0", map=..., slip=...)``
    makes one by its name; the part before the colon is not needed where this module is imported.

    Args:
        map, slip, step_reward, rewards: as in `GridWorld`.
        H: truncate an episode after ``H`` steps; ``None`` means never.
        render_mode: ``None``, ``"ansi"`` or ``"rgb_array"``.

    Attributes:
        P: state -> action -> list of ``(probability, next state, reward, terminated)``.
        initial_state_distrib: distribution of the first state, shape ``(S,)``.

    Raises:
        ValueError: what `GridWorld` raises; ``H`` that is not a positive integer; an unknown
            ``render_mode``; in ``step``, an action that is not 0, 1, 2 or 3.

    Example:
        >>> env = GridWorldEnv("S.G", H=10)
        >>> env.reset(seed=0)
        (0, {'prob': 1.0})
        >>> env.step(GridWorld.ACTIONS.index("right"))
        (1, 0.0, False, False, {'prob': 1.0})
    """

    metadata: dict[str, Any] = {  # noqa: RUF012
        "render_modes": ["ansi", "rgb_array"],
        "render_fps": 4,
    }

    def __init__(
        self,
        map: str | Sequence[str] = MAPS["4x4"],
        slip: float = 0.0,
        step_reward: float = 0.0,
        rewards: Mapping[str, float] | None = None,
        H: int | None = None,
        render_mode: str | None = None,
    ) -> None:
        if render_mode is not None:
            checks.choice("render_mode", render_mode, tuple(self.metadata["render_modes"]))
        self.grid = GridWorld(map, slip, step_reward, rewards)
        self.H = None if H is None else checks.positive_integer("H", H)
        self.P = transition_table(self.grid)
        self.initial_state_distrib = self.grid.mu0
        self.observation_space = gymnasium.spaces.Discrete(self.grid.S)
        self.action_space = gymnasium.spaces.Discrete(self.grid.A)
        self.render_mode = render_mode
        options = {"slip": slip, "step_reward": step_reward, "rewards": rewards, "H": H}
        self.spec = EnvSpec(ID, ENTRY_POINT, kwargs={"map": map, **options})
        self._s: int | None = None
        self._h = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Draw the first state from ``mu0``."""
        super().reset(seed=seed)
        self._s, self._h = int(categorical_sample(self.grid.mu0, self.np_random)), 0
        return self._s, {"prob": float(self.grid.mu0[self._s])}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict[str, Any]]:
        """Move once; ``info["prob"]`` is the probability of the transition that happened."""
        if action not in self.action_space:
            raise ValueError(f"action must be an integer from 0 to 3, but it is {action!r}.")
        outcomes = self.P[self._state()][int(action)]
        i = categorical_sample([outcome[0] for outcome in outcomes], self.np_random)
        prob, self._s, reward, terminated = outcomes[i]
        self._h += 1
        truncated = self.H is not None and self._h >= self.H
        return self._s, reward, terminated, truncated, {"prob": prob}

    def render(self) -> str | np.ndarray | None:
        """The map with the agent in it: a string, or pixels of shape (height, width, 3)."""
        if self.render_mode is None:
            gymnasium.logger.warn("Choose a render_mode, 'ansi' or 'rgb_array', to call render().")
            return None
        s = self._state()
        if self.render_mode == "rgb_array":
            return _pixels(self.grid, s)
        letters = self.grid.letters.copy()
        letters[tuple(self.grid.cells[s])] = AGENT
        return "".join("".join(line) + "\n" for line in letters)

    def _state(self) -> int:
        if self._s is None:
            raise ResetNeeded("Call reset() before step() or render().")
        return self._s


def transition_table(grid: GridWorld) -> dict[int, dict[int, list[tuple[float, int, float, bool]]]]:
    """State -> action -> list of ``(probability, next state, reward, terminated)``.

    Statement: `objective_fn`. The format is that of Gymnasium's toy-text environments; the reward
    is that of the transition, whose mean over the next state is :math:`r(s, a)`.

    Raises:
        TypeError: ``grid`` is no `GridWorld`.

    Example:
        >>> transition_table(GridWorld("SG"))[0][GridWorld.ACTIONS.index("right")]
        [(1.0, 1, 1.0, True)]
    """
    if not isinstance(grid, GridWorld):
        raise TypeError(f"grid must be a GridWorld, but its type is {type(grid).__name__}.")

    def outcomes(s: int, a: int) -> list[tuple[float, int, float, bool]]:
        reward = 0.0 * grid.entry if grid.terminal[s] else grid.step_reward + grid.entry
        return [
            (float(grid.P[s, a, t]), int(t), float(reward[t]), bool(grid.terminal[t]))
            for t in np.flatnonzero(grid.P[s, a])
        ]

    return {s: {a: outcomes(s, a) for a in range(grid.A)} for s in range(grid.S)}


def _pixels(grid: GridWorld, s: int) -> np.ndarray:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows, columns = grid.letters.shape
    canvas: Any = FigureCanvasAgg(Figure(figsize=(columns, rows), dpi=PIXELS_PER_CELL))
    ax = canvas.figure.add_axes((0.0, 0.0, 1.0, 1.0))
    drawing.draw_map(ax, grid)
    drawing.draw_agent(ax, grid, s)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


gymnasium.register(ID, ENTRY_POINT)
