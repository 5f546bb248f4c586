"""A policy over the states of a finite MDP, as a table: what is accepted, checked once."""

from __future__ import annotations

import numpy as np

from pgcompanion import checks
from pgcompanion.mdp import MDP, TimedMDP
from pgcompanion.policies import Softmax


def table(mdp: MDP, pi: np.ndarray, name: str = "pi") -> np.ndarray:
    """Return ``pi`` after checking its shape, ``(S, A)`` or ``(H, S, A)``, and its rows.

    ``name`` is what an error calls it.
    """
    pi = np.asarray(pi)
    shapes = {2: (mdp.S, mdp.A), 3: (mdp.H, mdp.S, mdp.A)}
    if pi.shape != shapes.get(pi.ndim):
        raise ValueError(
            f"{name} has shape {pi.shape}, but {shapes[2]} or {shapes[3]} is expected."
        )
    return checks.distribution(name, pi)


def folded(mdp: TimedMDP, pi: np.ndarray, name: str = "pi") -> np.ndarray:
    """The time-dependent table over the base that a table over a time-augmented MDP stands for."""
    pi = table(mdp, pi, name)
    if pi.ndim == 2:
        return mdp.fold(pi)
    steps = np.arange(mdp.H)
    return pi.reshape(mdp.H, mdp.H, mdp.base.S, mdp.A)[steps, steps]


def of_policy(mdp: MDP, policy: Softmax, theta: np.ndarray) -> np.ndarray:
    r"""The table :math:`\pi_\theta` ``(S, A)`` of a policy that has the states and actions of ``mdp``."""
    pi = policy.table(theta)
    if pi.shape != (mdp.S, mdp.A):
        S, A = pi.shape
        raise ValueError(
            f"policy has S = {S} and A = {A}, but S = {mdp.S} and A = {mdp.A} of mdp are expected."
        )
    return pi
