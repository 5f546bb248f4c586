r"""What an update climbs: the surrogate, clipped or with a penalty on the divergence.

On arrays, as a page prints it, and of a batch, as an algorithm calls it: the mean over episodes becomes
the sum over rows with weights, and the value at :math:`\theta^k` is taken off.
"""

from __future__ import annotations

import numpy as np

from pgcompanion import checks
from pgcompanion.batches import Batch
from pgcompanion.batches.batch import checked
from pgcompanion.objectives.kl import kl, kl_gradient
from pgcompanion.policies import Policy
from pgcompanion.policies.base import Room


def ratio(logp_new: np.ndarray, logp_old: np.ndarray) -> np.ndarray:
    r"""The likelihood ratio :math:`u=\pi_\theta(a\mid s)/\pi^k(a\mid s)` from two log-probabilities.

    Statement: `trpo_implement`. Shapes broadcast.

    Raises:
        ValueError: an argument that is no array of numbers.

    Example:
        >>> ratio(np.log([0.3]), np.log([0.6]))
        array([0.5])
    """
    return np.exp(checks.numbers("logp_new", logp_new) - checks.numbers("logp_old", logp_old))


def clipped(u: np.ndarray, A: np.ndarray, eps: float) -> np.ndarray:
    r"""The terms :math:`\min\{uA,\mathrm{clip}(u,1-\epsilon,1+\epsilon)A\}`, of the shape of ``u`` and ``A``.

    Statement: `ppo_clip`. Beyond the bound on the side where the advantage pulls, a term is constant.

    Raises:
        ValueError: ``eps`` is not a positive number.

    Example:
        >>> clipped(np.array([0.5, 2.0, 2.0]), np.array([1.0, 1.0, -1.0]), eps=0.2)
        array([ 0.5,  1.2, -2. ])
    """
    u, A = checks.numbers("u", u), checks.numbers("A", A)
    checks.positive("eps", eps)
    return np.minimum(u * A, u.clip(1 - eps, 1 + eps) * A)


def trpo_surrogate(logp_new: np.ndarray, logp_old: np.ndarray, A: np.ndarray) -> float:
    r""":math:`\frac1N\sum_n\sum_hu_hA_h`: the importance-weighted advantages of ``N`` old episodes.

    Statement: `trpo_implement`. `surrogate` is that of a batch, less its value at :math:`u=1`.

    Args:
        logp_new, logp_old: log-probabilities of the actions taken, new and old, shape ``(N, H)``.
        A: advantages, shape ``(N, H)``.

    Raises:
        ValueError: an array does not have the shape of ``A``, or is not finite.

    Example:
        >>> round(trpo_surrogate(np.log([[0.3]]), np.log([[0.6]]), np.array([[4.0]])), 6)
        2.0
    """
    logp_new, logp_old, A = _episodes(logp_new, logp_old, A)
    return float((ratio(logp_new, logp_old) * A).sum(axis=1).mean())


def ppo_clip_objective(
    logp_new: np.ndarray, logp_old: np.ndarray, A: np.ndarray, eps: float
) -> float:
    r""":math:`\frac1N\sum_n\sum_h\min\{u_hA_h,\mathrm{clip}(u_h,1-\epsilon,1+\epsilon)A_h\}`.

    Statement: `ppo_clip`. `clip` is that of a batch, less its value at :math:`u=1`. Arguments as in `trpo_surrogate`.

    Raises:
        ValueError: as `trpo_surrogate`; or ``eps`` is not a positive number.

    Example:
        >>> round(ppo_clip_objective(np.log([[0.6]]), np.log([[0.3]]), np.array([[1.0]]), eps=0.2), 6)
        1.2
    """
    logp_new, logp_old, A = _episodes(logp_new, logp_old, A)
    return float(clipped(ratio(logp_new, logp_old), A, eps).sum(axis=1).mean())


def ppo_penalty_objective(
    logp_new: np.ndarray, logp_old: np.ndarray, A: np.ndarray, lam: float
) -> float:
    r""":math:`\frac1N\sum_n\sum_h\big(u_hA_h-\lambda\log\frac1{\pi_\theta(a_h\mid s_h)}\big)`.

    Statement: `ppo_objective`, `sampled_kl`. Up to a constant it estimates the surrogate less :math:`\lambda`
    times the divergence. Its gradient is noisy: at :math:`\theta^k` the sampled divergence has a gradient of
    mean 0 and covariance :math:`\lambda^2F` per episode, where that of `penalty`, with the divergence analytic
    in each state, is 0. Arguments as in `trpo_surrogate`.

    Raises:
        ValueError: as `trpo_surrogate`; or ``lam`` is not a positive number.

    Example:
        >>> ppo_penalty_objective(np.zeros((1, 1)), np.zeros((1, 1)), np.array([[3.0]]), lam=1.0)
        3.0
    """
    checks.positive("lam", lam)
    logp_new, logp_old, A = _episodes(logp_new, logp_old, A)
    return float((ratio(logp_new, logp_old) * A + lam * logp_new).sum(axis=1).mean())


def gradient(policy: Policy, theta: np.ndarray, batch: Batch) -> np.ndarray:
    r"""The policy gradient :math:`\sum_iw_iA_i\nabla\log\pi_\theta(a_i\mid s_i)` at the batch's own ``theta``, ``(p,)``.

    Statement: `reinforce_pg`, `pg_advantage`.

    Raises:
        ValueError: ``theta`` is none of the policy's parameters.
        TypeError: ``policy`` is no policy, or ``batch`` no batch.

    Example:
        >>> from pgcompanion.policies import TabularSoftmax
        >>> batch = Batch(np.array([0]), np.array([1]), np.ones(1), np.full(1, 2.0), np.log([0.5]))
        >>> gradient(TabularSoftmax(1, 2), np.zeros(2), batch)
        array([-1.,  1.])
    """
    checks.policy(policy, "score_sum")
    return policy.score_sum(theta, checked(batch).s, batch.a, batch.w * batch.A)


