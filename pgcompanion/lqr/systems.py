"""Four systems that control engineers know, as arguments of `LQR`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Arguments = dict[str, Any]


def sampled_data(A: np.ndarray, B: np.ndarray, dt: float) -> tuple[np.ndarray, np.ndarray]:
    r"""The step of :math:`\dot s=As+Ba` over a time ``dt`` in which :math:`a` is held.

    Statement: `lqr`. The exponential of one matrix holds both (Van Loan 1978); for a short time its
    power series is enough.
    """
    n, m = B.shape
    X = np.zeros((n + m, n + m))
    X[:n, :n], X[:n, n:] = dt * A, dt * B
    term = total = np.eye(n + m)
    for k in range(1, 30):
        term = term @ X / k
        total = total + term
    return total[:n, :n], total[:n, n:]


def _double_integrator() -> Arguments:
    """A cart on rails: position and velocity, moved by a force that is held for 0.2 seconds."""
    A, B = sampled_data(np.array([[0.0, 1.0], [0.0, 0.0]]), np.array([[0.0], [1.0]]), 0.2)
    return {
        "A": A, "B": B, "Q": np.diag([1.0, 0.1]), "R": [[0.1]], "W": 0.001 * np.eye(2),
        "M0": np.eye(2), "H": 30,
    }  # fmt: skip


def _two_masses() -> Arguments:
    """Two carts, joined by a spring; the force acts on the first, the second is to stand still."""
    A = np.zeros((4, 4))
    A[:2, 2:] = np.eye(2)
    A[2:, :2] = [[-1.0, 1.0], [1.0, -1.0]]
    A, B = sampled_data(A, np.array([[0.0], [0.0], [1.0], [0.0]]), 0.2)
    return {
        "A": A, "B": B, "Q": np.diag([0.0, 1.0, 0.0, 0.0]), "R": [[0.1]], "W": 0.001 * np.eye(4),
        "M0": np.diag([1.0, 1.0, 0.0, 0.0]), "H": 60,
    }  # fmt: skip


def _pendulum() -> Arguments:
    """Gymnasium's Pendulum-v1 near its top, linearised: its angle from upright, its angular velocity.

    The environment changes the velocity first and then the angle, by the new one.
    """
    dt, gravity, torque = 0.05, 15.0, 3.0  # 3g / 2l and 3 / ml² of the environment
    return {
        "A": [[1 + gravity * dt**2, dt], [gravity * dt, 1.0]], "B": [[torque * dt**2], [torque * dt]],
        "Q": np.diag([1.0, 0.1]), "R": [[0.001]], "W": np.zeros((2, 2)), "M0": 0.01 * np.eye(2),
        "H": 200,
    }  # fmt: skip


def _unstable() -> Arguments:
    """The unstable Laplacian of Dean et al. 2020: three coupled parts, each driven, that drift apart."""
    A = 1.01 * np.eye(3) + 0.01 * (np.eye(3, k=1) + np.eye(3, k=-1))
    return {
        "A": A, "B": np.eye(3), "Q": 0.001 * np.eye(3), "R": np.eye(3), "W": np.eye(3),
        "M0": np.zeros((3, 3)), "H": 100,
    }  # fmt: skip


#: Named systems, each a function that gives the arguments of `LQR`: see `LQR.named`.
SYSTEMS: dict[str, Callable[[], Arguments]] = {
    "double integrator": _double_integrator,
    "two masses": _two_masses,
    "pendulum": _pendulum,
    "unstable": _unstable,
}
