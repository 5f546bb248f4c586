"""A robot that sees nothing, in a corridor with two corners: two parameters, one hill, exact noise.

Its policy is the same in every cell, so all that matters of an episode is how often each move was
made on the way to the goal. That leaves a few dozen kinds of episodes, and the objective, its
gradient and the whole law of the gradient's estimate are sums over them, at as many parameters at
once as one likes.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from pgcompanion import exact
from pgcompanion.derivatives import jvp
from pgcompanion.estimators import reward_to_go
from pgcompanion.gridworld import GridWorld
from pgcompanion.mdp import MDP
from pgcompanion.policies import LinearSoftmax
from pgcompanion.policies.softmax import softmax

MAP, MOVES, H = "S#G\n...", ("right", "down", "up"), 8


@cache
def world() -> tuple[MDP, LinearSoftmax]:
    """The corridor, and the policy whose logits are θ₁, θ₂ and 0 in every cell.

    Statement: `linear_softmax`. Down, right, right and up lead to the goal, which pays 1.
    """
    grid = GridWorld(MAP)
    mdp, moves = grid.mdp(H), [grid.ACTIONS.index(move) for move in MOVES]
    features = np.broadcast_to(np.eye(3)[:, :2], (mdp.S, 3, 2))
    return MDP(mdp.P[:, moves], mdp.r[:, moves], mdp.mu0, H), LinearSoftmax(features)


@cache
def ways() -> tuple[np.ndarray, np.ndarray]:
    """The ways to the goal by the number of each move, ``(n, 3)``, and how many there are,
    ``(n,)``.

    Statement: `trajectories`. Moves after the arrival change nothing and are left out.
    """
    tau = exact.trajectories(world()[0])
    taken = np.eye(3)[tau.a] * reward_to_go(tau.r)[..., None]
    moves, n = np.unique(taken.sum(axis=1), axis=0, return_counts=True)
    arrived = moves.any(axis=1)
    moves, n = moves[arrived], n[arrived]
    return moves, n / 3 ** (H - moves.sum(axis=1))


def law(theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What one episode's estimate of the gradient is, ``(..., n, 2)``, and how likely,
    ``(..., n)``.

    Statement: `reinforce_pg`. The estimate is the sum of the scores on the way to the goal. It is 0
    with the probability that is missing, that of the episodes that do not get there.
    """
    moves, n = ways()
    pi = softmax(np.concatenate([theta, np.zeros_like(theta[..., :1])], axis=-1))
    scores = moves - moves.sum(axis=1)[:, None] * pi[..., None, :]
    return scores[..., :2], n * np.exp(np.log(pi) @ moves.T)


def J(theta: np.ndarray) -> np.ndarray:
    """The exact objective, ``(...)``: the probability of arriving. Statement: `objective_fn`."""
    return np.asarray(law(theta)[1].sum(axis=-1))


def gradient(theta: np.ndarray) -> np.ndarray:
    """The exact gradient of `J`, ``(..., 2)``. Statement: `reinforce_pg`."""
    scores, p = law(theta)
    return np.asarray(np.einsum("...n,...ni->...i", p, scores))


def covariance(theta: np.ndarray) -> np.ndarray:
    """That of one episode's estimate of the gradient, ``(..., 2, 2)``.

    Statement: `reinforce_pg`.
    """
    (scores, p), g = law(theta), gradient(theta)
    return np.einsum("...n,...ni,...nj->...ij", p, scores, scores) - g[..., None] * g[..., None, :]


def curvature(theta: np.ndarray) -> np.ndarray:
    """The second derivatives of `J`, ``(..., 2, 2)``, by complex steps. Statement: `sgd_rate`."""
    along = [jvp(gradient, theta, np.broadcast_to(e, theta.shape)) for e in np.eye(2)]
    return np.stack(along, axis=-1)


def estimate(theta: np.ndarray, u: np.ndarray) -> np.ndarray:
    """Estimates of the gradient at ``theta (M, 2)`` from episodes that ``u (M, N)`` chooses,
    ``(M, 2)``.

    Statement: `reinforce_pg`. ``u`` is uniform on [0, 1]: the same numbers are the same luck,
    whatever the parameters.
    """
    scores, p = law(theta)
    way = (u[..., None] > p.cumsum(axis=-1)[:, None]).sum(axis=-1)
    share = np.eye(p.shape[1] + 1)[way].mean(axis=1)[:, :-1]
    return np.asarray(np.einsum("mn,mni->mi", share, scores))


class Hill(NamedTuple):
    """The maximum of `J`, and the constants of the bound: largest curvature, largest noise."""

    top: np.ndarray
    best: float
    beta: float
    sigma2: float


@cache
def hill() -> Hill:
    """The hill's top, by Newton steps, and its constants, on a fine grid. Statement: `sgd_rate`."""
    side = np.linspace(-8, 8, 161)
    theta = np.stack(np.meshgrid(side, side), axis=-1)
    top = theta.reshape(-1, 2)[J(theta).argmax()]
    for _ in range(6):
        top = top - np.linalg.solve(curvature(top), gradient(top))
    beta = np.linalg.norm(curvature(theta), 2, axis=(-2, -1)).max()
    sigma2 = np.trace(covariance(theta), axis1=-2, axis2=-1).max()
    return Hill(top, float(J(top)), float(beta), float(sigma2))
