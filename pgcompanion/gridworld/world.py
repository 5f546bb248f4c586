"""A gridworld: a finite MDP whose transitions and rewards are read from an ASCII map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pgcompanion import checks
from pgcompanion.gridworld import drawing
from pgcompanion.gridworld.maps import FLOOR, MAPS, START, STEPS, WALL, parse
from pgcompanion.mdp import MDP

if TYPE_CHECKING:
    import gymnasium
    from matplotlib.axes import Axes

#: Where Gymnasium finds the environment, which stands upon this room.
ENV = "pgcompanion.gridworld.env:GridWorldEnv"


@dataclass(frozen=True, eq=False, repr=False)
class GridWorld:
    r"""A gridworld drawn with letters.

    Statement: `objective_fn`, whose :math:`P`, :math:`r` and :math:`\mu_0` a map spells out.

    ===========  =====================================================
    letter       cell
    ===========  =====================================================
    ``#``        wall; so is everything outside the map
    ``.``        floor
    ``S``        start; :math:`\mu_0` is uniform over all of them
    ``G``        goal: entering it pays 1 and ends the episode
    ``P``        pit: entering it pays -1 and ends the episode
    ``1``…``9``  goal that pays that much
    ===========  =====================================================

    *States* are the cells that are no wall, numbered row by row from the top left.

    *Moves.* The agent goes where it wants with probability ``1 - slip``, and in each of the two
    perpendicular directions with probability ``slip / 2``; never backwards. A move into a wall
    leaves it where it is. FrozenLake's slippery ice is ``slip=2/3``; Russell and Norvig's 4x3
    world is ``slip=0.2, step_reward=-0.04``.

    *Rewards.* A step from a live cell pays ``step_reward`` plus the reward of the cell entered.
    The environment pays what the move brought; the MDP holds the mean over the slip,
    :math:`r(s,a) = \text{step\_reward} + \sum_{s'} P(s'\mid s,a)\,\text{entry}(s')`.
    A goal or pit, once entered, is absorbing and pays 0 from then on.

    Args:
        map: the rows, as one string with newlines or as a list; at least one start, and at least
            one goal or pit, since without any all policies would have the same return.
        slip: probability of a sideways move, between 0 and 1.
        step_reward: reward of every step from a live cell; a negative one makes haste worth it.
        rewards: letter -> reward of entering it. It changes ``G``, ``P`` and the digits, and makes
            any further character a goal or a pit.

    Raises:
        ValueError: an unknown letter, rows of unequal length, no start, no goal or pit, ``slip``
            outside [0, 1], or a reward that is not finite.
        TypeError: ``map`` is not made of rows, or ``rewards`` is no mapping.

    Example:
        >>> grid = GridWorld("S.G", slip=0.2, step_reward=-0.1)
        >>> grid
        GridWorld(1x3, S=3, slip=0.2, step_reward=-0.1)
        >>> mdp = grid.mdp(H=10)
        >>> right = GridWorld.ACTIONS.index("right")
        >>> mdp.P[1, right].round(2).tolist(), mdp.r[1, right].round(2).item()
        ([0.0, 0.2, 0.8], 0.7)
    """

    map: str | Sequence[str]
    slip: float = 0.0
    step_reward: float = 0.0
    rewards: Mapping[str, float] | None = None

    #: The names of the actions 0, 1, 2, 3.
    ACTIONS: ClassVar[tuple[str, ...]] = ("up", "right", "down", "left")

    def __post_init__(self) -> None:
        map, rewards = parse(self.map, self.rewards)
        slip = float(checks.number("slip", self.slip))
        if not 0.0 <= slip <= 1.0:
            raise ValueError(f"slip must be a probability between 0 and 1, but it is {slip:g}.")
        step_reward = float(checks.number("step_reward", self.step_reward))
        fields = {"map": map, "slip": slip, "step_reward": step_reward, "rewards": rewards}
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        rows, columns = self.letters.shape
        parts = [f"{rows}x{columns}", f"S={self.S}"]
        moves = {"slip": self.slip, "step_reward": self.step_reward}
        parts += [f"{name}={value:g}" for name, value in moves.items() if value]
        return f"GridWorld({', '.join(parts)})"

    @classmethod
    def named(cls, name: str, **options: Any) -> GridWorld:
        """The gridworld of a map in ``MAPS``; ``options`` are those of `GridWorld`.

        Raises:
            ValueError: ``MAPS`` has no map of that name.

        Example:
            >>> GridWorld.named("corridor", slip=0.1).S
            5
        """
        return cls(MAPS[checks.choice("name", name, tuple(MAPS))], **options)

    @cached_property
    def letters(self) -> np.ndarray:
        """The map as an array of characters, shape ``(rows, columns)``."""
        return np.array([list(row) for row in str(self.map).split("\n")])

    @cached_property
    def cells(self) -> np.ndarray:
        """Row and column of each state, shape ``(S, 2)``."""
        return np.argwhere(self.letters != WALL)

    @cached_property
    def index(self) -> np.ndarray:
        """The state of each cell, -1 at a wall, shape ``(rows, columns)``."""
        index = np.full(self.letters.shape, -1)
        index[tuple(self.cells.T)] = np.arange(self.S)
        return index

    @cached_property
    def entry(self) -> np.ndarray:
        """The reward for entering each cell, 0 where it is no goal or pit, shape ``(S,)``."""
        rewards = self.rewards or {}
        return np.array([rewards.get(letter, 0.0) for letter in self._letter])

    @cached_property
    def terminal(self) -> np.ndarray:
        """Whether each cell is a goal or a pit, shape ``(S,)``."""
        return np.isin(self._letter, (FLOOR, START), invert=True)

    @cached_property
    def mu0(self) -> np.ndarray:
        """The distribution of the first state, uniform over the starts, shape ``(S,)``."""
        mu0: np.ndarray = np.equal(self._letter, START) / np.count_nonzero(self.letters == START)
        return mu0

    @cached_property
    def P(self) -> np.ndarray:
        """The transition probabilities, shape ``(S, A, S)``."""
        aimed = np.eye(self.S)[self._destinations()]
        sideways = np.roll(aimed, 1, axis=1) + np.roll(aimed, -1, axis=1)
        P: np.ndarray = (1 - self.slip) * aimed + self.slip / 2 * sideways
        P[self.terminal] = np.eye(self.S)[self.terminal, None]
        return P

    @property
    def S(self) -> int:
        """Number of states."""
        return len(self.cells)

    @property
    def A(self) -> int:
        """Number of actions."""
        return len(self.ACTIONS)

    def mdp(self, H: int) -> MDP:
        """The finite MDP with horizon ``H``.

        Statement: `objective_fn`.

        Raises:
            ValueError: ``H`` is not a positive integer.
        """
        r = np.where(self.terminal[:, None], 0.0, self.step_reward + self.P @ self.entry)
        return MDP(self.P, r, self.mu0, H)

    def env(
        self, render_mode: str | None = None, max_episode_steps: int | None = None
    ) -> gymnasium.Env[Any, Any]:
        """The Gymnasium environment, whose observations are the states of the MDP.

        Args:
            render_mode: ``None``, ``"ansi"`` or ``"rgb_array"``.
            max_episode_steps: truncate an episode after that many steps; ``None`` means never.

        Raises:
            ValueError: an unknown ``render_mode``, or ``max_episode_steps`` that is not a positive
                integer.
        """
        from gymnasium.envs.registration import load_env_creator

        if max_episode_steps is not None:
            checks.positive_integer("max_episode_steps", max_episode_steps)
        make: Any = load_env_creator(ENV)
        env: gymnasium.Env[Any, Any] = make(
            map=self.map,
            slip=self.slip,
            step_reward=self.step_reward,
            rewards=self.rewards,
            H=max_episode_steps,
            render_mode=render_mode,
        )
        return env

    def show(
        self,
        V: np.ndarray | None = None,
        pi: np.ndarray | None = None,
        ax: Axes | None = None,
    ) -> Axes:
        """Draw the map with values and a policy on it, and return the axes.

        The arguments, and what is raised, are those of `pgcompanion.gridworld.drawing.show`.

        Example:
            >>> from matplotlib.figure import Figure
            >>> grid = GridWorld("S.G")
            >>> ax = grid.show(V=grid.entry, ax=Figure().add_subplot())
            >>> len(ax.images)  # the shades
            1
        """
        return drawing.show(self, V, pi, ax)

    @property
    def _letter(self) -> np.ndarray:
        """The letter of each state, shape ``(S,)``."""
        return np.asarray(self.letters[tuple(self.cells.T)])

    def _destinations(self) -> np.ndarray:
        """Where each action leads if the agent does not slip, shape ``(S, A)``."""
        framed = np.pad(self.index, 1, constant_values=-1)
        row, column = self.cells.T + 1
        beyond = np.stack([framed[row + dr, column + dc] for dr, dc in STEPS], axis=1)
        return np.where(beyond < 0, np.arange(self.S)[:, None], beyond)
