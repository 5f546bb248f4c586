r"""Coefficients with a baseline that is fitted while the algorithm runs, without bias."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pgcompanion import checks
from pgcompanion.estimators.baselines import tabular
from pgcompanion.estimators.returns import at_states, reward_to_go
from pgcompanion.mdp import MDP
from pgcompanion.trajectories import Trajectories, sample

#: From trajectories and the number of states to a table ``(H, S)``, as `baselines.tabular`.
Fit = Callable[[Trajectories, int], np.ndarray]


def fitted_baseline(
    mdp: MDP,
    N: int,
    rng: np.random.Generator,
    fit: Fit = tabular,
) -> Callable[[Trajectories], np.ndarray]:
    r""":math:`\psi_h=R_h-b_h(s_h)` with a baseline fitted to ``N`` fresh trajectories each time.

    Statement: `pg_baseline_algorithm`. The fresh trajectories come from the table ``tau.pi`` that
    drew ``tau``. They are independent of it, so the estimate keeps its mean.

    Args:
        mdp: where the fresh trajectories are drawn.
        N: how many.
        rng: draws them.
        fit: from trajectories and the number of states to a table ``(H, S)``, as `tabular`; for
            features it is ``lambda tau, S: linear(tau, features)``.

    Returns:
        A function from trajectories to coefficients ``(N, H)``. It raises `ValueError` if
        ``tau.pi`` is None.

    Raises:
        ValueError: ``N`` is not a positive integer.
        TypeError: ``mdp`` is no MDP, ``rng`` no generator, or ``fit`` no function.

    Example:
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> rng = np.random.default_rng(0)
        >>> tau = sample(coin, np.array([[0.0, 1.0]]), N=2, rng=rng)
        >>> fitted_baseline(coin, N=10, rng=rng)(tau)
        array([[0., 0., 0.],
               [0., 0., 0.]])
    """
    mdp, N, rng = checks.mdp(mdp), checks.positive_integer("N", N), checks.generator(rng)
    fit = checks.function("fit", fit)

    def psi(tau: Trajectories) -> np.ndarray:
        pi = checks.trajectories(tau).pi
        if pi is None:
            raise ValueError("tau.pi must be the table that drew tau, but it is None.")
        b = fit(sample(mdp, pi, N, rng), mdp.S)
        return reward_to_go(tau.r) - at_states(b, tau)

    return psi


def previous_baseline(S: int, fit: Fit = tabular) -> Callable[[Trajectories], np.ndarray]:
    r""":math:`\psi_h=R_h-b_h(s_h)` with a baseline fitted to the batch *before*: no episode is spent on it.

    Statement: `pg_baseline_algorithm`. Given the batch before, the baseline is a fixed table and the
    parameters are fixed, so the estimate keeps its mean. The first batch has no baseline. It remembers:
    every run needs its own.

    Args:
        S: number of states.
        fit: as in `fitted_baseline`.

    Raises:
        ValueError: ``S`` is not a positive integer.
        TypeError: ``fit`` is no function.

    Example:
        >>> zeros, psi = np.zeros((1, 2), int), previous_baseline(S=1)
        >>> [psi(Trajectories(zeros, zeros, np.array([r]))).tolist() for r in ([1.0, 1], [1.0, 3])]
        [[[2.0, 1.0]], [[2.0, 2.0]]]
    """
    S, fit = checks.positive_integer("S", S), checks.function("fit", fit)
    last: list[np.ndarray] = []

    def psi(tau: Trajectories) -> np.ndarray:
        R = reward_to_go(checks.trajectories(tau).r)
        b = at_states(last.pop(), tau) if last else np.zeros_like(R)
        last.append(fit(tau, S))
        return R - b

    return psi
