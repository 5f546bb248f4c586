"""Sampled trajectories as arrays, one row an episode, and the sampler for finite MDPs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pgcompanion import checks
from pgcompanion.alias import ROW, AliasTable
from pgcompanion.mdp import MDP, TimedMDP
from pgcompanion.tables import folded, table

CHUNK = 2**17
COLUMNS = 2**14


@dataclass(frozen=True, eq=False)
class Trajectories:
    r""":math:`N` trajectories :math:`\tau=(s_0,a_0,r_0,\dots,s_{H-1},a_{H-1},r_{H-1})`.

    Statement: `trajectories`.

    Args:
        s: states, shape ``(N, H)``, or ``(N, H, ...)`` where a state is a vector.
        a: actions, shape ``(N, H)`` or ``(N, H, n)``.
        r: rewards, shape ``(N, H)``.
        mask: True where a step was taken, shape ``(N, H)``; an episode that ends early is False
            afterwards. By default every episode has ``H`` steps.
        terminated: True where the episode ended in a terminal state, shape ``(N,)``; False where
            it was cut off. ``None`` where the horizon ends every episode.
        last: the observation after the last step, shape ``(N, ...)``; ``None`` where unknown.

    Example:
        >>> tau = Trajectories(s=np.zeros((2, 3), int), a=np.ones((2, 3), int), r=np.ones((2, 3)))
        >>> tau.N, tau.H
        (2, 3)
    """

    s: np.ndarray
    a: np.ndarray
    r: np.ndarray
    mask: np.ndarray = None  # type: ignore[assignment]
    terminated: np.ndarray | None = None
    last: np.ndarray | None = None

    def __post_init__(self) -> None:
        r = np.asarray(self.r)
        if r.ndim != 2:
            raise ValueError(f"r has shape {r.shape}, but (N, H) is expected.")
        mask = np.broadcast_to(np.True_, r.shape) if self.mask is None else self.mask
        arrays = {
            "s": checks.shaped("s", self.s, (*r.shape, ...)),
            "a": checks.shaped("a", self.a, (*r.shape, ...)),
            "r": r,
            "mask": checks.shaped("mask", np.asarray(mask, dtype=bool), r.shape),
        }
        if self.terminated is not None:
            ended = np.asarray(self.terminated, dtype=bool)
            arrays["terminated"] = checks.shaped("terminated", ended, (len(r),))
        if self.last is not None:
            arrays["last"] = checks.shaped("last", self.last, (len(r), ...))
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


def sample(mdp: MDP, pi: np.ndarray, N: int, rng: np.random.Generator) -> Trajectories:
    r"""``N`` independent trajectories :math:`\tau\sim\rho_\pi` of a finite MDP.

    Statement: `autoregressive_trajectories`. :math:`s_0\sim\mu_0`, :math:`a_h\sim\pi_h(\cdot\mid s_h)`,
    :math:`s_{h+1}\sim P(\cdot\mid s_h,a_h)`. ``pi`` is a table ``(S, A)`` or ``(H, S, A)``.

    ``tau.s`` and ``tau.a`` have the smallest signed integer type, of 16 bits or more, that holds
    every index ``(s * A + a) * S + s'`` of a transition, so that counting pairs and transitions
    cannot overflow. In memory the steps are rows: ``tau.s.T`` is contiguous.

    Raises:
        ValueError: ``N`` is not a positive integer, or ``pi`` is not a table of the MDP's policies.

    Example:
        >>> coin = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=3)
        >>> tau = sample(coin, np.array([[0.5, 0.5]]), N=10_000, rng=np.random.default_rng(0))
        >>> tau.r.shape, float(tau.r.sum(axis=1).mean().round(1))
        ((10000, 3), 1.5)
    """
    if isinstance(mdp, TimedMDP):
        tau = sample(mdp.base, folded(mdp, pi), N, rng)
        s = np.arange(mdp.H, dtype=_integer(mdp)) * mdp.base.S + tau.s
        return Trajectories(s, tau.a, tau.r)
    N, pi = checks.positive_integer("N", N), table(mdp, pi)
    # NumPy's fastest source of random bits.
    rng = np.random.Generator(np.random.SFC64(rng.integers(2**63, size=4)))
    L, draw = _blocks(mdp, pi, N) if pi.ndim == 2 else _single_steps(mdp, pi)
    p, s_0 = _possible(mdp.mu0[None])
    first = AliasTable(p, s_0 << ROW)
    # One array for both: a large one comes in large pages, which cost less.
    s, a = np.empty((2, mdp.H, N), _integer(mdp))
    r, state = np.empty((mdp.H, N)), np.zeros(N, dtype=np.int64)
    chunks = [slice(n, n + CHUNK) for n in range(0, N, CHUNK)]
    for chunk in chunks:
        state[chunk] = first.draw(state[chunk], rng)
    width, room = _width(mdp), first.room(min(N, CHUNK))
    for h in range(0, mdp.H, L):
        for chunk in chunks:
            used = room[:, : len(state[chunk])]
            path, pair = draw(h, state[chunk], rng, used), used[1]
            np.bitwise_and(path, -1 << ROW, out=state[chunk])
            for step in range(h, min(h + L, mdp.H)):
                np.bitwise_and(path, 2**width - 1, out=pair)
                path >>= width
                _split(pair, mdp.A, s[step, chunk], a[step, chunk])
                mdp.r.take(pair, out=r[step, chunk], mode="clip")
    return Trajectories(s.T, a.T, r.T)


Draw = Callable[[int, np.ndarray, np.random.Generator, np.ndarray], np.ndarray]
"""From the step and the states ``s << ROW``, shape ``(n,)``, to the next ``L`` steps, a number each: its
lowest bits are the pair ``s * A + a`` of the first step, those of the others follow, and the state after
them stands where the next draw wants it. The last argument is room, as `AliasTable.draw` takes it."""


def _width(mdp: MDP) -> int:
    """How many bits a pair ``s * A + a`` takes."""
    return (mdp.S * mdp.A - 1).bit_length()


def _split(pair: np.ndarray, A: int, s: np.ndarray, a: np.ndarray) -> None:
    """Take pairs ``s * A + a`` apart, into arrays that are there."""
    pair = pair.astype(s.dtype)
    np.floor_divide(pair, A, out=s)
    np.multiply(s, A, out=a)
    np.subtract(pair, a, out=a)


def _single_steps(mdp: MDP, pi: np.ndarray) -> tuple[int, Draw]:
    """Draw the action of a step, then the next state."""
    choices = np.tile(np.arange(mdp.A) << ROW, (mdp.H * mdp.S, 1))
    actions = AliasTable(pi.reshape(-1, mdp.A), choices)
    p, s = _possible(mdp.P.reshape(-1, mdp.S))
    successors = AliasTable(p, s << ROW)

    def draw(h: int, state: np.ndarray, rng: np.random.Generator, room: np.ndarray) -> np.ndarray:
        pair = state * mdp.A
        pair += actions.draw(state + (h * mdp.S << ROW), rng, room)
        path = successors.draw(pair, rng, room)
        pair >>= ROW
        path |= pair
        return path

    return 1, draw


def _blocks(mdp: MDP, pi: np.ndarray, N: int) -> tuple[int, Draw]:
    """Draw several steps at once: under one policy the chain of states is the same at every step.

    An outcome is a path of actions and states. Twice as many steps square the number of paths, so the
    blocks grow while their table is small beside the caches and beside the work.
    """
    p, code = _possible((pi[:, :, None] * mdp.P).reshape(mdp.S, -1))
    action, end = np.divmod(code, mdp.S)
    pairs, L = np.arange(mdp.S)[:, None] * mdp.A + action, 1
    limit = min(COLUMNS, N * mdp.H // 32)
    while mdp.S * p.shape[1] ** 2 <= limit and 2 * L <= mdp.H and 2 * L * _width(mdp) <= ROW:
        # Each path followed by each path that can follow it.
        p = (p[:, :, None] * p[end]).reshape(mdp.S, -1)
        pairs = (pairs[:, :, None] | pairs[end] << L * _width(mdp)).reshape(mdp.S, -1)
        end, L = end[end].reshape(mdp.S, -1), 2 * L
    paths = AliasTable(p, pairs | end << ROW)
    return L, lambda h, state, rng, room: paths.draw(state, rng, room)


def _possible(p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The positive entries of each row, moved to the left, and the columns that they come from."""
    row, column = p.nonzero()
    counts = np.bincount(row, minlength=len(p))
    place = np.arange(len(row)) - np.repeat(counts.cumsum() - counts, counts)
    packed, source = np.zeros((2, len(p), counts.max()))
    packed[row, place], source[row, place] = p[row, column], column
    return packed, source.astype(np.int64)


def _integer(mdp: MDP) -> np.dtype:
    return np.promote_types(np.int16, _signed(mdp.S * mdp.A * mdp.S))


def _signed(size: int) -> np.dtype:
    """The smallest signed integer type that holds ``size``."""
    return np.min_scalar_type(-size - 1)
