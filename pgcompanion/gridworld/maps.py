"""The letters of a gridworld map, the six named maps, and the reading of any other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from inspect import cleandoc

from pgcompanion import checks

WALL, FLOOR, START = "#", ".", "S"

#: (row, column) displacement of each of ``GridWorld.ACTIONS``; neighbours are perpendicular.
STEPS = ((-1, 0), (0, 1), (1, 0), (0, -1))

#: What entering a cell of each terminal letter pays, where ``GridWorld(rewards=...)`` is silent.
REWARDS: dict[str, float] = {"G": 1.0, "P": -1.0} | {str(n): float(n) for n in range(1, 10)}

_DRAWN = {
    # A random walk between two ends: by symmetry the uniform policy is worth 0 at every horizon.
    "corridor": """
        P.S.G
    """,
    # Small enough to read every number in it.
    "4x4": """
        S...
        .#.P
        ....
        P..G
    """,
    # The short way runs along the edge; the more the ground slips, the further off one keeps.
    "cliff": """
        ........
        ........
        ........
        SPPPPPPG
    """,
    # Four rooms, one goal and no pit: chance alone seldom finds the reward.
    "rooms": """
        S..#...
        ...#...
        .......
        #.###.#
        ...#...
        .......
        ...#..G
    """,
    # A bridge between pits, 6 steps, or a walled path around them, 12 steps.
    "detour": """
        .......
        .#####.
        .#PPP#.
        S.....G
        ##PPP##
    """,
    # A small goal nearby, a large one far away.
    "8x8": """
        S...#...
        .##...#.
        .#1.P.#.
        ...##...
        .P....P.
        .#.##.#.
        .#...P..
        ...#...5
    """,
}

#: The named maps: name -> rows, one a line.
MAPS: dict[str, str] = {name: cleandoc(text) for name, text in _DRAWN.items()}


def parse(
    map: str | Sequence[str], rewards: Mapping[str, float] | None
) -> tuple[str, dict[str, float]]:
    """The checked map, one row a line, and the reward of each goal or pit letter in it."""
    known = REWARDS | _checked_rewards({} if rewards is None else rewards)
    rows = _rows(map)
    _check_letters(rows, [WALL, FLOOR, START, *known])
    found = set().union(*rows)
    if START not in found:
        raise ValueError(f"map must have a start, {START}, but it has none.")
    if found.isdisjoint(known):
        raise ValueError("map must have a goal or a pit, but it has neither.")
    return "\n".join(rows), {letter: known[letter] for letter in known if letter in found}


def _rows(map: str | Sequence[str]) -> list[str]:
    lines = map.strip().split("\n") if isinstance(map, str) else map
    try:
        return ["".join(line).strip() for line in lines]
    except TypeError:
        raise TypeError(
            f"map must be a string or a sequence of strings, but it is {checks.kind(map)}."
        ) from None


def _checked_rewards(rewards: Mapping[str, float]) -> dict[str, float]:
    if not isinstance(rewards, Mapping):
        raise TypeError(f"rewards must map letters to numbers, but it is {checks.kind(rewards)}.")
    for letter in rewards:
        if not isinstance(letter, str) or len(letter) != 1 or letter in (WALL, FLOOR, START, " "):
            raise ValueError(
                f"rewards must be keyed by single characters other than {WALL}, {FLOOR} and "
                f"{START}, but it has the key {letter!r}."
            )
    return {c: float(checks.number(f"rewards[{c!r}]", x)) for c, x in rewards.items()}


def _check_letters(rows: list[str], known: list[str]) -> None:
    for i, row in enumerate(rows):
        if len(row) != len(rows[0]):
            raise ValueError(
                f"map must have rows of one length, but row {i} has {len(row)} letters and "
                f"row 0 has {len(rows[0])}."
            )
        for j, letter in enumerate(row):
            if letter not in known:
                raise ValueError(
                    f"map must be made of {' '.join(known)}, but row {i}, column {j} (counted "
                    f"from 0) holds {letter!r}."
                )
