"""Small worlds for the exercises that run a whole algorithm."""

from __future__ import annotations

import numpy as np

from pgcompanion import exact
from pgcompanion.mdp import MDP


def softmax(theta: np.ndarray) -> np.ndarray:
    """The policy of a table of parameters `(S, A)`.

    >>> softmax(np.zeros((1, 2)))
    array([[0.5, 0.5]])
    """
    weights = np.exp(theta - theta.max(axis=-1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


def objective(theta: np.ndarray, mdp: MDP) -> float:
    """The exact expected return of the softmax policy with these parameters."""
    return float(exact.evaluate(mdp, softmax(theta)).J)


def table(theta: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Returned parameters as a finite table, or `ValueError` with a sentence."""
    if np.shape(theta) != shape:
        raise ValueError(
            f"Your function returned an array of shape {np.shape(theta)}. Return the parameters, of "
            f"shape {shape}."
        )
    if not np.isfinite(theta).all():
        raise ValueError(
            "The parameters that you returned are not finite: `nan` or `inf` came up on the way. "
            "Print them after every step to see where."
        )
    return np.asarray(theta, dtype=float)


def random_mdp(rng: np.random.Generator, S: int, A: int, H: int) -> MDP:
    """An MDP in which every state is reached, with rewards that no two actions share."""
    P = rng.integers(1, 6, (S, A, S)).astype(float)
    r = rng.permutation(S * A).reshape(S, A) / (S * A)
    mu0 = rng.permutation(S) + 1.0
    return MDP(P / P.sum(axis=2, keepdims=True), r, mu0 / mu0.sum(), H)


class Environment:
    """Episodes of an MDP, one step at a time.

    `reset(rng)` begins an episode and returns its first state. `step(a, rng)` returns the next
    state, the reward, and whether the episode is over.
    """

    def __init__(self, mdp: MDP) -> None:
        self.mdp, self.S, self.A = mdp, mdp.S, mdp.A
        self._s, self._h = 0, 0

    def __repr__(self) -> str:
        return f"an environment with S = {self.S}, A = {self.A} and episodes of {self.mdp.H} steps"

    def reset(self, rng: np.random.Generator) -> int:
        self._s, self._h = _drawn(self.mdp.mu0, rng), 0
        return self._s

    def step(self, a: int, rng: np.random.Generator) -> tuple[int, float, bool]:
        if self._h == self.mdp.H:
            raise RuntimeError("The episode is over: call `reset` before the next step.")
        reward = float(self.mdp.r[self._s, a])
        self._s, self._h = _drawn(self.mdp.P[self._s, a], rng), self._h + 1
        return self._s, reward, self._h == self.mdp.H


def _drawn(p: np.ndarray, rng: np.random.Generator) -> int:
    return int(np.searchsorted(np.cumsum(p)[:-1], rng.random(), side="right"))
