"""Gridworlds from an ASCII map: a finite MDP, a Gymnasium environment, and pictures of them.

``GridWorld(map)`` and ``GridWorld.named(name)`` make one; ``.mdp(H)``, ``.env()`` and ``.show()``
use it. Gymnasium and matplotlib are imported by those calls alone.
"""

from pgcompanion.gridworld import drawing
from pgcompanion.gridworld.maps import MAPS
from pgcompanion.gridworld.world import GridWorld

__all__ = ["MAPS", "GridWorld", "drawing"]
