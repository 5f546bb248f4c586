r"""Generalized advantage estimates: from the TD residual of a step to the whole reward-to-go."""

from __future__ import annotations

import numpy as np

from pgcompanion import checks
from pgcompanion.trajectories import Trajectories


def gae(
    r: np.ndarray, V: np.ndarray, gamma: float, lam: float, terminated: np.ndarray
) -> np.ndarray:
    r"""Generalized advantage estimates of ``N`` episodes of ``H`` steps, ``(N, H)``.

    Statement: `gae`. `gae_steps` for whole episodes: :math:`V_H` counts as 0 where the episode
    terminated, and stands for what would have followed where it was cut off.

    Args:
        r: rewards, shape ``(N, H)``.
        V: values of the states passed through, the last one included, shape ``(N, H + 1)``.
        gamma: the discount, in [0, 1].
        lam: :math:`\lambda` in [0, 1].
        terminated: whether an episode truly ended, shape ``(N,)``.

    Raises:
        ValueError: an array of another shape or not finite, or ``gamma`` or ``lam`` not in [0, 1].

    Source: Schulman et al. 2016.

    Example:
        >>> gae(np.array([[1.0, 3.0]]), np.array([[1.0, 2.0, 4.0]]), 0.5, 0.5, np.array([False]))
        array([[1.75, 3.  ]])
    """
    r = checks.finite("r", r, (None, None))
    N, H = r.shape
    if H == 0:
        raise ValueError(f"r has shape {r.shape}, but one step at least is expected.")
    V = checks.finite("V", V, (N, H + 1))
    V_next = V[:, 1:].copy()
    V_next[checks.flags("terminated", terminated, (N,)), -1] = 0.0
    done = np.zeros((H, N), dtype=bool)
    return gae_steps(r.T, V[:, :-1].T, V_next.T, done, gamma, lam).T


def gae_steps(
    r: np.ndarray,
    V: np.ndarray,
    V_next: np.ndarray,
    done: np.ndarray,
    gamma: float,
    lam: float,
) -> np.ndarray:
    r"""Generalized advantage estimates along streams in which episodes may end: ``(T, n)``.

    Statement: `gae`. From the TD residual :math:`\delta_t=r_t+\gamma V_{t+1}-V_t` runs backwards
    :math:`\hat A_t=\delta_t+\gamma\lambda(1-\mathrm{done}_t)\hat A_{t+1}`, that is
    :math:`\hat A_t=\sum_{l\ge0}(\gamma\lambda)^l\delta_{t+l}` up to the end of the episode. At
    :math:`\lambda=1` it is the reward-to-go less the value, at :math:`\lambda=0` the TD residual:
    less variance, more bias where ``V`` is not the value function.

    The discount counts from step ``t``, as is usual for this estimate; `discounted` gives the
    coefficient of :math:`\nabla J_\gamma`.

    Args:
        r, V: rewards, and the values of the states in which they were earned, shape ``(T, n)``.
        V_next: the values of the states that followed, shape ``(T, n)``: 0 after a termination,
            :math:`V` of the last observation where an episode was cut off.
        done: whether the episode ended with this step, either way, shape ``(T, n)``.
        gamma, lam: discount :math:`\gamma` and :math:`\lambda`, in [0, 1].

    Raises:
        ValueError: an array of another shape or not finite, or ``gamma`` or ``lam`` not in [0, 1].

    Source: Schulman et al. 2016.

    Example:
        >>> one, done = np.ones((3, 1)), np.array([[False], [True], [False]])
        >>> gae_steps(one, one, 2 * one, done, gamma=1.0, lam=0.5).ravel()
        array([3., 2., 2.])
    """
    r = checks.finite("r", r, (None, None))
    V, V_next = checks.finite("V", V, r.shape), checks.finite("V_next", V_next, r.shape)
    done = checks.flags("done", done, r.shape)
    gamma, lam = checks.discount(gamma), checks.unit_interval("lam", lam)
    A = r + gamma * V_next - V
    decay = gamma * lam * (1 - done)
    for t in reversed(range(len(A) - 1)):
        A[t] += decay[t] * A[t + 1]
    return np.asarray(A)


def gae_of(
    tau: Trajectories,
    V: np.ndarray,
    gamma: float,
    lam: float,
    V_last: np.ndarray | None = None,
) -> np.ndarray:
    r"""`gae_steps` of trajectories, whose episodes may end early, shape ``(N, H)``.

    Statement: `gae`. What follows the last step of an episode is worth 0 where it terminated
    (``tau.terminated``, or the horizon), and ``V_last`` where it was cut off. The estimate is 0
    where no step was taken.

    Args:
        tau: trajectories.
        V: the values of the states ``tau.s``, shape ``(N, H)``, such as ``at_states(V, tau)``.
        gamma, lam: discount :math:`\gamma` and :math:`\lambda`, in [0, 1].
        V_last: the values of the observations ``tau.last``, shape ``(N,)``.

    Raises:
        ValueError: as in `gae_steps`, or an episode was cut off and ``V_last`` is missing.

    Example:
        >>> zeros = np.zeros((1, 3), int)
        >>> tau = Trajectories(zeros, zeros, np.array([[1.0, 2, 4]]))
        >>> gae_of(tau, np.ones((1, 3)), gamma=1.0, lam=0.5)
        array([[2.75, 3.5 , 3.  ]])
    """
    tau = checks.trajectories(tau)
    if V_last is not None:
        V_last = checks.finite("V_last", V_last, (tau.N,))
    V = np.where(tau.mask, checks.shaped("V", V, tau.r.shape), 0.0)
    no_step = np.zeros((tau.N, 1), dtype=bool)
    done = ~np.hstack([tau.mask[:, 1:], no_step])
    V_next = np.hstack([V[:, 1:], no_step])
    if not tau.terminated.all():
        if V_last is None:
            raise ValueError(
                "V_last must hold the values of tau.last, since an episode was cut off, "
                "but it is None."
            )
        V_last = np.where(tau.terminated, 0.0, V_last)
        V_next = np.where(done & tau.mask, V_last[:, None], V_next)
    return gae_steps(tau.r.T, V.T, V_next.T, done.T, gamma, lam).T


def normalised(A: np.ndarray) -> np.ndarray:
    r"""Advantages ``(B,)`` shifted and scaled to mean 0 and standard deviation 1.

    Statement: `ppo_practice`. A habit of practice, part of no gradient identity: both numbers depend on the
    actions. The shift is a baseline that knows the action, of a weight that falls with the size of the batch;
    the scale is a step size that depends on the noise.

    Raises:
        ValueError: ``A`` is not one axis of finite numbers.

    Example:
        >>> normalised(np.array([3.0, 7.0])).round(4)
        array([-1.,  1.])
    """
    A = checks.finite("A", A, (None,))
    return (A - A.mean()) / (A.std() + 1e-8)