def surrogate(policy: Policy, theta: np.ndarray, batch: Batch) -> float:
    r""":math:`L_k(\theta)=\sum_iw_iA_i(u_i-1)`, which is 0 at :math:`\theta^k`.

    Statement: `trpo`, `trpo_implement`. Complex ``theta`` pass, for a complex step.

    Raises:
        ValueError: ``theta`` is none of the policy's parameters.
        TypeError: ``policy`` is no policy, or ``batch`` no batch.

    Example:
        >>> from pgcompanion.policies import TabularSoftmax
        >>> batch = Batch(np.array([0]), np.array([1]), np.ones(1), np.full(1, 2.0), np.log([0.5]))
        >>> float(surrogate(TabularSoftmax(1, 2), np.array([0.0, np.log(3)]), batch).round(4))
        1.0
    """
    u = _ratio(policy, theta, batch)
    return (batch.w * batch.A * (u - 1)).sum()


def surrogate_gradient(
    policy: Policy, theta: np.ndarray, batch: Batch, room: Room | None = None
) -> np.ndarray:
    r""":math:`\nabla L_k(\theta)=\sum_iw_iA_iu_i\nabla\log\pi_\theta(a_i\mid s_i)`, shape ``(p,)``.

    Statement: `trpo_implement`. With ``room`` (`Policy.room`) passes through a network are in single
    precision. Raises as `surrogate`.
    """
    checks.policy(policy, "log_prob_vjp")
    log_prob, pull = policy.log_prob_vjp(theta, checked(batch).s, batch.a, room)
    return pull(batch.w * batch.A * ratio(log_prob, batch.log_prob))


def clip(policy: Policy, theta: np.ndarray, batch: Batch, eps: float) -> float:
    r"""The clipped surrogate :math:`\sum_iw_i\big(\min\{u_iA_i,\mathrm{clip}(u_i,1-\epsilon,1+\epsilon)A_i\}-A_i\big)`.

    Statement: `ppo_clip`, `clip_bias`. It is 0 at :math:`\theta^k`. It is not linear in :math:`A`: noise
    that turns the sign of an advantage lowers it wherever a ratio is out of the interval, in a batch of
    any size.

    Raises:
        ValueError: ``eps`` is not a positive number, or ``theta`` is none of the policy's parameters.
        TypeError: ``policy`` is no policy, or ``batch`` no batch.

    Example:
        >>> from pgcompanion.policies import TabularSoftmax
        >>> batch = Batch(np.array([0]), np.array([1]), np.ones(1), np.full(1, 2.0), np.log([0.5]))
        >>> float(clip(TabularSoftmax(1, 2), np.array([0.0, np.log(3)]), batch, eps=0.2).round(4))
        0.4
    """
    terms = clipped(_ratio(policy, theta, batch), batch.A, eps) - batch.A
    return (batch.w * terms).sum()


def clip_gradient(
    policy: Policy, theta: np.ndarray, batch: Batch, eps: float, room: Room | None = None
) -> np.ndarray:
    r"""The gradient of `clip`, shape ``(p,)``: a term beyond its bound adds nothing.

    Statement: `ppo_clip`. ``room`` as in `surrogate_gradient`. Raises as `clip`.
    """
    checks.policy(policy, "log_prob_vjp")
    checks.positive("eps", eps)
    log_prob, pull = policy.log_prob_vjp(theta, checked(batch).s, batch.a, room)
    u = ratio(log_prob, batch.log_prob)
    inside = (u - 1) * np.sign(batch.A) < eps
    return pull(batch.w * batch.A * u * inside)


def penalty(
    policy: Policy, theta_k: np.ndarray, theta: np.ndarray, batch: Batch, lam: float
) -> float:
    r""":math:`L_k(\theta)-\lambda\,\mathrm{KL}`, the surrogate less the price of the divergence.

    Statement: `ppo`. See `surrogate` and `kl`.

    Raises:
        ValueError: ``lam`` is not a positive number, or ``theta_k`` or ``theta`` is none of the policy's
            parameters.
        TypeError: ``policy`` is no policy, or ``batch`` no batch.
    """
    checks.positive("lam", lam)
    return surrogate(policy, theta, batch) - lam * kl(policy, theta_k, theta, batch)


def penalty_gradient(
    policy: Policy,
    theta_k: np.ndarray,
    theta: np.ndarray,
    batch: Batch,
    lam: float,
    room: Room | None = None,
) -> np.ndarray:
    r"""The gradient of `penalty` in ``theta``, shape ``(p,)``.

    Statement: `ppo`. ``room`` as in `surrogate_gradient`. Raises as `penalty`.
    """
    checks.positive("lam", lam)
    along = surrogate_gradient(policy, theta, batch, room)
    return along - lam * kl_gradient(policy, theta_k, theta, batch)


def _ratio(policy: Policy, theta: np.ndarray, batch: Batch) -> np.ndarray:
    checks.policy(policy, "log_prob")
    return ratio(policy.log_prob(theta, checked(batch).s, batch.a), batch.log_prob)


def _episodes(*arrays: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    names = ("logp_new", "logp_old", "A")
    shape = checks.finite("A", arrays[2], (None, None)).shape
    logp_new, logp_old, A = (
        checks.finite(name, x, shape) for name, x in zip(names, arrays, strict=True)
    )
    return logp_new, logp_old, A
