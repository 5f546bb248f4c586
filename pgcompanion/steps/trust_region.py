r"""Trust region steps: the surrogate, maximised where the KL divergence is at most :math:`\delta`."""

from __future__ import annotations

import numpy as np

from pgcompanion import checks
from pgcompanion._numerics.root import decreasing_root
from pgcompanion.batches import Batch
from pgcompanion.objectives import gradient, kl, surrogate
from pgcompanion.policies import Policy
from pgcompanion.steps.natural import natural_step
from pgcompanion.steps.penalty import penalty_argmax

INSIDE = 1 + 1e-6  # the divergence of an arg max, in units of the radius, beside round-off


def trpo_step(
    policy: Policy,
    theta: np.ndarray,
    batch: Batch,
    delta: float,
    *,
    damping: float = 0.0,
    backtrack: float = 0.5,
) -> np.ndarray:
    r"""The natural step of radius ``delta``, shortened until it keeps its promise: the new parameters, ``(p,)``.

    Statement: `trpo_implement`. The full step is :math:`\sqrt{2\delta/g^\top F^+g}\,F^+g`. The line search
    multiplies it by ``backtrack`` until the divergence is at most ``delta`` and the surrogate has
    increased. Where no step will do, down to those that round-off swallows, :math:`\theta^k` is returned.

    The divergence has the batch's units: nats of a trajectory for `Exact` and `Sampled`, the mean over
    visited states for `Rollouts`. With :math:`H` steps an episode the first is :math:`H` times the second.

    Raises:
        ValueError: ``delta`` is not a positive number, ``damping`` is negative, ``backtrack`` is not
            between 0 and 1, or ``theta`` is none of the policy's parameters.
        TypeError: ``policy`` is no policy, or ``batch`` no batch.

    Source: Schulman et al. 2015, appendix C.
    """
    checks.fraction("backtrack", backtrack)
    checks.positive("delta", delta)
    step = natural_step(policy, theta, batch, delta=delta, damping=damping)
    while (theta + step != theta).any():
        new = theta + step
        if kl(policy, theta, new, batch) <= delta and surrogate(policy, new, batch) > 0:
            return new
        step = backtrack * step
    return np.array(theta)


def trpo_argmax(
    policy: Policy, theta: np.ndarray, batch: Batch, delta: float
) -> tuple[np.ndarray, float]:
    r"""The exact update :math:`\arg\max_\theta L_k(\theta)` subject to :math:`\mathrm{KL}\le\delta`.

    Statement: `trpo`. Returns the parameters ``(p,)`` and the multiplier :math:`\alpha\ge0`, with
    :math:`\nabla L_k=\alpha\nabla\mathrm{KL}` and :math:`\mathrm{KL}=\delta`. They are found as the penalty
    :math:`\lambda=\alpha` whose maximiser (`penalty_argmax`) lies on the boundary. Near an optimum the
    boundary may be out of reach: then the multiplier is so small that what is left to gain is below
    round-off. Where the gradient is 0 the answer is :math:`\theta^k`, and the multiplier 0. The divergence
    never exceeds :math:`\delta(1+10^{-6})`: where the search for the boundary does not come to it, the
    answer is the best that it met inside.

    Raises:
        ValueError: ``delta`` is not a positive number, or ``theta`` is none of the policy's parameters.
        TypeError: ``policy`` is no policy, or ``batch`` no batch.

    Example:
        >>> from pgcompanion.batches import Exact
        >>> from pgcompanion.mdp import MDP
        >>> from pgcompanion.policies import TabularSoftmax
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> policy, theta = TabularSoftmax(1, 2), np.zeros(2)
        >>> new, alpha = trpo_argmax(policy, theta, batch := Exact(coin)(policy, theta), delta=0.1)
        >>> round(kl(policy, theta, new, batch), 6)
        0.1
    """
    checks.positive("delta", delta)
    step = natural_step(policy, theta, batch, delta=delta)
    gain = float(gradient(policy, theta, batch) @ step)
    best, multiplier, distance = np.array(theta), 0.0, np.inf
    if not gain > 0:
        return best, multiplier
    start = best

    def excess(log_lam: float) -> float:
        """How far the maximiser of a penalty is from the boundary; the nearest inside is remembered."""
        nonlocal start, best, multiplier, distance
        lam = float(np.exp(log_lam))
        start = penalty_argmax(policy, theta, batch, lam, start)
        reached = kl(policy, theta, start, batch) / delta
        apart = float(np.log(max(reached, np.finfo(float).tiny)))
        if reached <= INSIDE and abs(apart) < distance:
            best, multiplier, distance = start, lam, abs(apart)
        return apart

    decreasing_root(excess, float(np.log(gain / (2 * delta))))
    return best, multiplier
