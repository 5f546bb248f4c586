r"""Proximal policy optimization: the surrogate with a penalty on the KL divergence, or clipped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from pgcompanion import checks
from pgcompanion.algorithms.arguments import generator, one_of, positive
from pgcompanion.algorithms.iterate import Iterate, iterate
from pgcompanion.algorithms.local import LocalProblem
from pgcompanion.algorithms.penalty import penalty_argmax
from pgcompanion.algorithms.views import Coefficient, exactly, view
from pgcompanion.ascent import Adam
from pgcompanion.mdp import MDP
from pgcompanion.trajectories import Trajectories


def ppo_update(
    problem: LocalProblem,
    *,
    lam: float | None = None,
    eps: float | None = None,
    eta: float = 0.05,
    epochs: int = 10,
    minibatch: int | None = None,
    rng: np.random.Generator | None = None,
) -> np.ndarray:
    r"""One practical step: ``epochs`` passes of Adam over the local objective, from :math:`\theta^k`.

    Statement: `ppo`, `ppo_clip`. With ``lam`` the objective is the penalised one,
    :math:`L_k(\theta)-\lambda\,\mathrm{KL}(\rho^k\,\|\,\rho_\theta)`; with ``eps`` the clipped one,
    :math:`\mathbb E\sum_h\min\{uA,\mathrm{clip}(u,1-\epsilon,1+\epsilon)A\}` with the ratio
    :math:`u=\pi_\theta/\pi^k`. Both have the gradient :math:`\nabla J(\theta^k)` at the start. Returns the
    new parameters, shape ``(p,)``.

    Args:
        problem: exact or sampled.
        lam, eps: the penalty :math:`\lambda` or the clip range :math:`\epsilon`, one of the two.
        eta: step size of `Adam`.
        epochs: passes over the steps; none leave :math:`\theta^k` where it is.
        minibatch: number of steps of a gradient, shuffled by ``rng``; ``None`` takes all at once. A
            table of finitely many states is always taken at once.

    Raises:
        ValueError: neither or both of ``lam`` and ``eps`` are given, the one or ``eta`` is not a positive
            number, ``epochs`` is not a natural number, ``minibatch`` not a positive integer, or given
            without ``rng``.

    Source: Schulman et al. 2017.
    """
    gradient = _local_gradient(lam, eps)
    _check_passes(eta, epochs, minibatch, rng)
    theta = problem.theta_k.copy()
    adam = Adam(len(theta), eta, dtype=theta.dtype)
    for _ in range(epochs):
        for part in _epoch(problem, minibatch, rng):
            theta += adam.step(gradient(part, theta))
    return theta


def _epoch(
    problem: LocalProblem, minibatch: int | None, rng: np.random.Generator | None
) -> Iterable[LocalProblem]:
    return [problem] if minibatch is None or rng is None else problem.minibatches(minibatch, rng)


def _check_passes(
    eta: float, epochs: int, minibatch: int | None, rng: np.random.Generator | None
) -> None:
    positive("eta", eta)
    checks.natural_number("epochs", epochs)
    if minibatch is not None:
        checks.positive_integer("minibatch", minibatch)
        generator(rng, "minibatch")


def _local_gradient(
    lam: float | None, eps: float | None
) -> Callable[[LocalProblem, np.ndarray], np.ndarray]:
    name, x = one_of(lam=lam, eps=eps)
    if name == "lam":
        return lambda part, theta: part.surrogate_gradient(theta) - x * part.kl_gradient(theta)
    return lambda part, theta: part.clipped_gradient(theta, x)


def adapted(lam: float, kl: float, target: float) -> float:
    r"""The next penalty: doubled after a step that went too far, halved after one that stayed too near.

    Statement: `ppo`. Too far is a divergence above :math:`1.5` times ``target``, too near one below
    ``target`` divided by :math:`1.5`.

    Raises:
        ValueError: ``lam`` or ``target`` is not a positive number.

    Source: Schulman et al. 2017, section 4.

    >>> adapted(1.0, kl=0.2, target=0.1), adapted(1.0, 0.1, 0.1), adapted(1.0, 0.05, 0.1)
    (2.0, 1.0, 0.5)
    """
    positive("lam", lam)
    positive("target", target)
    if kl > 1.5 * target:
        return 2 * lam
    return lam / 2 if kl < target / 1.5 else lam


def normalised(tau: Trajectories, psi: np.ndarray) -> np.ndarray:
    r"""Advantages ``psi (N, H)`` shifted and scaled to mean 0 and standard deviation 1 over the steps taken.

    Statement: `ppo_clip`. A habit of practice. It makes step sizes comparable across tasks; it is not
    part of any gradient identity, since both numbers depend on the actions.

    >>> tau = Trajectories(np.zeros((2, 1), int), np.zeros((2, 1), int), np.zeros((2, 1)))
    >>> normalised(tau, np.array([[3.0], [7.0]])).ravel().round(4)
    array([-1.,  1.])
    """
    taken = psi[tau.mask]
    return (psi - taken.mean()) / (taken.std() + 1e-8)


def ppo(
    mdp: MDP | Any,
    policy: Any,
    theta: np.ndarray,
    *,
    lam: float | None = None,
    eps: float | None = None,
    target: float | None = None,
    eta: float = 0.05,
    epochs: int = 10,
    minibatch: int | None = None,
    normalise: bool = False,
    K: int | None = None,
    N: int | None = None,
    H: int | None = None,
    rng: np.random.Generator | None = None,
    coefficient: Coefficient | None = None,
) -> Iterator[Iterate]:
    r"""Proximal policy optimization with a penalty ``lam`` or a clip range ``eps``.

    Statement: `ppo`, `ppo_clip`. On a finite MDP without ``N`` visits and advantages are exact, and the
    penalised step is the arg max itself (`penalty_argmax`). Otherwise every step is `ppo_update`.

    ``mdp``, ``N``, ``H``, ``rng`` and ``coefficient`` are as in `npg`; ``eta``, ``epochs`` and ``minibatch``
    as in `ppo_update`.

    Args:
        target: a divergence in nats; then the penalty is `adapted` to it after every step, exact or
            estimated as the step itself. The record has the penalty that the next step will use as
            ``it.lam``.
        normalise: whether the sampled advantages are `normalised`.

    Raises:
        ValueError: as `ppo_update` and `npg`; ``target`` is not a positive number, or is given with
            ``eps``.

    Example:
        >>> from pgcompanion.policies import TabularSoftmax
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> [round(it.J, 3) for it in ppo(coin, TabularSoftmax(1, 2), np.zeros(2), lam=0.5, K=3)]
        [1.5, 2.427, 2.8, 2.932]
    """
    one_of(lam=lam, eps=eps)
    _check_passes(eta, epochs, minibatch, rng)
    _check_target(target, lam)
    maximise = lam is not None and exactly(mdp, N, H)

    def update(problem: LocalProblem, k: int) -> np.ndarray:
        nonlocal lam
        if maximise and lam is not None:
            new = penalty_argmax(problem, lam)
        else:
            new = ppo_update(
                problem, lam=lam, eps=eps, eta=eta, epochs=epochs, minibatch=minibatch, rng=rng
            )
        if target is not None and lam is not None:
            lam = adapted(lam, problem.kl(new), target)
        return new

    def with_penalty(its: Iterator[Iterate]) -> Iterator[Iterate]:
        for it in its:
            it.lam = lam
            yield it

    scale = normalised if normalise else None
    return with_penalty(iterate(view(mdp, policy, N, rng, coefficient, H, scale), theta, update, K))


def _check_target(target: float | None, lam: float | None) -> None:
    if target is not None and lam is None:
        raise ValueError(f"target must come with the penalty lam, but it is {target} beside eps.")
    if target is not None:
        positive("target", target)
