"""Proximal steps: the surrogate with a penalty on the KL divergence, or clipped."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from pgcompanion import checks
from pgcompanion._numerics.adam import Adam
from pgcompanion.batches import Batch
from pgcompanion.batches.batch import checked
from pgcompanion.objectives import (
    clip_gradient,
    entropy_gradient,
    kl,
    penalty_gradient,
)
from pgcompanion.policies import Policy


def ppo_step(
    policy: Policy,
    theta: np.ndarray,
    batch: Batch,
    *,
    lam: float | None = None,
    eps: float | None = None,
    eta: float | Adam = 0.05,
    epochs: int = 10,
    minibatch: int | None = None,
    rng: np.random.Generator | None = None,
    bonus: float = 0.0,
    max_norm: float = np.inf,
    stop_kl: float = np.inf,
) -> np.ndarray:
    r"""``epochs`` passes of Adam over the local objective, from :math:`\theta^k`: the new parameters, ``(p,)``.

    Statement: `ppo`, `ppo_clip`, `ppo_practice`. With ``lam`` the objective is `penalty`, with ``eps`` it is `clip`. Both
    have the gradient :math:`\nabla J(\theta^k)` at the start.

    Args:
        policy, theta, batch: :math:`\theta^k` and what was seen there.
        lam, eps: the penalty :math:`\lambda` or the clip range :math:`\epsilon`, one of the two.
        eta: step size of a new `Adam`, or an `Adam` that goes on from the step before.
        epochs: passes over the rows; none leave :math:`\theta^k` where it is.
        minibatch: rows of a gradient, shuffled by ``rng``; ``None`` takes all at once.
        bonus: weight of the `entropy` that is added to the objective.
        max_norm: longer gradients are scaled down to this norm.
        stop_kl: no further epoch once `kl` exceeds it.

    Raises:
        ValueError: neither or both of ``lam`` and ``eps`` are given; a number out of range; ``minibatch``
            with an aggregated batch; or ``theta`` is none of the policy's parameters.
        TypeError: ``policy`` is no policy, ``batch`` no batch, or ``minibatch`` comes without a generator.

    Source: Schulman et al. 2017; Engstrom et al. 2020.
    """
    name, x = checks.one_of(lam=lam, eps=eps)
    theta_k = checks.parameters(theta, checks.policy(policy, "log_prob_vjp").p)
    _check_passes(batch, epochs, minibatch, bonus, max_norm, stop_kl)
    adam = _adam(eta, policy.p, theta_k.dtype)
    room = None if minibatch is None else policy.room(min(minibatch, batch.B))

    def gradient(theta: np.ndarray, part: Batch) -> np.ndarray:
        if name == "eps":
            g = clip_gradient(policy, theta, part, x, room)
        else:
            g = penalty_gradient(policy, theta_k, theta, part, x, room)
        return g + bonus * entropy_gradient(policy, theta, part) if bonus else g

    theta = theta_k.copy()
    for _ in range(epochs):
        for part in epoch(batch, minibatch, rng):
            theta += adam.step(shortened(gradient(theta, part), max_norm))
        if stop_kl < np.inf and kl(policy, theta_k, theta, batch) > stop_kl:
            break
    return theta


def _check_passes(
    batch: Batch, epochs: int, minibatch: int | None, bonus: float, max_norm: float, stop_kl: float
) -> None:
    checked(batch)
    checks.natural_number("epochs", epochs)
    if minibatch is not None:
        checks.positive_integer("minibatch", minibatch)
    checks.not_negative("bonus", bonus)
    for name, limit in (("max_norm", max_norm), ("stop_kl", stop_kl)):
        if limit is not np.inf:
            checks.positive(name, limit)


def _adam(eta: float | Adam, p: int, dtype: np.dtype) -> Adam:
    """The Adam that is given, or a new one for ``p`` parameters."""
    adam = eta if isinstance(eta, Adam) else Adam(p, eta, dtype=dtype)
    if adam.p != p:
        raise ValueError(f"eta must be Adam for p = {p} parameters, but it is for {adam.p}.")
    return adam


def epoch(batch: Batch, minibatch: int | None, rng: np.random.Generator | None) -> Iterable[Batch]:
    """One pass over a batch: at once, or in shuffled minibatches.

    Statement: `ppo_clip`.
    """
    return [batch] if minibatch is None else batch.minibatches(minibatch, checks.generator(rng))


def shortened(g: np.ndarray, max_norm: float) -> np.ndarray:
    """The gradient ``g``, scaled down to ``max_norm`` where it is longer.

    Statement: `ppo_clip`.

    >>> shortened(np.array([3.0, 4.0]), max_norm=1.0)
    array([0.6, 0.8])
    """
    if max_norm == np.inf:
        return g
    norm = np.linalg.norm(g)
    return g if norm <= max_norm else g * (max_norm / norm)
