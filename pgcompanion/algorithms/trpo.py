r"""Trust region policy optimization: the surrogate, maximised where the KL divergence is at most :math:`\delta`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from pgcompanion.algorithms.arguments import fraction, not_negative, positive
from pgcompanion.algorithms.iterate import Iterate, iterate
from pgcompanion.algorithms.local import LocalProblem
from pgcompanion.algorithms.npg import natural_step
from pgcompanion.algorithms.penalty import penalty_argmax
from pgcompanion.algorithms.views import Coefficient, exactly, view
from pgcompanion.mdp import MDP

BACKTRACKS = 30


def trpo_update(
    problem: LocalProblem, delta: float, *, damping: float = 0.0, backtrack: float = 0.5
) -> np.ndarray:
    r"""One practical step: the natural step of radius ``delta``, shortened until it keeps its promise.

    Statement: `trpo_implement`. The full step is :math:`\sqrt{2\delta/g^\top F^+g}\,F^+g`. It is
    multiplied by ``backtrack`` until the KL divergence is at most ``delta`` and the surrogate has
    increased. Returns the new parameters, shape ``(p,)``, or a copy of the old ones where no step will do.

    Raises:
        ValueError: ``delta`` is not a positive number, ``damping`` is negative, or ``backtrack`` is not
            between 0 and 1.

    Source: Schulman et al. 2015, appendix C.
    """
    fraction("backtrack", backtrack)
    step = natural_step(problem, delta=delta, damping=damping)
    for _ in range(BACKTRACKS):
        theta = problem.theta_k + step
        if problem.kl(theta) <= delta and problem.surrogate(theta) > 0:
            return theta
        step = backtrack * step
    return problem.theta_k.copy()


def trpo_argmax(problem: LocalProblem, delta: float) -> tuple[np.ndarray, float]:
    r"""The exact update :math:`\arg\max_\theta L_k(\theta)` subject to :math:`\mathrm{KL}(\rho^k\,\|\,\rho_\theta)\le\delta`.

    Statement: `trpo`. Returns the parameters ``(p,)`` and the multiplier :math:`\alpha\ge0`, with
    :math:`\nabla L_k=\alpha\nabla\mathrm{KL}` and :math:`\mathrm{KL}=\delta`. They are found as the penalty
    :math:`\lambda=\alpha` whose maximiser (`penalty_argmax`) lies on the boundary. Near an optimum the
    boundary may be out of reach: then :math:`\alpha` is so small that what is left to gain is below
    round-off. Where the gradient is 0 the answer is :math:`\theta^k`, and the multiplier 0.

    Raises:
        ValueError: ``delta`` is not a positive number.
    """
    step = natural_step(problem, delta=delta)
    gain = float(problem.gradient @ step)
    if gain <= 0:
        return problem.theta_k.copy(), 0.0
    theta = problem.theta_k

    def excess(log_lam: float) -> float:
        nonlocal theta
        theta = penalty_argmax(problem, np.exp(log_lam), start=theta)
        return float(np.log(max(problem.kl(theta), np.finfo(float).tiny) / delta))

    log_lam = decreasing_root(excess, np.log(gain / (2 * delta)))
    return theta, float(np.exp(log_lam))


def decreasing_root(
    f: Callable[[float], float], x: float, tolerance: float = 1e-12, reach: int = 30
) -> float:
    r"""The root of a decreasing function, from a guess ``x``; it is also where ``f`` is called last.

    Statement: `trpo`. Steps of 1 bracket the root. Then come secant steps between the two ends, where an
    end that stays has its value halved, so that both close in (the Illinois rule). Where ``reach`` steps
    do not bracket it, the last of them is returned.

    >>> round(decreasing_root(lambda x: 2 - x**3, 0.5), 6)
    1.259921
    """
    y, fy = x, fx = x, f(x)
    step = 1.0 if fx > 0 else -1.0
    for _ in range(reach):
        if fx * step <= 0:
            break
        y, fy = x, fx
        x, fx = x + step, f(x + step)
    else:
        return x
    for _ in range(100):
        if abs(fx) <= tolerance:
            break
        z = x - fx * (x - y) / (fx - fy)
        fz = f(z)
        y, fy = (x, fx) if fz * fx < 0 else (y, fy / 2)
        x, fx = z, fz
    return x


def trpo(
    mdp: MDP | Any,
    policy: Any,
    theta: np.ndarray,
    *,
    delta: float,
    damping: float = 0.0,
    K: int | None = None,
    N: int | None = None,
    H: int | None = None,
    rng: np.random.Generator | None = None,
    coefficient: Coefficient | None = None,
) -> Iterator[Iterate]:
    r"""Trust region policy optimization.

    Statement: `trpo`, `trpo_implement`. On a finite MDP without ``N`` the surrogate and the divergence are
    exact and every step is `trpo_argmax`. Otherwise they are estimated, from ``N`` fresh trajectories or
    from the next steps of a vector environment, and every step is `trpo_update`. ``delta`` bounds the
    divergence of the whole trajectory in nats; on a vector environment, that of a piece of ``H`` steps.

    ``mdp``, ``N``, ``H``, ``rng`` and ``coefficient`` are as in `npg`.

    Raises:
        ValueError: ``delta`` is not a positive number or ``damping`` is negative; otherwise as `npg`.

    Example:
        >>> import gymnasium
        >>> from pgcompanion.policies import TabularSoftmax
        >>> lake = gymnasium.make_vec("FrozenLake-v1", num_envs=32, is_slippery=False)
        >>> options = {"delta": 0.1, "damping": 0.01, "rng": np.random.default_rng(0)}
        >>> *_, it = trpo(lake, TabularSoftmax(16, 4), np.zeros(64), **options, K=20)
        >>> it.J > 0.5
        True
    """
    positive("delta", delta)
    not_negative("damping", damping)
    is_exact = exactly(mdp, N, H)

    def update(problem: LocalProblem, k: int) -> np.ndarray:
        if is_exact:
            return trpo_argmax(problem, delta)[0]
        return trpo_update(problem, delta, damping=damping)

    return iterate(view(mdp, policy, N, rng, coefficient, H), theta, update, K)
