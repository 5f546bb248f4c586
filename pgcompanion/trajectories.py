"""Sampled trajectories as arrays, one row an episode, and the sampler for finite MDPs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pgcompanion import checks
from pgcompanion._numerics.sampling import draw_chain
from pgcompanion.mdp import MDP


@dataclass(frozen=True, eq=False, repr=False)
class Trajectories:
    r""":math:`N` trajectories :math:`\tau=(s_0,a_0,r_0,\dots,s_{H-1},a_{H-1},r_{H-1})`.

    Statement: `trajectories`.

    Args:
        s: states, shape ``(N, H)``, or ``(N, H, ...)`` where a state is a vector.
        a: actions, shape ``(N, H)`` or ``(N, H, n)``.
        r: rewards, shape ``(N, H)``; 0 where no step was taken.
        mask: True where a step was taken, shape ``(N, H)``; an episode that ends early is False
            afterwards. By default every episode has ``H`` steps.
        terminated: True where the episode truly ended, shape ``(N,)``; False where it was only cut off.
            By default the horizon ends every episode.
        last: the observation after the last step, shape ``(N, ...)``; ``None`` where unknown.
        pi: the table of the policy that took the actions, ``(S, A)`` or ``(H, S, A)``; ``None`` where
            unknown.

    Raises:
        ValueError: a shape that does not fit, no trajectory or no step, a reward that is not a finite
            number, or a mask with a step after the end of its episode.

    Example:
        >>> Trajectories(s=np.zeros((2, 3), int), a=np.ones((2, 3), int), r=np.ones((2, 3)))
        Trajectories(N=2, H=3)
    """

    s: np.ndarray
    a: np.ndarray
    r: np.ndarray
    mask: np.ndarray = None  # type: ignore[assignment]
    terminated: np.ndarray = None  # type: ignore[assignment]
    last: np.ndarray | None = None
    pi: np.ndarray | None = None

    def __post_init__(self) -> None:
        r = checks.finite("r", self.r)
        if r.ndim != 2 or r.size == 0:
            raise ValueError(
                f"r has shape {r.shape}, but (N, H) with N and H at least 1 is expected."
            )
        arrays = {
            "s": checks.shaped("s", self.s, (*r.shape, ...)),
            "a": checks.shaped("a", self.a, (*r.shape, ...)),
            "r": r,
            "mask": np.broadcast_to(np.True_, r.shape),
            "terminated": np.broadcast_to(np.True_, len(r)),
        }
        if self.mask is not None:
            mask = checks.flags("mask", self.mask, r.shape)
            if (mask[:, 1:] > mask[:, :-1]).any() or not mask[:, 0].all():
                raise ValueError("mask must be True from the first step of an episode to its last.")
            arrays |= {"mask": mask, "r": np.where(mask, r, r.dtype.type(0))}
        if self.terminated is not None:
            arrays["terminated"] = checks.flags("terminated", self.terminated, (len(r),))
        if self.last is not None:
            arrays["last"] = checks.shaped("last", self.last, (len(r), ...))
        if self.pi is not None:
            arrays["pi"] = checks.distribution("pi", self.pi)
        for name, x in arrays.items():
            object.__setattr__(self, name, x)

    @property
    def complete(self) -> bool:
        """Whether every episode has ``H`` steps."""
        # The default repeats one entry in place: looking at it once is enough.
        mask = self.mask if any(self.mask.strides) else self.mask[:1, :1]
        return bool(mask.all())

    @property
    def N(self) -> int:
        """Number of trajectories."""
        return int(self.r.shape[0])

    @property
    def H(self) -> int:
        """Number of steps of the longest trajectory."""
        return int(self.r.shape[1])

    def __repr__(self) -> str:
        return f"Trajectories(N={self.N}, H={self.H})"


def sample(mdp: MDP, pi: np.ndarray, N: int, rng: np.random.Generator) -> Trajectories:
    r"""``N`` independent trajectories :math:`\tau\sim\rho_\pi` of a finite MDP.

    Statement: `autoregressive_trajectories`. :math:`s_0\sim\mu_0`, :math:`a_h\sim\pi_h(\cdot\mid s_h)`,
    :math:`s_{h+1}\sim P(\cdot\mid s_h,a_h)`. ``pi`` is a table ``(S, A)`` or ``(H, S, A)``. The law is
    that of `sample_plain`, which says it in a few lines; here alias tables draw.

    ``tau.s`` and ``tau.a`` have the smallest signed integer type, of 16 bits or more, that holds
    every index ``(s * A + a) * S + s'`` of a transition, so that counting pairs and transitions
    cannot overflow. In memory the steps are rows: ``tau.s.T`` is contiguous.

    Raises:
        ValueError: ``N`` is not a positive integer, or ``pi`` is not a table of the MDP's policies.
        TypeError: ``mdp`` is no MDP, or ``rng`` no generator.

    Example:
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> tau = sample(coin, np.array([[0.5, 0.5]]), N=10_000, rng=np.random.default_rng(0))
        >>> tau.r.shape, float(tau.r.sum(axis=1).mean().round(1))
        ((10000, 3), 1.5)
    """
    pi = checks.table(checks.mdp(mdp), pi)
    N, rng = checks.positive_integer("N", N), checks.generator(rng)
    s, a, r = draw_chain(mdp, pi, N, rng)
    return _of_chain(s, a, r, pi)


def sample_plain(mdp: MDP, pi: np.ndarray, N: int, rng: np.random.Generator) -> Trajectories:
    r"""`sample` as its definition reads: the first state, then action and next state in turn.

    Statement: `autoregressive_trajectories`. Arguments, result and errors are those of `sample`.

    Example:
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> sample_plain(coin, np.array([[0.5, 0.5]]), N=2, rng=np.random.default_rng(0))
        Trajectories(N=2, H=3)
    """
    pi = checks.table(checks.mdp(mdp), pi)
    N, rng = checks.positive_integer("N", N), checks.generator(rng)
    pi_h = np.broadcast_to(pi, (mdp.H, mdp.S, mdp.A))
    s, a = np.empty((2, N, mdp.H), int)
    for h in range(mdp.H):
        p = mdp.P[s[:, h - 1], a[:, h - 1]] if h > 0 else np.tile(mdp.mu0, (N, 1))
        s[:, h] = draw(p, rng)
        a[:, h] = draw(pi_h[h, s[:, h]], rng)
    return Trajectories(s, a, mdp.r[s, a], pi=pi)


def draw(p: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    r"""One outcome from each distribution of ``p (N, n)``, by inverting its cumulative sums; shape ``(N,)``.

    Statement: `autoregressive_trajectories`.

    Raises:
        ValueError: a row of ``p`` is not a distribution.

    Example:
        >>> draw(np.array([[0.0, 1.0], [1.0, 0.0]]), np.random.default_rng(0))
        array([1, 0])
    """
    cdf = checks.distribution("p", p, (None, None)).cumsum(axis=1)
    u = checks.generator(rng).random((len(cdf), 1)) * cdf[:, -1:]
    return (u >= cdf).sum(axis=1)


def _of_chain(s: np.ndarray, a: np.ndarray, r: np.ndarray, pi: np.ndarray) -> Trajectories:
    """Trajectories of arrays that the sampler made: looking through them would cost as much."""
    tau = object.__new__(Trajectories)
    mask, terminated = (np.broadcast_to(np.True_, shape) for shape in (r.shape, len(r)))
    fields = {"s": s, "a": a, "r": r, "mask": mask, "terminated": terminated, "pi": pi}
    for name, x in fields.items():
        object.__setattr__(tau, name, x)
    return tau
