"""Iterative LQR: plans for a smooth model, each from the linear-quadratic problem around the last."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from pgcompanion import checks
from pgcompanion.derivatives import jvp

SHORTENED = 0.5 ** np.arange(8)  # the parts of a planned change that are tried
DAMPING = 1e-6, 1e6  # the least and the most that is added to the curvature of the actions


@dataclass(frozen=True)
class Model:
    """A deterministic world: the next state and the reward of states ``(..., n)`` and actions ``(..., m)``.

    Statement: `ilqr`. Both functions work on many rows at once and with complex numbers, since they
    are differentiated by complex steps.

    Raises:
        TypeError: ``step`` or ``reward`` is no function.
    """

    step: Callable[[np.ndarray, np.ndarray], np.ndarray]
    reward: Callable[[np.ndarray, np.ndarray], np.ndarray]

    def __post_init__(self) -> None:
        checks.function("step", self.step)
        checks.function("reward", self.reward)


class Plan(NamedTuple):
    r"""``N`` plans side by side, one for each first state (statement: `ilqr`).

    Attributes:
        s: states, shape ``(N, H+1, n)``.
        a: actions, shape ``(N, H, m)``.
        Theta: gains that hold the plan, :math:`a_h+\Theta_h(s-s_h)`, shape ``(N, H, m, n)``.
        J: returns, shape ``(N,)``.
        steps: evaluations of ``Model.step`` so far, for each plan.
    """

    s: np.ndarray
    a: np.ndarray
    Theta: np.ndarray
    J: np.ndarray
    steps: int


def ilqr(model: Model, s0: np.ndarray, a: np.ndarray, K: int | None = None) -> Iterator[Plan]:
    r"""Plans from the first states ``s0 (N, n)``, beginning with the actions ``a (N, H, m)``.

    Statement: `ilqr`. Each iteration expands the model along the plan, solves the linear-quadratic problem of
    the deviations by Riccati's recursion, and plays the result through the model. Of several lengths of
    the change the best is kept; where none is better, the curvature of the actions is raised and the
    plan stays. Costs that curve the wrong way are flattened.

    Raises:
        ValueError: ``s0`` or ``a`` does not have its shape or is not finite, or ``K`` is no natural number.
        TypeError: ``model`` is no `Model`.

    Source: Li and Todorov 2004; Tassa et al. 2012.

    Example:
        >>> cart = Model(lambda s, a: s + a, lambda s, a: -(s**2 + a**2).sum(axis=-1))
        >>> *_, plan = ilqr(cart, s0=np.array([[2.0]]), a=np.zeros((1, 2, 1)), K=5)
        >>> plan.J.round(3), plan.a[0, 0].round(3)
        (array([-6.]), array([-1.]))
    """
    if not isinstance(model, Model):
        raise TypeError(f"model must be a Model, but it is {checks.kind(model)}.")
    s0 = checks.finite("s0", s0, (None, None))
    a = checks.finite("a", a, (len(s0), None, None)).astype(float)
    return _iterate(model, s0, a, checks.iterations(K))


def _iterate(model: Model, s0: np.ndarray, a: np.ndarray, K: int | None) -> Iterator[Plan]:
    (N, H, m), n = a.shape, s0.shape[1]
    s, a, J = play(model, s0, a)
    plan, damping = Plan(s, a, np.zeros((N, H, m, n)), J, H), np.ones(N)
    yield plan
    k = 0
    while k != K:
        k += 1
        change, Theta = improve(*expand(model, plan.s[:, :-1], plan.a), damping)
        tries = [play(model, s0, plan.a + t * change, Theta, plan.s) for t in SHORTENED]
        best = np.argmax([J for _, _, J in tries], axis=0)
        s, a, J = (np.array(x)[best, np.arange(N)] for x in zip(*tries, strict=True))
        better = J > plan.J
        damping = np.where(better, damping / 4, damping * 4).clip(*DAMPING)
        steps = plan.steps + H * (len(SHORTENED) + n + m)
        plan = _kept(better, Plan(s, a, Theta, J, steps), plan)
        yield plan


def _kept(better: np.ndarray, new: Plan, old: Plan) -> Plan:
    """The new plans where they are better, the old ones elsewhere."""

    def where(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.where(better.reshape(-1, *[1] * (x.ndim - 1)), x, y)

    s, a, Theta, J = (where(x, y) for x, y in zip(new[:4], old[:4], strict=True))
    return Plan(s, a, Theta, J, new.steps)


def play(
    model: Model,
    s0: np.ndarray,
    a: np.ndarray,
    Theta: np.ndarray | None = None,
    around: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    r"""States, actions and returns of :math:`a_h+\Theta_h(s_h-\bar s_h)`; without ``Theta`` of ``a`` itself.

    Statement: `ilqr`.
    """
    s, used = [s0], []
    for h in range(a.shape[1]):
        now = a[:, h]
        if Theta is not None and around is not None:
            now = now + np.einsum("tij,tj->ti", Theta[:, h], s[-1] - around[:, h])
        used.append(now)
        s.append(model.step(s[-1], now))
    states, actions = np.stack(s, axis=1), np.stack(used, axis=1)
    return states, actions, model.reward(states[:, :-1], actions).sum(axis=1)


def expand(model: Model, s: np.ndarray, a: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The Jacobian of the step, and slope and curvature of the cost, at each step of a plan.

    Statement: `ilqr`. Shapes ``(N, H, n, n+m)``, ``(N, H, n+m)`` and ``(N, H, n+m, n+m)``.
    """
    n, x = s.shape[-1], np.concatenate([s, a], axis=-1)
    axes = [np.broadcast_to(e, x.shape) for e in np.eye(x.shape[-1])]

    def step(x: np.ndarray) -> np.ndarray:
        return model.step(x[..., :n], x[..., n:])

    def cost(x: np.ndarray) -> np.ndarray:
        return -model.reward(x[..., :n], x[..., n:])

    jacobian = np.stack([jvp(step, x, e) for e in axes], axis=-1)
    slope = np.stack([jvp(cost, x, e) for e in axes], axis=-1)
    rows = [np.stack([jvp(partial(jvp, cost, v=e), x, d) for e in axes], axis=-1) for d in axes]
    curvature = np.stack(rows, axis=-1)
    size, U = np.linalg.eigh((curvature + np.swapaxes(curvature, -1, -2)) / 2)
    return jacobian, slope, (U * size.clip(0)[..., None, :]) @ np.swapaxes(U, -1, -2)


