r"""Baselines: what to subtract from the reward-to-go, fitted to trajectories or exact.

A fitted baseline leaves the mean of the gradient estimate alone only where it does not depend on
the trajectories that it is used on: fit it to other ones (`fitted_baseline`, `previous_baseline`), or
leave each trajectory out of its own (`leave_one_out`). With ``gamma`` the target is the discounted
reward-to-go of `reward_to_go`. A network is fitted by `value_function.fit_value`.
"""

from __future__ import annotations

import numpy as np

from pgcompanion import checks
from pgcompanion.estimators.baseline_noise import (
    optimal,
    same_batch_factor,
    second_moment_parts,
)
from pgcompanion.estimators.returns import reward_to_go, total_return
from pgcompanion.trajectories import Trajectories

__all__ = [
    "constant",
    "leave_one_out",
    "linear",
    "mean_reward_to_go",
    "optimal",
    "same_batch_factor",
    "second_moment_parts",
    "tabular",
]


def constant(r: np.ndarray, gamma: float = 1.0) -> float:
    r"""The mean return :math:`b=\frac1N\sum_nR(\tau_n)`, one number for every step and state.

    Statement: `pg_baseline`. ``r`` has shape ``(N, H)``.

    Raises:
        ValueError: ``r`` is not a matrix of finite numbers, or ``gamma`` is not in [0, 1].

    Example:
        >>> constant(np.array([[1, 2], [3, 4]]))
        5.0
    """
    return float(total_return(r, gamma)[:, 0].mean())


def mean_reward_to_go(tau: Trajectories, gamma: float = 1.0) -> np.ndarray:
    r"""The mean reward-to-go of each step, :math:`b_h=\frac1N\sum_nR_h(\tau_n)`, shape ``(H,)``.

    Statement: `pg_baseline`. The mean is over the episodes that reach step ``h``; where none does,
    :math:`b_h=0`.

    Raises:
        ValueError: ``gamma`` is not in [0, 1].
        TypeError: ``tau`` is no trajectories.

    Example:
        >>> zeros = np.zeros((2, 2), int)
        >>> tau = Trajectories(zeros, zeros, np.array([[1, 2], [3, 4]]))
        >>> mean_reward_to_go(tau)
        array([5., 3.])
    """
    R = reward_to_go(checks.trajectories(tau).r, gamma)
    return _mean(tau.mask.sum(axis=0), R.sum(axis=0), 0.0)


def tabular(tau: Trajectories, S: int, gamma: float = 1.0) -> np.ndarray:
    r"""The mean reward-to-go from each step and state, an estimate of :math:`V_h(s)`, ``(H, S)``.

    Statement: `pg_baseline_algorithm`. Where no trajectory is in state ``s`` at step ``h`` the
    entry is `mean_reward_to_go` of that step.

    Raises:
        ValueError: a state is not in ``0, ..., S - 1``, or ``gamma`` is not in [0, 1].

    Example:
        >>> s, r = np.array([[0, 1], [0, 0]]), np.array([[1, 2], [3, 4]])
        >>> tabular(Trajectories(s, np.zeros((2, 2), int), r), S=2)
        array([[5., 5.],
               [4., 2.]])
    """
    visits, totals = _by_state(tau, checks.positive_integer("S", S), gamma)
    return _mean(visits, totals, mean_reward_to_go(tau, gamma)[:, None])


def linear(tau: Trajectories, features: np.ndarray, gamma: float = 1.0) -> np.ndarray:
    r"""The least-squares fit :math:`b_h(s)=w_h^\top\psi(s)` of each step, shape ``(H, S)``.

    Statement: `pg_baseline_algorithm`. :math:`w_h` minimises
    :math:`\sum_n\big(R_h(\tau_n)-w_h^\top\psi(s_h^n)\big)^2`; of several minimisers it is the one
    of minimum norm.

    Args:
        tau: trajectories.
        features: :math:`\psi(s)` of each state, shape ``(S, m)``.
        gamma: the discount, in [0, 1].

    Raises:
        ValueError: ``features`` is not a finite matrix, a state has no row in it, or ``gamma`` is
            not in [0, 1].

    Example:
        >>> s, r = np.array([[0, 1], [1, 2]]), np.array([[1.0, 2], [3, 4]])
        >>> tau = Trajectories(s, np.zeros((2, 2), int), r)
        >>> linear(tau, features=[[1.0], [2.0], [3.0]]).round(4)
        array([[ 3.4   ,  6.8   , 10.2   ],
               [ 1.2308,  2.4615,  3.6923]])
    """
    features = checks.finite("features", features, (None, None))
    visits, totals = _by_state(tau, len(features), gamma)
    # One row a state, weighted by its visits, has the same minimiser as one row a trajectory.
    root = np.sqrt(visits)
    targets = _mean(root, totals, 0.0)
    w = [
        np.linalg.lstsq(root[h, :, None] * features, targets[h], rcond=None)[0]
        for h in range(tau.H)
    ]
    return np.asarray(w @ features.T)


def leave_one_out(tau: Trajectories, gamma: float = 1.0) -> np.ndarray:
    r"""For each trajectory the mean reward-to-go of the others, shape ``(N, H)``.

    Statement: `reused_baseline`. :math:`b_h^n=\frac1{N-1}\sum_{m\ne n}R_h(\tau_m)`. It reuses the
    batch without bias, since :math:`b^n` does not depend on :math:`\tau_n`. The mean is over the
    others that reach step ``h``; where none does, it is 0.

    Raises:
        ValueError: there is one trajectory only, or ``gamma`` is not in [0, 1].
        TypeError: ``tau`` is no trajectories.

    Example:
        >>> zeros = np.zeros((3, 1), int)
        >>> tau = Trajectories(zeros, zeros, np.array([[1.0], [2], [6]]))
        >>> leave_one_out(tau).ravel()
        array([4. , 3.5, 1.5])
    """
    own = reward_to_go(checks.trajectories(tau).r, gamma)
    if tau.N < 2:
        raise ValueError(f"tau must hold two trajectories at least, but it holds {tau.N}.")
    others = tau.N - 1 if tau.complete else tau.mask.sum(axis=0) - tau.mask
    # The sums are written over the rewards-to-go: at ten million steps that is what takes the time.
    b = np.subtract(own.sum(axis=0), own, out=own)
    b /= np.maximum(others, 1)  # without others the sum is 0 too
    return b


def _by_state(tau: Trajectories, S: int, gamma: float) -> tuple[np.ndarray, np.ndarray]:
    """Number of visits to each step and state, and the sum of the rewards-to-go from there."""
    tau = checks.trajectories(tau)
    s = tau.s if tau.complete else np.where(tau.mask, tau.s, 0)
    # Steps first: that is how they stand in memory.
    pair = (np.arange(tau.H)[:, None] * S + checks.indices("tau.s", s, S).T).ravel()
    visits, totals = (
        np.bincount(pair, x.T.ravel(), tau.H * S).reshape(tau.H, S)
        for x in (tau.mask, reward_to_go(tau.r, gamma))
    )
    return visits, totals


def _mean(weight: np.ndarray, total: np.ndarray, fallback: np.ndarray | float) -> np.ndarray:
    """``total / weight``, and ``fallback`` where there is no weight."""
    return np.asarray(np.where(weight > 0, total / np.where(weight > 0, weight, 1), fallback))
