"""A policy over the states of a finite MDP, as a table: what is accepted, checked once."""

from __future__ import annotations

import numpy as np

from pgcompanion import checks
from pgcompanion.mdp import MDP, TimedMDP


def table(mdp: MDP, pi: np.ndarray) -> np.ndarray:
    """Return ``pi`` after checking its shape, ``(S, A)`` or ``(H, S, A)``, and its rows."""
    pi = np.asarray(pi)
    shapes = {2: (mdp.S, mdp.A), 3: (mdp.H, mdp.S, mdp.A)}
    if pi.shape != shapes.get(pi.ndim):
        raise ValueError(f"pi has shape {pi.shape}, but {shapes[2]} or {shapes[3]} is expected.")
    return checks.distribution("pi", pi)


def folded(mdp: TimedMDP, pi: np.ndarray) -> np.ndarray:
    """The time-dependent table over the base that a table over a time-augmented MDP stands for."""
    pi = table(mdp, pi)
    if pi.ndim == 2:
        return mdp.fold(pi)
    steps = np.arange(mdp.H)
    return pi.reshape(mdp.H, mdp.H, mdp.base.S, mdp.A)[steps, steps]
