"""The chain of a policy on a finite MDP, drawn by alias tables: several steps in one look-up."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pgcompanion._numerics.alias import ROW, AliasTable
from pgcompanion.mdp import MDP

CHUNK = 2**17
COLUMNS = 2**14


def draw_chain(
    mdp: MDP, pi: np.ndarray, N: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    r"""States, actions and rewards of ``N`` trajectories, each ``(N, H)``, as `sample` promises them.

    Statement: `autoregressive_trajectories`. Under a fixed policy the states and actions are a Markov
    chain, so its tables are built once and a step is one random number and one look-up; under a
    stationary policy a look-up gives several steps.
    """
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
    return s.T, a.T, r.T


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