def improve(
    jacobian: np.ndarray, slope: np.ndarray, curvature: np.ndarray, damping: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The changes of the actions ``(N, H, m)`` and the gains ``(N, H, m, n)``, by Riccati's recursion.

    Statement: `ilqr`.
    """
    N, H, n, both = jacobian.shape
    change, Theta = np.empty((N, H, both - n)), np.empty((N, H, both - n, n))
    p, P = np.zeros((N, n)), np.zeros((N, n, n))
    for h in reversed(range(H)):
        F = jacobian[:, h]
        q = slope[:, h] + np.einsum("tij,ti->tj", F, p)
        Q = curvature[:, h] + np.swapaxes(F, 1, 2) @ P @ F
        E, G = Q[:, n:, :n], Q[:, n:, n:]
        damped = G + damping[:, None, None] * np.eye(both - n)
        change[:, h] = -np.linalg.solve(damped, q[:, n:, None])[..., 0]
        Theta[:, h] = -np.linalg.solve(damped, E)
        C = np.concatenate([np.broadcast_to(np.eye(n), (N, n, n)), Theta[:, h]], axis=1)
        P = np.swapaxes(C, 1, 2) @ Q @ C
        pushed = np.einsum("tij,tj->ti", Q[:, :, n:], change[:, h])
        p = np.einsum("tij,ti->tj", C, q + pushed)
    return change, Theta


def pendulum() -> Model:
    r"""Gymnasium's Pendulum-v1 with the torque :math:`2\tanh u`: states are angle and angular velocity.

    Statement: `ilqr`. The environment cuts the torque off at 2; here it is squashed, so that there is a slope
    everywhere.

    Example:
        >>> model = pendulum()
        >>> model.step(np.array([0.1, 0.0]), np.array([0.0])).round(4)
        array([0.1037, 0.0749])
    """

    def step(s: np.ndarray, u: np.ndarray) -> np.ndarray:
        torque = 2 * np.tanh(u[..., 0])
        speed = s[..., 1] + 0.05 * (15 * np.sin(s[..., 0]) + 3 * torque)
        speed = np.where(np.abs(speed.real) < 8, speed, 8 * np.sign(speed.real))
        return np.stack([s[..., 0] + 0.05 * speed, speed], axis=-1)

    def reward(s: np.ndarray, u: np.ndarray) -> np.ndarray:
        turns = np.round(s[..., 0].real / (2 * np.pi))
        angle = s[..., 0] - 2 * np.pi * turns
        return -(angle**2 + 0.1 * s[..., 1] ** 2 + 0.001 * (2 * np.tanh(u[..., 0])) ** 2)

    return Model(step, reward)
