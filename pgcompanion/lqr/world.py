"""A world with linear dynamics and quadratic rewards, and its policies' arguments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from pgcompanion import checks
from pgcompanion.lqr.systems import SYSTEMS

if TYPE_CHECKING:
    import gymnasium

#: Where Gymnasium finds the environment, which stands upon this room.
ENV = "pgcompanion.lqr.env:LQREnv"

T = TypeVar("T")


@dataclass(frozen=True, eq=False, repr=False)
class LQR:
    r"""Linear dynamics and quadratic rewards: :math:`s'=As+Ba+w`, :math:`r=-(s^\top Qs+a^\top Ra)`.

    Statement: `lqr`. The noise is :math:`w\sim\mathcal N(0,W)`, an episode has :math:`H` steps, and of
    the first state only its second moment :math:`M_0=\mathbb E\,s_0s_0^\top` matters. Where states are
    drawn, :math:`s_0\sim\mathcal N(0,M_0)`. A policy is a gain :math:`\Theta`, one for all steps
    ``(m, n)`` or one for each ``(H, m, n)``, and a standard deviation :math:`\sigma`, a number or
    one for each of the ``m`` actions: :math:`a\mid s\sim\mathcal N(\Theta_hs,\sigma^2I)`. It is
    `LinearGaussian` with the state for features.

    Args:
        A: shape ``(n, n)``.
        B: shape ``(n, m)``.
        Q, W, M0: symmetric, without negative eigenvalues, shape ``(n, n)``.
        R: symmetric, with positive eigenvalues, shape ``(m, m)``.
        H: number of steps of an episode.

    Raises:
        ValueError: a wrong shape, a number that is not finite, or a matrix that is not symmetric or
            has an eigenvalue that it must not have.

    Example:
        >>> world = LQR(A=[[1.0]], B=[[1.0]], Q=[[1.0]], R=[[1.0]], W=[[0.0]], M0=[[4.0]], H=2)
        >>> world, world.n, world.m
        (LQR(n=1, m=1, H=2), 1, 1)
    """

    A: np.ndarray
    B: np.ndarray
    Q: np.ndarray
    R: np.ndarray
    W: np.ndarray
    M0: np.ndarray
    H: int

    def __post_init__(self) -> None:
        B = checks.finite("B", self.B, (None, None))
        n, m = B.shape
        if B.size == 0:
            raise ValueError(f"B has shape {B.shape}, but (n, m) with both at least 1 is expected.")
        arrays = {
            "A": checks.finite("A", self.A, (n, n)),
            "B": B,
            "R": checks.positive_definite("R", self.R, m),
        }
        arrays |= {x: checks.semidefinite(x, getattr(self, x), n) for x in ("Q", "W", "M0")}
        for name, x in arrays.items():
            object.__setattr__(self, name, checks.constant(name, x))
        object.__setattr__(self, "H", checks.positive_integer("H", self.H))

    @classmethod
    def named(cls, name: str, **changes: Any) -> LQR:
        """A system of `SYSTEMS`; ``changes`` are arguments of `LQR` that take the place of its own.

        Raises:
            ValueError: ``SYSTEMS`` has no system of that name.

        Example:
            >>> LQR.named("double integrator", H=50)
            LQR(n=2, m=1, H=50)
        """
        return cls(**SYSTEMS[checks.choice("name", name, tuple(SYSTEMS))]() | changes)

    @property
    def n(self) -> int:
        """Number of coordinates of a state."""
        return len(self.A)

    @property
    def m(self) -> int:
        """Number of coordinates of an action."""
        return int(self.B.shape[1])

    def env(self) -> gymnasium.Env[np.ndarray, np.ndarray]:
        """The Gymnasium environment: observations are states, and an episode ends after ``H`` steps."""
        from gymnasium.envs.registration import load_env_creator

        matrices = {name: getattr(self, name) for name in ("A", "B", "Q", "R", "W", "M0")}
        make: Any = load_env_creator(ENV)
        env: gymnasium.Env[np.ndarray, np.ndarray] = make(**matrices, H=self.H)
        return env

    def __repr__(self) -> str:
        return f"LQR(n={self.n}, m={self.m}, H={self.H})"


def checked(x: T) -> T:
    """Return ``x`` after checking that it is a world of this kind."""
    if not isinstance(x, LQR):
        raise TypeError(f"world must be an LQR, but it is {checks.kind(x)}.")
    return x


def gains(world: LQR, Theta: object, name: str = "Theta") -> np.ndarray:
    """The gains of all steps, ``(H, m, n)``, of one gain ``(m, n)`` or of one for each step."""
    Theta = checks.finite(name, Theta)
    one, each = (checked(world).m, world.n), (world.H, world.m, world.n)
    if Theta.shape not in (one, each):
        raise ValueError(f"{name} has shape {Theta.shape}, but {one} or {each} is expected.")
    return np.broadcast_to(Theta.astype(np.result_type(Theta, float)), each)


def deviations(world: LQR, sigma: object) -> np.ndarray:
    """The standard deviations of the ``m`` actions, shape ``(m,)``; 0 is none."""
    sigma = checks.finite("sigma", sigma)
    if sigma.shape not in ((), (checked(world).m,)):
        raise ValueError(
            f"sigma has shape {sigma.shape}, but a number or ({world.m},) is expected."
        )
    if (sigma.real < 0).any():
        raise ValueError(f"sigma must not be negative, but it is {sigma.real.min():g}.")
    return np.broadcast_to(sigma, (world.m,))


def positive_deviations(world: LQR, sigma: object) -> np.ndarray:
    """`deviations`, none of them 0: without noise a policy has no density."""
    sigma = deviations(world, sigma)
    if not (sigma.real > 0).all():
        raise ValueError("sigma must be positive, but it is 0: without noise there is no density.")
    return sigma


def root(M: np.ndarray) -> np.ndarray:
    r"""A matrix ``L`` with :math:`LL^\top=M`, also of a singular ``M``."""
    size, U = np.linalg.eigh(M)
    return U * np.sqrt(size.clip(0))
