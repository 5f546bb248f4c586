"""The exact step of the KL penalty, and the rule that adapts the penalty."""

from __future__ import annotations

import numpy as np

from pgcompanion import checks
from pgcompanion._numerics.newton import newton_ascent
from pgcompanion.batches import Batch
from pgcompanion.batches.batch import checked
from pgcompanion.objectives import penalty, penalty_gradient
from pgcompanion.policies import Policy

WEAKEST, STRONGEST = 2.0**-500, 2.0**500  # products with a divergence stay numbers


def penalty_argmax(
    policy: Policy,
    theta: np.ndarray,
    batch: Batch,
    lam: float,
    start: np.ndarray | None = None,
) -> np.ndarray:
    r"""The maximiser of :math:`L_k(\theta)-\lambda\,\mathrm{KL}`, shape ``(p,)``: the exact penalty step.

    Statement: `ppo`. A policy may have a closed form, `Policy.penalty_argmax`; softmax tables have one up
    to one number per state. Otherwise Newton's method goes uphill from ``start``, by default
    :math:`\theta^k`, to a local maximiser.

    Raises:
        ValueError: ``lam`` is not a positive number, or ``theta`` is none of the policy's parameters.
        TypeError: ``policy`` is no policy, or ``batch`` no batch.

    Example:
        >>> from pgcompanion.batches import Exact
        >>> from pgcompanion.mdp import MDP
        >>> from pgcompanion.policies import TabularSoftmax
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> policy, theta = TabularSoftmax(1, 2), np.zeros(2)
        >>> new = penalty_argmax(policy, theta, Exact(coin)(policy, theta), lam=0.5)
        >>> policy.table(new).round(3)
        array([[0.191, 0.809]])
    """
    checks.positive("lam", lam)
    theta = checks.parameters(theta, checks.policy(policy).p)
    start = theta if start is None else checks.parameters(start, policy.p, "start")
    checked(batch)
    closed_form = getattr(policy, "penalty_argmax", None)
    if closed_form is not None:
        return np.asarray(closed_form(theta, batch, lam))
    return newton_ascent(
        lambda x: penalty(policy, theta, x, batch, lam),
        lambda x: penalty_gradient(policy, theta, x, batch, lam),
        start,
    )


def adapted(lam: float, kl: float, target: float) -> float:
    r"""The next penalty: doubled after a step that went too far, halved after one that stayed too near.

    Statement: `ppo`. Too far is a divergence above :math:`1.5` times ``target``, too near one below
    ``target`` divided by :math:`1.5`. Past an optimum every step stays too near: the penalty ends at
    :math:`2^{-500}`, before it is no number, and upwards at :math:`2^{500}`.

    Raises:
        ValueError: ``lam`` or ``target`` is not a positive number, or ``kl`` is no number.

    Source: Schulman et al. 2017, section 4.

    Example:
        >>> adapted(1.0, kl=0.2, target=0.1), adapted(1.0, 0.1, 0.1), adapted(1.0, 0.05, 0.1)
        (2.0, 1.0, 0.5)
    """
    checks.positive("lam", lam)
    checks.positive("target", target)
    if checks.number("kl", kl) > 1.5 * target:
        return min(2 * lam, STRONGEST)
    return max(lam / 2, WEAKEST) if kl < target / 1.5 else lam
